//! What a customer gets back of a booking that does not take place: data that a provider sets, and one pure function.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::availability::bounded::bounded;
use crate::money::{Money, MoneyError, Price};

bounded! {
    /// A share of a price, in whole percent.
    Percent(0..=100) usual 50;
    /// How long before the start of a booking, in minutes; up to 30 days.
    LeadMinutes(0..=43_200) usual 1_440;
    /// How long after it was made a booking is called off for nothing, in minutes; up to a day.
    GraceMinutes(0..=1_440) usual 30;
}

/// Most tiers that a policy has.
pub(super) const MAX_TIERS: usize = 5;

/// Up to a time before the start, so much is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "before_minutes": 1440, "refund_percent": 100 }))]
pub struct Tier {
    /// The last moment, as minutes before the start.
    pub before_minutes: LeadMinutes,
    /// What is given back until then.
    pub refund_percent: Percent,
}

/// Why tiers make no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    /// More than [`MAX_TIERS`].
    #[error("must have at most {MAX_TIERS} tiers")]
    TooMany,
    /// Not from early and much to late and little.
    #[error("each tier must end later and give back less than the one before it")]
    Unordered,
}

/// The rules of a service for what is given back. What no tier covers gives nothing back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, try_from = "Draft")]
#[schema(example = json!({
    "grace_minutes": 30,
    "tiers": [{ "before_minutes": 1440, "refund_percent": 100 }, { "before_minutes": 120, "refund_percent": 50 }],
    "no_show_refund_percent": 0,
}))]
pub struct CancellationPolicy {
    /// How long after it was made a booking is called off for nothing, if it has not begun.
    #[schema(default = 0)]
    grace_minutes: GraceMinutes,
    /// At most five; each ends later and gives back less than the one before it.
    #[schema(max_items = 5)]
    tiers: Vec<Tier>,
    /// What is given back to a customer who did not come.
    #[schema(default = 0)]
    no_show_refund_percent: Percent,
}

/// A policy as written, before its tiers are looked at together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    #[serde(default = "no_grace")]
    grace_minutes: GraceMinutes,
    tiers: Vec<Tier>,
    #[serde(default = "nothing")]
    no_show_refund_percent: Percent,
}

const fn no_grace() -> GraceMinutes {
    GraceMinutes::MIN
}

const fn nothing() -> Percent {
    Percent::MIN
}

impl TryFrom<Draft> for CancellationPolicy {
    type Error = InvalidPolicy;

    fn try_from(draft: Draft) -> Result<Self, InvalidPolicy> {
        let Draft { grace_minutes, tiers, no_show_refund_percent } = draft;
        Self::new(grace_minutes, tiers, no_show_refund_percent)
    }
}

impl Default for CancellationPolicy {
    /// All is given back until the start, and nothing to whoever does not come.
    fn default() -> Self {
        let tier = Tier { before_minutes: LeadMinutes::MIN, refund_percent: Percent::MAX };
        Self { grace_minutes: no_grace(), tiers: vec![tier], no_show_refund_percent: nothing() }
    }
}

/// Why so much is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "in_time")]
pub enum RefundReason {
    /// It was asked for and never agreed.
    NotAgreed,
    /// The provider called it off.
    ByProvider,
    /// Staff called it off.
    ByStaff,
    /// The customer called it off soon after making it.
    Grace,
    /// The customer called it off within a tier.
    InTime,
    /// The customer called it off too late for any tier.
    Late,
    /// The customer called it off after moving it when so much was given back.
    Moved,
    /// The customer did not come.
    NoShow,
}

/// What a customer gets back, and what the provider keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({
    "percent": 50,
    "amount": { "amount": 3250, "currency": "eur" },
    "kept": { "amount": 3250, "currency": "eur" },
    "reason": "in_time",
}))]
pub struct Refund {
    /// The share.
    pub percent: Percent,
    /// What is given back: the share of the price, rounded up to the minor unit.
    pub amount: Money,
    /// The rest of the price; both are the price.
    pub kept: Money,
    /// Why.
    pub reason: RefundReason,
}

impl Refund {
    /// A share of a price.
    #[must_use]
    pub fn of(price: Price, percent: Percent, reason: RefundReason) -> Self {
        // The rest is rounded down, so that a broken minor unit goes to the customer.
        let price = price.money();
        let kept = price.share(u32::from(Percent::MAX.get() - percent.get()) * 100);
        let parts = kept.and_then(|kept| Ok::<_, MoneyError>((kept, price.checked_sub(kept)?)));
        // A share of at most a whole price is no more than the price, and of its currency.
        let (kept, amount) = parts.unwrap_or((Money::new(0, price.currency), price));
        Self { percent, amount, kept, reason }
    }
}

/// What a customer who calls off at a time gets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How much.
    pub percent: Percent,
    /// Why.
    pub reason: RefundReason,
    /// The first moment at which it is less; none where it stays until the start.
    pub until: Option<Timestamp>,
}

impl CancellationPolicy {
    /// A policy of tiers in their order.
    pub fn new(
        grace_minutes: GraceMinutes,
        tiers: Vec<Tier>,
        no_show_refund_percent: Percent,
    ) -> Result<Self, InvalidPolicy> {
        if tiers.len() > MAX_TIERS {
            return Err(InvalidPolicy::TooMany);
        }
        let falls = |pair: &[Tier]| {
            pair[0].before_minutes > pair[1].before_minutes && pair[0].refund_percent > pair[1].refund_percent
        };
        if !tiers.windows(2).all(falls) {
            return Err(InvalidPolicy::Unordered);
        }
        Ok(Self { grace_minutes, tiers, no_show_refund_percent })
    }

    /// What is given back to a customer who does not come.
    #[must_use]
    pub const fn no_show(&self) -> Percent {
        self.no_show_refund_percent
    }

    /// What a customer gets back who calls off at `now` what was made at `made_at` and starts at `starts_at`. A tier
    /// and the grace include their last moment.
    #[must_use]
    pub fn share(&self, made_at: Timestamp, starts_at: Timestamp, now: Timestamp) -> Share {
        let minutes = |count: u16| SignedDuration::from_mins(count.into());
        let after = |moment: Timestamp| moment.saturating_add(SignedDuration::from_nanos(1)).ok();
        let open = self.tiers.iter().find_map(|tier| {
            let last = starts_at.checked_sub(minutes(tier.before_minutes.get())).ok()?;
            (now <= last).then_some((tier.refund_percent, last))
        });
        let grace = made_at.saturating_add(minutes(self.grace_minutes.get())).unwrap_or(Timestamp::MAX);
        let in_grace = self.grace_minutes > GraceMinutes::MIN && now <= grace;
        match open {
            Some((percent, last)) if !in_grace || percent == Percent::MAX => {
                let last = if in_grace { last.max(grace) } else { last };
                let until = after(last).filter(|until| *until < starts_at);
                Share { percent, reason: RefundReason::InTime, until }
            }
            _ if in_grace => {
                let until = after(grace).filter(|until| *until < starts_at);
                Share { percent: Percent::MAX, reason: RefundReason::Grace, until }
            }
            _ => Share { percent: Percent::MIN, reason: RefundReason::Late, until: None },
        }
    }
}

#[cfg(test)]
mod tests;
