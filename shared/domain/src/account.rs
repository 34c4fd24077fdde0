//! People: who they are, how they sign in, what they may be.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::availability::Zone;
use crate::id::UserId;
use crate::photo::Photo;
use crate::text::PersonName;

/// What a person is in the marketplace.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(example = "customer")]
pub enum Role {
    /// Finds, books and pays.
    Customer,
    /// Offers services.
    Provider,
    /// Support staff.
    Management,
    /// Finance staff.
    Accountant,
    /// Runs the place.
    Admin,
    /// Runs the admins.
    SuperAdmin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Customer, Self::Provider, Self::Management, Self::Accountant, Self::Admin, Self::SuperAdmin];

    /// The name in JSON, tokens and the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Provider => "provider",
            Self::Management => "management",
            Self::Accountant => "accountant",
            Self::Admin => "admin",
            Self::SuperAdmin => "super_admin",
        }
    }
}

/// The roles that anyone may register into; there is no way to write a staff role here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "customer")]
pub enum OpenRole {
    /// Finds, books and pays.
    Customer,
    /// Offers services.
    Provider,
}

impl From<OpenRole> for Role {
    fn from(role: OpenRole) -> Self {
        match role {
            OpenRole::Customer => Self::Customer,
            OpenRole::Provider => Self::Provider,
        }
    }
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// In use.
    Active,
    /// Switched off by staff: every request is refused.
    Disabled,
}

/// The language of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "en")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

/// Why a text is not an e-mail address that can be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address")]
pub struct InvalidEmail;

/// An e-mail address in its normal form: trimmed, lower case. Two spellings that differ only in
/// case are one account. At most 254 characters (RFC 5321, 4.5.3.1.3). ASCII only: not every mail
/// server takes others (SMTPUTF8, RFC 6531), and letters that look alike would make two accounts of
/// one name. An internationalised domain comes as punycode (`xn--…`, RFC 5890).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(raw: &str) -> Result<Self, InvalidEmail> {
        let text = raw.trim();
        // Before the case is changed: some letters, such as the Kelvin sign, become ASCII by it.
        if !text.is_ascii() {
            return Err(InvalidEmail);
        }
        let text = text.to_ascii_lowercase();
        let options = email_address::Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        let plain =
            !text.contains(['"', '(', ')']) && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let parsed = email_address::EmailAddress::parse_with_options(&text, options);
        if plain && text.len() <= 254 && parsed.is_ok() { Ok(Self(text)) } else { Err(InvalidEmail) }
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;
    fn try_from(raw: String) -> Result<Self, InvalidEmail> {
        raw.parse()
    }
}
impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}
impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl utoipa::PartialSchema for Email {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::schema::SchemaFormat::Custom("email".into())))
            .max_length(Some(254))
            .examples(["customer@example.com"])
            .into()
    }
}
impl utoipa::ToSchema for Email {}

/// Why a text is not a US telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a valid US phone number")]
pub struct InvalidPhone;

/// A valid US telephone number, kept as E.164: `+12015550123`.
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

impl FromStr for Phone {
    type Err = InvalidPhone;

    fn from_str(raw: &str) -> Result<Self, InvalidPhone> {
        let us = phonenumber::country::Id::US;
        let number = phonenumber::parse(Some(us), raw.trim()).map_err(|_| InvalidPhone)?;
        let american = number.country().id() == Some(us) && number.extension().is_none();
        if american && number.is_valid() {
            Ok(Self(number.format().mode(phonenumber::Mode::E164).to_string()))
        } else {
            Err(InvalidPhone)
        }
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidPhone;
    fn try_from(raw: String) -> Result<Self, InvalidPhone> {
        raw.parse()
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

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who.
    pub id: UserId,
    /// The address to sign in with and to write to.
    pub email: Email,
    /// What the person is here.
    pub role: Role,
    /// In use or switched off.
    pub status: AccountStatus,
    /// Rises when role or status changes; a token of an older epoch is refused.
    pub epoch: u32,
    /// Whether the address was confirmed by a code.
    pub email_confirmed: bool,
    /// Given name.
    pub first_name: PersonName,
    /// Family name.
    pub last_name: PersonName,
    /// Unconfirmed telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The zone that times are shown in.
    pub time_zone: Zone,
    /// The language of mails.
    pub locale: Locale,
    /// The photo, with what became of its uploads.
    #[serde(default, skip_serializing_if = "Photo::is_empty")]
    pub photo: Photo,
    /// When the account was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_have_one_spelling() {
        assert_eq!(" Robin@Example.COM ".parse::<Email>().map(String::from), Ok("robin@example.com".into()));
        for bad in [
            "",
            "a",
            "a@b",
            "a b@example.com",
            "a@exa mple.com",
            "a@[127.0.0.1]",
            "Ann <a@example.com>",
            "\"a\"@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "@example.com",
            "a@@example.com",
            "björn@example.com",
            "a@bücher.example",
            "\u{212a}im@example.com",
            "a\u{200b}@example.com",
        ] {
            assert_eq!(bad.parse::<Email>(), Err(InvalidEmail), "{bad}");
        }
        assert!("a@xn--bcher-kva.example".parse::<Email>().is_ok());
        let long = format!("{}@example.com", "a".repeat(250));
        assert_eq!(long.parse::<Email>(), Err(InvalidEmail));
    }

    #[test]
    fn phones_are_american_and_e164() {
        for good in ["+12015550123", "(201) 555-0123", "201.555.0123", "1 201 555 0123"] {
            assert_eq!(good.parse::<Phone>().map(String::from), Ok("+12015550123".into()), "{good}");
        }
        for bad in ["", "12", "+442079460958", "+10005550123", "2015550123 ext 5", "not a number"] {
            assert_eq!(bad.parse::<Phone>(), Err(InvalidPhone), "{bad}");
        }
    }

    #[test]
    fn passwords_are_bounded_and_never_shown() {
        for (length, good) in [(7, false), (8, true), (128, true), (129, false)] {
            let password = Password::try_from("é".repeat(length));
            assert_eq!(password.is_ok(), good, "{length}");
            assert!(!format!("{password:?}").contains('é'));
        }
    }

    #[test]
    fn nobody_registers_into_staff() {
        for role in Role::ALL {
            let open = serde_json::from_value::<OpenRole>(role.as_str().into());
            assert_eq!(open.is_ok(), matches!(role, Role::Customer | Role::Provider), "{role:?}");
        }
    }
}
