//! What a change of a booking leaves behind.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Actor, Booking, Reschedule, Status};
use crate::event::Payload;
use crate::id::UserId;
use crate::text::Reason;

/// One line of a booking's history: who changed what, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// 0 for the making, then one more for each change.
    pub revision: u32,
    /// When.
    pub at: Timestamp,
    /// In which capacity.
    pub actor: Actor,
    /// Who; nobody where time did it. Of staff, see [`Change::by`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<UserId>,
    /// The status before; none at the making.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Status>,
    /// The status after.
    pub to: Status,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What it says of a move, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reschedule: Option<Reschedule>,
}

impl HistoryEntry {
    /// Without the words of this user, one of the two sides, and those of staff, which may be about both.
    #[must_use]
    pub fn without_words_of(self, user: UserId) -> Self {
        let reason = self.reason.filter(|_| self.actor != Actor::Staff && self.actor_id != Some(user));
        Self { reason, ..self }
    }
}

/// What a change of a booking asks to be written, all in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The booking after the change.
    pub booking: Booking,
    /// The line for its history.
    pub history: HistoryEntry,
    /// What happens to its place in the calendar.
    pub place: PlaceChange,
    /// What others are told.
    pub payload: Payload,
}

impl Change {
    /// With the member of staff who made it in its history; the two sides made theirs themselves.
    #[must_use]
    pub fn by(mut self, staff: UserId) -> Self {
        if self.history.actor == Actor::Staff {
            self.history.actor_id = Some(staff);
        }
        self
    }
}

/// What a change does to the provider's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceChange {
    /// The place is kept for good.
    Settle,
    /// The place is free again.
    Release,
    /// The place stays as it is.
    Keep,
    /// The place is given for another one.
    Move,
}
