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

/// What a merge patch does to a field that may have no value: for `#[serde(default)]`, so that what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It was absent: nothing.
    #[default]
    Keep,
    /// It was `null`: the field has no value then.
    Clear,
    /// The field has this value then.
    Set(T),
}

impl<T> Change<T> {
    /// The value after the change of one that was `kept`.
    pub fn of(self, kept: Option<T>) -> Option<T> {
        match self {
            Self::Keep => kept,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}
