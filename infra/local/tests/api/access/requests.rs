//! A request for each operation that succeeds if its caller may make it.

mod making;

use banister_domain::access::Permissions;
use banister_domain::account::{Role, Step};
use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use banister_platform::http::Operation;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use making::{calendar, draft, registration};

use crate::support::{body, cloud_at, customer, open, provider, service, stranger};

/// Operations that depend on the caller's own second factor.
pub(crate) const OWN: [&str; 6] = [
    "set_up_totp",
    "confirm_totp",
    "remove_totp",
    "renew_recovery_codes",
    "confirm_phone",
    "confirm_email_change",
];

/// What the requests are about: things of one customer and one provider.
#[expect(clippy::struct_excessive_bools, reason = "each is what one kind of request did last")]
pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) customer: Client,
    pub(crate) provider: Client,
    /// A super admin.
    pub(crate) admin: Client,
    /// The id of a member of staff.
    support: String,
    service: String,
    made: u16,
    /// Whether the next session to be ended is the provider's.
    ended: bool,
    /// Whether the next job is the provider's.
    asked: bool,
    /// The same for what a job came to.
    listed: bool,
    /// Whether no booking is still to come.
    settled: bool,
    /// Somebody who may still sign in so many times before the rate limit.
    account: Option<(Client, u8)>,
}

/// A request, ready to be sent by anybody.
pub(crate) struct Request {
    path: String,
    key: Option<String>,
    /// The version that is replaced.
    version: Option<String>,
    body: Option<Value>,
}

impl Request {
    /// With one more parameter.
    pub(crate) fn with_query(mut self, query: &str) -> Self {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(query);
        self
    }

    pub(crate) async fn send(&self, client: &Client, operation: &Operation) -> Answer {
        let method = Method::from_bytes(operation.method.as_bytes()).expect("a method");
        let key = self.key.iter().map(|key| ("idempotency-key", key.as_str()));
        let headers: Vec<_> =
            key.chain(self.version.iter().map(|version| ("if-match", version.as_str()))).collect();
        client.call(method, &self.path, &headers, self.body.as_ref()).await.unwrap()
    }

    fn new(path: impl Into<String>, body: impl Into<Option<Value>>) -> Self {
        Self { path: path.into(), key: None, version: None, body: body.into() }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let cloud = cloud_at("2026-03-02T08:00:00Z").await;
        // Every moment is as long in the table as every other, so that requests ask as much each time.
        cloud.clock.stop_at("2026-03-02T08:00:01.111Z".parse().expect("a moment"));
        let (customer, provider) =
            (customer(&cloud, "Customer One").await, provider(&cloud, "Provider One").await);
        let admin = Client::staff(&cloud, Role::SuperAdmin, Permissions::NONE, "Super Admin")
            .await
            .expect("a super admin");
        let support = Client::staff(&cloud, Role::Management, Permissions::NONE, "Support Two")
            .await
            .expect("support")
            .id;
        open(&provider, json!({ "slot_step_minutes": 60 })).await;
        let service = service(&provider, 60).await;
        let (made, ended, asked, listed, settled, account) = (0, false, false, false, false, None);
        Self {
            cloud,
            customer,
            provider,
            admin,
            support,
            service,
            made,
            ended,
            asked,
            listed,
            settled,
            account,
        }
    }

