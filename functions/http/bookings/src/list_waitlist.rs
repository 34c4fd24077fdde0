//! `GET /v1/waitlist`: customers list what they wait for, providers who waits for them.

use axum::extract::State;
use banister_domain::account::Role;
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Party, Problem, Query};
use banister_platform::view::WaitlistEntryView;
use serde::Deserialize;

use crate::Bookings;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitlistQuery {
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the waitlist
///
/// Customers see what they wait for, newest first, and for a month what came of it. Providers see who waits for them,
/// longest first.
#[utoipa::path(get, path = "/v1/waitlist", params(WaitlistQuery),
    responses((status = 200, description = "A page of waits", body = ListOf<WaitlistEntryView>)))]
pub(crate) async fn list_waitlist(
    State(bookings): State<Bookings>,
    caller: Party,
    Query(query): Query<WaitlistQuery>,
) -> Result<OkJson<ListOf<WaitlistEntryView>>, Problem> {
    let WaitlistQuery { limit, cursor } = query;
    let scope = ("list_waitlist", caller.user_id);
    let after = cursor.map(|cursor| bookings.cursors.read(&cursor, &scope)).transpose()?;
    let (items, last) = if caller.role == Role::Provider {
        let (entries, last) = bookings.waitlist.of_provider(caller.user_id, limit.get(), after).await?;
        (entries.into_iter().map(WaitlistEntryView::for_provider).collect(), last)
    } else {
        let page = bookings.waitlist.of_customer(caller.user_id, limit.get(), after).await?;
        let entries = page.items.into_iter().map(|(record, _)| record.value.0);
        (entries.map(WaitlistEntryView::from).collect(), page.last)
    };
    let next_cursor = last.and_then(|position| bookings.cursors.write(&position, &scope));
    Ok(OkJson(ListOf { items, next_cursor }))
}
