//! Letters about reviews.

use banister_domain::review::Rating;

use super::*;
use crate::letter::review::{self, Said};

fn written(locale: Locale, said: &Said<'_>) -> Letter {
    let other = person("Anna", locale);
    review::write(&person("Robin", locale), Some(&other), &massage("Massage"), said).expect("a letter")
}

#[test]
fn a_review_is_quoted() {
    let stars = Rating::new(4).expect("a rating");
    for (locale, subject, told) in [
        (Locale::En, "New review: Massage", "Anna reviewed your booking \"Massage\": 4 of 5."),
        (Locale::Ru, "Новый отзыв: Massage", "Anna: отзыв о записи «Massage», оценка 4 из 5."),
    ] {
        let letter = written(locale, &Said::Review(stars, Some("On time.\nVery <thorough>.")));
        assert_eq!(letter.subject, subject);
        assert!(letter.text.contains(told), "{}", letter.text);
        assert!(letter.text.contains("> On time.\n> Very <thorough>.\n"), "{}", letter.text);
        assert!(
            !letter.html.contains("<thorough>") && letter.html.contains("On time.<br>"),
            "{}",
            letter.html
        );
        let wordless = written(locale, &Said::Review(stars, None));
        assert!(wordless.text.contains(told) && !wordless.text.contains('>'), "{}", wordless.text);
        assert!(!wordless.html.contains("<blockquote"), "{}", wordless.html);
        for text in [&letter.text, &wordless.text] {
            assert!(is_tidy(text), "{text}");
        }
    }
}

#[test]
fn an_answer_is_quoted() {
    for (locale, subject, told) in [
        (Locale::En, "Your review was answered: Massage", "Anna answered your review of \"Massage\":"),
        (Locale::Ru, "Ответ на ваш отзыв: Massage", "Anna: ответ на ваш отзыв о записи «Massage»:"),
    ] {
        let letter = written(locale, &Said::Answer("Thank you!"));
        assert_eq!(letter.subject, subject);
        assert!(letter.text.contains(told) && letter.text.contains("\n> Thank you!\n"), "{}", letter.text);
        assert!(letter.html.contains("Thank you!"), "{}", letter.html);
        assert!(is_tidy(&letter.text), "{}", letter.text);
    }
}

/// The other account may be gone.
#[test]
fn nobody_is_called_nothing() {
    for (locale, told) in [(Locale::En, "The other side reviewed"), (Locale::Ru, "Другая сторона: отзыв")]
    {
        let said = Said::Review(Rating::MAX, None);
        let letter =
            review::write(&person("Robin", locale), None, &massage("Massage"), &said).expect("a letter");
        assert!(letter.text.contains(told), "{}", letter.text);
    }
}
