//! What staff do to many accounts at once: the operation, the accounts, and what became of each.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::Permission;
use crate::account::Role;
use crate::id::UserId;
use crate::text::Reason;

/// How many accounts may be named in one request.
pub const MOST_NAMED: usize = 1_000;

/// How many accounts are seen to while the caller waits; more are a job.
pub const MOST_AT_ONCE: usize = 100;

/// How many accounts a piece of a job sees to.
pub const PIECE: usize = 25;

/// What staff do to an account, one or many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum UserAct {
    /// Switches it off.
    Disable {
        /// Why.
        reason: Reason,
    },
    /// Switches it on again.
    Enable {
        /// Why.
        reason: Reason,
    },
    /// Gives it another role of staff.
    SetRole {
        /// Which.
        role: Role,
    },
    /// Ends its sessions.
    EndSessions,
}

/// The name of a [`UserAct`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "disable")]
pub enum BulkOperation {
    /// As `POST /v1/admin/users/{id}/disable`.
    Disable,
    /// As `POST /v1/admin/users/{id}/enable`.
    Enable,
    /// As `PUT /v1/admin/users/{id}/role`.
    SetRole,
    /// As `DELETE /v1/admin/users/{id}/sessions`.
    EndSessions,
}

impl UserAct {
    /// Its name.
    #[must_use]
    pub const fn operation(&self) -> BulkOperation {
        match self {
            Self::Disable { .. } => BulkOperation::Disable,
            Self::Enable { .. } => BulkOperation::Enable,
            Self::SetRole { .. } => BulkOperation::SetRole,
            Self::EndSessions => BulkOperation::EndSessions,
        }
    }

    /// The permissions that it takes to do it to many, whoever those are.
    #[must_use]
    pub const fn needs(&self) -> &'static [Permission] {
        match self {
            Self::SetRole { .. } => &[Permission::UserManagement, Permission::AdminManagement],
            Self::Disable { .. } | Self::Enable { .. } | Self::EndSessions => &[Permission::UserManagement],
        }
    }
}

/// Why a list of accounts is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUserIds {
    /// None, or too many.
    #[error("must be 1 to 1000 ids")]
    Number,
    /// One is there twice.
    #[error("must not name an account twice")]
    Repeated,
}

/// The ids of 1 to 1,000 accounts, each once, in the order they were named in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<UserId>", into = "Vec<UserId>")]
pub struct UserIds(Vec<UserId>);

impl UserIds {
    /// The ids.
    #[must_use]
    pub fn as_slice(&self) -> &[UserId] {
        &self.0
    }
}

impl TryFrom<Vec<UserId>> for UserIds {
    type Error = InvalidUserIds;

    fn try_from(ids: Vec<UserId>) -> Result<Self, InvalidUserIds> {
        if !(1..=MOST_NAMED).contains(&ids.len()) {
            return Err(InvalidUserIds::Number);
        }
        let different: BTreeSet<_> = ids.iter().collect();
        if different.len() == ids.len() { Ok(Self(ids)) } else { Err(InvalidUserIds::Repeated) }
    }
}
impl From<UserIds> for Vec<UserId> {
    fn from(ids: UserIds) -> Self {
        ids.0
    }
}

/// What became of an account, or would, where nothing is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BulkOutcome, example = "changed")]
pub enum Outcome {
    /// It is what it should be, and was not before.
    Changed,
    /// It was that already, or is not among those that the filter finds any more.
    Unchanged,
    /// It stays as it was; a problem's code says why.
    Refused,
}

/// How many accounts came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = BulkCounts, example = json!({ "changed": 2, "unchanged": 0, "refused": 1 }))]
pub struct Counts {
    /// Changed.
    pub changed: u64,
    /// Left as they were, since they were that already.
    pub unchanged: u64,
    /// Refused.
    pub refused: u64,
}

impl Counts {
    /// With one more.
    #[must_use]
    pub const fn and(self, outcome: Outcome) -> Self {
        let Self { changed, unchanged, refused } = self;
        match outcome {
            Outcome::Changed => Self { changed: changed.saturating_add(1), ..self },
            Outcome::Unchanged => Self { unchanged: unchanged.saturating_add(1), ..self },
            Outcome::Refused => Self { refused: refused.saturating_add(1), ..self },
        }
    }
}

