//! Making accounts.

use axum::http::StatusCode;
use banister_domain::access::LastSuperAdmin;
use banister_domain::account::{Account, AccountStatus, Role};
use banister_domain::event::Payload;
use banister_domain::id::CodeId;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::code::Purpose;
use super::super_admins::SuperAdminsRecord;
use super::{AccountRecord, Accounts, Act, CodeRecord, CredentialsRecord, ResetRecord};
use crate::identity::reset::{INVITATION_MINUTES, ResetToken};
use crate::random;
use crate::store::{AuditEntry, AuditRecord, Once, OutboxRecord};
use crate::table::{CommitError, StorageError, Transaction, Versioned, key};

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// The account.
    pub account: Account,
    /// How its owner comes to a password.
    pub password: FirstPassword,
    /// Where the request came from.
    pub address: String,
}

/// How the owner of a new account comes to a password.
#[derive(Clone)]
pub enum FirstPassword {
    /// By having chosen it, as a PHC string; a code that confirms the address is mailed.
    Chosen(String),
    /// By a link that is mailed, with a token derived from the id; it confirms the address as well.
    Invited(CodeId, ResetToken),
}

impl FirstPassword {
    fn hash(&self) -> Option<String> {
        match self {
            Self::Chosen(hash) => Some(hash.clone()),
            Self::Invited(..) => None,
        }
    }
}

/// Why an account was not made.
#[derive(Debug)]
pub enum RegisterError {
    /// The address has an account, or gets one at this moment.
    EmailTaken,
    /// The request was answered before.
    Seen,
    /// The active super admins changed at the same time.
    Stale,
}

impl Accounts {
    /// Registers an address. A free one gets an account, with what confirms the address, the event that mails
    /// it, an audit line and the receipt, all in one transaction.
    ///
    /// A registration whose address nobody confirmed while its code was good has lapsed: the new one takes its
    /// place under a new id, and the old account is switched off, so that nobody keeps an address from its owner
    /// or gets into an account that the owner confirms later. Of any other address that is taken nothing
    /// changes, and the owner is told. Where it is `quiet`, nothing changes and nobody is told if the address is
    /// taken: the event names nobody. The receipt is left in any case: a repeated request looks the same as for
    /// a new address. So do the calls: credentials, account and code are looked for of a free address, too.
    pub async fn register(
        &self,
        new: NewAccount,
        quiet: bool,
        receipt: Option<(&Once, &impl Serialize)>,
        now: Timestamp,
    ) -> Result<(), CommitError<RegisterError>> {
        let mut transaction = begin(receipt, now)?;
        let taken = self.table.get::<CredentialsRecord>(&key::credentials(&new.account.email)).await?;
        let held = taken.as_ref().map_or_else(|| credentials(&new), |taken| taken.value.clone());
        let lapsed = self.lapsed(&held, now).await?.filter(|_| !quiet);
        match (taken, lapsed) {
            (None, _) => {
                transaction.create(&credentials(&new), RegisterError::EmailTaken);
            }
            (Some(taken), Some(lapsed)) => {
                transaction
                    .replace(&taken.map(|_| credentials(&new)), RegisterError::EmailTaken)
                    .replace(&switched_off(lapsed), RegisterError::EmailTaken);
            }
            (Some(_), None) => {
                let user_id = if quiet { new.account.id } else { held.user_id };
                transaction.put_over(&OutboxRecord::new(Payload::RegistrationRepeated { user_id }, now)?);
                return transaction.commit(&self.table).await;
            }
        }
        let line = registered(&new, now);
        make(&mut transaction, new, &line, now)?;
        transaction.commit(&self.table).await
    }

