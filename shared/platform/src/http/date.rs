//! Dates in queries.

use jiff::civil::Date;
use serde::de::{Deserialize as _, Deserializer, Error};

/// Exactly `YYYY-MM-DD`, from year 1 on (RFC 3339, 5.6); a date's own parser takes times with it,
/// signs, and other forms of ISO 8601.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date = text.parse::<Date>().ok().filter(|date| shaped && date.year() >= 1);
    date.ok_or_else(|| Error::custom("must be a date such as 2026-03-09"))
}

/// The same, where there may be none.
pub fn optional_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    date(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer as _;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    #[test]
    fn dates_have_one_form() {
        let read = |text: &'static str| {
            let text: StrDeserializer<'_, Error> = text.into_deserializer();
            date(text).ok()
        };
        assert_eq!(read("2026-03-09"), Some(Date::constant(2026, 3, 9)));
        assert_eq!(read("0001-01-01"), Some(Date::constant(1, 1, 1)));
        assert_eq!(read("9999-12-31"), Some(Date::MAX));
        for bad in [
            "",
            "2026-3-9",
            "20260309",
            "2026-03-09T10:00",
            "-009999-12-20",
            "+002026-03-09",
            "0000-12-31",
            "2026-02-29",
            "2026-13-01",
            "2026-W10-1",
            " 2026-03-09",
            "2026/03/09",
            "２026-03-09",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
