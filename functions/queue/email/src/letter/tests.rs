mod booked;
mod reviewed;
mod series;

use banister_domain::account::Role;
use banister_domain::availability::{Interval, Zone};
use banister_domain::id::{Id, ServiceId, UserId};
use banister_domain::money::{Currency, Money, Price};
use banister_domain::service::LocationKind;

use super::*;
use booked::massage;

const LOCALES: [Locale; 2] = [Locale::En, Locale::Ru];

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn person(name: &str, locale: Locale) -> Account {
    let email = "one@example.com".parse().expect("an address");
    let names = (name.parse().expect("a name"), "One".parse().expect("a name"));
    Account {
        email_confirmed: true,
        time_zone: Zone::parse("Europe/Berlin").expect("a zone"),
        locale,
        ..Account::new(Id::from_parts(1, 1), email, Role::Customer, names, at("2026-03-01T00:00:00Z"))
    }
}

fn news(turn: impl Into<Turn>, side: Side) -> News {
    News {
        booking: Id::from_parts(1, 1),
        turn: turn.into(),
        side,
        other: Id::from_parts(1, 3),
        by_staff: false,
    }
}

/// No two blank lines, no white space at the ends of lines, no template left over.
fn is_tidy(text: &str) -> bool {
    let loose = text.contains("\n\n\n") || text.lines().any(|line| line != line.trim_end());
    !loose && !text.contains(['{', '}']) && text.ends_with('.') && !text.starts_with('\n')
}

#[test]
fn the_code_stands_on_a_line_of_its_own() {
    for (locale, subject, until) in [
        (
            Locale::En,
            "Your confirmation code",
            "until Tuesday, March 10, 2026, 11:10 AM (Europe/Berlin, UTC+1).",
        ),
        (Locale::Ru, "Ваш код подтверждения", "до: вторник, 10 марта 2026 г., 11:10 (Europe/Berlin, UTC+1)."),
    ] {
        let reader = Account { email_confirmed: false, ..person("Robin", locale) };
        let letter = confirm_email(&reader, "01234567", at("2026-03-10T10:10:00Z")).expect("a letter");
        assert_eq!(letter.subject, subject);
        assert!(letter.text.lines().any(|line| line == "01234567"), "{}", letter.text);
        assert!(letter.text.contains(until) && letter.html.contains(until), "{}", letter.text);
        assert!(letter.html.contains(">01234567</p>"), "{}", letter.html);
        assert!(is_tidy(&letter.text), "{}", letter.text);
    }
}

#[test]
fn nobody_writes_to_a_stranger_through_a_name() {
    for locale in LOCALES {
        let reader = Account { email_confirmed: false, ..person("Visit spam.example", locale) };
        let until = at("2026-03-10T10:10:00Z");
        for letter in [
            confirm_email(&reader, "01234567", until),
            already_registered(&reader),
            reset_password(&reader, "https://app.example.com", "token", until),
            invitation(&reader, "https://app.example.com", "token", until),
            password_changed(&reader, until),
            second_factor(&reader, true, until),
            second_factor(&reader, false, until),
            recovery_code_used(&reader, until),
            recovery_codes_renewed(&reader, until),
        ] {
            let letter = letter.expect("a letter");
            assert!(!letter.text.contains("spam") && !letter.html.contains("spam"), "{}", letter.text);
        }
        assert_eq!(shown_name(&reader), None);
    }
}

#[test]
fn an_owner_is_told_of_the_account_there_is() {
    for (locale, subject, hello) in [
        (Locale::En, "You already have an account", "Hello Robin,"),
        (Locale::Ru, "У вас уже есть учётная запись", "Здравствуйте, Robin!"),
    ] {
        let letter = already_registered(&person("Robin", locale)).expect("a letter");
        assert_eq!(letter.subject, subject);
        assert!(letter.text.starts_with(hello) && letter.html.contains(hello), "{}", letter.text);
        assert!(is_tidy(&letter.text), "{}", letter.text);
    }
}

#[test]
fn an_owner_is_told_of_an_old_token() {
    for (locale, subject, hello, when) in [
        (
            Locale::En,
            "We ended one of your sessions",
            "Hello Robin,",
            "Tuesday, March 10, 2026, 11:10 AM (Europe/Berlin, UTC+1)",
        ),
        (
            Locale::Ru,
            "Мы завершили один из ваших сеансов",
            "Здравствуйте, Robin!",
            "вторник, 10 марта 2026 г., 11:10 (Europe/Berlin, UTC+1)",
        ),
    ] {
        let letter =
            refresh_token_reused(&person("Robin", locale), at("2026-03-10T10:10:00Z")).expect("a letter");
        assert_eq!(letter.subject, subject);
        for fact in [hello, when] {
            assert!(letter.text.contains(fact) && letter.html.contains(fact), "{fact}: {}", letter.text);
        }
        assert!(!letter.html.contains("href"), "no link acts");
        assert!(is_tidy(&letter.text), "{}", letter.text);
    }
}

