//! `DELETE /v1/me` and `DELETE /v1/admin/users/{id}`: when the job is done, no trace of the person is left.

mod crashes;
mod refusals;

use banister_domain::account::Role;
use banister_domain::booking::Booking;
use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::Cloud;
use banister_platform::store::{Audit, Bookings};
use banister_platform::table::Table;
use jiff::tz::TimeZone;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::invariants::items;
use crate::support::{
    all_pages, body, cloud_at, customer, each, open, pass, settle, stranger, super_admin, text,
};

const PICTURE: &[u8] = include_bytes!("../../../../functions/queue/media/tests/samples/progressive.jpg");
/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";

/// What must not be found of the customer, whatever the case of its letters. Short words have a letter that no id
/// has (I, L, O, U): ids are random.
pub(crate) const CUSTOMER: [&str; 7] =
    ["quillfeather", "zebedee", "2015550123", "harbour street", "bell is broken", "toothache", "violin"];
/// What must not be found of the provider.
pub(crate) const PROVIDER: [&str; 7] =
    ["widdershins", "thorncastle", "2015550124", "herbal wraps", "flooded", "hillside", "51.478"];
/// The address that the customer has in the end; the one before was [`Client::join`]'s.
const ADDRESS: &str = "quillfeather@example.com";

/// A customer and a provider of whom everything is kept that can be.
pub(crate) struct People {
    pub(crate) cloud: Cloud,
    pub(crate) customer: Client,
    pub(crate) provider: Client,
    pub(crate) admin: Client,
    /// Confirmed; the customer's place and words are in it.
    confirmed: String,
}

pub(crate) async fn erase(client: &Client) -> banister_local::client::Answer {
    let ask = json!({ "password": PASSWORD });
    client.call(Method::DELETE, "/v1/me", &[], Some(&ask)).await.unwrap()
}

/// Where in the table something of a person still stands.
pub(crate) async fn traces(cloud: &Cloud, words: &[&str]) -> Vec<String> {
    let texts = items(cloud).await.into_iter().map(|item| format!("{item:?}"));
    texts.filter(|text| words.iter().any(|word| text.to_lowercase().contains(word))).collect()
}

impl People {
    pub(crate) async fn new() -> Self {
        let cloud = cloud_at(START).await;
        let admin = super_admin(&cloud, "Super Admin").await;
        let customer = customer(&cloud, "Zebedee Quillfeather").await;
        let provider = Client::join(&cloud, "provider", "Thorncastle Widdershins").await.unwrap();
        open(&provider, json!({})).await;
        let service = offered(&provider).await;
        let mut people = Self { cloud, customer, provider, admin, confirmed: String::new() };
        people.live_through(&service).await;
        people
    }

    /// Bookings that were confirmed, declined and cancelled, with words of both sides and of staff.
    async fn live_through(&mut self, service: &str) {
        self.personal().await;
        self.moved().await;
        self.confirmed = self.book(service, "2031-03-04T10:00:00Z").await;
        self.provided(&self.confirmed, "confirm", "confirm-1", &json!(null)).await;
        let declined = self.book(service, "2031-03-04T12:00:00Z").await;
        self.provided(&declined, "decline", "decline-1", &json!({ "reason": "The cellar is flooded." }))
            .await;
        let cancelled = self.book(service, "2031-03-04T14:00:00Z").await;
        let path = format!("/v1/bookings/{cancelled}/cancel");
        body(self.customer.post(&path, &json!({ "reason": "I have a toothache." })).await.unwrap(), 200);
        self.managed(service).await;
        self.cloud.quiet().await.unwrap();
        // The confirmed one is over then.
        pass(&self.cloud, 36 * 3_600).await;
        self.customer.sign_in().await.unwrap();
        self.provider.sign_in().await.unwrap();
        self.admin.sign_in().await.unwrap();
        self.watched().await;
        self.cloud.quiet().await.unwrap();
    }

