//! From the outbox to the queues. An event is sent first and forgotten after: a crash in between
//! sends it again, and consumers deduplicate by its id.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use banister_domain::event::{Event as DomainEvent, Payload};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::queue::Queue;
use banister_platform::store::{Outbox, OutboxRecord};
use banister_platform::table::{StorageError, Table, key};
use banister_platform::telemetry::observe;
use banister_platform::worker::{WorkError, guarded};
use jiff::Timestamp;

/// What relaying needs; the sweep uses it too.
#[derive(Clone)]
pub struct Relay {
    /// Where events wait.
    pub outbox: Outbox,
    /// The time.
    pub clock: Clock,
    email: Queue,
    jobs: Queue,
    media: Queue,
    socket: Queue,
}

impl Relay {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let outbox = Outbox::new(Table::from_settings(settings)?);
        let queue = |name| Queue::from_settings(settings, name);
        let (email, jobs) = (queue("EMAIL_QUEUE_URL")?, queue("JOBS_QUEUE_URL")?);
        let (media, socket) = (queue("MEDIA_QUEUE_URL")?, queue("SOCKET_QUEUE_URL")?);
        Ok(Self { outbox, clock, email, jobs, media, socket })
    }

    /// Handles a batch of the stream. The stream is in order and Lambda goes on with the first record
    /// that is reported, so the batch stops there: at a failure, or at the first record that is not
    /// begun before `deadline`.
    pub async fn handle(&self, event: Event, deadline: Timestamp) -> DynamoDbEventResponse {
        observe("relay", self.batch(event, deadline)).await
    }

    async fn batch(&self, event: Event, deadline: Timestamp) -> DynamoDbEventResponse {
        let mut response = DynamoDbEventResponse::default();
        for record in event.records {
            let sequence = record.change.sequence_number.clone();
            let outcome = if self.clock.now() < deadline {
                guarded(self.relay_record(record)).await
            } else {
                Err(WorkError::Retry("too little time left".into()))
            };
            if let Err(error) = outcome {
                tracing::error!(%error, "not relayed");
                let mut failure = DynamoDbBatchItemFailure::default();
                failure.item_identifier = sequence;
                response.batch_item_failures.push(failure);
                break;
            }
        }
        response
    }

    async fn relay_record(&self, record: EventRecord) -> Result<(), WorkError> {
        let item = record.change.new_image;
        let pk = item.get("PK");
        let waiting = record.event_name == "INSERT"
            && matches!(pk, Some(serde_dynamo::AttributeValue::S(pk)) if pk.starts_with(key::OUTBOX));
        if !waiting {
            return Ok(());
        }
        let malformed = |error: serde_dynamo::Error| StorageError::Malformed(error.to_string());
        let record: OutboxRecord = serde_dynamo::from_item(item).map_err(malformed)?;
        self.relay(record).await
    }

    /// Sends one event to every queue that has work to do for it, then forgets it.
    /// A crash in between sends it again to all of them.
    pub async fn relay(&self, record: OutboxRecord) -> Result<(), WorkError> {
        let event: DomainEvent = serde_json::from_str(&record.event)
            .map_err(|error| StorageError::Malformed(error.to_string()))?;
        for queue in self.queues(&event.payload) {
            queue.send(record.event.clone()).await?;
        }
        self.outbox.remove(record.id).await?;
        Ok(())
    }

    fn queues(&self, payload: &Payload) -> Vec<&Queue> {
        match payload {
            Payload::AccountRegistered { .. }
            | Payload::RegistrationRepeated { .. }
            | Payload::RefreshTokenReused { .. }
            | Payload::ConfirmationRequested { .. }
            | Payload::PasswordResetRequested { .. }
            | Payload::AccountInvited { .. }
            | Payload::PasswordChanged { .. }
            | Payload::SecondFactorOn { .. }
            | Payload::SecondFactorOff { .. }
            | Payload::RecoveryCodeUsed { .. }
            | Payload::RecoveryCodesRenewed { .. }
            | Payload::PhoneConfirmationRequested { .. }
            | Payload::EmailChangeRequested { .. }
            | Payload::EmailChanged { .. }
            | Payload::ServiceArchivedByStaff { .. }
            | Payload::ReviewPublished(_)
            | Payload::ReviewAnswered(_)
            | Payload::SeriesChanged(_)
            | Payload::WaitlistOffered(_)
            | Payload::WaitlistEnded(_) => vec![&self.email],
            Payload::SessionsEnded { .. } | Payload::ConnectionReplaced { .. } => vec![&self.socket],
            Payload::PhotoRemoved { .. } => vec![&self.media],
            Payload::JobContinued { .. } => vec![&self.jobs],
            Payload::BookingRequested(_)
            | Payload::BookingConfirmed(_)
            | Payload::BookingDeclined(_)
            | Payload::BookingCancelled(_)
            | Payload::BookingExpired(_)
            | Payload::BookingRescheduled(_)
            | Payload::RescheduleProposed(_)
            | Payload::RescheduleDeclined(_)
            | Payload::BookingCompleted(_)
            | Payload::BookingNoShow(_) => vec![&self.email, &self.socket],
        }
    }
}
