//! Invitations: whoever owns an account that staff made chooses its first password by a mailed link.

use banister_domain::account::Account;
use banister_domain::event::Payload;
use banister_domain::id::CodeId;

use super::{Accounts, Act, ResetRecord};
use crate::identity::reset::{INVITATION_MINUTES, ResetToken};
use crate::store::{AuditEntry, OutboxRecord};
use crate::table::{CommitError, Transaction};

impl Accounts {
    /// Keeps another token, derived from `code_id`, and the event that mails it; those before stay good for
    /// their time. Void as soon as the account's epoch is another one than was read, as with a password.
    pub async fn invite(
        &self,
        account: &Account,
        (code_id, token): (CodeId, &ResetToken),
        act: &Act,
    ) -> Result<(), CommitError<()>> {
        let (user_id, epoch) = (account.id, account.epoch);
        let mail = Payload::AccountInvited { user_id, code_id };
        let mut transaction = Transaction::new();
        transaction
            .create(&ResetRecord::new(token, (user_id, epoch), INVITATION_MINUTES, act.at), ())
            .put_over(&act.line(AuditEntry::AccountInvited, user_id))
            .put_over(&OutboxRecord::new(mail, act.at)?);
        transaction.commit(&self.table).await
    }
}