    async fn personal(&self) {
        let told = json!({ "phone": "+1 201 555 0123", "bio": "Plays the violin." });
        body(self.customer.patch("/v1/me", &told).await.unwrap(), 200);
        let told = json!({ "phone": "+1 201 555 0124", "bio": "Learned it on a hillside.",
            "provider": { "experience_years": 12, "languages": ["cy"],
                "service_area": { "latitude": 51.478, "longitude": -0.0015, "radius_km": 10 } } });
        body(self.provider.patch("/v1/me", &told).await.unwrap(), 200);
        self.customer.upload_photo("image/jpeg", PICTURE.to_vec()).await.unwrap();
        self.cloud.quiet().await.unwrap();
    }

    /// Another address, with an answer kept for the one before, and a second factor.
    async fn moved(&mut self) {
        let again = json!({ "email": self.customer.email, "password": PASSWORD, "role": "customer",
            "first_name": "Zebedee", "last_name": "Quillfeather" });
        let key = [("idempotency-key", "registered")];
        let client = stranger(&self.cloud);
        body(client.call(Method::POST, "/v1/accounts", &key, Some(&again)).await.unwrap(), 201);
        self.ask_for(ADDRESS).await;
        self.cloud.quiet().await.unwrap();
        let customer = &mut self.customer;
        ADDRESS.clone_into(&mut customer.email);
        let code = customer.code_from_mail(&self.cloud).await.unwrap();
        let confirmed = customer.post("/v1/me/email/confirm", &json!({ "code": code })).await.unwrap();
        assert_eq!(confirmed.status, StatusCode::NO_CONTENT);
        customer.sign_in().await.unwrap();
        customer.turn_on_second_factor(self.cloud.clock.now()).await.unwrap();
    }

    async fn ask_for(&self, email: &str) {
        let ask = json!({ "password": PASSWORD, "email": email });
        assert_eq!(self.customer.post("/v1/me/email", &ask).await.unwrap().status, StatusCode::ACCEPTED);
    }

    /// A booking that staff cancelled, with their answer kept, and the service that they archived.
    async fn managed(&self, service: &str) {
        let booking = self.book(service, "2031-03-04T16:00:00Z").await;
        let said = json!({ "reason": "Widdershins fell out with Quillfeather." });
        let (path, key) = (format!("/v1/admin/bookings/{booking}/cancel"), [("idempotency-key", "cancel-1")]);
        body(self.admin.call(Method::POST, &path, &key, Some(&said)).await.unwrap(), 200);
        let (path, said) =
            (format!("/v1/admin/services/{service}"), json!({ "reason": "Widdershins has no licence." }));
        body(self.admin.post(&format!("{path}/archive"), &said).await.unwrap(), 200);
        body(self.admin.act(&format!("{path}/restore")).await.unwrap(), 200);
        body(self.admin.post(&format!("{path}/archive"), &said).await.unwrap(), 200);
        let path = format!("/v1/admin/users/{}", self.provider.id);
        for number in ["+12015550199", "+12015550124"] {
            body(self.admin.patch_over(&path, &json!({ "phone": number })).await.unwrap(), 200);
        }
    }

    /// What the audit log, rate limits and tokens have of the customer.
    pub(crate) async fn watched(&self) {
        let wrong = json!({ "email": self.customer.email, "password": "wrong password" });
        body(stranger(&self.cloud).post("/v1/sessions", &wrong).await.unwrap(), 401);
        let ask = json!({ "email": self.customer.email });
        body(stranger(&self.cloud).post("/v1/password-resets", &ask).await.unwrap(), 202);
        self.customer.ticket().await.unwrap();
        self.ask_for("zebedee.pending@example.com").await;
        let path = format!("/v1/admin/users/{}", self.customer.id);
        let said = json!({ "reason": "Quillfeather wrote to us." });
        for act in ["disable", "enable"] {
            body(self.admin.post(&format!("{path}/{act}"), &said).await.unwrap(), 200);
        }
        // There and back, so that the account is as it was.
        for bio in ["Plays the violin, and Zebedee's flute.", "Plays the violin."] {
            body(self.admin.patch_over(&path, &json!({ "bio": bio })).await.unwrap(), 200);
        }
    }

