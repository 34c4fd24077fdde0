//! What the operations share that take the own password again.

use banister_domain::account::{Account, Password, RecoveryCode, Role, SecondFactorCode};
use banister_domain::id::UserId;
use banister_platform::http::{Code, Problem};
use banister_platform::limit::{Limit, OWN_PASSWORD, SECOND_FACTOR};
use banister_platform::store::{SecondFactorError, Security};
use banister_platform::table::CommitError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Accounts;

const PER_ADDRESS: Limit = Limit { operation: "own_password_address", count: 100, seconds: 300 };

/// The account's password, and a code of its second factor.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "password": "correct horse battery", "code": "492039" }))]
pub(crate) struct BothFactors {
    pub(crate) password: Password,
    pub(crate) code: SecondFactorCode,
}

/// Recovery codes, shown once.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RecoveryCodes, example = json!({ "recovery_codes": ["abcd-efgh-2345", "ijkl-mnop-6723"] }))]
pub(crate) struct RecoveryCodesView {
    /// Ten, each good once in place of a code of the app.
    recovery_codes: Vec<String>,
}

impl RecoveryCodesView {
    pub(crate) fn new(codes: &[RecoveryCode]) -> Self {
        Self { recovery_codes: codes.iter().map(RecoveryCode::shown).collect() }
    }
}

impl Accounts {
    /// The caller's account, if `password` is its own; counted before it is looked at.
    pub(crate) async fn known(
        &self,
        user: UserId,
        password: &Password,
        address: &str,
        now: Timestamp,
    ) -> Result<Account, Problem> {
        PER_ADDRESS.count_address(&self.table, address, now).await?;
        OWN_PASSWORD.count(&self.table, &user.to_string(), now).await?;
        let signed_out = || Problem::new(Code::Unauthenticated);
        let account = self.store.get(user).await?.ok_or_else(signed_out)?.value;
        let credentials = self.store.credentials(&account.email).await?;
        let credentials =
            credentials.filter(|credentials| credentials.user_id == user).ok_or_else(signed_out)?;
        if self.matches(password, &credentials).await? {
            return Ok(account);
        }
        self.store.refuse_password(user, address.to_owned(), now).await?;
        Err(Problem::new(Code::WrongPassword).field_at("/password", "is not the password"))
    }

    /// Whether a role demands the second factor.
    pub(crate) async fn demanded(&self, role: Role) -> Result<bool, Problem> {
        if !role.is_staff() {
            return Ok(false);
        }
        let settings = Security::new(self.table.clone()).get().await?;
        Ok(settings.value.second_factor_roles.demand(role))
    }
}

/// What is told where a second factor is not changed.
pub(crate) fn refused(error: CommitError<SecondFactorError>) -> Problem {
    match error {
        CommitError::Refused(SecondFactorError::SignedOut) => Problem::new(Code::Unauthenticated),
        CommitError::Refused(SecondFactorError::On) => Problem::new(Code::SecondFactorOn),
        CommitError::Refused(SecondFactorError::Off) => Problem::new(Code::SecondFactorOff),
        CommitError::Refused(SecondFactorError::WrongCode) => {
            Problem::new(Code::InvalidCode).field_at("/code", "is wrong, used or too old")
        }
        CommitError::Refused(SecondFactorError::Wait(seconds)) => Problem::over(SECOND_FACTOR, seconds),
        CommitError::Contention => Problem::busy(),
        CommitError::Storage(error) => error.into(),
    }
}
