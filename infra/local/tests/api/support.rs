//! What the tests share: a cloud, people in it, and a provider who can be booked.

pub(crate) mod counters;
pub(crate) mod invariants;

use aws_sdk_dynamodb::types::AttributeValue;
use banister_domain::access::Permissions;
use banister_domain::account::{Account, Role};
use banister_domain::booking::Booking;
use banister_domain::id::SessionId;
use banister_local::client::{Answer, Client};
use banister_local::cloud::{Cloud, Options};
use banister_local::mail::Mail;
use banister_platform::store::{Accounts, BookingRecord, Bookings};
use banister_platform::table::{Table, Transaction};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A cloud of the test's own, with password hashes that a test can afford.
pub(crate) async fn cloud() -> Cloud {
    let options = Options { password_memory_kib: Some(16), ..Options::default() };
    Cloud::start(options).await.expect("the cloud starts")
}

/// A customer whose address is confirmed, signed in.
pub(crate) async fn customer(cloud: &Cloud, name: &str) -> Client {
    Client::join(cloud, "customer", name).await.expect("a customer joins")
}

/// A provider who is open round the clock in UTC every day: no buffers, no notice, slots every 30
/// minutes, 60 days ahead.
pub(crate) async fn provider(cloud: &Cloud, name: &str) -> Client {
    let provider = Client::join(cloud, "provider", name).await.expect("a provider joins");
    open(&provider, json!({})).await;
    provider
}

/// Sets a provider's rules: those of [`provider`], changed by `changes`.
pub(crate) async fn open(provider: &Client, changes: Value) {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly = days.map(|day| json!({ "day": day, "start": "00:00", "end": "24:00" }));
    let mut rules = json!({ "time_zone": "UTC", "weekly": weekly, "buffer_before_minutes": 0,
        "buffer_after_minutes": 0, "min_notice_minutes": 0, "horizon_days": 60, "slot_step_minutes": 30 });
    for (name, value) in changes.as_object().into_iter().flatten() {
        rules[name] = value.clone();
    }
    provider
        .put("/v1/me/calendar", &rules)
        .await
        .expect("an answer")
        .expect(StatusCode::OK, "rules")
        .unwrap();
}

/// A published online service of an hour; answers its id.
pub(crate) async fn service(provider: &Client, minutes: u16) -> String {
    let ask = json!({ "title": "Consultation", "description": "About anything.", "category": "consulting",
        "price": { "amount": 5_000, "currency": "usd" }, "duration_minutes": minutes, "location_kind": "online" });
    let made =
        provider.post("/v1/services", &ask).await.unwrap().expect(StatusCode::CREATED, "service").unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/services/{id}/publish");
    provider.act(&path).await.unwrap().expect(StatusCode::OK, "publish").unwrap();
    id
}

/// A moment on a day some days from the cloud's now, such as `2026-03-10T10:00:00Z`.
pub(crate) fn moment(cloud: &Cloud, days: i32, time: &str) -> String {
    use jiff::ToSpan as _;
    let today = cloud.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    format!("{}T{time}:00Z", today.saturating_add(days.days()))
}

/// A cloud whose clock has just reached a moment: for tests of dates, and of limits whose windows
/// begin at round times.
pub(crate) async fn cloud_at(moment: &str) -> Cloud {
    let cloud = cloud().await;
    let moment: Timestamp = moment.parse().expect("a moment");
    cloud.advance(moment.duration_since(cloud.clock.now())).await;
    cloud
}

/// Somebody without an account.
pub(crate) fn stranger(cloud: &Cloud) -> Client {
    Client::stranger(&cloud.url()).expect("a client")
}

/// The session that a client is signed in to.
pub(crate) fn session_of(client: &Client) -> SessionId {
    let session = client.refresh_token.as_deref().and_then(|token| token.split('.').nth(1));
    session.expect("a refresh token").parse().expect("an id")
}

/// Moves the time of everything.
pub(crate) async fn pass(cloud: &Cloud, seconds: i64) {
    cloud.advance(SignedDuration::from_secs(seconds)).await;
}

