//! When a provider can be booked, and the guard that lets no two bookings overlap.
//!
//! Two halves. The plan ([`CalendarRules`]) says which starts may be offered ([`slots`],
//! [`is_offered`]). The stored [`Day`]s say which time is taken; every writer of a provider's time
//! decides through [`reserve`], [`release`], [`settle`] and, of vacations, [`Calendar::block`], or, where
//! a place needs resources too, through [`Joint`], and writes what they return on condition of the versions. Zone rules are the bundled tzdb
//! (<https://www.iana.org/time-zones>).

pub(crate) mod bounded;
mod busy;
mod calendar;
mod caps;
mod day;
mod exceptions;
mod hours;
mod interval;
mod joint;
mod open;
mod rules;
mod slots;
mod taken;
mod vacation;
mod visit;
mod window;
mod zone;

pub use bounded::{
    BookingCap, BufferMinutes, DurationMinutes, HorizonDays, NoticeMinutes, OutOfRange, Seats, StepMinutes,
};
pub use busy::{Busy, Given, InvalidBusy, Owner};
pub use calendar::{Calendar, Refusal, Reservation, Wanted, days_touched, release, reserve, settle};
pub use caps::counted_week;
pub use day::{ChangedDay, Day, MAX_BUSY_PER_DAY};
pub use exceptions::{DateException, DateRange, Exceptions, MAX_EXCEPTIONS, MAX_RANGES_PER_DATE};
pub use hours::{InvalidHours, MAX_RANGES, OpenRange, WallTime, Weekday, Weekly};
pub use interval::{EmptyInterval, Interval};
pub use joint::Joint;
pub use rules::{CalendarRules, ServiceRules};
pub use slots::{
    NotOffered, Slot, days_to_load, is_offered, is_open, is_still_offered, next_slots, offered,
    search_window, slots,
};
pub use vacation::{MAX_VACATIONS, Vacation};
pub use visit::Visit;
pub use window::{InvalidWindow, MAX_WINDOW_DAYS, window_of_dates};
pub use zone::{UnknownZone, Zone};