    async fn book(&self, service: &str, starts_at: &str) -> String {
        let ask = json!({ "service_id": service, "starts_at": starts_at, "note": "The bell is broken.",
            "location": "12 Harbour Street, Springfield", "extras": [{ "code": "widdershins" }] });
        let key = [("idempotency-key", starts_at)];
        let made = self.customer.call(Method::POST, "/v1/bookings", &key, Some(&ask)).await.unwrap();
        text(&body(made, 201), "id").to_owned()
    }

    async fn provided(&self, booking: &str, act: &str, key: &str, ask: &Value) {
        let path = format!("/v1/bookings/{booking}/{act}");
        let ask = (!ask.is_null()).then_some(ask);
        let key = [("idempotency-key", key)];
        body(self.provider.call(Method::POST, &path, &key, ask).await.unwrap(), 200);
    }
}

async fn offered(provider: &Client) -> String {
    let ask = json!({ "title": "Herbal wraps by Widdershins", "description": "At your home.",
        "category": "massage", "price": { "amount": 5_000, "currency": "usd" }, "duration_minutes": 60,
        "location_kind": "at_customer", "extras": [{ "code": "widdershins", "title": "Oil of Widdershins",
        "price": { "amount": 1, "currency": "usd" } }] });
    let key = [("idempotency-key", "the-service")];
    let made = provider.call(Method::POST, "/v1/services", &key, Some(&ask)).await.unwrap();
    let id = text(&body(made, 201), "id").to_owned();
    body(provider.act(&format!("/v1/services/{id}/publish")).await.unwrap(), 200);
    id
}

#[tokio::test]
async fn no_trace_of_a_customer_is_left() {
    let mut people = People::new().await;
    people.customer.sign_in().await.unwrap();
    assert!(traces(&people.cloud, &CUSTOMER).await.len() > 10, "much is kept before");
    let told = |bio: &str| json!({ "values": { "bio": bio } });
    let before = changes(&people.admin, &people.customer, "account_changed").await;
    assert_eq!(before[1][0], told("Plays the violin."));
    assert_eq!(before[1][1]["values"]["bio"], "Plays the violin, and Zebedee's flute.");
    let job = body(erase(&people.customer).await, 202);
    assert_eq!((text(&job, "state"), text(&job, "user_id")), ("queued", people.customer.id.as_str()));
    // At once: nobody is signed in, and nobody can sign in, but the address is not free.
    assert_eq!(people.customer.get("/v1/me").await.unwrap().status, StatusCode::UNAUTHORIZED);
    let again = people.customer.clone().sign_in().await.unwrap_err().to_string();
    assert!(again.contains("account_disabled"), "{again}");
    settle(&people.cloud).await;
    assert_eq!(traces(&people.cloud, &CUSTOMER).await, Vec::<String>::new());
    for bucket in ["PublicBucket", "PrivateBucket"] {
        assert_eq!(people.cloud.s3.keys(bucket).await.unwrap(), Vec::<String>::new(), "{bucket}");
    }
    // What was done stays, and of it what is nobody's.
    let left = json!([{}, { "fields": ["bio"] }]);
    let mut admin = people.admin.clone();
    admin.sign_in().await.unwrap();
    assert_eq!(changes(&admin, &people.customer, "account_changed").await, [left.clone(), left]);
    let email = changes(&admin, &people.customer, "email_changed").await;
    assert_eq!(email, [json!([{}, { "fields": ["email"] }])]);
    let own = format!("\"user#{}\"", people.customer.id.to_lowercase());
    let left = traces(&people.cloud, &[&own]).await;
    assert_eq!(left.len(), 2, "nothing but the account and what it is counted as: {left:#?}");
    // What is the other side's stays, with the id as a pseudonym.
    let booking = booking(&people).await;
    assert_eq!(booking.customer_id.to_string(), people.customer.id);
    assert_eq!((&booking.location, &booking.note), (&None, &None));
    assert_eq!(booking.service_title.as_str(), "Herbal wraps by Widdershins");
    assert_eq!(traces(&people.cloud, &["flooded"]).await.len(), 1, "what the other side said");
    chains_are_whole(&people.cloud).await;
    // The address is anybody's again.
    let mut anew = stranger(&people.cloud);
    anew.email.clone_from(&people.customer.email);
    let ask = json!({ "email": anew.email, "password": PASSWORD, "role": "customer",
        "first_name": "Zebedee", "last_name": "Quillfeather" });
    body(anew.post("/v1/accounts", &ask).await.unwrap(), 201);
    anew.sign_in().await.unwrap();
    assert_ne!(anew.id, people.customer.id);
}

