//! By what staff find accounts, in a list or for an act on many.

use banister_domain::account::{AccountStatus, Email, Role, Term};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Among, ListAccounts};

/// Why a filter finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    /// Two ways to look at once.
    #[error("not together with email")]
    EmailAndText,
}

/// Which accounts: those that fit all that is said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "customer", "confirmed": false, "created_to": "2026-04-01T00:00:00Z" }))]
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
}

impl UserFilter {
    /// Whether everybody fits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What to look for, for somebody who may see staff too or not; newest first unless `ascending`.
    ///
    /// # Errors
    /// It has both an address and a text.
    pub fn wanted(&self, staff_too: bool, ascending: bool) -> Result<ListAccounts, InvalidFilter> {
        let among = match (&self.email, &self.q) {
            (Some(_), Some(_)) => return Err(InvalidFilter::EmailAndText),
            (None, None) => Among::Made { role: self.role, ascending },
            (Some(email), None) => Among::Email(email.clone()),
            (None, Some(term)) => Among::Found(term.clone()),
        };
        let fits =
            |role: &Role| (staff_too || !role.is_staff()) && self.role.is_none_or(|wanted| wanted == *role);
        Ok(ListAccounts {
            among,
            roles: Role::ALL.into_iter().filter(fits).collect(),
            status: self.status,
            confirmed: self.confirmed,
            created_from: self.created_from.unwrap_or(Timestamp::UNIX_EPOCH),
            created_to: self.created_to.unwrap_or(Timestamp::MAX),
        })
    }
}
