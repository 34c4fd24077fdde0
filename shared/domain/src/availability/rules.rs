//! What a provider sets about their own time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    BufferMinutes, DurationMinutes, EmptyInterval, HorizonDays, Interval, NoticeMinutes, StepMinutes, Weekly,
    Zone,
};

/// A provider's weekly plan and booking limits. Every field is right by its type, and no field
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
