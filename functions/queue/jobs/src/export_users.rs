//! A piece of an export of accounts: some pages of the list, as a file of its own (decision 29).
//!
//! The file is put before the transaction that makes it part of the job. A piece that is done again finds
//! other accounts, maybe, so a file's key has a hash of its content: what the job names is what the piece
//! that was committed wrote, whoever else was at it. A file that no job names goes with the others, by age.

mod sheet;

use aws_lc_rs::digest::{SHA256, digest};
use banister_domain::job::{ExportedFile, Job, UserExport, Work};
use banister_platform::objects::key;
use banister_platform::store::{ListAccounts, Piece};
use banister_platform::table::{Position, StorageError, Transaction, Versioned};
use banister_platform::worker::WorkError;
use jiff::Timestamp;

use crate::JobsWorker;
use crate::piece::settled;
use sheet::Sheet;

/// What a piece has gathered.
struct Gathered {
    sheet: Sheet,
    /// How many accounts do not read, and are not in it.
    unreadable: u64,
    /// Where the next one begins.
    cursor: Option<String>,
}

impl JobsWorker {
    /// Writes the next file, as long as whoever asked for it may have it.
    pub(crate) async fn export_users(
        &self,
        job: Versioned<Job>,
        export: UserExport,
    ) -> Result<(), WorkError> {
        let id = job.value.id;
        if !self.may_still(&job.value, &export).await? {
            tracing::warn!(job = %id, "given up: whoever asked for it may not any more");
            return settled(self.exports.refuse(job, export, self.clock.now()).await);
        }
        let Gathered { sheet, unreadable, cursor } = self.gather(&export, job.value.created_at).await?;
        let rows = sheet.rows();
        // An export of nobody is a file with names of columns.
        let file = rows > 0 || (cursor.is_none() && export.files.is_empty());
        let file = if file { Some(self.put(&job.value, export.files.len(), sheet).await?) } else { None };
        let (now, export) = (self.clock.now(), export.after(file, unreadable, cursor.clone()));
        let (files, over) = (export.files.len(), cursor.is_none());
        tracing::info!(job = %id, rows, unreadable, files, over, "accounts were written");
        if cursor.is_none() {
            return settled(self.exports.finish(job, export, rows, now).await);
        }
        let piece = Piece { transaction: Transaction::new(), items: rows, cursor };
        settled(self.jobs.advance(job, piece, Some(Work::ExportUsers(export)), now).await)
    }

    /// Read again for each piece: rights that were taken away end it.
    async fn may_still(&self, job: &Job, export: &UserExport) -> Result<bool, StorageError> {
        let actor = self.acts.standing(job.requested_by, &[]).await?;
        Ok(actor.is_some_and(|actor| export.is_for(actor.role, actor.permissions)))
    }

    /// Those made before `asked_at`, so that it ends.
    async fn gather(&self, export: &UserExport, asked_at: Timestamp) -> Result<Gathered, WorkError> {
        let (begun, limits) = (self.clock.now(), self.limits);
        let wanted = ListAccounts::new(&export.filter, export.staff_too);
        let wanted = ListAccounts { created_to: wanted.created_to.min(asked_at), ..wanted };
        let (mut sheet, mut unreadable) = (Sheet::new()?, 0);
        let mut after = Position::kept(export.cursor.as_deref())?;
        for _ in 0..limits.pages {
            let page = self.accounts.list(&wanted, limits.page, after).await?;
            for listed in &page.accounts {
                match &listed.account {
                    Some(account) => sheet.add(account)?,
                    None => unreadable += 1,
                }
            }
            after = page.last;
            let late = self.clock.now().duration_since(begun) >= limits.time;
            if after.is_none() || late || sheet.size()? >= limits.bytes {
                break;
            }
        }
        Ok(Gathered { sheet, unreadable, cursor: Position::keep(after.as_ref())? })
    }

    /// Puts the file behind `before` others.
    async fn put(&self, job: &Job, before: usize, sheet: Sheet) -> Result<ExportedFile, WorkError> {
        let rows = sheet.rows();
        let bytes = sheet.into_bytes()?;
        let hash = digest(&SHA256, &bytes);
        let hash = u128::from_be_bytes(hash.as_ref().first_chunk().copied().unwrap_or_default());
        let name = format!("{}-{hash:032x}", before + 1);
        let key = key::exported(job.id, &name);
        self.private.put(&key, "text/csv; charset=utf-8; header=present", "private, no-store", bytes).await?;
        Ok(ExportedFile { name, rows })
    }
}
