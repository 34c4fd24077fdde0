//! Administration: what staff see and do across the market.

mod archive_any_service;
mod book_on_behalf;
mod booking_view;
mod bulk_ask;
mod bulk_users;
mod bulk_view;
mod cancel_any_booking;
mod create_resource;
mod create_user;
mod delete_user;
mod disable_user;
mod enable_user;
mod end_user_sessions;
mod export_users;
mod get_any_booking;
mod get_any_service;
mod get_resource;
mod get_security_settings;
mod get_statistics;
mod get_user;
mod get_user_permissions;
mod list_all_bookings;
mod list_all_services;
mod list_audit;
mod list_resources;
mod list_users;
mod moderate_review;
mod reschedule_any_booking;
mod resend_user_confirmation;
mod reset_user_totp;
mod resource_view;
mod restore_service;
mod service_view;
mod set_security_settings;
mod set_user_permissions;
mod set_user_role;
mod subject;
mod unlock_user;
mod update_resource;
mod update_user;
mod view;

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Cursors, HasGate, Problem};
use banister_platform::identity::Gate;
use banister_platform::identity::code::Codes;
use banister_platform::staff_acts::StaffActs;
use banister_platform::store;
use banister_platform::table::Table;
use banister_platform::view::Viewer;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Admin {
    gate: Gate,
    clock: Clock,
    table: Table,
    accounts: store::Accounts,
    acts: StaffActs,
    bulks: store::Bulks,
    erasures: store::Erasures,
    codes: Option<Codes>,
    exports: store::UserExports,
    audit: store::Audit,
    statistics: store::Statistics,
    services: store::Services,
    bookings: store::Bookings,
    resources: store::Resources,
    reviews: store::Reviews,
    security: store::Security,
    viewer: Viewer,
    cursors: Cursors,
}

impl Admin {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            accounts: store::Accounts::new(table.clone()),
            acts: StaffActs::new(&table),
            bulks: store::Bulks::new(table.clone()),
            erasures: store::Erasures::new(table.clone()),
            codes: settings.optional("CODE_KEY").map(|_| Codes::from_settings(settings)).transpose()?,
            exports: store::UserExports::new(table.clone()),
            audit: store::Audit::new(table.clone()),
            statistics: store::Statistics::new(table.clone()),
            services: store::Services::new(table.clone()),
            bookings: store::Bookings::new(table.clone()),
            resources: store::Resources::new(table.clone()),
            reviews: store::Reviews::new(table.clone()),
            security: store::Security::new(table.clone()),
            table,
            viewer: Viewer::from_settings(settings)?,
            cursors: Cursors::from_settings(settings)?,
            clock,
        })
    }
}

impl Admin {
    /// What makes tokens of invitations. Only the functions that mail some have its key.
    pub(crate) fn codes(&self) -> Result<&Codes, Problem> {
        self.codes.as_ref().ok_or_else(|| Problem::internal(ConfigError::Missing("CODE_KEY")))
    }
}

impl HasGate for Admin {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Admin> {
    banister_platform::area!("admin": Admin; get_user, get_user_permissions, set_user_permissions,
        disable_user, enable_user, end_user_sessions, set_user_role, create_user, update_user, delete_user,
        list_users, bulk_users, export_users, list_audit, get_statistics, list_all_services, get_any_service,
        archive_any_service, restore_service, list_all_bookings, book_on_behalf, get_any_booking, cancel_any_booking,
        reschedule_any_booking, moderate_review, reset_user_totp, get_security_settings, set_security_settings, unlock_user,
        resend_user_confirmation, create_resource, list_resources, get_resource, update_resource)
}
