//! `GET /v1/sessions`: whoever is signed in sees where else.

use axum::extract::State;
use banister_domain::id::SessionId;
use banister_platform::http::{Code, Enrolling, ListOf, OkJson, PageSize, Problem, Query};
use banister_platform::store::SessionRecord;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Sessions;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionsQuery {
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A session, without its tokens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SessionItem, example = json!({
    "id": "ses_01KB2QK7P0S3V6X9ZBDFHJMNQR",
    "device": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "network": "192.0.2.0/24",
    "created_at": "2026-03-02T08:00:00Z",
    "last_used_at": "2026-03-09T08:00:00Z",
    "expires_at": "2026-04-08T08:00:00Z",
    "current": true,
}))]
pub(crate) struct SessionItem {
    /// Its name.
    id: SessionId,
    /// What used it last, as it calls itself (`User-Agent`): a claim, at most 200 characters.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")]
    device: Option<String>,
    /// The network it was last used from: an IPv4 /24 or an IPv6 /48.
    #[schema(example = "192.0.2.0/24")]
    network: Option<String>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime, example = "2026-03-02T08:00:00Z")]
    created_at: Timestamp,
    /// When it was last refreshed, or begun.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    last_used_at: Timestamp,
    /// When it ends, unless refreshed before; at last 90 days after it was begun, one of staff after 30.
    #[schema(value_type = String, format = DateTime, example = "2026-04-08T08:00:00Z")]
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    #[schema(example = true)]
    current: bool,
}

impl SessionItem {
    fn new(session: SessionRecord, current: SessionId) -> Self {
        let SessionRecord { id, device, network, created_at, refreshed_at, expires_at, .. } = session;
        let last_used_at = refreshed_at;
        Self { id, device, network, created_at, last_used_at, expires_at, current: id == current }
    }
}

/// List the own sessions
///
/// Those that stand, begun last first: using one does not move it, so that pages neither skip nor repeat any. A page
/// can be short or empty and yet have a `next_cursor`.
#[utoipa::path(get, path = "/v1/sessions", params(SessionsQuery),
    responses((status = 200, description = "The sessions", body = ListOf<SessionItem>)))]
pub(crate) async fn list_sessions(
    State(sessions): State<Sessions>,
    caller: Enrolling,
    Query(SessionsQuery { limit, cursor }): Query<SessionsQuery>,
) -> Result<OkJson<ListOf<SessionItem>>, Problem> {
    let (cursors, now) = (sessions.cursors()?, sessions.clock.now());
    let scope = ("list_sessions", caller.user_id);
    let after = cursor.map(|cursor| cursors.read(&cursor, &scope)).transpose()?;
    let page = sessions.store.list(caller.user_id, limit.get(), after).await?;
    let next_cursor = page.last.and_then(|position| cursors.write(&position, &scope));
    let standing = page.items.into_iter().map(|(session, _)| session.value);
    let standing = standing.filter(|session| session.stands_in(caller.epoch, now));
    let items = standing.map(|session| SessionItem::new(session, caller.session_id)).collect();
    Ok(OkJson(ListOf { items, next_cursor }))
}
