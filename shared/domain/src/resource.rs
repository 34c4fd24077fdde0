//! Things that several providers share and one booking at a time takes whole: a room, a van.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ResourceId, UserId};
use crate::text::ResourceName;

/// Something that bookings take beside their provider's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Which.
    pub id: ResourceId,
    /// What it is called.
    pub name: ResourceName,
    /// Whether new bookings may take it.
    pub active: bool,
    /// Whose services may need it.
    pub provider_ids: ResourceUsers,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Resource {
    /// Whether a new booking with this provider may take it.
    #[must_use]
    pub fn serves(&self, provider: UserId) -> bool {
        self.active && self.provider_ids.contains(provider)
    }
}

/// There are too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {} providers", ResourceUsers::MOST)]
pub struct TooManyUsers;

/// The providers who may use a resource: at most 40, since whoever is added or taken away is written
/// down with the resource, in one transaction. One that is repeated counts once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<UserId>", into = "Vec<UserId>")]
pub struct ResourceUsers(BTreeSet<UserId>);

impl ResourceUsers {
    /// So many at most: all of them may be exchanged for others in a transaction of 100 items.
    pub const MOST: usize = 40;

    /// Whether this provider is among them.
    #[must_use]
    pub fn contains(&self, provider: UserId) -> bool {
        self.0.contains(&provider)
    }

    /// Each of them, by age.
    pub fn iter(&self) -> impl Iterator<Item = UserId> {
        self.0.iter().copied()
    }

    /// Those that are here and not in `other`, by age.
    pub fn without<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = UserId> + 'a {
        self.0.difference(&other.0).copied()
    }
}

impl TryFrom<Vec<UserId>> for ResourceUsers {
    type Error = TooManyUsers;

    fn try_from(all: Vec<UserId>) -> Result<Self, TooManyUsers> {
        let users: BTreeSet<UserId> = all.into_iter().collect();
        if users.len() > Self::MOST { Err(TooManyUsers) } else { Ok(Self(users)) }
    }
}
impl From<ResourceUsers> for Vec<UserId> {
    fn from(users: ResourceUsers) -> Self {
        users.0.into_iter().collect()
    }
}

/// Why these are no resources of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {} resources, each of them once", ResourceIds::MOST)]
pub struct InvalidResources;

/// What a place takes beside its provider's time: at most three resources, each of them once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<ResourceId>", into = "Vec<ResourceId>")]
pub struct ResourceIds(Vec<ResourceId>);

impl ResourceIds {
    /// None.
    pub const NONE: Self = Self(Vec::new());

    /// So many at most: the days of all of them change in one transaction.
    pub const MOST: usize = 3;

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In their order.
    #[must_use]
    pub fn as_slice(&self) -> &[ResourceId] {
        &self.0
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(&self, id: ResourceId) -> bool {
        self.0.contains(&id)
    }
}

impl TryFrom<Vec<ResourceId>> for ResourceIds {
    type Error = InvalidResources;

    fn try_from(ids: Vec<ResourceId>) -> Result<Self, InvalidResources> {
        let different: BTreeSet<_> = ids.iter().collect();
        let fine = ids.len() <= Self::MOST && different.len() == ids.len();
        if fine { Ok(Self(ids)) } else { Err(InvalidResources) }
    }
}
impl From<ResourceIds> for Vec<ResourceId> {
    fn from(ids: ResourceIds) -> Self {
        ids.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn a_service_needs_at_most_three_each_once() {
        let id = |number| ResourceId::from_parts(1, number);
        assert!(ResourceIds::try_from(vec![id(1), id(2), id(3)]).is_ok());
        assert_eq!(ResourceIds::try_from(vec![id(1), id(2), id(3), id(4)]), Err(InvalidResources));
        assert_eq!(ResourceIds::try_from(vec![id(1), id(1)]), Err(InvalidResources));
    }

    #[test]
    fn it_serves_those_who_may_use_it_while_it_is_switched_on() {
        let (one, two): (UserId, UserId) = (Id::from_parts(1, 1), Id::from_parts(1, 2));
        let resource = Resource {
            id: Id::from_parts(1, 3),
            name: "Blue room".parse().expect("a name"),
            active: true,
            provider_ids: vec![one, one].try_into().expect("one provider"),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        assert!(resource.serves(one) && !resource.serves(two));
        assert!(!Resource { active: false, ..resource }.serves(one));
        let many: Vec<UserId> = (0..41).map(|number| Id::from_parts(1, number)).collect();
        assert!(ResourceUsers::try_from(many[..40].to_vec()).is_ok());
        assert_eq!(ResourceUsers::try_from(many), Err(TooManyUsers));
    }
}
