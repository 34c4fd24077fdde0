//! Passwords as typed.

use std::fmt;

use serde::Deserialize;

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 8 to 128 characters")]
pub struct InvalidPassword;

/// A password as typed, 8 to 128 characters. Shown nowhere, not even by `{:?}`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(String);

impl Password {
    /// The characters, for hashing only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Password {
    type Error = InvalidPassword;
    fn try_from(raw: String) -> Result<Self, InvalidPassword> {
        if (8..=128).contains(&raw.chars().count()) { Ok(Self(raw)) } else { Err(InvalidPassword) }
    }
}
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
impl utoipa::PartialSchema for Password {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::schema::SchemaFormat::KnownFormat(
                utoipa::openapi::schema::KnownFormat::Password,
            )))
            .min_length(Some(8))
            .max_length(Some(128))
            .examples(["correct horse battery"])
            .into()
    }
}
impl utoipa::ToSchema for Password {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_bounded_and_never_shown() {
        for (length, good) in [(7, false), (8, true), (128, true), (129, false)] {
            let password = Password::try_from("é".repeat(length));
            assert_eq!(password.is_ok(), good, "{length}");
            assert!(!format!("{password:?}").contains('é'));
        }
    }
}
