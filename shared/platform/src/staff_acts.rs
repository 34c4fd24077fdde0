//! What staff do to accounts: one rule for each operation, whether it is done to one account, to some at once
//! or to many by a job.

use banister_domain::access::{Permission, Permissions, Reach};
use banister_domain::account::{Account, AccountStatus, Role};
use banister_domain::bulk::{Outcome, UserAct};
use banister_domain::id::{JobId, RequestId, UserId};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;

use crate::http::{Code, Problem};
use crate::identity::Identity;
use crate::store::{
    AccountRecord, Accounts, Act, AuditEntry, Beside, BulkResultRecord, Bulks, Change, Edit, EditError,
    Edited, ListAccounts, Security,
};
use crate::table::{CommitError, Record as _, StorageError, Table};
use crate::worker::WorkError;

/// How many accounts of many are seen to side by side.
const SIDE_BY_SIDE: usize = 5;

/// A member of staff, as far as it decides what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// What was granted to them.
    pub permissions: Permissions,
}

impl From<Identity> for Actor {
    fn from(Identity { user_id, role, permissions, .. }: Identity) -> Self {
        Self { user_id, role, permissions }
    }
}

impl Actor {
    /// How far they reach on an account.
    #[must_use]
    pub fn reach(self, account: &Account) -> Reach {
        self.reach_listed(account.id, Some(account.role))
    }

    /// How far they reach on an account of which nothing but the role may be known, or not even that.
    #[must_use]
    pub fn reach_listed(self, id: UserId, role: Option<Role>) -> Reach {
        let of = |role| Reach::of(self.role, self.permissions, role, self.user_id == id);
        // One that nobody knows the role of may be anybody's.
        role.map_or_else(|| if self.role == Role::SuperAdmin { Reach::Managed } else { Reach::Hidden }, of)
    }

    /// That they may change the account, or what says why not.
    pub fn manages(self, account: &Account) -> Result<(), Problem> {
        managed(self.reach(account))
    }

    /// Whether they may do what needs a permission.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        self.role.may(self.permissions, permission)
    }
}

/// That what is reached so far may be changed, or what says why not.
fn managed(reach: Reach) -> Result<(), Problem> {
    match reach {
        Reach::Hidden => Err(Problem::new(Code::NotFound)),
        Reach::Seen => Err(Problem::new(Code::Forbidden)),
        Reach::Managed => Ok(()),
    }
}

/// Why an account was not changed.
#[derive(Debug)]
pub enum Unchanged {
    /// It may not be.
    Refused(Problem),
    /// What is kept does not read as an account.
    Unreadable,
    /// It was done before, as is told.
    Told,
    /// Somebody else changed it, again and again.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<StorageError> for Unchanged {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<CommitError<EditError<Problem>>> for Unchanged {
    fn from(error: CommitError<EditError<Problem>>) -> Self {
        let code = match error {
            CommitError::Refused(EditError::Refused(problem)) => return Self::Refused(problem),
            CommitError::Refused(EditError::Unreadable(_)) => return Self::Unreadable,
            CommitError::Refused(EditError::Told) => return Self::Told,
            CommitError::Refused(EditError::Stale) | CommitError::Contention => return Self::Busy,
            CommitError::Storage(error) => return Self::Storage(error),
            CommitError::Refused(EditError::Missing) => Code::NotFound,
            CommitError::Refused(EditError::PhoneTaken) => Code::PhoneTaken,
            CommitError::Refused(EditError::LastSuperAdmin) => Code::LastSuperAdmin,
            CommitError::Refused(EditError::Erased) => Code::AccountErased,
        };
        Self::Refused(Problem::new(code))
    }
}

impl From<Unchanged> for Problem {
    fn from(unchanged: Unchanged) -> Self {
        match unchanged {
            Unchanged::Refused(problem) => problem,
            Unchanged::Unreadable => Self::internal("an account does not read"),
            Unchanged::Told | Unchanged::Busy => Self::busy(),
            Unchanged::Storage(error) => error.into(),
        }
    }
}

impl From<Unchanged> for WorkError {
    fn from(unchanged: Unchanged) -> Self {
        match unchanged {
            Unchanged::Storage(error) => error.into(),
            Unchanged::Refused(problem) => Self::Poison(problem.code().as_str().to_owned()),
            Unchanged::Unreadable => Self::Poison("an account does not read".into()),
            Unchanged::Told | Unchanged::Busy => Self::Retry("something was changed at the same time".into()),
        }
    }
}

