//! Starts and stops everything.

mod cors;
mod gateway;
mod keys;
mod lambda;
mod local;
mod schedule;

pub use keys::Keys;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::store::{Audit, Cards};
use banister_platform::table::Table;
use banister_queue_email::EmailWorker;
use banister_queue_jobs::JobsWorker;
use banister_queue_media::MediaWorker;
use banister_queue_socket::SocketWorker;
use banister_schedule_expire::Expire;
use banister_schedule_sweep::Sweep;
use banister_socket_connections::Connections;
use banister_stream_projections::Projections;
use banister_stream_relay::Relay;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::dynamodb::{Front, StartError};
use crate::faults::Faults;
use crate::mail::{MailError, Mailbox};
use crate::s3::{self, S3};
use crate::socket::{SocketApi, Sockets};
use crate::sqs::{QueueDefinition, Sqs, SqsError};
use crate::template::{Template, TemplateError};
use schedule::Schedules;

/// What is deployed; the table, the queues and the buckets are made from it.
const TEMPLATE: &str = include_str!("../../../../template.yaml");
const TABLE: &str = "banister";
/// Where web pages in development come from.
const ORIGIN: &str = "http://localhost:3000";
/// The queues that have a worker.
const WORKED: &[&str] = &["EmailQueue", "JobsQueue", "MediaQueue", "SocketQueue"];

/// How to start.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Port of the API on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where data is kept; in memory only if none.
    pub data: Option<PathBuf>,
    /// Memory of a password hash in KiB, where tests cannot afford the real cost.
    pub password_memory_kib: Option<u32>,
    /// Settings of functions that take the place of the cloud's own.
    pub overrides: BTreeMap<String, String>,
}

