//! A marketplace in which the things exist that the samples of events/ name, and the samples as they
//! would be sent there today.

use std::collections::BTreeMap;

use banister_checks::template::Function;
use banister_domain::access::Permissions;
use banister_domain::account::Role;
use banister_domain::job::{Erasure, Job, Work};
use banister_local::client::{Client, PASSWORD, Socket};
use banister_local::cloud::{Cloud, Options};
use banister_peers::breaches::BreachService;
use banister_platform::store::JobRecord;
use banister_platform::table::Table;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, ToSpan as _};
use reqwest::StatusCode;
use serde_json::{Value, json};

const CUSTOMER: &str = "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
const PROVIDER: &str = "usr_01KB2Q8A4N7Y5V3T1R9QWXMCDF";
const STAFF: &str = "usr_01KB2Q9C6E8G0J2M4P6S8VXZBD";
const VACATION: &str = "vac_01KB2QN9T2V5X8Z1CFHJMPRTVY";
const FEED: &str = "Jv8mQ2xT5wB9cKfR3hYpL6nZ1sDgU4aE7iOqWtXbMzA.ics";
const SERVICE: &str = "svc_01KB2QB6Y2D5F8H1K4N7QSTVWX";
const BOOKING: &str = "bkg_01KB2QHZ3K6N9Q2T5W8YABCDEF";
const SESSION: &str = "ses_01KB2QK7P0S3V6X9ZBDFHJMNQR";
const PHOTO: &str = "pho_01KB2QJ0M4P7R0S3V6X9ZBDFHK";
const JOB: &str = "job_01KB2QM8R1T4W7Z0CEGJKMPSVX";
const PICTURE: &[u8] = include_bytes!("../../../../functions/queue/media/tests/samples/progressive.jpg");
/// The day on which the samples were taken, and the start of the booking that they name.
const TAKEN: Date = date(2025, 11, 27);
const START: &str = "2025-12-01T15:00:00Z";
/// Where that one is to move in the samples.
const ELSEWHERE: &str = "2025-12-01T17:00:00Z";
const SERIES: &str = "ser_01KB2QR0T3W6Z9CFJMPSVY1479";
/// The first booking of that.
const SERIES_BOOKING: &str = "bkg_01KB2QR1V4X7A0DGKNQTWZ258B";
const HOLD: &str = "hld_01KB2QHZ3K6N9Q2T5W8YABCDEF";
const WAIT: &str = "wtl_01KB2QHZ3K6N9Q2T5W8YABCDEF";

/// A cloud, with a customer who asked a provider for a booking.
pub(crate) struct World {
    pub(crate) cloud: Cloud,
    customer: Client,
    provider: Client,
    /// A super admin.
    admin: Client,
    /// The id of a member of staff.
    support: String,
    service: String,
    pub(crate) booking: String,
    /// Where the provider listens.
    pub(crate) socket: Option<Socket>,
    later: Span,
}

impl World {
    /// All was made so long ago.
    pub(crate) async fn start(age: SignedDuration) -> Self {
        let breaches = BreachService::start(&[]).await;
        let overrides = [("BREACHED_PASSWORDS_URL".to_owned(), breaches.url())].into();
        let options = Options { password_memory_kib: Some(16), overrides, ..Options::default() };
        let cloud = Cloud::start(options).await.unwrap();
        let today = cloud.clock.now().to_zoned(TimeZone::UTC).date();
        // Whole weeks: the days of the week matter to calendars.
        let days = today.duration_since(TAKEN).as_hours() / 24;
        let later = (days / 7 + 1).weeks();
        cloud.clock.advance(-age);
        let mut customer = Client::join(&cloud, "customer", "Customer One").await.unwrap();
        let mut provider = Client::join(&cloud, "provider", "Provider One").await.unwrap();
        let staff = async |role, name| Client::staff(&cloud, role, Permissions::NONE, name).await.unwrap();
        let mut admin = staff(Role::SuperAdmin, "Super Admin").await;
        let support = staff(Role::Management, "Support Two").await.id;
        let rules = json!({ "time_zone": "UTC", "weekly": [{ "day": "mon", "start": "08:00", "end": "20:00" }],
            "buffer_before_minutes": 0, "buffer_after_minutes": 0, "min_notice_minutes": 0,
            "horizon_days": 60, "slot_step_minutes": 60 });
        provider.put("/v1/me/calendar", &rules).await.unwrap().expect(StatusCode::OK, "rules").unwrap();
        let service = json!({ "title": "Deep tissue massage", "description": "", "category": "massage",
            "price": { "amount": 9_000, "currency": "usd" }, "duration_minutes": 60,
            "location_kind": "at_customer" });
        let service = made(&provider, "/v1/services", &service).await;
        let publish = provider.act(&format!("/v1/services/{service}/publish")).await.unwrap();
        publish.expect(StatusCode::OK, "publish").unwrap();
        let booking = json!({ "service_id": service, "starts_at": shifted(START, later),
            "location": "1 Example Street, Berlin" });
        let booking = made(&customer, "/v1/bookings", &booking).await;
        cloud.clock.advance(age);
        for client in [&mut customer, &mut provider, &mut admin] {
            client.sign_in().await.unwrap();
        }
        Self { cloud, customer, provider, admin, support, service, booking, socket: None, later }
    }

