//! What a customer chooses of a service: how long it takes, and what comes with it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::availability::DurationMinutes;
use crate::availability::bounded::bounded;
use crate::money::Price;
use crate::text::Title;

bounded! {
    /// How many of an extra are taken: 1 to 100.
    Quantity(1..=100) usual 1;
}

impl Quantity {
    /// One, if nothing else is said.
    #[must_use]
    pub const fn one() -> Self {
        Self::MIN
    }
}

/// What an extra is called in requests: 1 to 40 of `a` to `z`, `0` to `9` and `_`, its provider's choice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExtraCode(String);

/// The text is no code of an extra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} of a to z, 0 to 9 and _", ExtraCode::LONGEST)]
pub struct InvalidCode;

impl ExtraCode {
    /// So many characters at most.
    pub const LONGEST: usize = 40;

    /// A code that says nothing, of the extra at this place of a list.
    #[must_use]
    pub fn numbered(at: usize) -> Self {
        Self(format!("extra_{at}"))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExtraCode {
    type Error = InvalidCode;

    fn try_from(code: String) -> Result<Self, InvalidCode> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if (1..=Self::LONGEST).contains(&code.len()) && code.bytes().all(allowed) {
            Ok(Self(code))
        } else {
            Err(InvalidCode)
        }
    }
}

impl FromStr for ExtraCode {
    type Err = InvalidCode;

    fn from_str(code: &str) -> Result<Self, InvalidCode> {
        code.to_owned().try_into()
    }
}

impl From<ExtraCode> for String {
    fn from(code: ExtraCode) -> Self {
        code.0
    }
}

impl fmt::Display for ExtraCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl utoipa::PartialSchema for ExtraCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(format!("^[a-z0-9_]{{1,{}}}$", Self::LONGEST)))
            .examples(["hot_stones"])
            .into()
    }
}
impl utoipa::ToSchema for ExtraCode {}

/// What can be had with a service, for more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "hot_stones", "title": "Hot stones", "price": { "amount": 1500, "currency": "eur" }, "max_quantity": 1,
}))]
pub struct Extra {
    /// What requests call it; no two of a service are the same.
    pub code: ExtraCode,
    /// Shown to customers.
    pub title: Title,
    /// Of one, however many seats are booked; in the currency of the service.
    pub price: Price,
    /// How many a booking takes at most; 1 if not given.
    #[serde(default = "Quantity::one")]
    #[schema(default = 1)]
    pub max_quantity: Quantity,
}

/// Another length that a service can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "duration_minutes": 90, "price": { "amount": 9000, "currency": "eur" } }))]
pub struct DurationOption {
    /// How long it takes then.
    pub duration_minutes: DurationMinutes,
    /// What each seat costs then; in the currency of the service.
    pub price: Price,
}

/// Why a list of choices is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChoices {
    /// More than it may have.
    #[error("must have at most {0} entries")]
    TooMany(usize),
    /// Two that cannot be told apart.
    #[error("must not have the same entry twice")]
    Repeated,
}

fn distinct<T, K: Ord>(all: &[T], most: usize, key: impl Fn(&T) -> &K) -> Result<(), InvalidChoices> {
    if all.len() > most {
        return Err(InvalidChoices::TooMany(most));
    }
    let keys: BTreeSet<&K> = all.iter().map(key).collect();
    if keys.len() == all.len() { Ok(()) } else { Err(InvalidChoices::Repeated) }
}

/// The extras of a service, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Extra>", into = "Vec<Extra>")]
pub struct Extras(Vec<Extra>);

impl Extras {
    /// So many at most.
    pub const MOST: usize = 20;

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[Extra] {
        &self.0
    }
}

impl TryFrom<Vec<Extra>> for Extras {
    type Error = InvalidChoices;

    fn try_from(all: Vec<Extra>) -> Result<Self, InvalidChoices> {
        distinct(&all, Self::MOST, |extra| &extra.code)?;
        Ok(Self(all))
    }
}

impl From<Extras> for Vec<Extra> {
    fn from(all: Extras) -> Self {
        all.0
    }
}

/// The other lengths of a service, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<DurationOption>", into = "Vec<DurationOption>")]
pub struct Durations(Vec<DurationOption>);

impl Durations {
    /// So many at most.
    pub const MOST: usize = 10;

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[DurationOption] {
        &self.0
    }
}

impl TryFrom<Vec<DurationOption>> for Durations {
    type Error = InvalidChoices;

    fn try_from(all: Vec<DurationOption>) -> Result<Self, InvalidChoices> {
        distinct(&all, Self::MOST, |option| &option.duration_minutes)?;
        Ok(Self(all))
    }
}

impl From<Durations> for Vec<DurationOption> {
    fn from(all: Durations) -> Self {
        all.0
    }
}
