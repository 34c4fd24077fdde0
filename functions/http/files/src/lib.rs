//! Files: uploads that go straight to object storage, and what becomes of them.

mod create_photo_upload;
mod remove_photo;

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Code, HasGate, Problem};
use banister_platform::identity::Gate;
use banister_platform::objects::Bucket;
use banister_platform::store::{self, PhotoError};
use banister_platform::table::Table;
use banister_platform::view::Viewer;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Files {
    gate: Gate,
    clock: Clock,
    table: Table,
    accounts: store::Accounts,
    uploads: Bucket,
    viewer: Viewer,
}

impl Files {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            accounts: store::Accounts::new(table.clone()),
            uploads: Bucket::from_settings(settings, "PRIVATE_BUCKET")?,
            viewer: Viewer::from_settings(settings)?,
            clock,
            table,
        })
    }
}

impl HasGate for Files {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// What a photo that was not changed means to the caller.
fn problem(error: PhotoError) -> Problem {
    match error {
        PhotoError::NoAccount => Problem::new(Code::Unauthenticated),
        PhotoError::Refused(_) | PhotoError::Busy => Problem::busy(),
        PhotoError::Storage(error) => error.into(),
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Files> {
    banister_platform::area!("files": Files; create_photo_upload, remove_photo)
}
