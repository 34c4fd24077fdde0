//! Logs and metrics: one JSON object a line on AWS, plain lines on a laptop. Never a secret, a
//! token, an address or a name; of a user only a tag. docs/logging.md lists the fields.

mod line;
#[cfg(test)]
mod tests;
mod work;

pub use work::{Outcome, Usage, Work, observe};
pub(crate) use work::{TableCall, identify, name_operation, request_id};

use std::io::{self, IsTerminal as _};

use aws_lc_rs::digest::{SHA256, digest};
use banister_domain::id::UserId;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::config::Settings;
use line::Lines;

/// Target of the line that ends each piece of work. It is written at every level, since metrics are
/// made of it.
pub(crate) const TARGET: &str = "banister::work";

/// What `LOG_LEVEL` says: a level, or pairs of a target and its level (`warn,banister=debug`). A bare
/// level is that of our own crates: what others log below a warning may hold whole requests, and
/// with them tokens. What cannot be read counts for `info`.
fn filter(settings: &Settings) -> Targets {
    let wanted = settings.optional("LOG_LEVEL").unwrap_or_else(|| "info".into());
    let of_ours = |level: LevelFilter| {
        let others = level.min(LevelFilter::WARN);
        quiet().with_default(others).with_target("banister", level).with_target(TARGET, LevelFilter::INFO)
    };
    match wanted.trim().parse::<LevelFilter>() {
        Ok(level) => of_ours(level),
        Err(_) => wanted.parse().unwrap_or_else(|_| of_ours(LevelFilter::INFO)),
    }
}

/// Only what is wrong. The engine of the local table warns of what is no fault.
fn quiet() -> Targets {
    Targets::new().with_default(LevelFilter::WARN).with_target("dynoxide", LevelFilter::ERROR)
}

/// What writes JSON logs at the level of `LOG_LEVEL` to `writer`.
pub fn json<W>(settings: &Settings, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .event_format(Lines::from_settings(settings))
        .fmt_fields(JsonFields::new())
        .with_max_level(LevelFilter::TRACE)
        .with_writer(writer)
        .finish()
        .with(filter(settings))
}

/// Starts JSON logs at the level of `LOG_LEVEL`, on standard output. Once per process; later calls
/// change nothing.
pub fn start_json(settings: &Settings) {
    // A second start is a test in the same process; the first one's logs go on.
    drop(tracing::subscriber::set_global_default(json(settings, io::stdout)));
}

/// Starts logs for people at the level of `LOG_LEVEL`, on standard error; only what is wrong, unless
/// that says otherwise.
pub fn start_plain(settings: &Settings) {
    let level = settings.optional("LOG_LEVEL").map_or_else(quiet, |_| filter(settings));
    let logs = tracing_subscriber::fmt().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr);
    let logs = logs.with_max_level(LevelFilter::TRACE).finish().with(level);
    drop(tracing::subscriber::set_global_default(logs));
}

/// What stands for a user in logs: the first 16 hexadecimal digits of the SHA-256 of the id. Always
/// the same for one user, so that their lines are found together. It needs no key: an id has 80
/// random bits, which nobody finds by trying, and whoever has the id may know whose lines these are.
#[must_use]
pub fn user_tag(id: UserId) -> String {
    let hash = digest(&SHA256, id.to_string().as_bytes());
    let start = hash.as_ref().iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
    format!("{start:016x}")
}
