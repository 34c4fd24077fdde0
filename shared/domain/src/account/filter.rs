//! Which accounts staff look for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountStatus, Email, Role, Term};
use crate::sort::Sort;

/// Which accounts: all that fit everything that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "customer", "confirmed": true, "created_from": "2026-03-01T00:00:00Z" }))]
pub struct UserFilter {
    /// Only of this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Only in use, or only switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AccountStatus>,
    /// Only with a confirmed address, or only without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// Only the one that signs in with this address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// How the address, the name from either end or the telephone number begins; 2 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 2, max_length = 100, example = "robin")]
    pub q: Option<Term>,
    /// Made at this moment or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    pub created_from: Option<Timestamp>,
    /// Made before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00Z")]
    pub created_to: Option<Timestamp>,
    /// By the time they were made, newest first if not given; not with `q` or `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
}

/// Two fields of a filter that exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct Contradiction {
    /// The field that is one too many.
    pub field: &'static str,
    /// What is wrong with it.
    pub detail: &'static str,
}

impl UserFilter {
    /// Refuses fields that exclude each other.
    pub const fn check(&self) -> Result<(), Contradiction> {
        let found = self.email.is_some() || self.q.is_some();
        if self.email.is_some() && self.q.is_some() {
            Err(Contradiction { field: "q", detail: "not together with email" })
        } else if found && self.sort.is_some() {
            Err(Contradiction { field: "sort", detail: "not together with q or email" })
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(filter: Value) -> Option<&'static str> {
        let filter: UserFilter = serde_json::from_value(filter).unwrap();
        filter.check().err().map(|refused| refused.field)
    }

    #[test]
    fn fields_that_exclude_each_other_are_refused() {
        assert_eq!(check(json!({})), None);
        assert_eq!(check(json!({ "q": "rob", "role": "customer" })), None);
        assert_eq!(check(json!({ "email": "a@example.com", "status": "active" })), None);
        assert_eq!(check(json!({ "sort": "created_at", "confirmed": false })), None);
        assert_eq!(check(json!({ "email": "a@example.com", "q": "rob" })), Some("q"));
        assert_eq!(check(json!({ "email": "a@example.com", "sort": "created_at" })), Some("sort"));
        assert_eq!(check(json!({ "q": "rob", "sort": "-created_at" })), Some("sort"));
    }

    #[test]
    fn what_is_not_given_is_not_written() {
        assert_eq!(serde_json::to_value(UserFilter::default()).unwrap(), json!({}));
        assert!(serde_json::from_value::<UserFilter>(json!({ "limit": 20 })).is_err());
    }
}
