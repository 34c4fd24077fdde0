//! Letters about series.

use askama::Template;
use banister_domain::account::{Account, Locale};
use banister_domain::booking::{Booking, Status};
use banister_domain::series::SeriesAction;
use jiff::Timestamp;

use super::{Letter, letters, shown_name, telling};
use crate::recipients::Side;

/// What the reader is told.
pub(crate) struct SeriesTold<'a> {
    /// What was done; none where time has passed.
    pub(crate) action: Option<SeriesAction>,
    /// Whether the customer did it.
    pub(crate) by_customer: bool,
    /// Which side the reader is on.
    pub(crate) side: Side,
    /// To which bookings; at least one.
    pub(crate) bookings: &'a [Booking],
    /// The times that were not to be had.
    pub(crate) missing: &'a [Timestamp],
    /// Why, in the other side's words.
    pub(crate) reason: Option<&'a str>,
}

struct SeriesFacts<'a> {
    name: Option<&'a str>,
    other: Option<&'a str>,
    to_provider: bool,
    title: &'a str,
    /// What has happened, as a sentence.
    what: &'a str,
    times: Vec<String>,
    missing: Vec<String>,
    /// Of each.
    price: String,
    /// None where nothing waits for an answer.
    answer_by: Option<String>,
    reason: Vec<&'a str>,
}

letters! {
    changed(SeriesFacts)
        "en/series_changed.txt" "en/series_changed.html" "ru/series_changed.txt" "ru/series_changed.html";
}

/// What was done to the bookings of a series, at `now`.
pub(crate) fn write(
    reader: &Account,
    other: Option<&Account>,
    told: &SeriesTold<'_>,
    now: Timestamp,
) -> askama::Result<Letter> {
    let telling = telling(reader);
    let proposed = |booking: &Booking| booking.open_proposal(now).map(|open| open.expires_at);
    let asked = |booking: &Booking| booking.answer_by.filter(|_| booking.status_at(now) == Status::Requested);
    let moving = told.action == Some(SeriesAction::Rescheduled);
    let answer_by = told
        .bookings
        .iter()
        .filter_map(|booking| if moving { proposed(booking) } else { asked(booking) })
        .min();
    let when = |booking: &Booking| match booking.open_proposal(now).filter(|_| moving) {
        Some(open) => telling.span(open.place.starts_at, open.place.ends_at),
        None => telling.span(booking.starts_at, booking.ends_at),
    };
    let (heading, what) = words(reader.locale, told, answer_by.is_some());
    let first = told.bookings.first();
    let facts = SeriesFacts {
        name: shown_name(reader),
        other: other.map(|other| other.first_name.as_str()),
        to_provider: told.side == Side::Provider,
        title: first.map_or("", |booking| booking.service_title.as_str()),
        what,
        times: told.bookings.iter().map(when).collect(),
        missing: told.missing.iter().map(|start| telling.moment(*start)).collect(),
        price: first.map(|booking| booking.price.money().to_string()).unwrap_or_default(),
        answer_by: answer_by.map(|until| telling.moment(until)),
        reason: told.reason.map(|reason| reason.lines().collect()).unwrap_or_default(),
    };
    changed(&facts, reader.locale, format!("{heading}: {}", facts.title))
}

/// How the subject begins, and what has happened.
fn words(locale: Locale, told: &SeriesTold<'_>, waits: bool) -> (&'static str, &'static str) {
    let Some(action) = told.action else {
        return match locale {
            Locale::En => ("Expired", "Nobody answered in time, and these requests have expired:"),
            Locale::Ru => ("Заявки истекли", "На заявки никто не ответил вовремя, и они истекли:"),
        };
    };
    match (locale, action) {
        (Locale::En, SeriesAction::Booked) if waits && told.side == Side::Provider => {
            ("New series of requests", "A customer asks for these times:")
        }
        (Locale::En, SeriesAction::Booked) if waits => {
            ("Series requested", "You have asked the provider for these times:")
        }
        (Locale::En, SeriesAction::Booked) => ("Series confirmed", "These times are booked:"),
        (Locale::En, SeriesAction::Confirmed) => {
            ("Series confirmed", "The provider has confirmed these times:")
        }
        (Locale::En, SeriesAction::Declined) => ("Series declined", "The provider has declined these times:"),
        (Locale::En, SeriesAction::Cancelled) if told.by_customer => {
            ("Series cancelled", "The customer has cancelled these times, which are free again:")
        }
        (Locale::En, SeriesAction::Cancelled) => {
            ("Series cancelled", "The provider has cancelled these times:")
        }
        (Locale::En, SeriesAction::Rescheduled) if waits => {
            ("Other times proposed", "The other side proposes these times for bookings of a series:")
        }
        (Locale::En, SeriesAction::Rescheduled) => {
            ("Series moved", "Bookings of a series are at these times now:")
        }
        (Locale::En, SeriesAction::RescheduleAccepted) => {
            ("Series moved", "The other side has agreed, and bookings of a series are at these times now:")
        }
        (Locale::En, SeriesAction::RescheduleDeclined) => (
            "Series stays as it is",
            "Other times are not proposed any more, and bookings of a series stay at these:",
        ),
        (Locale::Ru, SeriesAction::Booked) if waits && told.side == Side::Provider => {
            ("Новая серия заявок", "Клиент просит записать его на это время:")
        }
        (Locale::Ru, SeriesAction::Booked) if waits => {
            ("Заявка на серию", "Вы попросили исполнителя об этом времени:")
        }
        (Locale::Ru, SeriesAction::Booked) => ("Серия подтверждена", "Записи сделаны на это время:"),
        (Locale::Ru, SeriesAction::Confirmed) => ("Серия подтверждена", "Исполнитель подтвердил это время:"),
        (Locale::Ru, SeriesAction::Declined) => ("Серия отклонена", "Исполнитель отклонил это время:"),
        (Locale::Ru, SeriesAction::Cancelled) if told.by_customer => {
            ("Серия отменена", "Клиент отменил записи, это время снова свободно:")
        }
        (Locale::Ru, SeriesAction::Cancelled) => {
            ("Серия отменена", "Исполнитель отменил записи на это время:")
        }
        (Locale::Ru, SeriesAction::Rescheduled) if waits => {
            ("Предложено другое время", "Другая сторона предлагает перенести записи серии на это время:")
        }
        (Locale::Ru, SeriesAction::Rescheduled) => {
            ("Серия перенесена", "Записи серии перенесены на это время:")
        }
        (Locale::Ru, SeriesAction::RescheduleAccepted) => {
            ("Серия перенесена", "Другая сторона согласилась, записи серии перенесены на это время:")
        }
        (Locale::Ru, SeriesAction::RescheduleDeclined) => (
            "Серия остаётся как была",
            "Другое время больше не предлагается, записи серии остаются на это время:",
        ),
    }
}
