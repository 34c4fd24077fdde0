//! Accounts from before there was something to find them by, and claims of their numbers: brought up to what
//! each write of an account keeps now.

use banister_domain::access::LastSuperAdmin;
use banister_domain::account::{Account, Role};
use banister_domain::id::UserId;

use super::super_admins::SuperAdminsRecord;
use super::{AccountRecord, Accounts};
use crate::table::key::{self, Index};
use crate::table::{CommitError, Position, Query, Transaction, backoff};

/// So many accounts are read at once.
const PAGE: u16 = 50;

/// What a page came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reindexed {
    /// How many accounts were written.
    pub accounts: usize,
    /// How many do not read as accounts, and stay as they are.
    pub unreadable: usize,
    /// Behind what to go on; none at the end.
    pub last: Option<Position>,
}

impl Accounts {
    /// Writes a page of the accounts of a role anew, oldest first and behind `after`, with all that they are
    /// found by, the number that a confirmed one names, and the place of a super admin among their own. Doing
    /// it again changes nothing.
    pub async fn reindex(
        &self,
        role: Role,
        after: Option<Position>,
    ) -> Result<Reindexed, CommitError<UserId>> {
        let all = Query::all(Some(Index::Gsi1), key::users_of(role), PAGE);
        let page = self.table.query::<AccountRecord>(Query { after, ..all }).await?;
        let ids: Vec<_> = page.items.iter().map(|(record, _)| record.value.0.id).collect();
        for id in &ids {
            self.reindex_one(*id).await?;
        }
        Ok(Reindexed { accounts: ids.len(), unreadable: page.unreadable, last: page.last })
    }

    async fn reindex_one(&self, id: UserId) -> Result<(), CommitError<UserId>> {
        for attempt in 0..5 {
            let keys = [key::user(id), key::super_admins()];
            let mut found = self.table.get_all(&keys).await?;
            let Some(account) = found.take::<AccountRecord>(&keys[0])? else { return Ok(()) };
            let before = account.value.0.clone();
            let after = self.settled(before.clone()).await?;
            let mut transaction = Transaction::new();
            super::list::index_again(&mut transaction, &before, &after);
            super::phone::claim(&mut transaction, &before, &after, ());
            // Nobody is unmade: what would be refused cannot come up.
            let known = found.take::<SuperAdminsRecord>(&keys[1])?;
            SuperAdminsRecord::keep(&mut transaction, known, None, &after, ())
                .map_err(|LastSuperAdmin| CommitError::Refused(id))?;
            transaction.replace(&account.map(|_| AccountRecord(after)), ());
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(CommitError::Refused(id))
    }

    /// As it would be, had its address been confirmed only now.
    async fn settled(&self, account: Account) -> Result<Account, crate::table::StorageError> {
        if !account.email_confirmed {
            return Ok(account);
        }
        let free = self.names_free_phone(&account).await?;
        Ok(account.with_confirmed_email(free))
    }
}
