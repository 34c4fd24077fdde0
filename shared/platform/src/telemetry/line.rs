//! A log line as a JSON object: the fields of the event and of all spans around it side by side, so
//! that every line of a request has its `request_id`. The line that ends a piece of work is at the
//! same time a document of `CloudWatch`'s embedded metric format
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::fmt;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::TARGET;
use crate::clock::Clock;
use crate::config::Settings;

/// The members of a line that are metrics too, with their units. `CloudWatch` bills each one for each
/// operation by the hour in which it occurs, so what is zero is no metric.
pub(super) const METRICS: [(&str, &str); 5] = [
    ("duration_ms", "Milliseconds"),
    ("faults", "Count"),
    ("refused", "Count"),
    ("read_units", "Count"),
    ("write_units", "Count"),
];

/// Writes lines.
pub(super) struct Lines {
    namespace: String,
    clock: Clock,
}

impl Lines {
    /// With the namespace `Banister/STACK`: the template names log groups `/STACK/AREA`.
    pub(super) fn from_settings(settings: &Settings) -> Self {
        let group = settings.optional("AWS_LAMBDA_LOG_GROUP_NAME").unwrap_or_default();
        let stack = group.trim_start_matches('/').split_once('/').map_or("local", |(stack, _)| stack);
        Self { namespace: format!("Banister/{stack}"), clock: Clock::system() }
    }

    fn metrics(&self, millis: i64, members: &Map<String, Value>) -> Value {
        let there = |name| members.get(name).and_then(Value::as_f64).is_some_and(|value| value > 0.0);
        let metrics = METRICS.iter().filter(|(name, _)| there(*name));
        let metrics: Vec<_> = metrics.map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
        json!({
            "Timestamp": millis,
            "CloudWatchMetrics": [
                { "Namespace": self.namespace, "Dimensions": [["operation"]], "Metrics": metrics },
            ],
        })
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut members = Members::default();
        for span in context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>().map(|fields| fields.fields.as_str());
            // Written by `JsonFields`: an object, or nothing where there are no fields.
            members.0.extend(
                fields.and_then(|text| serde_json::from_str::<Map<_, _>>(text).ok()).into_iter().flatten(),
            );
        }
        event.record(&mut members);
        let Members(mut members) = members;
        let (now, about) = (self.clock.now(), event.metadata());
        if about.target() == TARGET {
            let metrics = self.metrics(now.as_millisecond(), &members);
            members.insert("_aws".into(), metrics);
        }
        // Lambda takes the level for its own only beside a valid time
        // (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).
        members.insert("timestamp".into(), now.to_string().into());
        members.insert("level".into(), about.level().as_str().into());
        members.insert("target".into(), about.target().into());
        writeln!(writer, "{}", Value::Object(members))
    }
}

/// The members of one line.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}
