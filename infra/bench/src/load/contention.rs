//! Customers who book at one provider at the same moment: each a slot of their own, or all of them the same one.

use std::time::{Duration, Instant};

use banister_local::client::{Answer, Client};
use banister_local::cloud::{Cloud, Options};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::market::offer_of;
use crate::BenchError;
use crate::report::{Column, Figures, Part, Worse};
use crate::spread::latencies;

/// The part. Time depends on what else the machine does, and so does how many look before the first one has written:
/// only what is far off is worse. Who was too late, or told to come again, does not.
pub(crate) const PART: Part = Part {
    name: "contention",
    of: "what is booked, and by how many at once",
    columns: &[
        Column::new("rate", "bookings a second", 1, Worse::Below(0.5)),
        Column::new("p50_ms", "p50 ms", 1, Worse::Above(1.0)),
        Column::new("p99_ms", "p99 ms", 1, Worse::Above(2.0)),
        Column::new("max_ms", "max ms", 1, Worse::Never),
        Column::new("taken", "409 `slot_taken`", 0, Worse::Above(0.0)),
        Column::new("busy", "409 `busy` or 503", 0, Worse::Above(0.0)),
        Column::new("tries", "tries a booking", 2, Worse::Above(1.0)),
    ],
};

/// How many ask at the same moment; each divides [`REQUESTS`], and divides [`A_DAY`] or is more.
const CLIENTS: [usize; 7] = [1, 2, 5, 10, 20, 50, 100];
/// Requests of a row.
const REQUESTS: usize = 100;
/// Who books, in turns, so that each sends a sixth of what one may send in an hour.
const CUSTOMERS: usize = 10;
/// Bookings of a day, where it takes no more for all who ask at the same moment.
const A_DAY: usize = 20;
/// Days over which slots are spread.
const DAYS: usize = 50;
/// From the start of one slot to that of the next.
const MINUTES: u16 = 10;
/// The first day ahead on which bookings are.
const FIRST: i64 = 2;
/// The function that all requests come to, as the table knows it.
const ROLE: &str = "local-http";

/// What is wanted by those who ask at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A slot each, on days of their own as far as there are.
    ManyDays,
    /// A slot each, all of one day.
    OneDay,
    /// All the same slot.
    OneSlot,
}

impl Wanted {
    const ALL: [Self; 3] = [Self::ManyDays, Self::OneDay, Self::OneSlot];