/// Why the cloud did not start.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// The template is not what it should be.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The table did not start.
    #[error(transparent)]
    Table(#[from] StartError),
    /// The table was not made.
    #[error("the table: {0}")]
    Create(String),
    /// The queues did not start.
    #[error(transparent)]
    Queues(#[from] SqsError),
    /// The buckets did not start.
    #[error(transparent)]
    Buckets(#[from] s3::StartError),
    /// The mailbox did not start.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// A function does not take its settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The port is not to be had.
    #[error("port {port} cannot be used ({source}); choose another one with --port")]
    Port {
        /// Which.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// The data folder cannot be used.
    #[error("the data folder cannot be used: {0}")]
    Data(#[from] std::io::Error),
}

/// A running local cloud.
pub struct Cloud {
    /// Makes calls between functions and emulators fail on demand.
    pub faults: Faults,
    /// All mail that was sent.
    pub mailbox: Mailbox,
    /// The time of all functions.
    pub clock: Clock,
    /// The queues.
    pub sqs: Sqs,
    /// The buckets.
    pub s3: S3,
    /// The open WebSocket connections.
    pub sockets: Sockets,
    /// The table.
    pub table: Arc<Front>,
    address: SocketAddr,
    keys: Keys,
    options: Options,
    schedules: Arc<Schedules>,
    relayed: watch::Receiver<u64>,
    linked: watch::Receiver<u64>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Cloud {
    /// Starts everything; when this returns, requests are answered.
    pub async fn start(options: Options) -> Result<Self, CloudError> {
        let port = options.port;
        let unusable = |source| CloudError::Port { port, source };
        // First, so that a second start on the same data ends before it touches them.
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let data = options.data.as_deref();
        if let Some(folder) = data {
            std::fs::create_dir_all(folder)?;
        }
        let keys = Keys::load(data)?;
        let (clock, faults) = (Clock::system(), Faults::new());
        keys::load_offset(data, &clock)?;
        let millis = clock.clone();
        let millis: Arc<dyn Fn() -> i64 + Send + Sync> = Arc::new(move || millis.now().as_millisecond());
        let template = Template::parse(&[TEMPLATE])?;
        let table =
            Front::start(data.map(|folder| folder.join("table.db")).as_deref(), faults.clone()).await?;
        let definition = template.table()?;
        let created = definition.create(&table.client("local-setup"), TABLE).await;
        created.map_err(|error| CloudError::Create(error.to_string()))?;
        let queues = queues(&template)?;
        let sqs =
            Sqs::start(&queues, Arc::clone(&millis), faults.clone(), data.map(Path::to_path_buf)).await?;
        let setup = s3::Setup {
            buckets: template.buckets()?,
            origins: origins(address),
            clock: clock.clone(),
            faults: faults.clone(),
            sqs: sqs.clone(),
            data: data.map(Path::to_path_buf),
        };
        let s3 = S3::start(setup).await?;
        let mailbox = Mailbox::start(data.map(|folder| folder.join("mails")), millis).await?;
        let table = Arc::new(table);
        let (stop, stopped) = watch::channel(false);
        let (relaying, relayed) = watch::channel(0);
        let (linking, linked) = watch::channel(0);
        let unfinished = Self {
            schedules: Arc::new(Schedules::empty(clock.clone())),
            faults,
            mailbox,
            clock,
            sqs,
            s3,
            sockets: Sockets::default(),
            table,
            address,
            keys,
            options,
            relayed,
            linked,
            stop,
            tasks: JoinSet::new(),
        };
        unfinished.run(listener, &template, (relaying, linking), &stopped).await
    }

    async fn run(
        mut self,
        listener: tokio::net::TcpListener,
        template: &Template,
        (relaying, linking): (watch::Sender<u64>, watch::Sender<u64>),
        stopped: &watch::Receiver<bool>,
    ) -> Result<Self, CloudError> {
        let (clock, stop) = (&self.clock, || stopped.clone());
        let relay = Relay::from_settings(&self.settings("local-relay"), clock.clone())?;
        let email = EmailWorker::from_settings(&self.settings("local-email"), clock.clone())?;
        self.schedules = Arc::new(Schedules::new(
            clock.clone(),
            Expire::from_settings(&self.settings("local-expire"), clock.clone())?,
            Sweep::from_settings(&self.settings("local-sweep"), clock.clone())?,
            self.s3.clone(),
        ));
        let api = gateway::router(&self.settings("local-http"), clock)?;
        let api = cors::allow(api, template.api_cors()?, origins(self.address));
        let local = local::routes(local::Local {
            clock: clock.clone(),
            sqs: self.sqs.clone(),
            sockets: self.sockets.clone(),
            schedules: Arc::clone(&self.schedules),
            data: self.options.data.clone(),
        });
        let public = s3::routes(self.s3.client(s3::READER), s3::bucket_name("PublicBucket"));
        let pages = local.merge(crate::mail::routes(self.mailbox.clone())).merge(public);
        let pages = pages.merge(self.socket_api(template, stop())?.routes());
        let stream = lambda::StreamSource::open(&self.table, "local-relay-source").await?;
        let audited = lambda::StreamSource::open(&self.table, "local-projections-source").await?;
        let projections = Projections::from_settings(&self.settings("local-projections"), clock.clone())?;
        if self.options.data.is_some() {
            self.link_missed().await?;
        }
        let queue = lambda::QueueSource::new(&self.settings("local-email-source"), "EMAIL_QUEUE_URL")?;
        let media = MediaWorker::from_settings(&self.settings("local-media"), clock.clone())?;
        let uploads = lambda::QueueSource::new(&self.settings("local-media-source"), "MEDIA_QUEUE_URL")?;
        let socket = SocketWorker::from_settings(&self.settings("local-socket"), clock.clone())?;
        let pushes = lambda::QueueSource::new(&self.settings("local-socket-source"), "SOCKET_QUEUE_URL")?;
        let jobs = JobsWorker::from_settings(&self.settings("local-jobs"), clock.clone())?;
        let pieces = lambda::QueueSource::new(&self.settings("local-jobs-source"), "JOBS_QUEUE_URL")?;
        let writes = self.table.writes();
        self.tasks.spawn(lambda::run_queue(pushes, socket, clock.clone(), stop()));
        self.tasks.spawn(lambda::run_queue(pieces, jobs, clock.clone(), stop()));
        self.tasks.spawn(lambda::run_queue(uploads.one_by_one(), media, clock.clone(), stop()));
        self.tasks.spawn(lambda::run_stream(stream, relay, writes.clone(), relaying, stop()));
        self.tasks.spawn(lambda::run_stream(audited, projections, writes, linking, stop()));
        self.tasks.spawn(lambda::run_queue(queue, email, clock.clone(), stop()));
        self.tasks.spawn(Arc::clone(&self.schedules).run(stop()));
        self.tasks.spawn(self.sockets.clone().finish(stop()));
        self.tasks.spawn(gateway::serve(listener, pages, api, stop()));
        keys::save_endpoint(self.options.data.as_deref(), &self.settings("local-manage"))?;
        Ok(self)
    }

    fn socket_api(&self, template: &Template, stop: watch::Receiver<bool>) -> Result<SocketApi, CloudError> {
        let connections = Connections::from_settings(&self.settings("local-connect"), self.clock.clone())?;
        Ok(SocketApi {
            sockets: self.sockets.clone(),
            definition: template.socket_api()?,
            function: Arc::new(move |event| {
                let connections = connections.clone();
                Box::pin(async move { connections.handle(event).await })
            }),
            faults: self.faults.clone(),
            clock: self.clock.clone(),
            domain: self.address.to_string(),
            stop,
        })
    }

    /// Where the API is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The settings of functions that call the emulators as `role`: its access key id, by which
    /// faults find it.
    #[must_use]
    pub fn settings(&self, role: &str) -> Settings {
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let mut set = |name: &str, value: String| values.insert(name.to_owned(), value);
        set("TABLE_NAME", TABLE.into());
        set("AWS_REGION", "us-east-1".into());
        set("AWS_ACCESS_KEY_ID", role.into());
        set("AWS_SECRET_ACCESS_KEY", "local".into());
        set("AWS_ENDPOINT_URL_DYNAMODB", self.table.endpoint_url());
        set("AWS_ENDPOINT_URL_SQS", self.sqs.endpoint());
        set("AWS_ENDPOINT_URL_S3", self.s3.endpoint());
        set("PRIVATE_BUCKET", s3::bucket_name("PrivateBucket"));
        set("PUBLIC_BUCKET", s3::bucket_name("PublicBucket"));
        set("PUBLIC_URL", format!("{}/public", self.url()));
        set("EMAIL_QUEUE_URL", self.sqs.queue_url("EmailQueue"));
        set("EMAIL_DEAD_LETTER_QUEUE_URL", self.sqs.queue_url("EmailDeadLetterQueue"));
        set("JOBS_QUEUE_URL", self.sqs.queue_url("JobsQueue"));
        set("JOBS_DEAD_LETTER_QUEUE_URL", self.sqs.queue_url("JobsDeadLetterQueue"));
        set("MEDIA_QUEUE_URL", self.sqs.queue_url("MediaQueue"));
        set("MEDIA_DEAD_LETTER_QUEUE_URL", self.sqs.queue_url("MediaDeadLetterQueue"));
        set("SOCKET_QUEUE_URL", self.sqs.queue_url("SocketQueue"));
        set("SOCKET_DEAD_LETTER_QUEUE_URL", self.sqs.queue_url("SocketDeadLetterQueue"));
        set("SOCKET_API_URL", format!("{}/ws", self.url()));
        set("SOCKET_URL", self.socket_url());
        set("ALLOWED_ORIGINS", origins(self.address).join(","));
        set("APP_URL", "http://localhost:3000".into());
        set("SMTP_URL", format!("smtp://{}", self.mailbox.address()));
        set("MAIL_FROM", "Banister <no-reply@example.com>".into());
        set("ACCESS_ISSUER", "banister-local".into());
        set("ACCESS_PRIVATE_KEY", self.keys.access_private_key());
        set("ACCESS_PUBLIC_KEYS", self.keys.access_public_keys());
        // Tests and laptops need no network.
        set("BREACHED_PASSWORDS_URL", "off".into());
        set("CODE_KEY", self.keys.code_key.clone());
        set("CURSOR_KEY", self.keys.cursor_key.clone());
        if let Some(memory) = self.options.password_memory_kib {
            set("PASSWORD_MEMORY_KIB", memory.to_string());
        }
        values.extend(self.options.overrides.clone());
        Settings::from_map(values)
    }

    /// Moves the time of everything, and runs what has become due.
    pub async fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
        self.sqs.clock_moved();
        self.sockets.clock_moved();
        self.schedules.run_all().await;
    }

    /// Runs every schedule once, now.
    pub async fn run_schedules(&self) {
        self.schedules.run_all().await;
    }

    /// Links what the run before had written to the audit log and not linked, and makes the cards that it did not
    /// make: the stream begins anew.
    async fn link_missed(&self) -> Result<(), CloudError> {
        let audit = Audit::new(Table::from_settings(&self.settings("local-projections"))?);
        let now = self.clock.now();
        let today = now.to_zoned(TimeZone::UTC).date();
        for day in [today.saturating_sub(1.day()), today] {
            let linked = audit.link_missed(day, None, now).await;
            linked.map_err(|error| CloudError::Create(format!("the audit log: {error}")))?;
        }
        let cards = Cards::new(Table::from_settings(&self.settings("local-projections"))?);
        let made = cards.rebuild(|| self.clock.now()).await;
        made.map(drop).map_err(|error| CloudError::Create(format!("the cards: {error}")))
    }

    /// Waits until every write has been relayed and linked and every queue that has a worker is empty.
    pub async fn quiet(&self) -> Result<(), SqsError> {
        let (mut relayed, mut linked) = (self.relayed.clone(), self.linked.clone());
        loop {
            let writes = *self.table.writes().borrow();
            for progress in [&mut relayed, &mut linked] {
                if progress.wait_for(|seen| *seen >= writes).await.is_err() {
                    return Err(SqsError::Stopped);
                }
            }
            self.sqs.idle_watch(WORKED).await?;
            // Relaying, linking and handling write too; quiet is when that has come to an end.
            if *self.table.writes().borrow() == writes {
                return Ok(());
            }
        }
    }

    /// Where a WebSocket opens.
    #[must_use]
    pub fn socket_url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// Lets what runs finish, keeps the data, and stops.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        keys::remove_endpoint(self.options.data.as_deref());
        while self.tasks.join_next().await.is_some() {}
        self.mailbox.stop().await;
        // Before the queues, which it tells of what is under way.
        self.s3.stop().await;
        self.sqs.stop().await;
        if let Ok(table) = Arc::try_unwrap(self.table) {
            table.stop().await;
        }
    }
}

/// The origins whose pages may use the API, the WebSocket API and the buckets: `CorsOrigins` of the template.
fn origins(address: SocketAddr) -> Vec<String> {
    vec![ORIGIN.to_owned(), format!("http://{address}")]
}

/// Waits until the cloud is told to stop, or is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

fn queues(template: &Template) -> Result<Vec<QueueDefinition>, TemplateError> {
    let queues = template.queues()?.into_iter().map(|queue| {
        let redrive = queue.redrive;
        QueueDefinition {
            name: queue.logical_id,
            visibility_timeout_seconds: u32::try_from(queue.visibility_timeout.as_secs()).unwrap_or(u32::MAX),
            max_receive_count: redrive.as_ref().map(|redrive| redrive.max_receive_count),
            dead_letter: redrive.map(|redrive| redrive.dead_letter),
        }
    });
    Ok(queues.collect())
}