    /// Data for an operation that nothing has been done with yet.
    pub(crate) async fn request(&mut self, operation: &Operation) -> Request {
        match operation.area {
            "accounts" | "sessions" => return self.of_accounts(operation).await,
            "admin" => return self.of_staff(operation).await,
            _ => {}
        }
        let service = format!("/v1/services/{}", self.service);
        let (get, act) = (None::<Value>, None::<Value>);
        match operation.id.as_str() {
            "list_categories" => Request::new("/v1/categories", get),
            "list_services" => Request::new("/v1/services?category=consulting&limit=5", get),
            "create_service" => Request::new("/v1/services", draft()),
            "get_service" => Request::new(service, get),
            "update_service" => Request::new(service, json!({ "description": "Changed." })),
            "publish_service" => Request::new(format!("{}/publish", self.draft().await), act),
            "archive_service" => Request::new(self.draft().await, act),
            "get_calendar" => Request::new("/v1/me/calendar", get),
            "set_calendar" => {
                // Another one each time: what is set already is not written.
                self.made += 1;
                let mut calendar = calendar();
                calendar["horizon_days"] = json!(61 + self.made % 300);
                Request::new("/v1/me/calendar", calendar)
            }
            "list_vacations" => Request::new("/v1/me/calendar/vacations", get),
            "create_vacation" => {
                self.made += 1;
                let day = format!("2027-01-{:02}", self.made % 28 + 1);
                Request::new("/v1/me/calendar/vacations", json!({ "from": day, "to": day }))
            }
            "delete_vacation" => Request::new(self.vacation().await, get),
            "list_own_resources" => Request::new("/v1/me/resources?limit=5", get),
            "create_calendar_feed" => Request::new("/v1/me/calendar/feed", act),
            "delete_calendar_feed" => {
                self.feed().await;
                Request::new("/v1/me/calendar/feed", act)
            }
            "get_calendar_feed" => Request::new(self.feed().await, get),
            "list_slots" => Request::new(format!("{service}/slots?from=2026-03-03&to=2026-03-03"), get),
            "create_booking" => {
                let ask = json!({ "service_id": self.service, "starts_at": self.next_start() });
                Request { key: Some(format!("booking-{}", self.made)), ..Request::new("/v1/bookings", ask) }
            }
            "list_bookings" => Request::new("/v1/bookings?status=requested", get),
            "get_booking" => Request::new(self.booking().await, get),
            "confirm_booking" => Request::new(format!("{}/confirm", self.booking().await), act),
            "decline_booking" => Request::new(format!("{}/decline", self.booking().await), act),
            "cancel_booking" => Request::new(format!("{}/cancel", self.booking().await), act),
            "complete_booking" => Request::new(format!("{}/complete", self.begun().await), act),
            "mark_no_show" => Request::new(format!("{}/no-show", self.begun().await), act),
            "list_booking_history" => Request::new(format!("{}/history", self.booking().await), get),
            "preview_cancellation" => {
                Request::new(format!("{}/cancellation-preview", self.booking().await), get)
            }
            "create_review" => self.review().await,
            "get_booking_reviews" => Request::new(format!("{}/reviews", self.booking().await), get),
            "answer_review" => self.answer().await,
            "list_reviews" => Request::new(format!("/v1/reviews?service_id={}", self.service), get),
            search if search.starts_with("search_") => making::of_search(search),
            "create_hold" => {
                let ask = json!({ "service_id": self.service, "starts_at": self.next_start() });
                Request { key: Some(format!("hold-this-{}", self.made)), ..Request::new("/v1/holds", ask) }
            }
            "delete_hold" => Request::new(self.held().await, act),
            "reschedule_booking" => {
                let path = self.agreed().await;
                Request::new(format!("{path}/reschedule"), json!({ "starts_at": self.next_start() }))
            }
            "accept_reschedule" => {
                let (path, starts_at) = self.proposed().await;
                Request::new(format!("{path}/reschedule/accept"), json!({ "starts_at": starts_at }))
            }
            "decline_reschedule" => {
                Request::new(format!("{}/reschedule/decline", self.proposed().await.0), act)
            }
            more if more.contains("series") || more.ends_with("_waitlist") => self.of_more(more).await,
            "get_dashboard" => Request::new("/v1/me/dashboard", get),
            "create_photo_upload" => {
                Request::new("/v1/me/photo", json!({ "content_type": "image/jpeg", "size": 1_000 }))
            }
            "remove_photo" => Request::new("/v1/me/photo", act),
            "create_chat_ticket" => Request::new("/v1/chat/tickets", act),
            "get_openapi" => Request::new("/openapi.json", get),
            "show_docs" => Request::new("/docs", get),
            "show_docs_file" => Request::new("/docs/swagger-ui.css", get),
            new => panic!("{new} is new: say here how to call it"),
        }
    }

