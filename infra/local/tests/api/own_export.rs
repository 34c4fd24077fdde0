//! `GET /v1/me/export`: what is kept of a person is in it, or in a list of what is not, with why.

mod attributes;
mod calls;
mod held;
mod pages;
mod reviewed;
mod waits;

use std::collections::BTreeSet;
use std::path::Path;

use banister_local::client::{Client, PASSWORD, Socket};
use banister_local::cloud::Cloud;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::erasure::{CUSTOMER, PROVIDER, People};
use crate::support::invariants::{HashMap, items};
use crate::support::{body, each, moment, open, service, settle, stranger, text};
use held::{ELSEWHERE, EXCEPTED, IMPERSONAL, SHOWN, Shown};
use reviewed::reviewed;
use waits::waited;

/// All answers of one export.
pub(crate) async fn answers(client: &Client) -> Vec<Value> {
    let mut answers = vec![body(client.get("/v1/me/export").await.unwrap(), 200)];
    while let Some(cursor) = answers.last().and_then(|answer| answer["next_cursor"].as_str()) {
        let path = format!("/v1/me/export?cursor={cursor}");
        answers.push(body(client.get(&path).await.unwrap(), 200));
        assert!(answers.len() < 100, "the export does not end");
    }
    answers
}

/// One export put together, as its description says.
pub(crate) async fn export(client: &Client) -> Value {
    let mut answers = answers(client).await.into_iter();
    let mut whole = answers.next().unwrap();
    for answer in answers {
        for (name, value) in answer.as_object().unwrap() {
            if let (Some(list), Some(more)) = (whole[name].as_array_mut(), value.as_array()) {
                list.extend(more.iter().cloned());
            }
        }
    }
    whole
}

/// Somebody of whom things are kept: the id, and words that tell of nobody else.
struct Person {
    client: Client,
    words: Vec<String>,
}

impl Person {
    fn new(client: &Client, words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned());
        Self { client: client.clone(), words: words.chain([client.id.to_lowercase()]).collect() }
    }

    /// Whether an item names them, in its key or in its content.
    fn is_in(&self, item: &HashMap) -> bool {
        let text = format!("{item:?}").to_lowercase();
        self.words.iter().any(|word| text.contains(word))
    }

    /// Whether an item is of somebody else, on whom they acted as staff.
    fn only_made(&self, item: &HashMap) -> bool {
        let id = Some(self.client.id.as_str());
        let as_staff = attribute(item, "actor") == Some("staff") && attribute(item, "actor_id") == id;
        as_staff || attribute(item, "user_id").is_some_and(|owner| Some(owner) != id)
    }
}

