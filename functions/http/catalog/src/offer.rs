//! What is told a provider the parts of whose offer do not go together.

use banister_domain::service::InvalidOffer;
use banister_platform::http::Problem;

/// The problem of an offer that no customer could be told one price of, or one place.
pub(crate) fn refusal(invalid: InvalidOffer) -> Problem {
    let pointer = match invalid {
        InvalidOffer::UsualDuration(at) => format!("/durations/{at}/duration_minutes"),
        InvalidOffer::DurationCurrency(at) => format!("/durations/{at}/price/currency"),
        InvalidOffer::ExtraCurrency(at) => format!("/extras/{at}/price/currency"),
        InvalidOffer::PlaceOnline => "/place".to_owned(),
    };
    Problem::invalid(&pointer, invalid.to_string())
}
