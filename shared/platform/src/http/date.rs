//! Dates in queries.

use banister_domain::text;
use jiff::civil::Date;
use serde::de::{Deserialize as _, Deserializer, Error};

/// As [`text::date`] reads it.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    text::date(&String::deserialize(deserializer)?).map_err(Error::custom)
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
