//! `GET /v1/calendar-feeds/{token}.ics`: a calendar program reads a provider's bookings by a secret link.

use axum::extract::State;
use banister_domain::ics::{self, Event};
use banister_domain::id::UserId;
use banister_platform::http::{Anyone, CalendarFeed, Code, Known, Path, Problem};
use banister_platform::identity::feed::FeedToken;
use banister_platform::limit::Limit;
use banister_platform::store::{ListBookings, Side};
use jiff::{SignedDuration, Timestamp};

use crate::{Availability, FURTHEST};

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::TooManyRequests];

/// Programs ask every five minutes at most; a link can be in several.
const PER_PROVIDER: Limit = Limit { operation: "calendar_feed", count: 60, seconds: 3_600 };
/// How far back bookings are shown.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Bookings read at once; a page of the table is 1 MB at most.
const AT_ONCE: u16 = 500;
/// How often. An event is 2 KB at most, so that the file is below what Lambda answers with, 6 MB.
const PAGES: usize = 4;
/// What the calendar is called in the program.
const NAME: &str = "Bookings";

/// Read a calendar by its link
///
/// For calendar programs: the provider's bookings, asked for and confirmed, that began in the last 30 days or are to
/// come, without the customers' notes. Of those and the ones that were called off, up to the first 2,000 by their start are
/// looked at.
#[utoipa::path(get, path = "/v1/calendar-feeds/{token}",
    params(
        ("token" = String, Path, pattern = r"^[A-Za-z0-9_-]{43}(\.ics)?$",
            example = "9cDq3mEwq0mRz7m2kq3H0c1pXvTn5oLhYb8sJ4uWfGk.ics",
            description = "What the link ends in, with or without `.ics`"),
        ("If-None-Match" = Option<String>, Header, example = "\"k3v0cTn5oLhYb8sJ4uWfGk\"",
            description = "The ETag of the calendar as it was read"),
    ),
    responses(
        (status = 200, description = "The calendar (RFC 5545)", body = String, content_type = "text/calendar",
            headers(("ETag" = String, description = "The tag of the calendar, for `If-None-Match`"))),
        (status = 304, description = "The calendar is as it was read",
            headers(("ETag" = String, description = "The tag of the calendar, for `If-None-Match`"))),
    ))]
pub(crate) async fn get_calendar_feed(
    State(availability): State<Availability>,
    _: Anyone,
    Path(token): Path<FeedToken>,
    known: Known,
) -> Result<CalendarFeed, Problem> {
    let now = availability.clock.now();
    let not_found = || Problem::new(Code::NotFound);
    let provider = availability.feeds.whose(&token).await?.ok_or_else(not_found)?;
    let subject = provider.to_string();
    let counted = PER_PROVIDER.count(&availability.table, &subject, now);
    let open = async { Ok(availability.feeds.is_open(provider).await?) };
    let (open, ()) = tokio::try_join!(open, counted)?;
    if !open {
        return Err(not_found());
    }
    Ok(CalendarFeed::new(ics::feed(NAME, &events(&availability, provider, now).await?), &known))
}

/// What the calendar has in it, by start.
async fn events(
    availability: &Availability,
    provider: UserId,
    now: Timestamp,
) -> Result<Vec<Event>, Problem> {
    let (from, to) = (now.saturating_sub(BACK).ok(), now.saturating_add(FURTHEST).ok());
    let wanted = ListBookings { side: Side::Provider(provider), from, to };
    let (mut events, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = availability.bookings.list(wanted, AT_ONCE, after).await?;
        let shown = page.items.iter().map(|(record, _)| Event::of(&record.value.0, now).without_note());
        events.extend(shown.filter(Event::stands));
        after = page.last;
        if after.is_none() {
            break;
        }
    }
    Ok(events)
}
