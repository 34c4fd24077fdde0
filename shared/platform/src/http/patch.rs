//! JSON Merge Patch (RFC 7396): absent is not null.

use serde::{Deserialize, Deserializer};

/// For a field of type `Option<T>` with `#[serde(default, deserialize_with = "present")]`: absent
/// leaves it `None`; anything present is read as `T`, so `null` is refused unless `T` itself is an
/// `Option`, for which it means "remove".
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
