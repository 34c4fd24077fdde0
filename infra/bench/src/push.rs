//! Pushes to 1,000 WebSocket connections of the local cloud, all the way: a provider's answer to a booking,
//! the table, its stream, the relay, the queue, the worker, the connections, the clients. And the worker alone.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use banister_local::client::{Client, ClientError, Incoming, Socket};
use banister_local::cloud::{Cloud, Options};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::BenchError;
use crate::load::market::offer;
use crate::report::{Column, Figures, Part, Worse};
use crate::spread::latencies;

mod worker;

/// The part. Time depends on what else the machine does, so only what is far off is worse.
pub(crate) const PART: Part = Part {
    name: "push",
    of: "what",
    columns: &[
        Column::new("rate", "pushes a second", 0, Worse::Below(0.5)),
        Column::new("p50_ms", "p50 ms", 1, Worse::Above(1.0)),
        Column::new("p95_ms", "p95 ms", 1, Worse::Above(1.5)),
        Column::new("p99_ms", "p99 ms", 1, Worse::Above(2.0)),
        Column::new("max_ms", "max ms", 1, Worse::Never),
    ],
};

/// Customers, each with as many connections as one may have.
const CUSTOMERS: usize = 20;
/// Connections of a customer.
const CONNECTIONS: usize = 50;
/// Bookings of a customer.
const BOOKINGS: usize = 5;
/// Tickets that a customer gets in a minute, and fewer.
const TICKETS: usize = 25;
/// How long nothing may arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// A booking's new state, as it arrived at one connection.
struct Arrival {
    connection: usize,
    at: Instant,
    booking: String,
    status: String,
}

/// The figures of the whole way and of the worker alone.
pub(crate) async fn measure() -> Result<Vec<(String, Figures)>, BenchError> {
    let cloud = Cloud::start(Options { password_memory_kib: Some(16), ..Options::default() }).await?;
    let provider = Client::join(&cloud, "provider", "Provider One").await?;
    let service = offer(&provider).await?;
    let (mut customers, mut bookings) = (Vec::new(), Vec::new());
    for number in 0..CUSTOMERS {
        let customer = Client::join(&cloud, "customer", &format!("Customer {number}")).await?;
        for _ in 0..BOOKINGS {
            bookings.push((book(&cloud, &customer, &service, bookings.len()).await?, customer.id.clone()));
        }
        customers.push(customer);
    }
    quiet(&cloud).await?;
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    connect(&cloud, &customers, &arrived).await?;
    let mut rows = Vec::new();
    // One booking after another is heard of by everybody before the next: how long a push takes.
    let mut calm = Heard::default();
    for booking in &bookings {
        answer(&provider, "confirm", std::slice::from_ref(booking), &mut arrivals, &mut calm).await?;
    }
    rows.push(("one booking at a time".to_owned(), calm.figures()));
    quiet(&cloud).await?;
    // All at once: how many there can be, and how long they then wait for each other.
    let mut rush = Heard::default();
    answer(&provider, "cancel", &bookings, &mut arrivals, &mut rush).await?;
    rows.push((format!("{} bookings at once", bookings.len()), rush.figures()));
    quiet(&cloud).await?;
    rows.push(("the worker alone".to_owned(), worker::measure(&cloud, &bookings, &provider.id).await?));
    cloud.stop().await;
    Ok(rows)
}

async fn quiet(cloud: &Cloud) -> Result<(), BenchError> {
    cloud.quiet().await.map_err(|error| BenchError::Unexpected(error.to_string()))
}

/// The id of a booking at an hour of its own.
async fn book(cloud: &Cloud, customer: &Client, service: &str, number: usize) -> Result<String, BenchError> {
    let today = cloud.clock.now().to_zoned(TimeZone::UTC).date();
    let days = i32::try_from(number / 24).unwrap_or(0);
    let start = format!("{}T{:02}:00:00Z", today.saturating_add((3 + days).days()), number % 24);
    let booked = customer.book(service, &start, &format!("bench-booking-{number}")).await?;
    let booked = booked.expect(StatusCode::CREATED, "book")?;
    Ok(booked["id"].as_str().unwrap_or_default().to_owned())
}

