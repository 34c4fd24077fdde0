//! One call as the operations see it, and what they share in reading it.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure::{Failure, Kind};
use super::state::State;
use super::{admin, attributes, moves, send, settle};

/// What an operation knows of its call.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) body: &'a [u8],
    /// Milliseconds since the Unix epoch.
    pub(super) now: i64,
    /// What a queue's URL begins with, without the slash before the name.
    pub(super) base: &'a str,
    /// Fault: sent messages become visible this much later, in milliseconds.
    pub(super) late_millis: i64,
    /// Fault: sent messages arrive twice.
    pub(super) duplicate: bool,
}

/// An operation: changes the state or fails without a change.
pub(super) type Operation = fn(&mut State, &Call<'_>) -> Result<Value, Failure>;

/// The operation of this name, and whether it changes anything. `ReceiveMessage` waits, so it is not here.
pub(super) fn operation(name: &str) -> Option<(Operation, bool)> {
    let changes = !name.starts_with("Get") && !name.starts_with("List");
    let operation: Operation = match name {
        "ChangeMessageVisibility" => settle::change_message_visibility,
        "ChangeMessageVisibilityBatch" => settle::change_message_visibility_batch,
        "CreateQueue" => admin::create_queue,
        "DeleteMessage" => settle::delete_message,
        "DeleteMessageBatch" => settle::delete_message_batch,
        "GetQueueAttributes" => attributes::get_queue_attributes,
        "GetQueueUrl" => admin::get_queue_url,
        "ListQueues" => admin::list_queues,
        "PurgeQueue" => admin::purge_queue,
        "SendMessage" => send::send_message,
        "SendMessageBatch" => send::send_message_batch,
        "SetQueueAttributes" => attributes::set_queue_attributes,
        "StartMessageMoveTask" => moves::start_message_move_task,
        _ => return None,
    };
    Some((operation, changes))
}

/// Reads a request body.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::new(Kind::Serialization, error.to_string()))
}

/// The queue's name in its URL. Host and port are not compared: they change with each start.
pub(super) fn queue_name(url: &str) -> Result<&str, Failure> {
    if url.is_empty() {
        return Err(Failure::missing("QueueUrl"));
    }
    let known = url.rsplit_once('/').filter(|(base, _)| base.ends_with(super::ACCOUNT));
    known.map(|(_, name)| name).ok_or_else(Failure::no_queue)
}

/// Refuses a value outside 0 to `most`.
pub(super) fn within(name: &str, value: Option<i64>, most: i64) -> Result<(), Failure> {
    match value {
        Some(value) if !(0..=most).contains(&value) => {
            Err(Failure::parameter(name, value, &format!("Must be between 0 and {most}, if provided.")))
        }
        _ => Ok(()),
    }
}

/// Checks the ids of a batch: one to ten, well formed, distinct.
pub(super) fn check_batch<'a>(entry: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let ids: Vec<&str> = ids.collect();
    if ids.is_empty() {
        let message = format!("There should be at least one {entry} in the request.");
        return Err(Failure::new(Kind::EmptyBatchRequest, message));
    }
    if ids.len() > 10 {
        let message = format!("Maximum number of entries per request are 10. You have sent {}.", ids.len());
        return Err(Failure::new(Kind::TooManyEntriesInBatchRequest, message));
    }
    let mut seen = BTreeSet::new();
    for id in ids {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !(1..=80).contains(&id.len()) || !id.chars().all(plain) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                           It can be at most 80 letters long.";
            return Err(Failure::new(Kind::InvalidBatchEntryId, message));
        }
        if !seen.insert(id) {
            return Err(Failure::new(Kind::BatchEntryIdsNotDistinct, format!("Id {id} repeated.")));
        }
    }
    Ok(())
}
