//! Those who ask, and what they ask for.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::config::Settings;
use banister_platform::telemetry;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::BenchError;
use crate::report::Figures;

/// Bookings of one customer: the limit is 60 an hour.
const A_CUSTOMER: usize = 50;
/// The first day ahead on which bookings are.
const FIRST: i32 = 2;
/// The first day ahead after all that may have bookings: 24 a day.
const DAYS: i32 = 55;

/// Providers of one service each, and their customers; each client of the bench has one provider.
pub(super) struct Market {
    stalls: Vec<Stall>,
    requests: usize,
    today: Date,
}

struct Stall {
    service: String,
    customers: Vec<Client>,
}

/// A request, ready to be sent.
pub(super) struct Request {
    client: Client,
    method: Method,
    path: String,
    key: Option<String>,
    body: Option<Value>,
    wanted: StatusCode,
}

impl Request {
    /// A `GET` that is answered with 200.
    pub(super) fn get(client: Client, path: String) -> Self {
        Self { client, method: Method::GET, path, key: None, body: None, wanted: StatusCode::OK }
    }

    /// A `POST` that makes something.
    pub(super) fn post(client: Client, path: &str, key: Option<String>, body: Value) -> Self {
        let (method, path, wanted) = (Method::POST, path.to_owned(), StatusCode::CREATED);
        Self { client, method, path, key, body: Some(body), wanted }
    }

    /// Sends it and reads the answer.
    pub(super) async fn send(&self) -> Result<StatusCode, BenchError> {
        let headers: Vec<_> = self.key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
        let answer = self.client.call(self.method.clone(), &self.path, &headers, self.body.as_ref()).await?;
        let status = answer.status;
        answer.expect(self.wanted, &self.path)?;
        Ok(status)
    }
}

impl Market {
    /// With so many clients, each of which can make so many requests and one more.
    pub(super) async fn open(cloud: &Cloud, clients: usize, requests: usize) -> Result<Self, BenchError> {
        let mut stalls = Vec::new();
        for number in 0..clients {
            stalls.push(stall(cloud, number, (requests + 1).div_ceil(A_CUSTOMER)).await?);
        }
        let today = cloud.clock.now().to_zoned(TimeZone::UTC).date();
        Ok(Self { stalls, requests, today })
    }

    /// One request, beside those of [`requests`](Self::requests).
    pub(super) fn one(&self, operation: &str) -> Request {
        self.request(operation, &self.stalls[0], self.requests)
    }

    /// What each client sends.
    pub(super) fn requests(&self, operation: &str) -> Vec<Vec<Request>> {
        let of_stall =
            |stall| (0..self.requests).map(|number| self.request(operation, stall, number)).collect();
        self.stalls.iter().map(of_stall).collect()
    }

    fn request(&self, operation: &str, stall: &Stall, number: usize) -> Request {
        let customer = stall.customers[number / A_CUSTOMER].clone();
        let day = |days: i32| self.today.saturating_add(days.days());
        match operation {
            "list_slots" => {
                // Three of the days that `create_booking` filled.
                let (from, to) = (day(FIRST), day(FIRST + 2));
                Request::get(customer, format!("/v1/services/{}/slots?from={from}&to={to}", stall.service))
            }
            "list_bookings" => Request::get(customer, "/v1/bookings".into()),
            // No more than the stalls have: the page must be as full in the smaller table.
            "list_services" => Request::get(customer, "/v1/services?category=consulting&limit=5".into()),
            _ => {
                let body = json!({ "service_id": stall.service, "starts_at": self.start(number) });
                Request::post(customer, "/v1/bookings", Some(format!("bench-booking-{number}")), body)
            }
        }
    }

    /// A moment of a client's own for each number: hour after hour, over many days.
    fn start(&self, number: usize) -> Timestamp {
        let days = i32::try_from(number).unwrap_or(0);
        let (day, hour) = (FIRST + days % (DAYS - FIRST), days / (DAYS - FIRST));
        let midnight = self.today.saturating_add(day.days()).to_zoned(TimeZone::UTC);
        let midnight = midnight.map_or(Timestamp::MAX, |midnight| midnight.timestamp());
        midnight.saturating_add(SignedDuration::from_hours(hour.into())).unwrap_or(Timestamp::MAX)
    }
}

async fn stall(cloud: &Cloud, number: usize, customers: usize) -> Result<Stall, BenchError> {
    let provider = Client::join(cloud, "provider", &format!("Provider {number}")).await?;
    let service = offer(&provider).await?;
    let mut joined = Vec::new();
    for customer in 0..customers {
        joined.push(Client::join(cloud, "customer", &format!("Customer {number}.{customer}")).await?);
    }
    Ok(Stall { service, customers: joined })
}

/// Opens a provider's calendar round the clock and publishes a service of an hour; its id.
pub(crate) async fn offer(provider: &Client) -> Result<String, BenchError> {
    offer_of(provider, 60).await
}

/// The same of a service of so many minutes, of which one follows the other.
pub(super) async fn offer_of(provider: &Client, minutes: u16) -> Result<String, BenchError> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly = days.map(|day| json!({ "day": day, "start": "00:00", "end": "24:00" }));
    let rules = json!({ "time_zone": "UTC", "weekly": weekly, "buffer_before_minutes": 0,
        "buffer_after_minutes": 0, "min_notice_minutes": 0, "horizon_days": 60, "slot_step_minutes": minutes });
    provider.put("/v1/me/calendar", &rules).await?.expect(StatusCode::OK, "rules")?;
    let ask = json!({ "title": "Consultation", "description": "About anything.", "category": "consulting",
        "price": { "amount": 5_000, "currency": "usd" }, "duration_minutes": minutes, "location_kind": "online" });
    let made = provider.post("/v1/services", &ask).await?.expect(StatusCode::CREATED, "service")?;
    let id = made["id"].as_str().unwrap_or_default().to_owned();
    provider.act(&format!("/v1/services/{id}/publish")).await?.expect(StatusCode::OK, "publish")?;
    Ok(id)
}

/// The log of this process: read only while one request is looked at.
#[derive(Clone, Default)]
pub(crate) struct Log {
    kept: Arc<AtomicBool>,
    lines: Arc<Mutex<Vec<u8>>>,
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.kept.load(Ordering::Relaxed) {
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Takes the log of the process, written as on AWS.
    pub(crate) fn start() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let lines = telemetry::json(&Settings::from_map([].into()), move || writer.clone());
        // Nobody else in this program takes it.
        drop(tracing::subscriber::set_global_default(lines));
        log
    }

    /// What one request asks of the table, as its line in the log says.
    pub(super) async fn capacity(&self, operation: &str, request: Request) -> Result<Figures, BenchError> {
        self.kept.store(true, Ordering::Relaxed);
        let sent = request.send().await;
        self.kept.store(false, Ordering::Relaxed);
        sent?;
        let text = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        let text = String::from_utf8_lossy(&text);
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut own = lines.filter(|line| line["operation"] == operation && line["status"].is_u64());
        let missing = || BenchError::Unexpected(format!("{operation} wrote no line"));
        let line = own.next().ok_or_else(missing)?;
        let figure = |key: &str, member: &str| Some((key.to_owned(), line[member].as_f64()?));
        Ok([figure("read", "read_units"), figure("write", "write_units")].into_iter().flatten().collect())
    }
}