    /// The same for accounts and sessions.
    async fn of_accounts(&mut self, operation: &Operation) -> Request {
        let get = None::<Value>;
        match operation.id.as_str() {
            "register_account" => Request::new("/v1/accounts", registration(&self.next_email())),
            "confirm_email" => {
                let email = self.next_email();
                let code = self.unconfirmed(&email).await.code_from_mail(&self.cloud).await.unwrap();
                Request::new("/v1/email-confirmations", json!({ "email": email, "code": code }))
            }
            "resend_confirmation" => {
                Request::new("/v1/email-confirmations/resend", json!({ "email": self.next_email() }))
            }
            "request_password_reset" => {
                Request::new("/v1/password-resets", json!({ "email": self.next_email() }))
            }
            "complete_password_reset" => {
                let email = self.next_email();
                let person = self.unconfirmed(&email).await;
                body(person.post("/v1/password-resets", &json!({ "email": email })).await.unwrap(), 202);
                let token = person.token_from_mail(&self.cloud).await.unwrap();
                let ask = json!({ "token": token, "new_password": PASSWORD });
                Request::new("/v1/password-resets/complete", ask)
            }
            "change_password" => {
                // The same again, so that everybody can sign in after it.
                let ask = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
                Request::new("/v1/me/password", ask)
            }
            "set_up_totp" => Request::new("/v1/me/totp", json!({ "password": PASSWORD })),
            // Each needs a code of the caller's own: see [`Self::of_customer`].
            "confirm_totp" => Request::new("/v1/me/totp/confirm", json!({ "code": "000000" })),
            "remove_totp" => Request::new("/v1/me/totp", json!({ "password": PASSWORD, "code": "000000" })),
            "renew_recovery_codes" => {
                Request::new("/v1/me/totp/recovery-codes", json!({ "password": PASSWORD, "code": "000000" }))
            }
            "delete_me" => {
                self.settle().await;
                Request::new("/v1/me", json!({ "password": PASSWORD }))
            }
            "get_job" => Request::new(self.job().await, get),
            "list_job_results" => {
                std::mem::swap(&mut self.asked, &mut self.listed);
                let job = self.job().await;
                std::mem::swap(&mut self.asked, &mut self.listed);
                Request::new(format!("{job}/results?limit=5"), get)
            }
            "get_me" => Request::new("/v1/me", get),
            "export_me" => Request::new("/v1/me/export", get),
            "update_me" => Request::new("/v1/me", json!({ "locale": "ru" })),
            "confirm_phone" => self.with_phone().await,
            "request_email_change" => {
                let email = self.next_email();
                Request::new("/v1/me/email", json!({ "password": PASSWORD, "email": email }))
            }
            "confirm_email_change" => self.with_email().await,
            "create_session" => {
                let email = self.account().await.email;
                Request::new("/v1/sessions", json!({ "email": email, "password": PASSWORD }))
            }
            "refresh_session" => {
                let mut person = self.account().await;
                person.sign_in().await.unwrap();
                Request::new("/v1/sessions/refresh", json!({ "refresh_token": person.refresh_token }))
            }
            "end_session" => Request::new(self.session().await, get),
            "get_jwks" => Request::new("/.well-known/jwks.json", get),
            "end_current_session" => Request::new("/v1/sessions/current", get),
            "list_sessions" | "end_all_sessions" => Request::new("/v1/sessions", get),
            new => panic!("{new} is new: say here how to call it"),
        }
    }

    /// The same for what only staff may do.
    async fn of_staff(&mut self, operation: &Operation) -> Request {
        let get = None::<Value>;
        match operation.id.as_str() {
            "get_user" => Request::new(format!("/v1/admin/users/{}", self.customer.id), get),
            "get_user_permissions" => {
                Request::new(format!("/v1/admin/users/{}/permissions", self.support), get)
            }
            "set_user_permissions" => {
                let path = format!("/v1/admin/users/{}/permissions", self.support);
                let ask = json!({ "permissions": ["booking_management"] });
                Request { version: Some("*".to_owned()), ..Request::new(path, ask) }
            }
            "disable_user" => {
                Request::new(format!("{}/disable", self.user().await), json!({ "reason": "A test." }))
            }
            "enable_user" => {
                let user = self.user().await;
                let reason = json!({ "reason": "A test." });
                body(self.admin.post(&format!("{user}/disable"), &reason).await.unwrap(), 200);
                Request::new(format!("{user}/enable"), reason)
            }
            "end_user_sessions" => Request::new(format!("{}/sessions", self.user().await), get),
            "set_user_role" => {
                let role = format!("/v1/admin/users/{}/role", self.support);
                body(self.admin.put(&role, &json!({ "role": "management" })).await.unwrap(), 200);
                Request::new(role, json!({ "role": "accountant" }))
            }
            "bulk_users" => {
                let user = self.user().await.replace("/v1/admin/users/", "");
                let ask =
                    json!({ "operation": "disable", "reason": "A test.", "ids": [user], "dry_run": false });
                let key = Some(format!("bulk-users-{}", self.made));
                Request { key, ..Request::new("/v1/admin/users/bulk", ask) }
            }
            "delete_user" => Request::new(self.user().await, json!({ "reason": "A test." })),
            "export_users" => {
                self.made += 1;
                let ask = json!({ "filter": { "role": "customer" } });
                let key = Some(format!("export-{}", self.made));
                Request { key, ..Request::new("/v1/admin/users/export", ask) }
            }
            "list_users" => Request::new("/v1/admin/users?role=customer&limit=5", get),
            "create_user" => {
                let ask = json!({ "email": self.next_email(), "role": "customer", "first_name": "A",
                    "last_name": "Person" });
                let key = Some(format!("new-user-{}", self.made));
                Request { key, ..Request::new("/v1/admin/users", ask) }
            }
            "update_user" => {
                let path = format!("/v1/admin/users/{}", self.customer.id);
                Request { version: Some("*".to_owned()), ..Request::new(path, json!({ "phone": null })) }
            }
            "get_statistics" => Request::new("/v1/admin/statistics?group=month", get),
            "reset_user_totp" => Request::new(format!("{}/totp", self.user().await), get),
            "get_security_settings" => Request::new("/v1/admin/settings/security", get),
            "set_security_settings" => self.settings().await,
            "unlock_user" => Request::new(format!("{}/unlock", self.user().await), get),
            "resend_user_confirmation" => {
                Request::new(format!("{}/confirmation-code", self.user().await), get)
            }
            "list_audit" => Request::new("/v1/admin/audit?limit=5", get),
            _ => self.of_market(operation).await,
        }
    }

