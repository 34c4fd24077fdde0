//! One message: from the event to the mails it calls for.

use std::time::SystemTime;

use banister_domain::account::{Account, AccountStatus, Email};
use banister_domain::booking::{Actor, Booking, Status};
use banister_domain::event::Event;
use banister_domain::id::UserId;
use banister_domain::review::{Author, Reviews};
use banister_domain::text::ReviewText;
use banister_integrations::smtp::{Mail, MailError};
use banister_platform::identity::{code, reset};
use banister_platform::store::{Handled, HistoryRecord};
use banister_platform::table::{StorageError, key};
use banister_platform::telemetry::user_tag;
use banister_platform::worker::{WorkError, read_event};
use jiff::{SignedDuration, Timestamp};

use crate::EmailWorker;
use crate::letter::review::Said;
use crate::letter::{self, Letter};
use crate::recipients::{Errand, News, ReviewNews, Side, Topic, Turn, errands};

/// Why a mail that an event calls for is not sent: what it would say is not true any more, or
/// nobody is there to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Skip {
    #[error("the reader's account does not exist")]
    NoReader,
    #[error("the reader's account is disabled")]
    Disabled,
    #[error("the address is confirmed already")]
    Confirmed,
    #[error("the address is not confirmed")]
    Unconfirmed,
    #[error("the code has expired")]
    CodeExpired,
    #[error("the code has been used or replaced")]
    CodeReplaced,
    #[error("the link has expired")]
    LinkExpired,
    #[error("the password has been chosen")]
    PasswordChosen,
    #[error("staff have not archived the service, or not any more")]
    NotArchived,
    #[error("the booking does not exist")]
    NoBooking,
    #[error("the booking has moved on")]
    MovedOn,
    #[error("the review is not shown")]
    NotShown,
    #[error("the place is not offered any more")]
    NotOffered,
    #[error("the wait is not over")]
    StillWaiting,
    #[error("another booking of the series tells it")]
    ToldOfSeries,
}

/// Why there is no letter.
pub(crate) enum Unsent {
    Skipped(Skip),
    Failed(WorkError),
}

impl From<Skip> for Unsent {
    fn from(skip: Skip) -> Self {
        Self::Skipped(skip)
    }
}

impl From<WorkError> for Unsent {
    fn from(error: WorkError) -> Self {
        Self::Failed(error)
    }
}

impl From<StorageError> for Unsent {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

impl EmailWorker {
    /// Sends all mails of the event in `body`. One that fails keeps none of the others back.
    pub(crate) async fn send_all(&self, body: &str) -> Result<(), WorkError> {
        let event = read_event(body)?;
        let mut outcome = Ok(());
        for errand in errands(&event.payload) {
            outcome = worse(outcome, self.run(&event, errand).await);
        }
        outcome
    }

    async fn run(&self, event: &Event, errand: Errand) -> Result<(), WorkError> {
        let consumer = format!("email:{}", errand.name());
        if Handled::is(&self.table, &consumer, event.id).await? {
            return Ok(());
        }
        let now = self.clock.now();
        let (reader, to, letter) = match self.write(event, errand, now).await {
            Ok(written) => written,
            Err(Unsent::Skipped(skip)) => {
                tracing::info!(event = %event.id, user = user_tag(errand.reader), reason = %skip, "nothing to send");
                return Ok(());
            }
            Err(Unsent::Failed(error)) => return Err(error),
        };
        self.mailer.send(mail(event, errand, (&reader, to), letter, now)).await.map_err(
            |error| match error {
                MailError::Refused(_) => WorkError::Poison(error.to_string()),
                _ => WorkError::Retry(error.to_string()),
            },
        )?;
        tracing::info!(event = %event.id, user = user_tag(errand.reader), "sent");
        if let Err(error) = Handled::new(&consumer, event.id, now).save(&self.table).await {
            // The mail is out: doing it again is worse than not knowing of it.
            tracing::warn!(event = %event.id, user = user_tag(errand.reader), %error, "sent, and not marked");
        }
        Ok(())
    }

