//! `POST /v1/me/calendar/feed`: a provider gets a secret link to the own bookings, for a calendar program.

use axum::extract::State;
use banister_platform::http::{ClientAddress, Code, Created, ICS, Problem, Provider};
use banister_platform::identity::feed::FeedToken;
use banister_platform::limit::Limit;
use banister_platform::store::{FeedError, Race};
use banister_platform::table::CommitError;
use jiff::Timestamp;
use serde::Serialize;

use crate::Availability;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::TooManyRequests];

const PER_PROVIDER: Limit = Limit { operation: "calendar_feed_link", count: 30, seconds: 3_600 };

/// A link to the own bookings.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = CalendarFeedLink, example = json!({
    "path": "/v1/calendar-feeds/9cDq3mEwq0mRz7m2kq3H0c1pXvTn5oLhYb8sJ4uWfGk.ics",
    "created_at": "2026-03-09T08:00:00Z",
}))]
pub(crate) struct CalendarFeedLinkView {
    /// The path of the link, below the address of this API. It is told this once: whoever has it reads the bookings.
    path: String,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
}

/// Make a link to the own calendar
///
/// For a calendar program to subscribe to. There is one at a time: the one from before is void at once. No
/// Idempotency-Key is taken, since a credential is not kept to be answered again: whoever lost the answer asks again.
#[utoipa::path(post, path = "/v1/me/calendar/feed",
    responses((status = 201, description = "The link", body = CalendarFeedLinkView)))]
pub(crate) async fn create_calendar_feed(
    State(availability): State<Availability>,
    caller: Provider,
    address: ClientAddress,
) -> Result<Created<CalendarFeedLinkView>, Problem> {
    let now = availability.clock.now();
    PER_PROVIDER.count(&availability.table, &caller.user_id.to_string(), now).await?;
    let (token, mut race) = (FeedToken::issue(), Race::new());
    while race.goes_on().await {
        match availability.feeds.replace(caller.user_id, &token, (address.subject(), now)).await {
            Ok(()) => {
                let path = format!("/v1/calendar-feeds/{}{ICS}", token.expose());
                return Ok(Created(CalendarFeedLinkView { path, created_at: now }));
            }
            Err(CommitError::Refused(FeedError::Gone)) => return Err(Problem::new(Code::Unauthenticated)),
            Err(CommitError::Refused(FeedError::Race) | CommitError::Contention) => {}
            Err(CommitError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::busy())
}
