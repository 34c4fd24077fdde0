//! A provider's calendar by a link.

use banister_local::client::Client;

use super::Story;
use crate::support::{body, text};

/// A link to the calendar is made, used and revoked.
pub(super) async fn feed(story: &mut Story, provider: &Client) {
    let made = body(story.call(provider, "POST /v1/me/calendar/feed", &[], None).await, 201);
    let path = text(&made, "path").to_owned();
    let (_, name) = path.rsplit_once('/').expect("a path");
    story.secret("the token of a link", name.trim_end_matches(".ics"));
    let stray = story.secret("a token that nobody was given", "Zv8mQ2xT5wB9cKfR3hYpL6nZ1sDgU4aE7iOqWtXbMzA");
    story.get(provider, &path, 200).await;
    story.get(provider, &format!("/v1/calendar-feeds/{stray}.ics"), 404).await;
    body(story.call(provider, "DELETE /v1/me/calendar/feed", &[], None).await, 204);
    story.get(provider, &path, 404).await;
}
