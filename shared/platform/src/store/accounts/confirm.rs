//! Confirming addresses.

use banister_domain::account::{Account, Email};
use banister_domain::event::Payload;
use banister_domain::id::CodeId;
use jiff::Timestamp;

use super::code::{ConfirmError, Purpose};
use super::{Accounts, Act, CodeRecord};
use crate::random;
use crate::store::{AuditEntry, AuditRecord, OutboxRecord};
use crate::table::{CommitError, Transaction, backoff, key};

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
        let tried = self.tried(user_id, &key::email_code(user_id), is_right, now).await?;
        let Some((account, code)) = tried else { return self.refuse_code(known, address, now).await };
        // The answer may have been lost: the same code is answered the same while it lives.
        if code.value.used && account.value.0.email_confirmed {
            return Ok(());
        }
        let change = |account: &Account, free| Some(account.clone().with_confirmed_email(free));
        self.settle((account, code), change, AuditEntry::EmailConfirmed, address, now).await
    }

    /// Makes a code in place of the last one, and the event that mails it. The same reads and writes for
    /// an address without an account, whose code nobody gets, and for a confirmed one: the worker that
    /// mails looks whether there is anything to confirm.
    pub async fn request_confirmation(
        &self,
        email: &Email,
        act: &Act,
    ) -> Result<(), CommitError<ConfirmError>> {
        let now = act.at;
        let known = self.credentials(email).await?.map(|credentials| credentials.user_id);
        let user_id = known.unwrap_or_else(|| random::id(now));
        for attempt in 0..5 {
            let last = self.table.get::<CodeRecord>(&key::email_code(user_id)).await?;
            let version = last.map_or(0, |last| last.version);
            let code = CodeRecord::new(user_id, random::id(now), Purpose::ConfirmEmail, now);
            let entry = AuditEntry::ConfirmationRequested;
            let mail = Payload::ConfirmationRequested { user_id, code_id: code.id };
            let mut transaction = Transaction::new();
            transaction
                .create_or_replace(&code, version, ConfirmError::Stale)
                .put_over(&AuditRecord {
                    actor_id: act.by,
                    ..AuditRecord::new(entry, known, act.address.clone(), now)
                })
                .put_over(&OutboxRecord::new(mail, now)?);
            match transaction.commit(&self.table).await {
                Err(CommitError::Refused(ConfirmError::Stale) | CommitError::Contention) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(CommitError::Contention)
    }
}
