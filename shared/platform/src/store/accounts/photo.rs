//! Changing the photo of an account.

use banister_domain::account::Account;
use banister_domain::event::Payload;
use banister_domain::id::UserId;
use banister_domain::photo::{Photo, PhotoRefused};
use jiff::Timestamp;

use super::{AccountRecord, Accounts};
use crate::store::OutboxRecord;
use crate::table::{CommitError, StorageError, Transaction, backoff};

/// Why a photo was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// The photo does not allow it.
    #[error(transparent)]
    Refused(#[from] PhotoRefused),
    /// Others kept changing the account.
    #[error("the account is being changed")]
    Busy,
    /// The table gave no answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Accounts {
    /// Changes the photo of an account as `change` says, with an event where one is given, and
    /// answers the account. Where somebody else changes the account meanwhile, `change` is asked
    /// again; where it changes nothing, nothing is written.
    pub async fn change_photo(
        &self,
        user: UserId,
        change: impl Fn(&Photo) -> Result<Photo, PhotoRefused>,
        event: Option<Payload>,
        now: Timestamp,
    ) -> Result<Account, PhotoError> {
        for attempt in 0..5 {
            let account = self.get(user).await?.ok_or(PhotoError::NoAccount)?;
            // What is shown of an account that is being erased is erased with it, and nothing comes instead.
            if account.value.status.is_final() {
                return Err(PhotoError::NoAccount);
            }
            let photo = change(&account.value.photo)?;
            if photo == account.value.photo {
                return Ok(account.value);
            }
            let changed = account.map(|account| AccountRecord(Account { photo, ..account }));
            let mut transaction = Transaction::new();
            transaction.replace(&changed, ());
            if let Some(event) = &event {
                transaction.put_over(&OutboxRecord::new(event.clone(), now)?);
            }
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(changed.value.0),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(()) | CommitError::Contention) => {}
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(PhotoError::Busy)
    }
}
