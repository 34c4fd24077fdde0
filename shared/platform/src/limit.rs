//! Rate limits, counted in the table before the work. Where the table does not answer, the caller
//! is refused: a limit that opens under load is none.

use aws_lc_rs::digest;
use banister_domain::account::{Email, LOCK, MAX_FAILURES};
use banister_domain::id::UserId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{try_join, try_join_all};
use jiff::{SignedDuration, Timestamp};

use crate::http::{Code, Problem, site_of};
use crate::store::{AuditEntry, AuditRecord, CredentialsRecord};
use crate::table::key::{self, Key};
use crate::table::{Attempts, CommitError, Item, Query, StorageError, Table, Transaction, backoff, key_of};

/// At most `count` attempts of an operation in any stretch of `seconds`, per subject, wherever it begins.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// The operation, as part of the counter's key and as the policy's name in `RateLimit`: plain ASCII.
    pub operation: &'static str,
    /// Attempts allowed in a stretch of that length; at most some hundreds, since the time of each is kept.
    pub count: u32,
    /// Length of the stretch in seconds.
    pub seconds: i64,
}

/// How often an attempt is written down again because others were at the same time. Whoever is in the way has
/// been counted, so that a limit is used up before long.
const TRIES: u32 = 10;

/// How the limit on wrong codes of a second factor, which is kept beside the codes themselves, is told.
pub const SECOND_FACTOR: Limit =
    Limit { operation: "second_factor", count: MAX_FAILURES, seconds: LOCK.as_secs() };

/// How many times as many attempts as from a /64 are allowed from a /48 of IPv6.
pub const SITE: u32 = 4;

/// Why an attempt was not counted.
#[derive(Debug)]
pub enum Uncounted {
    /// There were too many.
    Over(Over),
    /// The table did not answer.
    Storage(StorageError),
}

/// A limit that is used up.
#[derive(Debug)]
pub struct Over {
    limit: Limit,
    /// For so many seconds.
    wait: u32,
    /// Where it is counted.
    key: Key,
    /// When the audit log last had a line of an attempt that it refused, in milliseconds since the Unix epoch.
    told: Option<i64>,
}

impl From<StorageError> for Uncounted {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<Uncounted> for Problem {
    fn from(uncounted: Uncounted) -> Self {
        match uncounted {
            Uncounted::Over(Over { limit, wait, .. }) => Self::over(limit, wait),
            Uncounted::Storage(error) => error.into(),
        }
    }
}

impl Limit {
    /// Counts one attempt of `subject`; refused where there were too many.
    pub async fn count(self, table: &Table, subject: &str, now: Timestamp) -> Result<(), Uncounted> {
        self.count_at(table, key::limit(self.operation, &hash(subject)), now).await
    }

    /// The same of a client address, as [`ClientAddress::subject`](crate::http::ClientAddress::subject) has it. Of
    /// IPv6 also of its /48, for which [`SITE`] times as many are allowed: whoever has that much has as many /64 as
    /// they like. What the /64 refuses does not count for the /48, or one guest would use it up for all.
    pub async fn count_address(self, table: &Table, address: &str, now: Timestamp) -> Result<(), Uncounted> {
        self.count(table, address, now).await?;
        let Some(site) = site_of(address) else { return Ok(()) };
        let all = Self { count: self.count.saturating_mul(SITE), ..self };
        all.count(table, &site, now).await
    }

