//! What starts a function: the SAM event types `SQS`, `DynamoDB`, `Schedule` and `ScheduleV2`.

use std::time::Duration;

use super::TemplateError;
use super::value::Node;

/// One entry of a function's `Events`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSource {
    /// Logical id of the function.
    pub function: String,
    /// Name of the event within the function.
    pub name: String,
    /// What starts it.
    pub trigger: Trigger,
}

/// The kind of event source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Messages of a queue.
    Queue {
        /// Logical id of the queue.
        queue: String,
        /// How messages are put together.
        batching: Batching,
    },
    /// Records of the table's stream.
    Stream {
        /// Logical id of the table.
        table: String,
        /// How records are put together.
        batching: Batching,
        /// Retries of a failing batch; none means until the records expire.
        maximum_retries: Option<u64>,
        /// Whether a failing batch is halved.
        bisects: bool,
    },
    /// The clock.
    Schedule {
        /// `rate(…)`, `cron(…)` or `at(…)`, as `EventBridge` writes it.
        expression: String,
        /// The event's JSON text instead of the scheduler's own.
        input: Option<String>,
    },
}

/// The settings of an event source mapping, see `CreateEventSourceMapping` in the AWS Lambda API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batching {
    /// Most messages or records in one event; default 10 for a queue, 100 for a stream.
    pub batch_size: usize,
    /// How long a batch may wait to fill; default none.
    pub window: Duration,
    /// Whether the function names the failed messages (`ReportBatchItemFailures`).
    pub reports_failures: bool,
    /// An event must match one of these; none means all pass.
    pub filters: Vec<Filter>,
    /// Most invocations at once (`ScalingConfig`), 2 to 1000; queues only.
    pub maximum_concurrency: Option<u64>,
}

/// A filter pattern: JSON text, see "Lambda event filtering" in the AWS Lambda Developer Guide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(pub String);

/// What an `Events` entry asks for.
pub(super) fn read(event: &Node<'_>) -> Result<Trigger, TemplateError> {
    let kind = event.require("Type")?;
    let properties = event.require("Properties")?;
    Ok(match kind.text()?.as_ref() {
        "SQS" => Trigger::Queue {
            queue: properties.require("Queue")?.logical_id()?,
            batching: batching(&properties, 10)?,
        },
        "DynamoDB" => Trigger::Stream {
            table: properties.require("Stream")?.logical_id()?,
            batching: batching(&properties, 100)?,
            maximum_retries: properties.number("MaximumRetryAttempts")?,
            bisects: properties.flag("BisectBatchOnFunctionError")?,
        },
        "Schedule" => schedule(&properties, "Schedule")?,
        "ScheduleV2" => schedule(&properties, "ScheduleExpression")?,
        _ => return Err(kind.unexpected("SQS, DynamoDB, Schedule or ScheduleV2")),
    })
}

fn schedule(properties: &Node<'_>, expression: &str) -> Result<Trigger, TemplateError> {
    Ok(Trigger::Schedule {
        expression: properties.require(expression)?.text()?.into_owned(),
        input: properties.get("Input").map(|input| input.text().map(String::from)).transpose()?,
    })
}

fn batching(properties: &Node<'_>, batch_size: u64) -> Result<Batching, TemplateError> {
    let size = properties.number("BatchSize")?.unwrap_or(batch_size);
    let responses = properties.get("FunctionResponseTypes").map(|types| types.items()).transpose()?;
    let responses = responses.unwrap_or_default();
    let scaling =
        properties.get("ScalingConfig").map(|scaling| scaling.number("MaximumConcurrency")).transpose()?;
    Ok(Batching {
        batch_size: usize::try_from(size)
            .map_err(|_| properties.unexpected("a batch that fits in memory"))?,
        window: Duration::from_secs(properties.number("MaximumBatchingWindowInSeconds")?.unwrap_or(0)),
        reports_failures: responses
            .iter()
            .any(|kind| kind.text().is_ok_and(|kind| kind == "ReportBatchItemFailures")),
        filters: filters(properties)?,
        maximum_concurrency: scaling.flatten(),
    })
}

fn filters(properties: &Node<'_>) -> Result<Vec<Filter>, TemplateError> {
    let Some(criteria) = properties.get("FilterCriteria") else { return Ok(Vec::new()) };
    let filters = criteria.require("Filters")?.items()?;
    filters.iter().map(|filter| Ok(Filter(filter.require("Pattern")?.text()?.into_owned()))).collect()
}
