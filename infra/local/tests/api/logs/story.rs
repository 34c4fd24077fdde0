//! The run: the main job and what goes wrong beside it, with everything said in it that no log may
//! repeat. What a new operation takes in or gives out and is nobody else's business goes here.

mod feed;
mod photo;

use std::time::Duration;

use banister_domain::account::Step;
use banister_local::client::{Answer, Client, Socket, totp_secret};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::program::Program;
use crate::support::{body, text};

/// How long a mail may be on its way.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that no line may hold.
pub(super) struct Secret {
    pub(super) what: String,
    pub(super) text: String,
}

impl Secret {
    pub(super) fn new(what: impl Into<String>, text: &str) -> Self {
        let what = what.into();
        assert!(text.len() >= 8, "{what} is so short that it stands somewhere by chance");
        Self { what, text: text.to_owned() }
    }

    /// The forms that it takes on its way, in lower case: as it is, quoted, percent-encoded, as
    /// base64, as a list of bytes.
    pub(super) fn forms(&self) -> Vec<String> {
        let text = &self.text;
        let bytes: Vec<_> = text.bytes().map(|byte| byte.to_string()).collect();
        let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let mut forms = vec![
            text.clone(),
            json!(text).to_string().trim_matches('"').to_owned(),
            encoded.clone(),
            encoded.replace('+', "%20"),
            STANDARD_NO_PAD.encode(text),
            URL_SAFE_NO_PAD.encode(text),
            bytes.join(", "),
            bytes.join(","),
        ];
        for form in &mut forms {
            *form = form.to_lowercase();
        }
        forms.sort();
        forms.dedup();
        forms
    }
}

/// A run and what is secret in it.
pub(super) struct Story {
    base: String,
    pub(super) secrets: Vec<Secret>,
    /// Id and status of each request.
    pub(super) answered: Vec<(String, u16)>,
}

impl Story {
    pub(super) fn new(program: &Program) -> Self {
        Self { base: program.url().to_owned(), secrets: Vec::new(), answered: Vec::new() }
    }

    /// Says something that must not be repeated.
    fn secret(&mut self, what: &str, text: &str) -> String {
        self.secrets.push(Secret::new(what, text));
        text.to_owned()
    }

    /// Takes the secrets out of a session.
    fn session(&mut self, who: &str, client: &mut Client, session: &Value) {
        client.take_tokens(session);
        let token = client.token.clone().expect("a token");
        // Each part alone: no line may hold half a token either.
        for (part, text) in ["header", "claims", "signature"].into_iter().zip(token.split('.')) {
            self.secret(&format!("{part} of {who}'s access token"), text);
        }
        let refresh = client.refresh_token.clone().expect("a token");
        self.secret(&format!("{who}'s refresh token"), &refresh);
        for part in refresh.split('.').skip(2) {
            self.secret(&format!("part of {who}'s refresh token"), part);
        }
    }

