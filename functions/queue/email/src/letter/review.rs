//! Letters about reviews.

use askama::Template;
use banister_domain::account::{Account, Locale};
use banister_domain::booking::Booking;
use banister_domain::review::Rating;

use super::{Letter, letters, shown_name};

/// What the reader is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// A review of them, with its words.
    Review(Rating, Option<&'a str>),
    /// The answer to theirs.
    Answer(&'a str),
}

struct ReviewFacts<'a> {
    name: Option<&'a str>,
    other: Option<&'a str>,
    title: &'a str,
    rating: u16,
    most: u16,
    text: Vec<&'a str>,
}

letters! {
    published(ReviewFacts)
        "en/review_published.txt" "en/review_published.html" "ru/review_published.txt" "ru/review_published.html";
    answered(ReviewFacts)
        "en/review_answered.txt" "en/review_answered.html" "ru/review_answered.txt" "ru/review_answered.html";
}

/// What `other` said of the reader about a booking, or to what the reader said.
pub(crate) fn write(
    reader: &Account,
    other: Option<&Account>,
    booking: &Booking,
    said: &Said<'_>,
) -> askama::Result<Letter> {
    let (subject, rating, text) = match (reader.locale, said) {
        (Locale::En, Said::Review(rating, text)) => ("New review", rating.get(), *text),
        (Locale::Ru, Said::Review(rating, text)) => ("Новый отзыв", rating.get(), *text),
        (Locale::En, Said::Answer(text)) => ("Your review was answered", 0, Some(*text)),
        (Locale::Ru, Said::Answer(text)) => ("Ответ на ваш отзыв", 0, Some(*text)),
    };
    let facts = ReviewFacts {
        name: shown_name(reader),
        other: other.map(|other| other.first_name.as_str()),
        title: booking.service_title.as_str(),
        rating,
        most: Rating::MAX.get(),
        text: text.map(|text| text.lines().collect()).unwrap_or_default(),
    };
    let write = match said {
        Said::Review(..) => published,
        Said::Answer(_) => answered,
    };
    write(&facts, reader.locale, format!("{subject}: {}", facts.title))
}
