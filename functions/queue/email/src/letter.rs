//! The letters: subject, plain text and HTML in both languages. The words are in `templates/`.

mod heading;
pub(crate) mod review;
pub(crate) mod series;
#[cfg(test)]
mod tests;
pub(crate) mod waitlist;

use askama::Template;
use banister_domain::account::{Account, Locale, Phone};
use banister_domain::booking::{Booking, RefundReason, Status};
use banister_domain::service::{Archived, Service};
use jiff::Timestamp;

use crate::recipients::{News, Side, Turn};
use crate::when::Telling;
use heading::heading;

/// A letter, ready to be put into a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// The name to use for a person. Before the address is confirmed it may be anybody's words, and
/// they are not carried to the owner of the address.
pub(crate) fn shown_name(reader: &Account) -> Option<&str> {
    reader.email_confirmed.then(|| reader.first_name.as_str())
}

struct CodeFacts<'a> {
    code: &'a str,
    until: String,
}

struct PhoneFacts<'a> {
    name: Option<&'a str>,
    phone: &'a str,
    code: &'a str,
    until: String,
}

struct LinkFacts<'a> {
    name: Option<&'a str>,
    link: String,
    token: &'a str,
    until: String,
}

struct ChangeFacts<'a> {
    name: Option<&'a str>,
    when: String,
}

struct AccountFacts<'a> {
    name: Option<&'a str>,
}

struct ServiceFacts<'a> {
    name: Option<&'a str>,
    title: &'a str,
    when: String,
    reason: Vec<&'a str>,
}

struct BookingFacts<'a> {
    name: Option<&'a str>,
    other: Option<&'a str>,
    to_provider: bool,
    by_staff: bool,
    title: &'a str,
    when: String,
    price: String,
    /// None where it is one.
    seats: Option<u16>,
    /// Each with how many.
    extras: Vec<String>,
    /// None once it has been answered.
    answer_by: Option<String>,
    /// What the customer gets back, where there is something to say.
    refund: Option<String>,
    reason: Vec<&'a str>,
}

/// One letter in its two languages and two forms; templates see the subject and the facts as `m`.
macro_rules! letters {
    ($($render:ident($facts:ident) $en_text:tt $en_html:tt $ru_text:tt $ru_html:tt;)+) => {$(
        fn $render(m: &$facts<'_>, locale: Locale, subject: String) -> askama::Result<Letter> {
            #[derive(Template)]
            #[template(path = $en_text)]
            struct EnText<'a> { m: &'a $facts<'a> }
            #[derive(Template)]
            #[template(path = $en_html)]
            struct EnHtml<'a> { subject: &'a str, m: &'a $facts<'a> }
            #[derive(Template)]
            #[template(path = $ru_text)]
            struct RuText<'a> { m: &'a $facts<'a> }
            #[derive(Template)]
            #[template(path = $ru_html)]
            struct RuHtml<'a> { subject: &'a str, m: &'a $facts<'a> }
            let (text, html) = match locale {
                Locale::En => (EnText { m }.render()?, EnHtml { subject: &subject, m }.render()?),
                Locale::Ru => (RuText { m }.render()?, RuHtml { subject: &subject, m }.render()?),
            };
            Ok(Letter { subject, text, html })
        }
    )+};
}
use letters;