#[tokio::test]
async fn no_trace_of_a_provider_is_left() {
    let people = People::new().await;
    let path = format!("/v1/admin/users/{}", people.provider.id);
    let ask = json!({ "reason": "Widdershins asked for it in a letter." });
    let begun = people.admin.call(Method::DELETE, &path, &[], Some(&ask)).await.unwrap();
    let job = body(begun, 202);
    settle(&people.cloud).await;
    assert_eq!(traces(&people.cloud, &PROVIDER).await, Vec::<String>::new());
    chains_are_whole(&people.cloud).await;
    let booking = booking(&people).await;
    assert_eq!(booking.service_title.as_str(), "Deleted service");
    assert!(booking.location.is_some() && booking.note.is_some(), "the customer's own");
    assert_eq!(traces(&people.cloud, &["deleted service"]).await.len(), 5, "a service, four bookings");
    let mut admin = people.admin.clone();
    admin.sign_in().await.unwrap();
    // Whoever asked for the job sees it, and nobody else does.
    let path_of_job = format!("/v1/jobs/{}", text(&job, "id"));
    let shown = body(admin.get(&path_of_job).await.unwrap(), 200);
    assert_eq!(text(&shown, "state"), "done");
    assert!(shown["done"].as_u64().is_some_and(|done| done > 5), "{shown}");
    let mut customer = people.customer.clone();
    customer.sign_in().await.unwrap();
    assert_eq!(customer.get(&path_of_job).await.unwrap().status, StatusCode::NOT_FOUND);
    // Staff see that there was somebody.
    let left = body(admin.get(&path).await.unwrap(), 200);
    assert_eq!((text(&left, "status"), text(&left, "first_name")), ("erased", "Deleted"));
    let listed = body(admin.get("/v1/admin/users?status=erased").await.unwrap(), 200);
    assert_eq!(each(&listed, "id"), std::slice::from_ref(&people.provider.id));
    let log = body(admin.get(&format!("/v1/admin/audit?target={}", people.provider.id)).await.unwrap(), 200);
    let entries = each(&log, "entry");
    assert_eq!(entries[..2], ["account_erased", "account_erasing"]);
    // Staff's own address stays with what they did.
    let addresses = each(&log, "address");
    assert!(addresses[0] == "job" && addresses[1].starts_with("127.") && addresses[2] == "erased");
    assert_eq!(log["items"][1]["after"]["reason"], Value::Null);
}

/// What records of a kind about somebody say was before and after, newest first.
async fn changes(reader: &Client, about: &Client, entry: &str) -> Vec<Value> {
    let log = all_pages(reader, &format!("/v1/admin/audit?target={}", about.id), 100).await;
    let of_kind = log.iter().filter(|record| record["entry"] == entry);
    of_kind.map(|record| json!([record["before"], record["after"]])).collect()
}

async fn booking(people: &People) -> Booking {
    let table = Table::from_settings(&people.cloud.settings("local-test")).unwrap();
    Bookings::new(table).get(people.confirmed.parse().unwrap()).await.unwrap().unwrap().value
}

/// Erasing breaks no chain of the audit log.
pub(crate) async fn chains_are_whole(cloud: &Cloud) {
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let now = cloud.clock.now();
    let today = now.to_zoned(TimeZone::UTC).date();
    for day in ["2031-03-03".parse().unwrap(), today] {
        let verified = Audit::new(table.clone()).verify(day, now).await.unwrap();
        assert!(verified.records > 0 && verified.findings.is_empty(), "{verified:?}");
    }
}

/// A member of staff who may manage customers and providers.
pub(crate) async fn manager(cloud: &Cloud, name: &str) -> Client {
    use banister_domain::access::Permission;
    let one = [Permission::UserManagement].into_iter().collect();
    Client::staff(cloud, Role::Admin, one, name).await.unwrap()
}