#[test]
fn a_link_and_its_token_stand_on_lines_of_their_own() {
    let (token, until) = ("A-token_of-43-characters", at("2026-03-10T10:30:00Z"));
    let good_until = [
        "until Tuesday, March 10, 2026, 11:30 AM (Europe/Berlin, UTC+1).",
        "до: вторник, 10 марта 2026 г., 11:30 (Europe/Berlin, UTC+1).",
    ];
    for (locale, first, subject) in [
        (Locale::En, false, "Choose a new password"),
        (Locale::Ru, false, "Выберите новый пароль"),
        (Locale::En, true, "You are invited to Banister"),
        (Locale::Ru, true, "Приглашение в Banister"),
    ] {
        let reader = person("<b>Robin</b>", locale);
        let write = if first { invitation } else { reset_password };
        let letter = write(&reader, "https://app.example.com", token, until).expect("a letter");
        assert_eq!(letter.subject, subject);
        let link = format!("https://app.example.com/reset-password#token={token}");
        for line in [link.as_str(), token] {
            assert!(letter.text.lines().any(|known| known == line), "{line}: {}", letter.text);
        }
        let good = good_until[usize::from(locale == Locale::Ru)];
        assert!(letter.text.contains(good) && letter.html.contains(good), "{}", letter.text);
        assert_eq!(letter.html.matches("href=").count(), 1);
        assert!(letter.html.contains(&format!("<a href=\"{link}\">{link}</a>")), "{}", letter.html);
        assert!(!letter.html.contains("<b>") && is_tidy(&letter.text), "{}", letter.text);
    }
}

#[test]
fn a_changed_password_is_told_with_its_time() {
    for (locale, subject, when) in [
        (Locale::En, "Your password was changed", "Tuesday, March 10, 2026, 11:30 AM (Europe/Berlin, UTC+1)"),
        (Locale::Ru, "Ваш пароль изменён", "вторник, 10 марта 2026 г., 11:30 (Europe/Berlin, UTC+1)"),
    ] {
        let letter =
            password_changed(&person("Robin", locale), at("2026-03-10T10:30:00Z")).expect("a letter");
        assert_eq!(letter.subject, subject);
        assert!(letter.text.contains(when) && letter.html.contains(when), "{}", letter.text);
        assert!(!letter.html.contains("href") && is_tidy(&letter.text), "{}", letter.text);
    }
}

#[test]
fn a_second_factor_and_its_codes_are_told_with_their_time() {
    type Write = fn(&Account, Timestamp) -> askama::Result<Letter>;
    let letters: [(Write, [&str; 2]); 4] = [
        (|reader, at| second_factor(reader, true, at), ["Your second factor is on", "Второй фактор включён"]),
        (
            |reader, at| second_factor(reader, false, at),
            ["Your second factor is off", "Второй фактор выключен"],
        ),
        (recovery_code_used, ["A recovery code was used", "Использован резервный код"]),
        (recovery_codes_renewed, ["You have new recovery codes", "У вас новые резервные коды"]),
    ];
    let moments = [
        "Tuesday, March 10, 2026, 11:30 AM (Europe/Berlin, UTC+1)",
        "вторник, 10 марта 2026 г., 11:30 (Europe/Berlin, UTC+1)",
    ];
    for (write, subjects) in letters {
        for (number, locale) in LOCALES.into_iter().enumerate() {
            let letter = write(&person("Robin", locale), at("2026-03-10T10:30:00Z")).expect("a letter");
            let when = moments[number];
            assert_eq!(letter.subject, subjects[number]);
            assert!(letter.text.contains(when) && letter.html.contains(when), "{}", letter.text);
            assert!(!letter.html.contains("href") && is_tidy(&letter.text), "{}", letter.text);
        }
    }
}