    async fn write(
        &self,
        event: &Event,
        errand: Errand,
        now: Timestamp,
    ) -> Result<(Account, Email, Letter), Unsent> {
        let Errand { reader, topic, .. } = errand;
        let other = match topic {
            Topic::Booking(news) => Some(news.other),
            Topic::Review(news) => Some(news.other),
            Topic::Series(news) => Some(news.other),
            _ => None,
        };
        let (reader, other) = self.people(reader, other).await?;
        let reader = reader.ok_or(Skip::NoReader)?;
        let (reader, to) = self.place(reader, topic, now).await?;
        may_read(&reader, topic, event.occurred_at, now)?;
        let until = good_until(event.occurred_at);
        let letter = match topic {
            Topic::ChangeEmail(_) if reader.id != errand.reader => letter::address_wanted(&reader),
            Topic::ChangeEmail(code) => letter::change_email(&reader, &self.codes.digits(code), until),
            Topic::EmailChanged(_) => letter::email_changed(&reader, event.occurred_at),
            Topic::ConfirmPhone(code) => {
                let phone =
                    self.accounts.phone_to_confirm(reader.id, code).await?.ok_or(Skip::CodeReplaced)?;
                letter::confirm_phone(&reader, &phone, &self.codes.digits(code), until)
            }
            Topic::EmailChangeAsked => letter::email_change_asked(&reader, event.occurred_at),
            Topic::ConfirmEmail(code) => letter::confirm_email(&reader, &self.codes.digits(code), until),
            Topic::AlreadyRegistered => letter::already_registered(&reader),
            Topic::RefreshTokenReused => letter::refresh_token_reused(&reader, event.occurred_at),
            Topic::ResetPassword(id) => {
                let (token, until) = (self.codes.reset_token(id), link_until(event.occurred_at));
                letter::reset_password(&reader, &self.app_url, token.expose(), until)
            }
            Topic::Invitation(id) => {
                let credentials = self.accounts.credentials(&reader.email).await?;
                let open = credentials.is_some_and(|known| known.password_hash.is_none());
                let token = open.then(|| self.codes.reset_token(id)).ok_or(Skip::PasswordChosen)?;
                let until = invited_until(event.occurred_at);
                letter::invitation(&reader, &self.app_url, token.expose(), until)
            }
            Topic::PasswordChanged => letter::password_changed(&reader, event.occurred_at),
            Topic::ServiceArchived(id) => {
                let service = self.services.get(id).await?.map(|found| found.value);
                let service = service.ok_or(Skip::NotArchived)?;
                let archived = service.archived.as_ref().ok_or(Skip::NotArchived)?;
                letter::service_archived(&reader, &service, archived)
            }
            Topic::RecoveryCodeUsed => letter::recovery_code_used(&reader, event.occurred_at),
            Topic::RecoveryCodesRenewed => letter::recovery_codes_renewed(&reader, event.occurred_at),
            Topic::SecondFactor { on } => letter::second_factor(&reader, on, event.occurred_at),
            Topic::Booking(news) => {
                let found = self.bookings.get(news.booking).await?.ok_or(Skip::NoBooking)?;
                let booking = still_true(found.value, news, now)?;
                let people = (&reader, other.as_ref());
                let expired = news.turn == Turn::Stands(Status::Expired);
                if expired
                    && let Some(letter) = self.expired_with_its_series(people, (&booking, news), now).await?
                {
                    return Ok((reader, to, letter.map_err(|error| poison(&error))?));
                }
                let reason = self.reason(&booking, news).await?;
                letter::booking(&reader, other.as_ref(), &booking, news, reason.as_deref())
            }
            Topic::Series(news) => self.of_series((&reader, other.as_ref()), news, now).await?,
            Topic::Offer(entry, hold) => self.of_offer(&reader, (entry, hold), now).await?,
            Topic::WaitEnded(entry) => self.of_ended_wait(&reader, entry).await?,
            Topic::Review(news) => {
                let booking = self.bookings.get(news.booking).await?.ok_or(Skip::NoBooking)?.value;
                let reviews = self.reviews.get(news.booking).await?.ok_or(Skip::NotShown)?;
                let said = said(&reviews, news, now)?;
                letter::review::write(&reader, other.as_ref(), &booking, &said)
            }
        };
        Ok((reader, to, letter.map_err(|error| poison(&error))?))
    }

