//! What staff find accounts by: the beginning of an address, a name or a telephone number.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Account;

/// Why a text finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 2 to 100 characters")]
pub struct InvalidTerm;

/// What an account is found by, or how that begins: small letters and single spaces, a US number
/// without its country code; 2 characters at least.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Term(String);

impl Term {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it begins with `other`.
    #[must_use]
    pub fn begins_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Everything that an account is found by: the address, the name from either end, the number.
    #[must_use]
    pub fn of(account: &Account) -> BTreeSet<Self> {
        let (first, last) = (&account.first_name, &account.last_name);
        let names = [format!("{first} {last}"), format!("{last} {first}")];
        let phone = account.phone.as_ref().map(|phone| phone.as_str().to_owned());
        let texts = names.into_iter().chain(phone).chain([account.email.to_string()]);
        texts.map(|text| Self(normal(&text))).collect()
    }
}

impl TryFrom<String> for Term {
    type Error = InvalidTerm;

    fn try_from(raw: String) -> Result<Self, InvalidTerm> {
        let text = normal(&raw);
        if (2..=100).contains(&text.chars().count()) { Ok(Self(text)) } else { Err(InvalidTerm) }
    }
}
impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.0
    }
}

fn normal(raw: &str) -> String {
    let words: Vec<_> = raw.split_whitespace().collect();
    let text = words.join(" ").to_lowercase();
    number(&text).unwrap_or(text)
}

/// The digits of a telephone number without the country code of the US, if it is written like one.
fn number(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let like_one = text.chars().all(|c| c.is_ascii_digit() || "+()-. ".contains(c)) && digits.len() >= 2;
    // No area code begins with 1.
    let country = text.starts_with("+1") || (digits.len() == 11 && digits.starts_with('1'));
    like_one.then(|| if country { digits[1..].to_owned() } else { digits })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn account(first: &str, last: &str) -> Account {
        let account = json!({ "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "email": "robin.smith@example.com",
            "role": "customer", "status": "active", "epoch": 0, "email_confirmed": true, "first_name": first,
            "last_name": last, "phone": "+12015550123", "time_zone": "UTC", "locale": "en",
            "created_at": "2026-03-09T08:00:00Z" });
        serde_json::from_value(account).unwrap()
    }

    fn finds(text: &str) -> bool {
        let wanted = Term::try_from(text.to_owned()).unwrap();
        Term::of(&account("Róbin", "Smith  Jones")).iter().any(|term| term.begins_with(&wanted))
    }

    #[test]
    fn an_account_is_found_by_how_its_texts_begin() {
        for good in [
            "ROBIN.S",
            "rób",
            "RÓBIN  smith",
            "smith",
            "Smith Jones rób",
            "+1 201",
            "(201) 555-0123",
            "12015550123",
            "2015",
            "20",
        ] {
            assert!(finds(good), "{good}");
        }
        for bad in ["robin smith", "jones", "example.com", "5550123", "1201", "smith, r"] {
            assert!(!finds(bad), "{bad}");
        }
        let long = "a".repeat(101);
        for bad in ["", " ", "a", " a ", "+1 2", &long] {
            assert_eq!(Term::try_from(bad.to_owned()), Err(InvalidTerm), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_term_is_found_by_each_of_its_beginnings(
            first in "\\PC{1,80}", last in "\\PC{1,80}", length in 2_usize..100,
        ) {
            if let (Ok(first_name), Ok(last_name)) = (first.parse(), last.parse()) {
                let person = Account { first_name, last_name, ..account("A", "B") };
                for term in Term::of(&person) {
                    // A table's key has at most 1,024 bytes.
                    prop_assert!(term.as_str().len() < 900);
                    prop_assert!(term.as_str().chars().count() >= 2);
                    let beginning = Term(term.as_str().chars().take(length).collect());
                    prop_assert!(term.begins_with(&beginning));
                }
            }
        }

        #[test]
        fn any_text_is_a_term_or_none(text in ".{0,120}") {
            if let Ok(term) = Term::try_from(text) {
                prop_assert!((2..=100).contains(&term.as_str().chars().count()));
            }
        }
    }
}
