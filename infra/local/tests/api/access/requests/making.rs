//! What requests need that is not there yet: made anew for each, since most of them use it up.

use banister_domain::booking::{Actor, Booking, Proposal, Status};
use banister_domain::job::{Erasure, Job, Work};
use banister_local::client::{Client, PASSWORD};
use banister_platform::random;
use banister_platform::store::JobRecord;
use banister_platform::table::Table;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Request, World};
use crate::support::{all_pages, body, change_booking, session_of, text};

impl World {
    /// The path at which staff have a new account.
    pub(super) async fn user(&mut self) -> String {
        let email = self.next_email();
        format!("/v1/admin/users/{}", self.unconfirmed(&email).await.id)
    }

    /// The customer's own code for a telephone number; anybody else's is another one.
    pub(super) async fn with_phone(&mut self) -> Request {
        self.made += 1;
        let phone = format!("+1201555{:04}", 100 + self.made);
        body(self.customer.patch("/v1/me", &json!({ "phone": phone })).await.unwrap(), 200);
        self.cloud.quiet().await.unwrap();
        let code = self.customer.code_from_mail(&self.cloud).await.unwrap();
        Request::new("/v1/me/phone/confirm", json!({ "code": code }))
    }

    /// The customer's own code for another address. Once: it is gone from the old one then.
    pub(super) async fn with_email(&mut self) -> Request {
        let path = "/v1/me/email/confirm";
        let mut owner = self.customer.clone();
        if owner.sign_in().await.is_err() {
            return Request::new(path, json!({ "code": "00000000" }));
        }
        let mut next = owner.clone();
        next.email = self.next_email();
        let ask = json!({ "password": PASSWORD, "email": next.email });
        body(owner.post("/v1/me/email", &ask).await.unwrap(), 202);
        let code = next.code_from_mail(&self.cloud).await.unwrap();
        Request::new(path, json!({ "code": code }))
    }

    /// An account that can be signed in to.
    pub(super) async fn account(&mut self) -> Client {
        let (client, left) = if let Some((client, left @ 1..)) = self.account.take() {
            (client, left)
        } else {
            let email = self.next_email();
            (self.unconfirmed(&email).await, 9)
        };
        self.account = Some((client.clone(), left - 1));
        client
    }

    /// The path of a new session: in turn of the customer and of the provider, who both own what is asked for.
    pub(super) async fn session(&mut self) -> String {
        let mut owner = if self.ended { self.provider.clone() } else { self.customer.clone() };
        self.ended = !self.ended;
        owner.sign_in().await.unwrap();
        format!("/v1/sessions/{}", session_of(&owner))
    }

    /// The path of a new job: in turn of the customer and of the provider.
    pub(super) async fn job(&mut self) -> String {
        let owner = if self.asked { &self.provider } else { &self.customer };
        self.asked = !self.asked;
        let (user, now) = (owner.id.parse().expect("an id"), self.cloud.clock.now());
        let work = Work::EraseUser(Erasure::new(user));
        let job = Job::new(random::id(now), work, user, None, now);
        let path = format!("/v1/jobs/{}", job.id);
        // Nobody is told of it, so that nobody does it.
        let table = Table::from_settings(&self.cloud.settings("local-test")).expect("settings");
        table.put(&JobRecord(job)).await.unwrap();
        path
    }

