//! Reviews: what the two sides of a booking say of each other once it has taken place. Neither sees what the other
//! said before both have spoken, or before nobody can speak any more.

#[cfg(test)]
mod tests;

use std::ops::Sub;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::availability::bounded::bounded;
use crate::booking::{Actor, Booking, COMPLETES_AFTER, Status};
use crate::event::{BookingRef, Payload};
use crate::id::{BookingId, ServiceId, UserId};
use crate::text::{Reason, ReviewText};

bounded! {
    /// How good it was, from 1 to 5.
    Rating(1..=5) usual 5;
}

/// For how long after a booking is completed at the latest its sides can say what they think.
pub const OPEN_FOR: SignedDuration = SignedDuration::from_hours(24 * 14);

/// The side of a booking that wrote a review; the other one is whom it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewAuthor)]
pub enum Author {
    /// The one who booked, about the provider and the service.
    Customer,
    /// The one who was booked, about the customer.
    Provider,
}

impl Author {
    /// Both sides.
    pub const ALL: [Self; 2] = [Self::Customer, Self::Provider];

    const fn actor(self) -> Actor {
        match self {
            Self::Customer => Actor::Customer,
            Self::Provider => Actor::Provider,
        }
    }
}

/// What one side says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// How good it was.
    pub rating: Rating,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<ReviewText>,
    /// When it was written.
    pub created_at: Timestamp,
    /// What staff last did with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<Moderated>,
    /// What the other side says to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<ReviewAnswer>,
}

impl Review {
    /// Whether staff show it to nobody but its writer.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.moderation.as_ref().is_some_and(|last| last.hidden)
    }
}

/// That staff hid a review, or showed it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderated {
    /// Since when.
    pub at: Timestamp,
    /// Which of the two.
    pub hidden: bool,
    /// In the words of staff; nothing where they were taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What a provider says to a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewAnswer {
    /// When.
    pub at: Timestamp,
    /// What; nothing where its words were taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<ReviewText>,
}

/// All reviews of one booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviews {
    /// Of which booking.
    pub booking_id: BookingId,
    /// Who booked.
    pub customer_id: UserId,
    /// Who was booked.
    pub provider_id: UserId,
    /// What was booked.
    pub service_id: ServiceId,
    /// Until when they can be written; what is there then is published.
    pub open_until: Timestamp,
    /// Since when all that is there can be read; see [`Reviews::published_at`] for what a reader must say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// Of the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_customer: Option<Review>,
    /// Of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_provider: Option<Review>,
}

/// Why a review is not written, answered, hidden or shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefusal {
    /// It has not taken place.
    #[error("only a completed booking can be reviewed")]
    NotCompleted,
    /// It took place too long ago.
    #[error("it could be reviewed until {0}")]
    Closed(Timestamp),
    /// This side has spoken.
    #[error("you have reviewed this booking")]
    AlreadyReviewed,
    /// The review has its answer.
    #[error("the review has an answer")]
    AlreadyAnswered,
    /// There is none, or none that this caller may know of.
    #[error("there is no such review")]
    Missing,
}

/// Until when a booking can be reviewed.
#[must_use]
pub fn open_until(booking: &Booking) -> Timestamp {
    let completed = booking.ends_at.saturating_add(COMPLETES_AFTER).unwrap_or(Timestamp::MAX);
    completed.saturating_add(OPEN_FOR).unwrap_or(Timestamp::MAX)
}

/// How many ratings there are of somebody or something, and what they add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// Their sum.
    pub sum: i64,
}

impl Tally {
    fn of(review: Option<&Review>) -> Self {
        review.map_or_else(Self::default, |review| Self { count: 1, sum: review.rating.get().into() })
    }

    /// Whether it adds nothing.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// The average in hundredths, rounded to the nearest one; none where there are no ratings.
    #[must_use]
    pub fn hundredths(self) -> Option<i64> {
        (self.count > 0).then(|| (self.sum * 200 + self.count) / (self.count * 2))
    }
}

impl Sub for Tally {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { count: self.count - other.count, sum: self.sum - other.sum }
    }
}

impl Reviews {
    /// What `booking` has before anybody has reviewed it.
    #[must_use]
    pub fn none_of(booking: &Booking) -> Self {
        Self {
            booking_id: booking.id,
            customer_id: booking.customer_id,
            provider_id: booking.provider_id,
            service_id: booking.service_id,
            open_until: open_until(booking),
            published: None,
            by_customer: None,
            by_provider: None,
        }
    }

    /// The same, to be written to at `now`; refused where it has not taken place.
    pub fn open(booking: &Booking, now: Timestamp) -> Result<Self, ReviewRefusal> {
        if booking.status_at(now) == Status::Completed {
            Ok(Self::none_of(booking))
        } else {
            Err(ReviewRefusal::NotCompleted)
        }
    }

    /// What this side wrote.
    #[must_use]
    pub const fn by(&self, author: Author) -> Option<&Review> {
        match author {
            Author::Customer => self.by_customer.as_ref(),
            Author::Provider => self.by_provider.as_ref(),
        }
    }

