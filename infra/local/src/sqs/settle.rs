//! `DeleteMessage`, `ChangeMessageVisibility` and their batches.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Call, check_batch, queue_name};
use super::failure::{Failure, Kind};
use super::state::{Handle, State};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Single {
    #[serde(default)]
    queue_url: String,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

type Settle = fn(&mut State, &str, &Entry, i64) -> Result<(), Failure>;

/// Removes a message, if the handle is of its latest receive.
pub(super) fn delete_message(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    one(state, call, delete)
}

/// Removes up to ten messages.
pub(super) fn delete_message_batch(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    batch(state, call, "DeleteMessageBatchRequestEntry", delete)
}

/// Makes a message in flight visible in so many seconds from now.
pub(super) fn change_message_visibility(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    one(state, call, change)
}

/// Changes up to ten messages.
pub(super) fn change_message_visibility_batch(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    batch(state, call, "ChangeMessageVisibilityBatchRequestEntry", change)
}

fn one(state: &mut State, call: &Call<'_>, settle: Settle) -> Result<Value, Failure> {
    let ask: Single = call::parse(call.body)?;
    settle(state, queue_name(&ask.queue_url)?, &ask.entry, call.now)?;
    Ok(json!({}))
}

fn batch(state: &mut State, call: &Call<'_>, entry: &str, settle: Settle) -> Result<Value, Failure> {
    let ask: Batch = call::parse(call.body)?;
    let queue = queue_name(&ask.queue_url)?;
    state.queue(queue)?;
    check_batch(entry, ask.entries.iter().map(|entry| entry.id.as_str()))?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in &ask.entries {
        match settle(state, queue, entry, call.now) {
            Ok(()) => successful.push(json!({ "Id": entry.id })),
            Err(failure) => failed.push(failure.entry(&entry.id)),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

/// As `DeleteMessage` documents for standard queues: with the handle of an earlier receive, or of a message
/// that is gone, the call succeeds and deletes nothing.
fn delete(state: &mut State, queue: &str, entry: &Entry, _now: i64) -> Result<(), Failure> {
    let (place, latest) = find(state, queue, entry)?;
    if latest {
        state.queue_mut(queue)?.messages.remove(&place);
    }
    Ok(())
}

fn change(state: &mut State, queue: &str, entry: &Entry, now: i64) -> Result<(), Failure> {
    let Some(timeout) = entry.visibility_timeout else { return Err(Failure::missing("VisibilityTimeout")) };
    call::within("VisibilityTimeout", Some(timeout), 43_200)?;
    let (place, latest) = find(state, queue, entry)?;
    let Some(message) = state.queue_mut(queue)?.messages.get_mut(&place) else {
        let reason = "Message does not exist or is not available for visibility timeout change.";
        return Err(Failure::parameter("ReceiptHandle", &entry.receipt_handle, reason));
    };
    if !latest || message.visible_at <= now {
        return Err(Failure::new(Kind::MessageNotInflight, "The specified message isn't in flight."));
    }
    message.visible_at = now + timeout * 1000;
    Ok(())
}

/// Where the handle's message is or was, and whether the handle is of its latest receive.
fn find(state: &State, queue: &str, entry: &Entry) -> Result<(u64, bool), Failure> {
    let messages = &state.queue(queue)?.messages;
    if entry.receipt_handle.is_empty() {
        return Err(Failure::missing("ReceiptHandle"));
    }
    let handle = Handle::decode(queue, &entry.receipt_handle)?;
    let latest = messages.get(&handle.place).is_some_and(|message| message.receipt == Some(handle.receipt));
    Ok((handle.place, latest))
}
