//! Queues and messages as kept in memory and in the file. No time-outs run here: the caller passes the time,
//! in milliseconds since the Unix epoch.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::content::Attributes;
use super::failure::{Failure, Kind};
use super::{ACCOUNT, Depth, REGION};

/// Everything: all queues and the counter from which ids come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    counter: u64,
    pub(super) queues: BTreeMap<String, Queue>,
}

/// One standard queue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Queue {
    pub(super) settings: Settings,
    /// By order of arrival; a dead-lettered or redriven message arrives anew.
    pub(super) messages: BTreeMap<u64, Message>,
    pub(super) created_at: i64,
    pub(super) modified_at: i64,
    pub(super) purged_at: Option<i64>,
}

/// What `SetQueueAttributes` sets. Times in seconds, sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    /// 0 to 43,200.
    pub(super) visibility_timeout: i64,
    /// 0 to 900.
    pub(super) delay: i64,
    /// 0 to 20.
    pub(super) wait: i64,
    /// 1,024 to 1,048,576.
    pub(super) size_limit: i64,
    /// 60 to 1,209,600. Kept and told only: the local clock is moved by months in one step, in which no
    /// worker had its turn, so nothing is dropped for its age.
    pub(super) retention: i64,
    pub(super) redrive: Option<Redrive>,
}

impl Default for Settings {
    fn default() -> Self {
        let (visibility_timeout, size_limit, retention) = (30, super::MAX_BYTES, 345_600);
        Self { visibility_timeout, delay: 0, wait: 0, size_limit, retention, redrive: None }
    }
}

/// Where a message goes that was received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Redrive {
    /// Name of the dead-letter queue.
    pub(super) target: String,
    /// 1 to 1,000 receives stay in the queue; the next one moves the message.
    pub(super) max_receives: u32,
}

/// One message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: Attributes,
    /// System attributes that the sender gave, such as `AWSTraceHeader`.
    pub(super) system: BTreeMap<String, String>,
    pub(super) sent_at: i64,
    pub(super) first_received_at: Option<i64>,
    pub(super) receives: u32,
    pub(super) visible_at: i64,
    /// The latest receive; only its handle settles the message.
    pub(super) receipt: Option<u64>,
    /// Name of the queue from which the message was dead-lettered.
    pub(super) source: Option<String>,
}

impl State {
    /// A number that was not given before, also not before a restart.
    pub(super) fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A message id in the form of a UUID (RFC 9562, version 8). Equal runs give equal ids.
    pub(super) fn message_id(&mut self) -> String {
        let n = self.next();
        let hex = format!("{:016x}{:016x}", mix(n), mix(!n));
        format!("{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    pub(super) fn queue(&self, name: &str) -> Result<&Queue, Failure> {
        self.queues.get(name).ok_or_else(Failure::no_queue)
    }

    pub(super) fn queue_mut(&mut self, name: &str) -> Result<&mut Queue, Failure> {
        self.queues.get_mut(name).ok_or_else(Failure::no_queue)
    }

    /// Puts `message` at the end of `queue`, which must exist; otherwise the message is dropped.
    pub(super) fn enqueue(&mut self, queue: &str, message: Message) {
        let place = self.next();
        if let Some(queue) = self.queues.get_mut(queue) {
            queue.messages.insert(place, message);
        }
    }
}

impl Queue {
    /// How many messages are in which state.
    pub(super) fn depth(&self, now: i64) -> Depth {
        self.messages.values().fold(Depth::default(), |mut depth, message| {
            match (message.visible_at <= now, message.receives) {
                (true, _) => depth.visible += 1,
                (false, 0) => depth.delayed += 1,
                (false, _) => depth.in_flight += 1,
            }
            depth
        })
    }

    /// When the next message becomes visible.
    pub(super) fn next_due(&self, now: i64) -> Option<i64> {
        self.messages.values().map(|message| message.visible_at).filter(|at| *at > now).min()
    }
}

/// What a receipt handle names. Handles are opaque to clients; here they are readable, for debugging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handle {
    pub(super) place: u64,
    pub(super) receipt: u64,
}

impl Handle {
    pub(super) fn encode(&self, queue: &str) -> String {
        STANDARD.encode(format!("{queue} {} {}", self.place, self.receipt))
    }

    /// Refuses what no receive of `queue` can have given.
    pub(super) fn decode(queue: &str, handle: &str) -> Result<Self, Failure> {
        let parse = || {
            let text = String::from_utf8(STANDARD.decode(handle).ok()?).ok()?;
            let (place, receipt) = text.strip_prefix(queue)?.strip_prefix(' ')?.split_once(' ')?;
            Some(Self { place: place.parse().ok()?, receipt: receipt.parse().ok()? })
        };
        let message = || format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        parse().ok_or_else(|| Failure::new(Kind::ReceiptHandleIsInvalid, message()))
    }
}

/// The ARN of a queue by name.
pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// The queue's name in an ARN of this account and region.
pub(super) fn name_in_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:aws:sqs:")?.split_once(':')?.1.strip_prefix(ACCOUNT)?.strip_prefix(':')
}

/// The finishing step of `SplitMix64` (Steele, Lea, Flood 2014): a bijection, so distinct stays distinct.
pub(super) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
