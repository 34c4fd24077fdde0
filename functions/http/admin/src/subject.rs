//! Whom staff see and act on: one rule for every operation on an account.

use banister_domain::access::Reach;
use banister_domain::account::Account;
use banister_domain::id::UserId;
use banister_platform::http::{Code, Problem};
use banister_platform::identity::Identity;
use banister_platform::table::Versioned;

use crate::Admin;

impl Admin {
    /// The account, if `caller` may know of it.
    pub(crate) async fn seen(&self, caller: Identity, id: UserId) -> Result<Versioned<Account>, Problem> {
        Ok(self.reached(caller, id).await?.0)
    }

    async fn reached(&self, caller: Identity, id: UserId) -> Result<(Versioned<Account>, Reach), Problem> {
        let account = self.accounts.get(id).await?.ok_or(Problem::new(Code::NotFound))?;
        let own = caller.user_id == id;
        match Reach::of(caller.role, caller.permissions, account.value.role, own) {
            Reach::Hidden => Err(Problem::new(Code::NotFound)),
            reach => Ok((account, reach)),
        }
    }
}