letters! {
    confirm(CodeFacts)
        "en/confirm_email.txt" "en/confirm_email.html" "ru/confirm_email.txt" "ru/confirm_email.html";
    repeated(AccountFacts)
        "en/already_registered.txt" "en/already_registered.html" "ru/already_registered.txt" "ru/already_registered.html";
    reused(ChangeFacts)
        "en/refresh_token_reused.txt" "en/refresh_token_reused.html" "ru/refresh_token_reused.txt" "ru/refresh_token_reused.html";
    reset(LinkFacts)
        "en/reset_password.txt" "en/reset_password.html" "ru/reset_password.txt" "ru/reset_password.html";
    invited(LinkFacts)
        "en/invitation.txt" "en/invitation.html" "ru/invitation.txt" "ru/invitation.html";
    changed(ChangeFacts)
        "en/password_changed.txt" "en/password_changed.html" "ru/password_changed.txt" "ru/password_changed.html";
    archived(ServiceFacts)
        "en/service_archived.txt" "en/service_archived.html" "ru/service_archived.txt" "ru/service_archived.html";
    factor_on(ChangeFacts)
        "en/second_factor_on.txt" "en/second_factor_on.html" "ru/second_factor_on.txt" "ru/second_factor_on.html";
    factor_off(ChangeFacts)
        "en/second_factor_off.txt" "en/second_factor_off.html" "ru/second_factor_off.txt" "ru/second_factor_off.html";
    code_used(ChangeFacts)
        "en/recovery_code_used.txt" "en/recovery_code_used.html" "ru/recovery_code_used.txt" "ru/recovery_code_used.html";
    codes_renewed(ChangeFacts)
        "en/recovery_codes_renewed.txt" "en/recovery_codes_renewed.html" "ru/recovery_codes_renewed.txt" "ru/recovery_codes_renewed.html";
    phone(PhoneFacts)
        "en/confirm_phone.txt" "en/confirm_phone.html" "ru/confirm_phone.txt" "ru/confirm_phone.html";
    move_here(CodeFacts)
        "en/change_email.txt" "en/change_email.html" "ru/change_email.txt" "ru/change_email.html";
    move_asked(ChangeFacts)
        "en/email_change_asked.txt" "en/email_change_asked.html" "ru/email_change_asked.txt" "ru/email_change_asked.html";
    moved(ChangeFacts)
        "en/email_changed.txt" "en/email_changed.html" "ru/email_changed.txt" "ru/email_changed.html";
    wanted(AccountFacts)
        "en/address_wanted.txt" "en/address_wanted.html" "ru/address_wanted.txt" "ru/address_wanted.html";
    requested(BookingFacts)
        "en/booking_requested.txt" "en/booking_requested.html" "ru/booking_requested.txt" "ru/booking_requested.html";
    confirmed(BookingFacts)
        "en/booking_confirmed.txt" "en/booking_confirmed.html" "ru/booking_confirmed.txt" "ru/booking_confirmed.html";
    declined(BookingFacts)
        "en/booking_declined.txt" "en/booking_declined.html" "ru/booking_declined.txt" "ru/booking_declined.html";
    cancelled(BookingFacts)
        "en/booking_cancelled.txt" "en/booking_cancelled.html" "ru/booking_cancelled.txt" "ru/booking_cancelled.html";
    shifted(BookingFacts)
        "en/booking_moved.txt" "en/booking_moved.html" "ru/booking_moved.txt" "ru/booking_moved.html";
    move_proposed(BookingFacts)
        "en/booking_move_proposed.txt" "en/booking_move_proposed.html" "ru/booking_move_proposed.txt" "ru/booking_move_proposed.html";
    move_declined(BookingFacts)
        "en/booking_move_declined.txt" "en/booking_move_declined.html" "ru/booking_move_declined.txt" "ru/booking_move_declined.html";
    completed(BookingFacts)
        "en/booking_completed.txt" "en/booking_completed.html" "ru/booking_completed.txt" "ru/booking_completed.html";
    missed(BookingFacts)
        "en/booking_no_show.txt" "en/booking_no_show.html" "ru/booking_no_show.txt" "ru/booking_no_show.html";
    expired(BookingFacts)
        "en/booking_expired.txt" "en/booking_expired.html" "ru/booking_expired.txt" "ru/booking_expired.html";
}

fn change_facts(reader: &Account, at: Timestamp) -> ChangeFacts<'_> {
    ChangeFacts { name: shown_name(reader), when: telling(reader).moment(at) }
}

fn telling(reader: &Account) -> Telling<'_> {
    Telling { zone: &reader.time_zone, locale: reader.locale }
}

