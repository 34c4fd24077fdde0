//! Requests that nobody answers.

use jiff::SignedDuration;
use serde_json::json;

use super::{booked, market, status};
use crate::problems::refused;
use crate::support::{body, customer, each, news, pass, text};

const DAY: i64 = 86_400;

#[tokio::test]
async fn after_a_day_a_request_expires_and_its_slot_is_free() {
    let (cloud, mut provider, service, mut customer) = market().await;
    let start = "2026-03-05T10:00:00Z";
    let path = booked(&customer, &service, start).await;
    pass(&cloud, DAY - 60).await;
    customer.sign_in().await.unwrap();
    assert_eq!(status(&customer, &path).await, "requested");
    pass(&cloud, 60).await;
    provider.sign_in().await.unwrap();
    for side in [&customer, &provider] {
        assert_eq!(status(side, &path).await, "expired");
        assert_eq!(news(&cloud, &side.email).await.last().unwrap(), "Expired: Consultation");
    }
    let slots = format!("/v1/services/{service}/slots?from=2026-03-05&to=2026-03-05");
    assert_eq!(each(&body(customer.get(&slots).await.unwrap(), 200), "starts_at").len(), 48);
    body(customer.book(&service, start, "once-more-please").await.unwrap(), 201);
}

#[tokio::test]
async fn a_request_for_sooner_than_a_day_expires_at_its_start() {
    let (cloud, _, service, mut customer) = market().await;
    let booking = body(customer.book(&service, "2026-03-02T11:00:00Z", "some-booking").await.unwrap(), 201);
    assert_eq!(booking["answer_by"], booking["starts_at"]);
    let path = format!("/v1/bookings/{}", text(&booking, "id"));
    pass(&cloud, 3 * 3_600).await;
    customer.sign_in().await.unwrap();
    assert_eq!(status(&customer, &path).await, "expired");
    assert_eq!(news(&cloud, &customer.email).await, ["Expired: Consultation"]);
}

/// The deadline decides, not the schedule that writes it down: nothing has run here.
#[tokio::test]
async fn after_the_deadline_nobody_can_answer_even_before_the_schedule_has_run() {
    let (cloud, mut provider, service, mut customer) = market().await;
    let path = booked(&customer, &service, "2026-03-05T10:00:00Z").await;
    cloud.clock.advance(SignedDuration::from_hours(24));
    provider.sign_in().await.unwrap();
    customer.sign_in().await.unwrap();
    for (who, command) in
        [(&provider, "confirm"), (&provider, "decline"), (&provider, "cancel"), (&customer, "cancel")]
    {
        let answer = who.act(&format!("{path}/{command}")).await.unwrap();
        refused(&answer, 409, "wrong_state");
        assert_eq!(
            (&answer.body["booking_status"], &answer.body["allowed"]),
            (&json!("expired"), &json!([]))
        );
    }
    let expired = body(customer.get("/v1/bookings?status=expired").await.unwrap(), 200);
    assert_eq!(each(&expired, "status"), ["expired"]);
    let requested = body(customer.get("/v1/bookings?status=requested").await.unwrap(), 200);
    assert_eq!(each(&requested, "id").len(), 0);
}

/// Whoever takes the place of an expired hold expires it, and its sides are told once.
#[tokio::test]
async fn the_place_of_an_expired_hold_is_taken_before_the_schedule_has_run() {
    let (cloud, mut provider, service, mut one) = market().await;
    let start = "2026-03-05T10:00:00Z";
    let path = booked(&one, &service, start).await;
    assert_eq!(news(&cloud, &provider.email).await, ["New request: Consultation"]);
    cloud.clock.advance(SignedDuration::from_hours(24));
    let two = customer(&cloud, "Customer Two").await;
    let second = booked(&two, &service, start).await;
    one.sign_in().await.unwrap();
    assert_eq!(status(&one, &path).await, "expired");
    cloud.run_schedules().await;
    assert_eq!(news(&cloud, &one.email).await, ["Expired: Consultation"]);
    let mut told = news(&cloud, &provider.email).await;
    told.sort_unstable();
    assert_eq!(told, ["Expired: Consultation", "New request: Consultation", "New request: Consultation"]);
    provider.sign_in().await.unwrap();
    assert_eq!(body(provider.act(&format!("{second}/confirm")).await.unwrap(), 200)["status"], "confirmed");
}

#[tokio::test]
async fn what_was_answered_does_not_expire() {
    let (cloud, provider, service, mut customer) = market().await;
    let confirmed = booked(&customer, &service, "2026-03-05T10:00:00Z").await;
    let declined = booked(&customer, &service, "2026-03-05T12:00:00Z").await;
    body(provider.act(&format!("{confirmed}/confirm")).await.unwrap(), 200);
    body(provider.act(&format!("{declined}/decline")).await.unwrap(), 200);
    pass(&cloud, 2 * DAY).await;
    customer.sign_in().await.unwrap();
    assert_eq!(status(&customer, &confirmed).await, "confirmed");
    assert_eq!(status(&customer, &declined).await, "declined");
    let mut told = news(&cloud, &customer.email).await;
    told.sort_unstable();
    assert_eq!(told, ["Confirmed: Consultation", "Declined: Consultation"]);
    let answer = customer.book(&service, "2026-03-05T10:00:00Z", "once-more-please").await.unwrap();
    refused(&answer, 409, "slot_taken");
}
