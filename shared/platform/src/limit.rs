//! Rate limits, counted in the table before the work. Where the table does not answer, the caller
//! is refused: a limit that opens under load is none.

use aws_lc_rs::digest;
use banister_domain::account::{Email, LOCK, MAX_FAILURES};
use banister_domain::id::UserId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{try_join, try_join_all};
use jiff::{SignedDuration, Timestamp};

use crate::http::Problem;
use crate::table::key::{self, Key};
use crate::table::{Query, StorageError, Table, key_of};

/// At most `count` attempts of an operation in each window of `seconds`, per subject.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// The operation, as part of the counter's key and as the policy's name in `RateLimit`: plain ASCII.
    pub operation: &'static str,
    /// Attempts allowed in a window.
    pub count: u32,
    /// Length of a window in seconds; windows begin at multiples of it since the Unix epoch.
    pub seconds: i64,
}

/// How the limit on wrong codes of a second factor, which is kept beside the codes themselves, is told.
pub const SECOND_FACTOR: Limit =
    Limit { operation: "second_factor", count: MAX_FAILURES, seconds: LOCK.as_secs() };

impl Limit {
    /// Counts one attempt of `subject`, or answers 429 with the time to wait.
    pub async fn count(self, table: &Table, subject: &str, now: Timestamp) -> Result<(), Problem> {
        self.count_at(table, &key::limit(self.operation, &hash(subject), self.window(now)), now).await
    }

    /// The same of what comes to `subject` from one client address.
    pub async fn count_from(
        self,
        table: &Table,
        subject: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let key = key::limit_from(self.operation, &hash(subject), self.window(now), &hash(address));
        self.count_at(table, &key, now).await
    }

    async fn count_at(self, table: &Table, key: &Key, now: Timestamp) -> Result<(), Problem> {
        let window = self.window(now);
        let over = now.saturating_add(SignedDuration::from_secs(self.seconds)).unwrap_or(Timestamp::MAX);
        if table.count_up_to(key, self.count, over).await? {
            return Ok(());
        }
        let wait = u32::try_from(window + self.seconds - now.as_second()).unwrap_or(1).max(1);
        Err(Problem::over(self, wait))
    }

    /// Lets `subject` begin anew in this window, from whatever address.
    async fn clear(self, table: &Table, subject: &str, now: Timestamp) -> Result<(), StorageError> {
        let Key { pk, .. } = key::limit(self.operation, &hash(subject), self.window(now));
        let mut after = None;
        loop {
            let query = Query { after, ..Query::all(None, pk.clone(), 100) };
            let (items, last) = table.query_items(query).await?;
            for key in items.iter().filter_map(key_of) {
                table.delete(&key).await?;
            }
            after = last;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The first second of the window at `now`.
    fn window(self, now: Timestamp) -> i64 {
        now.as_second().div_euclid(self.seconds) * self.seconds
    }
}

/// Addresses are nobody's business once the window is over, and what has expired can stay for days.
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
