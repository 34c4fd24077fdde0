//! How a calendar and its vacations are shown.

use banister_domain::availability::{Busy, CalendarRules, Vacation};
use banister_domain::id::BookingId;
use banister_platform::view::VacationView;
use jiff::Timestamp;
use serde::Serialize;

/// Most bookings that one answer names.
pub(crate) const MOST_NAMED: usize = 100;

/// A booking by its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "starts_at": "2026-03-10T10:00:00Z",
    "ends_at": "2026-03-10T11:00:00Z",
}))]
pub(crate) struct BookedTime {
    booking_id: BookingId,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T11:00:00Z")]
    ends_at: Timestamp,
}

impl BookedTime {
    /// The time of a booking without its buffers; none of what is no booking.
    pub(crate) fn of(busy: &Busy) -> Option<Self> {
        let time = busy.service_time().unwrap_or(busy.interval);
        let booking_id = busy.owner.booking()?;
        Some(Self { booking_id, starts_at: time.from(), ends_at: time.to() })
    }
}

/// A calendar as it was set.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "time_zone": "Europe/Lisbon",
    "weekly": [{ "day": "mon", "start": "09:00", "end": "12:30" }],
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 15,
    "min_notice_minutes": 120,
    "horizon_days": 60,
    "slot_step_minutes": 30,
    "exceptions": [{ "date": "2026-12-25", "ranges": [] }],
    "bookings_outside": [{
        "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        "starts_at": "2026-03-10T10:00:00Z",
        "ends_at": "2026-03-10T11:00:00Z",
    }],
}))]
pub(crate) struct CalendarView {
    #[serde(flatten)]
    rules: CalendarRules,
    /// Bookings to come, asked for or agreed, that are not inside the open hours now: the first 100, by start. They
    /// stand until they are cancelled.
    bookings_outside: Vec<BookedTime>,
}

impl CalendarView {
    pub(crate) fn new(rules: CalendarRules, bookings_outside: Vec<BookedTime>) -> Self {
        Self { rules, bookings_outside }
    }
}

/// A vacation as it was entered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "vac_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "from": "2026-08-03",
    "to": "2026-08-16",
    "starts_at": "2026-08-02T22:00:00Z",
    "ends_at": "2026-08-16T22:00:00Z",
    "message": "Back on 17 August.",
    "bookings_inside": [{
        "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        "starts_at": "2026-08-05T10:00:00Z",
        "ends_at": "2026-08-05T11:00:00Z",
    }],
}))]
pub(crate) struct NewVacationView {
    #[serde(flatten)]
    vacation: VacationView,
    /// Bookings inside, asked for or agreed: the first 100, by start.
    bookings_inside: Vec<BookedTime>,
}

impl NewVacationView {
    pub(crate) fn new(vacation: Vacation, inside: &[Busy]) -> Self {
        let bookings_inside = inside.iter().filter_map(BookedTime::of).take(MOST_NAMED).collect();
        Self { vacation: vacation.into(), bookings_inside }
    }
}