/// Lets what failed be delivered again, until all is done.
pub(crate) async fn settle(cloud: &Cloud) {
    loop {
        // What a worker failed at, or took and died, stays hidden for three minutes of the clock.
        pass(cloud, 181).await;
        let patience = std::time::Duration::from_secs(1);
        if let Ok(quiet) = tokio::time::timeout(patience, cloud.quiet()).await {
            return quiet.expect("the cloud comes to rest");
        }
    }
}

/// All mail to an address, once nothing more is on its way.
pub(crate) async fn mails(cloud: &Cloud, email: &str) -> Vec<Mail> {
    cloud.quiet().await.expect("the cloud comes to rest");
    cloud.mailbox.list(Some(email))
}

/// The subjects of all mail to an address but the code that everybody gets first.
pub(crate) async fn news(cloud: &Cloud, email: &str) -> Vec<String> {
    mails(cloud, email).await.into_iter().skip(1).map(|mail| mail.subject).collect()
}

/// Changes an account in the table, as the operations of staff will.
pub(crate) async fn change_account(cloud: &Cloud, id: &str, change: impl FnOnce(Account) -> Account) {
    let accounts = Accounts::new(Table::from_settings(&cloud.settings("local-test")).expect("settings"));
    let account = accounts.get(id.parse().expect("an id")).await.expect("an answer").expect("an account");
    let after = change(account.value.clone());
    accounts.save(account, after, None, cloud.clock.now()).await.expect("nobody else changes it");
}

/// Changes a booking in the table and nothing with it: no history, no event, no place.
pub(crate) async fn change_booking(cloud: &Cloud, id: &str, change: impl FnOnce(Booking) -> Booking) {
    let table = Table::from_settings(&cloud.settings("local-test")).expect("settings");
    let found = Bookings::new(table.clone()).get(id.parse().expect("an id")).await.expect("an answer");
    let changed = found.expect("a booking").map(|booking| BookingRecord(change(booking)));
    let mut transaction = Transaction::<()>::new();
    transaction.replace(&changed, ());
    transaction.commit(&table).await.expect("nobody else changes it");
}

/// Makes of what is kept of an account something that does not read as one.
pub(crate) async fn spoil(cloud: &Cloud, id: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let update = cloud.table.client("local-check").update_item().table_name("banister");
    let update = update.key("PK", text(&format!("USER#{id}"))).key("SK", text("USER"));
    let update = update.update_expression("SET created_at = :value");
    update.expression_attribute_values(":value", text("some day")).send().await.expect("an account");
}

/// A super admin, signed in.
pub(crate) async fn super_admin(cloud: &Cloud, name: &str) -> Client {
    Client::staff(cloud, Role::SuperAdmin, Permissions::NONE, name).await.expect("a super admin")
}

/// Has a super admin switch an account off.
pub(crate) async fn switch_off(cloud: &Cloud, id: &str) {
    let admin = super_admin(cloud, "Switching Admin").await;
    let ask = json!({ "reason": "A test." });
    body(admin.post(&format!("/v1/admin/users/{id}/disable"), &ask).await.expect("an answer"), 200);
}

/// A request with any body at all.
pub(crate) async fn raw(
    client: &Client,
    cloud: &Cloud,
    (method, path): (Method, &str),
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut request = http.request(method, format!("{}{path}", cloud.url())).body(body);
    if let Some(token) = &client.token {
        request = request.bearer_auth(token);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.expect("a body");
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Answer { status, headers, body }
}

/// The body of an answer with this status.
#[track_caller]
pub(crate) fn body(answer: Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    answer.body
}

/// A member that is text.
#[track_caller]
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is no text in {value}"))
}

/// A member of every item of a list, or of an array.
#[track_caller]
pub(crate) fn each(list: &Value, name: &str) -> Vec<String> {
    let items = list.get("items").unwrap_or(list).as_array().unwrap_or_else(|| panic!("no list: {list}"));
    items.iter().map(|item| text(item, name).to_owned()).collect()
}

/// Every item of a list, page by page of `limit`; `path` ends in `?` or a parameter.
pub(crate) async fn all_pages(client: &Client, path: &str, limit: u16) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = body(client.get(&format!("{path}&limit={limit}{cursor}")).await.unwrap(), 200);
        let found = page["items"].as_array().expect("a list");
        assert!(found.len() <= limit.into(), "a page is too long");
        items.extend(found.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
        assert!(items.len() < 1_000, "the list does not end");
    }
}
