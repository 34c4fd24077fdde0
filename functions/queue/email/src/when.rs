//! Moments in words, in the reader's zone and language.

use banister_domain::account::Locale;
use banister_domain::availability::Zone;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, Zoned};

const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAYS_RU: [&str; 7] =
    ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// In the genitive, as a date has them.
const MONTHS_RU: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// How one reader is told the time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling<'a> {
    pub(crate) zone: &'a Zone,
    pub(crate) locale: Locale,
}

impl Telling<'_> {
    /// `Tuesday, March 10, 2026, 2:30 PM (Europe/Lisbon, UTC)`,
    /// `вторник, 10 марта 2026 г., 14:30 (Europe/Lisbon, UTC)`.
    pub(crate) fn moment(self, at: Timestamp) -> String {
        let at = self.local(at);
        format!("{}, {} ({})", self.date(at.date()), self.time(at.time()), self.zone(at.offset()))
    }

    /// The moments from `start` to `end`; the second in full only where the day or the distance
    /// from UTC is another one.
    pub(crate) fn span(self, start: Timestamp, end: Timestamp) -> String {
        let (from, to) = (self.local(start), self.local(end));
        if from.date() != to.date() || from.offset() != to.offset() {
            return format!("{} – {}", self.moment(start), self.moment(end));
        }
        let times = match self.locale {
            Locale::En => format!("{} – {}", self.time(from.time()), self.time(to.time())),
            Locale::Ru => format!("{}–{}", self.time(from.time()), self.time(to.time())),
        };
        format!("{}, {times} ({})", self.date(from.date()), self.zone(from.offset()))
    }

    fn local(self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.rules().clone())
    }

    fn date(self, date: Date) -> String {
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        let month = usize::from(date.month().unsigned_abs()) - 1;
        let (day, year) = (date.day(), date.year());
        match self.locale {
            Locale::En => format!("{}, {} {day}, {year}", DAYS_EN[weekday], MONTHS_EN[month]),
            Locale::Ru => format!("{}, {day} {} {year} г.", DAYS_RU[weekday], MONTHS_RU[month]),
        }
    }

    fn time(self, time: Time) -> String {
        let (hour, minute) = (time.hour(), time.minute());
        match self.locale {
            Locale::En => {
                let half = if hour < 12 { "AM" } else { "PM" };
                format!("{}:{minute:02} {half}", (hour + 11) % 12 + 1)
            }
            Locale::Ru => format!("{hour:02}:{minute:02}"),
        }
    }

    /// The zone's name and the distance from UTC, which tells apart the two turns of an hour that a
    /// day has twice.
    fn zone(self, offset: Offset) -> String {
        let name = self.zone.name();
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
        match (hours, minutes) {
            (0, 0) if name == "UTC" => "UTC".into(),
            (0, 0) => format!("{name}, UTC"),
            (hours, 0) => format!("{name}, UTC{sign}{hours}"),
            (hours, minutes) => format!("{name}, UTC{sign}{hours}:{minutes:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(locale: Locale, zone: &str, span: (&str, &str)) -> String {
        let zone = Zone::parse(zone).expect("a zone");
        let at = |text: &str| text.parse().expect("a timestamp");
        Telling { zone: &zone, locale }.span(at(span.0), at(span.1))
    }

    #[test]
    fn spans_in_both_languages() {
        let hour = ("2026-03-10T14:30:00Z", "2026-03-10T15:30:00Z");
        for (locale, zone, expected) in [
            (Locale::En, "UTC", "Tuesday, March 10, 2026, 2:30 PM – 3:30 PM (UTC)"),
            (Locale::En, "Europe/Lisbon", "Tuesday, March 10, 2026, 2:30 PM – 3:30 PM (Europe/Lisbon, UTC)"),
            (
                Locale::En,
                "America/New_York",
                "Tuesday, March 10, 2026, 10:30 AM – 11:30 AM (America/New_York, UTC-4)",
            ),
            (Locale::Ru, "Asia/Kolkata", "вторник, 10 марта 2026 г., 20:00–21:00 (Asia/Kolkata, UTC+5:30)"),
            (Locale::Ru, "Europe/Moscow", "вторник, 10 марта 2026 г., 17:30–18:30 (Europe/Moscow, UTC+3)"),
            (
                Locale::Ru,
                "America/St_Johns",
                "вторник, 10 марта 2026 г., 12:00–13:00 (America/St_Johns, UTC-2:30)",
            ),
        ] {
            assert_eq!(told(locale, zone, hour), expected);
        }
    }

    #[test]
    fn noon_and_midnight() {
        assert!(
            told(Locale::En, "UTC", ("2026-01-01T00:05:00Z", "2026-01-01T12:00:00Z"))
                .ends_with("January 1, 2026, 12:05 AM – 12:00 PM (UTC)")
        );
        assert!(
            told(Locale::Ru, "UTC", ("2026-12-31T00:05:00Z", "2026-12-31T12:00:00Z"))
                .ends_with("31 декабря 2026 г., 00:05–12:00 (UTC)")
        );
    }

    #[test]
    fn another_day_is_named() {
        assert_eq!(
            told(Locale::Ru, "Europe/Paris", ("2026-06-13T21:30:00Z", "2026-06-13T22:30:00Z")),
            "суббота, 13 июня 2026 г., 23:30 (Europe/Paris, UTC+2) – воскресенье, 14 июня 2026 г., 00:30 (Europe/Paris, UTC+2)"
        );
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_apart() {
        assert_eq!(
            told(Locale::En, "America/New_York", ("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z")),
            "Sunday, November 1, 2026, 1:30 AM (America/New_York, UTC-4) – \
             Sunday, November 1, 2026, 1:30 AM (America/New_York, UTC-5)"
        );
    }

    #[test]
    fn every_day_and_month_has_its_name() {
        for (index, (en, ru)) in DAYS_EN.into_iter().zip(DAYS_RU).enumerate() {
            let text = format!("2026-06-{:02}T12:00:00Z", index + 1);
            assert!(told(Locale::En, "UTC", (&text, &text)).starts_with(en), "{en}");
            assert!(told(Locale::Ru, "UTC", (&text, &text)).starts_with(ru), "{ru}");
        }
        for (index, (en, ru)) in MONTHS_EN.into_iter().zip(MONTHS_RU).enumerate() {
            let text = format!("2026-{:02}-15T12:00:00Z", index + 1);
            assert!(told(Locale::En, "UTC", (&text, &text)).contains(&format!("{en} 15")), "{en}");
            assert!(told(Locale::Ru, "UTC", (&text, &text)).contains(&format!("15 {ru}")), "{ru}");
        }
    }
}
