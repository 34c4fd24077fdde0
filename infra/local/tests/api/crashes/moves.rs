//! Places that are held, booked then, and moved, by a function that dies on the way.

use banister_domain::booking::Status;
use serde_json::json;

use super::requests::at_every_call;
use super::{book, hour, stage};
use crate::support::invariants::{Kept, invariants};
use crate::support::{body, text};

/// The first of the hours to which bookings move.
const AWAY: usize = 48;

fn is_booked(kept: &Kept, n: usize) -> bool {
    kept.bookings.values().any(|booking| booking.starts_at.to_string() == hour(n))
}

#[tokio::test]
async fn holding() {
    let (cloud, _, service, customer) = stage(60).await;
    let request = async |n: usize| {
        let ask = json!({ "service_id": service, "starts_at": hour(n) });
        customer.post_once("/v1/holds", &ask, &format!("hold-it-{n}")).await.unwrap()
    };
    let done = |kept: &Kept, n: usize| kept.holds.iter().any(|hold| hold.starts_at.to_string() == hour(n));
    let (holds, calls) = at_every_call(&cloud, 201, request, done).await;
    assert_eq!(calls, 6, "account and session, receipt, limit, service, calendar, transaction");
    assert_eq!(invariants(&cloud).await.holds.len(), holds.len());
}

#[tokio::test]
async fn booking_what_is_held() {
    let (cloud, _, service, customer) = stage(60).await;
    let mut holds = Vec::new();
    for n in 0..24 {
        let ask = json!({ "service_id": service, "starts_at": hour(n) });
        let held = customer.post_once("/v1/holds", &ask, &format!("hold-it-{n}")).await.unwrap();
        holds.push(body(held, 201));
    }
    let request = async |n: usize| {
        let ask = json!({ "service_id": service, "starts_at": hour(n), "hold_id": holds[n]["id"] });
        customer.post_once("/v1/bookings", &ask, &format!("book-it-{n}")).await.unwrap()
    };
    let (bookings, calls) = at_every_call(&cloud, 201, request, is_booked).await;
    assert_eq!(calls, 8, "account and session, receipt, limit, service, hold twice, calendar, transaction");
    let kept = invariants(&cloud).await;
    assert_eq!((kept.bookings.len(), kept.holds.len()), (bookings.len(), holds.len() - bookings.len()));
}

#[tokio::test]
async fn moving() {
    let (cloud, provider, service, customer) = stage(60).await;
    let terms = json!({ "terms": { "booking_type": "instant", "reschedule": "free" } });
    body(provider.patch(&format!("/v1/services/{service}"), &terms).await.unwrap(), 200);
    let mut bookings = Vec::new();
    for n in 0..24 {
        bookings.push(book(&customer, &service, n).await);
    }
    let request = async |n: usize| {
        let path = format!("/v1/bookings/{}/reschedule", text(&bookings[n], "id"));
        let ask = json!({ "starts_at": hour(n + AWAY) });
        customer.post_once(&path, &ask, &format!("move-it-{n}")).await.unwrap()
    };
    let (moved, calls) = at_every_call(&cloud, 200, request, |kept, n| is_booked(kept, n + AWAY)).await;
    assert_eq!(
        calls, 9,
        "account and session, booking, receipt, limit, booking, service, calendar, line, transaction"
    );
    let kept = invariants(&cloud).await;
    for (booking, moved) in bookings.iter().zip(&moved) {
        assert_eq!(text(booking, "id"), text(moved, "id"));
        assert_eq!(kept.path(text(booking, "id")), [Status::Confirmed, Status::Confirmed], "moved once");
    }
}