fn attribute<'a>(item: &'a HashMap, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// What lies under some pointers of an export, as text.
fn under(export: &Value, pointers: &str) -> String {
    let parts = pointers.split(' ').filter_map(|pointer| export.pointer(pointer));
    let is_there = |part: &&Value| match part {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    parts.filter(is_there).map(Value::to_string).collect()
}

/// Somebody of staff whom the super admin made and granted something, who has somebody erased.
async fn staff(people: &People) -> Client {
    let admin = &people.admin;
    let mut staff = stranger(&people.cloud);
    "fennimore.ashgrove@example.com".clone_into(&mut staff.email);
    let ask = json!({ "email": staff.email, "role": "admin", "first_name": "Fennimore",
        "last_name": "Ashgrove" });
    let key = [("idempotency-key", "make-fennimore")];
    let made = admin.call(reqwest::Method::POST, "/v1/admin/users", &key, Some(&ask)).await.unwrap();
    let path = format!("/v1/admin/users/{}/permissions", text(&body(made, 201), "id"));
    body(admin.put_over(&path, &json!({ "permissions": ["user_management"] })).await.unwrap(), 200);
    let token = staff.token_from_mail(&people.cloud).await.unwrap();
    let ask = json!({ "token": token, "new_password": PASSWORD });
    assert_eq!(staff.post("/v1/password-resets/complete", &ask).await.unwrap().status, 204);
    staff.sign_in().await.unwrap();
    let leaving = Client::join(&people.cloud, "customer", "Leaving One").await.unwrap();
    let (path, ask) = (format!("/v1/admin/users/{}", leaving.id), json!({ "reason": "Asked for it." }));
    body(staff.call(reqwest::Method::DELETE, &path, &[], Some(&ask)).await.unwrap(), 202);
    staff
}

/// A calendar with all that one can have, and a booking in it that is counted.
async fn limited(people: &People) {
    let provider = &people.provider;
    let limits = json!({ "max_bookings_per_day": 500, "max_bookings_per_week": 500, "max_duration_minutes": 1_440,
        "exceptions": [{ "date": "2029-12-24", "ranges": [{ "start": "10:00", "end": "14:00" }] }] });
    open(provider, limits).await;
    let service = service(provider, 60).await;
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly = days.map(|day| json!({ "day": day, "start": "00:00", "end": "24:00" }));
    let price = json!({ "amount": 1, "currency": "usd" });
    let room = json!({ "name": "Blue room", "provider_ids": [provider.id] });
    let room = people.admin.post_once("/v1/admin/resources", &room, "a-room-to-share").await.unwrap();
    let own = json!({ "resource_ids": [body(room, 201)["id"]], "location_kind": "at_provider", "place": { "latitude": 38.722, "longitude": -9.139 },
        "languages": ["en"], "seats": 3, "durations": [{ "duration_minutes": 90, "price": price }],
        "extras": [{ "code": "oil", "title": "Oil", "price": price, "max_quantity": 2 }], "calendar": { "weekly": weekly, "buffer_before_minutes": 1,
        "buffer_after_minutes": 2, "min_notice_minutes": 3, "horizon_days": 61, "slot_step_minutes": 29,
        "max_bookings_per_day": 499 }, "terms": { "booking_type": "instant", "reschedule": "consent", "cancellation": {
        "grace_minutes": 1, "tiers": [{ "before_minutes": 60, "refund_percent": 90 }], "no_show_refund_percent": 10 } } });
    body(provider.patch(&format!("/v1/services/{service}"), &own).await.unwrap(), 200);
    let day = moment(&people.cloud, 40, "00:00");
    let slots = format!("/v1/services/{service}/slots?from={0}&to={0}", &day[..10]);
    let starts = each(&body(people.customer.get(&slots).await.unwrap(), 200), "starts_at");
    let ask = json!({ "service_id": service, "starts_at": starts[0], "extras": [{ "code": "oil", "quantity": 2 }] });
    let booking = people.customer.post_once("/v1/bookings", &ask, "a-counted-booking").await.unwrap();
    let booking = body(booking, 201);
    // Moved once, and to be moved again.
    let path = format!("/v1/bookings/{}/reschedule", text(&booking, "id"));
    let [first, second] = [10, 20].map(|number| json!({ "starts_at": starts[number] }));
    body(people.customer.post(&path, &first).await.unwrap(), 200);
    body(provider.post(&format!("{path}/accept"), &first).await.unwrap(), 200);
    body(people.customer.post(&path, &second).await.unwrap(), 200);
    reviewed(people, &service, &starts[40]).await;
    let twice = json!({ "service_id": service, "starts_at": starts[45], "frequency": "weekly", "count": 2,
        "mode": "some" });
    body(people.customer.post_once("/v1/series", &twice, "a-series-of-two").await.unwrap(), 201);
    let held = json!({ "service_id": service, "starts_at": starts[30] });
    body(people.customer.post_once("/v1/holds", &held, "a-held-place").await.unwrap(), 201);
    let refused = waited(people, &service, &starts[36], "given-back").await;
    body(people.customer.delete(&refused).await.unwrap(), 204);
    waited(people, &service, &starts[33], "a-wait-for-a-place").await;
    let away = moment(&people.cloud, 50, "00:00");
    let away = json!({ "from": &away[..10], "to": &away[..10], "message": "At the sea." });
    body(provider.post("/v1/me/calendar/vacations", &away).await.unwrap(), 201);
    body(provider.act("/v1/me/calendar/feed").await.unwrap(), 201);
}

/// What everybody of the story has, all of it still there.
async fn everybody() -> (Cloud, [Person; 4], Socket) {
    let mut people = People::new().await;
    let mut staff = staff(&people).await;
    settle(&people.cloud).await;
    people.admin.sign_in().await.unwrap();
    people.customer.sign_in().await.unwrap();
    // What has expired by now, once more; it ends the customer's sessions.
    people.watched().await;
    for client in [&mut people.customer, &mut people.provider, &mut staff] {
        client.sign_in().await.unwrap();
    }
    let again = json!({ "phone": "+12015550123" });
    body(people.customer.patch("/v1/me", &again).await.unwrap(), 200);
    let many = json!({ "operation": "end_sessions", "ids": [people.customer.id], "dry_run": true });
    let bulk = "/v1/admin/users/bulk";
    let told =
        people.admin.call(reqwest::Method::POST, bulk, &[("idempotency-key", "the-bulk")], Some(&many));
    assert_eq!(body(told.await.unwrap(), 200)["results"][0]["outcome"], "changed");
    limited(&people).await;
    people.customer.ticket().await.unwrap();
    let socket = people.customer.socket().await.unwrap();
    people.cloud.quiet().await.unwrap();
    let persons = [
        Person::new(&people.customer, &CUSTOMER),
        Person::new(&people.provider, &PROVIDER),
        Person::new(&staff, &["fennimore", "ashgrove"]),
        Person::new(&people.admin, &["super.admin"]),
    ];
    (people.cloud, persons, socket)
}

#[tokio::test]
async fn whatever_names_a_person_is_in_the_export_or_is_left_out_for_a_reason() {
    let (cloud, persons, _socket) = everybody().await;
    let (mut met, mut missing) = (BTreeSet::new(), Vec::new());
    for person in &persons {
        let export = export(&person.client).await;
        assert_eq!(export["unreadable"], 0);
        // What the export itself left is in the next one.
        let kept = items(&cloud).await.into_iter().filter(|item| person.is_in(item));
        let kept = kept.filter(|item| !person.is_waited_for(item));
        let export_line = |item: &HashMap| attribute(item, "entry") == Some("data_exported");
        for item in kept.filter(|item| !export_line(item)) {
            let kind = attribute(&item, "t").expect("every item says what it is").to_owned();
            let elsewhere = ELSEWHERE.iter().any(|row| row.0 == kind) && person.only_made(&item);
            match SHOWN.iter().find(|row| row.kind == kind) {
                Some(_) if elsewhere => assert!(!under(&export, "/audit_by").is_empty()),
                Some(_)
                    if item.get("grants").is_some_and(|grants| grants.as_l().is_ok_and(Vec::is_empty)) => {}
                Some(Shown { pointers, name, .. }) => {
                    let shown = under(&export, pointers);
                    let wanted = name.and_then(|name| attribute(&item, name)).unwrap_or_default();
                    if shown.is_empty() || !shown.contains(wanted) {
                        missing.push(format!("not in {pointers}: {item:?}"));
                    }
                }
                None if EXCEPTED.iter().any(|row| row.0 == kind) => {}
                None => missing.push(format!("{kind} is new: show it, or say why not: {item:?}")),
            }
            met.insert(kind);
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    let listed = SHOWN.iter().map(|row| row.kind).chain(EXCEPTED.iter().map(|row| row.0));
    // The order of a job goes with its end.
    let unmet: Vec<_> = listed.filter(|kind| !met.contains(*kind) && *kind != "bulk_order").collect();
    assert_eq!(unmet, Vec::<&str>::new(), "the story has none of these");
}

/// The text of every file below some folders of `shared`.
fn sources(below: &[&str]) -> Vec<String> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let mut folders: Vec<_> = below.iter().map(|folder| shared.join(folder)).collect();
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                texts.push(std::fs::read_to_string(&entry).unwrap());
            }
        }
    }
    texts
}

