//! A small client of the API, for the demo and the tests: one person with a token.

mod socket;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use banister_domain::access::Permissions;
use banister_domain::account::{Account, Role, Step, TotpSecret};
use banister_platform::config::ConfigError;
use banister_platform::store::{Accounts, Act, AuditEntry, Edit};
use banister_platform::table::{StorageError, Table};
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::mail::MailError;

pub use socket::{Incoming, Socket};

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// JSON body; null where there is none.
    pub body: Value,
}

/// Why the demo or a test could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The API was not reached.
    #[error("not reached: {0}")]
    Http(#[from] reqwest::Error),
    /// The answer was not the one that was needed.
    #[error("{call}: {} {}", .answer.status, .answer.body)]
    Unexpected {
        /// Method and path.
        call: String,
        /// What came.
        answer: Box<Answer>,
    },
    /// A mail did not come.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The handshake of a WebSocket was refused.
    #[error("no WebSocket: {0}")]
    Refused(StatusCode),
    /// A WebSocket failed.
    #[error("the WebSocket failed: {0}")]
    Socket(#[from] Box<tokio_tungstenite::tungstenite::Error>),
    /// A WebSocket ended where a message was needed.
    #[error("the WebSocket ended: {0:?}")]
    Ended(Incoming),
    /// The table was not reached.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A setting is missing.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing came over a WebSocket for a long time.
    #[error("nothing came over the WebSocket")]
    Nothing,
}

/// Somebody who talks to the API, signed in or not.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// Sent as a bearer token.
    pub token: Option<String>,
    /// For the next pair of tokens.
    pub refresh_token: Option<String>,
    /// The account's id.
    pub id: String,
    /// The account's address.
    pub email: String,
    /// Recovery codes of the second factor, where it is on; clones use them up together.
    recovery_codes: Arc<Mutex<Vec<String>>>,
}

/// The password of everybody whom [`Client::join`] makes.
pub const PASSWORD: &str = "correct horse battery";

