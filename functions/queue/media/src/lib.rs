//! Checks what was uploaded and makes of it what is shown.
//!
//! The uploaded file and the list of retired photos are the record of what is left to do: the file
//! goes last, and a photo leaves the list when its squares are gone. So a crash between any two
//! steps is finished when the message comes again, and a message that comes twice does no harm.
//!
//! That an examination begins is recorded too: a picture over which the worker dies leaves it open,
//! and is rejected the third time, while one that waited for storage becomes a photo.

mod container;
mod message;
pub mod picture;
mod upload;

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::objects::{Bucket, Objects};
use banister_platform::queue::Queue;
use banister_platform::store::Accounts;
use banister_platform::table::Table;
use banister_platform::worker::{Consumer, Processor, WorkError, run_batch};
use jiff::Timestamp;

use message::Work;

/// How long squares may take: twice as long as those of the longest picture that is taken, with the
/// function's share of a processor (docs/photos.md).
const MADE_WITHIN: Duration = Duration::from_secs(15);

/// The worker; clones share what it is made of.
#[derive(Debug, Clone)]
pub struct MediaWorker {
    accounts: Accounts,
    uploads: Bucket,
    public: Bucket,
    dead_letters: Queue,
    clock: Clock,
    processor: Processor,
    made_within: Duration,
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
            processor: Processor::default(),
            made_within: MADE_WITHIN,
        })
    }

    /// The same worker, which gives up a picture after this time; 15 seconds if not told.
    #[must_use]
    pub fn with_limit(self, made_within: Duration) -> Self {
        Self { made_within, ..self }
    }

    /// What it decodes pictures with.
    pub fn processor(&self) -> &Processor {
        &self.processor
    }

    /// Does a batch; what is in the answer comes again. No message is begun after the `deadline`, nor
    /// while a picture is decoded that was given up.
    pub async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        run_batch(&Batch { worker: self, deadline }, batch, deadline).await
    }
}

/// The worker, with the moment after which nothing is begun.
struct Batch<'a> {
    worker: &'a MediaWorker,
    deadline: Option<Timestamp>,
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
        if self.worker.processor.is_overrun() {
            return Err(WorkError::Retry("a picture that was given up is still decoded".into()));
        }
        match message::read(body)? {
            Work::None => Ok(()),
            Work::Tidy(user) => self.worker.tidy(user, None).await,
            Work::Examine(objects) => {
                for (bucket, key) in objects {
                    self.worker.uploaded(&bucket, &key, self.deadline).await?;
                }
                Ok(())
            }
        }
    }
}