/// The code that confirms the reader's address.
pub(crate) fn confirm_email(reader: &Account, code: &str, until: Timestamp) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "Your confirmation code",
        Locale::Ru => "Ваш код подтверждения",
    };
    confirm(&CodeFacts { code, until: telling(reader).moment(until) }, reader.locale, subject.into())
}

/// To the owner of an address that somebody tried to register again.
pub(crate) fn already_registered(reader: &Account) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "You already have an account",
        Locale::Ru => "У вас уже есть учётная запись",
    };
    repeated(&AccountFacts { name: shown_name(reader) }, reader.locale, subject.into())
}

/// To the owner of a session that was ended at `when`, since an old refresh token came back.
pub(crate) fn refresh_token_reused(reader: &Account, when: Timestamp) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "We ended one of your sessions",
        Locale::Ru => "Мы завершили один из ваших сеансов",
    };
    reused(&change_facts(reader, when), reader.locale, subject.into())
}

/// The link that lets the reader choose a new password.
pub(crate) fn reset_password(
    reader: &Account,
    app_url: &str,
    token: &str,
    until: Timestamp,
) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "Choose a new password",
        Locale::Ru => "Выберите новый пароль",
    };
    reset(&link_facts(reader, app_url, token, until), reader.locale, subject.into())
}

/// The link that lets the reader, for whom staff made an account, choose its first password.
pub(crate) fn invitation(
    reader: &Account,
    app_url: &str,
    token: &str,
    until: Timestamp,
) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "You are invited to Banister",
        Locale::Ru => "Приглашение в Banister",
    };
    invited(&link_facts(reader, app_url, token, until), reader.locale, subject.into())
}

/// The token stands behind `#`: what serves the page does not get it, nor does a page that is gone to from
/// there (RFC 3986, 3.5; RFC 9110, 10.1.3).
fn link_facts<'a>(reader: &'a Account, app_url: &str, token: &'a str, until: Timestamp) -> LinkFacts<'a> {
    let link = format!("{app_url}/reset-password#token={token}");
    LinkFacts { name: shown_name(reader), link, token, until: telling(reader).moment(until) }
}

/// To the owner of an account whose password is another one.
pub(crate) fn password_changed(reader: &Account, at: Timestamp) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "Your password was changed",
        Locale::Ru => "Ваш пароль изменён",
    };
    changed(&change_facts(reader, at), reader.locale, subject.into())
}

/// To the provider of a service that staff archived.
pub(crate) fn service_archived(
    reader: &Account,
    service: &Service,
    Archived { reason, at }: &Archived,
) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "Service archived",
        Locale::Ru => "Услуга снята с публикации",
    };
    let title = service.title.as_str();
    let facts = ServiceFacts {
        name: shown_name(reader),
        title,
        when: telling(reader).moment(*at),
        reason: reason.as_str().lines().collect(),
    };
    archived(&facts, reader.locale, format!("{subject}: {title}"))
}

/// To the owner of an account whose second factor was turned on or off.
pub(crate) fn second_factor(reader: &Account, on: bool, at: Timestamp) -> askama::Result<Letter> {
    let subject = match (reader.locale, on) {
        (Locale::En, true) => "Your second factor is on",
        (Locale::En, false) => "Your second factor is off",
        (Locale::Ru, true) => "Второй фактор включён",
        (Locale::Ru, false) => "Второй фактор выключен",
    };
    let write = if on { factor_on } else { factor_off };
    write(&change_facts(reader, at), reader.locale, subject.into())
}

/// To the owner of an account that was signed in to with a recovery code.
pub(crate) fn recovery_code_used(reader: &Account, at: Timestamp) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "A recovery code was used",
        Locale::Ru => "Использован резервный код",
    };
    code_used(&change_facts(reader, at), reader.locale, subject.into())
}

/// To the owner of an account whose recovery codes are other ones.
pub(crate) fn recovery_codes_renewed(reader: &Account, at: Timestamp) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "You have new recovery codes",
        Locale::Ru => "У вас новые резервные коды",
    };
    codes_renewed(&change_facts(reader, at), reader.locale, subject.into())
}