    /// Who reads it at which address. A code for another address goes there, or, where that is somebody
    /// else's, they are told of it instead.
    async fn place(&self, reader: Account, topic: Topic, now: Timestamp) -> Result<(Account, Email), Unsent> {
        match topic {
            Topic::ChangeEmail(code) => {
                let email =
                    self.accounts.email_to_confirm(reader.id, code).await?.ok_or(Skip::CodeReplaced)?;
                Ok((self.accounts.owner(&email, now).await?.unwrap_or(reader), email))
            }
            Topic::EmailChanged(code) => {
                let former = self.accounts.former_email(reader.id, code).await?;
                Ok((reader, former.ok_or(Skip::CodeReplaced)?))
            }
            _ => {
                let email = reader.email.clone();
                Ok((reader, email))
            }
        }
    }

    async fn people(
        &self,
        reader: UserId,
        other: Option<UserId>,
    ) -> Result<(Option<Account>, Option<Account>), StorageError> {
        // A key that is asked for twice is refused by DynamoDB.
        let ids: Vec<_> = std::iter::once(reader).chain(other.filter(|other| *other != reader)).collect();
        let (readers, others): (Vec<_>, Vec<_>) =
            self.accounts.get_all(&ids).await?.into_iter().partition(|account| account.id == reader);
        Ok((readers.into_iter().next(), others.into_iter().next()))
    }

