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
use jiff::{SignedDuration, Timestamp};

use crate::JobsWorker;
use crate::piece::settled;
use sheet::Sheet;

/// How much a piece takes on at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Accounts a page, 1 to 100.
    pub page: u16,
    /// Pages.
    pub pages: u32,
    /// Bytes of the file, but for the page that goes over.
    pub bytes: usize,
    /// How long after its begin it still reads on.
    pub time: SignedDuration,
}

impl Default for Limits {
    /// 40,000 accounts; 5 MiB, so that five pieces at once have room in the memory of the function; 8
    /// seconds, after which there is time for the 12 that putting a file can take.
    fn default() -> Self {
        Self { page: 100, pages: 400, bytes: 5 * 1024 * 1024, time: SignedDuration::from_secs(8) }
    }
}

/// What a piece has gathered.
struct Gathered {
    sheet: Sheet,
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
        let Gathered { sheet, cursor } = self.gather(&export, job.value.created_at).await?;
        let rows = sheet.rows();
        // An export of nobody is a file with names of columns.
        let file = rows > 0 || (cursor.is_none() && export.files.is_empty());
        let file = if file { Some(self.put(&job.value, export.files.len(), sheet).await?) } else { None };
        let (now, export) = (self.clock.now(), export.after(file, cursor.clone()));
        tracing::info!(job = %id, rows, files = export.files.len(), over = cursor.is_none(), "accounts were written");
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
        let (begun, limits) = (self.clock.now(), self.export_limits);
        let wanted = ListAccounts::new(&export.filter, export.staff_too);
        let wanted = ListAccounts { created_to: wanted.created_to.min(asked_at), ..wanted };
        let unreadable = |error: serde_json::Error| WorkError::Poison(error.to_string());
        let after = export.cursor.as_deref().map(serde_json::from_str::<Position>).transpose();
        let (mut sheet, mut after) = (Sheet::new()?, after.map_err(unreadable)?);
        for _ in 0..limits.pages {
            let (accounts, last) = self.accounts.list(&wanted, limits.page, after).await?;
            for account in &accounts {
                sheet.add(account)?;
            }
            after = last;
            let late = self.clock.now().duration_since(begun) >= limits.time;
            if after.is_none() || late || sheet.size()? >= limits.bytes {
                break;
            }
        }
        let cursor = after.map(|position| serde_json::to_string(&position)).transpose();
        Ok(Gathered { sheet, cursor: cursor.map_err(unreadable)? })
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
