//! `GET /v1/bookings/{id}/history`: what has happened to a booking.

use axum::extract::State;
use banister_domain::booking::{Actor, HistoryEntry, Reschedule, Status};
use banister_domain::id::BookingId;
use banister_domain::text::Reason;
use banister_platform::http::{Code, ListOf, OkJson, Party, Path, Problem};
use jiff::Timestamp;
use serde::Serialize;

use crate::Bookings;
use crate::change::side_of;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// A change of a booking.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HistoryLine, example = json!({
    "at": "2026-03-09T09:00:00Z", "actor": "customer", "from": "requested", "to": "cancelled", "reason": "I am ill.",
    "reschedule": null,
}))]
pub(crate) struct LineView {
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T09:00:00Z")]
    at: Timestamp,
    /// In which capacity it was done.
    actor: Actor,
    /// The status before; `null` at the making.
    from: Option<Status>,
    /// The status after.
    to: Status,
    /// Why, in the words of whoever did it.
    reason: Option<Reason>,
    /// What it says of a move, if it is about one.
    reschedule: Option<Reschedule>,
}

impl From<HistoryEntry> for LineView {
    fn from(line: HistoryEntry) -> Self {
        // Who of the staff it was is not the sides' to know, and of the two there is one each.
        let HistoryEntry { at, actor, from, to, reason, reschedule, .. } = line;
        Self { at, actor, from, to, reason, reschedule }
    }
}

/// Read a booking's history
///
/// For its customer and its provider: who changed what, when and why, oldest first, up to 100 lines.
#[utoipa::path(get, path = "/v1/bookings/{id}/history",
    params(("id" = BookingId, Path, description = "The booking")),
    responses((status = 200, description = "All its changes", body = ListOf<LineView>)))]
pub(crate) async fn list_booking_history(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<BookingId>,
) -> Result<OkJson<ListOf<LineView>>, Problem> {
    let found = bookings.store.get(id).await?.map(|found| found.value);
    found.filter(|booking| side_of(booking, caller.user_id).is_some()).ok_or(Problem::new(Code::NotFound))?;
    let items = bookings.store.history(id).await?.into_iter().map(LineView::from).collect();
    Ok(OkJson(ListOf { items, next_cursor: None }))
}
