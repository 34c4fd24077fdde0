//! What keeps one caller, or one bad moment, from harming others.

use banister_local::faults::{FaultKind, Verdict};
use banister_platform::http::ClientAddress;
use banister_platform::limit::{Limit, SITE};
use banister_platform::table::Table;
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::invariants::invariants;
use crate::support::{cloud, customer, moment, open, provider, service};

/// Every place is free and no two overlap: nobody may be turned away, however many come at once.
#[tokio::test]
async fn a_rush_for_different_places_turns_nobody_away() {
    let cloud = cloud().await;
    let owner = provider(&cloud, "Provider One").await;
    let id = service(&owner, 30).await;
    let names: Vec<_> = (0..20).map(|number| format!("Customer {number}")).collect();
    let customers = join_all(names.iter().map(|name| customer(&cloud, name))).await;
    let asked = customers.iter().enumerate().map(|(number, customer)| {
        let start = moment(&cloud, 3, &format!("{:02}:{:02}", number / 2, number % 2 * 30));
        let id = id.clone();
        async move { customer.book(&id, &start, "rush-booking-1").await.unwrap() }
    });
    let answers = join_all(asked).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != StatusCode::CREATED).collect();
    assert!(refused.is_empty(), "{refused:?}");
    invariants(&cloud).await;
}

/// Far more expired requests lie in the way than one transaction can move.
#[tokio::test]
async fn many_expired_requests_give_way_at_once() {
    let cloud = cloud().await;
    let owner = provider(&cloud, "Provider One").await;
    open(&owner, json!({ "slot_step_minutes": 5 })).await;
    let (short, long) = (service(&owner, 5).await, service(&owner, 300).await);
    let customer_one = customer(&cloud, "Customer One").await;
    let mut ids = Vec::new();
    for number in 0..30 {
        let start = moment(&cloud, 3, &format!("{:02}:{:02}", 8 + number / 12, number % 12 * 5));
        let answer = customer_one.book(&short, &start, &format!("short-{number:03}")).await.unwrap();
        ids.push(answer.expect(StatusCode::CREATED, "short").unwrap()["id"].as_str().unwrap().to_owned());
    }
    // The clock alone: no schedule has run.
    cloud.clock.advance(SignedDuration::from_hours(25));
    let other = customer(&cloud, "Customer Two").await;
    let start = moment(&cloud, 2, "08:00");
    other.book(&long, &start, "long-booking").await.unwrap().expect(StatusCode::CREATED, "long").unwrap();
    let mut customer_one = customer_one;
    customer_one.sign_in().await.unwrap();
    for id in ids {
        let booking = customer_one.get(&format!("/v1/bookings/{id}")).await.unwrap();
        assert_eq!(booking.body["status"], "expired", "{id}");
    }
    invariants(&cloud).await;
}

#[tokio::test]
async fn nobody_fills_a_calendar_by_machine() {
    let cloud = crate::support::cloud_at("2030-03-05T10:00:01Z").await;
    let owner = provider(&cloud, "Provider One").await;
    open(&owner, json!({ "slot_step_minutes": 5 })).await;
    let id = service(&owner, 5).await;
    let customer = customer(&cloud, "Customer One").await;
    let mut made = 0;
    for number in 0..61 {
        let start = moment(&cloud, 3, &format!("{:02}:{:02}", 8 + number / 12, number % 12 * 5));
        let answer = customer.book(&id, &start, &format!("booking-{number:03}")).await.unwrap();
        if answer.status == StatusCode::CREATED {
            made += 1;
        } else {
            assert_eq!((answer.code(), answer.status), ("too_many_requests", StatusCode::TOO_MANY_REQUESTS));
            assert!(answer.headers.contains_key("retry-after"));
        }
    }
    assert_eq!(made, 60);
    // A repeated request is not a new one.
    let again = customer.book(&id, &moment(&cloud, 3, "08:00"), "booking-000").await.unwrap();
    assert_eq!(again.status, StatusCode::CREATED);
}

/// A conflict in the table is no theft: the token is still good.
#[tokio::test]
async fn a_conflict_while_refreshing_ends_no_session() {
    let cloud = cloud().await;
    let customer = customer(&cloud, "Customer One").await;
    let ask = json!({ "refresh_token": customer.refresh_token });
    for kind in [FaultKind::Conflict, FaultKind::Throttle] {
        cloud.faults.script("local-http", "TransactWriteItems", Verdict::Refuse(kind));
    }
    let mut answers = Vec::new();
    for _ in 0..4 {
        let answer = customer.post("/v1/sessions/refresh", &ask).await.unwrap();
        answers.push(answer.status);
        if answer.status == StatusCode::OK {
            break;
        }
        assert!(matches!(answer.code(), "busy" | "unavailable"), "{answer:?}");
    }
    assert_eq!(answers.last(), Some(&StatusCode::OK), "{answers:?}");
}

#[tokio::test]
async fn others_cannot_lock_an_owner_out() {
    let cloud = cloud().await;
    let mut owner = customer(&cloud, "Customer One").await;
    let wrong = json!({ "email": owner.email, "password": "not the password" });
    let thief = crate::support::stranger(&cloud);
    for _ in 0..10 {
        assert_eq!(thief.post("/v1/sessions", &wrong).await.unwrap().code(), "wrong_credentials");
    }
    assert_eq!(thief.post("/v1/sessions", &wrong).await.unwrap().status, StatusCode::TOO_MANY_REQUESTS);
    owner.sign_in().await.unwrap();
}

/// Whoever has a /48 of IPv6 has 65,536 networks, each of which would be somebody else.
#[tokio::test]
async fn a_site_is_no_crowd() {
    let cloud = cloud().await;
    let (table, now) = (Table::from_settings(&cloud.settings("local-test")).unwrap(), cloud.clock.now());
    let limit = Limit { operation: "try", count: 3, seconds: 60 };
    let subject = |text: &str| ClientAddress(Some(text.parse().unwrap())).subject();
    let counted = async |address: &str| limit.count_address(&table, &subject(address), now).await.is_ok();
    for _ in 0..3 {
        assert!(counted("2001:db8:1::1").await);
    }
    // What the /64 has refused takes nothing from the others.
    for number in 0..20 {
        assert!(!counted(&format!("2001:db8:1::{number}")).await);
    }
    let mut left = 0;
    for network in 1..=30 {
        left += u32::from(counted(&format!("2001:db8:1:{network}::1")).await);
    }
    assert_eq!(left + 3, limit.count * SITE);
    for address in ["2001:db8:2::1", "192.0.2.1"] {
        for number in 0..6 {
            assert_eq!(counted(address).await, number < 3, "{address}");
        }
    }
    // One account from one place: a /48 is one.
    let mut tried = [0, 0];
    for network in 0..10 {
        for (site, tried) in tried.iter_mut().enumerate() {
            let address = subject(&format!("2001:db8:{site}:{network}::1"));
            let counted = limit.count_from(&table, "customer@example.com", &address, now).await;
            *tried += u32::from(counted.is_ok());
        }
    }
    assert_eq!(tried, [3, 3]);
}