    const fn by_mut(&mut self, author: Author) -> &mut Option<Review> {
        match author {
            Author::Customer => &mut self.by_customer,
            Author::Provider => &mut self.by_provider,
        }
    }

    /// Since when what is there can be read, as it is true at `now`: time publishes also where nobody has written
    /// that down yet.
    #[must_use]
    pub fn published_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.published.or_else(|| (self.open_until <= now).then_some(self.open_until))
    }

    /// What this side wrote, where everybody may read it at `now`.
    #[must_use]
    pub fn shown(&self, author: Author, now: Timestamp) -> Option<&Review> {
        self.published_at(now)?;
        self.by(author).filter(|review| !review.is_hidden())
    }

    /// What counts of what this side wrote, as it is written down: only what everybody may read.
    #[must_use]
    pub fn tally(&self, author: Author) -> Tally {
        let shown = self.published.and_then(|_| self.by(author));
        Tally::of(shown.filter(|review| !review.is_hidden()))
    }

    /// When time publishes what is there, where nothing else did.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.published.is_none().then_some(self.open_until)
    }

    /// With a review of this side. The second one publishes both.
    pub fn written(
        mut self,
        author: Author,
        (rating, text): (Rating, Option<ReviewText>),
        now: Timestamp,
    ) -> Result<Self, ReviewRefusal> {
        if self.by(author).is_some() {
            return Err(ReviewRefusal::AlreadyReviewed);
        }
        if self.published_at(now).is_some() {
            return Err(ReviewRefusal::Closed(self.open_until));
        }
        let review = Review { rating, text, created_at: now, moderation: None, answer: None };
        *self.by_mut(author) = Some(review);
        if Author::ALL.iter().all(|side| self.by(*side).is_some()) {
            self.published = Some(now);
        }
        Ok(self)
    }

    /// With what time does by `now`: published; none where there is nothing to do.
    #[must_use]
    pub fn settled(&self, now: Timestamp) -> Option<Self> {
        let published = Some(self.published_at(now).filter(|_| self.published.is_none())?);
        Some(Self { published, ..self.clone() })
    }

    /// With the provider's answer to what the customer wrote.
    pub fn answered(mut self, text: ReviewText, now: Timestamp) -> Result<Self, ReviewRefusal> {
        self.shown(Author::Customer, now).ok_or(ReviewRefusal::Missing)?;
        let review = self.by_customer.as_mut().ok_or(ReviewRefusal::Missing)?;
        if review.answer.is_some() {
            return Err(ReviewRefusal::AlreadyAnswered);
        }
        review.answer = Some(ReviewAnswer { at: now, text: Some(text) });
        Ok(self)
    }

    /// With the review of this side hidden or shown again; none where that is so already.
    pub fn moderated(mut self, author: Author, what: Moderated) -> Result<Option<Self>, ReviewRefusal> {
        let review = self.by_mut(author).as_mut().ok_or(ReviewRefusal::Missing)?;
        if review.is_hidden() == what.hidden {
            return Ok(None);
        }
        review.moderation = Some(what);
        Ok(Some(self))
    }

    /// Without what this side said in it, and without the words of staff, which may be about both. The ratings stay.
    #[must_use]
    pub fn without_words_of(mut self, author: Author) -> Self {
        if let Some(own) = self.by_mut(author) {
            own.text = None;
        }
        if let (Author::Provider, Some(review)) = (author, &mut self.by_customer)
            && let Some(answer) = &mut review.answer
        {
            answer.text = None;
        }
        for review in [&mut self.by_customer, &mut self.by_provider].into_iter().flatten() {
            if let Some(last) = &mut review.moderation {
                last.reason = None;
            }
        }
        self
    }

    /// When something was last said or done here; none where nobody has.
    #[must_use]
    pub fn last_touched(&self) -> Option<Timestamp> {
        let of = |review: &Review| {
            let answered = review.answer.as_ref().map(|answer| answer.at);
            let moderated = review.moderation.as_ref().map(|last| last.at);
            answered.max(moderated).max(Some(review.created_at))
        };
        Author::ALL.into_iter().filter_map(|author| self.by(author)).filter_map(of).max()
    }

    /// What others are told that this became of `before`: of each review that can be read now, and of an answer.
    #[must_use]
    pub fn news(&self, before: Option<&Self>) -> Vec<Payload> {
        let published = self.published.is_some() && before.is_none_or(|before| before.published.is_none());
        let answered = |reviews: &Self| reviews.by_customer.as_ref().is_some_and(|it| it.answer.is_some());
        let shown = Author::ALL.into_iter().filter(|author| published && self.tally(*author).count > 0);
        let told = shown.map(|author| Payload::ReviewPublished(self.reference(author.actor())));
        let answer = answered(self) && !before.is_some_and(answered);
        let answer = answer.then(|| Payload::ReviewAnswered(self.reference(Actor::Provider)));
        told.chain(answer).collect()
    }

    const fn reference(&self, actor: Actor) -> BookingRef {
        BookingRef {
            booking_id: self.booking_id,
            customer_id: self.customer_id,
            provider_id: self.provider_id,
            actor,
            series_id: None,
        }
    }
}
