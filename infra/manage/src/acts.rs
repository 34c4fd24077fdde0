//! What the commands do. Each leaves its record in the audit log, without an actor: a command did it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::{Account, Email, InvalidPassword, Password, Role};
use banister_domain::id::{AuditId, JobId, UserId};
use banister_domain::text::{PersonName, Reason};
use banister_integrations::breaches::Breaches;
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::identity::password::Passwords;
use banister_platform::random;
use banister_platform::store::{
    Accounts, Act, Audit, AuditEntry, AuditRecord, COMMAND, Cards, Edit, EditError, FirstPassword, Jobs,
    NewAccount, Once, PermissionsError, Rebuilt, RegisterError, Statistics, Verified,
};
use banister_platform::table::{CommitError, Table, backoff};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::arguments::{Command, Whom};
use crate::rotation::Deployment;
use crate::{ManageError, keys, password, place, rotation};

/// What came of a command.
pub(crate) struct Outcome {
    /// For people and programs.
    pub(crate) result: Value,
    /// Whether all is as it should be.
    pub(crate) good: bool,
}

impl From<Value> for Outcome {
    fn from(result: Value) -> Self {
        Self { result, good: true }
    }
}

/// Does it.
pub(crate) async fn run(command: Command, data: &Path) -> Result<Outcome, ManageError> {
    let (settings, clock) = place::find(data)?;
    let desk = Desk { table: Table::from_settings(&settings)?, settings, clock };
    match command {
        Command::Create { role, email, first_name, last_name } => {
            desk.create(role, email, first_name, last_name).await
        }
        Command::Grant { whom, permission } => desk.permit(whom, permission, true).await,
        Command::Revoke { whom, permission } => desk.permit(whom, permission, false).await,
        Command::Disable { whom, reason } => desk.disable(whom, reason).await,
        Command::ResetTotp { whom } => desk.reset_totp(whom).await,
        Command::Unlock { whom } => desk.unlock(whom).await,
        Command::RotateKeys { deployment } => desk.rotate(data, deployment).await,
        Command::ReindexUsers => desk.reindex().await,
        Command::VerifyAudit { from, to } => desk.verify(from, to).await,
        Command::LinkAudit { from, to } => desk.link(from, to).await,
        Command::RebuildCards => desk.rebuild_cards().await,
        Command::RebuildCounters => desk.rebuild().await,
        Command::ContinueJob { job } => desk.continue_job(job).await,
    }
}

struct Desk {
    settings: Settings,
    clock: Clock,
    table: Table,
}

impl Desk {
    fn accounts(&self) -> Accounts {
        Accounts::new(self.table.clone())
    }

    async fn id(&self, whom: Whom) -> Result<UserId, ManageError> {
        match whom {
            Whom::Id(id) => Ok(id),
            Whom::Email(email) => match self.accounts().credentials(&email).await? {
                Some(known) => Ok(known.user_id),
                None => Err(MISSING),
            },
        }
    }

