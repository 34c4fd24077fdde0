//! What does not fit into one answer.

use std::collections::BTreeSet;

use banister_domain::booking::{Actor, Booking, HistoryEntry, Status};
use banister_domain::id::{BookingId, ServiceId, UserId};
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::store::{BookingRecord, HistoryRecord, ReviewsRecord};
use banister_platform::table::Table;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::answers;
use crate::support::invariants::{HashMap, items};
use crate::support::{body, cloud_at, pass, provider};

/// What Lambda takes as an answer
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LAMBDA: usize = 6 * 1024 * 1024;
/// A character of four bytes.
const WIDE: &str = "🪑";

/// Puts so many bookings into a provider's calendar of last year, each with as many words as it can have.
pub(super) async fn fill(cloud: &Cloud, provider: &Client, count: u32) {
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let now = cloud.clock.now();
    for number in 0..count {
        let starts_at =
            now - SignedDuration::from_hours(24 * 365) + SignedDuration::from_hours(number.into());
        let booking: Booking = serde_json::from_value(json!({
            "id": BookingId::from_parts(number.into(), 1),
            "customer_id": UserId::from_parts(1, 1),
            "provider_id": provider.id,
            "service_id": ServiceId::from_parts(1, 1),
            "service_title": WIDE.repeat(120), "price": { "amount": 1, "currency": "usd" },
            "location_kind": "at_customer", "location": WIDE.repeat(300), "note": WIDE.repeat(1_000),
            "starts_at": starts_at, "ends_at": starts_at + SignedDuration::from_mins(30), "time_zone": "UTC",
            "local_start": starts_at.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
            "occupies": { "from": starts_at, "to": starts_at + SignedDuration::from_mins(30) },
            "status": "cancelled", "answer_by": starts_at, "created_at": starts_at, "updated_at": starts_at,
            "revision": 2,
        }))
        .unwrap();
        table.put(&BookingRecord(booking.clone())).await.unwrap();
        let said = json!({ "rating": 1, "text": WIDE.repeat(2_000), "created_at": starts_at,
            "answer": { "at": starts_at, "text": WIDE.repeat(2_000) },
            "moderation": { "at": starts_at, "hidden": false, "reason": WIDE.repeat(500) } });
        let reviews = json!({ "booking_id": booking.id, "customer_id": booking.customer_id,
            "provider_id": booking.provider_id, "service_id": booking.service_id, "open_until": starts_at,
            "published": starts_at, "by_customer": said, "by_provider": said });
        table.put(&ReviewsRecord(serde_json::from_value(reviews).unwrap())).await.unwrap();
        for revision in 0..3 {
            let reason = Some(WIDE.repeat(500).parse().unwrap());
            let (actor, actor_id) = (Actor::Provider, Some(booking.provider_id));
            let (from, to, at) = (Some(Status::Requested), Status::Cancelled, starts_at);
            let entry = HistoryEntry { revision, at, actor, actor_id, from, to, reason, reschedule: None };
            table.put(&HistoryRecord::of(booking.id, entry)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn much_comes_in_bounded_answers_of_one_form_and_counts_once() {
    const COUNT: u32 = 150;
    let cloud = cloud_at("2031-03-03T12:00:00Z").await;
    let client = provider(&cloud, "Provider One").await;
    fill(&cloud, &client, COUNT).await;
    let answers = answers(&client).await;
    assert!(answers.len() > 1, "{}", answers.len());
    let names = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let (mut ids, mut audited) = (Vec::new(), Vec::new());
    for (number, answer) in answers.iter().enumerate() {
        let size = answer.to_string().len();
        assert!(size < LAMBDA / 2, "answer {number} has {size} bytes");
        assert_eq!(names(answer), names(&answers[0]));
        assert_eq!(answer["begun_at"], answers[0]["begun_at"]);
        assert_eq!(answer["account"].is_null(), number > 0);
        assert_eq!(answer["calendar"].is_null(), number > 0);
        assert_eq!(answer["sessions"].as_array().unwrap().len(), usize::from(number == 0));
        for booking in answer["bookings_taken"].as_array().unwrap() {
            ids.push(booking["id"].as_str().unwrap().to_owned());
            assert_eq!(booking["history"].as_array().unwrap().len(), 3);
            assert_eq!(booking["reviews"]["by_customer"]["rating"], 1);
        }
        audited.extend(answer["audit_about"].as_array().unwrap().iter().map(|line| line["id"].clone()));
    }
    let wanted = (0..COUNT).map(|number| BookingId::from_parts(number.into(), 1));
    assert_eq!(ids, wanted.map(|id| id.to_string()).collect::<Vec<_>>(), "each once, by their start");
    assert!(audited.len() >= 3);
    // All of these answers were one export.
    assert_eq!(crate::accounts::audited(&cloud, &client.id, "data_exported").await, 1);
    let of_exports = |item: &HashMap| item["PK"].as_s().is_ok_and(|pk| pk.starts_with("LIMIT#export_me#"));
    let counted: Vec<_> = items(&cloud).await.into_iter().filter(of_exports).collect();
    assert_eq!(counted.iter().map(|item| item["at"].as_l().unwrap().len()).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn two_hundred_pages_an_hour() {
    let cloud = cloud_at("2031-03-03T12:00:00Z").await;
    let mut client = provider(&cloud, "Provider One").await;
    fill(&cloud, &client, 90).await;
    let first = body(client.get("/v1/me/export").await.unwrap(), 200);
    let next = format!("/v1/me/export?cursor={}", first["next_cursor"].as_str().unwrap());
    for _ in 0..200 {
        assert_eq!(client.get(&next).await.unwrap().status, 200);
    }
    let refused = client.get(&next).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "too_many_requests"));
    pass(&cloud, 3_600).await;
    client.sign_in().await.unwrap();
    body(client.get("/v1/me/export").await.unwrap(), 200);
}