    /// A sample with the names, tokens and days of this world.
    pub(crate) async fn event(&mut self, operation: &str, sample: &str) -> String {
        let operations = banister_local::api::operations();
        let known = operations.iter().find(|known| known.id == operation);
        let lets_in =
            |role| known.is_none_or(|known| known.access.anonymous || known.access.roles.contains(&role));
        let caller = match () {
            () if lets_in(Role::Customer) => &self.customer,
            () if lets_in(Role::Provider) => &self.provider,
            () => &self.admin,
        };
        // The second part of a refresh token names its session.
        let session = caller.refresh_token.as_deref().and_then(|token| token.split('.').nth(1));
        let mut event = shifted(sample, self.later);
        for (old, new) in [
            (CUSTOMER, self.customer.id.as_str()),
            (PROVIDER, &self.provider.id),
            (STAFF, &self.support),
            (SERVICE, &self.service),
            (BOOKING, &self.booking),
            (SESSION, session.unwrap_or_default()),
            ("ACCESS_TOKEN", caller.token.as_deref().unwrap_or_default()),
            ("REFRESH_TOKEN", caller.refresh_token.as_deref().unwrap_or_default()),
            ("correct horse battery staple", PASSWORD),
        ] {
            event = event.replace(old, new);
        }
        match operation {
            "confirm_email" => self.unconfirmed(&event).await,
            "complete_password_reset" => self.forgotten(&event).await,
            "connect" => {
                let url = self.customer.ticket().await.unwrap();
                event.replace("CHAT_TICKET", url.split_once("ticket=").unwrap().1)
            }
            "socket" => {
                self.cloud.quiet().await.unwrap();
                self.socket = Some(self.provider.socket().await.unwrap());
                event
            }
            "media" => event.replace(PHOTO, &self.uploaded().await),
            "reschedule_booking" | "reschedule_any_booking" => {
                self.agreed("confirm", None).await;
                event
            }
            "accept_reschedule" | "decline_reschedule" => {
                self.agreed("confirm", None).await;
                self.agreed("reschedule", Some(json!({ "starts_at": shifted(ELSEWHERE, self.later) }))).await;
                event
            }
            of_series if of_series.contains("_series") && of_series != "create_series" => {
                let (series, booking) = self.series().await;
                if of_series.contains("reschedule") {
                    let path = format!("/v1/series/{series}/confirm");
                    self.provider.act(&path).await.unwrap().expect(StatusCode::OK, "confirm").unwrap();
                }
                if of_series.ends_with("_reschedule") {
                    let path = format!("/v1/series/{series}/reschedule");
                    let ask = json!({ "booking_id": booking, "scope": "all", "starts_at": shifted(ELSEWHERE, self.later) });
                    self.provider.post(&path, &ask).await.unwrap().expect(StatusCode::OK, "propose").unwrap();
                }
                event.replace(SERIES, &series).replace(SERIES_BOOKING, &booking)
            }
            "delete_hold" => event.replace(HOLD, &self.held().await),
            "leave_waitlist" => event.replace(WAIT, &self.waiting().await),
            "delete_vacation" => event.replace(VACATION, &self.vacation().await),
            "get_calendar_feed" => {
                let path = self.feed().await;
                event.replace(FEED, path.rsplit_once('/').unwrap().1)
            }
            "delete_me" | "delete_user" => {
                let path = format!("/v1/bookings/{}/cancel", self.booking);
                let ask = json!({ "reason": "Before the account goes." });
                self.customer.post(&path, &ask).await.unwrap().expect(StatusCode::OK, "cancel").unwrap();
                event
            }
            "get_job" | "list_job_results" | "jobs" => {
                self.job().await;
                event
            }
            _ => event,
        }
    }

    /// The job that the samples name, which the customer asked for some minutes ago.
    async fn job(&self) {
        let table = Table::from_settings(&self.cloud.settings("local-test")).unwrap();
        let (user, at) = (self.customer.id.parse().unwrap(), self.cloud.clock.now() - 5.minutes());
        let work = Work::EraseUser(Erasure::new(user));
        table.put(&JobRecord(Job::new(JOB.parse().unwrap(), work, user, None, at))).await.unwrap();
    }

    /// The path of the link to the provider's calendar.
    async fn feed(&self) -> String {
        let made = self.provider.act("/v1/me/calendar/feed").await.unwrap();
        made.expect(StatusCode::CREATED, "feed").unwrap()["path"].as_str().unwrap().to_owned()
    }

