//! What is agreed with a booking beside its time and price: fixed when it is made, whatever becomes of the service.

use serde::{Deserialize, Serialize};

use super::policy::CancellationPolicy;

/// How a booking of a service comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "on_request")]
pub enum BookingType {
    /// The provider says yes or no before a deadline.
    #[default]
    OnRequest,
    /// A free slot is booked at once.
    Instant,
}

/// Whether a customer may move a booking without asking the provider, who always asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "consent")]
pub enum RescheduleRule {
    /// The provider has to say yes.
    #[default]
    Consent,
    /// The customer moves it to any free slot.
    Free,
}

/// The terms of a service, and of each booking as they were when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "booking_type": "instant",
    "reschedule": "consent",
    "cancellation": {
        "grace_minutes": 30,
        "tiers": [
            { "before_minutes": 1440, "refund_percent": 100 },
            { "before_minutes": 120, "refund_percent": 50 },
        ],
        "no_show_refund_percent": 0,
    },
}))]
pub struct Terms {
    /// How a booking comes about; on request if not given.
    #[serde(default)]
    pub booking_type: BookingType,
    /// Whether moving takes the provider's consent; it does if not given.
    #[serde(default)]
    pub reschedule: RescheduleRule,
    /// What is given back when the customer calls it off or does not come.
    #[serde(default)]
    pub cancellation: CancellationPolicy,
}
