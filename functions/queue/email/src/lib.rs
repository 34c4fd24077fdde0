//! The queue worker that sends the mails which events call for, English or Russian.
//!
//! Each message is one event ([`banister_domain::event::Event`]). What the mail says is read when it
//! is sent, and what is no longer true is not sent. A mark per event and recipient keeps a message
//! that comes again from mailing again; a crash between sending and marking can, and then both mails
//! have the same Message-ID.

mod letter;
mod post;
mod recipients;
mod series;
mod waitlist;
mod when;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use banister_integrations::smtp::{MailError, Mailer};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::identity::code::Codes;
use banister_platform::queue::Queue;
use banister_platform::store::{Accounts, Bookings, Reviews, SeriesStore, Services};
use banister_platform::table::Table;
use banister_platform::worker::{Consumer, WorkError, run_batch};
use jiff::Timestamp;

/// The worker; clones share what it is made of.
#[derive(Clone)]
pub struct EmailWorker {
    table: Table,
    accounts: Accounts,
    bookings: Bookings,
    reviews: Reviews,
    series: SeriesStore,
    services: Services,
    codes: Codes,
    app_url: String,
    mailer: Mailer,
    dead_letters: Queue,
    clock: Clock,
}

impl EmailWorker {
    /// From `TABLE_NAME`, `APP_URL`, `CODE_KEY`, `SMTP_URL`, `MAIL_FROM`, `EMAIL_DEAD_LETTER_QUEUE_URL` and the
    /// settings of AWS.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        let from = settings.required("MAIL_FROM")?;
        let mailer = Mailer::new(&settings.required("SMTP_URL")?, &from).map_err(|error| {
            let name = if error == MailError::InvalidSender { "MAIL_FROM" } else { "SMTP_URL" };
            ConfigError::Invalid { name, problem: error.to_string() }
        })?;
        Ok(Self {
            accounts: Accounts::new(table.clone()),
            bookings: Bookings::new(table.clone()),
            reviews: Reviews::new(table.clone()),
            series: SeriesStore::new(table.clone()),
            services: Services::new(table.clone()),
            table,
            codes: Codes::from_settings(settings)?,
            app_url: settings.parsed("APP_URL", app_url)?,
            mailer,
            dead_letters: Queue::from_settings(settings, "EMAIL_DEAD_LETTER_QUEUE_URL")?,
            clock,
        })
    }

    /// Does a batch; what is in the answer comes again. No message is begun after the `deadline`.
    pub async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        run_batch(self, batch, deadline).await
    }
}

/// The web app that links lead to: an http or https URL. A slash at its end makes no difference.
fn app_url(text: &str) -> Result<String, &'static str> {
    let place = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |place: &str| !place.is_empty() && !place.contains(['?', '#', '"']) && place.is_ascii();
    match place {
        Some(place) if plain(place) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("must be an http or https URL without a query"),
    }
}

impl Consumer for EmailWorker {
    const NAME: &'static str = "email";
    /// Each has its own connection to the mail server.
    const AT_A_TIME: usize = 5;

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn dead_letters(&self) -> &Queue {
        &self.dead_letters
    }

    async fn deliver(&self, body: &str) -> Result<(), WorkError> {
        self.send_all(body).await
    }
}
