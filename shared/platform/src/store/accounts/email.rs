//! Another address for an account: asked for with the password, confirmed by a code that is mailed to it.

use banister_domain::account::{Account, Email};
use banister_domain::event::Payload;
use banister_domain::id::{CodeId, SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::code::Purpose;
use super::password::raised;
use super::register::switched_off;
use super::{AccountRecord, Accounts, CodeRecord, CredentialsRecord};
use crate::random;
use crate::store::{AuditEntry, AuditRecord, OutboxRecord, SessionRecord};
use crate::table::{CommitError, Key, Record, StorageError, Transaction, Versioned, backoff, key};

/// How long an address is kept so that it can be told of its change, and what was answered to it can be erased
/// with the account; SQS keeps a message for 14 days at most.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The address that an account had before a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct FormerEmailRecord {
    user_id: UserId,
    code_id: CodeId,
    pub(in crate::store) email: Email,
    pub(in crate::store) expires_at: Timestamp,
}

impl Record for FormerEmailRecord {
    const TYPE: &'static str = "former_email";

    fn key(&self) -> Key {
        key::former_email(self.user_id, self.code_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// Why an account has no other address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailChangeError {
    /// Wrong, used or expired code.
    InvalidCode,
    /// The address has got another account.
    Taken,
    /// The session or the account does not stand any more.
    SignedOut,
}

/// All that a change is made of.
struct Change {
    account: Versioned<AccountRecord>,
    session: Versioned<SessionRecord>,
    code: Versioned<CodeRecord>,
    email: Email,
}

impl Accounts {
    /// Keeps what address an account is to have, and the event that mails a code there, in place of the
    /// last one. Whether the address has an account is not looked at: the worker that mails does so.
    pub async fn request_email_change(
        &self,
        account: &Account,
        email: Email,
        address: &str,
        now: Timestamp,
    ) -> Result<(), CommitError<()>> {
        let user_id = account.id;
        for attempt in 0..5 {
            let last = self.table.get::<CodeRecord>(&key::email_change_code(user_id)).await?;
            let purpose = Purpose::ChangeEmail { email: email.clone(), epoch: account.epoch };
            let code = CodeRecord::new(user_id, random::id(now), purpose, now);
            let entry = AuditEntry::EmailChangeRequested;
            let mail = Payload::EmailChangeRequested { user_id, code_id: code.id };
            let mut transaction = Transaction::new();
            transaction
                .create_or_replace(&code, last.map_or(0, |last| last.version), ())
                .put_over(&AuditRecord::new(entry, Some(user_id), address.to_owned(), now))
                .put_over(&OutboxRecord::new(mail, now)?);
            match transaction.commit(&self.table).await {
                Err(CommitError::Refused(()) | CommitError::Contention) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(CommitError::Contention)
    }

    /// Gives the account of whoever is signed in in `session` the address that it asked for, if `is_right`
    /// says that the code with this id was typed. All other sessions end.
    pub async fn change_email(
        &self,
        (user, session): (UserId, SessionId),
        is_right: impl Fn(CodeId) -> bool,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<EmailChangeError>> {
        let place = key::email_change_code(user);
        let tried = self.tried(user, &place, is_right, now).await?;
        let Some((_, tried)) = tried else {
            self.table.put(&AuditRecord::new(AuditEntry::CodeRefused, Some(user), address, now)).await?;
            return Err(CommitError::Refused(EmailChangeError::InvalidCode));
        };
        for attempt in 0..5 {
            let coded = self.coded(user, &place).await?;
            // One that was replaced in the meantime is void.
            let coded = coded.filter(|(_, code)| code.value.id == tried.value.id);
            let Some((account, code)) = coded else { break };
            let Some(email) = wanted(&account, &code) else { break };
            if code.value.used && account.value.0.email == email {
                return Ok(());
            }
            let found = self.table.get::<SessionRecord>(&key::session(user, session)).await?;
            let found = found.filter(|session| session.value.stands(&account.value.0, now));
            let session = found.ok_or(CommitError::Refused(EmailChangeError::SignedOut))?;
            match self.move_email(Change { account, session, code, email }, &address, now).await {
                Err(CommitError::Refused(None) | CommitError::Contention) => {}
                Err(CommitError::Refused(Some(refused))) => return Err(CommitError::Refused(refused)),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Ok(()) => return Ok(()),
            }
            tokio::time::sleep(backoff(attempt)).await;
            if attempt == 4 {
                return Err(CommitError::Contention);
            }
        }
        Err(CommitError::Refused(EmailChangeError::InvalidCode))
    }

    /// All of it in one transaction: whoever reads finds the account under one address, with one password.
    async fn move_email(
        &self,
        change: Change,
        address: &str,
        now: Timestamp,
    ) -> Result<(), CommitError<Option<EmailChangeError>>> {
        let Change { account, session, code, email } = change;
        let (user, before) = (account.value.0.id, account.value.0.clone());
        let keys = [key::credentials(&before.email), key::credentials(&email)];
        let mut found = self.table.get_all(&keys).await?;
        let old = found.take::<CredentialsRecord>(&keys[0])?.filter(|old| old.value.user_id == user);
        let old = old.ok_or(CommitError::Refused(Some(EmailChangeError::SignedOut)))?;
        let new = CredentialsRecord { email: email.clone(), ..old.value };
        let mut transaction = Transaction::new();
        if let Some(taken) = found.take::<CredentialsRecord>(&keys[1])? {
            let lapsed = self.lapsed(&taken.value, now).await?;
            let lapsed = lapsed.ok_or(CommitError::Refused(Some(EmailChangeError::Taken)))?;
            transaction.replace(&taken.map(|_| new), None).replace(&switched_off(lapsed), None);
        } else {
            transaction.create(&new, None);
        }
        let free = self.names_free_phone(&before).await?;
        let after = Account { email, ..raised(before.clone()).0.with_confirmed_email(free) };
        super::list::index(&mut transaction, Some(&before), &after);
        super::phone::claim(&mut transaction, &before, &after, None);
        let (code_id, epoch) = (code.value.id, after.epoch);
        let line = AuditRecord::new(AuditEntry::EmailChanged, Some(user), address.to_owned(), now);
        let line = line.value("email", &before.email, &after.email);
        transaction
            .remove(&keys[0], old.version, None)
            .replace(&account.map(|_| AccountRecord(after)), None)
            .replace(&session.map(|session| SessionRecord { epoch, ..session }), None)
            .replace(&code.map(|code| CodeRecord { used: true, ..code }), None)
            .put_over(&line)
            .put_over(&OutboxRecord::new(Payload::SessionsEnded { user_id: user, session_id: None }, now)?);
        let expires_at = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        transaction.put_over(&FormerEmailRecord { user_id: user, code_id, email: before.email, expires_at });
        // One that was never confirmed may be a stranger's.
        if before.email_confirmed {
            transaction.put_over(&OutboxRecord::new(Payload::EmailChanged { user_id: user, code_id }, now)?);
        }
        transaction.commit(&self.table).await
    }

    /// The address that a mailed code gives its account; none where the code has been replaced or used.
    pub async fn email_to_confirm(&self, user: UserId, code: CodeId) -> Result<Option<Email>, StorageError> {
        let found = self.table.get::<CodeRecord>(&key::email_change_code(user)).await?;
        let found = found.filter(|found| found.value.id == code && !found.value.used);
        Ok(found.and_then(|found| match found.value.purpose {
            Purpose::ChangeEmail { email, .. } => Some(email),
            _ => None,
        }))
    }

    /// The address that an account had before the change with this code.
    pub async fn former_email(&self, user: UserId, code: CodeId) -> Result<Option<Email>, StorageError> {
        let found = self.table.get::<FormerEmailRecord>(&key::former_email(user, code)).await?;
        Ok(found.map(|found| found.value.email))
    }

    /// Whose an address is; nobody's where its registration has lapsed.
    pub async fn owner(&self, email: &Email, now: Timestamp) -> Result<Option<Account>, StorageError> {
        let Some(credentials) = self.credentials(email).await? else { return Ok(None) };
        if self.lapsed(&credentials, now).await?.is_some() {
            return Ok(None);
        }
        Ok(self.get(credentials.user_id).await?.map(|account| account.value))
    }
}

/// The address that a code gives its account, unless the account's sessions were ended since it was asked for.
fn wanted(account: &Versioned<AccountRecord>, code: &Versioned<CodeRecord>) -> Option<Email> {
    let Purpose::ChangeEmail { email, epoch } = &code.value.purpose else { return None };
    (code.value.used || *epoch == account.value.0.epoch).then(|| email.clone())
}