    /// A series of the customer's, and its first booking.
    async fn series(&self) -> (String, String) {
        let ask = json!({ "service_id": self.service, "starts_at": shifted("2025-12-08T15:00:00Z", self.later),
            "frequency": "weekly", "count": 2, "mode": "all", "location": "1 Example Street, Berlin" });
        let made = self.customer.post_once("/v1/series", &ask, "a-series-of-two").await.unwrap();
        let made = made.expect(StatusCode::CREATED, "series").unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&made["id"]), text(&made["occurrences"][0]["booking_id"]))
    }

    /// What the provider does to the booking.
    async fn agreed(&self, verb: &str, ask: Option<Value>) {
        let path = format!("/v1/bookings/{}/{verb}", self.booking);
        let done = self.provider.post(&path, &ask.unwrap_or(json!({}))).await.unwrap();
        done.expect(StatusCode::OK, verb).unwrap();
    }

    /// The id of a slot that the customer holds.
    async fn held(&self) -> String {
        let ask = json!({ "service_id": self.service, "starts_at": shifted(ELSEWHERE, self.later) });
        made(&self.customer, "/v1/holds", &ask).await
    }

    /// The id of a wait for a start where none can be.
    async fn waiting(&self) -> String {
        let [from, to] = ["2025-12-01T11:05:00Z", "2025-12-01T11:10:00Z"].map(|at| shifted(at, self.later));
        made(&self.customer, "/v1/waitlist", &json!({ "service_id": self.service, "from": from, "to": to }))
            .await
    }

    /// The id of a vacation of the provider's.
    async fn vacation(&self) -> String {
        let day = self.cloud.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let ask = json!({ "from": day, "to": day });
        let made = self.provider.post("/v1/me/calendar/vacations", &ask).await.unwrap();
        made.expect(StatusCode::CREATED, "vacation").unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// The id of a photo that was uploaded, and that only the function under test will examine.
    async fn uploaded(&self) -> String {
        // Not what feeds it: that already waits at the queue, and gets the message all the same.
        self.cloud.faults.crash_before("local-media", 1);
        self.customer.upload_photo("image/jpeg", PICTURE.to_vec()).await.unwrap();
        let keys = self.cloud.s3.keys("PrivateBucket").await.unwrap();
        let [key] = keys.as_slice() else { panic!("{keys:?}") };
        key.rsplit_once('/').unwrap().1.to_owned()
    }

    /// The confirmation of an address that is not confirmed yet, with the code that was mailed.
    async fn unconfirmed(&self, event: &str) -> String {
        let mut newcomer = Client::stranger(&self.cloud.url()).unwrap();
        "customer.two@example.com".clone_into(&mut newcomer.email);
        let ask = json!({ "email": newcomer.email, "password": PASSWORD, "role": "customer",
            "first_name": "Customer", "last_name": "Two" });
        newcomer.post("/v1/accounts", &ask).await.unwrap().expect(StatusCode::CREATED, "register").unwrap();
        let code = newcomer.code_from_mail(&self.cloud).await.unwrap();
        event.replace(&self.customer.email, &newcomer.email).replace("40175283", &code)
    }

    /// A new password with the token that was mailed.
    async fn forgotten(&self, event: &str) -> String {
        let ask = json!({ "email": self.customer.email });
        let asked = self.customer.post("/v1/password-resets", &ask).await.unwrap();
        asked.expect(StatusCode::ACCEPTED, "reset").unwrap();
        let token = self.customer.token_from_mail(&self.cloud).await.unwrap();
        event.replace("0S7YbqBmN5d3hJYb1m0nqgUDzFv3m0y7N3yqQFhW2mQ", &token)
    }

    /// What the customer sees at a path.
    pub(crate) async fn seen(&self, path: &str) -> Value {
        self.customer.get(path).await.unwrap().expect(StatusCode::OK, path).unwrap()
    }

    /// The environment that the template gives a function, with its secrets in it, and what leads its AWS clients
    /// here: there is no Secrets Manager.
    pub(crate) fn environment(&self, function: &Function) -> BTreeMap<String, String> {
        let settings = self.cloud.settings(&format!("lambda-{}", function.operation()));
        let mut environment = BTreeMap::new();
        for (name, value) in function.environment() {
            let name = setting(name);
            let value = match (name, value.as_str()) {
                ("LOG_LEVEL", _) => "info".to_owned(),
                (_, Some(literal)) => literal.to_owned(),
                _ => settings.optional(name).unwrap_or_else(|| panic!("the local cloud has no {name}")),
            };
            environment.insert(name.to_owned(), value);
        }
        for name in [
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL_SQS",
        ] {
            environment.extend(settings.optional(name).map(|value| (name.to_owned(), value)));
        }
        environment
    }
}

/// The setting that a variable gives: `X_SECRET` names the secret that holds X.
pub(crate) fn setting(variable: &str) -> &str {
    variable.strip_suffix("_SECRET").unwrap_or(variable)
}

/// The id of what was made.
async fn made(client: &Client, path: &str, ask: &Value) -> String {
    let key = [("idempotency-key", "runtime-world")];
    let answer = client.call(reqwest::Method::POST, path, &key, Some(ask)).await.unwrap();
    let made = answer.expect(StatusCode::CREATED, path).unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// The text with every day in it moved.
fn shifted(text: &str, later: Span) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let day = rest.get(..10).filter(|_| rest.starts_with("20") && !out.ends_with(char::is_alphanumeric));
        if let Some(day) = day.and_then(|day| day.parse::<Date>().ok()) {
            out.push_str(&day.saturating_add(later).to_string());
            rest = &rest[10..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}
