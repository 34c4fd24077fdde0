//! Staff see services across the market, and archive and restore them.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{acts, because};
use crate::problems::{refused, refused_at, refused_parameter};
use crate::support::invariants::{Kept, invariants};
use crate::support::{all_pages, body, cloud, customer, mails, moment, news, pass, provider, service, text};

/// Somebody who may see and archive services, and nothing else.
async fn staff(cloud: &Cloud, name: &str) -> Client {
    let only: Permissions = [Permission::ServiceManagement].into_iter().collect();
    Client::staff(cloud, Role::Management, only, name).await.unwrap()
}

fn of(service: &str, rest: &str) -> String {
    format!("/v1/admin/services/{service}{rest}")
}

/// A draft of a category, made a minute after what was made before.
async fn draft(cloud: &Cloud, provider: &Client, category: &str) -> String {
    pass(cloud, 60).await;
    let ask = json!({ "title": "A draft", "description": "", "category": category, "duration_minutes": 60,
        "price": { "amount": 1, "currency": "usd" }, "location_kind": "online" });
    let made = body(provider.post("/v1/services", &ask).await.unwrap(), 201);
    text(&made, "id").to_owned()
}

async fn listed(who: &Client, query: &str, limit: u16) -> Vec<String> {
    let found = all_pages(who, &format!("/v1/admin/services?{query}"), limit).await;
    found.iter().map(|item| text(item, "id").to_owned()).collect()
}

#[tokio::test]
async fn lists_are_whole_in_order_and_filtered() {
    let cloud = cloud().await;
    let staff = staff(&cloud, "Support One").await;
    let (one, two) = (provider(&cloud, "Provider One").await, provider(&cloud, "Provider Two").await);
    let mut made = Vec::new();
    for (number, category) in
        ["massage", "beauty", "massage", "beauty", "massage", "massage"].iter().enumerate()
    {
        made.push(draft(&cloud, if number % 2 == 0 { &one } else { &two }, category).await);
    }
    // 0 and 3 are published, 1 and 4 archived, by staff and by the provider.
    for (number, who) in [(0, &one), (3, &two), (1, &two)] {
        body(who.act(&format!("/v1/services/{}/publish", made[number])).await.unwrap(), 200);
    }
    body(staff.post(&of(&made[1], "/archive"), &because("A test.")).await.unwrap(), 200);
    assert_eq!(one.delete(&format!("/v1/services/{}", made[4])).await.unwrap().status, 204);
    let at = |number: usize| {
        let (staff, path) = (&staff, of(&made[number], ""));
        async move { text(&body(staff.get(&path).await.unwrap(), 200), "created_at").to_owned() }
    };
    let span = format!("created_from={}&created_to={}", at(1).await, at(4).await);
    let these = |numbers: &[usize]| numbers.iter().map(|number| made[*number].clone()).collect::<Vec<_>>();
    for limit in [1, 2, 3, 100] {
        for (query, wanted) in [
            (String::new(), vec![5, 4, 3, 2, 1, 0]),
            ("sort=-created_at".into(), vec![5, 4, 3, 2, 1, 0]),
            ("sort=created_at".into(), vec![0, 1, 2, 3, 4, 5]),
            ("status=published".into(), vec![3, 0]),
            ("status=draft&sort=created_at".into(), vec![2, 5]),
            ("status=archived".into(), vec![4, 1]),
            ("category=massage".into(), vec![5, 4, 2, 0]),
            ("category=massage&status=published".into(), vec![0]),
            ("category=massage&status=draft&sort=created_at".into(), vec![2, 5]),
            (format!("provider_id={}", one.id), vec![4, 2, 0]),
            (format!("provider_id={}&status=archived&sort=created_at", two.id), vec![1]),
            (format!("provider_id={}&category=beauty&status=published", two.id), vec![3]),
            (span.clone(), vec![3, 2, 1]),
            (format!("{span}&sort=created_at&category=beauty"), vec![1, 3]),
            (format!("{span}&provider_id={}", one.id), vec![2]),
        ] {
            assert_eq!(listed(&staff, &query, limit).await, these(&wanted), "{query} by {limit}");
        }
    }
    let nothing = "created_from=2030-01-02T00:00:00Z&created_to=2030-01-01T00:00:00Z";
    assert_eq!(listed(&staff, nothing, 2).await, Vec::<String>::new());
}

