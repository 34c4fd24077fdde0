//! Passwords: as typed to sign in, and as chosen.

use std::fmt;

use serde::Deserialize;

use super::Email;
use crate::text::PersonName;

/// The passwords of 8 and more characters among the 20,000 most common ones, in lower case and in the
/// order of their bytes, one a line. From the package `django` 5.2.19 (pypi.org),
/// `django/contrib/auth/common-passwords.txt.gz`, after what was leaked
/// (<https://gist.github.com/roycewilliams/226886fd01572964e1431ac8afc999ce>); BSD-3-Clause, in
/// `common_passwords.LICENSE`. Only what chooses passwords links it.
const COMMON: &str = include_str!("common_passwords.txt");

/// What somebody who knows of Banister tries first: its name, its roles and what they do.
const PRODUCT: [&str; 14] = [
    "accountant",
    "administrator",
    "admin",
    "banister",
    "booking",
    "customer",
    "manager",
    "management",
    "marketplace",
    "password",
    "provider",
    "staff",
    "super",
    "support",
];

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Too short or too long.
    #[error("must have 8 to 128 characters")]
    Length,
    /// Among the first that are tried.
    #[error("is one of the most common passwords")]
    Common,
    /// Of the product's own words alone.
    #[error("must be more than words of this service")]
    Product,
    /// Seen in what was stolen elsewhere; a service says so, not this crate.
    #[error("is known from a data breach")]
    Breached,
    /// What everybody knows of the person.
    #[error("must not be the e-mail address or the name")]
    Personal,
}

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
        if (8..=128).contains(&raw.chars().count()) { Ok(Self(raw)) } else { Err(InvalidPassword::Length) }
    }
}
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
impl utoipa::PartialSchema for Password {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        schema().into()
    }
}
impl utoipa::ToSchema for Password {}

/// A password as chosen, at registering, changing or resetting: none of the most common ones (NIST
/// SP 800-63B, 3.1.1.2), and not of the product's own words alone, whatever digits and signs are between
/// them. What else it is made of is not asked. Signing in does not look: a rule that came
/// later must keep nobody out.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct NewPassword(Password);

impl NewPassword {
    /// The password, if this person may have it: neither the address, the part before its `@`, nor the
    /// first name, the last name, or both. Case and white space make no difference.
    pub fn of(
        self,
        email: &Email,
        first: &PersonName,
        last: &PersonName,
    ) -> Result<Password, InvalidPassword> {
        let password = plain(self.0.expose());
        let (first, last) = (plain(first.as_str()), plain(last.as_str()));
        let local = email.as_str().rsplit_once('@').map_or(email.as_str(), |(local, _)| local);
        let (both, turned) = (format!("{first}{last}"), format!("{last}{first}"));
        let known = [email.as_str(), local, &first, &last, &both, &turned];
        if known.contains(&password.as_str()) { Err(InvalidPassword::Personal) } else { Ok(self.0) }
    }
}

impl TryFrom<String> for NewPassword {
    type Error = InvalidPassword;
    fn try_from(raw: String) -> Result<Self, InvalidPassword> {
        let password = Password::try_from(raw)?;
        if is_common(password.expose()) {
            Err(InvalidPassword::Common)
        } else if is_of_product(password.expose()) {
            Err(InvalidPassword::Product)
        } else {
            Ok(Self(password))
        }
    }
}
impl utoipa::PartialSchema for NewPassword {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let rules = "Not one of the most common passwords, nor one that is known from a data breach, nor the person's \
                     e-mail address or name, nor words of this service alone.";
        schema().description(Some(rules)).into()
    }
}
impl utoipa::ToSchema for NewPassword {}

fn schema() -> utoipa::openapi::schema::ObjectBuilder {
    use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(8))
        .max_length(Some(128))
        .examples(["correct horse battery"])
}