/// The code that confirms the reader's telephone number.
pub(crate) fn confirm_phone(
    reader: &Account,
    number: &Phone,
    code: &str,
    until: Timestamp,
) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "Confirm your telephone number",
        Locale::Ru => "Подтвердите номер телефона",
    };
    let until = telling(reader).moment(until);
    let facts = PhoneFacts { name: shown_name(reader), phone: number.as_str(), code, until };
    phone(&facts, reader.locale, subject.into())
}

/// The code that gives the reader's account the address it is mailed to.
pub(crate) fn change_email(reader: &Account, code: &str, until: Timestamp) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "Confirm your new e-mail address",
        Locale::Ru => "Подтвердите новый адрес",
    };
    move_here(&CodeFacts { code, until: telling(reader).moment(until) }, reader.locale, subject.into())
}

/// To the address of an account for which another one was asked at `at`.
pub(crate) fn email_change_asked(reader: &Account, at: Timestamp) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "A new e-mail address was asked for",
        Locale::Ru => "Запрошена смена адреса",
    };
    move_asked(&change_facts(reader, at), reader.locale, subject.into())
}

/// To the address that an account had until `at`.
pub(crate) fn email_changed(reader: &Account, at: Timestamp) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "Your e-mail address was changed",
        Locale::Ru => "Ваш адрес изменён",
    };
    moved(&change_facts(reader, at), reader.locale, subject.into())
}

/// To the owner of an address that was asked for as that of another account.
pub(crate) fn address_wanted(reader: &Account) -> askama::Result<Letter> {
    let subject = match reader.locale {
        Locale::En => "Your address was given for another account",
        Locale::Ru => "Ваш адрес указали для другой учётной записи",
    };
    wanted(&AccountFacts { name: shown_name(reader) }, reader.locale, subject.into())
}

/// What a booking has come to, for one of its sides; `other` is the other one.
pub(crate) fn booking(
    reader: &Account,
    other: Option<&Account>,
    booking: &Booking,
    news: News,
    reason: Option<&str>,
) -> askama::Result<Letter> {
    let proposal = booking.proposal.as_ref().filter(|_| news.turn == Turn::MoveProposed);
    let (starts_at, ends_at) = proposal.map_or((booking.starts_at, booking.ends_at), |proposal| {
        (proposal.place.starts_at, proposal.place.ends_at)
    });
    let answer_by = match proposal {
        Some(proposal) => Some(proposal.expires_at),
        None => booking.answer_by.filter(|_| booking.status == Status::Requested),
    };
    let facts = BookingFacts {
        name: shown_name(reader),
        other: other.map(|other| other.first_name.as_str()),
        to_provider: news.side == Side::Provider,
        by_staff: news.by_staff,
        title: booking.service_title.as_str(),
        when: telling(reader).span(starts_at, ends_at),
        price: booking.price.money().to_string(),
        seats: Some(booking.seats.get()).filter(|seats| *seats > 1),
        extras: booking.extras.iter().map(ToString::to_string).collect(),
        answer_by: answer_by.map(|until| telling(reader).moment(until)),
        refund: booking
            .refund
            .filter(|refund| booking.price.money().minor > 0 && refund.reason != RefundReason::NotAgreed)
            .map(|refund| refund.amount.to_string()),
        reason: reason.map(|reason| reason.lines().collect()).unwrap_or_default(),
    };
    let write = match news.turn {
        Turn::Stands(Status::Requested) => requested,
        Turn::Stands(Status::Confirmed) => confirmed,
        Turn::Stands(Status::Declined) => declined,
        Turn::Stands(Status::Cancelled) => cancelled,
        Turn::Stands(Status::Expired) => expired,
        Turn::Stands(Status::Completed) => completed,
        Turn::Stands(Status::NoShow) => missed,
        Turn::Moved => shifted,
        Turn::MoveProposed => move_proposed,
        Turn::MoveDeclined => move_declined,
    };
    write(&facts, reader.locale, format!("{}: {}", heading(reader.locale, news.turn), facts.title))
}