/// How an act is done.
#[derive(Debug, Clone)]
enum Mode {
    /// To one account.
    Alone,
    /// As one of many, told of in the same transaction.
    Told(Beside),
    /// Not at all: only what it would come to.
    Judged,
}

/// Does what staff do to accounts.
#[derive(Debug, Clone)]
pub struct StaffActs {
    accounts: Accounts,
    security: Security,
    bulks: Bulks,
}

impl StaffActs {
    /// To those of this table.
    #[must_use]
    pub fn new(table: &Table) -> Self {
        let (accounts, security) = (Accounts::new(table.clone()), Security::new(table.clone()));
        Self { accounts, security, bulks: Bulks::new(table.clone()) }
    }

    /// Makes of the account what `decide` says, if `actor` may change it as it is then.
    pub async fn edit(
        &self,
        (actor, act): (Actor, &Act),
        id: UserId,
        decide: impl Fn(&Account) -> Result<Option<Edit>, Problem>,
    ) -> Result<Account, Unchanged> {
        self.change((actor, act), id, decide, &Mode::Alone).await.map(|edited| edited.account)
    }

    /// Does `what` to one account, if `actor` may do that to it as it is then.
    pub async fn perform(&self, by: (Actor, &Act), id: UserId, what: &UserAct) -> Result<Account, Unchanged> {
        self.do_to(by, id, (what, None), &Mode::Alone).await.map(|edited| edited.account)
    }

    /// The member of staff as they are now; none where they may not do any more what needs these permissions.
    pub async fn standing(&self, user: UserId, needed: &[Permission]) -> Result<Option<Actor>, StorageError> {
        let Some(account) = self.accounts.get(user).await? else { return Ok(None) };
        let Account { role, permissions, status, second_factor, .. } = account.value;
        let demanded = self.security.get().await?.value.second_factor_roles.demand(role);
        let stands = status == AccountStatus::Active && (second_factor || !demanded);
        let actor = Actor { user_id: user, role, permissions };
        Ok((stands && needed.iter().all(|needed| actor.may(*needed))).then_some(actor))
    }

    async fn do_to(
        &self,
        (actor, act): (Actor, &Act),
        id: UserId,
        (what, among): (&UserAct, Option<&ListAccounts>),
        mode: &Mode,
    ) -> Result<Edited, Unchanged> {
        let decide = |account: &Account| match among {
            Some(among) if !among.includes(account) => Ok(None),
            _ => decided(actor, act, what, account),
        };
        self.change((actor, act), id, decide, mode).await
    }

    async fn change(
        &self,
        (actor, act): (Actor, &Act),
        id: UserId,
        decide: impl Fn(&Account) -> Result<Option<Edit>, Problem>,
        mode: &Mode,
    ) -> Result<Edited, Unchanged> {
        let decide = |account: &Account| {
            actor.manages(account)?;
            if account.status.is_final() {
                return Err(Problem::new(Code::AccountErased));
            }
            decide(account)
        };
        let edited = match mode {
            Mode::Alone => self.accounts.edit_beside(id, act, decide, None).await,
            Mode::Told(beside) => self.accounts.edit_beside(id, act, decide, Some(beside)).await,
            Mode::Judged => self.accounts.would_edit(id, act, decide).await,
        };
        if let Err(CommitError::Refused(EditError::Unreadable(role))) = edited {
            managed(actor.reach_listed(id, role)).map_err(Unchanged::Refused)?;
        }
        Ok(edited?)
    }
}

