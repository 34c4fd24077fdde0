//! Turning a second factor on and off. Both raise the account's epoch, which ends all sessions; one's own
//! session is moved to the new epoch.

use banister_domain::account::{Account, AccountStatus, RecoveryCode, SecondFactorCode, TotpSecret};
use banister_domain::event::Payload;
use banister_domain::id::UserId;
use jiff::{SignedDuration, Timestamp};

use super::{Judged, SecondFactorError, SecondFactorRecord, SecondFactors, Who};
use crate::identity::second_factor::{LIFETIME_MINUTES, SecondFactorKeys};
use crate::store::{AccountRecord, AuditEntry, AuditRecord, OutboxRecord, SessionRecord};
use crate::table::{CommitError, StorageError, Transaction, Versioned, backoff, key};

type Refused<T> = Result<T, CommitError<SecondFactorError>>;

/// An account and the session that goes on.
struct Standing {
    account: Versioned<AccountRecord>,
    session: Versioned<SessionRecord>,
    factor: Option<Versioned<SecondFactorRecord>>,
}

impl SecondFactors {
    /// Keeps a new secret, in place of one that was not confirmed. Answers until when it waits.
    pub async fn begin(&self, user: UserId, secret: &TotpSecret, now: Timestamp) -> Refused<Timestamp> {
        let until = now.saturating_add(SignedDuration::from_mins(LIFETIME_MINUTES)).unwrap_or(Timestamp::MAX);
        let secret = self.keys.seal(user, secret).map_err(super::malformed)?;
        let record = SecondFactorRecord {
            user_id: user,
            secret,
            used: None,
            recovery_codes: Vec::new(),
            failures: None,
            expires_at: Some(until),
        };
        for attempt in 0..5 {
            let known = self.table.get::<SecondFactorRecord>(&key::second_factor(user)).await?;
            if known.as_ref().is_some_and(|known| known.value.is_on()) {
                return Err(CommitError::Refused(SecondFactorError::On));
            }
            let mut transaction = Transaction::new();
            transaction.create_or_replace(&record, known.map_or(0, |known| known.version), ());
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(until),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(CommitError::Contention)
    }

    /// Turns on what waits, by the first code of the app. Answers the recovery codes.
    pub async fn confirm(
        &self,
        who: Who,
        code: &SecondFactorCode,
        address: &str,
        now: Timestamp,
    ) -> Refused<Vec<RecoveryCode>> {
        for attempt in 0..5 {
            let Standing { account, session, factor } = self.standing(who, now).await?;
            if factor.as_ref().is_some_and(|factor| factor.value.is_on()) {
                return Err(CommitError::Refused(SecondFactorError::On));
            }
            let waits = |factor: &Versioned<_>| {
                let SecondFactorRecord { expires_at, .. } = factor.value;
                expires_at.is_some_and(|until| now < until)
            };
            let factor = factor.filter(waits).ok_or(CommitError::Refused(SecondFactorError::WrongCode))?;
            let version = factor.version;
            match self.judge(&factor.value, code, now)? {
                Judged::Refused { after, why } => {
                    if self.refuse((after, version), why, address, now).await? {
                        return Err(CommitError::Refused(why));
                    }
                }
                Judged::Right { after, .. } => {
                    let (codes, recovery_codes) = self.recovery(who.0);
                    let on = SecondFactorRecord { recovery_codes, expires_at: None, ..after };
                    let mut transaction = Transaction::new();
                    transaction.replace(&Versioned { value: on, version }, ());
                    switch(&mut transaction, (account, session), true, address, now)?;
                    if committed(transaction.commit(&self.table).await)? {
                        return Ok(codes);
                    }
                }
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(CommitError::Contention)
    }

    /// Turns it off.
    pub async fn turn_off(
        &self,
        who: Who,
        code: &SecondFactorCode,
        address: &str,
        now: Timestamp,
    ) -> Refused<()> {
        for attempt in 0..5 {
            let proof = self.prove(who.0, code, address, now).await?;
            let Standing { account, session, .. } = self.standing(who, now).await?;
            let mut transaction = Transaction::new();
            transaction.remove(&key::second_factor(who.0), proof.used.version, ());
            proof.tell(&mut transaction, address, now);
            switch(&mut transaction, (account, session), false, address, now)?;
            if committed(transaction.commit(&self.table).await)? {
                return Ok(());
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(CommitError::Contention)
    }

    /// Makes new recovery codes in place of all that are left; the owner is mailed.
    pub async fn renew(
        &self,
        user: UserId,
        code: &SecondFactorCode,
        address: &str,
        now: Timestamp,
    ) -> Refused<Vec<RecoveryCode>> {
        for attempt in 0..5 {
            let proof = self.prove(user, code, address, now).await?;
            let (codes, recovery_codes) = self.recovery(user);
            let renewed = proof.used.clone().map(|record| SecondFactorRecord { recovery_codes, ..record });
            let mut transaction = Transaction::new();
            transaction.replace(&renewed, ()).put_over(&AuditRecord::new(
                AuditEntry::RecoveryCodesRenewed,
                Some(user),
                address.to_owned(),
                now,
            ));
            proof.tell(&mut transaction, address, now);
            let told = Payload::RecoveryCodesRenewed { user_id: user };
            transaction.put_over(&OutboxRecord::new(told, now)?);
            if committed(transaction.commit(&self.table).await)? {
                return Ok(codes);
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(CommitError::Contention)
    }

    /// New recovery codes, and what is kept of them.
    fn recovery(&self, user: UserId) -> (Vec<RecoveryCode>, Vec<String>) {
        let codes = SecondFactorKeys::recovery_codes();
        let kept = codes.iter().map(|code| self.keys.fingerprint(user, code)).collect();
        (codes, kept)
    }

    async fn standing(&self, (user, session): Who, now: Timestamp) -> Refused<Standing> {
        let keys = [key::user(user), key::session(user, session), key::second_factor(user)];
        let mut found = self.table.get_all(&keys).await?;
        let account = found.take::<AccountRecord>(&keys[0])?;
        let both = account.zip(found.take::<SessionRecord>(&keys[1])?);
        let both = both.filter(|(account, session)| {
            account.value.0.status == AccountStatus::Active && session.value.stands(&account.value.0, now)
        });
        let (account, session) = both.ok_or(CommitError::Refused(SecondFactorError::SignedOut))?;
        Ok(Standing { account, session, factor: found.take(&keys[2])? })
    }
}

/// Adds what the account and its own session become, the audit line, and the events that mail the owner
/// and close what the ended sessions opened.
fn switch(
    transaction: &mut Transaction<()>,
    (account, session): (Versioned<AccountRecord>, Versioned<SessionRecord>),
    on: bool,
    address: &str,
    now: Timestamp,
) -> Result<(), StorageError> {
    let user_id = account.value.0.id;
    let account =
        account.map(|account| AccountRecord(Account { second_factor: on, ..account.0.signed_out() }));
    let session = session.map(|session| SessionRecord { epoch: account.value.0.epoch, ..session });
    let (entry, told) = if on {
        (AuditEntry::SecondFactorOn, Payload::SecondFactorOn { user_id })
    } else {
        (AuditEntry::SecondFactorOff, Payload::SecondFactorOff { user_id })
    };
    transaction
        .replace(&account, ())
        .replace(&session, ())
        .put_over(&AuditRecord::new(entry, Some(user_id), address.to_owned(), now))
        .put_over(&OutboxRecord::new(told, now)?)
        .put_over(&OutboxRecord::new(Payload::SessionsEnded { user_id, session_id: None }, now)?);
    Ok(())
}

/// Whether it was written; not where something has changed since it was read.
fn committed(outcome: Result<(), CommitError<()>>) -> Result<bool, StorageError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(()) | CommitError::Contention) => Ok(false),
        Err(CommitError::Storage(error)) => Err(error),
    }
}
