//! Changes that staff make to accounts.

use banister_domain::access::LastSuperAdmin;
use banister_domain::account::{Account, AccountStatus, Role};
use banister_domain::event::Payload;
use banister_domain::id::{RequestId, UserId};
use banister_domain::text::Reason;
use jiff::Timestamp;
use serde_json::json;

use super::super_admins::SuperAdminsRecord;
use super::{AccountRecord, Accounts};
use crate::limit;
use crate::store::second_factor::SecondFactorRecord;
use crate::store::{AuditEntry, AuditRecord, BulkResultRecord, Change, OutboxRecord};
use crate::table::{CommitError, StorageError, Transaction, Versioned, backoff, from_item, key};

/// Who changes an account, whence and when.
#[derive(Debug, Clone)]
pub struct Act {
    /// The member of staff; none where it is an operator's command.
    pub by: Option<UserId>,
    /// The address it came from, as a rate limit's subject has it.
    pub address: String,
    /// When.
    pub at: Timestamp,
}

impl Act {
    /// The audit line of having done this to an account.
    #[must_use]
    pub fn line(&self, entry: AuditEntry, user: UserId) -> AuditRecord {
        let line = AuditRecord::new(entry, Some(user), self.address.clone(), self.at);
        AuditRecord { actor_id: self.by, ..line }
    }
}

/// What an account becomes, and what the audit log says of it.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The account. With another epoch than before, its sessions are over, and what they opened is
    /// closed; with another role, its permissions are those that came with the role; without the second
    /// factor that it had, that is deleted and its owner told.
    pub account: Account,
    /// What was done.
    pub entry: AuditEntry,
    /// What was before and after, without secrets; what is personal only where erasing finds it ([`Change`]).
    pub change: Option<Change>,
}

impl Edit {
    /// Switched off at `now` for a reason; none where it is off.
    #[must_use]
    pub fn disabled(account: &Account, reason: &Reason, now: Timestamp) -> Option<Self> {
        let change = || Change::of(&json!({ "status": account.status }), &json!({ "reason": reason }));
        let off = || account.clone().disabled(reason.clone(), now);
        let edit = |account| Self { account, entry: AuditEntry::AccountDisabled, change: Some(change()) };
        (account.status == AccountStatus::Active).then(|| edit(off()))
    }

    /// Signed out and without its second factor, which its owner has lost; none where there is none.
    #[must_use]
    pub fn without_second_factor(account: &Account) -> Option<Self> {
        let off = || Account { second_factor: false, ..account.clone().signed_out() };
        let edit = |account| Self { account, entry: AuditEntry::SecondFactorOff, change: None };
        account.second_factor.then(|| edit(off()))
    }
}

/// Why an account was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError<E> {
    /// There is no such account.
    Missing,
    /// What is kept does not read as an account; of this role, as far as the index tells.
    Unreadable(Option<Role>),
    /// It may not become that.
    Refused(E),
    /// Its number is somebody else's.
    PhoneTaken,
    /// There would be no active super admin left.
    LastSuperAdmin,
    /// It is being erased, or was.
    Erased,
    /// The account was changed at the same time, again and again.
    Stale,
    /// What is told of it is written already: it was done before.
    Told,
}

/// What an account is after an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The account.
    pub account: Account,
    /// Whether the edit changed it.
    pub changed: bool,
}

/// What one act of many writes with the edit of an account.
#[derive(Debug, Clone)]
pub struct Beside {
    /// What is told of it, once.
    pub result: BulkResultRecord,
    /// The request that asked for it, where another one or none is under way.
    pub request_id: Option<RequestId>,
}

/// Why a prepared edit was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Something that it changes was changed since it was read.
    Stale,
    /// What is told of it is there already.
    Told,
}

impl Accounts {
    /// Lets the owner of an account try again at once what was tried too often. The audit line comes first:
    /// what is cut off after it is done again.
    pub async fn unlock(&self, account: &Account, act: &Act) -> Result<(), StorageError> {
        self.table.put(&act.line(AuditEntry::AccountUnlocked, account.id)).await?;
        SecondFactorRecord::forgive(&self.table, account.id).await?;
        limit::unlock(&self.table, &account.email, account.id, act.at).await
    }