    /// The address needs no confirmation: whoever gives it here knows it.
    async fn create(
        &self,
        role: Role,
        email: Email,
        first_name: PersonName,
        last_name: PersonName,
    ) -> Result<Outcome, ManageError> {
        // Before the terminal is asked for a password in vain.
        if self.accounts().credentials(&email).await?.is_some() {
            return Err(TAKEN);
        }
        let password = password::read()?.of(&email, &first_name, &last_name);
        let password = password.map_err(|error| ManageError::Password(error.to_string()))?;
        self.unbreached(&password).await?;
        let hash = Passwords::from_settings(&self.settings)?.hash(password).await;
        let hash = hash.map_err(|error| ManageError::Password(error.to_string()))?;
        let now = self.clock.now();
        let account = Account {
            permissions: role.starting_permissions(),
            email_confirmed: true,
            ..Account::new(random::id(now), email, role, (first_name, last_name), now)
        };
        let result = json!({ "id": account.id, "email": account.email, "role": role,
            "permissions": account.permissions });
        let act = self.act();
        let new = NewAccount { account, password: FirstPassword::Chosen(hash), address: act.address.clone() };
        for attempt in 0..5 {
            match self.accounts().create(new.clone(), &act, None::<(&Once, &Value)>).await {
                Ok(()) => return Ok(result.into()),
                Err(CommitError::Refused(RegisterError::EmailTaken)) => return Err(TAKEN),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(_) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(ManageError::Busy)
    }

    /// Refuses a password that is known from a breach, unless nobody is to be asked.
    async fn unbreached(&self, password: &Password) -> Result<(), ManageError> {
        let Some(breaches) = self.settings.parsed("BREACHED_PASSWORDS_URL", Breaches::named)? else {
            return Ok(());
        };
        match breaches.know(password.expose()).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(ManageError::Password(InvalidPassword::Breached.to_string())),
            Err(error) => {
                eprintln!("whether the password is known from a breach was not told: {error}");
                Ok(())
            }
        }
    }

    async fn permit(&self, whom: Whom, permission: Permission, may: bool) -> Result<Outcome, ManageError> {
        let (id, now) = (self.id(whom).await?, self.clock.now());
        let one: Permissions = [permission].into_iter().collect();
        let wanted = |account: &Account, _| {
            let had = account.permissions;
            Some(if may { had.iter().chain([permission]).collect() } else { had.without(one) })
        };
        match self.accounts().change_permissions(id, wanted, None, COMMAND, now).await {
            Ok((account, _)) => Ok(json!({ "id": id, "permissions": account.permissions }).into()),
            Err(CommitError::Refused(PermissionsError::Missing)) => Err(MISSING),
            Err(CommitError::Refused(PermissionsError::NotStaff)) => {
                Err(ManageError::Refused("only staff have permissions"))
            }
            Err(CommitError::Refused(PermissionsError::Erased)) => Err(ERASED),
            Err(
                CommitError::Refused(PermissionsError::Stale | PermissionsError::Changed)
                | CommitError::Contention,
            ) => Err(ManageError::Busy),
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }

    async fn disable(&self, whom: Whom, reason: Reason) -> Result<Outcome, ManageError> {
        let (id, act) = (self.id(whom).await?, self.act());
        let account = self.edit(id, &act, |account| Edit::disabled(account, &reason, act.at)).await?;
        Ok(json!({ "id": id, "status": account.status }).into())
    }

    async fn reset_totp(&self, whom: Whom) -> Result<Outcome, ManageError> {
        let (id, act) = (self.id(whom).await?, self.act());
        let account = self.edit(id, &act, Edit::without_second_factor).await?;
        Ok(json!({ "id": id, "second_factor": account.second_factor }).into())
    }

    async fn edit(
        &self,
        id: UserId,
        act: &Act,
        decide: impl Fn(&Account) -> Option<Edit>,
    ) -> Result<Account, ManageError> {
        let decide = |account: &Account| Ok::<_, Infallible>(decide(account));
        match self.accounts().edit(id, act, decide).await {
            Ok(account) => Ok(account),
            Err(CommitError::Refused(EditError::Missing)) => Err(MISSING),
            Err(CommitError::Refused(EditError::Unreadable(_))) => Err(UNREADABLE),
            Err(CommitError::Refused(EditError::LastSuperAdmin)) => {
                Err(ManageError::Refused("there must be another active super admin"))
            }
            Err(CommitError::Refused(EditError::Erased)) => Err(ERASED),
            // None of these touches a number, or is one of many.
            Err(
                CommitError::Refused(EditError::Stale | EditError::PhoneTaken | EditError::Told)
                | CommitError::Contention,
            ) => Err(ManageError::Busy),
            Err(CommitError::Refused(EditError::Refused(never))) => match never {},
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }

    async fn unlock(&self, whom: Whom) -> Result<Outcome, ManageError> {
        let id = self.id(whom).await?;
        let account = self.accounts().get(id).await?.ok_or(MISSING)?.value;
        // The address of a registration that lapsed can be somebody else's.
        if self.accounts().credentials(&account.email).await?.is_none_or(|known| known.user_id != id) {
            return Err(MISSING);
        }
        self.accounts().unlock(&account, &self.act()).await?;
        Ok(json!({ "id": id, "unlocked": true }).into())
    }

    /// The audit line comes first: a rotation that is cut off after it is done again.
    async fn rotate(&self, data: &Path, deployment: Option<Deployment>) -> Result<Outcome, ManageError> {
        let on_aws = Settings::from_env().optional("TABLE_NAME").is_some();
        if on_aws != deployment.is_some() {
            return Err(ManageError::Refused("--stage and --api are needed on AWS, and there only"));
        }
        let now = self.clock.now();
        let suffix = random::bytes::<4>().map(|byte| format!("{byte:02x}")).concat();
        let id = format!("{}-{suffix}", now.to_zoned(TimeZone::UTC).date());
        let line = AuditRecord::new(AuditEntry::KeysRotated, None, COMMAND.to_owned(), now);
        let Some(deployment) = deployment else {
            self.table.put(&line.change(&json!(null), &json!({ "key": id }))).await?;
            let (signing, previous) = keys::rotate(data, &id)?;
            return Ok(json!({ "signing": signing, "previous": previous }).into());
        };
        let plan = rotation::Plan::of(&self.settings, &deployment, now).await?;
        self.table
            .put(&line.change(&plan.keys(), &json!({ "step": plan.name(), "stage": deployment.stage })))
            .await?;
        Ok(plan.carry_out(&id).await?.into())
    }

    /// Leaves the record of an act that is more than one transaction: before it begins, so that none is
    /// without one, and with what came of it when it is done.
    async fn note(&self, entry: AuditEntry, what: &Value) -> Result<AuditId, ManageError> {
        let line = AuditRecord::new(entry, None, COMMAND.to_owned(), self.clock.now());
        let line = line.change(&json!(null), what);
        self.table.put(&line).await?;
        Ok(line.id)
    }

    async fn reindex(&self) -> Result<Outcome, ManageError> {
        self.note(AuditEntry::UsersReindexed, &json!({ "step": "begun" })).await?;
        let (mut accounts, mut unreadable) = (0, 0);
        for role in Role::ALL {
            let mut after = None;
            loop {
                let page = self.accounts().reindex(role, after).await.map_err(|error| match error {
                    CommitError::Refused(id) => ManageError::Stopped(id),
                    CommitError::Contention => ManageError::Busy,
                    CommitError::Storage(error) => error.into(),
                })?;
                accounts += page.accounts;
                unreadable += page.unreadable;
                after = page.last;
                if after.is_none() {
                    break;
                }
            }
        }
        let result = json!({ "accounts": accounts, "unreadable": unreadable });
        self.note(AuditEntry::UsersReindexed, &done(&result)).await?;
        Ok(Outcome { result, good: unreadable == 0 })
    }

    fn act(&self) -> Act {
        Act { by: None, address: COMMAND.to_owned(), at: self.clock.now() }
    }

    fn days(&self, from: Option<Date>, to: Option<Date>) -> Vec<Date> {
        let today = self.clock.now().to_zoned(TimeZone::UTC).date();
        let to = to.unwrap_or(today);
        let first = from.unwrap_or(to);
        first.series(jiff::Span::new().days(1)).take_while(|day| *day <= to).collect()
    }

    async fn verify(&self, from: Option<Date>, to: Option<Date>) -> Result<Outcome, ManageError> {
        let audit = Audit::new(self.table.clone());
        let (mut all, days) = (Verified::default(), self.days(from, to));
        for day in &days {
            let Verified { records, links, pending, findings } = audit.verify(*day, self.clock.now()).await?;
            all.records += records;
            all.links += links;
            all.pending += pending;
            all.findings.extend(findings);
        }
        // What is gone with all of its day is known to the days behind it.
        if let Some(next) = days.last().and_then(|last| last.tomorrow().ok()) {
            all.findings.extend(audit.verify_earlier(next, self.clock.now()).await?);
        }
        let mut known = Vec::new();
        for finding in std::mem::take(&mut all.findings) {
            if !known.contains(&finding) {
                known.push(finding);
            }
        }
        all.findings = known;
        let good = all.findings.is_empty();
        let Verified { records, links, pending, findings } = all;
        let result = json!({ "days": days.len(), "records": records, "links": links, "pending": pending,
            "findings": findings });
        Ok(Outcome { result, good })
    }

    async fn link(&self, from: Option<Date>, to: Option<Date>) -> Result<Outcome, ManageError> {
        let audit = Audit::new(self.table.clone());
        let (mut linked, days) = (0, self.days(from, to));
        let span = json!({ "step": "begun", "from": days.first(), "to": days.last() });
        let own = self.note(AuditEntry::AuditLinked, &span).await?;
        for day in &days {
            linked += audit.link_missed(*day, Some(own), self.clock.now()).await?;
        }
        let result = json!({ "days": days.len(), "linked": linked });
        self.note(AuditEntry::AuditLinked, &done(&result)).await?;
        Ok(result.into())
    }

    async fn continue_job(&self, id: JobId) -> Result<Outcome, ManageError> {
        let job = Jobs::new(self.table.clone()).ask_again(id, COMMAND, self.clock.now()).await;
        let job = job.map_err(|error| match error {
            CommitError::Refused(never) => match never {},
            CommitError::Contention => ManageError::Busy,
            CommitError::Storage(error) => error.into(),
        })?;
        let job = job.ok_or(ManageError::Refused("there is no such job, or it is done"))?;
        Ok(json!({ "id": id, "state": job.state, "revision": job.revision }).into())
    }

    async fn rebuild_cards(&self) -> Result<Outcome, ManageError> {
        self.note(AuditEntry::CardsRebuilt, &json!({ "step": "begun" })).await?;
        let rebuilt = Cards::new(self.table.clone()).rebuild(|| self.clock.now()).await?;
        let result = json!({ "looked_at": rebuilt.looked_at, "unreadable": rebuilt.unreadable });
        self.note(AuditEntry::CardsRebuilt, &done(&result)).await?;
        Ok(Outcome { result, good: rebuilt.unreadable == 0 })
    }

    async fn rebuild(&self) -> Result<Outcome, ManageError> {
        self.note(AuditEntry::CountersRebuilt, &json!({ "step": "begun" })).await?;
        let rebuilt = Statistics::new(self.table.clone()).rebuild().await?;
        let Rebuilt { generation, things, unreadable, corrected, corrected_days } = rebuilt;
        let corrected: BTreeMap<_, _> = corrected
            .into_iter()
            .map(|(counter, (before, after))| {
                (counter.to_string(), json!({ "before": before, "after": after }))
            })
            .collect();
        let result = json!({ "generation": generation, "things": things, "unreadable": unreadable,
            "corrected": corrected, "corrected_days": corrected_days });
        self.note(AuditEntry::CountersRebuilt, &done(&result)).await?;
        Ok(Outcome { result, good: unreadable == 0 })
    }
}

/// What came of an act, as its record has it.
fn done(result: &Value) -> Value {
    let mut what = result.clone();
    what["step"] = json!("done");
    what
}

const MISSING: ManageError = ManageError::Refused("there is no such account");
const UNREADABLE: ManageError = ManageError::Refused("what is kept does not read as an account");
const ERASED: ManageError = ManageError::Refused("the account is erased");
const TAKEN: ManageError = ManageError::Refused("the e-mail address has an account");
