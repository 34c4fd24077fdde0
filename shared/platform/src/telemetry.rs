//! Logs: one JSON object a line on AWS, plain lines on a laptop. Never a secret, a token, an
//! address or a name.

use tracing_subscriber::EnvFilter;

use crate::config::Settings;

fn filter(settings: &Settings) -> EnvFilter {
    let level = settings.optional("LOG_LEVEL").unwrap_or_else(|| "info,dynoxide=error".into());
    EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Starts JSON logs at the level of `LOG_LEVEL`. Once per process; later calls change nothing.
pub fn start_json(settings: &Settings) {
    let logs = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter(settings));
    // A second start is a test in the same process; the first one's logs go on.
    drop(logs.without_time().with_current_span(true).try_init());
}

/// Starts logs for people at the level of `LOG_LEVEL`, on standard error.
pub fn start_plain(settings: &Settings) {
    let logs = tracing_subscriber::fmt().with_env_filter(filter(settings)).with_writer(std::io::stderr);
    drop(logs.try_init());
}