/// A job on many accounts, and how far it has come. What is done to whom lies beside it until it is over:
/// words of staff and what accounts are looked for by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkUsers {
    /// What is done.
    pub operation: BulkOperation,
    /// Whether it is only told what would be done.
    pub dry_run: bool,
    /// The accounts that the next piece sees to: written down before anything is done to them, so that a piece
    /// that is done again is the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub page: Vec<UserId>,
    /// Where to look for those after them; at the beginning where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Whether there are none after them.
    #[serde(default)]
    pub found_all: bool,
    /// Whether the search ended early: whoever asked for it may not do it any more.
    #[serde(default)]
    pub cut_short: bool,
    /// What became of those before them.
    pub counts: Counts,
}

/// The accounts that a piece found for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NextPage {
    /// Which; there may be none although there are more.
    pub users: Vec<UserId>,
    /// Where to go on; none where there are no more.
    pub after: Option<String>,
    /// Whether the search was ended before its end.
    pub cut_short: bool,
}

impl BulkUsers {
    /// From the beginning.
    #[must_use]
    pub fn new(operation: BulkOperation, dry_run: bool) -> Self {
        let (found_all, cut_short, counts) = (false, false, Counts::default());
        Self { operation, dry_run, page: Vec::new(), after: None, found_all, cut_short, counts }
    }

    /// Whether there is nobody left to see to or to look for.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.page.is_empty() && self.found_all
    }

    /// After a piece, in which the accounts of the page came to these outcomes and others were found.
    #[must_use]
    pub fn after(self, outcomes: impl IntoIterator<Item = Outcome>, next: NextPage) -> Self {
        let counts = outcomes.into_iter().fold(self.counts, Counts::and);
        let NextPage { users, after, cut_short } = next;
        let cut_short = self.cut_short || cut_short;
        Self { page: users, found_all: after.is_none(), after, cut_short, counts, ..self }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::Id;

    fn ids(count: u32) -> Vec<UserId> {
        (0..count).map(|n| Id::from_parts(1, n.into())).collect()
    }

    #[test]
    fn accounts_are_named_once_and_not_too_many() {
        for (count, good) in [(0, false), (1, true), (1_000, true), (1_001, false)] {
            assert_eq!(UserIds::try_from(ids(count)).is_ok(), good, "{count}");
        }
        let twice = [ids(3), ids(1)].concat();
        assert_eq!(UserIds::try_from(twice), Err(InvalidUserIds::Repeated));
    }

    #[test]
    fn an_act_reads_back_and_says_what_it_takes() {
        let act = json!({ "operation": "set_role", "role": "accountant" });
        let read: UserAct = serde_json::from_value(act.clone()).unwrap();
        assert_eq!(
            (read.operation(), read.needs()),
            (BulkOperation::SetRole, [Permission::UserManagement, Permission::AdminManagement].as_slice())
        );
        assert_eq!(serde_json::to_value(&read).unwrap(), act);
        assert_eq!(UserAct::EndSessions.needs(), [Permission::UserManagement]);
        // No such act without what it takes.
        for wrong in [json!({ "operation": "disable" }), json!({ "operation": "set_role" })] {
            assert!(serde_json::from_value::<UserAct>(wrong).is_err());
        }
    }

    #[test]
    fn a_piece_counts_its_page_and_is_over_when_nobody_is_left() {
        use Outcome::{Changed, Refused, Unchanged};
        let begun = BulkUsers::new(BulkOperation::Disable, false);
        assert!(!begun.is_over(), "nobody was looked for");
        let next = NextPage { users: ids(2), after: Some("2".into()), cut_short: false };
        let running = begun.after([], next);
        assert!(!running.is_over() && running.page.len() == 2 && !running.found_all);
        let last = running.after([Changed, Refused], NextPage { users: ids(1), ..NextPage::default() });
        assert!(last.found_all && !last.is_over(), "one is left to be seen to");
        let over = last.after([Unchanged], NextPage::default());
        assert_eq!(over.counts, Counts { changed: 1, unchanged: 1, refused: 1 });
        assert!(over.is_over() && !over.cut_short);
        let cut = over.after([], NextPage { cut_short: true, ..NextPage::default() });
        assert!(cut.after([], NextPage::default()).cut_short, "it stays so");
    }
}
