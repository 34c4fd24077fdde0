//! What a provider sets about their own time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    BookingCap, BufferMinutes, DurationMinutes, EmptyInterval, Exceptions, HorizonDays, Interval,
    NoticeMinutes, StepMinutes, Weekly, Zone,
};

/// A provider's plan and booking limits. Every field is right by its type, and no field
/// limits another, so any value is usable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "time_zone": "Europe/Lisbon",
    "weekly": [{ "day": "mon", "start": "09:00", "end": "12:30" }, { "day": "mon", "start": "14:00", "end": "18:00" }],
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 15,
    "min_notice_minutes": 120,
    "horizon_days": 60,
    "slot_step_minutes": 30,
    "exceptions": [{ "date": "2026-12-24", "ranges": [{ "start": "10:00", "end": "14:00" }] }, { "date": "2026-12-25", "ranges": [] }],
    "max_bookings_per_day": 8,
}))]
pub struct CalendarRules {
    /// The zone whose wall clock the plan is written in.
    pub time_zone: Zone,
    /// The open hours of each weekday.
    pub weekly: Weekly,
    /// Minutes kept free before each booking.
    pub buffer_before_minutes: BufferMinutes,
    /// Minutes kept free after each booking.
    pub buffer_after_minutes: BufferMinutes,
    /// Minutes between the asking and the earliest start.
    pub min_notice_minutes: NoticeMinutes,
    /// How many days ahead may be booked.
    pub horizon_days: HorizonDays,
    /// Minutes from one possible start to the next.
    pub slot_step_minutes: StepMinutes,
    /// Dates with hours of their own.
    #[serde(default)]
    pub exceptions: Exceptions,
    /// Most bookings that begin on one date of the provider's calendar; customers who share a place
    /// count as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bookings_per_day: Option<BookingCap>,
    /// Most bookings that begin in one week of it, from Monday to Sunday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bookings_per_week: Option<BookingCap>,
    /// Services that take longer are not booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_duration_minutes: Option<DurationMinutes>,
}

/// Where one service differs from its provider's calendar; what is not given is as there. The
/// calendar's exceptions and its limits per day and week hold for every service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "buffer_after_minutes": 30, "max_bookings_per_day": 2 }))]
pub struct ServiceRules {
    /// When it can be booked, by weekday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<Weekly>,
    /// Minutes kept free before each booking of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_before_minutes: Option<BufferMinutes>,
    /// Minutes kept free after each booking of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_after_minutes: Option<BufferMinutes>,
    /// Minutes between the asking and the earliest start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_notice_minutes: Option<NoticeMinutes>,
    /// How many days ahead it may be booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon_days: Option<HorizonDays>,
    /// Minutes from one possible start to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_step_minutes: Option<StepMinutes>,
    /// Most bookings of this service that begin on one date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bookings_per_day: Option<BookingCap>,
}

impl CalendarRules {
    /// The rules of a provider who set none: never open.
    #[must_use]
    pub fn closed(time_zone: Zone) -> Self {
        Self {
            time_zone,
            weekly: Weekly::default(),
            buffer_before_minutes: BufferMinutes::MIN,
            buffer_after_minutes: BufferMinutes::MIN,
            min_notice_minutes: NoticeMinutes::USUAL,
            horizon_days: HorizonDays::USUAL,
            slot_step_minutes: StepMinutes::USUAL,
            exceptions: Exceptions::default(),
            max_bookings_per_day: None,
            max_bookings_per_week: None,
            max_duration_minutes: None,
        }
    }

    /// The rules as they are for one service.
    #[must_use]
    pub fn for_service(self, own: &ServiceRules) -> Self {
        Self {
            weekly: own.weekly.clone().unwrap_or(self.weekly),
            buffer_before_minutes: own.buffer_before_minutes.unwrap_or(self.buffer_before_minutes),
            buffer_after_minutes: own.buffer_after_minutes.unwrap_or(self.buffer_after_minutes),
            min_notice_minutes: own.min_notice_minutes.unwrap_or(self.min_notice_minutes),
            horizon_days: own.horizon_days.unwrap_or(self.horizon_days),
            slot_step_minutes: own.slot_step_minutes.unwrap_or(self.slot_step_minutes),
            ..self
        }
    }

    /// The time that a service begun at `starts_at` takes from the calendar: the service itself and
    /// the buffers around it. Fails only at the end of representable time.
    pub fn occupied(
        &self,
        starts_at: Timestamp,
        duration: DurationMinutes,
    ) -> Result<Interval, EmptyInterval> {
        let length = SignedDuration::from_mins(i64::from(duration.get()));
        let ends_at = starts_at.checked_add(length).map_err(|_| EmptyInterval)?;
        let service = Interval::new(starts_at, ends_at)?;
        Ok(service.extend(self.buffer_before_minutes.get(), self.buffer_after_minutes.get()))
    }
}
