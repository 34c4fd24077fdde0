//! Acts on many accounts: what is asked for, and what became of each.

use banister_domain::id::{JobId, UserId};

use super::{Key, job, key};

/// Key of what a job is to do to whom.
#[must_use]
pub fn bulk_order(id: JobId) -> Key {
    key(job(id).pk, "ORDER")
}

/// Key of what became of a user; makes it once for each act.
#[must_use]
pub fn bulk_result(id: JobId, user: UserId) -> Key {
    key(job(id).pk, format!("{BULK_RESULTS}{user}"))
}

/// Sort keys of what became of users begin with this.
pub const BULK_RESULTS: &str = "RESULT#";
