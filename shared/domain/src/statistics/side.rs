//! Whose counts.

use serde::{Deserialize, Serialize};

use crate::id::UserId;

/// One side of the marketplace: whose things they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Of this customer: the bookings they made.
    Customer(UserId),
    /// Of this provider: the services they offer, and the bookings made with them.
    Provider(UserId),
}

impl Side {
    /// Who.
    #[must_use]
    pub const fn user_id(self) -> UserId {
        match self {
            Self::Customer(id) | Self::Provider(id) => id,
        }
    }

    /// The name in keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Provider(_) => "provider",
        }
    }
}
