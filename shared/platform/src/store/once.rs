//! Exactly-once: receipts of requests with an Idempotency-Key, and marks of events handled.

use aws_lc_rs::digest;
use axum::http::StatusCode;
use banister_domain::id::EventId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::http::{Code, IdempotencyKey, Problem, Replayable};
use crate::table::{Key, Record, StorageError, Table, Transaction, key};

/// How long a receipt answers for a key: 24 hours.
const RECEIPT_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How long a mark guards against a second handling; SQS keeps a message for 14 days at most.
const HANDLED_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The answer given for a key, kept in the transaction of its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRecord {
    subject: String,
    operation: String,
    idempotency_key: String,
    request_hash: String,
    status: u16,
    body: String,
    expires_at: Timestamp,
}

impl Record for ReceiptRecord {
    const TYPE: &'static str = "receipt";

    fn key(&self) -> Key {
        key::receipt(&self.subject, &self.operation, &self.idempotency_key)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl ReceiptRecord {
    /// Whether the answer names this id.
    pub(super) fn speaks_of(&self, id: &str) -> bool {
        self.body.contains(id)
    }
}

/// One intention of one caller: an operation, a key, and what was asked.
///
/// The receipt is written in the transaction of the effect, so there is no state in between: a
/// request that finds no receipt does the work, and if another one with the same key was faster,
/// the transaction is refused and the answer of the faster one is given.
#[derive(Debug, Clone)]
pub struct Once {
    subject: String,
    operation: &'static str,
    idempotency_key: String,
    request_hash: String,
}

/// What an earlier request with the same key left.
#[derive(Debug)]
pub enum Replay {
    /// Its answer.
    Answer(StatusCode, String),
    /// It asked for something else.
    Mismatch,
}

impl Once {
    /// The intention of `subject` (a user's id, or an e-mail address before there is one) to have
    /// `operation` done on `target` with the body `ask`.
    pub fn new(
        subject: String,
        operation: &'static str,
        idempotency_key: &IdempotencyKey,
        ask: &impl Serialize,
    ) -> Result<Self, StorageError> {
        let ask = serde_json::to_vec(ask).map_err(|error| StorageError::Malformed(error.to_string()))?;
        let request_hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &ask));
        Ok(Self { subject, operation, idempotency_key: idempotency_key.as_str().to_owned(), request_hash })
    }

    /// Key of the receipt, to be read with other items.
    #[must_use]
    pub fn key(&self) -> Key {
        key::receipt(&self.subject, self.operation, &self.idempotency_key)
    }

    /// What an earlier request left, strongly read.
    pub async fn replay(&self, table: &Table, now: Timestamp) -> Result<Option<Replay>, StorageError> {
        let found = table.get::<ReceiptRecord>(&self.key()).await?;
        Ok(found.and_then(|receipt| self.read(receipt.value, now)))
    }

    /// What is told instead of a problem where an earlier try of this very request took effect; else the problem.
    pub async fn instead_of<T>(
        &self,
        problem: impl Into<Problem>,
        table: &Table,
        now: Timestamp,
    ) -> Result<Replayable<T>, Problem> {
        match self.replay(table, now).await? {
            Some(replay) => replay.answer(),
            None => Err(problem.into()),
        }
    }

    /// What a receipt that was read says; none where it has expired.
    #[must_use]
    pub fn read(&self, receipt: ReceiptRecord, now: Timestamp) -> Option<Replay> {
        if receipt.expires_at <= now {
            return None;
        }
        if receipt.request_hash != self.request_hash {
            return Some(Replay::Mismatch);
        }
        let status = StatusCode::from_u16(receipt.status).unwrap_or(StatusCode::OK);
        Some(Replay::Answer(status, receipt.body))
    }

    /// Adds the receipt to a transaction; `seen` is what it means that there is one already.
    pub fn record<M>(
        &self,
        transaction: &mut Transaction<M>,
        status: StatusCode,
        body: &impl Serialize,
        now: Timestamp,
        seen: M,
    ) -> Result<(), StorageError> {
        let receipt = ReceiptRecord {
            subject: self.subject.clone(),
            operation: self.operation.to_owned(),
            idempotency_key: self.idempotency_key.clone(),
            request_hash: self.request_hash.clone(),
            status: status.as_u16(),
            body: serde_json::to_string(body).map_err(|error| StorageError::Malformed(error.to_string()))?,
            expires_at: now.saturating_add(RECEIPT_LIFETIME).unwrap_or(Timestamp::MAX),
        };
        // DynamoDB may keep an expired receipt for days; it must not block its key.
        transaction.create_or_expired(&receipt, now, seen);
        Ok(())
    }
}

impl Replay {
    /// The answer for the client.
    pub fn answer<T>(self) -> Result<Replayable<T>, Problem> {
        match self {
            Self::Answer(status, body) => Ok(Replayable::Replayed { status, body }),
            Self::Mismatch => Err(Problem::new(Code::IdempotencyKeyReused)),
        }
    }
}

/// The mark that a consumer has done its work for an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handled {
    consumer: String,
    event_id: EventId,
    at: Timestamp,
}

impl Record for Handled {
    const TYPE: &'static str = "handled";

    fn key(&self) -> Key {
        key::handled(&self.consumer, self.event_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.at.saturating_add(HANDLED_LIFETIME).ok()
    }
}

impl Handled {
    /// That `consumer` is done with the event at `now`.
    #[must_use]
    pub fn new(consumer: &str, event_id: EventId, now: Timestamp) -> Self {
        Self { consumer: consumer.to_owned(), event_id, at: now }
    }

    /// Whether `consumer` is done with the event.
    pub async fn is(table: &Table, consumer: &str, event_id: EventId) -> Result<bool, StorageError> {
        Ok(table.get::<Self>(&key::handled(consumer, event_id)).await?.is_some())
    }

    /// Writes the mark.
    pub async fn save(self, table: &Table) -> Result<(), StorageError> {
        table.put(&self).await
    }
}
