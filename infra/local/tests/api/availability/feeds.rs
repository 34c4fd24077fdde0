//! `/v1/me/calendar/feed` and `/v1/calendar-feeds/{token}`.

use std::collections::BTreeMap;

use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use banister_local::faults::{FaultKind, Verdict};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::problems::refused;
use crate::support::invariants::items;
use crate::support::{
    body, cloud_at, customer, each, open, pass, provider, service, settle, stranger, super_admin, text,
};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";
const LINK: &str = "/v1/me/calendar/feed";

async fn link(provider: &Client) -> String {
    let made = provider.act(LINK).await.unwrap();
    assert_eq!(made.headers["cache-control"], "no-store");
    text(&body(made, 201), "path").to_owned()
}

/// What a program without any session gets by a link.
async fn read(cloud: &Cloud, link: &str, known: &[(&str, &str)]) -> Answer {
    stranger(cloud).call(Method::GET, link, known, None).await.unwrap()
}

/// The ids of the events of a calendar, and how they stand.
fn events(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = answer.body.as_str().expect("a calendar").replace("\r\n ", "");
    let value = |event: &str, name: &str| {
        let line = event.split("\r\n").find_map(|line| line.strip_prefix(name)).expect("a property");
        line.to_owned()
    };
    text.split("BEGIN:VEVENT").skip(1).map(|event| (value(event, "UID:"), value(event, "STATUS:"))).collect()
}

async fn booked(customer: &Client, service: &str, start: &str) -> String {
    let ask = json!({ "service_id": service, "starts_at": start, "note": "The bell is broken." });
    let key = format!("booking-{start}");
    let made = customer.call(Method::POST, "/v1/bookings", &[("idempotency-key", &key)], Some(&ask)).await;
    text(&body(made.unwrap(), 201), "id").to_owned()
}

#[tokio::test]
async fn a_program_reads_the_bookings_that_stand_by_the_link_alone() {
    let cloud = cloud_at(START).await;
    let (one, two) = (provider(&cloud, "Provider One").await, provider(&cloud, "Provider Two").await);
    open(&one, json!({ "time_zone": "America/New_York", "horizon_days": 365 })).await;
    let customer = customer(&cloud, "Customer One").await;
    let (service, other) = (service(&one, 60).await, crate::support::service(&two, 60).await);
    let soon = booked(&customer, &service, "2031-03-03T15:00:00Z").await;
    let spring = booked(&customer, &service, "2031-03-10T15:00:00Z").await;
    let far = booked(&customer, &service, "2032-02-20T15:00:00Z").await;
    let off = booked(&customer, &service, "2031-03-11T15:00:00Z").await;
    booked(&customer, &other, "2031-03-12T15:00:00Z").await;
    body(one.act(&format!("/v1/bookings/{soon}/confirm")).await.unwrap(), 200);
    body(one.act(&format!("/v1/bookings/{off}/decline")).await.unwrap(), 200);
    cloud.quiet().await.unwrap();
    let link = link(&one).await;
    let first = read(&cloud, &link, &[]).await;
    let stands = |rows: &[(&String, &str)]| -> BTreeMap<_, _> {
        rows.iter().map(|(id, status)| ((*id).clone(), (*status).to_owned())).collect()
    };
    let wanted = stands(&[(&soon, "CONFIRMED"), (&spring, "TENTATIVE"), (&far, "TENTATIVE")]);
    assert_eq!(events(&first), wanted);
    let calendar = first.body.as_str().unwrap();
    // The day after the clocks changed; what the customer says is not for whoever has the link.
    assert!(calendar.contains("DTSTART;TZID=America/New_York:20310310T110000"), "{calendar}");
    assert!(calendar.contains("TZNAME:EDT") && !calendar.contains("bell is broken"), "{calendar}");
    assert_eq!(first.headers["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(first.headers["cache-control"], "private, no-cache");
    assert_eq!(events(&read(&cloud, link.trim_end_matches(".ics"), &[]).await), wanted);

    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let same = read(&cloud, &link, &[("if-none-match", &tag)]).await;
    assert_eq!((same.status.as_u16(), &same.body), (304, &json!(null)));
    assert_eq!(
        (&same.headers["etag"], &same.headers["cache-control"]),
        (&first.headers["etag"], &first.headers["cache-control"])
    );
    body(one.act(&format!("/v1/bookings/{spring}/confirm")).await.unwrap(), 200);
    cloud.quiet().await.unwrap();
    let changed = read(&cloud, &link, &[("if-none-match", &tag)]).await;
    assert_eq!(events(&changed)[&spring], "CONFIRMED");
    // Nobody answered the one of next year; the first two began more than 30 days ago.
    pass(&cloud, 38 * 86_400).await;
    assert_eq!(events(&read(&cloud, &link, &[]).await), BTreeMap::new());
}

#[tokio::test]
async fn a_link_is_good_until_it_is_revoked_or_replaced() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    assert_eq!(provider.delete(LINK).await.unwrap().status, 204);
    let first = link(&provider).await;
    assert_eq!(events(&read(&cloud, &first, &[]).await), BTreeMap::new());
    let second = link(&provider).await;
    refused(&read(&cloud, &first, &[]).await, 404, "not_found");
    assert_eq!(read(&cloud, &second, &[]).await.status, 200);
    // Whoever reads the table cannot read the calendar.
    for item in items(&cloud).await {
        let item = format!("{item:?}");
        for link in [&first, &second] {
            let (_, token) = link.trim_end_matches(".ics").rsplit_once('/').unwrap();
            assert!(!item.contains(token), "{item}");
        }
    }
    for _ in 0..2 {
        assert_eq!(provider.delete(LINK).await.unwrap().status, 204);
        refused(&read(&cloud, &second, &[]).await, 404, "not_found");
    }
    for wrong in ["", ".ics", "x.ics", &"A".repeat(43), &format!("{}.ics", "A".repeat(44))] {
        let answer = read(&cloud, &format!("/v1/calendar-feeds/{wrong}"), &[]).await;
        assert!([308, 404].contains(&answer.status.as_u16()), "{wrong}: {}", answer.status);
    }
    let export = body(provider.get("/v1/me/export").await.unwrap(), 200);
    let lines: Vec<_> = each(&export["audit_about"], "entry")
        .into_iter()
        .filter(|entry| entry.starts_with("calendar_"))
        .collect();
    assert_eq!(lines, ["calendar_feed_made", "calendar_feed_made", "calendar_feed_revoked"]);
    assert_eq!(export["calendar_feed"], json!(null));
}

#[tokio::test]
async fn of_links_made_at_once_one_is_good() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let links = join_all((0..6).map(|_| link(&provider))).await;
    let answers = join_all(links.iter().map(|link| read(&cloud, link, &[]))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 404].contains(&answer.status.as_u16())));
    let kept = items(&cloud).await.into_iter().filter(|item| item["PK"].as_s().unwrap().starts_with("FEED#"));
    assert_eq!(kept.count(), 1);
}

