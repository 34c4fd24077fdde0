//! What goes wrong, and how often.

use std::collections::BTreeMap;

use crate::dice::Dice;

/// One kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Another transaction was at work on an item.
    Conflict,
    /// The table is too busy, or fails inside; nothing was done.
    Throttle,
    /// The call was lost on its way.
    LostBefore,
    /// It took effect, and the answer was lost.
    LostAfter,
    /// The answers to all attempts of one operation are lost, whether it took effect or not.
    Severed,
    /// The call never reached the table, and nothing says so.
    HangBefore,
    /// It took effect, and nothing comes back.
    HangAfter,
    /// A part only of what was asked for was read.
    Partial,
    /// A client ended in the middle of a request.
    Crash,
    /// A request was delivered more than once.
    Duplicate,
    /// A call reached the table after its sender had given up.
    Late,
    /// A clock jumped.
    ClockJump,
    /// The table deleted what had expired long before.
    TimeToLive,
}

impl Fault {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conflict => "conflicts",
            Self::Throttle => "throttled or failed inside",
            Self::LostBefore => "lost before they took effect",
            Self::LostAfter => "lost after they took effect",
            Self::Severed => "lost with every attempt",
            Self::HangBefore => "hanging before they took effect",
            Self::HangAfter => "hanging after they took effect",
            Self::Partial => "read in parts",
            Self::Crash => "crashes of a client",
            Self::Duplicate => "requests delivered again",
            Self::Late => "given up while under way",
            Self::ClockJump => "clock jumps",
            Self::TimeToLive => "items deleted by TTL",
        }
    }
}

/// How much of what went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Injected(pub BTreeMap<Fault, u64>);

impl Injected {
    pub(crate) fn count(&mut self, fault: Fault) {
        *self.0.entry(fault).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (fault, count) in &other.0 {
            *self.0.entry(*fault).or_default() += count;
        }
    }
}

/// How often calls go wrong, in thousandths.
#[derive(Debug, Clone)]
pub struct Rates {
    faults: Vec<(Fault, usize)>,
}

impl Rates {
    /// Much goes wrong.
    #[must_use]
    pub fn stormy() -> Self {
        Self {
            faults: vec![
                (Fault::Conflict, 30),
                (Fault::Throttle, 10),
                (Fault::LostBefore, 8),
                (Fault::LostAfter, 15),
                (Fault::Severed, 12),
                (Fault::HangBefore, 3),
                (Fault::HangAfter, 4),
                (Fault::Partial, 60),
            ],
        }
    }

    /// Nothing goes wrong.
    #[must_use]
    pub const fn calm() -> Self {
        Self { faults: Vec::new() }
    }

    /// Whether nothing goes wrong.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.faults.is_empty()
    }

    /// What happens to one call, which writes or reads many items.
    pub(crate) fn draw(&self, dice: &mut Dice, writes: bool, many: bool) -> Option<Fault> {
        let throw = dice.below(1_000);
        let mut end = 0;
        let drawn = self.faults.iter().find(|(_, rate)| {
            end += rate;
            throw < end
        });
        drawn.map(|(fault, _)| *fault).filter(|fault| match fault {
            Fault::Conflict | Fault::Severed => writes,
            Fault::Partial => many,
            _ => true,
        })
    }
}