    /// The same for services and bookings of the whole market.
    async fn of_market(&mut self, operation: &Operation) -> Request {
        let (get, act) = (None::<Value>, None::<Value>);
        let reason = json!({ "reason": "A test." });
        let staff = |path: String| path.replace("/v1/", "/v1/admin/");
        match operation.id.as_str() {
            "list_all_services" => Request::new("/v1/admin/services?category=consulting&limit=5", get),
            "get_any_service" => Request::new(format!("/v1/admin/services/{}", self.service), get),
            "archive_any_service" => Request::new(format!("{}/archive", staff(self.draft().await)), reason),
            "restore_service" => {
                let service = staff(self.draft().await);
                body(self.admin.post(&format!("{service}/archive"), &reason).await.unwrap(), 200);
                Request::new(format!("{service}/restore"), act)
            }
            "get_resource" => Request::new(self.made_resource().await, get),
            "list_resources" => Request::new("/v1/admin/resources?limit=5", get),
            "create_resource" => self.new_resource(),
            "update_resource" => self.changed_resource().await,
            "list_all_bookings" => Request::new("/v1/admin/bookings?from=2026-03-04T00:00:00Z&limit=5", get),
            "get_any_booking" => Request::new(staff(self.booking().await), get),
            "cancel_any_booking" => Request::new(format!("{}/cancel", staff(self.booking().await)), reason),
            "reschedule_any_booking" => self.moved_by_staff().await,
            "book_on_behalf" => self.on_behalf(),
            "moderate_review" => self.moderation().await,
            new => panic!("{new} is new: say here how to call it"),
        }
    }

    /// Somebody signed in with an address that is not confirmed.
    pub(super) async fn unconfirmed(&self, email: &str) -> Client {
        let mut client = stranger(&self.cloud);
        client.email = email.to_owned();
        body(client.post("/v1/accounts", &registration(email)).await.unwrap(), 201);
        client.sign_in().await.unwrap();
        client
    }

    /// A request that succeeds when the customer makes it, of those that succeed for one person only.
    pub(crate) async fn of_customer(&mut self, operation: &Operation) -> Request {
        let now = self.cloud.clock.now();
        if operation.id == "confirm_totp" {
            let secret = self.customer.set_up_second_factor().await.unwrap();
            let code = secret.code(Step::at(now)).digits();
            return Request::new("/v1/me/totp/confirm", json!({ "code": code }));
        }
        let mut request = self.request(operation).await;
        if ["remove_totp", "renew_recovery_codes"].contains(&operation.id.as_str()) {
            let secret = self.customer.turn_on_second_factor(now).await.unwrap();
            // The code of now is used; that of the next step is good already.
            let code = secret.code(Step::at(now + SignedDuration::from_secs(30))).digits();
            request.body = Some(json!({ "password": PASSWORD, "code": code }));
        }
        request
    }
}