    /// Makes an account for somebody else: as [`Self::register`], with whoever does it in the audit line.
    pub async fn create(
        &self,
        new: NewAccount,
        act: &Act,
        receipt: Option<(&Once, &impl Serialize)>,
    ) -> Result<(), CommitError<RegisterError>> {
        let known = if new.account.role == Role::SuperAdmin {
            self.table.get::<SuperAdminsRecord>(&key::super_admins()).await?
        } else {
            None
        };
        let line = act.line(AuditEntry::AccountCreated, new.account.id);
        let line = line.change(&json!(null), &json!({ "role": new.account.role }));
        let mut transaction = begin(receipt, act.at)?;
        transaction.create(&credentials(&new), RegisterError::EmailTaken);
        // A new account takes nobody's place: this is refused for no other reason than a stale read.
        SuperAdminsRecord::keep(&mut transaction, known, None, &new.account, RegisterError::Stale)
            .map_err(|LastSuperAdmin| CommitError::Refused(RegisterError::Stale))?;
        make(&mut transaction, new, &line, act.at)?;
        transaction.commit(&self.table).await
    }

    /// The account, if its address is not confirmed and its code is no longer good. Those of staff do
    /// not lapse, since nobody else makes them, nor do those without a password, which nobody but the owner
    /// of the address can get into; what staff switched off stays off, and what is being erased keeps its
    /// address until it is.
    pub(super) async fn lapsed(
        &self,
        credentials: &CredentialsRecord,
        now: Timestamp,
    ) -> Result<Option<Versioned<AccountRecord>>, StorageError> {
        let keys = [key::user(credentials.user_id), key::email_code(credentials.user_id)];
        let mut found = self.table.get_all(&keys).await?;
        let account = found.take::<AccountRecord>(&keys[0])?;
        let code = found.take::<CodeRecord>(&keys[1])?;
        let waits = code.is_some_and(|code| code.value.is_live(now));
        let lapses = |account: &Account| {
            let stays = account.role.is_staff() || account.disabled.is_some() || account.status.is_final();
            !account.email_confirmed && !stays && credentials.password_hash.is_some()
        };
        Ok(account.filter(|account| lapses(&account.value.0) && !waits))
    }
}

/// A transaction with the receipt first, so that a repeated request is told apart from another one
/// for the same address.
fn begin(
    receipt: Option<(&Once, &impl Serialize)>,
    now: Timestamp,
) -> Result<Transaction<RegisterError>, StorageError> {
    let mut transaction = Transaction::new();
    if let Some((once, body)) = receipt {
        once.record(&mut transaction, StatusCode::CREATED, body, now, RegisterError::Seen)?;
    }
    Ok(transaction)
}

/// A lapsed account, which nobody gets into any more.
pub(super) fn switched_off(lapsed: Versioned<AccountRecord>) -> Versioned<AccountRecord> {
    lapsed.map(|AccountRecord(old)| {
        AccountRecord(Account { status: AccountStatus::Disabled, ..old.signed_out() })
    })
}

fn credentials(new: &NewAccount) -> CredentialsRecord {
    CredentialsRecord {
        email: new.account.email.clone(),
        user_id: new.account.id,
        password_hash: new.password.hash(),
    }
}

fn registered(new: &NewAccount, now: Timestamp) -> AuditRecord {
    AuditRecord::new(AuditEntry::AccountRegistered, Some(new.account.id), new.address.clone(), now)
}

/// Adds the account, its code or link, the event that mails it, and the audit line.
fn make(
    transaction: &mut Transaction<RegisterError>,
    new: NewAccount,
    line: &AuditRecord,
    now: Timestamp,
) -> Result<(), StorageError> {
    let user_id = new.account.id;
    super::list::index(transaction, None, &new.account);
    let epoch = new.account.epoch;
    transaction.create(&AccountRecord(new.account), RegisterError::EmailTaken);
    let mail = match new.password {
        FirstPassword::Chosen(_) => {
            let code = CodeRecord::new(user_id, random::id(now), Purpose::ConfirmEmail, now);
            transaction.put_over(&code);
            Payload::AccountRegistered { user_id, code_id: code.id }
        }
        FirstPassword::Invited(code_id, token) => {
            transaction.put_over(&ResetRecord::new(&token, (user_id, epoch), INVITATION_MINUTES, now));
            Payload::AccountInvited { user_id, code_id }
        }
    };
    transaction.put_over(&OutboxRecord::new(mail, now)?).put_over(line);
    Ok(())
}
