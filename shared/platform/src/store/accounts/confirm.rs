//! Confirming addresses.

use banister_domain::account::{Account, Email};
use banister_domain::event::Payload;
use banister_domain::id::{CodeId, UserId};
use jiff::Timestamp;

use super::{AccountRecord, Accounts, CodeRecord};
use crate::random;
use crate::store::{AuditEntry, AuditRecord, OutboxRecord};
use crate::table::{CommitError, StorageError, Transaction, Versioned, backoff, key};

/// Why an address was not confirmed.
#[derive(Debug)]
pub enum ConfirmError {
    /// Wrong, used or expired code, or no such account: one answer for all.
    InvalidCode,
    /// Another attempt runs right now.
    Stale,
}

impl Accounts {
    /// Confirms an address if `is_right` says that the code with this id was typed. The attempt is
    /// counted before the code is looked at, so that parallel guesses are no more than serial ones.
    pub async fn confirm_email(
        &self,
        email: &Email,
        is_right: impl Fn(CodeId) -> bool,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<ConfirmError>> {
        let known = self.credentials(email).await?.map(|credentials| credentials.user_id);
        // The same reads and writes for an address without an account.
        let user_id = known.unwrap_or_else(|| random::id(now));
        for attempt in 0..5 {
            let Some((account, code)) = self.waiting(user_id, now).await? else { break };
            let tried = code.map(|code| CodeRecord { tries: code.tries + 1, ..code });
            let mut transaction = Transaction::new();
            transaction.replace(&tried, ConfirmError::Stale);
            match transaction.commit(&self.table).await {
                Ok(()) => {}
                // Counted by another attempt at this moment. To say so would tell that there is an
                // account: this one waits for its turn.
                Err(CommitError::Refused(_) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                    continue;
                }
                Err(CommitError::Storage(error)) => return Err(error.into()),
            }
            if is_right(tried.value.id) {
                // The answer may have been lost: the same code is answered the same while it lives.
                if tried.value.used && account.value.0.email_confirmed {
                    return Ok(());
                }
                // What the attempt wrote is one version on.
                let used = Versioned { version: tried.version + 1, value: tried.value };
                return self.mark_confirmed(account, used, address, now).await;
            }
            break;
        }
        let refused = AuditRecord::new(AuditEntry::CodeRefused, known, address, now);
        self.table.put(&refused).await?;
        Err(CommitError::Refused(ConfirmError::InvalidCode))
    }

    /// Makes a code in place of the last one, and the event that mails it. The same reads and writes for
    /// an address without an account, whose code nobody gets, and for a confirmed one: the worker that
    /// mails looks whether there is anything to confirm.
    pub async fn request_confirmation(
        &self,
        email: &Email,
        address: &str,
        now: Timestamp,
    ) -> Result<(), CommitError<ConfirmError>> {
        let known = self.credentials(email).await?.map(|credentials| credentials.user_id);
        let user_id = known.unwrap_or_else(|| random::id(now));
        for attempt in 0..5 {
            let last = self.table.get::<CodeRecord>(&key::email_code(user_id)).await?;
            let version = last.map_or(0, |last| last.version);
            let code = CodeRecord::new(user_id, random::id(now), now);
            let entry = AuditEntry::ConfirmationRequested;
            let mail = Payload::ConfirmationRequested { user_id, code_id: code.id };
            let mut transaction = Transaction::new();
            transaction
                .create_or_replace(&code, version, ConfirmError::Stale)
                .put_over(&AuditRecord::new(entry, known, address.to_owned(), now))
                .put_over(&OutboxRecord::new(mail, now)?);
            match transaction.commit(&self.table).await {
                Err(CommitError::Refused(ConfirmError::Stale) | CommitError::Contention) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(CommitError::Contention)
    }

    /// An account and its code, if the code can still be used.
    async fn waiting(
        &self,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<Option<(Versioned<AccountRecord>, Versioned<CodeRecord>)>, StorageError> {
        let keys = [key::user(user_id), key::email_code(user_id)];
        let mut found = self.table.get_all(&keys).await?;
        let account = found.take::<AccountRecord>(&keys[0])?;
        let code = found.take::<CodeRecord>(&keys[1])?.filter(|code| code.value.is_live(now));
        Ok(account.zip(code))
    }

    /// Marks the address confirmed, and the code used. A change of the account in between is read
    /// again; it must not cost one of the five attempts.
    async fn mark_confirmed(
        &self,
        mut account: Versioned<AccountRecord>,
        mut code: Versioned<CodeRecord>,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<ConfirmError>> {
        let user_id: UserId = account.value.0.id;
        for attempt in 0..5 {
            let used =
                Versioned { version: code.version, value: CodeRecord { used: true, ..code.value.clone() } };
            let confirmed =
                account.map(|record| AccountRecord(Account { email_confirmed: true, ..record.0 }));
            let mut transaction = Transaction::new();
            transaction
                .replace(&confirmed, ConfirmError::Stale)
                .replace(&used, ConfirmError::Stale)
                .put_over(&AuditRecord::new(AuditEntry::EmailConfirmed, Some(user_id), address.clone(), now));
            match transaction.commit(&self.table).await {
                Err(CommitError::Refused(ConfirmError::Stale) | CommitError::Contention) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(backoff(attempt)).await;
            let keys = [key::user(user_id), key::email_code(user_id)];
            let mut found = self.table.get_all(&keys).await?;
            let again = found.take::<AccountRecord>(&keys[0])?.zip(found.take::<CodeRecord>(&keys[1])?);
            // Used by another attempt in the meantime, or one try later.
            let again = again.filter(|(_, current)| current.value.id == code.value.id);
            (account, code) = again.ok_or(CommitError::Refused(ConfirmError::InvalidCode))?;
        }
        Err(CommitError::Contention)
    }
}