/// A service that changes its status while somebody turns pages is neither left out nor shown twice.
#[tokio::test]
async fn pages_are_stable_while_services_change_their_status() {
    let cloud = cloud().await;
    let (staff, provider) = (staff(&cloud, "Support One").await, provider(&cloud, "Provider One").await);
    let mut made = Vec::new();
    for _ in 0..6 {
        made.push(draft(&cloud, &provider, "massage").await);
    }
    let first = body(staff.get("/v1/admin/services?sort=created_at&limit=3").await.unwrap(), 200);
    // One that was shown, and two that were not.
    for number in [1, 3, 4] {
        body(provider.act(&format!("/v1/services/{}/publish", made[number])).await.unwrap(), 200);
    }
    draft(&cloud, &provider, "massage").await;
    let next = format!("/v1/admin/services?sort=created_at&limit=3&cursor={}", text(&first, "next_cursor"));
    let second = body(staff.get(&next).await.unwrap(), 200);
    let shown = [&first, &second].map(|page| crate::support::each(page, "id")).concat();
    assert_eq!(shown, made);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_and_its_reader() {
    let cloud = cloud().await;
    let (one, two) = (staff(&cloud, "Support One").await, staff(&cloud, "Support Two").await);
    let provider = provider(&cloud, "Provider One").await;
    for _ in 0..2 {
        draft(&cloud, &provider, "massage").await;
    }
    let first = "/v1/admin/services?status=draft&limit=1";
    let page = body(one.get(first).await.unwrap(), 200);
    let cursor = text(&page, "next_cursor");
    body(one.get(&format!("{first}&cursor={cursor}")).await.unwrap(), 200);
    refused(&two.get(&format!("{first}&cursor={cursor}")).await.unwrap(), 400, "invalid_cursor");
    for query in ["", "status=archived", "status=draft&category=massage", "status=draft&sort=created_at"] {
        let answer = one.get(&format!("/v1/admin/services?{query}&cursor={cursor}")).await.unwrap();
        refused(&answer, 400, "invalid_cursor");
    }
    for (query, parameter) in
        [("status=gone", "status"), ("category=x", "category"), ("provider_id=1", "provider_id")]
    {
        let answer = one.get(&format!("/v1/admin/services?{query}")).await.unwrap();
        refused_parameter(&answer, parameter, "invalid");
    }
    refused_parameter(&one.get("/v1/admin/services?title=Mass").await.unwrap(), "title", "unknown");
}

#[tokio::test]
async fn what_staff_archive_is_gone_for_the_public_and_its_provider_is_told() {
    let cloud = cloud().await;
    let (staff, owner) = (staff(&cloud, "Support One").await, provider(&cloud, "Provider One").await);
    let (customer, service) = (customer(&cloud, "Customer One").await, service(&owner, 60).await);
    let start = moment(&cloud, 2, "10:00");
    let booking = body(customer.book(&service, &start, "the-booking").await.unwrap(), 201);
    let told = news(&cloud, &owner.email).await.len();
    refused_at(&staff.post(&of(&service, "/archive"), &json!({})).await.unwrap(), "/reason", "missing");
    let reason = because("Not what it says.");
    let archived = body(staff.post(&of(&service, "/archive"), &reason).await.unwrap(), 200);
    assert_eq!(
        (text(&archived, "status"), text(&archived, "archived_reason")),
        ("archived", "Not what it says.")
    );
    // Again changes nothing, tells nobody, and is no second act.
    let again = body(staff.post(&of(&service, "/archive"), &because("Other.")).await.unwrap(), 200);
    assert_eq!(again, archived);

    for query in ["", "category=consulting", &format!("provider_id={}", owner.id)] {
        let found = body(customer.get(&format!("/v1/services?{query}")).await.unwrap(), 200);
        assert_eq!(found["items"], json!([]), "{query}");
    }
    let path = format!("/v1/services/{service}");
    refused(&customer.get(&path).await.unwrap(), 404, "not_found");
    let late = customer.book(&service, &moment(&cloud, 3, "10:00"), "too-late-now").await.unwrap();
    refused_at(&late, "/service_id", "invalid");
    refused(&owner.act(&format!("{path}/publish")).await.unwrap(), 409, "service_archived");
    refused(&owner.patch(&path, &json!({ "title": "Other" })).await.unwrap(), 409, "service_archived");
    // What was booked stands.
    let booked = format!("/v1/bookings/{}", text(&booking, "id"));
    body(owner.act(&format!("{booked}/confirm")).await.unwrap(), 200);

    let subjects = news(&cloud, &owner.email).await;
    assert_eq!(subjects[told..], ["Service archived: Consultation"]);
    let letter = mails(&cloud, &owner.email).await.pop().unwrap();
    assert!(letter.text.contains("> Not what it says."), "{}", letter.text);
    let after = json!({ "service_id": service, "status": "archived", "reason": "Not what it says." });
    assert_eq!(
        acts(&cloud, &owner).await,
        [json!(["service_archived", staff.id, [{ "status": "published" }, after]])]
    );
    invariants(&cloud).await;
}

#[tokio::test]
async fn staff_restore_what_staff_archived_as_a_draft() {
    let cloud = cloud().await;
    let (staff, owner) = (staff(&cloud, "Support One").await, provider(&cloud, "Provider One").await);
    let (service, own) = (service(&owner, 60).await, service(&owner, 60).await);
    refused(&staff.act(&of(&service, "/restore")).await.unwrap(), 409, "not_archived_by_staff");
    body(staff.post(&of(&service, "/archive"), &because("A test.")).await.unwrap(), 200);
    let restored = body(staff.act(&of(&service, "/restore")).await.unwrap(), 200);
    assert_eq!((text(&restored, "status"), &restored["archived_reason"]), ("draft", &Value::Null));
    refused(&staff.act(&of(&service, "/restore")).await.unwrap(), 409, "not_archived_by_staff");
    body(owner.act(&format!("/v1/services/{service}/publish")).await.unwrap(), 200);
    body(staff.post(&of(&service, "/archive"), &because("A test.")).await.unwrap(), 200);
    assert_eq!(owner.delete(&format!("/v1/services/{service}")).await.unwrap().status, 204);
    refused(&staff.act(&of(&service, "/restore")).await.unwrap(), 409, "not_archived_by_staff");
    // What a provider gave up is not given back, also where staff archive it after that.
    assert_eq!(owner.delete(&format!("/v1/services/{own}")).await.unwrap().status, 204);
    let still = body(staff.post(&of(&own, "/archive"), &because("A test.")).await.unwrap(), 200);
    assert_eq!(still["archived_reason"], Value::Null);
    refused(&staff.act(&of(&own, "/restore")).await.unwrap(), 409, "not_archived_by_staff");
    let entries: Vec<_> = acts(&cloud, &owner).await.iter().map(|act| act[0].clone()).collect();
    assert_eq!(entries, ["service_archived", "service_restored", "service_archived"]);
    refused(&staff.get(&of("svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "")).await.unwrap(), 404, "not_found");
    refused(&staff.act(&of("svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "/restore")).await.unwrap(), 404, "not_found");
}

/// The provider publishes while staff archive: whatever comes first, it ends archived.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archive_against_publish() {
    let cloud = cloud().await;
    let (staff, owner) = (staff(&cloud, "Support One").await, provider(&cloud, "Provider One").await);
    for _ in 0..8 {
        let service = draft(&cloud, &owner, "massage").await;
        let (publish, archive) = (format!("/v1/services/{service}/publish"), of(&service, "/archive"));
        let reason = because("A test.");
        let (published, archived) = join(owner.act(&publish), staff.post(&archive, &reason)).await;
        body(archived.unwrap(), 200);
        let published = published.unwrap();
        assert!(published.status == 200 || published.code() == "service_archived", "{}", published.body);
        let kept = Kept::read(&cloud).await;
        let kept = kept.services.iter().find(|kept| kept.id.to_string() == service).unwrap();
        assert_eq!(json!(kept.status), "archived");
    }
    invariants(&cloud).await;
}
