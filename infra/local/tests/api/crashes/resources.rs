//! What is taken with a provider and in a room, by a function that dies on the way: both have it, or neither.

use banister_domain::booking::{Booking, Status};
use banister_local::client::Client;
use jiff::Timestamp;
use serde_json::json;

use super::requests::at_every_call;
use super::{book, hour, stage};
use crate::support::invariants::{Kept, invariants};
use crate::support::{self, body, text};

const AWAY: usize = 48;

/// A room for these providers, which their services need.
async fn share(cloud: &banister_local::cloud::Cloud, all: &[(&Client, &str)]) {
    let admin = support::super_admin(cloud, "Admin One").await;
    let ids: Vec<_> = all.iter().map(|(provider, _)| provider.id.clone()).collect();
    let ask = json!({ "name": "Blue room", "provider_ids": ids });
    let room = body(admin.post_once("/v1/admin/resources", &ask, "a-room-for-all").await.unwrap(), 201);
    for (provider, service) in all {
        let needs = json!({ "resource_ids": [room["id"]] });
        body(provider.patch(&format!("/v1/services/{service}"), &needs).await.unwrap(), 200);
    }
}

fn is_booked(kept: &Kept, service: &str, n: usize) -> bool {
    let there = |booking: &Booking| {
        booking.service_id.to_string() == service && booking.starts_at.to_string() == hour(n)
    };
    kept.bookings.values().any(there)
}

#[tokio::test]
async fn booking_a_room_and_moving() {
    let (cloud, provider, service, customer) = stage(60).await;
    let terms = json!({ "terms": { "booking_type": "instant", "reschedule": "free" } });
    body(provider.patch(&format!("/v1/services/{service}"), &terms).await.unwrap(), 200);
    share(&cloud, &[(&provider, &service)]).await;
    let request =
        async |n: usize| customer.book(&service, &hour(n), &format!("intention-{n}")).await.unwrap();
    let (bookings, calls) = at_every_call(&cloud, 201, request, |kept, n| is_booked(kept, &service, n)).await;
    assert_eq!(calls, 6, "as without a room: its days are read and written with the provider's");
    invariants(&cloud).await;
    let more = bookings.len()..24;
    let mut ids: Vec<_> = bookings.iter().map(|booking| text(booking, "id").to_owned()).collect();
    for n in more {
        ids.push(text(&book(&customer, &service, n).await, "id").to_owned());
    }
    let request = async |n: usize| {
        let path = format!("/v1/bookings/{}/reschedule", ids[n]);
        let ask = json!({ "starts_at": hour(n + AWAY) });
        customer.post_once(&path, &ask, &format!("move-it-{n}")).await.unwrap()
    };
    let (_, calls) = at_every_call(&cloud, 200, request, |kept, n| is_booked(kept, &service, n + AWAY)).await;
    assert_eq!(calls, 9, "as without a room");
    invariants(&cloud).await;
}

/// The room is full of requests to another provider that nobody answered: each is expired as a whole before its room is
/// taken, whatever dies in between.
#[tokio::test]
async fn taking_what_others_let_expire() {
    let (cloud, provider, service, mut customer) = stage(60).await;
    let other = support::provider(&cloud, "Provider Two").await;
    let theirs = support::service(&other, 60).await;
    share(&cloud, &[(&provider, &service), (&other, &theirs)]).await;
    let mut left = Vec::new();
    for n in 0..40 {
        left.push(book(&customer, &theirs, n).await);
    }
    let last: Timestamp = text(left.last().expect("a booking"), "answer_by").parse().unwrap();
    cloud.clock.advance(last.duration_since(cloud.clock.now()));
    customer.sign_in().await.unwrap();
    let request =
        async |n: usize| customer.book(&service, &hour(n), &format!("now-it-is-mine-{n}")).await.unwrap();
    let (bookings, calls) = at_every_call(&cloud, 201, request, |kept, n| is_booked(kept, &service, n)).await;
    assert!(calls > 10, "{calls}: the request is expired by itself, and all is decided again");
    let kept = invariants(&cloud).await;
    for (mine, before) in bookings.iter().zip(&left) {
        assert_eq!(kept.path(text(mine, "id")), [Status::Requested]);
        assert_eq!(kept.path(text(before, "id")), [Status::Requested, Status::Expired]);
    }
}
