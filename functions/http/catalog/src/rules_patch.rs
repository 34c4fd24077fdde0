//! A change of where a service differs from its provider's calendar.

use banister_domain::availability::{
    BookingCap, BufferMinutes, HorizonDays, NoticeMinutes, ServiceRules, StepMinutes, Weekly,
};
use banister_platform::http::Change;
use serde::Deserialize;

/// Where it is to differ; a field that is absent stays, one that is `null` is as in the calendar again.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "buffer_after_minutes": 30, "max_bookings_per_day": null }))]
pub(crate) struct UpdateServiceRules {
    #[serde(default)]
    #[schema(value_type = Option<Weekly>)]
    weekly: Change<Weekly>,
    #[serde(default)]
    #[schema(value_type = Option<BufferMinutes>)]
    buffer_before_minutes: Change<BufferMinutes>,
    #[serde(default)]
    #[schema(value_type = Option<BufferMinutes>)]
    buffer_after_minutes: Change<BufferMinutes>,
    #[serde(default)]
    #[schema(value_type = Option<NoticeMinutes>)]
    min_notice_minutes: Change<NoticeMinutes>,
    #[serde(default)]
    #[schema(value_type = Option<HorizonDays>)]
    horizon_days: Change<HorizonDays>,
    #[serde(default)]
    #[schema(value_type = Option<StepMinutes>)]
    slot_step_minutes: Change<StepMinutes>,
    #[serde(default)]
    #[schema(value_type = Option<BookingCap>)]
    max_bookings_per_day: Change<BookingCap>,
}

impl UpdateServiceRules {
    /// The rules after the change.
    pub(crate) fn merged(self, rules: ServiceRules) -> ServiceRules {
        ServiceRules {
            weekly: self.weekly.of(rules.weekly),
            buffer_before_minutes: self.buffer_before_minutes.of(rules.buffer_before_minutes),
            buffer_after_minutes: self.buffer_after_minutes.of(rules.buffer_after_minutes),
            min_notice_minutes: self.min_notice_minutes.of(rules.min_notice_minutes),
            horizon_days: self.horizon_days.of(rules.horizon_days),
            slot_step_minutes: self.slot_step_minutes.of(rules.slot_step_minutes),
            max_bookings_per_day: self.max_bookings_per_day.of(rules.max_bookings_per_day),
        }
    }
}
