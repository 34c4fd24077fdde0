//! Letters about series.

use banister_domain::series::SeriesAction;

use super::booked::massage;
use super::*;
use crate::letter::series::{SeriesTold, write};

const NOW: &str = "2026-03-09T09:00:00Z";

fn told(locale: Locale, told: &SeriesTold<'_>) -> Letter {
    let other = person("Anna", locale);
    let letter = write(&person("Robin", locale), Some(&other), told, at(NOW)).expect("a letter");
    assert!(is_tidy(&letter.text), "{}", letter.text);
    letter
}

#[test]
fn a_series_is_told_with_all_its_times() {
    let missing = [at("2026-03-24T10:00:00Z")];
    let bookings = [massage("Massage"), massage("Massage")];
    let asked = |side| SeriesTold {
        action: Some(SeriesAction::Booked),
        by_customer: true,
        side,
        bookings: &bookings,
        missing: &missing,
        reason: None,
    };
    for (locale, side, subject, until, gone) in [
        (
            Locale::En,
            Side::Provider,
            "New series of requests: Massage",
            "To be answered by: Tuesday, March 10, 2026, 9:15 AM (Europe/Berlin, UTC+1)",
            "not to be had:\n\n- Tuesday, March 24, 2026, 11:00 AM (Europe/Berlin, UTC+1)",
        ),
        (
            Locale::Ru,
            Side::Customer,
            "Заявка на серию: Massage",
            "Ответить до: вторник, 10 марта 2026 г., 09:15 (Europe/Berlin, UTC+1)",
            "не удалось:\n\n- вторник, 24 марта 2026 г., 11:00 (Europe/Berlin, UTC+1)",
        ),
    ] {
        let letter = told(locale, &asked(side));
        assert_eq!(letter.subject, subject);
        for words in [until, gone, "Anna"] {
            assert!(letter.text.contains(words), "{}", letter.text);
        }
        assert_eq!(letter.html.matches("<li>").count(), 3, "{}", letter.html);
    }
}

#[test]
fn every_change_has_its_words() {
    let bookings = [Booking { status: Status::Confirmed, ..massage("Massage") }];
    let actions = [
        (SeriesAction::Booked, true, "Series confirmed", "Серия подтверждена"),
        (SeriesAction::Confirmed, false, "Series confirmed", "Серия подтверждена"),
        (SeriesAction::Declined, false, "Series declined", "Серия отклонена"),
        (SeriesAction::Cancelled, true, "Series cancelled", "Серия отменена"),
        (SeriesAction::Cancelled, false, "Series cancelled", "Серия отменена"),
        (SeriesAction::Rescheduled, true, "Series moved", "Серия перенесена"),
        (SeriesAction::RescheduleAccepted, true, "Series moved", "Серия перенесена"),
        (SeriesAction::RescheduleDeclined, true, "Series stays as it is", "Серия остаётся как была"),
    ];
    let mut sentences = std::collections::BTreeSet::new();
    for (action, by_customer, en, ru) in actions {
        for (locale, heading) in [(Locale::En, en), (Locale::Ru, ru)] {
            let side = if by_customer { Side::Provider } else { Side::Customer };
            let reason = Some("Quite <so>.");
            let action = Some(action);
            let news = SeriesTold { action, by_customer, side, bookings: &bookings, missing: &[], reason };
            let letter = told(locale, &news);
            assert_eq!(letter.subject, format!("{heading}: Massage"));
            assert!(letter.text.contains("> Quite <so>."), "{}", letter.text);
            assert!(!letter.html.contains("<so>"), "{}", letter.html);
            sentences.insert(letter.text.lines().nth(2).map(ToOwned::to_owned));
        }
    }
    assert_eq!(sentences.len(), 16, "{sentences:?}");
}

#[test]
fn what_expired_together_is_listed() {
    let bookings = [massage("Massage"), massage("Massage")];
    let news = SeriesTold {
        action: None,
        by_customer: false,
        side: Side::Customer,
        bookings: &bookings,
        missing: &[],
        reason: None,
    };
    for (locale, subject) in [(Locale::En, "Expired: Massage"), (Locale::Ru, "Заявки истекли: Massage")]
    {
        let other = person("Anna", locale);
        let late = at("2026-03-10T09:00:00Z");
        let letter = write(&person("Robin", locale), Some(&other), &news, late).expect("a letter");
        assert_eq!((letter.subject.as_str(), letter.html.matches("<li>").count()), (subject, 2));
        assert!(is_tidy(&letter.text) && !letter.text.contains("08:15"), "{}", letter.text);
    }
}