    /// Any call, which is kept to look for its line.
    async fn call(
        &mut self,
        client: &Client,
        call: &str,
        headers: &[(&str, &str)],
        ask: Option<Value>,
    ) -> Answer {
        let (method, path) = call.split_once(' ').expect("a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = client.call(method, path, headers, ask.as_ref()).await.expect("an answer");
        let id = answer.headers["x-request-id"].to_str().expect("text").to_owned();
        self.answered.push((id, answer.status.as_u16()));
        answer
    }

    async fn ask(&mut self, client: &Client, call: &str, ask: Value, status: u16) -> Value {
        body(self.call(client, call, &[], Some(ask)).await, status)
    }

    async fn get(&mut self, client: &Client, path: &str, status: u16) -> Value {
        body(self.call(client, &format!("GET {path}"), &[], None).await, status)
    }

    /// The code in the mail to somebody.
    async fn code(&mut self, client: &Client) -> String {
        let path = format!("/local/mails?to={}", client.email);
        let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
        let code = tokio::time::timeout(PATIENCE, async {
            loop {
                let mails = body(client.get(&path).await.expect("an answer"), 200);
                // Not the newest alone: whoever registers twice is mailed twice.
                let texts = mails["items"].as_array().into_iter().flatten();
                let mut texts = texts.filter_map(|mail| mail["text"].as_str());
                if let Some(code) = texts.find_map(|text| text.lines().find(is_code)) {
                    return code.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let code = code.await.expect("a mail");
        self.secret("a code", &code)
    }

    /// Waits for as many mails to somebody: the workers' lines are in the log then.
    async fn mails(&self, client: &Client, count: usize) {
        let path = format!("/local/mails?to={}", client.email);
        let all = async {
            while body(client.get(&path).await.expect("an answer"), 200)["items"]
                .as_array()
                .map_or(0, Vec::len)
                < count
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.expect("mails");
    }

    /// Registers, fails at confirming and signing in, and then does both.
    async fn join(&mut self, role: &str) -> Client {
        let mut client = Client::stranger(&self.base).expect("a client");
        client.email = self.secret("an address", &format!("private.{role}.box@example.com"));
        self.secret("part of an address", &format!("private.{role}.box"));
        let password = self.secret("a password", &format!("pass phrase of the {role}"));
        let first = self.secret("a first name", &format!("Firstname{role}"));
        let last = self.secret("a last name", &format!("Lastname{role}"));
        let ask = json!({ "email": client.email, "password": password, "role": role, "first_name": first,
            "last_name": last });
        let account = self.ask(&client, "POST /v1/accounts", ask.clone(), 201).await;
        self.secret("a user's id", text(&account, "id"));
        self.ask(&client, "POST /v1/accounts", ask, 201).await;
        let code = self.code(&client).await;
        let other = if code == "12345678" { "12345679" } else { "12345678" };
        let wrong = self.secret("a wrong code", other);
        let confirm = |code: &str| json!({ "email": client.email, "code": code });
        self.ask(&client, "POST /v1/email-confirmations", confirm(&wrong), 422).await;
        self.ask(&client, "POST /v1/email-confirmations", confirm(&code), 204).await;
        let wrong = self.secret("a wrong password", &format!("wrong phrase of the {role}"));
        let sign_in = |password: &str| json!({ "email": client.email, "password": password });
        self.ask(&client, "POST /v1/sessions", sign_in(&wrong), 401).await;
        let session = self.ask(&client, "POST /v1/sessions", sign_in(&password), 201).await;
        self.session(&format!("{role} for a moment"), &mut client, &session);
        let over = json!({ "email": client.email, "password": password, "replaces": client.refresh_token });
        let session = self.ask(&client, "POST /v1/sessions", over, 201).await;
        self.session(role, &mut client, &session);
        let refresh = json!({ "refresh_token": client.refresh_token });
        let session = self.ask(&client, "POST /v1/sessions/refresh", refresh, 200).await;
        self.session(role, &mut client, &session);
        let phone =
            self.secret("a phone number", if role == "provider" { "+12025550123" } else { "+12025550145" });
        self.ask(&client, "PATCH /v1/me", json!({ "phone": phone }), 200).await;
        client
    }
}

/// From two registrations to a cancelled booking, and then what is refused.
pub(super) async fn tell(story: &mut Story) {
    let provider = story.join("provider").await;
    let mut customer = story.join("customer").await;
    let service = offer(story, &provider).await;
    let sockets = [socket(story, &provider).await, socket(story, &customer).await];
    book(story, &provider, &customer, &service).await;
    feed::feed(story, &provider).await;
    photo::photo(story, &customer).await;
    passwords(story, &mut customer).await;
    own(story, &customer).await;
    second_factor(story, &mut customer).await;
    refused(story, &customer).await;
    sessions(story, &customer).await;
    let gone = story.call(&customer, "DELETE /v1/sessions/current", &[], None).await;
    body(gone, 204);
    let ended = json!({ "refresh_token": customer.refresh_token });
    story.ask(&customer, "POST /v1/sessions/refresh", ended, 401).await;
    drop(sockets);
    story.mails(&provider, 3).await;
    story.mails(&customer, 2).await;
}

/// The own sessions; another one ends.
async fn sessions(story: &mut Story, customer: &Client) {
    let found = body(story.call(customer, "GET /v1/sessions", &[], None).await, 200);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(2), "{found}");
    let unknown = "DELETE /v1/sessions/ses_01KB2QK7P0S3V6X9ZBDFHJMNQR";
    body(story.call(customer, unknown, &[], None).await, 404);
    body(story.call(customer, "GET /.well-known/jwks.json", &[], None).await, 200);
}

async fn offer(story: &mut Story, provider: &Client) -> String {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly = days.map(|day| json!({ "day": day, "start": "00:00", "end": "24:00" }));
    let rules = json!({ "time_zone": "UTC", "weekly": weekly, "buffer_before_minutes": 0,
        "buffer_after_minutes": 0, "min_notice_minutes": 0, "horizon_days": 60, "slot_step_minutes": 30 });
    story.ask(provider, "PUT /v1/me/calendar", rules, 200).await;
    let description = story.secret("a description", "Words that the provider typed.");
    let draft = json!({ "title": "Consultation", "description": description, "category": "consulting",
        "price": { "amount": 5_000, "currency": "usd" }, "duration_minutes": 60, "location_kind": "at_customer" });
    let mut last = String::new();
    for _ in 0..2 {
        let made = story.ask(provider, "POST /v1/services", draft.clone(), 201).await;
        last = text(&made, "id").to_owned();
        let publish = format!("POST /v1/services/{last}/publish");
        body(story.call(provider, &publish, &[], None).await, 200);
    }
    let page = story.get(provider, "/v1/services?category=consulting&limit=1", 200).await;
    let cursor = story.secret("a cursor", text(&page, "next_cursor"));
    story.get(provider, &format!("/v1/services?category=consulting&limit=1&cursor={cursor}"), 200).await;
    last
}

async fn book(story: &mut Story, provider: &Client, customer: &Client, service: &str) {
    let clock = body(customer.get("/local/clock").await.expect("an answer"), 200);
    let now: jiff::Timestamp = text(&clock, "now").parse().expect("a moment");
    let day = |hours| (now + jiff::SignedDuration::from_hours(hours)).strftime("%Y-%m-%d").to_string();
    let slots = format!("/v1/services/{service}/slots?from={}&to={}", day(24), day(48));
    let slots = story.get(customer, &slots, 200).await;
    let location = story.secret("a location", "1 Private Example Street");
    let note = story.secret("a note", "Words that the customer typed.");
    let ask = json!({ "service_id": service, "starts_at": text(&slots["items"][0], "starts_at"), "location": location,
        "note": note });
    let key = story.secret("an idempotency key", "a-key-that-the-client-made");
    for _ in 0..2 {
        let headers = [("idempotency-key", key.as_str())];
        body(story.call(customer, "POST /v1/bookings", &headers, Some(ask.clone())).await, 201);
    }
    let other = [("idempotency-key", "another-key")];
    body(story.call(customer, "POST /v1/bookings", &other, Some(ask)).await, 409);
    let list = story.get(customer, "/v1/bookings", 200).await;
    let booking = text(&list["items"][0], "id").to_owned();
    body(story.call(provider, &format!("POST /v1/bookings/{booking}/confirm"), &[], None).await, 200);
    let reason = story.secret("a reason", "Why the customer cannot come.");
    story.get(customer, &format!("/v1/bookings/{booking}.ics"), 200).await;
    let cancel = format!("POST /v1/bookings/{booking}/cancel");
    story.ask(customer, &cancel, json!({ "reason": reason }), 200).await;
}

/// Opens a WebSocket, after one that is refused, and says something on it.
async fn socket(story: &mut Story, client: &Client) -> Socket {
    let answer = body(story.call(client, "POST /v1/chat/tickets", &[], None).await, 201);
    let ticket = story.secret("a ticket", text(&answer, "ticket"));
    let url = text(&answer, "url");
    let stray = story.secret("a bad ticket", "a-ticket-that-nobody-issued");
    assert!(Socket::open(&url.replace(&ticket, &stray), &[]).await.is_err());
    let mut socket = Socket::open(url, &[]).await.expect("a WebSocket");
    let stray = story.secret("something in a frame", "stray-frame-member");
    for frame in [json!({ "action": "ping" }), json!({ "action": stray })] {
        socket.send(&frame).await.expect("it is open");
        socket.frame().await.expect("an answer");
    }
    socket
}

/// Resets the password by the link that is mailed, and changes it.
async fn passwords(story: &mut Story, client: &mut Client) {
    let email = json!({ "email": client.email });
    story.ask(client, "POST /v1/email-confirmations/resend", email.clone(), 202).await;
    story.ask(client, "POST /v1/password-resets", email, 202).await;
    let path = format!("/local/mails?to={}", client.email);
    let is_token = |line: &&str| line.len() == 43 && !line.contains([' ', '.']);
    let token = tokio::time::timeout(PATIENCE, async {
        loop {
            let mails = body(client.get(&path).await.expect("an answer"), 200);
            let all = mails["items"].as_array().into_iter().flatten();
            let mut texts = all.filter_map(|mail| mail["text"].as_str());
            if let Some(token) = texts.find_map(|text| text.lines().find(is_token)) {
                return token.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let token = story.secret("a reset token", &token.await.expect("a mail"));
    let stray = story.secret("a bad reset token", "a-reset-token-that-nobody-was-mailed");
    let reset = story.secret("a password that was reset", "pass phrase out of a link");
    for (token, status) in [(stray, 422), (token, 204)] {
        let ask = json!({ "token": token, "new_password": reset });
        story.ask(client, "POST /v1/password-resets/complete", ask, status).await;
    }
    let sign_in = json!({ "email": client.email, "password": reset });
    let session = story.ask(client, "POST /v1/sessions", sign_in, 201).await;
    story.session("the customer after a reset", client, &session);
    let wrong = story.secret("a wrong current password", "wrong phrase at a change");
    let changed = story.secret("a password that was changed", "pass phrase after a change");
    for (current, status) in [(wrong, 422), (reset, 204)] {
        let ask = json!({ "current_password": current, "new_password": changed });
        story.ask(client, "PUT /v1/me/password", ask, status).await;
    }
    let wrong = story.secret("a wrong password of who leaves", "wrong phrase at the end");
    let refresh = json!({ "refresh_token": client.refresh_token });
    let session = story.ask(client, "POST /v1/sessions/refresh", refresh, 200).await;
    story.session("the customer after a change", client, &session);
    story.ask(client, "DELETE /v1/me", json!({ "password": wrong }), 422).await;
}

/// Turns the second factor on, and signs in with it.
async fn second_factor(story: &mut Story, client: &mut Client) {
    let password = json!({ "password": "pass phrase after a change" });
    let setup = story.ask(client, "POST /v1/me/totp", password, 201).await;
    let secret = story.secret("a second factor's secret", text(&setup, "secret"));
    story.secret("a second factor's URI", text(&setup, "uri"));
    let clock = body(client.get("/local/clock").await.expect("an answer"), 200);
    let now: jiff::Timestamp = text(&clock, "now").parse().expect("a moment");
    let code = totp_secret(&secret).code(Step::at(now)).digits();
    let wrong = story.secret("a bad recovery code", "bbbb-bbbb-bbbb");
    story.ask(client, "POST /v1/me/totp/confirm", json!({ "code": wrong }), 422).await;
    let on = story.ask(client, "POST /v1/me/totp/confirm", json!({ "code": code }), 200).await;
    for code in on["recovery_codes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        story.secret("a recovery code", code);
        story.secret("a recovery code without dashes", &code.replace('-', ""));
    }
    let refresh = json!({ "refresh_token": client.refresh_token });
    let session = story.ask(client, "POST /v1/sessions/refresh", refresh, 200).await;
    story.session("the customer with a second factor", client, &session);
    let sign_in = |code: Option<&str>| json!({ "email": client.email, "password": "pass phrase after a change", "code": code.unwrap_or(&wrong) });
    let (refused, taken) = (sign_in(None), sign_in(on["recovery_codes"][0].as_str()));
    story.ask(client, "POST /v1/sessions", refused, 401).await;
    let session = story.ask(client, "POST /v1/sessions", taken, 201).await;
    story.session("the customer with a recovery code", client, &session);
}

/// A telephone number with a wrong code for it, and another address, each asked for.
async fn own(story: &mut Story, client: &Client) {
    let number = story.secret("a telephone number", "+12015550123");
    story.ask(client, "PATCH /v1/me", json!({ "phone": number }), 200).await;
    let wrong = story.secret("a wrong code", "40175283");
    for path in ["/v1/me/phone/confirm", "/v1/me/email/confirm"] {
        story.ask(client, &format!("POST {path}"), json!({ "code": wrong }), 422).await;
    }
    let next = story.secret("another address", "another.address@example.com");
    let ask = json!({ "password": "pass phrase after a change", "email": next });
    story.ask(client, "POST /v1/me/email", ask, 202).await;
    let export = story.get(client, "/v1/me/export", 200).await;
    let network = story.secret("a network", text(&export["sessions"][0], "network"));
    assert!(network.ends_with("/24"), "{network}");
    let stray = story.secret("a bad cursor", "a-cursor-that-nobody-was-given");
    story.get(client, &format!("/v1/me/export?cursor={stray}"), 400).await;
}

/// Secrets where none belong, and what is not understood.
async fn refused(story: &mut Story, customer: &Client) {
    let stray = story.secret("something in a path", "stray-path-segment");
    story.get(customer, &format!("/v1/bookings/{stray}"), 404).await;
    story.get(customer, &format!("/v1/{stray}"), 404).await;
    let stray = story.secret("something in a query", "stray-query-value");
    story.get(customer, &format!("/v1/bookings?token={stray}"), 422).await;
    let stray = story.secret("something in a body", "stray-body-member");
    story.ask(customer, "PATCH /v1/me", json!({ stray.as_str(): stray.as_str() }), 422).await;
    let stray = story.secret("something in a header", "stray-header-value");
    let headers =
        [("x-request-id", stray.as_str()), ("user-agent", stray.as_str()), ("x-forwarded-for", &stray)];
    body(story.call(customer, "GET /v1/me", &headers, None).await, 200);
    let mut bad = customer.clone();
    bad.token = Some(story.secret("a bad token", "a-token-that-nobody-signed"));
    story.get(&bad, "/v1/me", 401).await;
}
