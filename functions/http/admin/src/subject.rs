//! Whom and what staff see and act on: one rule for every operation on an account, one for services.

use banister_domain::access::Reach;
use banister_domain::account::Account;
use banister_domain::bulk::UserAct;
use banister_domain::id::{ServiceId, UserId};
use banister_domain::service::Service;
use banister_platform::http::{ClientAddress, Code, Problem};
use banister_platform::identity::Identity;
use banister_platform::staff_acts::Actor;
use banister_platform::store::{Act, CredentialsRecord, Edit, ServiceEdit, ServiceEditError};
use banister_platform::table::{CommitError, StorageError, Versioned};

use crate::Admin;

impl Admin {
    /// The account, if `caller` may know of it.
    pub(crate) async fn seen(&self, caller: Identity, id: UserId) -> Result<Versioned<Account>, Problem> {
        let hidden = || Problem::new(Code::NotFound);
        match self.accounts.get(id).await {
            Ok(account) => account.filter(|account| sees(caller, &account.value)).ok_or_else(hidden),
            Err(StorageError::Malformed(_)) => {
                let role = self.accounts.listed_role(id).await?;
                let known = Actor::from(caller).reach_listed(id, role) != Reach::Hidden;
                Err(if known { Problem::internal("an account does not read") } else { hidden() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The account and how it is signed in to, if `caller` may act on it and its address is still its own: that of a registration that
    /// lapsed may have become somebody's on whom `caller` may not act.
    pub(crate) async fn reachable(
        &self,
        caller: Identity,
        id: UserId,
    ) -> Result<(Account, CredentialsRecord), Problem> {
        let account = self.seen(caller, id).await?.value;
        manages(caller, &account)?;
        if account.status.is_final() {
            return Err(Problem::new(Code::AccountErased));
        }
        let credentials = self.accounts.credentials(&account.email).await?;
        let own = credentials.filter(|credentials| credentials.user_id == id);
        Ok((account, own.ok_or(Problem::new(Code::EmailTaken))?))
    }

    /// Makes of the account what `decide` says, if `caller` may change it as it is then.
    pub(crate) async fn edit(
        &self,
        caller: Identity,
        address: &ClientAddress,
        id: UserId,
        decide: impl Fn(&Account) -> Result<Option<Edit>, Problem>,
    ) -> Result<Account, Problem> {
        let act = self.act(caller, address);
        Ok(self.acts.edit((caller.into(), &act), id, decide).await?)
    }

    /// Does `what` to the account, if `caller` may do that to it as it is then.
    pub(crate) async fn perform(
        &self,
        caller: Identity,
        address: &ClientAddress,
        id: UserId,
        what: &UserAct,
    ) -> Result<Account, Problem> {
        let act = self.act(caller, address);
        Ok(self.acts.perform((caller.into(), &act), id, what).await?)
    }

    /// What `caller` does now.
    pub(crate) fn act(&self, caller: Identity, address: &ClientAddress) -> Act {
        Act { by: Some(caller.user_id), address: address.subject(), at: self.clock.now() }
    }
}

impl Admin {
    /// Makes of a service what `decide` says as it is then.
    pub(crate) async fn edit_service(
        &self,
        caller: Identity,
        address: &ClientAddress,
        id: ServiceId,
        decide: impl Fn(&Service) -> Result<Option<ServiceEdit>, Problem>,
    ) -> Result<Service, Problem> {
        let act = self.act(caller, address);
        self.services.edit(id, &act, decide).await.map_err(|error| match error {
            CommitError::Refused(ServiceEditError::Missing) => Problem::new(Code::NotFound),
            CommitError::Refused(ServiceEditError::Refused(problem)) => problem,
            CommitError::Refused(ServiceEditError::Stale) | CommitError::Contention => Problem::busy(),
            CommitError::Storage(error) => error.into(),
        })
    }
}

/// Whether `caller` may change the account, or what says why not.
pub(crate) fn manages(caller: Identity, account: &Account) -> Result<(), Problem> {
    Actor::from(caller).manages(account)
}

/// Whether `caller` may know of the account.
pub(crate) fn sees(caller: Identity, account: &Account) -> bool {
    Actor::from(caller).reach(account) != Reach::Hidden
}
