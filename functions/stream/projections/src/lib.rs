//! What is made of the table's changes: the chains of the audit log, the counters, the cards by which services
//! and providers are found, and offers to those who wait where a calendar has changed. A record that comes twice is linked once and counted once.

mod carding;
mod counting;
mod waiting;

use std::collections::BTreeMap;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::store::{Audit, Cards, Statistics, WaitError, Waitlist, Written};
use banister_platform::table::Table;
use banister_platform::telemetry::observe;
use banister_platform::worker::{WorkError, guarded};
use jiff::Timestamp;

/// What following the stream needs.
#[derive(Clone)]
pub struct Projections {
    /// The time.
    pub clock: Clock,
    audit: Audit,
    statistics: Statistics,
    cards: Cards,
    waitlist: Waitlist,
}

impl Projections {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        let (audit, statistics) = (Audit::new(table.clone()), Statistics::new(table.clone()));
        let (cards, waitlist) = (Cards::new(table.clone()), Waitlist::new(table));
        Ok(Self { clock, audit, statistics, cards, waitlist })
    }

    /// Handles a batch of the stream: first chain by chain, within a chain in the stream's order, then what
    /// is counted, all of it together, then the cards, then who waits. Nothing is begun at `deadline` or later. Lambda goes on with
    /// the first record that is reported: the first of all chains that failed, or the first that was to be counted
    /// or to change a card, or after which somebody may have a place; what was linked or counted behind it is not linked or counted again.
    pub async fn handle(&self, event: Event, deadline: Timestamp) -> DynamoDbEventResponse {
        observe("projections", self.batch(event, deadline)).await
    }

    async fn batch(&self, event: Event, deadline: Timestamp) -> DynamoDbEventResponse {
        let mut chains: BTreeMap<String, Chained> = BTreeMap::new();
        let mut things = counting::Things::default();
        let mut cards = carding::Changed::default();
        let mut calendars = waiting::Changed::default();
        for (place, record) in event.records.into_iter().enumerate() {
            let sequence = record.change.sequence_number.clone();
            things.note(place, &record);
            cards.note(place, &record);
            calendars.note(place, &record);
            let Some(written) = written(record) else { continue };
            let chained = chains
                .entry(written.chain.clone())
                .or_insert_with(|| Chained { first: (place, sequence), records: Vec::new() });
            chained.records.push(written);
        }
        let mut failed: Option<(usize, Option<String>)> = None;
        for (chain, Chained { first, records }) in chains {
            if let Err(error) = guarded(self.link(&chain, &records, deadline)).await {
                tracing::error!(%error, "not linked");
                failed = failed.filter(|(place, _)| *place < first.0).or(Some(first));
            }
        }
        if let Some(first) = things.first()
            && let Err(error) = guarded(self.count(things, deadline)).await
        {
            tracing::error!(%error, "not counted");
            failed = failed.filter(|(place, _)| *place < first.0).or(Some(first));
        }
        if let Some(first) = cards.first()
            && let Err(error) = guarded(self.card(cards, deadline)).await
        {
            tracing::error!(%error, "no cards were made");
            failed = failed.filter(|(place, _)| *place < first.0).or(Some(first));
        }
        if let Some(first) = calendars.first()
            && let Err(error) = Box::pin(guarded(self.offer(calendars, deadline))).await
        {
            tracing::error!(%error, "nobody was offered a place");
            failed = failed.filter(|(place, _)| *place < first.0).or(Some(first));
        }
        let mut response = DynamoDbEventResponse::default();
        response.batch_item_failures.extend(failed.map(|(_, sequence)| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = sequence;
            failure
        }));
        response
    }

    async fn count(&self, things: counting::Things, deadline: Timestamp) -> Result<(), WorkError> {
        self.in_time(deadline)?;
        Ok(self.statistics.count(&things.into_counted()).await?)
    }

    async fn card(&self, changed: carding::Changed, deadline: Timestamp) -> Result<(), WorkError> {
        let now = self.in_time(deadline)?;
        Ok(self.cards.refresh(&changed.into_ids(), now).await?)
    }

    async fn offer(&self, changed: waiting::Changed, deadline: Timestamp) -> Result<(), WorkError> {
        let mut done = Ok(());
        self.in_time(deadline)?;
        let lines = self.waitlist.lines(&changed.changes).await?;
        for (place, some) in lines.iter().enumerate() {
            // The schedule looks within the hour: what comes behind in the stream does not wait for it.
            let Ok(now) = self.in_time(deadline) else {
                let left = lines.len() - place;
                tracing::warn!(left, "too little time left where places may be offered");
                break;
            };
            match self.waitlist.look(some, now).await {
                Ok(()) | Err(WaitError::Missing | WaitError::Wrong(_)) => {}
                Err(WaitError::Busy) => {
                    let providers = some.keys().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                    tracing::warn!(providers, "contention where a place may be offered");
                }
                // One line keeps no other back.
                Err(WaitError::Storage(error)) => done = Err(error.into()),
            }
        }
        done
    }

    fn in_time(&self, deadline: Timestamp) -> Result<Timestamp, WorkError> {
        let now = self.clock.now();
        if now >= deadline {
            return Err(WorkError::Retry("too little time left".into()));
        }
        Ok(now)
    }

    async fn link(&self, chain: &str, records: &[Written], deadline: Timestamp) -> Result<(), WorkError> {
        Ok(self.audit.link(chain, records, self.in_time(deadline)?).await?)
    }
}

/// The records of one chain in a batch.
struct Chained {
    /// Place and sequence number of the first.
    first: (usize, Option<String>),
    records: Vec<Written>,
}

/// The new record of the audit log that a change of the table is, if it is one. Whatever stands there is
/// linked, readable or not: what was put there by hand shows.
fn written(record: EventRecord) -> Option<Written> {
    if record.event_name != "INSERT" {
        return None;
    }
    let item: serde_json::Value = serde_dynamo::from_item(record.change.new_image).ok()?;
    Written::read(&item)
}
