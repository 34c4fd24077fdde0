//! Letters to those who wait for a place.

use askama::Template;
use banister_domain::account::{Account, Locale};
use banister_domain::waitlist::Offer;

use super::{Letter, letters, shown_name, telling};

struct OfferFacts<'a> {
    name: Option<&'a str>,
    title: &'a str,
    when: String,
    answer_by: String,
}

struct EndedFacts<'a> {
    name: Option<&'a str>,
    title: &'a str,
    /// Whether a place was kept, and not booked in time.
    lapsed: bool,
}

letters! {
    kept(OfferFacts)
        "en/waitlist_offered.txt" "en/waitlist_offered.html" "ru/waitlist_offered.txt" "ru/waitlist_offered.html";
    over(EndedFacts)
        "en/waitlist_ended.txt" "en/waitlist_ended.html" "ru/waitlist_ended.txt" "ru/waitlist_ended.html";
}

/// A place is kept for the reader.
pub(crate) fn offered(reader: &Account, title: &str, offer: &Offer) -> askama::Result<Letter> {
    let telling = telling(reader);
    let facts = OfferFacts {
        name: shown_name(reader),
        title,
        when: telling.span(offer.starts_at, offer.ends_at),
        answer_by: telling.moment(offer.answer_by),
    };
    let heading = match reader.locale {
        Locale::En => "A place is free",
        Locale::Ru => "Место освободилось",
    };
    kept(&facts, reader.locale, format!("{heading}: {title}"))
}

/// The reader waits no more: the last offer has `lapsed`, or there was none.
pub(crate) fn ended(reader: &Account, title: &str, lapsed: bool) -> askama::Result<Letter> {
    let heading = match (reader.locale, lapsed) {
        (Locale::En, true) => "The place is not kept any more",
        (Locale::En, false) => "No place came free",
        (Locale::Ru, true) => "Место больше не удерживается",
        (Locale::Ru, false) => "Место не освободилось",
    };
    over(
        &EndedFacts { name: shown_name(reader), title, lapsed },
        reader.locale,
        format!("{heading}: {title}"),
    )
}
