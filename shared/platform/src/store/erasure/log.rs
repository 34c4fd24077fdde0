//! What the audit log says of a person: who did what when stays, with the id as a pseudonym.

use banister_domain::id::UserId;
use banister_domain::job::ErasureStep;
use jiff::Timestamp;

use super::{ANSWERS_KEPT, Erasures, count, whole};
use crate::store::{AuditEntry, AuditRecord, Piece, PieceError};
use crate::table::key::{self, Index};
use crate::table::{Position, Query, Record as _, StorageError, Transaction};

/// Lines written in a piece, each of some kilobytes at most.
const LINES: u16 = 45;

impl Erasures {
    /// Takes out of lines what is personal, and out of the answers kept for staff those that show an
    /// account that they made of late.
    pub(super) async fn lines(
        &self,
        user: UserId,
        step: ErasureStep,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Piece, StorageError> {
        let (index, pk) = if step == ErasureStep::AuditAbout {
            (Index::Gsi1, key::audited(user))
        } else {
            (Index::Gsi2, key::acted(user))
        };
        let all = Query::all(Some(index), pk, LINES);
        let page =
            whole(self.table.query::<AuditRecord>(Query { after: Position::kept(after)?, ..all }).await?)?;
        let keys: Vec<_> = page.items.iter().map(|(line, _)| line.value.key()).collect();
        // Not as the index has them: a line can be of two people of whom all is erased at once.
        let mut found = self.table.get_all(&keys).await?;
        let mut transaction = Transaction::new();
        for key in &keys {
            let Some(line) = found.take::<AuditRecord>(key)? else { continue };
            let made_of_late = line.value.entry == AuditEntry::AccountCreated
                && now.duration_since(line.value.at) < ANSWERS_KEPT;
            if let Some(maker) = line.value.actor_id.filter(|_| made_of_late) {
                self.forget_answers(&maker.to_string(), &[user.to_string()]).await?;
            }
            let without = line.value.clone().without(user);
            if without != line.value {
                transaction.replace(&line.map(|_| without), PieceError::Stale);
            }
        }
        Ok(Piece { transaction, items: count(keys.len()), cursor: Position::keep(page.last.as_ref())? })
    }
}
