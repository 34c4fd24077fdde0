//! How long somebody stays signed in.

use jiff::{SignedDuration, Timestamp};

use super::Role;

/// How many days a session lives without being used.
const IDLE_DAYS: i64 = 30;

impl Role {
    /// How many days a session lives at most, however much it is used: 30 of staff, else 90.
    #[must_use]
    pub const fn session_days(self) -> i64 {
        if self.is_staff() { 30 } else { 90 }
    }
}

/// From when on a session of this role is over that was begun at one moment and last used at another.
#[must_use]
pub fn session_end(role: Role, begun: Timestamp, used: Timestamp) -> Timestamp {
    after(used, IDLE_DAYS).min(after(begun, role.session_days()))
}

/// Days of 24 hours.
fn after(moment: Timestamp, days: i64) -> Timestamp {
    moment.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_unused_and_at_last_in_any_case() {
        let day = |number: i64| after(Timestamp::UNIX_EPOCH, number);
        for role in Role::ALL {
            let most = if matches!(role, Role::Customer | Role::Provider) { 90 } else { 30 };
            for used in 0..=most {
                assert_eq!(
                    session_end(role, day(0), day(used)),
                    day((used + 30).min(most)),
                    "{role:?} {used}"
                );
            }
        }
        assert_eq!(session_end(Role::Customer, Timestamp::MAX, Timestamp::MAX), Timestamp::MAX);
    }
}