    /// What was said with the booking's last change.
    pub(crate) async fn reason(&self, booking: &Booking, news: News) -> Result<Option<String>, StorageError> {
        if let Turn::Stands(status) = news.turn
            && !matches!(status, Status::Declined | Status::Cancelled | Status::NoShow)
            && !news.by_staff
        {
            return Ok(None);
        }
        // What staff said when they booked is in the first line, whatever has followed.
        let made = matches!(news.turn, Turn::Stands(Status::Requested | Status::Confirmed));
        let revision = if made { 0 } else { booking.revision };
        let line = self.table.get::<HistoryRecord>(&key::booking_history(booking.id, revision)).await?;
        // It may have changed again: those are other words then, or the reader's own.
        let entry = line
            .map(|line| line.value.entry)
            .filter(|entry| entry.actor != actor_of(news.side) && Turn::of(entry) == news.turn);
        Ok(entry.and_then(|entry| entry.reason).map(String::from))
    }
}

fn poison(error: &askama::Error) -> WorkError {
    WorkError::Poison(format!("template: {error}"))
}

/// Whether there is a reader for the topic. An event's code was made with it.
pub(crate) fn may_read(
    reader: &Account,
    topic: Topic,
    occurred_at: Timestamp,
    now: Timestamp,
) -> Result<(), Skip> {
    if reader.status != AccountStatus::Active {
        return Err(Skip::Disabled);
    }
    match topic {
        Topic::ConfirmEmail(_) if reader.email_confirmed => Err(Skip::Confirmed),
        Topic::ConfirmEmail(_) | Topic::ConfirmPhone(_) | Topic::ChangeEmail(_)
            if good_until(occurred_at) <= now =>
        {
            Err(Skip::CodeExpired)
        }
        // The address may be a stranger's, who would get one for each of them.
        Topic::RefreshTokenReused
        | Topic::EmailChangeAsked
        | Topic::RecoveryCodeUsed
        | Topic::RecoveryCodesRenewed
            if !reader.email_confirmed =>
        {
            Err(Skip::Unconfirmed)
        }
        Topic::ResetPassword(_) if link_until(occurred_at) <= now => Err(Skip::LinkExpired),
        Topic::Invitation(_) if invited_until(occurred_at) <= now => Err(Skip::LinkExpired),
        _ => Ok(()),
    }
}

/// The booking, if it is still what the news says: nobody is asked to answer what is over, or told
/// "confirmed" after "cancelled". A request that was confirmed meanwhile is news all the same.
pub(crate) fn still_true(booking: Booking, news: News, now: Timestamp) -> Result<Booking, Skip> {
    let is = booking.status_at(now);
    let still = match news.turn {
        Turn::Stands(Status::Requested) => matches!(is, Status::Requested | Status::Confirmed),
        Turn::Stands(told) => told == is,
        Turn::Moved => is == Status::Confirmed,
        Turn::MoveDeclined => is == Status::Confirmed && booking.open_proposal(now).is_none(),
        Turn::MoveProposed => {
            booking.open_proposal(now).is_some_and(|proposal| proposal.by != actor_of(news.side))
        }
    };
    if still { Ok(booking) } else { Err(Skip::MovedOn) }
}

/// What is new of reviews, if it can still be read: staff may have hidden it.
pub(crate) fn said(reviews: &Reviews, news: ReviewNews, now: Timestamp) -> Result<Said<'_>, Skip> {
    let (author, other) = match news.side {
        Side::Customer => (Author::Provider, Author::Customer),
        Side::Provider => (Author::Customer, Author::Provider),
    };
    let shown = |author| reviews.shown(author, now).ok_or(Skip::NotShown);
    if news.answer {
        let answer = shown(other)?.answer.as_ref().and_then(|answer| answer.text.as_ref());
        return Ok(Said::Answer(answer.ok_or(Skip::NotShown)?.as_str()));
    }
    let review = shown(author)?;
    Ok(Said::Review(review.rating, review.text.as_ref().map(ReviewText::as_str)))
}

pub(crate) const fn actor_of(side: Side) -> Actor {
    match side {
        Side::Customer => Actor::Customer,
        Side::Provider => Actor::Provider,
    }
}

fn good_until(made_at: Timestamp) -> Timestamp {
    after(made_at, code::LIFETIME_MINUTES)
}

fn link_until(made_at: Timestamp) -> Timestamp {
    after(made_at, reset::LIFETIME_MINUTES)
}

fn invited_until(made_at: Timestamp) -> Timestamp {
    after(made_at, reset::INVITATION_MINUTES)
}

fn after(moment: Timestamp, minutes: i64) -> Timestamp {
    moment.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
}

fn mail(
    event: &Event,
    errand: Errand,
    (reader, to): (&Account, Email),
    letter: Letter,
    now: Timestamp,
) -> Mail {
    let Letter { subject, text, html } = letter;
    // An address that is to be somebody's is nobody's yet.
    let known = to == reader.email || matches!(errand.topic, Topic::EmailChanged(_));
    Mail {
        to_name: letter::shown_name(reader).filter(|_| known).map(ToOwned::to_owned),
        to,
        subject,
        text,
        html,
        message_id: format!("{}.{}", event.id, errand.name()),
        locale: reader.locale,
        date: SystemTime::from(now),
    }
}

/// What becomes of a message of which two mails came to this: as long as one may still go through,
/// the message comes again.
pub(crate) fn worse(one: Result<(), WorkError>, two: Result<(), WorkError>) -> Result<(), WorkError> {
    match (one, two) {
        (Ok(()), other) | (other, Ok(())) => other,
        (Err(retry @ WorkError::Retry(_)), Err(_)) | (Err(_), Err(retry)) => Err(retry),
    }
}