/// What an account becomes by an act; none where it is that already.
fn decided(actor: Actor, act: &Act, what: &UserAct, account: &Account) -> Result<Option<Edit>, Problem> {
    let edit = |account, entry, change| Some(Edit { account, entry, change });
    Ok(match what {
        UserAct::Disable { reason } => Edit::disabled(account, reason, act.at),
        UserAct::Enable { .. } if account.status == AccountStatus::Active => None,
        // One that nobody switched off has lapsed: in the transaction that did it, its address became another
        // one's.
        UserAct::Enable { .. } if account.disabled.is_none() => return Err(Problem::new(Code::EmailTaken)),
        UserAct::Enable { reason } => {
            let before = json!({ "status": account.status, "disabled": account.disabled });
            let change = Some(Change::of(&before, &json!({ "reason": reason })));
            edit(account.clone().enabled(), AuditEntry::AccountEnabled, change)
        }
        UserAct::SetRole { role } => {
            if !account.role.is_staff() || !role.is_staff() {
                return Err(Problem::new(Code::RoleFixed));
            }
            if !actor.role.is_above(*role) {
                return Err(Problem::new(Code::Forbidden));
            }
            if account.role == *role {
                return Ok(None);
            }
            let shown =
                |account: &Account| json!({ "role": account.role, "permissions": account.permissions });
            let changed = account.clone().with_role(*role, actor.role);
            let change = Some(Change::of(&shown(account), &shown(&changed)));
            edit(changed, AuditEntry::RoleSet, change)
        }
        UserAct::EndSessions => edit(account.clone().signed_out(), AuditEntry::AllSessionsEnded, None),
    })
}

/// One act on many accounts.
#[derive(Debug, Clone)]
pub struct BulkAct<'a> {
    /// Below which what becomes of them is told.
    pub job_id: JobId,
    /// Who does it; none where they may not do it any more, and all are refused.
    pub actor: Option<Actor>,
    /// What is done.
    pub what: &'a UserAct,
    /// Only to those that these include when they are seen to; to all where absent.
    pub among: Option<&'a ListAccounts>,
    /// Whether it is only told what it would come to.
    pub dry_run: bool,
    /// Who, whence and when, for the audit log.
    pub act: Act,
    /// The request that asked for it, where it is not under way.
    pub request_id: Option<RequestId>,
}

impl StaffActs {
    /// Does an act to each of at most 100 accounts of whom nothing is told yet, and tells what became of each,
    /// in their order. What breaks off is finished by doing it again.
    pub async fn see_to(
        &self,
        bulk: &BulkAct<'_>,
        users: &[UserId],
    ) -> Result<Vec<BulkResultRecord>, Unchanged> {
        let mut known = self.bulks.known(bulk.job_id, users).await?;
        let each: Vec<_> =
            users.iter().map(|user| self.see_to_one(bulk, *user, known.remove(user))).collect();
        stream::iter(each).buffered(SIDE_BY_SIDE).try_collect().await
    }

    async fn see_to_one(
        &self,
        bulk: &BulkAct<'_>,
        user: UserId,
        told: Option<BulkResultRecord>,
    ) -> Result<BulkResultRecord, Unchanged> {
        if let Some(told) = told {
            return Ok(told);
        }
        let result = |outcome| BulkResultRecord::new(bulk.job_id, user, outcome, bulk.act.at);
        let refused = |code: Code| {
            let code = Some(code.as_str().to_owned());
            BulkResultRecord { code, ..result(Outcome::Refused) }
        };
        let Some(actor) = bulk.actor else { return self.tell(refused(Code::Forbidden)).await };
        let mode = if bulk.dry_run {
            Mode::Judged
        } else {
            Mode::Told(Beside { result: result(Outcome::Changed), request_id: bulk.request_id })
        };
        match self.do_to((actor, &bulk.act), user, (bulk.what, bulk.among), &mode).await {
            Ok(Edited { changed: true, .. }) if bulk.dry_run => self.tell(result(Outcome::Changed)).await,
            Ok(Edited { changed: true, .. }) => Ok(result(Outcome::Changed)),
            Ok(Edited { changed: false, .. }) => self.tell(result(Outcome::Unchanged)).await,
            Err(Unchanged::Refused(problem)) => self.tell(refused(problem.code())).await,
            Err(Unchanged::Unreadable) => {
                // Neither key nor content, which hold addresses. What is told has the id.
                let kind = AccountRecord::TYPE;
                tracing::warn!(kind, unreadable = 1, "an account of many does not read and is refused");
                self.tell(refused(Code::Internal)).await
            }
            Err(Unchanged::Told) => Ok(self.bulks.told(bulk.job_id, user).await?),
            Err(other) => Err(other),
        }
    }

    async fn tell(&self, result: BulkResultRecord) -> Result<BulkResultRecord, Unchanged> {
        self.bulks.tell(result).await.map_err(|error| match error {
            CommitError::Refused(error) | CommitError::Storage(error) => Unchanged::Storage(error),
            CommitError::Contention => Unchanged::Busy,
        })
    }
}
