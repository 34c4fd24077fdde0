//! `GET /v1/bookings`.

use serde_json::{Value, json};

use super::{booked, market};
use crate::problems::{refused, refused_parameter};
use crate::support::{all_pages, body, customer, each, text};

fn starts(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| &text(item, "starts_at")[8..13]).collect()
}

/// Both sides see their bookings, each once and by their start, whatever the page size and filter.
#[tokio::test]
async fn pages_hold_every_booking_once_by_its_start() {
    let (cloud, provider, service, one) = market().await;
    let two = customer(&cloud, "Customer Two").await;
    let mut paths = Vec::new();
    for start in ["06T10", "04T10", "05T23", "04T09", "05T00"] {
        paths.push(booked(&one, &service, &format!("2026-03-{start}:00:00Z")).await);
    }
    booked(&two, &service, "2026-03-05T12:00:00Z").await;
    for (number, command) in [(0, "confirm"), (2, "confirm"), (3, "decline"), (4, "confirm")] {
        body(provider.act(&format!("{}/{command}", paths[number])).await.unwrap(), 200);
    }
    let all = ["04T09", "04T10", "05T00", "05T23", "06T10"];
    let both = ["04T09", "04T10", "05T00", "05T12", "05T23", "06T10"];
    let cases = [
        (&one, "", &all[..]),
        (&provider, "", &both),
        (&two, "", &["05T12"]),
        (&one, "status=confirmed", &["05T00", "05T23", "06T10"]),
        (&one, "status=requested", &["04T10"]),
        (&provider, "status=requested", &["04T10", "05T12"]),
        (&one, "status=cancelled", &[]),
        (&one, "from=2026-03-05T00:00:00Z", &["05T00", "05T23", "06T10"]),
        (&one, "to=2026-03-05T00:00:00Z", &["04T09", "04T10"]),
        (&one, "from=2026-03-04T10:00:00Z&to=2026-03-05T23:00:00.001Z", &["04T10", "05T00", "05T23"]),
        (
            &provider,
            "from=2026-03-05T02:00:00%2B02:00&to=2026-03-06T00:00:00Z&status=confirmed",
            &["05T00", "05T23"],
        ),
        (&one, "from=2026-03-06T00:00:00Z&to=2026-03-05T00:00:00Z", &[]),
        (&one, "from=1900-01-01T00:00:00Z&to=2300-01-01T00:00:00Z", &all),
    ];
    for (who, query, expected) in cases {
        for limit in [1, 2, 3, 100] {
            let items = all_pages(who, &format!("/v1/bookings?{query}"), limit).await;
            assert_eq!(starts(&items), expected, "{query} by {limit}");
        }
    }
}

#[tokio::test]
async fn an_empty_list_is_an_empty_page() {
    let (_cloud, provider, _, customer) = market().await;
    for side in [&provider, &customer] {
        let list = body(side.get("/v1/bookings").await.unwrap(), 200);
        assert_eq!(list, json!({ "items": [], "next_cursor": null }));
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_and_caller_only() {
    let (cloud, provider, service, one) = market().await;
    let two = customer(&cloud, "Customer Two").await;
    for day in ["04", "05", "06"] {
        booked(&one, &service, &format!("2026-03-{day}T10:00:00Z")).await;
        booked(&two, &service, &format!("2026-03-{day}T12:00:00Z")).await;
    }
    let page = body(one.get("/v1/bookings?limit=1&status=requested").await.unwrap(), 200);
    let cursor = text(&page, "next_cursor");
    let good = body(
        one.get(&format!("/v1/bookings?limit=100&status=requested&cursor={cursor}")).await.unwrap(),
        200,
    );
    assert_eq!(each(&good, "starts_at"), ["2026-03-05T10:00:00Z", "2026-03-06T10:00:00Z"]);
    for (who, query) in [
        (&two, "status=requested&"),
        (&provider, "status=requested&"),
        (&one, ""),
        (&one, "status=confirmed&"),
        (&one, "status=requested&from=2026-03-01T00:00:00Z&"),
        (&one, "status=requested&to=2026-04-01T00:00:00Z&"),
    ] {
        let answer = who.get(&format!("/v1/bookings?{query}cursor={cursor}")).await.unwrap();
        refused(&answer, 400, "invalid_cursor");
    }
    // Every single letter counts.
    for place in (0..cursor.len()).step_by(17) {
        let mut bytes = cursor.as_bytes().to_vec();
        bytes[place] = if bytes[place] == b'A' { b'Q' } else { b'A' };
        let forged = String::from_utf8(bytes).unwrap();
        let answer = one.get(&format!("/v1/bookings?status=requested&cursor={forged}")).await.unwrap();
        refused(&answer, 400, "invalid_cursor");
    }
}

#[tokio::test]
async fn unknown_and_wrong_parameters_are_refused() {
    let (_cloud, _, _, customer) = market().await;
    for (query, parameter, kind) in [
        ("status=open", "status", "invalid"),
        ("status=", "status", "invalid"),
        ("status=requested&status=confirmed", "status", "invalid"),
        ("from=2026-03-01", "from", "invalid"),
        ("from=", "from", "invalid"),
        ("to=soon", "to", "invalid"),
        ("limit=0", "limit", "invalid"),
        ("limit=101", "limit", "invalid"),
        ("limit=1.5", "limit", "invalid"),
        ("customer_id=usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "customer_id", "unknown"),
        ("provider_id=usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "provider_id", "unknown"),
        ("sort=desc", "sort", "unknown"),
    ] {
        refused_parameter(&customer.get(&format!("/v1/bookings?{query}")).await.unwrap(), parameter, kind);
    }
}
