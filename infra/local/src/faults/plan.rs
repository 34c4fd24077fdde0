//! Random faults: how often each strikes, and the seed that decides when.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FaultKind, Service, Verdict};

/// Which calls are hit, how often, by which seed. Default: every role and operation, and no fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// The same seed gives the same faults to the same calls.
    pub seed: u64,
    /// The roles that are hit; empty means all.
    pub roles: BTreeSet<String>,
    /// The operations that are hit, by API name; empty means all.
    pub operations: BTreeSet<String>,
    /// How often.
    pub rates: Rates,
}

/// Chances per call, in per mille (0 to 1000). Those that apply to an operation should add up to at most 1000:
/// beyond that the later fields get what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// A transaction or single write meets another transaction (DynamoDB).
    pub conflict: u16,
    /// Too many requests.
    pub throttle: u16,
    /// The connection breaks before the call is executed.
    pub lost_before: u16,
    /// The connection breaks after the call was executed.
    pub lost_after: u16,
    /// The call waits up to `delay_millis` first.
    pub delay: u16,
    /// Upper bound of a delay.
    pub delay_millis: u64,
    /// A message is delivered twice (SQS).
    pub duplicate: u16,
    /// A message is delivered up to `late_millis` later (SQS).
    pub late: u16,
    /// Upper bound of a late delivery.
    pub late_millis: u64,
    /// An index query does not see the last item writes (DynamoDB); independent of the others.
    pub stale_index: u16,
    /// By how many item writes a stale index lags at most, from 1; a transaction counts one for each item.
    pub stale_depth: u16,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            conflict: 0,
            throttle: 0,
            lost_before: 0,
            lost_after: 0,
            delay: 0,
            delay_millis: 20,
            duplicate: 0,
            late: 0,
            late_millis: 50,
            stale_index: 0,
            stale_depth: 3,
        }
    }
}

impl Plan {
    /// What becomes of the `call`-th call of `role`.
    pub(super) fn decide(&self, service: Service, role: &str, operation: &str, call: u64) -> Verdict {
        if !self.hits(role, operation) {
            return Verdict::Pass;
        }
        let rates = &self.rates;
        let mut draw = Draw::new(self.seed, role, call);
        let conflict = if conflicts(service, operation) { rates.conflict } else { 0 };
        let sent = service == Service::Sqs && operation.starts_with("SendMessage");
        let (duplicate, late) = if sent { (rates.duplicate, rates.late) } else { (0, 0) };
        let chances = [
            (conflict, Verdict::Refuse(FaultKind::Conflict)),
            (rates.throttle, Verdict::Refuse(FaultKind::Throttle)),
            (rates.lost_before, Verdict::Refuse(FaultKind::Lost)),
            (rates.lost_after, Verdict::LoseAnswer),
            (rates.delay, Verdict::Delay(Duration::from_millis(draw.up_to(rates.delay_millis)))),
            (duplicate, Verdict::Duplicate),
            (late, Verdict::Late(Duration::from_millis(draw.up_to(rates.late_millis)))),
        ];
        let mut left = draw.up_to(999);
        for (rate, verdict) in chances {
            let Some(rest) = left.checked_sub(u64::from(rate)) else { return verdict };
            left = rest;
        }
        Verdict::Pass
    }

    /// By how many item writes the index read that is the `call`-th call of `role` lags, if it does.
    pub(super) fn stale_index(&self, role: &str, call: u64) -> Option<usize> {
        let mut draw = Draw::new(!self.seed, role, call);
        let stale = self.hits(role, "Query") && draw.up_to(999) < u64::from(self.rates.stale_index);
        let deepest = u64::from(self.rates.stale_depth.max(1));
        stale.then(|| usize::try_from(draw.up_to(deepest - 1) + 1).unwrap_or(usize::MAX))
    }

    fn hits(&self, role: &str, operation: &str) -> bool {
        let within = |set: &BTreeSet<String>, name: &str| set.is_empty() || set.contains(name);
        within(&self.roles, role) && within(&self.operations, operation)
    }
}

/// The operations that real DynamoDB refuses while another transaction holds an item, see
/// "Transaction conflict handling" in the Amazon DynamoDB Developer Guide.
fn conflicts(service: Service, operation: &str) -> bool {
    let known = ["TransactWriteItems", "TransactGetItems", "PutItem", "UpdateItem", "DeleteItem"];
    service == Service::DynamoDb && known.contains(&operation)
}

/// `SplitMix64` (Steele, Lea, Flood 2014), started from the seed, the role and the call's number.
struct Draw(u64);

impl Draw {
    fn new(seed: u64, role: &str, call: u64) -> Self {
        // FNV-1a, 64 bits: equal on every machine and release, unlike the standard library's hasher.
        let role = role.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(mix(seed ^ mix(role ^ mix(call))))
    }

    /// Evenly from 0 to `most`, inclusive.
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let drawn = mix(self.0);
        most.checked_add(1).map_or(drawn, |range| drawn % range)
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
