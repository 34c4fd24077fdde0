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
use crate::table::{Item, Key, Position, Query, Record, StorageError, Transaction, from_item};

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

/// An account of a page.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Whose.
    pub id: UserId,
    /// The account; none where what is kept does not read as one, so that only its role is known.
    pub account: Option<Account>,
    /// Right behind it; none where nobody can be.
    behind: Option<Position>,
}

/// Some of the accounts that were asked for, in their order.
#[derive(Debug, Clone, Default)]
pub struct AccountPage {
    /// Those that fit, and those of the roles asked for of which nothing else can be said.
    pub accounts: Vec<Listed>,
    /// Where the next page begins, where there may be more.
    pub last: Option<Position>,
}

impl AccountPage {
    /// Those that read.
    pub fn readable(self) -> impl Iterator<Item = Account> {
        self.accounts.into_iter().filter_map(|listed| listed.account)
    }

    /// Its first accounts, `most` of them, 1 or more; those behind them are left to the next page.
    #[must_use]
    pub fn up_to(mut self, most: usize) -> Self {
        if self.accounts.len() > most {
            self.accounts.truncate(most);
            self.last = self.accounts.last().and_then(|listed| listed.behind.clone());
        }
        self
    }
}

impl Accounts {
    /// One page: at most `limit` items are read, and what does not fit the filters is left out, so a
    /// page may be short. What does not read is logged; who shows accounts leaves it out, who counts them or
    /// acts on them tells of it (decision 20).
    pub async fn list(
        &self,
        wanted: &ListAccounts,
        limit: u16,
        after: Option<Position>,
    ) -> Result<AccountPage, StorageError> {
        if wanted.roles.is_empty() {
            return Ok(AccountPage::default());
        }
        match &wanted.among {
            Among::Made { role, ascending } => self.made(wanted, (*role, *ascending), limit, after).await,
            Among::Found(term) => self.found(wanted, term, limit, after).await,
            Among::Email(email) => self.at(wanted, email).await,
        }
    }

    async fn made(
        &self,
        wanted: &ListAccounts,
        (role, ascending): (Option<Role>, bool),
        limit: u16,
        after: Option<Position>,
    ) -> Result<AccountPage, StorageError> {
        let (index, pk) = match role {
            Some(role) => (Index::Gsi1, key::users_of(role)),
            None => (Index::Gsi2, key::USERS.to_owned()),
        };
        // Ids begin with the time at which they were made.
        let first =
            |at: Timestamp| -> UserId { Id::from_parts(u64::try_from(at.as_millisecond()).unwrap_or(0), 0) };
        let (from, to) = (first(wanted.created_from).to_string(), first(wanted.created_to).to_string());
        let query = Query { from, to, ascending, after, ..Query::all(Some(index), pk, limit) };
        let (items, last) = self.table.query_items(query).await?;
        let placed = |item: Item| {
            let behind = Position::from_item(&item, Some(index))?;
            let id = behind.index_sort_key(index)?.parse().ok()?;
            Some((id, item, Some(behind)))
        };
        Ok(AccountPage { accounts: wanted.chosen(items.into_iter().filter_map(placed)), last })
    }

    async fn found(
        &self,
        wanted: &ListAccounts,
        term: &Term,
        limit: u16,
        after: Option<Position>,
    ) -> Result<AccountPage, StorageError> {
        let query = Query { after, ..Query::beginning(key::user_terms(term.as_str()), term.as_str(), limit) };
        let page = self.table.query::<TermRecord>(query).await?;
        let hits: Vec<_> = page.items.into_iter().map(|(hit, behind)| (hit.value, behind)).collect();
        let found = self.of(wanted, &hits.iter().map(|(hit, _)| hit.user_id).collect()).await?;
        let mut found: BTreeMap<_, _> = found.into_iter().map(|listed| (listed.id, listed)).collect();
        // Whoever is found by several texts stands where the first of them does, and only there; who does not
        // read stands where the page has the first one.
        let shown = |(hit, behind): (TermRecord, Position)| {
            let own = found.get(&hit.user_id)?.account.as_ref().map(Term::of);
            let first = own.map(|own| own.into_iter().find(|own| own.begins_with(term)));
            let here = first.is_none_or(|first| first.is_some_and(|first| first.as_str() == hit.term));
            let listed = here.then(|| found.remove(&hit.user_id)).flatten()?;
            Some(Listed { behind: Some(behind), ..listed })
        };
        Ok(AccountPage { accounts: hits.into_iter().filter_map(shown).collect(), last: page.last })
    }

    async fn at(&self, wanted: &ListAccounts, email: &Email) -> Result<AccountPage, StorageError> {
        let Some(credentials) = self.credentials(email).await? else { return Ok(AccountPage::default()) };
        let accounts = self.of(wanted, &[credentials.user_id].into()).await?;
        Ok(AccountPage { accounts, last: None })
    }

    /// Those with these ids, at most 100, that are asked for.
    async fn of(&self, wanted: &ListAccounts, ids: &BTreeSet<UserId>) -> Result<Vec<Listed>, StorageError> {
        let keys: Vec<_> = ids.iter().copied().map(key::user).collect();
        let mut found = self.table.get_all(&keys).await?;
        let items = ids.iter().zip(&keys).filter_map(|(id, key)| Some((*id, found.take_item(key)?, None)));
        Ok(wanted.chosen(items))
    }
}

/// The role whose list the item of an account is in, whether it reads or not.
pub(super) fn listed_role(item: &Item) -> Option<Role> {
    let list = item.get(Index::Gsi1.attributes().0)?.as_s().ok()?;
    Role::ALL.into_iter().find(|role| key::users_of(*role) == *list)
}

impl Accounts {
    /// As what an account is listed of which the rest may not read; none where there is none, or it is not listed.
    pub async fn listed_role(&self, id: UserId) -> Result<Option<Role>, StorageError> {
        let place = key::user(id);
        let item = self.table.get_all(std::slice::from_ref(&place)).await?.take_item(&place);
        Ok(item.as_ref().and_then(listed_role))
    }
}

impl ListAccounts {
    /// Those of these items that are asked for. Of what does not read, the index says which role it is of: who
    /// may not see staff is not told of staff either.
    fn chosen(&self, items: impl Iterator<Item = (UserId, Item, Option<Position>)>) -> Vec<Listed> {
        let (mut accounts, mut unreadable) = (Vec::new(), 0);
        for (id, item, behind) in items {
            let listed = listed_role(&item).is_some_and(|role| self.roles.contains(&role));
            match from_item::<AccountRecord>(item) {
                Ok(record) if self.fits(&record.value.0) => {
                    accounts.push(Listed { id, account: Some(record.value.0), behind });
                }
                Ok(_) => {}
                Err(_) => {
                    unreadable += 1;
                    if listed {
                        accounts.push(Listed { id, account: None, behind });
                    }
                }
            }
        }
        if unreadable > 0 {
            // Neither key nor content, which hold addresses.
            tracing::error!(kind = AccountRecord::TYPE, unreadable, "accounts of a page do not read");
        }
        accounts
    }
}
