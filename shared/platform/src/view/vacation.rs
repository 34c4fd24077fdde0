//! How a vacation is shown.

use banister_domain::availability::Vacation;
use banister_domain::id::VacationId;
use banister_domain::text::Note;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// A vacation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Vacation, example = json!({
    "id": "vac_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "from": "2026-08-03",
    "to": "2026-08-16",
    "starts_at": "2026-08-02T22:00:00Z",
    "ends_at": "2026-08-16T22:00:00Z",
    "message": "Back on 17 August.",
}))]
pub struct VacationView {
    id: VacationId,
    /// The first day.
    #[schema(value_type = String, format = Date, example = "2026-08-03")]
    from: Date,
    /// The last day, included.
    #[schema(value_type = String, format = Date, example = "2026-08-16")]
    to: Date,
    /// The beginning of the first day on the provider's clock.
    #[schema(value_type = String, format = DateTime, example = "2026-08-02T22:00:00Z")]
    starts_at: Timestamp,
    /// The end of the last.
    #[schema(value_type = String, format = DateTime, example = "2026-08-16T22:00:00Z")]
    ends_at: Timestamp,
    /// What customers are told.
    message: Option<Note>,
}

impl From<Vacation> for VacationView {
    fn from(Vacation { id, from, to, message, time }: Vacation) -> Self {
        Self { id, from, to, starts_at: time.from(), ends_at: time.to(), message }
    }
}
