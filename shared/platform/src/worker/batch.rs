//! A batch of a queue's messages: a few at a time, each failing for itself, poison put aside at once.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use banister_domain::event::Event;
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use super::{WorkError, guarded};
use crate::clock::Clock;
use crate::queue::Queue;
use crate::telemetry::observe;

/// A message still at work this long after the deadline is given up, so that the rest of the batch
/// is answered for; Lambda stops the function a second later.
const GRACE: SignedDuration = SignedDuration::from_secs(4);

/// Whoever does the work that a queue's messages ask for.
pub trait Consumer: Sync {
    /// The worker's name in the log.
    const NAME: &'static str;
    /// How many messages are at work at a time.
    const AT_A_TIME: usize;

    /// The time.
    fn clock(&self) -> &Clock;

    /// Where messages go that can never be done.
    fn dead_letters(&self) -> &Queue;

    /// Does the work of the messages with this body.
    fn deliver(&self, body: &str) -> impl Future<Output = Result<(), WorkError>> + Send;
}

/// Does a batch; what is in the answer comes again. No message is begun after the `deadline`.
pub async fn run_batch<C: Consumer>(
    consumer: &C,
    batch: SqsEvent,
    deadline: Option<Timestamp>,
) -> SqsBatchResponse {
    // A message that is there twice is one piece of work: side by side, both would be done.
    let mut bodies = BTreeMap::<String, Vec<String>>::new();
    for message in batch.records {
        // Without an id no part of the batch can be named, and an empty one fails it all
        // (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
        bodies
            .entry(message.body.unwrap_or_default())
            .or_default()
            .push(message.message_id.unwrap_or_default());
    }
    let work =
        stream::iter(bodies).map(async |(body, ids)| (one(consumer, &body, &ids, deadline).await, ids));
    let done: Vec<_> = work.buffer_unordered(C::AT_A_TIME).collect().await;
    let mut answer = SqsBatchResponse::default();
    answer.set_failures(done.into_iter().filter(|(done, _)| !done).flat_map(|(_, ids)| ids));
    answer
}

/// The domain event in a message; what is none is poison.
pub fn read_event(body: &str) -> Result<Event, WorkError> {
    serde_json::from_str(body).map_err(|error| {
        // Where in the text the fault is, without the text.
        let (kind, line, column) = (error.classify(), error.line(), error.column());
        WorkError::Poison(format!("not an event: {kind:?} error in line {line}, column {column}"))
    })
}

/// Whether the messages with this body are done with.
async fn one<C: Consumer>(consumer: &C, body: &str, ids: &[String], deadline: Option<Timestamp>) -> bool {
    let left = deadline.map(|deadline| deadline.duration_since(consumer.clock().now()));
    if left.is_some_and(|left| left <= SignedDuration::ZERO) {
        tracing::warn!(?ids, "not begun: too little time left");
        return false;
    }
    let work = guarded(consumer.deliver(body));
    let in_time = async {
        let Some(left) = left else { return work.await };
        let left = Duration::try_from(left.saturating_add(GRACE)).unwrap_or_default();
        let late = || WorkError::Retry("out of time".into());
        tokio::time::timeout(left, work).await.unwrap_or_else(|_| Err(late()))
    };
    match observe(C::NAME, in_time).await {
        Ok(()) => true,
        Err(WorkError::Retry(reason)) => {
            tracing::warn!(?ids, reason, "to be tried again");
            false
        }
        Err(WorkError::Poison(reason)) => put_aside(consumer.dead_letters(), body, ids, &reason).await,
    }
}

/// Moves a message that can never be done to the dead-letter queue; left where it is, it would be
/// tried in vain until the queue's own policy moved it.
async fn put_aside(dead_letters: &Queue, body: &str, ids: &[String], reason: &str) -> bool {
    match dead_letters.put_aside(body.to_owned(), reason).await {
        Ok(()) => {
            tracing::error!(?ids, reason, "poison: moved to the dead-letter queue");
            true
        }
        Err(error) => {
            tracing::error!(?ids, reason, %error, "poison: left to the queue's redrive policy");
            false
        }
    }
}
