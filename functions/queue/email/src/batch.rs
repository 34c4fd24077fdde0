//! A batch of messages: a few at a time, each failing for itself, poison put aside at once.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsMessage};
use banister_platform::worker::{WorkError, guarded};
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use crate::EmailWorker;

/// Messages at work at a time; each has its own connection to the mail server.
const AT_A_TIME: usize = 5;
/// A message still at work this long after the deadline is given up, so that the rest of the batch
/// is answered for; Lambda stops the function a second later.
const GRACE: SignedDuration = SignedDuration::from_secs(4);

pub(crate) async fn run(
    worker: &EmailWorker,
    messages: Vec<SqsMessage>,
    deadline: Option<Timestamp>,
) -> SqsBatchResponse {
    // A message that is there twice is one piece of work: side by side, both would mail.
    let mut bodies = BTreeMap::<String, Vec<String>>::new();
    for message in messages {
        // Without an id no part of the batch can be named, and an empty one fails it all
        // (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
        bodies
            .entry(message.body.unwrap_or_default())
            .or_default()
            .push(message.message_id.unwrap_or_default());
    }
    let work = stream::iter(bodies).map(async |(body, ids)| (one(worker, &body, &ids, deadline).await, ids));
    let done: Vec<_> = work.buffer_unordered(AT_A_TIME).collect().await;
    let mut answer = SqsBatchResponse::default();
    answer.set_failures(done.into_iter().filter(|(done, _)| !done).flat_map(|(_, ids)| ids));
    answer
}

/// Whether the messages with this body are done with.
async fn one(worker: &EmailWorker, body: &str, ids: &[String], deadline: Option<Timestamp>) -> bool {
    let left = deadline.map(|deadline| deadline.duration_since(worker.clock.now()));
    if left.is_some_and(|left| left <= SignedDuration::ZERO) {
        tracing::warn!(?ids, "not begun: too little time left");
        return false;
    }
    let work = guarded(worker.deliver(body));
    let outcome = match left.map(|left| Duration::try_from(left.saturating_add(GRACE)).unwrap_or_default()) {
        None => work.await,
        Some(left) => {
            let late = || WorkError::Retry("out of time".into());
            tokio::time::timeout(left, work).await.unwrap_or_else(|_| Err(late()))
        }
    };
    match outcome {
        Ok(()) => true,
        Err(WorkError::Retry(reason)) => {
            tracing::warn!(?ids, reason, "to be tried again");
            false
        }
        Err(WorkError::Poison(reason)) => put_aside(worker, body, ids, &reason).await,
    }
}

/// Moves a message that can never be done to the dead-letter queue; left where it is, it would be
/// tried in vain until the queue's own policy moved it.
async fn put_aside(worker: &EmailWorker, body: &str, ids: &[String], reason: &str) -> bool {
    match worker.dead_letters.put_aside(body.to_owned(), reason).await {
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
