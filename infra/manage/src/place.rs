//! Where to work: a deployed table, or a local cloud that runs.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use jiff::SignedDuration;

/// Why there is no place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// No table is named, and no local cloud runs.
    #[error("no local cloud runs with the data in {0}; start one, or set TABLE_NAME for a table of AWS")]
    Nothing(PathBuf),
    /// What the local cloud wrote cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
}

/// The settings of the place, and its time, which in a local cloud may be another one.
pub(crate) fn find(data: &Path) -> Result<(Settings, Clock), PlaceError> {
    let environment = Settings::from_env();
    if environment.optional("TABLE_NAME").is_some() {
        return Ok((environment, Clock::system()));
    }
    let file = data.join("endpoint.json");
    let text = match std::fs::read(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(PlaceError::Nothing(data.to_owned()));
        }
        read => read.map_err(|error| PlaceError::Unreadable(file.clone(), error))?,
    };
    let values: BTreeMap<String, String> =
        serde_json::from_slice(&text).map_err(|error| PlaceError::Unreadable(file, error.into()))?;
    let clock = Clock::system();
    let file = data.join("clock.json");
    match std::fs::read(&file) {
        Ok(bytes) => {
            let millis = serde_json::from_slice(&bytes);
            let millis = millis.map_err(|error| PlaceError::Unreadable(file, error.into()))?;
            clock.advance(SignedDuration::from_millis(millis));
        }
        // Nobody has moved it.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(PlaceError::Unreadable(file, error)),
    }
    Ok((Settings::from_map(values), clock))
}
