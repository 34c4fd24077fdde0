//! Telephone numbers.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not a US telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a valid US phone number")]
pub struct InvalidPhone;

/// A telephone number in E.164 form: `+12015550123`. It was a number of the US numbering plan when it
/// was taken. The plan is not asked again when it is read from the table: it changes, and whoever has
/// an account must not lose it with their number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// The number in E.164 form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidPhone;
    /// Takes what has the form of E.164: a plus sign and 8 to 15 digits, the first not zero.
    fn try_from(raw: String) -> Result<Self, InvalidPhone> {
        let digits = raw.strip_prefix('+').ok_or(InvalidPhone)?;
        let number = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
        if number && (8..=15).contains(&digits.len()) { Ok(Self(raw)) } else { Err(InvalidPhone) }
    }
}
impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}
impl utoipa::PartialSchema for Phone {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("A US number in any usual spelling; kept and answered as E.164."))
            .examples(["+12015550123"])
            .into()
    }
}
impl utoipa::ToSchema for Phone {}

/// What is known of an account's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneStatus {
    /// Written down: others may name the same one. Also where there is none.
    #[default]
    Named,
    /// This account's alone, and not confirmed.
    Held,
    /// This account's alone, and confirmed by a code.
    Confirmed,
    /// The one that was named had another account when this one's address was confirmed, and was left out.
    Taken,
}

impl PhoneStatus {
    /// Whether nobody else may have the number.
    #[must_use]
    pub const fn holds(self) -> bool {
        matches!(self, Self::Held | Self::Confirmed)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A telephone number as somebody writes it: any usual spelling of a number that the US numbering
/// plan assigns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WrittenPhone(Phone);

impl FromStr for WrittenPhone {
    type Err = InvalidPhone;

    fn from_str(raw: &str) -> Result<Self, InvalidPhone> {
        let us = phonenumber::country::Id::US;
        let number = phonenumber::parse(Some(us), raw.trim()).map_err(|_| InvalidPhone)?;
        let american = number.country().id() == Some(us) && number.extension().is_none();
        if american && number.is_valid() {
            Ok(Self(Phone(number.format().mode(phonenumber::Mode::E164).to_string())))
        } else {
            Err(InvalidPhone)
        }
    }
}
impl TryFrom<String> for WrittenPhone {
    type Error = InvalidPhone;
    fn try_from(raw: String) -> Result<Self, InvalidPhone> {
        raw.parse()
    }
}
impl From<WrittenPhone> for Phone {
    fn from(written: WrittenPhone) -> Self {
        written.0
    }
}
impl From<WrittenPhone> for String {
    fn from(written: WrittenPhone) -> Self {
        written.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_american_and_kept_as_e164() {
        let kept = |text: &str| text.parse::<WrittenPhone>().map(String::from);
        for good in ["+12015550123", "(201) 555-0123", "201.555.0123", "1 201 555 0123"] {
            assert_eq!(kept(good), Ok("+12015550123".into()), "{good}");
        }
        for bad in [
            "",
            "12",
            "+442079460958",
            "+10005550123",
            "2015550123 ext 5",
            "not a number",
            // Canada, Jamaica, an area code that nobody has, one that begins with 1, 411.
            "+14165550123",
            "+18765550123",
            "+12115550123",
            "+11015550123",
            "+14115550123",
        ] {
            assert_eq!(kept(bad), Err(InvalidPhone), "{bad}");
        }
    }

    #[test]
    fn what_was_kept_is_read_although_the_plan_has_changed() {
        let read = |text: &str| Phone::try_from(text.to_owned()).map(String::from);
        for good in ["+12015550123", "+10005550123", "+442079460958"] {
            assert_eq!(read(good), Ok(good.into()));
        }
        for bad in ["", "+", "12015550123", "+1201555", "+1201555012345678", "+02015550123", "+1201555012x"] {
            assert_eq!(read(bad), Err(InvalidPhone), "{bad}");
        }
    }
}
