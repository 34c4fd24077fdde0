//! `SendMessage` and `SendMessageBatch`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{self, Call, check_batch, queue_name};
use super::content::{self, Attribute, Attributes};
use super::failure::{Failure, Kind};
use super::state::{Message, State};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Send {
    #[serde(default)]
    queue_url: String,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendBatch {
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
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: Attributes,
    #[serde(default)]
    message_system_attributes: Attributes,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

/// One message.
pub(super) fn send_message(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: Send = call::parse(call.body)?;
    let queue = queue_name(&ask.queue_url)?;
    Ok(Value::Object(send(state, queue, ask.entry, call)?))
}

/// Up to ten messages of together at most 1 MiB; each succeeds or fails alone.
pub(super) fn send_message_batch(state: &mut State, call: &Call<'_>) -> Result<Value, Failure> {
    let ask: SendBatch = call::parse(call.body)?;
    let queue = queue_name(&ask.queue_url)?;
    state.queue(queue)?;
    check_batch("SendMessageBatchRequestEntry", ask.entries.iter().map(|entry| entry.id.as_str()))?;
    let bytes =
        ask.entries.iter().map(|it| content::size(&it.message_body, &it.message_attributes)).sum::<usize>();
    if i64::try_from(bytes).unwrap_or(i64::MAX) > super::MAX_BYTES {
        let most = super::MAX_BYTES;
        let message =
            format!("Batch requests cannot be longer than {most} bytes. You have sent {bytes} bytes.");
        return Err(Failure::new(Kind::BatchRequestTooLong, message));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in ask.entries {
        let id = entry.id.clone();
        match send(state, queue, entry, call) {
            Ok(mut sent) => {
                sent.insert("Id".to_owned(), Value::String(id));
                successful.push(Value::Object(sent));
            }
            Err(failure) => failed.push(failure.entry(&id)),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn send(
    state: &mut State,
    queue: &str,
    entry: Entry,
    call: &Call<'_>,
) -> Result<Map<String, Value>, Failure> {
    let settings = &state.queue(queue)?.settings;
    let limit = usize::try_from(settings.size_limit).unwrap_or_default();
    content::check(&entry.message_body, &entry.message_attributes, limit)?;
    let delay = entry.delay_seconds.unwrap_or(settings.delay);
    if !(0..=900).contains(&delay) {
        return Err(Failure::parameter("DelaySeconds", delay, "DelaySeconds must be >= 0 and <= 900."));
    }
    if let Some(id) = &entry.message_deduplication_id {
        let reason = "The request includes a parameter that is not valid for this queue type.";
        return Err(Failure::parameter("MessageDeduplicationId", id, reason));
    }
    let system = system_attributes(&entry)?;
    let message = Message {
        id: state.message_id(),
        body: entry.message_body,
        attributes: entry.message_attributes,
        system,
        sent_at: call.now,
        first_received_at: None,
        receives: 0,
        visible_at: call.now + delay * 1000 + call.late_millis,
        receipt: None,
        source: None,
    };
    let answer = answer(&message, &entry.message_system_attributes);
    if call.duplicate {
        state.enqueue(queue, message.clone());
    }
    state.enqueue(queue, message);
    Ok(answer)
}

fn system_attributes(entry: &Entry) -> Result<BTreeMap<String, String>, Failure> {
    let mut system = BTreeMap::new();
    for (name, attribute) in &entry.message_system_attributes {
        let (true, Some(text)) = (name == "AWSTraceHeader", attribute.text()) else {
            let reason = "Only AWSTraceHeader, of type String, can be sent.";
            return Err(Failure::parameter("MessageSystemAttributes", name, reason));
        };
        system.insert(name.clone(), text.to_owned());
    }
    if let Some(group) = &entry.message_group_id {
        system.insert("MessageGroupId".to_owned(), group.clone());
    }
    Ok(system)
}

fn answer(message: &Message, system: &BTreeMap<String, Attribute>) -> Map<String, Value> {
    let mut answer = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            answer.insert(name.to_owned(), Value::String(value));
        }
    };
    put("MessageId", Some(message.id.clone()));
    put("MD5OfMessageBody", Some(content::body_digest(&message.body)));
    put("MD5OfMessageAttributes", content::attributes_digest(&message.attributes));
    put("MD5OfMessageSystemAttributes", content::attributes_digest(system));
    answer
}
