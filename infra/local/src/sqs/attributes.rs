//! `GetQueueAttributes`, `SetQueueAttributes`, and how attributes are read and written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Call, queue_name};
use super::failure::{Failure, Kind};
use super::state::{Queue, Redrive, Settings, State, arn, name_in_arn};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Get {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Set {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// `RedrivePolicy`: JSON in a string, with the count as a number or as text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: Value,
}

/// The attributes asked for; `All` gives all. Unset ones are left out.
pub(super) fn get_queue_attributes(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: Get = call::parse(call.body)?;
    let name = queue_name(&ask.queue_url)?;
    let mut all = told(name, state.queue(name)?, call.now);
    if !ask.attribute_names.iter().any(|name| name == "All") {
        if let Some(unknown) = ask.attribute_names.iter().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(unknown_name(unknown));
        }
        all.retain(|name, _| ask.attribute_names.iter().any(|wanted| wanted == name));
    }
    Ok(if all.is_empty() { json!({}) } else { json!({ "Attributes": all }) })
}

/// Sets all of the attributes given, or none.
pub(super) fn set_queue_attributes(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: Set = call::parse(call.body)?;
    let name = queue_name(&ask.queue_url)?;
    let settings = changed(&state.queue(name)?.settings, &ask.attributes, state)?;
    let queue = state.queue_mut(name)?;
    queue.settings = settings;
    queue.modified_at = call.now;
    Ok(json!({}))
}

/// `settings` with `attributes` applied.
pub(super) fn changed(
    settings: &Settings,
    attributes: &BTreeMap<String, String>,
    state: &State,
) -> Result<Settings, Failure> {
    let mut settings = settings.clone();
    for (name, value) in attributes {
        let number = |least: i64, most: i64| {
            let number = value.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| invalid(name))
        };
        match name.as_str() {
            "VisibilityTimeout" => settings.visibility_timeout = number(0, 43_200)?,
            "DelaySeconds" => settings.delay = number(0, 900)?,
            "ReceiveMessageWaitTimeSeconds" => settings.wait = number(0, 20)?,
            "MaximumMessageSize" => settings.size_limit = number(1_024, super::MAX_BYTES)?,
            "MessageRetentionPeriod" => settings.retention = number(60, 1_209_600)?,
            "RedrivePolicy" if value.is_empty() => settings.redrive = None,
            "RedrivePolicy" => settings.redrive = Some(redrive(value, state)?),
            _ => return Err(unknown_name(name)),
        }
    }
    Ok(settings)
}

fn redrive(value: &str, state: &State) -> Result<Redrive, Failure> {
    let refuse = |reason: &str| Failure::parameter("RedrivePolicy", value, reason);
    let policy: RedrivePolicy = serde_json::from_str(value).map_err(|error| refuse(&error.to_string()))?;
    let count = policy.max_receive_count;
    let count = count.as_u64().or_else(|| count.as_str().and_then(|text| text.parse().ok()));
    let max_receives =
        count.and_then(|count| u32::try_from(count).ok()).filter(|count| (1..=1000).contains(count));
    let max_receives = max_receives.ok_or_else(|| refuse("maxReceiveCount must be between 1 and 1000."))?;
    let target = name_in_arn(&policy.dead_letter_target_arn).filter(|name| state.queues.contains_key(*name));
    let target = target.ok_or_else(|| refuse("Dead letter target does not exist."))?.to_owned();
    Ok(Redrive { target, max_receives })
}

const KNOWN: [&str; 12] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "DelaySeconds",
    "LastModifiedTimestamp",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "QueueArn",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "VisibilityTimeout",
];

/// All attributes of a queue as SQS tells them.
pub(super) fn told(name: &str, queue: &Queue, now: i64) -> BTreeMap<&'static str, String> {
    let (depth, settings) = (queue.depth(now), &queue.settings);
    let mut told = BTreeMap::from([
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string()),
        ("CreatedTimestamp", queue.created_at.div_euclid(1000).to_string()),
        ("DelaySeconds", settings.delay.to_string()),
        ("LastModifiedTimestamp", queue.modified_at.div_euclid(1000).to_string()),
        ("MaximumMessageSize", settings.size_limit.to_string()),
        ("MessageRetentionPeriod", settings.retention.to_string()),
        ("QueueArn", arn(name)),
        ("ReceiveMessageWaitTimeSeconds", settings.wait.to_string()),
        ("VisibilityTimeout", settings.visibility_timeout.to_string()),
    ]);
    if let Some(redrive) = &settings.redrive {
        let policy =
            json!({ "deadLetterTargetArn": arn(&redrive.target), "maxReceiveCount": redrive.max_receives });
        told.insert("RedrivePolicy", policy.to_string());
    }
    told
}

fn invalid(name: &str) -> Failure {
    Failure::new(Kind::InvalidAttributeValue, format!("Invalid value for the parameter {name}."))
}

fn unknown_name(name: &str) -> Failure {
    Failure::new(Kind::InvalidAttributeName, format!("Unknown Attribute {name}."))
}