/// Lower case without white space.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Whether all letters of a text are one or more words of [`PRODUCT`], in any case.
fn is_of_product(text: &str) -> bool {
    let letters: String = text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    // Whether a word ends behind so many octets.
    let mut ends = vec![false; letters.len() + 1];
    ends[0] = true;
    for at in 0..letters.len() {
        // Words are ASCII, so that where one ends is a place between characters.
        let rest = if ends[at] { &letters[at..] } else { continue };
        for word in PRODUCT.iter().filter(|word| rest.starts_with(**word)) {
            ends[at + word.len()] = true;
        }
    }
    !letters.is_empty() && ends[letters.len()]
}

/// Whether a text is in [`COMMON`], in any case: halved until one line is left.
fn is_common(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut rest = COMMON;
    while !rest.is_empty() {
        // The line around the middle. A line is ASCII, so that any place in it is one between characters.
        let middle = rest.len() / 2;
        let start = rest[..middle].rfind('\n').map_or(0, |at| at + 1);
        let end = rest[middle..].find('\n').map_or(rest.len(), |at| middle + at);
        match text.as_str().cmp(&rest[start..end]) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = &rest[..start.saturating_sub(1)],
            std::cmp::Ordering::Greater => rest = rest.get(end + 1..).unwrap_or_default(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(text: &str) -> Result<NewPassword, InvalidPassword> {
        NewPassword::try_from(text.to_owned())
    }

    #[test]
    fn passwords_are_bounded_and_never_shown() {
        for (length, good) in [(7, false), (8, true), (128, true), (129, false)] {
            let text = "é".repeat(length);
            let password = Password::try_from(text.clone());
            assert_eq!((password.is_ok(), new(&text).is_ok()), (good, good), "{length}");
            assert!(!format!("{password:?}{:?}", new(&text)).contains('é'));
        }
    }

    #[test]
    fn the_list_is_what_the_search_takes_it_for() {
        assert!(COMMON.is_ascii() && COMMON.lines().is_sorted_by(|a, b| a < b));
        let usable = |line: &str| Password::try_from(line.to_owned()).is_ok() && line == line.to_lowercase();
        assert!(COMMON.lines().all(usable));
        assert!((3_000..=10_000).contains(&COMMON.lines().count()));
    }

    #[test]
    fn every_common_password_is_refused_in_any_case_and_no_other() {
        for line in COMMON.lines() {
            for text in [line.to_owned(), line.to_uppercase()] {
                assert_eq!(new(&text).err(), Some(InvalidPassword::Common), "{text}");
            }
            let longer = format!("{line} ~ and more");
            assert!(new(&longer).is_ok(), "{longer}");
            assert!(Password::try_from(line.to_owned()).is_ok(), "signing in takes what it took before");
        }
        for text in ["        ", "~~~~~~~~~", "correct horse battery", "пароль пароль", "passwordpassword1x"]
        {
            assert!(new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn words_of_the_product_alone_are_no_password() {
        for bad in
            ["Banister2026!", "super admin 1", "bookingbooking", "12-Provider-34", "SUPERADMINISTRATOR"]
        {
            assert_eq!(new(bad).err(), Some(InvalidPassword::Product), "{bad}");
        }
        for good in ["banister of oak", "superb admins", "bookings 2026", "écustomer1", "2026-11-23"] {
            assert!(new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn nobody_is_their_own_password() {
        let of = |password: &str| {
            let email = "robin.example@example.com".parse().unwrap();
            new(password).unwrap().of(&email, &"Robin Émile".parse().unwrap(), &"Van Dyke".parse().unwrap())
        };
        for bad in [
            "robin.example@example.com",
            "Robin.Example@EXAMPLE.com",
            "ROBIN.EXAMPLE",
            "robin émile",
            "RobinÉmile",
            "van  dyke",
            "Robin Émile Van Dyke",
            "vandykerobinémile",
        ] {
            assert_eq!(of(bad).err(), Some(InvalidPassword::Personal), "{bad}");
        }
        for good in ["robin.example2", "Robin Émile!", "example.com", "robin.example@example.org"] {
            assert!(of(good).is_ok(), "{good}");
        }
    }
}
