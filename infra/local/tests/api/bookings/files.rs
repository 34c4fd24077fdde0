//! `GET /v1/bookings/{id}.ics`.

use banister_local::client::{Answer, Client};
use jiff::Timestamp;
use serde_json::json;

use crate::problems::refused;
use crate::support::{body, cloud_at, customer, open, pass, provider, service, stranger, text};

/// A Saturday before the clocks of Lisbon change.
const START: &str = "2031-03-29T12:00:00Z";

/// The value of a property that a file has once, unfolded.
fn value(file: &Answer, name: &str) -> String {
    let text = file.body.as_str().expect("a file").replace("\r\n ", "");
    let (_, event) = text.split_once("BEGIN:VEVENT\r\n").expect("an event");
    let lines = event.split("\r\n").filter_map(|line| line.strip_prefix(name)?.strip_prefix([':', ';']));
    let found: Vec<_> = lines.collect();
    assert_eq!(found.len(), 1, "{name} in {text}");
    found[0].to_owned()
}

async fn file(who: &Client, id: &str) -> Answer {
    let file = who.get(&format!("/v1/bookings/{id}.ics")).await.unwrap();
    assert_eq!(file.status, 200, "{}", file.body);
    assert_eq!(file.headers["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], format!("attachment; filename=\"{id}.ics\""));
    assert_eq!(file.headers["cache-control"], "no-store");
    file
}

#[tokio::test]
async fn both_sides_have_a_booking_as_a_file() {
    let cloud = cloud_at(START).await;
    let (provider, customer) =
        (provider(&cloud, "Provider One").await, customer(&cloud, "Customer One").await);
    open(&provider, json!({ "time_zone": "Europe/Lisbon" })).await;
    let service = service(&provider, 60).await;
    let booked = customer.book(&service, "2031-03-30T09:00:00Z", "a-booking").await.unwrap();
    let id = text(&body(booked, 201), "id").to_owned();
    let first = file(&customer, &id).await;
    for (name, wanted) in [
        ("UID", id.as_str()),
        ("STATUS", "TENTATIVE"),
        ("SEQUENCE", "0"),
        ("DTSTART", "TZID=Europe/Lisbon:20310330T100000"),
        ("DTEND", "TZID=Europe/Lisbon:20310330T110000"),
        ("SUMMARY", "Consultation"),
    ] {
        assert_eq!(value(&first, name), wanted);
    }
    assert_eq!(file(&provider, &id).await.body, first.body);
    body(provider.act(&format!("/v1/bookings/{id}/confirm")).await.unwrap(), 200);
    let confirmed = file(&customer, &id).await;
    assert_eq!(
        (value(&confirmed, "STATUS"), value(&confirmed, "SEQUENCE")),
        ("CONFIRMED".into(), "1".into())
    );
    pass(&cloud, 60).await;
    body(customer.post(&format!("/v1/bookings/{id}/cancel"), &json!({})).await.unwrap(), 200);
    let cancelled = file(&provider, &id).await;
    assert_eq!(
        (value(&cancelled, "STATUS"), value(&cancelled, "SEQUENCE")),
        ("CANCELLED".into(), "2".into())
    );
    let shown = body(customer.get(&format!("/v1/bookings/{id}")).await.unwrap(), 200);
    assert_eq!(text(&shown, "id"), id);
    let changed: Timestamp = text(&shown, "updated_at").parse().unwrap();
    assert_eq!(value(&cancelled, "DTSTAMP"), changed.strftime("%Y%m%dT%H%M%SZ").to_string());
}

#[tokio::test]
async fn nobody_else_knows_of_the_file() {
    let cloud = cloud_at(START).await;
    let (provider, customer) =
        (provider(&cloud, "Provider One").await, customer(&cloud, "Customer One").await);
    let service = service(&provider, 60).await;
    let booked = customer.book(&service, "2031-03-30T09:00:00Z", "a-booking").await.unwrap();
    let id = text(&body(booked, 201), "id").to_owned();
    let others = [
        crate::support::customer(&cloud, "Customer Two").await,
        crate::support::provider(&cloud, "Provider Two").await,
    ];
    for other in &others {
        refused(&other.get(&format!("/v1/bookings/{id}.ics")).await.unwrap(), 404, "not_found");
    }
    refused(&stranger(&cloud).get(&format!("/v1/bookings/{id}.ics")).await.unwrap(), 401, "unauthenticated");
    for wrong in [format!("{id}.ICS"), format!("{id}.ics.ics"), format!("{id}.txt"), ".ics".to_owned()] {
        refused(&customer.get(&format!("/v1/bookings/{wrong}")).await.unwrap(), 404, "not_found");
    }
}
