//! Changing passwords. Both ways raise the account's epoch, which ends all sessions and voids all links
//! that were mailed before; one's own session is moved to the new epoch.

use banister_domain::account::{Account, AccountStatus, Email};
use banister_domain::event::Payload;
use banister_domain::id::{SessionId, UserId};
use jiff::Timestamp;

use super::reset::Resetting;
use super::{AccountRecord, Accounts, CredentialsRecord};
use crate::store::{AuditEntry, AuditRecord, OutboxRecord, SessionRecord};
use crate::table::{CommitError, StorageError, Transaction, Versioned, backoff, key};

/// Why a password was not set.
#[derive(Debug)]
pub enum SetPasswordError {
    /// The session or the account does not stand any more.
    SignedOut,
    /// The password, or what lets it be set, was changed since it was read.
    Stale,
}

impl Accounts {
    /// What signing in with an address needs, to be replaced.
    pub async fn password(
        &self,
        email: &Email,
    ) -> Result<Option<Versioned<CredentialsRecord>>, StorageError> {
        self.table.get(&key::credentials(email)).await
    }

    /// Leaves an audit line of a password that was asked again and was wrong.
    pub async fn refuse_password(
        &self,
        user: UserId,
        address: String,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.table.put(&AuditRecord::new(AuditEntry::PasswordRefused, Some(user), address, now)).await
    }

    /// Sets the password of whoever is signed in in `session`, the only one that goes on. Refused if the
    /// password is not the one in `credentials` any more.
    pub async fn change_password(
        &self,
        session: SessionId,
        credentials: Versioned<CredentialsRecord>,
        password_hash: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<(), CommitError<SetPasswordError>> {
        let user = credentials.value.user_id;
        let credentials = with_hash(credentials, password_hash);
        for attempt in 0..5 {
            let keys = [key::user(user), key::session(user, session)];
            let mut found = self.table.get_all(&keys).await?;
            let account = found.take::<AccountRecord>(&keys[0])?;
            let both = account.zip(found.take::<SessionRecord>(&keys[1])?);
            let both = both.filter(|(account, session)| {
                account.value.0.status == AccountStatus::Active && session.value.stands(&account.value.0, now)
            });
            let (account, session) = both.ok_or(CommitError::Refused(SetPasswordError::SignedOut))?;
            let account = account.map(|account| raised(account.0));
            let session = session.map(|session| SessionRecord { epoch: account.value.0.epoch, ..session });
            let mut transaction = Transaction::new();
            transaction
                .replace(&credentials, Some(SetPasswordError::Stale))
                .replace(&account, None)
                .replace(&session, None)
                .put_over(&AuditRecord::new(
                    AuditEntry::PasswordChanged,
                    Some(user),
                    address.to_owned(),
                    now,
                ));
            tell(&mut transaction, user, now)?;
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(Some(stale))) => return Err(CommitError::Refused(stale)),
                // The account was changed or the session refreshed at this moment: see what they are now.
                Err(CommitError::Refused(None) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(CommitError::Contention)
    }

    /// Sets the password that a link lets its owner choose, ends all sessions, and confirms the address
    /// that the link was mailed to. Refused if anything of it was changed since it was read.
    pub async fn reset_password(
        &self,
        resetting: Resetting,
        password_hash: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<(), CommitError<SetPasswordError>> {
        let Resetting { reset, account, credentials } = resetting;
        let user = account.value.0.id;
        let free = self.names_free_phone(&account.value.0).await?;
        let after = raised(account.value.0.clone()).0.with_confirmed_email(free);
        let mut transaction = Transaction::new();
        super::list::index(&mut transaction, Some(&account.value.0), &after);
        super::phone::claim(&mut transaction, &account.value.0, &after, SetPasswordError::Stale);
        let account = account.map(|_| AccountRecord(after));
        transaction
            .replace(&reset.map(|reset| reset.used_at(now)), SetPasswordError::Stale)
            .replace(&with_hash(credentials, password_hash), SetPasswordError::Stale)
            .replace(&account, SetPasswordError::Stale)
            .put_over(&AuditRecord::new(AuditEntry::PasswordReset, Some(user), address.to_owned(), now));
        tell(&mut transaction, user, now)?;
        transaction.commit(&self.table).await
    }
}

fn with_hash(credentials: Versioned<CredentialsRecord>, hash: &str) -> Versioned<CredentialsRecord> {
    credentials.map(|credentials| CredentialsRecord { password_hash: Some(hash.to_owned()), ..credentials })
}

pub(super) fn raised(account: Account) -> AccountRecord {
    AccountRecord(Account { epoch: account.epoch.saturating_add(1), ..account })
}

/// Adds the events that mail the owner and close what the ended sessions opened.
fn tell<M>(transaction: &mut Transaction<M>, user_id: UserId, now: Timestamp) -> Result<(), StorageError> {
    transaction
        .put_over(&OutboxRecord::new(Payload::PasswordChanged { user_id }, now)?)
        .put_over(&OutboxRecord::new(Payload::SessionsEnded { user_id, session_id: None }, now)?);
    Ok(())
}
