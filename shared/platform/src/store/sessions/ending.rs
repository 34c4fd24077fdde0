//! The end of one session, by itself or with the beginning of the one that takes its place.

use banister_domain::account::Account;
use banister_domain::event::Payload;
use banister_domain::id::{SessionId, UserId};
use jiff::Timestamp;

use crate::store::{AuditEntry, AuditRecord, OutboxRecord, Proof};
use crate::table::{StorageError, Transaction, Versioned};

/// A session that is to end, and why.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub session_id: SessionId,
    /// Why, for the audit log.
    pub why: AuditEntry,
}

impl Ending {
    /// What is written when it ends, besides the end itself: the audit line that says why, and the event that closes
    /// what it opened; where an old token came back, the one that tells the owner.
    pub(super) fn note<M>(
        self,
        transaction: &mut Transaction<M>,
        address: &str,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let Self { user_id, session_id, why } = self;
        let ended = Payload::SessionsEnded { user_id, session_id: Some(session_id) };
        transaction
            .put_over(&AuditRecord::new(why, Some(user_id), address.to_owned(), now))
            .put_over(&OutboxRecord::new(ended, now)?);
        if why == AuditEntry::RefreshTokenReused {
            let reused = Payload::RefreshTokenReused { user_id, session_id };
            transaction.put_over(&OutboxRecord::new(reused, now)?);
        }
        Ok(())
    }
}

/// How somebody proved who they are, and what they leave.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The account, as it was read.
    pub account: &'a Versioned<Account>,
    /// The code of its second factor, where it has one.
    pub proof: Option<&'a Proof>,
    /// The session that the client still has.
    pub replaces: Option<Ending>,
}

impl<'a> SignIn<'a> {
    /// To an account without a second factor, by a client that has no session.
    #[must_use]
    pub const fn to(account: &'a Versioned<Account>) -> Self {
        Self { account, proof: None, replaces: None }
    }
}