impl Client {
    /// A stranger, from a loopback address of their own: rate limits take them for a household of
    /// their own too.
    pub fn stranger(base: &str) -> Result<Self, ClientError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let [_, b, c, d] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let address = Ipv4Addr::new(127, 1 | b, c, d);
        let http = reqwest::Client::builder()
            .no_proxy()
            .local_address(std::net::IpAddr::V4(address))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let base = base.to_owned();
        Ok(Self {
            http,
            base,
            token: None,
            refresh_token: None,
            id: String::new(),
            email: String::new(),
            recovery_codes: Arc::default(),
        })
    }

    /// Registers, confirms the address with the code from the mail, and signs in.
    pub async fn join(cloud: &Cloud, role: &str, name: &str) -> Result<Self, ClientError> {
        let mut client = Self::stranger(&cloud.url())?;
        client.email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let (first, last) = name.split_once(' ').unwrap_or((name, "Example"));
        let ask = json!({ "email": client.email, "password": PASSWORD, "role": role,
            "first_name": first, "last_name": last });
        client.post("/v1/accounts", &ask).await?.expect(StatusCode::CREATED, "register")?;
        let code = client.code_from_mail(cloud).await?;
        let ask = json!({ "email": client.email, "code": code });
        client.post("/v1/email-confirmations", &ask).await?.expect(StatusCode::NO_CONTENT, "confirm")?;
        client.sign_in().await?;
        Ok(client)
    }

    /// Somebody who works here, with a confirmed address and signed in. Nobody registers as such, so
    /// a customer's account is changed in the table.
    pub async fn staff(
        cloud: &Cloud,
        role: Role,
        permissions: Permissions,
        name: &str,
    ) -> Result<Self, ClientError> {
        let mut client = Self::join(cloud, "customer", name).await?;
        let accounts = Accounts::new(Table::from_settings(&cloud.settings("local-http"))?);
        let id = client.id.parse().map_err(|_| ClientError::Nothing)?;
        let act = Act { by: None, address: "local".to_owned(), at: cloud.clock.now() };
        let edit = |account: &Account| {
            let account = Account { permissions, ..account.clone().with_role(role, Role::SuperAdmin) };
            Ok::<_, Infallible>(Some(Edit { account, entry: AuditEntry::RoleSet, change: None }))
        };
        accounts.edit(id, &act, edit).await.map_err(|_| ClientError::Nothing)?;
        client.sign_in().await?;
        if role == Role::SuperAdmin {
            client.turn_on_second_factor(cloud.clock.now()).await?;
        }
        Ok(client)
    }

    /// Begins to set up a second factor; answers its secret.
    pub async fn set_up_second_factor(&self) -> Result<TotpSecret, ClientError> {
        let ask = json!({ "password": PASSWORD });
        let setup = self.post("/v1/me/totp", &ask).await?.expect(StatusCode::CREATED, "second factor")?;
        Ok(totp_secret(setup["secret"].as_str().unwrap_or_default()))
    }

    /// Turns the second factor on, as super admins must before anything else. From now on
    /// [`Self::sign_in`] uses one of its ten recovery codes each time.
    pub async fn turn_on_second_factor(&mut self, now: Timestamp) -> Result<TotpSecret, ClientError> {
        let secret = self.set_up_second_factor().await?;
        let ask = json!({ "code": secret.code(Step::at(now)).digits() });
        let on = self.post("/v1/me/totp/confirm", &ask).await?.expect(StatusCode::OK, "second factor")?;
        let codes = on["recovery_codes"].as_array().into_iter().flatten();
        let codes = codes.filter_map(Value::as_str).map(ToOwned::to_owned).collect();
        *self.recovery_codes.lock().unwrap_or_else(PoisonError::into_inner) = codes;
        let ask = json!({ "refresh_token": self.refresh_token });
        let session = self.post("/v1/sessions/refresh", &ask).await?.expect(StatusCode::OK, "refresh")?;
        self.take_tokens(&session);
        Ok(secret)
    }

    /// The code in the newest mail to this address: the line of its own that has eight digits.
    pub async fn code_from_mail(&self, cloud: &Cloud) -> Result<String, ClientError> {
        let is_code = |line: &str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
        self.line_from_mail(cloud, is_code).await
    }

    /// The token that resets the password, in the newest mail to this address that has one.
    pub async fn token_from_mail(&self, cloud: &Cloud) -> Result<String, ClientError> {
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        self.line_from_mail(cloud, |line| line.len() == 43 && line.bytes().all(is_base64)).await
    }

    /// Chooses the common password by the link in the newest mail to this address that has one, and signs in.
    pub async fn accept_invitation(&mut self, cloud: &Cloud) -> Result<(), ClientError> {
        let ask = json!({ "token": self.token_from_mail(cloud).await?, "new_password": PASSWORD });
        self.post("/v1/password-resets/complete", &ask)
            .await?
            .expect(StatusCode::NO_CONTENT, "invitation")?;
        self.sign_in().await
    }

    /// Such a line in the newest mail to this address that has one.
    async fn line_from_mail(
        &self,
        cloud: &Cloud,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<String, ClientError> {
        let code =
            |text: &str| text.lines().map(str::trim).find(|line| is_wanted(line)).map(ToOwned::to_owned);
        let first =
            cloud.mailbox.wait_for(|mail| mail.is_to(&self.email) && code(&mail.text).is_some()).await?;
        let newest =
            cloud.mailbox.list(Some(&self.email)).into_iter().rev().find_map(|mail| code(&mail.text));
        Ok(newest.or_else(|| code(&first.text)).unwrap_or_default())
    }

    /// Takes one of the recovery codes that are left.
    #[must_use]
    pub fn recovery_code(&self) -> Option<String> {
        self.recovery_codes.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Signs in with the common password, and a recovery code where there are any.
    pub async fn sign_in(&mut self) -> Result<(), ClientError> {
        let mut ask = json!({ "email": self.email, "password": PASSWORD });
        if let Some(code) = self.recovery_code() {
            ask["code"] = code.into();
        }
        let session = self.post("/v1/sessions", &ask).await?.expect(StatusCode::CREATED, "sign in")?;
        self.take_tokens(&session);
        Ok(())
    }

    /// Goes on with the tokens of a session.
    pub fn take_tokens(&mut self, session: &Value) {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        self.token = text(&session["access_token"]);
        self.refresh_token = text(&session["refresh_token"]);
        self.id = text(&session["user"]["id"]).unwrap_or_default();
    }

    /// Any call.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, ClientError> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await?;
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|_| text())
        };
        Ok(Answer { status, headers, body })
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.call(Method::GET, path, &[], None).await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// POST without a body.
    pub async fn act(&self, path: &str) -> Result<Answer, ClientError> {
        self.call(Method::POST, path, &[], None).await
    }

    /// PUT of a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        self.call(Method::PUT, path, &[], Some(body)).await
    }

    /// PUT of a JSON body over whatever is there.
    pub async fn put_over(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        self.call(Method::PUT, path, &[("if-match", "*")], Some(body)).await
    }

    /// PATCH of a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        self.call(Method::PATCH, path, &[], Some(body)).await
    }

    /// PATCH of a JSON body over whatever is there.
    pub async fn patch_over(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        self.call(Method::PATCH, path, &[("if-match", "*")], Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Result<Answer, ClientError> {
        self.call(Method::DELETE, path, &[], None).await
    }

    /// Begins the upload of a photo and sends it; what becomes of it shows in the own account.
    pub async fn upload_photo(&self, content_type: &str, file: Vec<u8>) -> Result<(), ClientError> {
        let ask = json!({ "content_type": content_type, "size": file.len() });
        let begun = self.post("/v1/me/photo", &ask).await?.expect(StatusCode::CREATED, "photo")?;
        let url = begun["upload"]["url"].as_str().unwrap_or_default();
        let sent = self.http.put(url).header("content-type", content_type).body(file).send().await?;
        let answer = Answer { status: sent.status(), headers: sent.headers().clone(), body: Value::Null };
        answer.expect(StatusCode::OK, "upload").map(drop)
    }

    /// Where a WebSocket of this person opens, once and within a minute.
    pub async fn ticket(&self) -> Result<String, ClientError> {
        let ticket = self.act("/v1/chat/tickets").await?.expect(StatusCode::CREATED, "ticket")?;
        Ok(ticket["url"].as_str().unwrap_or_default().to_owned())
    }

    /// A WebSocket of this person.
    pub async fn socket(&self) -> Result<Socket, ClientError> {
        Socket::open(&self.ticket().await?, &[]).await
    }

    /// Books a start of a service under an idempotency key.
    pub async fn book(&self, service: &str, starts_at: &str, key: &str) -> Result<Answer, ClientError> {
        let ask = json!({ "service_id": service, "starts_at": starts_at });
        self.post_once("/v1/bookings", &ask, key).await
    }

    /// A POST of JSON that is done once for the key.
    pub async fn post_once(&self, path: &str, body: &Value, key: &str) -> Result<Answer, ClientError> {
        self.call(Method::POST, path, &[("idempotency-key", key)], Some(body)).await
    }
}

/// The secret that an app is told in base32 (RFC 4648, 6).
#[must_use]
pub fn totp_secret(text: &str) -> TotpSecret {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = [0; 20];
    for (at, value) in text.chars().filter_map(|c| alphabet.find(c)).take(32).enumerate() {
        for bit in (0..5).filter(|bit| value >> (4 - bit) & 1 == 1) {
            bits[(at * 5 + bit) / 8] |= 0x80 >> ((at * 5 + bit) % 8);
        }
    }
    TotpSecret::new(bits)
}

impl Answer {
    /// The body, if the status is `wanted`.
    pub fn expect(self, wanted: StatusCode, call: &str) -> Result<Value, ClientError> {
        if self.status == wanted {
            return Ok(self.body);
        }
        Err(ClientError::Unexpected { call: call.to_owned(), answer: Box::new(self) })
    }

    /// The problem's code; empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}