/// Also what no story makes: whatever kind of item there is says what becomes of it here.
#[test]
fn every_kind_of_item_is_listed() {
    let mut kinds = BTreeSet::from(["limit", "own_counts", "rating"].map(String::from));
    for text in sources(&["platform/src"]) {
        let lines = text.lines().filter_map(|line| line.trim().strip_prefix("const TYPE: &'static str = \""));
        kinds.extend(lines.filter_map(|rest| rest.split('"').next()).map(ToOwned::to_owned));
    }
    let listed = SHOWN.iter().map(|row| row.kind);
    let listed = listed.chain(EXCEPTED.iter().map(|row| row.0)).chain(IMPERSONAL).map(ToOwned::to_owned);
    assert_eq!(kinds, listed.collect::<BTreeSet<_>>());
}

/// docs/api-design.md says the same to whoever reads it.
#[test]
fn the_documentation_has_the_same_list() {
    let page = include_str!("../../../../docs/api-design.md");
    let (_, section) = page.split_once("\n## All that is kept of oneself\n").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let found: BTreeSet<_> =
        section.lines().filter(|line| line.starts_with("| `")).map(String::from).collect();
    let pointers = |row: &Shown| row.pointers.split(' ').map(|one| format!("`{one}`")).collect::<Vec<_>>();
    let shown = SHOWN.iter().map(|row| format!("| `{}` | {} |", row.kind, pointers(row).join(", ")));
    let excepted = EXCEPTED.iter().map(|(kind, why)| format!("| `{kind}` | not: {why} |"));
    assert_eq!(found, shown.chain(excepted).collect::<BTreeSet<_>>());
}

/// Attributes that open something, or from which such a thing is derived.
const SECRET: [&str; 11] = [
    "code_id",
    "hash",
    "password_hash",
    "private",
    "recovery_codes",
    "refresh_hash",
    "replaced",
    "request_hash",
    "salt",
    "seals",
    "secret",
];

