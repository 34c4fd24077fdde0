//! Accounts of staff, which nobody registers.

use banister_domain::account::Account;

use super::super_admins::SuperAdminsRecord;
use super::{AccountRecord, Accounts, Act, CredentialsRecord, RegisterError};
use crate::store::AuditEntry;
use crate::table::{CommitError, Transaction, backoff, key};

/// Why a transaction was refused.
enum Refused {
    /// The address has an account.
    EmailTaken,
    /// The super admins have changed since they were read.
    Stale,
}

impl Accounts {
    /// Makes an account of staff, with an audit line. Refused as [`RegisterError::EmailTaken`] where its
    /// address has an account.
    pub async fn create_staff(
        &self,
        account: Account,
        password_hash: String,
        act: &Act,
    ) -> Result<(), CommitError<RegisterError>> {
        let (email, user_id) = (account.email.clone(), account.id);
        let credentials = CredentialsRecord { email, user_id, password_hash };
        let line = act.line(AuditEntry::AccountCreated, user_id);
        let line = line.change(&serde_json::Value::Null, &account.role);
        for attempt in 0..5 {
            let known = self.table.get::<SuperAdminsRecord>(&key::super_admins()).await?;
            let mut transaction = Transaction::new();
            transaction.create(&credentials, Refused::EmailTaken);
            // One more is never one too few.
            SuperAdminsRecord::keep(&mut transaction, known, None, &account, Refused::Stale)
                .map_err(|_| CommitError::Contention)?;
            transaction.create(&AccountRecord(account.clone()), Refused::EmailTaken).put_over(&line);
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Refused(Refused::EmailTaken)) => {
                    return Err(CommitError::Refused(RegisterError::EmailTaken));
                }
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(Refused::Stale) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(CommitError::Contention)
    }
}
