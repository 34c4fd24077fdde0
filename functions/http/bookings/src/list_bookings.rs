//! `GET /v1/bookings`: customers and providers list their own bookings.

use axum::extract::State;
use banister_domain::account::Role;
use banister_domain::booking::Status;
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Party, Problem, Query};
use banister_platform::store::{ListBookings, Side};
use jiff::Timestamp;
use serde::Deserialize;

use crate::Bookings;
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which bookings.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BookingsQuery {
    /// Only those that stand like this.
    status: Option<Status>,
    /// Only those that start then or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    from: Option<Timestamp>,
    /// Only those that start before.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00Z")]
    to: Option<Timestamp>,
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the own bookings
///
/// Earliest start first: those a customer made, or those made with a provider. With `status`, a
/// page can be short or empty and yet have a `next_cursor`.
#[utoipa::path(get, path = "/v1/bookings", params(BookingsQuery),
    responses((status = 200, description = "A page of bookings", body = ListOf<BookingView>)))]
pub(crate) async fn list_bookings(
    State(bookings): State<Bookings>,
    caller: Party,
    Query(query): Query<BookingsQuery>,
) -> Result<OkJson<ListOf<BookingView>>, Problem> {
    let now = bookings.clock.now();
    let BookingsQuery { status, from, to, limit, cursor } = query;
    let scope = ("list_bookings", caller.user_id, status, from, to);
    let after = cursor.map(|cursor| bookings.cursors.read(&cursor, &scope)).transpose()?;
    let side = match caller.role {
        Role::Provider => Side::Provider(caller.user_id),
        _ => Side::Customer(caller.user_id),
    };
    let page = bookings.store.list(ListBookings { side, from, to }, limit.get(), after).await?;
    let next_cursor = page.last.and_then(|position| bookings.cursors.write(&position, &scope));
    let found = page.items.into_iter().map(|(record, _)| record.value.0);
    let items = found.filter(|booking| status.is_none_or(|status| booking.status_at(now) == status));
    let items = items.map(|booking| BookingView::new(booking, now)).collect();
    Ok(OkJson(ListOf { items, next_cursor }))
}
