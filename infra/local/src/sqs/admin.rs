//! Queues as a whole: `CreateQueue`, `GetQueueUrl`, `ListQueues`, `PurgeQueue`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::attributes::changed;
use super::call::{self, Call, queue_name};
use super::failure::{Failure, Kind};
use super::state::{Queue, Settings, State};

/// A queue is purged at most once in this time, see `PurgeQueue`.
const PURGE_MILLIS: i64 = 60_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    #[serde(default)]
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(default)]
    queue_name_prefix: String,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Purge {
    #[serde(default)]
    queue_url: String,
}

/// Makes a standard queue; the same call again gives the same URL.
pub(super) fn create_queue(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: Named = call::parse(call.body)?;
    let name = ask.queue_name;
    if !well_named(&name) {
        let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(Failure::new(Kind::InvalidParameterValue, message));
    }
    if let Some(queue) = state.queues.get(&name) {
        if changed(&queue.settings, &ask.attributes, state)? != queue.settings {
            let message = "A queue already exists with the same name and a different value for an attribute.";
            return Err(Failure::new(Kind::QueueNameExists, message));
        }
    } else {
        let settings = changed(&Settings::default(), &ask.attributes, state)?;
        let queue = Queue { settings, created_at: call.now, modified_at: call.now, ..Queue::default() };
        state.queues.insert(name.clone(), queue);
    }
    Ok(json!({ "QueueUrl": url(call, &name) }))
}

/// The URL of a queue.
pub(super) fn get_queue_url(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: Named = call::parse(call.body)?;
    if ask.queue_name.is_empty() {
        return Err(Failure::missing("QueueName"));
    }
    state.queue(&ask.queue_name)?;
    Ok(json!({ "QueueUrl": url(call, &ask.queue_name) }))
}

/// URLs in order of name. As in SQS, the token of the next page comes only when `MaxResults` was given.
pub(super) fn list_queues(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: List = call::parse(call.body)?;
    let limit = ask.max_results.unwrap_or(1000);
    if !(1..=1000).contains(&limit) {
        return Err(Failure::parameter("MaxResults", limit, "Must be between 1 and 1000, if provided."));
    }
    let wanted = |name: &&String| {
        name.starts_with(&ask.queue_name_prefix) && ask.next_token.as_ref().is_none_or(|after| *name > after)
    };
    let names: Vec<&String> = state.queues.keys().filter(wanted).take(limit + 1).collect();
    let page = &names[..names.len().min(limit)];
    let mut answer = json!({});
    if !page.is_empty() {
        answer["QueueUrls"] = page.iter().map(|name| url(call, name)).collect();
    }
    if let (true, true, Some(last)) = (names.len() > limit, ask.max_results.is_some(), page.last()) {
        answer["NextToken"] = json!(last);
    }
    Ok(answer)
}

/// Removes all messages, also those in flight.
pub(super) fn purge_queue(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: Purge = call::parse(call.body)?;
    let queue = state.queue_mut(queue_name(&ask.queue_url)?)?;
    if queue.purged_at.is_some_and(|at| (at..at + PURGE_MILLIS).contains(&call.now)) {
        let message = "Only one PurgeQueue operation is allowed every 60 seconds.";
        return Err(Failure::new(Kind::PurgeQueueInProgress, message));
    }
    queue.messages.clear();
    queue.purged_at = Some(call.now);
    Ok(json!({}))
}

/// Whether SQS takes this as the name of a standard queue.
pub(super) fn well_named(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=80).contains(&name.len()) && name.chars().all(plain)
}

fn url(call: &Call<'_>, name: &str) -> String {
    format!("{}/{name}", call.base)
}