/// Opens every connection; each one's pushes go to `arrived` until the cloud stops.
async fn connect(
    cloud: &Cloud,
    customers: &[Client],
    arrived: &mpsc::UnboundedSender<Arrival>,
) -> Result<(), BenchError> {
    for first in (0..CONNECTIONS).step_by(TICKETS) {
        for (number, customer) in customers.iter().enumerate() {
            for connection in first..CONNECTIONS.min(first + TICKETS) {
                let socket = customer.socket().await?;
                tokio::spawn(listen(socket, number * CONNECTIONS + connection, arrived.clone()));
            }
        }
        // The next minute has tickets again.
        cloud.clock.advance(SignedDuration::from_secs(61));
    }
    Ok(())
}

/// Passes on what comes over a connection, until it ends.
async fn listen(mut socket: Socket, connection: usize, arrived: mpsc::UnboundedSender<Arrival>) {
    loop {
        match socket.next().await {
            Ok(Incoming::Frame(frame)) => {
                let Some(arrival) = read(connection, &frame) else { continue };
                if arrived.send(arrival).is_err() {
                    return;
                }
            }
            // Silence is no end.
            Err(ClientError::Nothing) => {}
            Ok(_) | Err(_) => return,
        }
    }
}

/// A push; nothing where the frame is something else.
fn read(connection: usize, frame: &Value) -> Option<Arrival> {
    let at = Instant::now();
    let text = |name: &str| frame[name].as_str().map(ToOwned::to_owned);
    if frame["type"] != "booking.changed" {
        return None;
    }
    Some(Arrival { connection, at, booking: text("booking_id")?, status: text("status")? })
}

/// Pushes that arrived: the time from each request to each of its pushes, and from the first request on in all.
#[derive(Default)]
struct Heard {
    times: Vec<Duration>,
    took: Duration,
}

impl Heard {
    fn figures(self) -> Figures {
        let count = f64::from(u32::try_from(self.times.len()).unwrap_or(u32::MAX));
        let mut figures = latencies(self.times);
        figures.insert("rate".into(), count / self.took.as_secs_f64());
        figures
    }
}

/// The provider answers bookings, and every connection of their customers hears of it.
async fn answer(
    provider: &Client,
    verb: &str,
    bookings: &[(String, String)],
    arrivals: &mut mpsc::UnboundedReceiver<Arrival>,
    heard: &mut Heard,
) -> Result<(), BenchError> {
    let begun = Instant::now();
    let (status, body) = match verb {
        "cancel" => ("cancelled", Some(json!({ "reason": "Something came up." }))),
        _ => ("confirmed", None),
    };
    let mut sent = HashMap::new();
    for (booking, _) in bookings {
        sent.insert(booking.as_str(), Instant::now());
        let path = format!("/v1/bookings/{booking}/{verb}");
        let answer = provider.call(reqwest::Method::POST, &path, &[], body.as_ref()).await?;
        answer.expect(StatusCode::OK, verb)?;
    }
    let wanted = bookings.len() * CONNECTIONS;
    let mut known = HashSet::with_capacity(wanted);
    while known.len() < wanted {
        let next = tokio::time::timeout(PATIENCE, arrivals.recv()).await;
        let Ok(Some(Arrival { connection, at, booking, status: told })) = next else {
            let what = format!("{} of {wanted} pushes came", known.len());
            return Err(BenchError::Unexpected(what));
        };
        let Some(sent) = sent.get(booking.as_str()).filter(|_| told == status) else { continue };
        // A push that comes twice counts once.
        if known.insert((connection, booking)) {
            heard.times.push(at - *sent);
        }
    }
    heard.took += begun.elapsed();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_are_told_from_other_frames() {
        let push =
            json!({ "type": "booking.changed", "booking_id": "bkg_1", "status": "confirmed", "revision": 2 });
        let arrival = read(3, &push).expect("a push");
        assert_eq!((arrival.connection, arrival.booking.as_str()), (3, "bkg_1"));
        assert!(read(3, &json!({ "type": "pong" })).is_none());
        assert!(read(3, &json!("?")).is_none());
    }
}
