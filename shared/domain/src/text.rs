//! Texts that people type, each with its own limits. Parsing trims white space at both ends and
//! refuses control characters, so that no stored text is blank, breaks a log or a mail header, or
//! shows other than it reads.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Shorter than allowed, after trimming.
    #[error("must have at least {0} characters")]
    TooShort(usize),
    /// Longer than allowed, after trimming.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// A control character, or an invisible one, that this text may not hold.
    #[error("must not contain control characters")]
    Control,
    /// Nothing in it that can be seen.
    #[error("must have at least one visible character")]
    Invisible,
}

/// The text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a date such as 2026-03-09")]
pub struct InvalidDate;

/// Exactly `YYYY-MM-DD`, from year 1 on (RFC 3339, 5.6); a date's own parser takes times with it,
/// signs, and other forms of ISO 8601.
pub fn date(text: &str) -> Result<jiff::civil::Date, InvalidDate> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date = text.parse::<jiff::civil::Date>().ok().filter(|date| shaped && date.year() >= 1);
    date.ok_or(InvalidDate)
}

fn clean(raw: &str, min: usize, max: usize, lines: bool) -> Result<String, InvalidText> {
    let text = raw.trim();
    let length = text.chars().count();
    if length < min {
        return Err(InvalidText::TooShort(min));
    }
    if length > max {
        return Err(InvalidText::TooLong(max));
    }
    let allowed = |c| lines && matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(|c| (c.is_control() || is_hidden(c)) && !allowed(c)) {
        return Err(InvalidText::Control);
    }
    if !text.is_empty() && !text.chars().any(is_visible) {
        return Err(InvalidText::Invisible);
    }
    Ok(text.to_owned())
}

/// Soft hyphen, zero-width space, word joiner and byte order mark, which make equal-looking texts
/// differ, and the embeddings, overrides and isolates of direction (Unicode UAX 9, 2.1 to 2.4),
/// which make text after them read backwards.
const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Neither white space nor a joiner, direction mark, filler or variation selector (Unicode's
/// `Default_Ignorable_Code_Point`), which scripts and emoji need but which show nothing alone.
fn is_visible(c: char) -> bool {
    let ignorable = matches!(
        c,
        '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200c}'..='\u{200f}' | '\u{2061}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    );
    let blank = c == '\u{2800}' || c.is_whitespace();
    !ignorable && !blank && !c.is_control()
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $min:literal..=$max:literal lines $lines:literal example $example:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text, trimmed.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = InvalidText;
            fn try_from(raw: String) -> Result<Self, InvalidText> {
                clean(&raw, $min, $max, $lines).map(Self)
            }
        }
        impl FromStr for $name {
            type Err = InvalidText;
            fn from_str(raw: &str) -> Result<Self, InvalidText> {
                clean(raw, $min, $max, $lines).map(Self)
            }
        }
        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .min_length(Some($min))
                    .max_length(Some($max))
                    .examples([$example])
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    )+};
}

texts! {
    /// A person's first or last name, 1 to 80 characters.
    PersonName 1..=80 lines false example "Robin";
    /// What a room or a van is called, 1 to 80 characters.
    ResourceName 1..=80 lines false example "Blue room";
    /// A service's title, 3 to 120 characters.
    Title 3..=120 lines false example "Deep tissue massage";
    /// A service's description, up to 4,000 characters, may have lines.
    Description 0..=4000 lines true example "One hour, oil included.";
    /// What the customer tells the provider, 1 to 1,000 characters, may have lines.
    Note 1..=1000 lines true example "Second floor, the bell does not work.";
    /// What people say of themselves, 1 to 1,000 characters, may have lines.
    Bio 1..=1000 lines true example "Masseur since 2009.";
    /// Why somebody declined or cancelled, 1 to 500 characters, may have lines.
    Reason 1..=500 lines true example "I am ill.";
    /// What a side of a booking says of the other one, or answers, 1 to 2,000 characters, may have lines.
    ReviewText 1..=2000 lines true example "On time, and very thorough.";
    /// Where a service takes place, 3 to 300 characters.
    Place 3..=300 lines false example "12 Harbour Street, Springfield";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn trims_counts_characters_and_refuses_control() {
        assert_eq!("  Анна ".parse::<PersonName>().map(String::from), Ok("Анна".to_owned()));
        assert_eq!("   ".parse::<PersonName>(), Err(InvalidText::TooShort(1)));
        assert_eq!("é".repeat(81).parse::<PersonName>(), Err(InvalidText::TooLong(80)));
        assert_eq!("a\r\nBcc: x".parse::<PersonName>(), Err(InvalidText::Control));
        assert!("two\nlines".parse::<Note>().is_ok());
        assert_eq!("bell\u{7}".parse::<Note>(), Err(InvalidText::Control));
    }

    #[test]
    fn refuses_what_cannot_be_seen() {
        for hidden in "\u{ad}\u{200b}\u{2060}\u{feff}\u{202a}\u{202e}\u{2066}\u{2069}".chars() {
            let text = format!("Ann{hidden}a");
            assert_eq!(text.parse::<PersonName>(), Err(InvalidText::Control), "{hidden:?}");
            assert_eq!(hidden.to_string().repeat(3).parse::<Note>(), Err(InvalidText::Control), "{hidden:?}");
        }
        for blank in [
            "\u{200d}",
            "\u{200c}\u{200d}",
            "\u{200d} \u{200d}",
            "\u{200e}",
            "\u{fe0f}",
            "\u{3164}",
            "\u{2800}",
        ] {
            assert_eq!(blank.parse::<PersonName>(), Err(InvalidText::Invisible), "{blank:?}");
        }
        for good in ["👩\u{200d}🔧", "می\u{200c}خواهم", "क्\u{200d}ष", "❤\u{fe0f}"] {
            assert!(good.parse::<PersonName>().is_ok(), "{good}");
        }
        assert!("".parse::<Description>().is_ok());
    }

    proptest! {
        #[test]
        fn parsing_again_changes_nothing(raw in ".{0,200}") {
            if let Ok(text) = raw.parse::<Title>() {
                prop_assert_eq!(text.as_str().parse::<Title>(), Ok(text.clone()));
                prop_assert!((3..=120).contains(&text.as_str().chars().count()));
            }
        }
    }
}
