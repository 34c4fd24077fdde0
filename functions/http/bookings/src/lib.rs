//! Bookings: a customer holds or asks for a slot, its provider answers, either side moves it or calls it off.

mod accept_reschedule;
mod accept_series_reschedule;
mod cancel_booking;
mod cancel_series;
mod change;
mod complete_booking;
mod confirm_booking;
mod confirm_series;
mod create_booking;
mod create_hold;
mod create_series;
mod dashboard;
mod decline_booking;
mod decline_reschedule;
mod decline_series;
mod decline_series_reschedule;
mod delete_hold;
mod get_booking;
mod get_dashboard;
mod get_series;
mod join_waitlist;
mod leave_waitlist;
mod list_booking_history;
mod list_bookings;
mod list_waitlist;
mod mark_no_show;
mod preview_cancellation;
mod reschedule_booking;
mod reschedule_series;
mod series;
mod view;

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Cursors, HasGate};
use banister_platform::identity::Gate;
use banister_platform::store;
use banister_platform::table::Table;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Bookings {
    gate: Gate,
    clock: Clock,
    table: Table,
    services: store::Services,
    calendars: store::Calendars,
    store: store::Bookings,
    series: store::SeriesStore,
    waitlist: store::Waitlist,
    statistics: store::Statistics,
    accounts: store::Accounts,
    cursors: Cursors,
}

impl Bookings {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            services: store::Services::new(table.clone()),
            calendars: store::Calendars::new(table.clone()),
            store: store::Bookings::new(table.clone()),
            series: store::SeriesStore::new(table.clone()),
            waitlist: store::Waitlist::new(table.clone()),
            statistics: store::Statistics::new(table.clone()),
            accounts: store::Accounts::new(table.clone()),
            cursors: Cursors::from_settings(settings)?,
            clock,
            table,
        })
    }
}

impl HasGate for Bookings {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Bookings> {
    banister_platform::area!("bookings": Bookings; create_booking, list_bookings, get_booking,
        confirm_booking, decline_booking, cancel_booking, complete_booking, mark_no_show, list_booking_history,
        preview_cancellation, create_hold, delete_hold, reschedule_booking, accept_reschedule, decline_reschedule, get_dashboard,
        create_series, get_series, confirm_series, decline_series, cancel_series, reschedule_series,
        accept_series_reschedule, decline_series_reschedule,
        join_waitlist, list_waitlist, leave_waitlist)
}
