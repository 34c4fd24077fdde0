//! Does long work. Each message asks for one piece of a job ([`banister_domain::job`]); the piece is written
//! in one transaction with how far the job has come and the event that asks for the next one. So a piece
//! that is asked for twice is done once, and a crash anywhere is finished when the message comes again. Of an
//! act on many accounts, each account has a transaction of its own before that, which tells of it, once.

mod bulk;
mod export_users;
mod limits;
mod piece;

pub use limits::Limits;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::objects::{Bucket, Objects};
use banister_platform::queue::Queue;
use banister_platform::staff_acts::StaffActs;
use banister_platform::store::{Accounts, Bulks, Erasures, Jobs, UserExports};
use banister_platform::table::Table;
use banister_platform::worker::{Consumer, WorkError, run_batch};
use jiff::Timestamp;

/// The worker; clones share what it is made of.
#[derive(Debug, Clone)]
pub struct JobsWorker {
    jobs: Jobs,
    erasures: Erasures,
    accounts: Accounts,
    exports: UserExports,
    limits: Limits,
    private: Bucket,
    acts: StaffActs,
    bulks: Bulks,
    public: Bucket,
    dead_letters: Queue,
    clock: Clock,
}

impl JobsWorker {
    /// From `TABLE_NAME`, `PRIVATE_BUCKET`, `PUBLIC_BUCKET`, `JOBS_DEAD_LETTER_QUEUE_URL` and the settings of AWS.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let (table, objects) = (Table::from_settings(settings)?, Objects::from_settings(settings)?);
        Ok(Self {
            jobs: Jobs::new(table.clone()),
            erasures: Erasures::new(table.clone()),
            exports: UserExports::new(table.clone()),
            limits: Limits::default(),
            acts: StaffActs::new(&table),
            bulks: Bulks::new(table.clone()),
            accounts: Accounts::new(table),
            private: objects.bucket(settings, "PRIVATE_BUCKET")?,
            public: objects.bucket(settings, "PUBLIC_BUCKET")?,
            dead_letters: Queue::from_settings(settings, "JOBS_DEAD_LETTER_QUEUE_URL")?,
            clock,
        })
    }

    /// With other limits to a piece.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Does a batch; what is in the answer comes again. No message is begun after the `deadline`.
    pub async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        run_batch(self, batch, deadline).await
    }
}

impl Consumer for JobsWorker {
    const NAME: &'static str = "jobs";
    const AT_A_TIME: usize = 5;

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn dead_letters(&self) -> &Queue {
        &self.dead_letters
    }

    async fn deliver(&self, body: &str) -> Result<(), WorkError> {
        self.run(body).await
    }
}
