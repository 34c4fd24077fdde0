//! `StartMessageMoveTask`: messages of a dead-letter queue go back to where they came from, or elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Call};
use super::failure::{Failure, Kind};
use super::state::{Message, State, name_in_arn};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Start {
    #[serde(default)]
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<u32>,
}

/// Moves at once all that is visible. A message whose source is unknown stays; a moved one is a new message
/// with a new id, as SQS has it.
pub(super) fn start_message_move_task(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: Start = call::parse(call.body)?;
    if ask.source_arn.is_empty() {
        return Err(Failure::missing("SourceArn"));
    }
    let source = known(state, &ask.source_arn)?;
    let dead_letters = |queue: &super::state::Queue| {
        queue.settings.redrive.as_ref().is_some_and(|redrive| redrive.target == source)
    };
    if !state.queues.values().any(dead_letters) {
        let message = "Source queue must be configured as a Dead Letter Queue.";
        return Err(Failure::new(Kind::InvalidParameterValue, message));
    }
    if let Some(rate) = ask.max_number_of_messages_per_second.filter(|rate| !(1..=500).contains(rate)) {
        return Err(Failure::parameter("MaxNumberOfMessagesPerSecond", rate, "Must be between 1 and 500."));
    }
    let destination = ask.destination_arn.as_deref().map(|arn| known(state, arn)).transpose()?;
    move_all(state, &source, destination.as_deref(), call.now)?;
    let task = format!("{{\"taskId\":\"{}\",\"sourceArn\":\"{}\"}}", state.message_id(), ask.source_arn);
    Ok(json!({ "TaskHandle": STANDARD.encode(task) }))
}

fn move_all(state: &mut State, source: &str, destination: Option<&str>, now: i64) -> Result<(), Failure> {
    let messages = &state.queue(source)?.messages;
    let visible = messages.iter().filter(|(_, message)| message.visible_at <= now);
    let target = |message: &Message| destination.map(str::to_owned).or_else(|| message.source.clone());
    let moves: Vec<(u64, String)> =
        visible.filter_map(|(place, message)| Some((*place, target(message)?))).collect();
    for (place, target) in moves {
        if !state.queues.contains_key(&target) {
            continue;
        }
        let id = state.message_id();
        let Some(message) = state.queue_mut(source)?.messages.remove(&place) else { continue };
        let fresh = Message {
            id,
            sent_at: now,
            first_received_at: None,
            receives: 0,
            visible_at: now,
            receipt: None,
            source: None,
            ..message
        };
        state.enqueue(&target, fresh);
    }
    Ok(())
}

fn known(state: &State, arn: &str) -> Result<String, Failure> {
    let name = name_in_arn(arn).filter(|name| state.queues.contains_key(*name));
    let missing = || Failure::new(Kind::ResourceNotFound, "The resource that you specified doesn't exist.");
    name.map(str::to_owned).ok_or_else(missing)
}
