//! Things that providers share.

use banister_domain::id::{ResourceId, UserId};
use jiff::civil::Date;

use super::{Index, IndexKey, Key, at, calendar, day, key};

/// Key of a resource.
#[must_use]
pub fn resource(id: ResourceId) -> Key {
    key(resource_days(id), "RESOURCE")
}

/// Key of one UTC day of a resource.
#[must_use]
pub fn resource_day(id: ResourceId, date: Date) -> Key {
    key(resource_days(id), day(date))
}

/// Partition of a resource and its days, which are as in a provider's calendar.
#[must_use]
pub fn resource_days(id: ResourceId) -> String {
    format!("RESOURCE#{id}")
}

/// Which resource it is where these are its keys, or those of one of its days, and which day that is.
#[must_use]
pub fn part_of_resource(pk: &str, sk: &str) -> Option<(ResourceId, Option<Date>)> {
    let resource = pk.strip_prefix("RESOURCE#")?.parse().ok()?;
    match sk {
        "RESOURCE" => Some((resource, None)),
        day => Some((resource, Some(day.strip_prefix("DAY#")?.parse().ok()?))),
    }
}

/// Where a resource stands in the list of all.
#[must_use]
pub fn resource_list(id: ResourceId) -> IndexKey {
    at(Index::Gsi3, RESOURCES.into(), id.to_string())
}

/// Partition in GSI3 of all resources: staff make and change them, so there are few writes.
pub const RESOURCES: &str = "RESOURCES";

/// Key of what says that a provider may use a resource.
#[must_use]
pub fn resource_user(provider: UserId, id: ResourceId) -> Key {
    key(calendar(provider), format!("{RESOURCES_OPEN}{id}"))
}

/// Sort keys of what a provider may use begin with this, within [`calendar`].
pub const RESOURCES_OPEN: &str = "RESOURCE#";