#[test]
fn every_booking_letter_says_what_when_with_whom_and_for_how_much() {
    let subjects = [
        (Turn::Moved, "Moved: Deep massage", "Перенесено: Deep massage"),
        (Turn::MoveProposed, "Another time proposed: Deep massage", "Предложено другое время: Deep massage"),
        (Turn::MoveDeclined, "Stays as it is: Deep massage", "Остаётся как было: Deep massage"),
        (Turn::Stands(Status::Requested), "New request: Deep massage", "Новая заявка: Deep massage"),
        (Turn::Stands(Status::Confirmed), "Confirmed: Deep massage", "Подтверждено: Deep massage"),
        (Turn::Stands(Status::Declined), "Declined: Deep massage", "Отклонено: Deep massage"),
        (Turn::Stands(Status::Cancelled), "Cancelled: Deep massage", "Отменено: Deep massage"),
        (Turn::Stands(Status::Expired), "Expired: Deep massage", "Заявка истекла: Deep massage"),
        (Turn::Stands(Status::Completed), "Completed: Deep massage", "Состоялось: Deep massage"),
        (Turn::Stands(Status::NoShow), "Missed: Deep massage", "Пропущено: Deep massage"),
    ];
    for (turn, english, russian) in subjects {
        for (locale, side) in
            LOCALES.into_iter().flat_map(|locale| [(locale, Side::Customer), (locale, Side::Provider)])
        {
            let (reader, other) = (person("Robin", locale), person("Kim", locale));
            let letter = booking(&reader, Some(&other), &massage("Deep massage"), news(turn, side), None);
            let Letter { subject, text, html } = letter.expect("a letter");
            let (expected_subject, when, with) = match (locale, side) {
                (Locale::En, Side::Customer) => {
                    (english, "Tuesday, March 10, 2026, 11:00 AM – 12:00 PM", "Provider: Kim")
                }
                (Locale::En, Side::Provider) => {
                    (english, "Tuesday, March 10, 2026, 11:00 AM – 12:00 PM", "Customer: Kim")
                }
                (Locale::Ru, Side::Customer) => {
                    (russian, "вторник, 10 марта 2026 г., 11:00–12:00", "Исполнитель: Kim")
                }
                (Locale::Ru, Side::Provider) => {
                    (russian, "вторник, 10 марта 2026 г., 11:00–12:00", "Клиент: Kim")
                }
            };
            assert_eq!(subject, expected_subject);
            assert!(text.lines().any(|line| line == with), "{text}");
            for fact in [when, "(Europe/Berlin, UTC+1)", "Robin", "Deep massage", "125.00 USD"] {
                assert!(text.contains(fact) && html.contains(fact), "{fact}: {text}");
            }
            let language = if locale == Locale::En { "<html lang=\"en\">" } else { "<html lang=\"ru\">" };
            assert!(html.starts_with("<!doctype html>") && html.contains(language), "{html}");
            assert!(!html.contains("href") && !html.contains("src="), "no link acts, nothing is tracked");
            assert!(is_tidy(&text), "{text}");
        }
    }
}

#[test]
fn a_request_names_the_deadline() {
    for (locale, deadline) in [
        (Locale::En, "answer by Tuesday, March 10, 2026, 9:15 AM (Europe/Berlin, UTC+1)."),
        (Locale::Ru, "до: вторник, 10 марта 2026 г., 09:15 (Europe/Berlin, UTC+1)."),
    ] {
        let about = news(Status::Requested, Side::Provider);
        let letter =
            booking(&person("Robin", locale), None, &massage("Deep massage"), about, None).expect("a letter");
        assert!(letter.text.contains(deadline) && letter.html.contains(deadline), "{}", letter.text);
    }
}

#[test]
fn each_side_reads_its_own_end_of_the_story() {
    let told = |status, side, locale| {
        let letter =
            booking(&person("Robin", locale), None, &massage("Deep massage"), news(status, side), None);
        letter.expect("a letter").text
    };
    for status in [Status::Cancelled, Status::Expired] {
        assert!(told(status, Side::Provider, Locale::En).contains("The time is free again."));
        assert!(!told(status, Side::Customer, Locale::En).contains("The time is free again."));
        assert!(told(status, Side::Provider, Locale::Ru).contains("Время снова свободно."));
        assert!(!told(status, Side::Customer, Locale::Ru).contains("Время снова свободно."));
    }
}

#[test]
fn what_staff_cancelled_is_not_blamed_on_a_side() {
    for (locale, staff, blamed) in [
        (Locale::En, "Our staff have cancelled the booking.", ["The customer has", "The provider has"]),
        (Locale::Ru, "Наша служба поддержки отменила запись.", ["Клиент отменил", "Исполнитель отменил"]),
    ] {
        for side in [Side::Customer, Side::Provider] {
            let about = News { by_staff: true, ..news(Status::Cancelled, side) };
            let reader = person("Robin", locale);
            let letter = booking(&reader, None, &massage("Deep massage"), about, Some("Both ill."));
            let Letter { text, html, .. } = letter.expect("a letter");
            for shown in [&text, &html] {
                assert!(shown.contains(staff) && shown.contains("Both ill."), "{shown}");
                assert!(!blamed.iter().any(|words| shown.contains(words)), "{shown}");
                assert!(!shown.contains("In their words"), "{shown}");
            }
            assert!(is_tidy(&text), "{text}");
        }
    }
}

