//! `ReceiveMessage`: one look at the queue. The long poll around it is in `server`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{self, queue_name};
use super::content::{self, Attributes};
use super::failure::{Failure, Kind};
use super::state::{Handle, Message, State, arn, mix};

/// Most messages that one queue has in flight, see "Amazon SQS standard queue quotas".
pub(super) const MAX_IN_FLIGHT: usize = 120_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ask {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
}

/// A checked request.
pub(super) struct Receive {
    pub(super) queue: String,
    /// How long the poll may last; the queue's own setting when absent.
    pub(super) wait_seconds: Option<i64>,
    most: usize,
    visibility_timeout: Option<i64>,
    system_names: Vec<String>,
    names: Vec<String>,
}

/// How the fault layer wants this receive.
#[derive(Clone, Copy, Default)]
pub(super) struct Delivery {
    /// The messages stay visible, so the next receive has them again.
    pub(super) duplicate: bool,
    /// Pick among the visible messages by this seed; in order of arrival when absent.
    pub(super) shuffle: Option<u64>,
}

/// What one look brought.
#[derive(Default)]
pub(super) struct Received {
    pub(super) messages: Vec<Value>,
    /// How many messages went to the dead-letter queue instead.
    pub(super) dead_lettered: usize,
}

impl Receive {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let ask: Ask = call::parse(body)?;
        let most = ask.max_number_of_messages.unwrap_or(1);
        let most = usize::try_from(most).ok().filter(|most| (1..=10).contains(most)).ok_or_else(|| {
            Failure::parameter("MaxNumberOfMessages", most, "Must be between 1 and 10, if provided.")
        })?;
        call::within("WaitTimeSeconds", ask.wait_time_seconds, 20)?;
        call::within("VisibilityTimeout", ask.visibility_timeout, 43_200)?;
        Ok(Self {
            queue: queue_name(&ask.queue_url)?.to_owned(),
            wait_seconds: ask.wait_time_seconds,
            most,
            visibility_timeout: ask.visibility_timeout,
            system_names: [ask.attribute_names, ask.message_system_attribute_names].concat(),
            names: ask.message_attribute_names,
        })
    }

    /// Takes what is visible at `now`, at most as many as asked for. A message that was received as often as
    /// the redrive policy allows goes to the dead-letter queue instead.
    pub(super) fn take(&self, state: &mut State, now: i64, delivery: Delivery) -> Result<Received, Failure> {
        let queue = state.queue(&self.queue)?;
        let (redrive, timeout) = (queue.settings.redrive.clone(), queue.settings.visibility_timeout);
        if queue.depth(now).in_flight >= MAX_IN_FLIGHT {
            let message = format!("The queue has {MAX_IN_FLIGHT} messages in flight, which is the most.");
            return Err(Failure::new(Kind::OverLimit, message));
        }
        let hidden_until = now + self.visibility_timeout.unwrap_or(timeout) * 1000;
        let mut received = Received::default();
        for place in self.visible(state, now, delivery)? {
            if received.messages.len() == self.most {
                break;
            }
            let receipt = state.next();
            let queue = state.queue_mut(&self.queue)?;
            let Some(message) = queue.messages.get_mut(&place) else { continue };
            if let Some(redrive) = redrive.as_ref().filter(|redrive| message.receives >= redrive.max_receives)
            {
                let dead = Message {
                    visible_at: now,
                    receipt: None,
                    source: Some(self.queue.clone()),
                    ..message.clone()
                };
                queue.messages.remove(&place);
                state.enqueue(&redrive.target, dead);
                received.dead_lettered += 1;
                continue;
            }
            message.receives += 1;
            message.receipt = Some(receipt);
            message.first_received_at.get_or_insert(now);
            message.visible_at = if delivery.duplicate { now } else { hidden_until };
            received.messages.push(self.view(message, &Handle { place, receipt }));
        }
        Ok(received)
    }

    fn visible(&self, state: &State, now: i64, delivery: Delivery) -> Result<Vec<u64>, Failure> {
        let messages = state.queue(&self.queue)?.messages.iter();
        let mut places: Vec<u64> =
            messages.filter(|(_, message)| message.visible_at <= now).map(|(place, _)| *place).collect();
        if let Some(seed) = delivery.shuffle {
            places.sort_by_key(|place| mix(seed ^ mix(*place)));
        }
        Ok(places)
    }

    fn view(&self, message: &Message, handle: &Handle) -> Value {
        let mut view = Map::new();
        view.insert("MessageId".to_owned(), json!(message.id));
        view.insert("ReceiptHandle".to_owned(), json!(handle.encode(&self.queue)));
        view.insert("MD5OfBody".to_owned(), json!(content::body_digest(&message.body)));
        view.insert("Body".to_owned(), json!(message.body));
        let system = self.system(message);
        if !system.is_empty() {
            view.insert("Attributes".to_owned(), Value::Object(system));
        }
        let wanted = |(name, _): &(&String, _)| self.names.iter().any(|pattern| matches(pattern, name));
        let attributes: Attributes = message
            .attributes
            .iter()
            .filter(wanted)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if let Some(digest) = content::attributes_digest(&attributes) {
            view.insert("MD5OfMessageAttributes".to_owned(), json!(digest));
            view.insert("MessageAttributes".to_owned(), json!(attributes));
        }
        Value::Object(view)
    }

    fn system(&self, message: &Message) -> Map<String, Value> {
        let all = self.system_names.iter().any(|name| name == "All");
        let mut known = vec![
            ("SenderId", super::ACCOUNT.to_owned()),
            ("SentTimestamp", message.sent_at.to_string()),
            ("ApproximateReceiveCount", message.receives.to_string()),
            ("ApproximateFirstReceiveTimestamp", message.first_received_at.unwrap_or_default().to_string()),
        ];
        known.extend(message.source.as_ref().map(|source| ("DeadLetterQueueSourceArn", arn(source))));
        known.extend(message.system.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let wanted = |name: &str| all || self.system_names.iter().any(|wanted| wanted == name);
        known.retain(|(name, _)| wanted(name));
        known.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
    }
}

/// `All`, `.*`, a prefix such as `order.*`, or a whole name.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(".*") {
        _ if pattern == "All" => true,
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}
