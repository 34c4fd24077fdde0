//! How ratings are shown.

use banister_domain::review::Tally;
use serde::Serialize;

/// What ratings come to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RatingSummary, example = json!({ "count": 12, "average": 4.75 }))]
pub struct RatingView {
    /// How many there are.
    #[schema(minimum = 0)]
    count: i64,
    /// Their average from 1 to 5, rounded to hundredths; `null` where there are none.
    #[schema(minimum = 1, maximum = 5, example = 4.75)]
    average: Option<f64>,
}

impl From<Tally> for RatingView {
    fn from(tally: Tally) -> Self {
        // From 100 to 500, where there is one.
        let hundredths = tally.hundredths().and_then(|hundredths| u16::try_from(hundredths).ok());
        Self { count: tally.count, average: hundredths.map(|hundredths| f64::from(hundredths) / 100.0) }
    }
}
