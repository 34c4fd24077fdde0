//! Finding accounts. One item for each text that an account is found by, written with the account,
//! in a partition of its first two letters; no list reads more than a page of one partition.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::account::{Account, AccountStatus, Email, Role, Term, UserFilter};
use banister_domain::id::{Id, UserId};
use banister_domain::sort::Sort;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountRecord, Accounts};
use crate::table::key::{self, Index};
use crate::table::{Key, Position, Query, Record, StorageError, Transaction, Versioned};

/// That an account is found by a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TermRecord {
    term: String,
    user_id: UserId,
}

impl TermRecord {
    fn new(term: &Term, user_id: UserId) -> Self {
        Self { term: term.as_str().to_owned(), user_id }
    }
}

impl Record for TermRecord {
    const TYPE: &'static str = "user_term";

    fn key(&self) -> Key {
        key::user_term(&self.term, self.user_id)
    }
}

/// Adds to a transaction what changes about how an account is found when it becomes `after`.
pub(in crate::store) fn index<M>(
    transaction: &mut Transaction<M>,
    before: Option<&Account>,
    after: &Account,
) {
    let old = before.map(Term::of).unwrap_or_default();
    let new = Term::of(after);
    for term in new.difference(&old) {
        transaction.put_over(&TermRecord::new(term, after.id));
    }
    for term in old.difference(&new) {
        transaction.delete(&key::user_term(term.as_str(), after.id));
    }
}

/// The same, with what has been there before written once more.
pub(super) fn index_again<M>(transaction: &mut Transaction<M>, before: &Account, after: &Account) {
    let new = Term::of(after);
    for term in &new {
        transaction.put_over(&TermRecord::new(term, after.id));
    }
    for term in Term::of(before).difference(&new) {
        transaction.delete(&key::user_term(term.as_str(), after.id));
    }
}

/// Where to look for accounts.
#[derive(Debug, Clone)]
pub enum Among {
    /// All of them, or those of a role, by the time they were made.
    Made {
        /// Of this role only.
        role: Option<Role>,
        /// Oldest first, or newest first.
        ascending: bool,
    },
    /// Those found by a text that begins so, in the order of those texts.
    Found(Term),
    /// The one that signs in with this address.
    Email(Email),
}

/// Which accounts to list.
#[derive(Debug, Clone)]
pub struct ListAccounts {
    /// Where to look.
    pub among: Among,
    /// Of these roles.
    pub roles: BTreeSet<Role>,
    /// In use or switched off.
    pub status: Option<AccountStatus>,
    /// With a confirmed address or without.
    pub confirmed: Option<bool>,
    /// Made at this moment or later.
    pub created_from: Timestamp,
    /// Made before this moment.
    pub created_to: Timestamp,
}

impl ListAccounts {
    /// What a filter says, for somebody who may see accounts of staff too or not.
    #[must_use]
    pub fn new(filter: &UserFilter, staff_too: bool) -> Self {
        let among = match (&filter.email, &filter.q) {
            (Some(email), _) => Among::Email(email.clone()),
            (None, Some(term)) => Among::Found(term.clone()),
            (None, None) => Among::Made { role: filter.role, ascending: filter.sort == Some(Sort::Oldest) },
        };
        let fits = |role: &Role| (staff_too || !role.is_staff()) && filter.role.is_none_or(|it| it == *role);
        Self {
            among,
            roles: Role::ALL.into_iter().filter(fits).collect(),
            status: filter.status,
            confirmed: filter.confirmed,
            created_from: filter.created_from.unwrap_or(Timestamp::UNIX_EPOCH),
            created_to: filter.created_to.unwrap_or(Timestamp::MAX),
        }
    }

    /// The same, but whoever was made first comes first.
    #[must_use]
    pub fn oldest_first(filter: &UserFilter, staff_too: bool) -> Self {
        Self::new(&UserFilter { sort: Some(Sort::Oldest), ..filter.clone() }, staff_too)
    }

    /// Whether this account is among them, as it is now: what an index says may be of a while ago.
    #[must_use]
    pub fn includes(&self, account: &Account) -> bool {
        let found = match &self.among {
            Among::Made { .. } => true,
            Among::Email(email) => account.email == *email,
            Among::Found(term) => Term::of(account).iter().any(|own| own.begins_with(term)),
        };
        found && self.fits(account)
    }

    fn fits(&self, account: &Account) -> bool {
        self.roles.contains(&account.role)
            && self.status.is_none_or(|status| account.status == status)
            && self.confirmed.is_none_or(|confirmed| account.email_confirmed == confirmed)
            && (self.created_from..self.created_to).contains(&account.created_at)
    }
}

/// The accounts of a page, and the position behind the last item read, where there may be more.
type Listed = (Vec<Account>, Option<Position>);

impl Accounts {
    /// One page: at most `limit` items are read, and what does not fit the filters is left out, so a
    /// page may be short.
    pub async fn list(
        &self,
        wanted: &ListAccounts,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Listed, StorageError> {
        if wanted.roles.is_empty() {
            return Ok((Vec::new(), None));
        }
        let (mut accounts, last) = match &wanted.among {
            Among::Made { role, ascending } => self.made(wanted, (*role, *ascending), limit, after).await?,
            Among::Found(term) => self.found(term, limit, after).await?,
            Among::Email(email) => (self.at(email).await?.into_iter().collect(), None),
        };
        accounts.retain(|account| wanted.fits(account));
        Ok((accounts, last))
    }

    async fn made(
        &self,
        wanted: &ListAccounts,
        (role, ascending): (Option<Role>, bool),
        limit: u16,
        after: Option<Position>,
    ) -> Result<Listed, StorageError> {
        let (index, pk) = match role {
            Some(role) => (Index::Gsi1, key::users_of(role)),
            None => (Index::Gsi2, key::USERS.to_owned()),
        };
        // Ids begin with the time at which they were made.
        let first =
            |at: Timestamp| -> UserId { Id::from_parts(u64::try_from(at.as_millisecond()).unwrap_or(0), 0) };
        let (from, to) = (first(wanted.created_from).to_string(), first(wanted.created_to).to_string());
        let query = Query { from, to, ascending, after, ..Query::all(Some(index), pk, limit) };
        let page = self.table.query::<AccountRecord>(query).await?;
        Ok((page.items.into_iter().map(|(record, _)| record.value.0).collect(), page.last))
    }

    async fn found(
        &self,
        wanted: &Term,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Listed, StorageError> {
        let query =
            Query { after, ..Query::beginning(key::user_terms(wanted.as_str()), wanted.as_str(), limit) };
        let page = self.table.query::<TermRecord>(query).await?;
        let hits: Vec<_> = page.items.into_iter().map(|(record, _)| record.value).collect();
        let ids: BTreeSet<_> = hits.iter().map(|hit| hit.user_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let accounts = self.get_all(&ids).await?.into_iter();
        let accounts: BTreeMap<_, _> = accounts.map(|account| (account.id, account)).collect();
        // Whoever is found by several texts stands where the first of them does, and only there.
        let shown = |hit: TermRecord| {
            let account = accounts.get(&hit.user_id)?;
            let first = Term::of(account).into_iter().find(|term| term.begins_with(wanted))?;
            (first.as_str() == hit.term).then(|| account.clone())
        };
        Ok((hits.into_iter().filter_map(shown).collect(), page.last))
    }

    async fn at(&self, email: &Email) -> Result<Option<Account>, StorageError> {
        let Some(credentials) = self.credentials(email).await? else { return Ok(None) };
        Ok(self.get(credentials.user_id).await?.map(|Versioned { value, .. }| value))
    }
}