    /// Makes of an account what `decide` says, with an audit line; nothing where it says `None`.
    /// Where somebody else changes the account meanwhile, it is decided anew. Answers what it is then.
    pub async fn edit<E>(
        &self,
        user: UserId,
        act: &Act,
        decide: impl Fn(&Account) -> Result<Option<Edit>, E>,
    ) -> Result<Account, CommitError<EditError<E>>> {
        self.edit_beside(user, act, decide, None).await.map(|edited| edited.account)
    }

    /// The same, with what is told of it written in the same transaction, where anything is changed.
    pub async fn edit_beside<E>(
        &self,
        user: UserId,
        act: &Act,
        decide: impl Fn(&Account) -> Result<Option<Edit>, E>,
        beside: Option<&Beside>,
    ) -> Result<Edited, CommitError<EditError<E>>> {
        for attempt in 0..5 {
            // On the heap: callers hold futures of this around others.
            let (transaction, edited) = Box::pin(self.prepared(user, act, &decide, beside)).await?;
            let Some(transaction) = transaction else { return Ok(edited) };
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(edited),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(Lost::Told)) => return Err(CommitError::Refused(EditError::Told)),
                Err(CommitError::Refused(Lost::Stale) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(CommitError::Refused(EditError::Stale))
    }

    /// What [`Self::edit`] would come to now. Changes nothing.
    pub async fn would_edit<E>(
        &self,
        user: UserId,
        act: &Act,
        decide: impl Fn(&Account) -> Result<Option<Edit>, E>,
    ) -> Result<Edited, CommitError<EditError<E>>> {
        self.prepared(user, act, &decide, None).await.map(|(_, edited)| edited)
    }

    /// All that an edit writes, and what comes of it; nothing is written where nothing changes.
    async fn prepared<E>(
        &self,
        user: UserId,
        act: &Act,
        decide: &impl Fn(&Account) -> Result<Option<Edit>, E>,
        beside: Option<&Beside>,
    ) -> Result<(Option<Transaction<Lost>>, Edited), CommitError<EditError<E>>> {
        let refused = CommitError::Refused;
        let keys = [key::user(user), key::super_admins()];
        let mut found = self.table.get_all(&keys).await?;
        let item = found.take_item(&keys[0]).ok_or(refused(EditError::Missing))?;
        let role = super::list::listed_role(&item);
        // Not the error, which may repeat what the account says of a person.
        let before: Versioned<AccountRecord> =
            from_item(item).map_err(|_| refused(EditError::Unreadable(role)))?;
        let edit = decide(&before.value.0).map_err(|error| refused(EditError::Refused(error)))?;
        let Some(edit) = edit else { return Ok((None, Edited { account: before.value.0, changed: false })) };
        if before.value.0.status.is_final() {
            return Err(refused(EditError::Erased));
        }
        if !self.may_hold(&before.value.0, &edit.account).await? {
            return Err(refused(EditError::PhoneTaken));
        }
        let mut transaction = Transaction::new();
        if let Some(Beside { result, .. }) = beside {
            // First, so that whoever did it before is not taken for somebody else's change of the account.
            transaction.create(result, Lost::Told);
        }
        super::phone::claim(&mut transaction, &before.value.0, &edit.account, Lost::Stale);
        let known = found.take::<SuperAdminsRecord>(&keys[1])?;
        SuperAdminsRecord::keep(&mut transaction, known, Some(&before.value.0), &edit.account, Lost::Stale)
            .map_err(|LastSuperAdmin| refused(EditError::LastSuperAdmin))?;
        super::list::index(&mut transaction, Some(&before.value.0), &edit.account);
        let line = AuditRecord { change: edit.change, ..act.line(edit.entry, user) };
        let request_id = line.request_id.or(beside.and_then(|beside| beside.request_id));
        transaction.put_over(&AuditRecord { request_id, ..line });
        if edit.account.epoch != before.value.0.epoch {
            let ended = Payload::SessionsEnded { user_id: user, session_id: None };
            transaction.put_over(&OutboxRecord::new(ended, act.at)?);
        }
        if before.value.0.second_factor && !edit.account.second_factor {
            let off = Payload::SecondFactorOff { user_id: user };
            transaction.delete(&key::second_factor(user)).put_over(&OutboxRecord::new(off, act.at)?);
        }
        if edit.account.role != before.value.0.role {
            transaction.put_over(&super::permissions::of_role(&edit.account, act.at));
        }
        let after = before.map(|_| AccountRecord(edit.account));
        transaction.replace(&after, Lost::Stale);
        Ok((Some(transaction), Edited { account: after.value.0, changed: true }))
    }
}