    /// The same of what comes to `subject` from one client address, of IPv6 from its /48: the limit is there so
    /// that it takes many places to use up the one of all addresses.
    pub async fn count_from(
        self,
        table: &Table,
        subject: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<(), Uncounted> {
        let place = site_of(address);
        let place = place.as_deref().unwrap_or(address);
        self.count_at(table, key::limit_from(self.operation, &hash(subject), &hash(place)), now).await
    }

    /// Adds the attempt to those that are kept; once there are as many as are allowed, in the place of those that
    /// are over. What is refused is not kept.
    async fn count_at(self, table: &Table, key: Key, now: Timestamp) -> Result<(), Uncounted> {
        let at = now.as_millisecond();
        let over = now.saturating_add(SignedDuration::from_secs(self.seconds)).unwrap_or(Timestamp::MAX);
        let mut full: Option<Attempts> = None;
        for _ in 0..TRIES {
            let counted = match full.take() {
                None => table.add_attempt(&key, at, self.count, over).await?,
                Some(Attempts { times, told }) => {
                    let mut new = self.recent(&times, at);
                    if let Some(wait) = self.wait(&new, at) {
                        return Err(Uncounted::Over(Over { limit: self, wait, key, told }));
                    }
                    new.push(at);
                    table.replace_attempts(&key, (&times, &new), over).await?
                }
            };
            let Err(kept) = counted else { return Ok(()) };
            full = Some(kept).filter(|kept| kept.times.len() >= self.room());
        }
        Err(StorageError::Unavailable("contention".into()).into())
    }

    /// The attempts that still count at `at`, oldest first.
    fn recent(self, times: &[i64], at: i64) -> Vec<i64> {
        let over = at.saturating_sub(self.length());
        let mut recent: Vec<_> = times.iter().copied().filter(|time| *time > over).collect();
        // Clocks of functions differ a little.
        recent.sort_unstable();
        recent
    }

    /// Seconds, rounded up, until one more attempt is allowed after the recent ones; none if it is now.
    fn wait(self, recent: &[i64], at: i64) -> Option<u32> {
        let last = recent.len().checked_sub(self.room())?;
        let free = recent.get(last)?.saturating_add(self.length());
        let seconds = free.saturating_sub(at).saturating_add(999) / 1_000;
        Some(u32::try_from(seconds.clamp(1, self.seconds)).unwrap_or(u32::MAX))
    }

    fn length(self) -> i64 {
        self.seconds.saturating_mul(1_000)
    }

    fn room(self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }

    /// Lets `subject` begin anew, from whatever address.
    async fn clear(self, table: &Table, subject: &str, now: Timestamp) -> Result<(), StorageError> {
        let Key { pk, .. } = key::limit(self.operation, &hash(subject));
        let mut after = None;
        loop {
            let query = Query { after, ..Query::all(None, pk.clone(), 100) };
            let (items, last) = table.query_items(query).await?;
            let counts = |item: &&Item| expiry(item).is_none_or(|ttl| ttl >= now.as_second());
            for key in items.iter().filter(counts).filter_map(key_of) {
                table.delete(&key).await?;
            }
            after = last;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// When an item may be deleted; what may be is for days yet.
fn expiry(item: &Item) -> Option<i64> {
    item.get("ttl")?.as_n().ok()?.parse().ok()
}

impl Over {
    /// Whether the audit log has no line yet of what was refused in a stretch of the limit's length before `now`.
    fn is_untold(&self, now: Timestamp) -> bool {
        self.told.is_none_or(|told| told <= now.as_millisecond().saturating_sub(self.limit.length()))
    }

    /// Leaves an audit line of signing in to the account with this address, from a client `address`, that was
    /// refused; of all that the limit refuses in a stretch of its length of the first one only, so that nobody has
    /// lines written at will. The calls are the same whether there is such an account.
    pub async fn tell(
        self,
        table: &Table,
        email: &Email,
        address: &str,
        now: Timestamp,
    ) -> Result<Problem, StorageError> {
        if self.is_untold(now) {
            let known = table.get::<CredentialsRecord>(&key::credentials(email)).await?;
            let user = known.map(|known| known.value.user_id);
            let line = AuditRecord::new(AuditEntry::SignInRefused, user, address.to_owned(), now);
            self.write(table, &line.refused(Code::TooManyRequests, Some(self.limit)), now).await?;
        }
        Ok(Problem::over(self.limit, self.wait))
    }

    async fn write(&self, table: &Table, line: &AuditRecord, now: Timestamp) -> Result<(), StorageError> {
        for attempt in 0..5 {
            let mut transaction = Transaction::new();
            transaction.tell_refusal(&self.key, self.told, now.as_millisecond(), ()).put_over(line);
            match transaction.commit(table).await {
                // Refused where another one was told meanwhile.
                Ok(()) | Err(CommitError::Refused(())) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error),
                Err(CommitError::Contention) => tokio::time::sleep(backoff(attempt)).await,
            }
        }
        Err(StorageError::Unavailable("contention".into()))
    }
}

/// Addresses are nobody's business once an attempt counts no more, and what has expired can stay for days.
fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..16])
}

/// Signing in to an account from one client address; others can still sign in to it meanwhile.
pub const SIGN_IN_HERE: Limit = Limit { operation: "sign_in_account_here", count: 10, seconds: 300 };
/// Signing in to an account from anywhere.
pub const SIGN_IN: Limit = Limit { operation: "sign_in_account", count: 100, seconds: 300 };
/// Codes tried at an address from one client address; its owner can still confirm from another one.
pub const CONFIRM_EMAIL_HERE: Limit = Limit { operation: "confirm_account_here", count: 10, seconds: 600 };
/// Codes tried at an address from anywhere.
pub const CONFIRM_EMAIL: Limit = Limit { operation: "confirm_account", count: 60, seconds: 600 };
/// Codes mailed to an address, whether it has an account or not, by whomever they are asked for.
pub const RESEND: Limit = Limit { operation: "resend_account", count: 1, seconds: 60 };
/// The same over a longer time.
pub const RESEND_HOUR: Limit = Limit { operation: "resend_account_hour", count: 5, seconds: 3_600 };
/// Passwords set by a link that exists: each try costs a hash.
pub const RESET_PASSWORD: Limit = Limit { operation: "reset_password_account", count: 10, seconds: 600 };
/// Passwords given by whoever is signed in to change it.
pub const CHANGE_PASSWORD: Limit = Limit { operation: "change_password_account", count: 10, seconds: 300 };
/// Passwords given by whoever is signed in for anything else: a second factor, another address, to leave.
pub const OWN_PASSWORD: Limit = Limit { operation: "own_password_account", count: 10, seconds: 300 };
/// Other addresses asked for: each is mailed to two.
pub const CHANGE_EMAIL: Limit = Limit { operation: "change_email_account", count: 5, seconds: 3_600 };
/// Codes tried at a telephone number.
pub const CONFIRM_PHONE: Limit = Limit { operation: "confirm_phone", count: 10, seconds: 600 };
/// Codes tried at another address for an account.
pub const CONFIRM_EMAIL_CHANGE: Limit = Limit { operation: "confirm_email_change", count: 10, seconds: 600 };

/// Lets an account's owner try again at once: clears what counts failed attempts to sign in to it and to use
/// a code or a password of it. What bounds mails and questions stays.
pub async fn unlock(table: &Table, email: &Email, user: UserId, now: Timestamp) -> Result<(), StorageError> {
    let of_address = [SIGN_IN_HERE, SIGN_IN, CONFIRM_EMAIL_HERE, CONFIRM_EMAIL];
    let of_user = [RESET_PASSWORD, CHANGE_PASSWORD, OWN_PASSWORD, CONFIRM_PHONE, CONFIRM_EMAIL_CHANGE];
    let user = user.to_string();
    let of_address = of_address.map(|limit| limit.clear(table, email.as_str(), now));
    let of_user = of_user.map(|limit| limit.clear(table, &user, now));
    try_join(try_join_all(of_address), try_join_all(of_user)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Limit, RESEND};

    const LIMIT: Limit = Limit { count: 3, seconds: 60, ..RESEND };

    /// What is told to wait is what it takes, and no millisecond less does.
    #[test]
    fn the_oldest_that_counts_says_when_to_come_again() {
        let times = [30_000, 10_001, 0];
        assert_eq!(LIMIT.recent(&times, 60_000), [10_001, 30_000]);
        assert_eq!(LIMIT.wait(&LIMIT.recent(&times, 60_000), 60_000), None);
        let recent = LIMIT.recent(&times, 59_999);
        assert_eq!((recent.len(), LIMIT.wait(&recent, 59_999)), (3, Some(1)));
        assert_eq!(LIMIT.wait(&[0, 10_001, 30_000], 30_000), Some(30));
        assert_eq!(LIMIT.wait(&[0, 1, 10_001, 30_000], 30_000), Some(31), "more than are allowed by now");
        assert_eq!(LIMIT.wait(&[90_000, 90_000, 90_000], 10), Some(60), "another clock that is ahead");
    }

    /// Whatever comes when, no stretch of the length has more than are allowed, and none is refused for less.
    #[test]
    fn no_stretch_has_more() {
        let mut seed = 7_u64;
        let (mut at, mut kept, mut taken) = (0_i64, Vec::new(), Vec::new());
        for _ in 0..10_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            at += i64::try_from(seed >> 49).unwrap();
            let before = taken.iter().rev().take_while(|time| at - **time < 60_000).count();
            kept = LIMIT.recent(&kept, at);
            let allowed = LIMIT.wait(&kept, at).is_none();
            assert_eq!(allowed, before < 3, "{at}");
            if allowed {
                kept.push(at);
                taken.push(at);
            }
        }
        assert!(taken.len() < 9_000 && taken.len() > 1_000, "{}", taken.len());
    }
}