    const fn name(self) -> &'static str {
        match self {
            Self::ManyDays => "slots of many days",
            Self::OneDay => "slots of one day",
            Self::OneSlot => "the same slot",
        }
    }

    /// The day ahead and the slot of that day that the request of this number asks for, where so many ask at once.
    const fn place(self, number: usize, clients: usize) -> (usize, usize) {
        let a_day = if clients > A_DAY { clients } else { A_DAY };
        match self {
            Self::ManyDays => (number % DAYS, number / DAYS),
            Self::OneDay => (number / a_day, number % a_day),
            Self::OneSlot => (number / clients / A_DAY, number / clients % A_DAY),
        }
    }

    /// How many of those who ask at the same moment get what they want, if nobody is told to come again.
    const fn winners(self, clients: usize) -> usize {
        match self {
            Self::ManyDays | Self::OneDay => clients,
            Self::OneSlot => 1,
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Booked,
    Taken,
    Busy,
}

/// How often something was answered, and how long it took.
#[derive(Debug, Default)]
struct Counts {
    booked: u32,
    taken: u32,
    busy: u32,
    times: Vec<Duration>,
}

/// The figures of each number of clients, for each of what they want.
///
/// # Errors
/// Where an answer is not one of those that it may be, or a slot was sold twice.
pub(crate) async fn measure() -> Result<Vec<(String, Figures)>, BenchError> {
    let mut rows = Vec::new();
    for wanted in Wanted::ALL {
        for clients in CLIENTS {
            let name = format!("{}, {clients:>3}", wanted.name());
            // A cloud for each: its table takes longer for a write the more of them there have been.
            let cloud = Cloud::start(Options { password_memory_kib: Some(16), ..Options::default() }).await?;
            let provider = Client::join(&cloud, "provider", "Provider One").await?;
            let service = offer_of(&provider, MINUTES).await?;
            let mut customers = Vec::new();
            for number in 0..CUSTOMERS {
                customers.push(Client::join(&cloud, "customer", &format!("Customer {number}")).await?);
            }
            cloud.quiet().await.map_err(|error| BenchError::Unexpected(error.to_string()))?;
            let figures = row(&cloud, &customers, &service, (wanted, clients)).await?;
            println!("contention: {name}: {:.1} a second", figures.get("rate").copied().unwrap_or_default());
            rows.push((name, figures));
            cloud.stop().await;
        }
    }
    Ok(rows)
}

/// Round after round of so many who ask at the same moment; the next one begins when all have their answers.
async fn row(
    cloud: &Cloud,
    customers: &[Client],
    service: &str,
    (wanted, clients): (Wanted, usize),
) -> Result<Figures, BenchError> {
    let today = cloud.clock.now().to_zoned(TimeZone::UTC).date();
    let before = transactions(cloud);
    let (mut counts, begun) = (Counts::default(), Instant::now());
    for round in 0..REQUESTS / clients {
        let mut running = tokio::task::JoinSet::new();
        for number in round * clients..(round + 1) * clients {
            let customer = customers[number % CUSTOMERS].clone();
            let (starts_at, key) =
                (start(today, wanted.place(number, clients)), format!("{service}-{number}"));
            let ask = json!({ "service_id": service, "starts_at": starts_at });
            running.spawn(async move {
                let (sent, headers) = (Instant::now(), [("idempotency-key", key.as_str())]);
                let answer = customer.call(Method::POST, "/v1/bookings", &headers, Some(&ask)).await?;
                Ok::<_, BenchError>((read(answer)?, sent.elapsed()))
            });
        }
        let mut outcomes = Vec::with_capacity(clients);
        while let Some(done) = running.join_next().await {
            let (outcome, took) = done.map_err(|error| BenchError::Unexpected(error.to_string()))??;
            outcomes.push(outcome);
            counts.times.push(took);
        }
        counts.add(&outcomes, wanted)?;
    }
    Ok(counts.figures(begun.elapsed(), transactions(cloud) - before))
}

/// When a slot begins: the place is the day and the slot of that day.
fn start(today: Date, (day, slot): (usize, usize)) -> Timestamp {
    let [days, slots] = [day, slot].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let midnight = today.saturating_add((FIRST + days).days()).to_zoned(TimeZone::UTC);
    let midnight = midnight.map_or(Timestamp::MAX, |midnight| midnight.timestamp());
    let into = SignedDuration::from_mins(slots.saturating_mul(MINUTES.into()));
    midnight.saturating_add(into).unwrap_or(Timestamp::MAX)
}

/// What an answer says; anything but these three is a fault.
fn read(answer: Answer) -> Result<Outcome, BenchError> {
    match (answer.status, answer.body["code"].as_str()) {
        (StatusCode::CONFLICT, Some("slot_taken")) => Ok(Outcome::Taken),
        (StatusCode::CONFLICT, Some("busy")) | (StatusCode::SERVICE_UNAVAILABLE, _) => Ok(Outcome::Busy),
        _ => {
            answer.expect(StatusCode::CREATED, "book")?;
            Ok(Outcome::Booked)
        }
    }
}

/// Transactions that requests have tried to commit so far: nothing but a booking makes them here, and each try of one
/// is a transaction.
fn transactions(cloud: &Cloud) -> u64 {
    let calls = cloud.table.calls();
    calls.get(&(ROLE.to_owned(), "TransactWriteItems".to_owned())).copied().unwrap_or(0)
}

impl Counts {
    /// Adds a round. No slot may have been sold twice, and nobody told that a slot is taken which nobody got.
    fn add(&mut self, outcomes: &[Outcome], wanted: Wanted) -> Result<(), BenchError> {
        let [booked, taken, busy] = [Outcome::Booked, Outcome::Taken, Outcome::Busy]
            .map(|of| outcomes.iter().filter(|outcome| **outcome == of).count());
        let most = wanted.winners(outcomes.len());
        if booked > most || booked == 0 || (wanted != Wanted::OneSlot && taken > 0) {
            let what = format!(
                "{} for {}: {booked} booked, {taken} were too late, {busy} were told to come again",
                wanted.name(),
                outcomes.len()
            );
            return Err(BenchError::Unexpected(what));
        }
        let add = |sum: &mut u32, count| *sum += u32::try_from(count).unwrap_or(u32::MAX);
        add(&mut self.booked, booked);
        add(&mut self.taken, taken);
        add(&mut self.busy, busy);
        Ok(())
    }

    fn figures(self, in_all: Duration, transactions: u64) -> Figures {
        let booked = f64::from(self.booked);
        let tries = f64::from(u32::try_from(transactions).unwrap_or(u32::MAX)) / booked;
        let mut figures = latencies(self.times);
        figures.remove("p95_ms");
        let counted = [
            ("rate", booked / in_all.as_secs_f64()),
            ("taken", self.taken.into()),
            ("busy", self.busy.into()),
            ("tries", tries),
        ];
        figures.extend(counted.map(|(key, figure)| (key.to_owned(), figure)));
        figures
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The places that are asked for in each round.
    fn rounds(wanted: Wanted, clients: usize) -> Vec<BTreeSet<(usize, usize)>> {
        let of_round = |round: usize| {
            (round * clients..(round + 1) * clients)
                .map(move |number| wanted.place(number, clients))
                .collect()
        };
        (0..REQUESTS / clients).map(of_round).collect()
    }

    #[test]
    fn slots_are_each_asked_for_by_one_or_by_all_of_a_round() {
        for (wanted, clients) in
            Wanted::ALL.into_iter().flat_map(|wanted| CLIENTS.map(|count| (wanted, count)))
        {
            assert!(REQUESTS.is_multiple_of(clients) && (clients > A_DAY || A_DAY.is_multiple_of(clients)));
            let rounds = rounds(wanted, clients);
            let all: BTreeSet<_> = rounds.iter().flatten().copied().collect();
            let asked: usize = rounds.iter().map(BTreeSet::len).sum();
            assert_eq!(all.len(), asked, "{wanted:?} {clients}: no slot comes twice");
            assert!(
                rounds.iter().all(|places| places.len() == wanted.winners(clients)),
                "{wanted:?} {clients}"
            );
            assert!(all.iter().all(|(day, slot)| *day < DAYS && slot * usize::from(MINUTES) < 24 * 60));
            let days = |places: &BTreeSet<(usize, usize)>| {
                places.iter().map(|(day, _)| *day).collect::<BTreeSet<_>>()
            };
            let one_day = rounds.iter().all(|places| days(places).len() == 1);
            assert_eq!(one_day, wanted != Wanted::ManyDays || clients == 1, "{wanted:?} {clients}");
        }
    }

    #[test]
    fn a_slot_that_is_sold_twice_is_found() {
        use Outcome::{Booked, Busy, Taken};
        let add = |wanted, outcomes: &[Outcome]| Counts::default().add(outcomes, wanted).is_ok();
        assert!(add(Wanted::OneSlot, &[Taken, Booked, Busy]));
        assert!(!add(Wanted::OneSlot, &[Booked, Booked, Taken]));
        assert!(!add(Wanted::OneSlot, &[Taken, Taken, Taken]));
        assert!(add(Wanted::OneDay, &[Booked, Busy, Booked]));
        assert!(!add(Wanted::OneDay, &[Booked, Taken, Booked]));
        assert!(!add(Wanted::ManyDays, &[Busy]));
    }

    #[test]
    fn a_row_has_its_counts() {
        let mut counts = Counts { times: vec![Duration::from_millis(4); 4], ..Counts::default() };
        counts
            .add(&[Outcome::Booked, Outcome::Taken, Outcome::Busy, Outcome::Taken], Wanted::OneSlot)
            .unwrap();
        let figures = counts.figures(Duration::from_millis(500), 3);
        let of = |key: &str| figures.get(key).copied();
        assert_eq!(["rate", "taken", "busy", "tries"].map(of), [Some(2.0), Some(2.0), Some(1.0), Some(3.0)]);
        assert_eq!((of("p50_ms"), of("p95_ms")), (Some(4.0), None));
    }
}
