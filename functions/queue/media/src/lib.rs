//! Checks what was uploaded and makes of it what is shown.
//!
//! The uploaded file and the list of retired photos are the record of what is left to do: the file
//! goes last, and a photo leaves the list when its squares are gone. So a crash between any two
//! steps is finished when the message comes again, and a message that comes twice does no harm.

mod container;
mod message;
pub mod picture;
mod upload;

use std::collections::HashMap;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::objects::{Bucket, Objects};
use banister_platform::queue::Queue;
use banister_platform::store::Accounts;
use banister_platform::table::Table;
use banister_platform::worker::{Consumer, WorkError, run_batch};
use jiff::Timestamp;

use message::Work;

/// The worker; clones share what it is made of.
#[derive(Debug, Clone)]
pub struct MediaWorker {
    accounts: Accounts,
    uploads: Bucket,
    public: Bucket,
    dead_letters: Queue,
    clock: Clock,
}

impl MediaWorker {
    /// From `TABLE_NAME`, `PRIVATE_BUCKET`, `PUBLIC_BUCKET`, `MEDIA_DEAD_LETTER_QUEUE_URL` and the
    /// settings of AWS.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let objects = Objects::from_settings(settings)?;
        Ok(Self {
            accounts: Accounts::new(Table::from_settings(settings)?),
            uploads: objects.bucket(settings, "PRIVATE_BUCKET")?,
            public: objects.bucket(settings, "PUBLIC_BUCKET")?,
            dead_letters: Queue::from_settings(settings, "MEDIA_DEAD_LETTER_QUEUE_URL")?,
            clock,
        })
    }

    /// Does a batch; what is in the answer comes again. No message is begun after the `deadline`.
    pub async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        let mut receives = HashMap::new();
        for message in &batch.records {
            let most = receives.entry(message.body.clone().unwrap_or_default()).or_default();
            *most = received(message).max(*most);
        }
        run_batch(&Batch { worker: self, receives }, batch, deadline).await
    }
}

/// How often a message was handed out, this time included.
fn received(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// The worker, with how often each body of a batch was handed out.
struct Batch<'a> {
    worker: &'a MediaWorker,
    receives: HashMap<String, u32>,
}

impl Consumer for Batch<'_> {
    const NAME: &'static str = "media";
    /// A picture has the memory for itself.
    const AT_A_TIME: usize = 1;

    fn clock(&self) -> &Clock {
        &self.worker.clock
    }

    fn dead_letters(&self) -> &Queue {
        &self.worker.dead_letters
    }

    async fn deliver(&self, body: &str) -> Result<(), WorkError> {
        match message::read(body)? {
            Work::None => Ok(()),
            Work::Tidy(user) => self.worker.tidy(user, None).await,
            Work::Examine(objects) => {
                let receives = self.receives.get(body).copied().unwrap_or(1);
                for (bucket, key) in objects {
                    self.worker.uploaded(&bucket, &key, receives).await?;
                }
                Ok(())
            }
        }
    }
}