/// All texts in attributes of such names, at any depth; of these attributes, what lies in them.
fn secrets(value: &aws_sdk_dynamodb::types::AttributeValue, secret: bool, found: &mut Vec<String>) {
    use aws_sdk_dynamodb::types::AttributeValue as A;
    match value {
        A::S(text) if secret && text.len() >= 20 => found.push(text.clone()),
        A::L(values) => values.iter().for_each(|value| secrets(value, secret, found)),
        A::M(members) => {
            for (name, value) in members.iter().filter(|(name, _)| *name != "value" && *name != "agent") {
                secrets(value, secret || SECRET.contains(&name.as_str()), found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn nothing_in_it_opens_anything() {
    let (cloud, persons, _socket) = everybody().await;
    let mut hidden = Vec::new();
    for item in items(&cloud).await {
        for (name, value) in &item {
            secrets(value, SECRET.contains(&name.as_str()), &mut hidden);
        }
        if attribute(&item, "t") == Some("code") {
            hidden.extend(attribute(&item, "id").map(ToOwned::to_owned));
        }
    }
    assert!(hidden.len() > 50, "much is kept that opens something: {}", hidden.len());
    for person in &persons {
        let Client { token, refresh_token, .. } = &person.client;
        let recovery = person.client.recovery_code();
        let own = [token, refresh_token, &recovery].into_iter().flatten().cloned();
        let text = export(&person.client).await.to_string();
        let found: Vec<_> =
            hidden.iter().cloned().chain(own).filter(|secret| text.contains(secret)).collect();
        assert_eq!(found, Vec::<String>::new(), "of {}", person.client.email);
    }
    // What was mailed: digits, and links.
    let mails = cloud.mailbox.list(Some(&persons[0].client.email));
    let lines: Vec<_> = mails.iter().flat_map(|mail| mail.text.lines()).map(str::trim).collect();
    let is_code = |line: &&&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
    let codes: Vec<_> = lines.iter().filter(is_code).collect();
    let text = export(&persons[0].client).await.to_string();
    assert!(!codes.is_empty() && codes.iter().all(|code| !text.contains(**code)), "{codes:?}");
}

/// Of others it has what they show anyway: no words, no addresses.
#[tokio::test]
async fn it_tells_nothing_of_others() {
    let (cloud, persons, _socket) = everybody().await;
    let all = items(&cloud).await;
    for (number, person) in persons.iter().enumerate() {
        let export = export(&person.client).await;
        let text = export.to_string().to_lowercase();
        for record in all.iter().filter(|item| attribute(item, "t") == Some("audit")) {
            let (user, actor) = (attribute(record, "user_id"), attribute(record, "actor_id"));
            let own = actor.or(user) == Some(&person.client.id);
            // There is none of whoever was erased.
            let Some(private) = record.get("private").and_then(|private| private.as_m().ok()) else {
                continue;
            };
            let address = private["address"].as_m().unwrap()["value"].as_s().unwrap();
            assert!(own || !text.contains(&format!("\"{address}\"")), "{address} of {record:?}");
            // Somebody who typed a wrong password may be anybody.
            if attribute(record, "entry") == Some("sign_in_refused") {
                assert!(!text.contains(&format!("\"{address}\"")), "{address}");
            }
        }
        for other in persons.iter().filter(|other| other.client.id != person.client.id) {
            let email = &other.client.email;
            assert!(!text.contains(email), "{email} to {}", person.client.email);
        }
        // What staff wrote for staff; what they mailed is there.
        assert!(!text.contains("wrote to us") && !text.contains("asked for it"));
        let parties = number < 2;
        assert_eq!(text.contains("fell out"), parties);
        let admin = persons[3].client.id.to_lowercase();
        assert!(!parties || !text.contains(&admin), "who of staff did it is for staff");
    }
    let of = async |number: usize| export(&persons[number].client).await.to_string().to_lowercase();
    let (customer, provider) = (of(0).await, of(1).await);
    // The ordinary view of a booking has the place and the note, and no reasons of the other side.
    assert!(customer.contains("toothache") && !provider.contains("toothache"));
    assert!(provider.contains("flooded") && !customer.contains("flooded"));
    assert!(provider.contains("harbour street") && provider.contains("bell is broken"));
    for word in ["thorncastle", "2015550124", "hillside", "51.478"] {
        assert!(provider.contains(word) && !customer.contains(word), "{word}");
    }
    for word in ["quillfeather@", "2015550123", "violin"] {
        assert!(customer.contains(word) && !provider.contains(word), "{word}");
    }
}

/// Photos are found by the addresses in it.
#[tokio::test]
async fn files_are_where_it_says() {
    let (cloud, persons, _socket) = everybody().await;
    let text = export(&persons[0].client).await.to_string();
    let files = cloud.s3.keys("PublicBucket").await.unwrap();
    assert_eq!(files.len(), 3);
    for file in files {
        assert!(text.contains(&format!("/{file}\"")), "{file}");
    }
    // Uploads wait here until they are examined; none does.
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), Vec::<String>::new());
    let url = text.split('"').find(|part| part.ends_with("/small.jpg")).unwrap();
    let shown = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
    assert_eq!(shown.status(), StatusCode::OK);
}