    /// Calls off all bookings, so that either side can be erased.
    pub(super) async fn settle(&mut self) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let mut provider = self.provider.clone();
        provider.sign_in().await.unwrap();
        for status in ["requested", "confirmed"] {
            for booking in all_pages(&provider, &format!("/v1/bookings?status={status}"), 100).await {
                let starts_at: Timestamp = text(&booking, "starts_at").parse().expect("a moment");
                let verb = if starts_at < self.cloud.clock.now() { "complete" } else { "cancel" };
                let path = format!("/v1/bookings/{}/{verb}", text(&booking, "id"));
                body(provider.post(&path, &json!({ "reason": "A test." })).await.unwrap(), 200);
            }
        }
    }

    /// The path of a new draft of the provider.
    pub(super) async fn draft(&self) -> String {
        let draft = body(self.provider.post("/v1/services", &draft()).await.unwrap(), 201);
        format!("/v1/services/{}", text(&draft, "id"))
    }

    /// The path of a new vacation of the provider.
    pub(super) async fn vacation(&self) -> String {
        let ask = json!({ "from": "2027-03-01", "to": "2027-03-01" });
        let made = body(self.provider.post("/v1/me/calendar/vacations", &ask).await.unwrap(), 201);
        format!("/v1/me/calendar/vacations/{}", text(&made, "id"))
    }

    /// A new room for the provider.
    pub(super) fn new_resource(&mut self) -> Request {
        self.made += 1;
        let ask = json!({ "name": "Blue room", "provider_ids": [self.provider.id] });
        let key = Some(format!("new-resource-{}", self.made));
        Request { key, ..Request::new("/v1/admin/resources", ask) }
    }

    /// Such a room, which nobody may use any more.
    pub(super) async fn changed_resource(&mut self) -> Request {
        let path = self.made_resource().await;
        let ask = json!({ "active": false, "provider_ids": [] });
        Request { version: Some("*".to_owned()), ..Request::new(path, ask) }
    }

    /// The path of a new room.
    pub(super) async fn made_resource(&mut self) -> String {
        let Request { path, body: ask, key, .. } = self.new_resource();
        let (ask, key) = (ask.expect("a room"), key.expect("a key"));
        let made = body(self.admin.post_once(&path, &ask, &key).await.unwrap(), 201);
        format!("{path}/{}", text(&made, "id"))
    }

    /// The path of a new link to the provider's calendar.
    pub(super) async fn feed(&self) -> String {
        let made = body(self.provider.act("/v1/me/calendar/feed").await.unwrap(), 201);
        text(&made, "path").to_owned()
    }

    /// The path of a new request of the customer to the provider.
    pub(super) async fn booking(&mut self) -> String {
        let (start, key) = (self.next_start(), format!("booking-{}", self.made));
        let booking = body(self.customer.book(&self.service, &start, &key).await.unwrap(), 201);
        format!("/v1/bookings/{}", text(&booking, "id"))
    }

    /// One that is confirmed and has begun.
    pub(super) async fn begun(&mut self) -> String {
        let path = self.booking().await;
        let now = self.cloud.clock.now();
        change_booking(&self.cloud, path.trim_start_matches("/v1/bookings/"), |booking| Booking {
            status: Status::Confirmed,
            starts_at: now - SignedDuration::from_mins(1),
            ends_at: now + SignedDuration::from_mins(1),
            ..booking
        })
        .await;
        path
    }

    /// One that has taken place.
    pub(super) async fn over(&mut self) -> String {
        let path = self.begun().await;
        body(self.provider.act(&format!("{path}/complete")).await.unwrap(), 200);
        path
    }

    /// A review of a booking, by either side.
    pub(super) async fn review(&mut self) -> Request {
        let path = format!("{}/reviews", self.over().await);
        let key = Some(format!("review-it-{}", self.made));
        Request { key, ..Request::new(path, json!({ "rating": 5, "text": "On time." })) }
    }

    /// A booking that both sides have reviewed.
    pub(crate) async fn reviewed(&mut self) -> String {
        let path = self.over().await;
        for side in [&self.customer, &self.provider] {
            let (reviews, key) = (format!("{path}/reviews"), format!("reviewed-{}", self.made));
            body(side.post_once(&reviews, &json!({ "rating": 4 }), &key).await.unwrap(), 201);
        }
        path
    }

    /// The provider's answer to a review.
    pub(super) async fn answer(&mut self) -> Request {
        let path = self.reviewed().await;
        Request::new(format!("{path}/reviews/answer"), json!({ "text": "Thank you!" }))
    }

    /// Staff hiding a review.
    pub(super) async fn moderation(&mut self) -> Request {
        let path = self.reviewed().await.replace("/v1/", "/v1/admin/");
        let ask = json!({ "author": "customer", "hidden": true, "reason": "A test." });
        Request::new(format!("{path}/reviews/moderate"), ask)
    }

    /// The settings about security, as they are.
    pub(super) async fn settings(&self) -> Request {
        let path = "/v1/admin/settings/security";
        let now = self.admin.get(path).await.unwrap();
        let version = Some(now.headers["etag"].to_str().unwrap().to_owned());
        Request { version, ..Request::new(path, json!({ "second_factor_roles": [] })) }
    }

    /// A slot that the customer holds.
    pub(super) async fn held(&mut self) -> String {
        let ask = json!({ "service_id": self.service, "starts_at": self.next_start() });
        let key = format!("held-this-{}", self.made);
        let hold = body(self.customer.post_once("/v1/holds", &ask, &key).await.unwrap(), 201);
        format!("/v1/holds/{}", text(&hold, "id"))
    }

    /// One that is confirmed.
    pub(super) async fn agreed(&mut self) -> String {
        let path = self.booking().await;
        body(self.provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
        path
    }

    /// A move of a confirmed booking by staff.
    pub(super) async fn moved_by_staff(&mut self) -> Request {
        let path = self.agreed().await.replace("/v1/", "/v1/admin/");
        let ask = json!({ "starts_at": self.next_start(), "reason": "A test." });
        Request::new(format!("{path}/reschedule"), ask)
    }

    /// A booking of the customer that staff make.
    pub(super) fn on_behalf(&mut self) -> Request {
        let starts_at = self.next_start();
        let ask = json!({ "customer_id": self.customer.id, "service_id": self.service, "starts_at": starts_at,
            "reason": "A test." });
        let key = Some(format!("on-behalf-{}", self.made));
        Request { key, ..Request::new("/v1/admin/bookings", ask) }
    }

    /// One that staff proposed another time for, as far as the table knows: so that either side may answer.
    pub(super) async fn proposed(&mut self) -> (String, String) {
        let (path, starts_at) = (self.agreed().await, self.next_start());
        let ask = json!({ "starts_at": starts_at });
        body(self.provider.post(&format!("{path}/reschedule"), &ask).await.unwrap(), 200);
        self.by_staff(path.trim_start_matches("/v1/bookings/")).await;
        (path, starts_at)
    }

    /// What is proposed for a booking is for either side to answer.
    async fn by_staff(&self, booking: &str) {
        change_booking(&self.cloud, booking, |booking| {
            let proposal = booking.proposal.map(|proposal| Proposal { by: Actor::Staff, ..proposal });
            Booking { proposal, ..booking }
        })
        .await;
    }

    pub(super) fn next_email(&mut self) -> String {
        self.made += 1;
        format!("person.{}@example.com", self.made)
    }

    /// How to call an operation of series, or of the waitlist.
    pub(super) async fn of_more(&mut self, operation: &str) -> Request {
        if operation.contains("series") {
            self.of_series(operation).await
        } else {
            self.of_waitlist(operation).await
        }
    }

    /// How to call an operation of the waitlist: between two starts nothing is free.
    async fn of_waitlist(&mut self, operation: &str) -> Request {
        if operation == "list_waitlist" {
            return Request::new("/v1/waitlist", None::<Value>);
        }
        self.made += 1;
        let key = format!("waits-for-{}", self.made);
        let ask = json!({ "service_id": self.service, "from": "2026-03-02T10:05:00Z", "to": "2026-03-02T10:55:00Z" });
        if operation == "join_waitlist" {
            self.leave().await;
            return Request { key: Some(key), ..Request::new("/v1/waitlist", ask) };
        }
        let answer = self.customer.post_once("/v1/waitlist", &ask, &key).await.expect("an answer");
        Request::new(format!("/v1/waitlist/{}", text(&body(answer, 201), "id")), None::<Value>)
    }

    /// Gives up what the customer waits for: one waits for a provider five times at most.
    async fn leave(&self) {
        let waits = body(self.customer.get("/v1/waitlist?limit=100").await.expect("an answer"), 200);
        for wait in
            waits["items"].as_array().expect("waits").iter().filter(|wait| wait["status"] == "waiting")
        {
            let path = format!("/v1/waitlist/{}", text(wait, "id"));
            body(self.customer.delete(&path).await.expect("an answer"), 204);
        }
    }

    /// How to call an operation of series.
    async fn of_series(&mut self, operation: &str) -> Request {
        let (made, ask) = (self.made, self.series_ask());
        let key = Some(format!("series-{made}"));
        if operation == "create_series" {
            return Request { key, ..Request::new("/v1/series", ask) };
        }
        let answer = self.customer.post_once("/v1/series", &ask, &format!("series-{made}")).await;
        let series = body(answer.expect("an answer"), 201);
        let path = format!("/v1/series/{}", text(&series, "id"));
        match operation {
            "get_series" => Request::new(path, Value::Null),
            "reschedule_series" => {
                let ask = self.elsewhere(&path, &series).await;
                Request::new(format!("{path}/reschedule"), ask)
            }
            "accept_series_reschedule" | "decline_series_reschedule" => {
                let ask = self.elsewhere(&path, &series).await;
                let proposed = self.provider.post(&format!("{path}/reschedule"), &ask).await;
                let proposed = body(proposed.expect("an answer"), 200);
                for time in proposed["occurrences"].as_array().expect("times") {
                    self.by_staff(text(time, "booking_id")).await;
                }
                let first = &proposed["occurrences"][0];
                let agreed =
                    json!({ "booking_id": first["booking_id"], "starts_at": first["proposal"]["starts_at"] });
                let path = format!("{path}/reschedule");
                match operation {
                    "accept_series_reschedule" => {
                        Request::new(format!("{path}/accept"), json!({ "proposals": [agreed] }))
                    }
                    _ => Request::new(format!("{path}/decline"), json!({})),
                }
            }
            change => Request::new(format!("{path}/{}", change.trim_end_matches("_series")), json!({})),
        }
    }

    /// Confirms a series; where all of it can be moved to.
    async fn elsewhere(&mut self, path: &str, series: &Value) -> Value {
        body(self.provider.act(&format!("{path}/confirm")).await.expect("an answer"), 200);
        let booking = &series["occurrences"][0]["booking_id"];
        json!({ "booking_id": booking, "scope": "following", "starts_at": self.next_start() })
    }

    fn series_ask(&mut self) -> Value {
        json!({ "service_id": self.service, "starts_at": self.next_start(), "frequency": "weekly", "count": 2,
            "mode": "some" })
    }

    pub(super) fn next_start(&mut self) -> String {
        self.made += 1;
        let first: Timestamp = "2026-03-04T00:00:00Z".parse().expect("a moment");
        (first + SignedDuration::from_hours(self.made.into())).to_string()
    }
}

/// `search_services` is `GET /v1/search/services`.
pub(super) fn of_search(operation: &str) -> Request {
    Request::new(format!("/v1/{}?q=service", operation.replace('_', "/")), None::<Value>)
}

pub(super) fn registration(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "role": "customer", "first_name": "A", "last_name": "Person" })
}

pub(super) fn draft() -> Value {
    json!({ "title": "Draft", "description": "", "category": "consulting", "duration_minutes": 60,
        "price": { "amount": 1, "currency": "usd" }, "location_kind": "online" })
}

pub(super) fn calendar() -> Value {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly = week.map(|day| json!({ "day": day, "start": "00:00", "end": "24:00" }));
    json!({ "time_zone": "UTC", "weekly": weekly, "buffer_before_minutes": 0, "buffer_after_minutes": 0,
        "min_notice_minutes": 0, "horizon_days": 60, "slot_step_minutes": 60 })
}
