//! The second factor of an account: the item beside it, and what a typed code is to it.

mod switch;

use banister_domain::account::{Account, Failures, Role, SecondFactorCode, Step};
use banister_domain::event::Payload;
use banister_domain::id::{SessionId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountRecord, AuditEntry, AuditRecord, OutboxRecord, SecurityRecord};
use crate::config::{ConfigError, Settings};
use crate::http::Code;
use crate::identity::second_factor::{SecondFactorKeys, UnreadableSecret};
use crate::limit::SECOND_FACTOR;
use crate::table::{CommitError, Key, Record, StorageError, Table, Transaction, Versioned, backoff, key};

/// A second factor as kept: one that is on, or one that waits to be confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorRecord {
    /// Whose.
    pub user_id: UserId,
    /// The app's secret, encrypted.
    secret: String,
    /// The step of the code that was used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<Step>,
    /// Fingerprints of the recovery codes that are left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recovery_codes: Vec<String>,
    /// The wrong codes since the last right one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failures: Option<Failures>,
    /// Until when it waits to be confirmed; none once it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

impl Record for SecondFactorRecord {
    const TYPE: &'static str = "second_factor";

    fn key(&self) -> Key {
        key::second_factor(self.user_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

impl SecondFactorRecord {
    /// Whether it was confirmed.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.expires_at.is_none()
    }

    /// Until when it waits to be confirmed; none once it is on.
    #[must_use]
    pub fn waits_until(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// How many recovery codes can still be used.
    #[must_use]
    pub fn recovery_codes_left(&self) -> usize {
        self.recovery_codes.len()
    }
}

impl SecondFactorRecord {
    /// Lets the owner of a factor type codes again at once.
    pub(super) async fn forgive(table: &Table, user: UserId) -> Result<(), StorageError> {
        for attempt in 0..5 {
            let known = table.get::<Self>(&key::second_factor(user)).await?;
            let Some(known) = known.filter(|known| known.value.failures.is_some()) else { return Ok(()) };
            let mut transaction = Transaction::new();
            transaction.replace(&known.map(|record| Self { failures: None, ..record }), ());
            match transaction.commit(table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error),
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(StorageError::Unavailable("contention".into()))
    }
}

/// A right code, with what its use makes of the item: whoever accepts the code writes it in the
/// transaction of what the code is for, so that of many at once one is accepted.
pub struct Proof {
    pub(super) used: Versioned<SecondFactorRecord>,
    /// Whether it was a recovery code.
    pub(super) recovery: bool,
}

/// How the second factor of an account stands, beside being on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorState {
    /// Whether the role demands it.
    pub required: bool,
    /// How many recovery codes can still be used.
    pub recovery_codes_left: usize,
}

/// Why a code, or what it is for, was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorError {
    /// The session or the account does not stand any more.
    SignedOut,
    /// There is one already.
    On,
    /// There is none.
    Off,
    /// Wrong, used, or too old.
    WrongCode,
    /// Too many were wrong: nothing is tried for so many seconds.
    Wait(u32),
}

fn malformed(error: UnreadableSecret) -> StorageError {
    StorageError::Malformed(error.to_string())
}

/// What a code is to an item, and what the item becomes.
enum Judged {
    Right { after: SecondFactorRecord, recovery: bool },
    Refused { after: Option<SecondFactorRecord>, why: SecondFactorError },
}

/// The second factors of all accounts.
#[derive(Clone)]
pub struct SecondFactors {
    table: Table,
    keys: SecondFactorKeys,
}

/// Whose, and in which session.
type Who = (UserId, SessionId);

impl SecondFactors {
    /// Of this table, with the keys in the settings.
    pub fn from_settings(settings: &Settings, table: Table) -> Result<Self, ConfigError> {
        Ok(Self { table, keys: SecondFactorKeys::from_settings(settings)? })
    }

    /// An account of a role, and how its second factor stands, in one read; none where there is none.
    pub async fn of(&self, user: UserId, role: Role) -> Result<Option<(Account, FactorState)>, StorageError> {
        let mut keys = vec![key::user(user), key::second_factor(user), key::security_settings()];
        if !role.is_staff() {
            keys.pop();
        }
        let mut found = self.table.get_all(&keys).await?;
        let security = found.take::<SecurityRecord>(&key::security_settings())?;
        let factor = found.take::<SecondFactorRecord>(&keys[1])?.filter(|factor| factor.value.is_on());
        let Some(account) = found.take::<AccountRecord>(&keys[0])? else { return Ok(None) };
        let roles = security.map(|security| security.value).unwrap_or_default().second_factor_roles;
        let recovery_codes_left = factor.map_or(0, |factor| factor.value.recovery_codes_left());
        Ok(Some((account.value.0, FactorState { required: roles.demand(role), recovery_codes_left })))
    }

    /// Whether `code` opens the account, from `address` at `now`. A wrong one is counted, with an audit
    /// line, before it is told: parallel guesses are no more than serial ones. Of those that are not looked at after
    /// too many wrong ones, the first has a line.
    pub async fn prove(
        &self,
        user: UserId,
        code: &SecondFactorCode,
        address: &str,
        now: Timestamp,
    ) -> Result<Proof, CommitError<SecondFactorError>> {
        for attempt in 0..5 {
            let known = self.table.get::<SecondFactorRecord>(&key::second_factor(user)).await?;
            let known = known.filter(|known| known.value.is_on());
            let known = known.ok_or(CommitError::Refused(SecondFactorError::Off))?;
            let version = known.version;
            match self.judge(&known.value, code, now)? {
                Judged::Right { after, recovery } => {
                    return Ok(Proof { used: Versioned { value: after, version }, recovery });
                }
                Judged::Refused { after, why } => {
                    if self.refuse((after, version), why, address, now).await? {
                        return Err(CommitError::Refused(why));
                    }
                }
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(CommitError::Contention)
    }

    fn judge(
        &self,
        known: &SecondFactorRecord,
        code: &SecondFactorCode,
        now: Timestamp,
    ) -> Result<Judged, StorageError> {
        if let Some(seconds) = known.failures.and_then(|failures| failures.wait(now)) {
            let told = known.failures.and_then(Failures::tell);
            let after = told.map(|told| SecondFactorRecord { failures: Some(told), ..known.clone() });
            return Ok(Judged::Refused { after, why: SecondFactorError::Wait(seconds) });
        }
        let right = |after| Judged::Right { after, recovery: matches!(code, SecondFactorCode::Recovery(_)) };
        let mut after = SecondFactorRecord { failures: None, ..known.clone() };
        match code {
            SecondFactorCode::Totp(code) => {
                let secret = self.keys.open(known.user_id, &known.secret).map_err(malformed)?;
                if let Some(step) = secret.matching(*code, now, known.used) {
                    after.used = Some(step);
                    return Ok(right(after));
                }
            }
            SecondFactorCode::Recovery(code) => {
                if let Some(at) = self.keys.find(known.user_id, code, &known.recovery_codes) {
                    after.recovery_codes.remove(at);
                    return Ok(right(after));
                }
            }
        }
        after.failures = Some(Failures::and(known.failures, now));
        Ok(Judged::Refused { after: Some(after), why: SecondFactorError::WrongCode })
    }

    /// Writes what a code that is refused makes of the item, with an audit line, where it makes anything of it; false
    /// where the item has changed since it was read.
    async fn refuse(
        &self,
        (after, version): (Option<SecondFactorRecord>, u64),
        why: SecondFactorError,
        address: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let Some(value) = after else { return Ok(true) };
        let (entry, user) = (AuditEntry::SecondFactorRefused, value.user_id);
        let line = AuditRecord::new(entry, Some(user), address.to_owned(), now);
        let line = match why {
            SecondFactorError::Wait(_) => line.refused(Code::TooManyRequests, Some(SECOND_FACTOR)),
            _ => line,
        };
        let mut transaction = Transaction::new();
        transaction.replace(&Versioned { value, version }, ()).put_over(&line);
        match transaction.commit(&self.table).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(()) | CommitError::Contention) => Ok(false),
            Err(CommitError::Storage(error)) => Err(error),
        }
    }
}

impl Proof {
    /// Adds the use of the code to the transaction that begins a session; `stale` is what it means that the
    /// item has changed since. The owner is mailed of a recovery code.
    pub(super) fn spend<M>(
        &self,
        transaction: &mut Transaction<M>,
        stale: M,
        address: &str,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        transaction.replace(&self.used, stale);
        self.tell(transaction, address, now);
        if self.recovery {
            let used = Payload::RecoveryCodeUsed { user_id: self.used.value.user_id };
            transaction.put_over(&OutboxRecord::new(used, now)?);
        }
        Ok(())
    }

    /// Adds the audit line of a recovery code, where it is one.
    pub(super) fn tell<M>(&self, transaction: &mut Transaction<M>, address: &str, now: Timestamp) {
        if self.recovery {
            let (entry, user) = (AuditEntry::RecoveryCodeUsed, self.used.value.user_id);
            let left = self.used.value.recovery_codes_left();
            let line = AuditRecord::new(entry, Some(user), address.to_owned(), now);
            transaction.put_over(&line.change(&(left + 1), &left));
        }
    }
}
