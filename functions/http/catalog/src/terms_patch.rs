//! A change of what is agreed with bookings of a service.

use banister_domain::booking::{BookingType, CancellationPolicy, RescheduleRule, Terms};
use banister_platform::http::present;
use serde::Deserialize;

/// What is to be otherwise; a field that is absent stays. The policy changes as a whole.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "booking_type": "instant" }))]
pub(crate) struct UpdateTerms {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<BookingType>)]
    booking_type: Option<BookingType>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RescheduleRule>)]
    reschedule: Option<RescheduleRule>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<CancellationPolicy>)]
    cancellation: Option<CancellationPolicy>,
}

impl UpdateTerms {
    /// The terms after the change.
    pub(crate) fn merged(self, terms: Terms) -> Terms {
        Terms {
            booking_type: self.booking_type.unwrap_or(terms.booking_type),
            reschedule: self.reschedule.unwrap_or(terms.reschedule),
            cancellation: self.cancellation.unwrap_or(terms.cancellation),
        }
    }
}