#[test]
fn a_provider_reads_which_service_was_archived_and_why() {
    let service = serde_json::json!({
        "id": ServiceId::from_parts(1, 1), "provider_id": UserId::from_parts(1, 2),
        "title": "Deep <b>massage</b>", "description": "", "category": "massage",
        "price": { "amount": 1, "currency": "eur" }, "duration_minutes": 60, "location_kind": "online",
        "status": "archived", "archived": { "reason": "Not a massage.\nSee the rules.", "at": "2026-03-10T10:30:00Z" },
        "created_at": "2026-03-09T10:30:00Z", "updated_at": "2026-03-10T10:30:00Z",
    });
    let service: Service = serde_json::from_value(service).expect("a service");
    let archived = service.archived.as_ref().expect("archived by staff");
    for (locale, subject, when) in [
        (
            Locale::En,
            "Service archived: Deep <b>massage</b>",
            "on Tuesday, March 10, 2026, 11:30 AM (Europe/Berlin, UTC+1).",
        ),
        (
            Locale::Ru,
            "Услуга снята с публикации: Deep <b>massage</b>",
            ": вторник, 10 марта 2026 г., 11:30 (Europe/Berlin, UTC+1).",
        ),
    ] {
        let letter = service_archived(&person("Robin", locale), &service, archived).expect("a letter");
        assert_eq!(letter.subject, subject);
        assert!(letter.text.contains(when) && letter.html.contains(when), "{}", letter.text);
        assert!(letter.text.contains(":\n> Not a massage.\n> See the rules.\n"), "{}", letter.text);
        assert!(!letter.html.contains("<b>") && !letter.html.contains("href"), "{}", letter.html);
        assert!(is_tidy(&letter.text), "{}", letter.text);
    }
}

#[test]
fn a_reason_is_quoted_line_by_line() {
    for locale in LOCALES {
        for status in [Status::Declined, Status::Cancelled] {
            let reader = person("Robin", locale);
            let about = news(status, Side::Customer);
            let letter =
                booking(&reader, None, &massage("Deep massage"), about, Some("I am ill.\r\n<b>Sorry</b>"));
            let Letter { text, html, .. } = letter.expect("a letter");
            assert!(text.contains(":\n> I am ill.\n> <b>Sorry</b>\n"), "{text}");
            assert!(html.contains("I am ill.<br>") && !html.contains("<b>"), "{html}");
            assert!(is_tidy(&text), "{text}");
        }
    }
}

#[test]
fn what_people_typed_is_never_markup() {
    for locale in LOCALES {
        for status in Status::ALL {
            let (reader, other) = (person("<i>R&D</i>", locale), person("\"><img>", locale));
            let about = news(status, Side::Customer);
            let letter = booking(&reader, Some(&other), &massage("<script>alert(1)</script>"), about, None);
            let Letter { subject, text, html } = letter.expect("a letter");
            assert!(!html.contains("<script") && !html.contains("<i>") && !html.contains("<img"), "{html}");
            assert!(html.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{html}");
            assert!(subject.ends_with("<script>alert(1)</script>") && !subject.contains(['\r', '\n']));
            assert!(text.contains("<script>alert(1)</script>"), "plain text is shown as typed");
        }
    }
}

#[test]
fn codes_for_numbers_and_addresses_stand_on_lines_of_their_own() {
    let phone = Phone::try_from("+12015550123".to_owned()).expect("a number");
    for locale in [Locale::En, Locale::Ru] {
        let (reader, until) = (person("Robin", locale), at("2026-03-10T10:00:00Z"));
        let number = confirm_phone(&reader, &phone, "40175283", until).expect("a letter");
        let address = change_email(&reader, "40175283", until).expect("a letter");
        for letter in [&number, &address] {
            assert_eq!(letter.text.lines().filter(|line| *line == "40175283").count(), 1, "{}", letter.text);
            assert!(letter.html.contains("40175283") && letter.text.contains("11:00"), "{}", letter.text);
        }
        assert!(number.text.contains("+12015550123") && number.html.contains("+12015550123"));
        // Whose the new address is, is not known yet: no name of anybody's goes there.
        assert!(!address.text.contains("Robin") && !address.html.contains("Robin"), "{}", address.text);
        for letter in
            [email_change_asked(&reader, until), email_changed(&reader, until), address_wanted(&reader)]
        {
            let letter = letter.expect("a letter");
            assert!(letter.text.contains("Robin") && is_tidy(&letter.text), "{}", letter.text);
        }
    }
}
