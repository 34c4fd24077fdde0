//! Amazon S3 on loopback: the buckets of the template behind the real protocol, with signatures enforced.
//!
//! `s3s` reads calls, verifies signatures and writes answers; the rest is here. Left out: versions, multipart
//! uploads, copies, browser forms, ACLs (refused), encryption, policies (see `infra/deployed`).

mod cors;
mod events;
mod objects;
mod public;
mod serve;
mod signed;
mod store;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use banister_platform::clock::Clock;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Unit};
use s3s::auth::{S3Auth, SecretKey};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::faults::Faults;
use crate::sqs::{REGION, Sqs};
use crate::template::{BucketDefinition, Expiration};

pub use events::SENDER;
pub use public::{READER, routes};
pub use serve::BEARER;

use events::Notifier;
use objects::Objects;
use store::Store;

/// Most bytes of one object. S3 takes 5 GiB at once; here an object is held in memory while it is put.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The secret of every role.
const SECRET: &str = "local";

/// What the buckets are started with.
pub struct Setup {
    /// The buckets.
    pub buckets: Vec<BucketDefinition>,
    /// Origins of web pages that may upload, where the template leaves that to whoever deploys.
    pub origins: Vec<String>,
    /// Tells when an object was put, and when a presigned URL ends.
    pub clock: Clock,
    /// What goes wrong.
    pub faults: Faults,
    /// The queues that are told of new objects.
    pub sqs: Sqs,
    /// Where objects are kept, in a folder `s3`; in memory if none.
    pub data: Option<PathBuf>,
}

/// Why the buckets did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No port could be opened.
    #[error("no port for the buckets: {0}")]
    Port(#[source] io::Error),
    /// The folder cannot be used.
    #[error("the folder of the buckets cannot be used: {0}")]
    Folder(#[source] io::Error),
}

/// A bucket as it runs.
#[derive(Debug)]
struct Bucket {
    name: String,
    definition: BucketDefinition,
}

/// The running buckets; clones are the same buckets. Dropping the last clone stops them without waiting.
#[derive(Clone)]
pub struct S3 {
    running: Arc<Running>,
}

struct Running {
    endpoint: String,
    store: Arc<Store>,
    buckets: Arc<Vec<Bucket>>,
    clock: Clock,
    /// Closed by dropping.
    stop: Mutex<Option<watch::Sender<()>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl S3 {
    /// Opens a free port on 127.0.0.1 and serves the buckets.
    pub async fn start(setup: Setup) -> Result<Self, StartError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(StartError::Port)?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(StartError::Port)?);
        let buckets: Vec<Bucket> = setup
            .buckets
            .into_iter()
            .map(|definition| Bucket { name: bucket_name(&definition.logical_id), definition })
            .collect();
        let names: Vec<String> = buckets.iter().map(|bucket| bucket.name.clone()).collect();
        let store = Store::open(setup.data.map(|folder| folder.join("s3")), &names);
        let store = Arc::new(store.map_err(StartError::Folder)?);
        let buckets = Arc::new(buckets);
        let clock = setup.clock;
        let mut service = S3ServiceBuilder::new(Objects {
            store: Arc::clone(&store),
            buckets: Arc::clone(&buckets),
            notifier: Arc::new(Notifier::new(&setup.sqs)),
            clock: clock.clone(),
        });
        service.set_auth(Roles);
        service.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config()))));
        let server = serve::Server {
            service: service.build(),
            buckets: Arc::clone(&buckets),
            origins: setup.origins,
            clock: clock.clone(),
            faults: setup.faults,
        };
        let (stop, stopped) = watch::channel(());
        let task = tokio::spawn(serve::accept(listener, Arc::new(server), stopped));
        let (stop, task) = (Mutex::new(Some(stop)), Mutex::new(Some(task)));
        Ok(Self { running: Arc::new(Running { endpoint, store, buckets, clock, stop, task }) })
    }

    /// Where the SDK finds the buckets, such as `http://127.0.0.1:40001`; it must put a bucket's name in the path.
    pub fn endpoint(&self) -> String {
        self.running.endpoint.clone()
    }

    /// A client that calls as `role`.
    pub fn client(&self, role: &str) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .credentials_provider(Credentials::new(role, SECRET, None, None, "banister-local"))
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .endpoint_url(self.endpoint())
            .force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The keys in the bucket with this logical id, in order.
    pub async fn keys(&self, logical_id: &str) -> io::Result<Vec<String>> {
        let (store, bucket) = (Arc::clone(&self.running.store), bucket_name(logical_id));
        let heads = tokio::task::spawn_blocking(move || store.list(&bucket, "")).await??;
        Ok(heads.into_iter().map(|head| head.key).collect())
    }

    /// Deletes what the lifecycle rules let go by now, and says how many objects that were.
    pub async fn expire(&self) -> io::Result<usize> {
        let (store, buckets) = (Arc::clone(&self.running.store), Arc::clone(&self.running.buckets));
        let now = self.running.clock.now();
        tokio::task::spawn_blocking(move || {
            let mut expired = 0;
            for bucket in buckets.iter() {
                for rule in &bucket.definition.expirations {
                    let heads = store.list(&bucket.name, &rule.prefix)?;
                    for head in heads.iter().filter(|head| expiry(rule, head.put_at) <= now) {
                        store.remove(&bucket.name, &head.key)?;
                        expired += 1;
                    }
                }
            }
            Ok(expired)
        })
        .await?
    }

    /// Answers what is under way and closes the port. Calling it again does nothing.
    pub async fn stop(&self) {
        drop(self.running.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.running.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the buckets' task failed");
        }
    }
}

/// What a bucket of the template is called here: `PrivateBucket` is `banister-local-private`.
pub fn bucket_name(logical_id: &str) -> String {
    let name = logical_id.strip_suffix("Bucket").unwrap_or(logical_id);
    format!("banister-local-{}", name.to_ascii_lowercase())
}

/// Every access key id is a role, and all have the same secret.
struct Roles;

#[async_trait::async_trait]
impl S3Auth for Roles {
    async fn get_secret_key(&self, _: &str) -> s3s::S3Result<SecretKey> {
        Ok(SecretKey::from(SECRET))
    }
}

/// `s3s` compares with the system's time; the cloud's, which may be years ahead, is compared in `signed`.
fn config() -> S3Config {
    let mut config = S3Config::default();
    config.presigned_url_max_skew_time_secs = u32::MAX;
    config
}

/// The first midnight (UTC) when an object is as old as the rule says, see "Setting lifecycle configuration" in
/// the Amazon S3 User Guide.
fn expiry(rule: &Expiration, put_at: Timestamp) -> Timestamp {
    let hours = i64::try_from(rule.days).unwrap_or(i64::MAX).saturating_mul(24);
    let due = put_at.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
    let round = jiff::ZonedRound::new().smallest(Unit::Day).mode(jiff::RoundMode::Ceil);
    due.to_zoned(TimeZone::UTC).round(round).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
