//! A piece of an act on many accounts: the accounts that the piece before wrote down are seen to, each in a
//! transaction of its own that tells of it; then the next ones are looked for and written down with the job.

use banister_domain::access::Permission;
use banister_domain::bulk::{BulkUsers, NextPage, PIECE};
use banister_domain::id::{JobId, UserId};
use banister_domain::job::{Job, Work};
use banister_platform::staff_acts::{Actor, BulkAct};
use banister_platform::store::{AccountPage, Act, BulkOrderRecord, JOB, ListAccounts, Piece, Whom};
use banister_platform::table::{Position, Transaction, Versioned, key};
use banister_platform::worker::WorkError;
use jiff::Timestamp;

use crate::JobsWorker;

impl JobsWorker {
    pub(crate) async fn bulk_users(&self, job: Versioned<Job>, bulk: BulkUsers) -> Result<(), WorkError> {
        let (id, now) = (job.value.id, self.clock.now());
        let mut transaction = Transaction::new();
        if bulk.is_over() {
            // What was asked for goes with the last piece: the outcomes are counted by then.
            transaction.delete(&key::bulk_order(id));
            return self.advance(job, Piece::whole(transaction, 0), None, now).await;
        }
        let order = self.bulks.order(id).await?;
        let order = order.ok_or_else(|| WorkError::Poison("nobody knows what to do to whom".into()))?;
        // Read again for each piece: whoever was switched off or lost the right does no more.
        let actor = self.acts.standing(job.value.requested_by, order.act.needs()).await?;
        let among = among(&job.value, &order);
        let act = BulkAct {
            job_id: id,
            actor,
            what: &order.act,
            among: among.as_ref(),
            dry_run: bulk.dry_run,
            act: Act { by: Some(job.value.requested_by), address: JOB.to_owned(), at: now },
            request_id: job.value.request_id,
        };
        let results = self.acts.see_to(&act, &bulk.page).await?;
        let next = self.next_page((id, now), &bulk, (&order, among.as_ref(), actor)).await?;
        let piece = Piece::whole(transaction, u32::try_from(results.len()).unwrap_or(u32::MAX));
        let bulk = bulk.after(results.iter().map(|result| result.outcome), next);
        self.advance(job, piece, Some(Work::BulkUsers(bulk)), now).await
    }

    /// The accounts for the piece after this one, which began at `begun`. Whoever is found again was seen to and
    /// is left out.
    async fn next_page(
        &self,
        (job, begun): (JobId, Timestamp),
        bulk: &BulkUsers,
        (order, among, actor): (&BulkOrderRecord, Option<&ListAccounts>, Option<Actor>),
    ) -> Result<NextPage, WorkError> {
        if bulk.found_all {
            return Ok(NextPage::default());
        }
        let looks = actor.is_some_and(|actor| !order.staff_too || actor.may(Permission::AdminManagement));
        match (&order.whom, among) {
            (Whom::Ids(ids), _) => named(ids.as_slice(), bulk.after.as_deref()),
            (Whom::Filter(_), Some(wanted)) if looks => self.found((job, begun), wanted, bulk).await,
            // Who may not look for these accounts any more finds none.
            (Whom::Filter(_), _) => Ok(NextPage { cut_short: true, ..NextPage::default() }),
        }
    }

    /// Reads on until there are enough, or this piece has read enough: the next message goes on, with what was
    /// found or with nobody.
    async fn found(
        &self,
        (job, begun): (JobId, Timestamp),
        wanted: &ListAccounts,
        bulk: &BulkUsers,
    ) -> Result<NextPage, WorkError> {
        let mut after = Position::kept(bulk.after.as_deref())?;
        let (mut users, mut read, mut fit) = (Vec::<UserId>::new(), 0, 0);
        for _ in 0..self.limits.pages {
            let left = PIECE.saturating_sub(users.len());
            let size = worth_reading(left, (read, fit), self.limits.page);
            let page = self.accounts.list(wanted, size, after).await?;
            (read, fit) = (read + usize::from(size), fit + page.accounts.len());
            let AccountPage { accounts, last } = page.up_to(left);
            let found: Vec<_> = accounts.iter().map(|listed| listed.id).collect();
            let known = self.bulks.known(job, &found).await?;
            // What became of those on the page at hand is known as well by now.
            let new = found.into_iter().filter(|user| !known.contains_key(user) && !users.contains(user));
            let new: Vec<_> = new.collect();
            users.extend(new);
            after = last;
            let late = self.clock.now().duration_since(begun) >= self.limits.time;
            if after.is_none() || users.len() >= PIECE || late {
                break;
            }
        }
        Ok(NextPage { users, after: Position::keep(after.as_ref())?, cut_short: false })
    }
}

/// How many accounts to read for `left` more that fit, where of so many that were read so many did: what there
/// is no room for is read again.
fn worth_reading(left: usize, (read, fit): (usize, usize), most: u16) -> u16 {
    let size = if read == 0 { left } else { left.saturating_mul(read).div_ceil(fit.max(1)) };
    u16::try_from(size).unwrap_or(most).clamp(1, most.max(1))
}

/// Those whom a filter means: who is made while the job runs is not meant.
fn among(job: &Job, order: &BulkOrderRecord) -> Option<ListAccounts> {
    let Whom::Filter(filter) = &order.whom else { return None };
    let wanted = ListAccounts::oldest_first(filter, order.staff_too);
    Some(ListAccounts { created_to: wanted.created_to.min(job.created_at), ..wanted })
}

/// The ids from a place on; the place is a number.
fn named(ids: &[UserId], from: Option<&str>) -> Result<NextPage, WorkError> {
    let from = from.map_or(Ok(0), str::parse::<usize>);
    let from = from.map_err(|_| WorkError::Poison("the job is at no place of its list".into()))?;
    let users: Vec<_> = ids.iter().skip(from).take(PIECE).copied().collect();
    let end = from.saturating_add(users.len());
    Ok(NextPage { users, after: (end < ids.len()).then(|| end.to_string()), cut_short: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewer_fit_the_more_are_read() {
        for (left, so_far, wanted) in [
            (25, (0, 0), 25),
            (25, (25, 0), 100),
            (17, (25, 8), 54),
            (1, (25, 24), 2),
            (25, (40_000, 1), 100),
            (1, (25, 25), 1),
        ] {
            assert_eq!(worth_reading(left, so_far, 100), wanted, "{left} {so_far:?}");
        }
        assert_eq!(worth_reading(25, (0, 0), 10), 10);
    }
}