/// Whatever becomes of the one write, the last link that was told is the only one that is good.
#[tokio::test]
async fn a_write_that_fails_or_is_not_answered_leaves_one_good_link() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let before = link(&provider).await;
    let write = |verdict| cloud.faults.script("local-http", "TransactWriteItems", verdict);
    write(Verdict::Crashed);
    assert!(provider.act(LINK).await.unwrap().status.is_server_error());
    assert_eq!(read(&cloud, &before, &[]).await.status, 200);
    // Written, and told to nobody.
    write(Verdict::CrashAfter);
    assert!(provider.act(LINK).await.unwrap().status.is_server_error());
    refused(&read(&cloud, &before, &[]).await, 404, "not_found");
    for verdict in [Verdict::LoseAnswer, Verdict::Refuse(FaultKind::Conflict), Verdict::Pass] {
        write(verdict);
        let told = link(&provider).await;
        assert_eq!(read(&cloud, &told, &[]).await.status, 200, "{verdict:?}");
        let kept =
            items(&cloud).await.into_iter().filter(|item| item["PK"].as_s().unwrap().starts_with("FEED#"));
        assert_eq!(kept.count(), 1, "{verdict:?}");
    }
    write(Verdict::CrashAfter);
    assert!(provider.delete(LINK).await.unwrap().status.is_server_error());
    assert_eq!(provider.delete(LINK).await.unwrap().status, 204);
    assert!(items(&cloud).await.iter().all(|item| !item["PK"].as_s().unwrap().starts_with("FEED#")));
}

#[tokio::test]
async fn it_shows_nothing_of_an_account_that_is_off_and_goes_with_one_that_is_erased() {
    let cloud = cloud_at(START).await;
    let admin = super_admin(&cloud, "Super Admin").await;
    let mut provider = provider(&cloud, "Provider One").await;
    let link = link(&provider).await;
    let reason = json!({ "reason": "A test." });
    let user = format!("/v1/admin/users/{}", provider.id);
    body(admin.post(&format!("{user}/disable"), &reason).await.unwrap(), 200);
    refused(&read(&cloud, &link, &[]).await, 404, "not_found");
    body(admin.post(&format!("{user}/enable"), &reason).await.unwrap(), 200);
    assert_eq!(read(&cloud, &link, &[]).await.status, 200);
    provider.sign_in().await.unwrap();
    let ask = json!({ "password": PASSWORD });
    body(provider.call(Method::DELETE, "/v1/me", &[], Some(&ask)).await.unwrap(), 202);
    refused(&read(&cloud, &link, &[]).await, 404, "not_found");
    settle(&cloud).await;
    let items = items(&cloud).await.into_iter();
    let left: Vec<_> = items.map(|item| format!("{:?} {:?}", item["PK"], item["SK"])).collect();
    assert!(left.iter().all(|key| !key.contains("FEED")), "{left:?}");
}

#[tokio::test]
async fn a_link_is_read_sixty_times_an_hour() {
    let cloud = cloud_at(START).await;
    let (one, two) = (provider(&cloud, "Provider One").await, provider(&cloud, "Provider Two").await);
    let (link, other) = (link(&one).await, self::link(&two).await);
    for _ in 0..60 {
        assert_eq!(read(&cloud, &link, &[]).await.status, 200);
    }
    let over = read(&cloud, &link, &[]).await;
    refused(&over, 429, "too_many_requests");
    assert!(over.headers.contains_key("retry-after"));
    // Others' programs ask from the same servers.
    assert_eq!(read(&cloud, &other, &[]).await.status, 200);
    pass(&cloud, 3_601).await;
    assert_eq!(read(&cloud, &link, &[]).await.status, 200);
}
