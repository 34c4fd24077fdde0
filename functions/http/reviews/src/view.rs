//! How reviews are shown, and to whom.

use banister_domain::booking::Booking;
use banister_domain::id::{BookingId, UserId};
use banister_domain::review::{Author, Rating, Review, Reviews};
use banister_domain::text::{Reason, ReviewText};
use banister_platform::view::RatingView;
use jiff::Timestamp;
use serde::Serialize;

/// What a provider says to a review.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReviewAnswer, example = json!({ "text": "Thank you!", "created_at": "2026-03-12T09:00:00Z" }))]
pub(crate) struct AnswerView {
    /// `null` where its words were taken out.
    text: Option<ReviewText>,
    #[schema(value_type = String, format = DateTime, example = "2026-03-12T09:00:00Z")]
    created_at: Timestamp,
}

impl AnswerView {
    pub(crate) fn of(review: &Review) -> Option<Self> {
        let answer = review.answer.as_ref()?;
        Some(Self { text: answer.text.clone(), created_at: answer.at })
    }
}

/// What one side of a booking said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Review, example = json!({
    "rating": 5,
    "text": "On time, and very thorough.",
    "created_at": "2026-03-11T09:00:00Z",
    "answer": { "text": "Thank you!", "created_at": "2026-03-12T09:00:00Z" },
    "hidden": false,
    "hidden_reason": null,
}))]
pub(crate) struct ReviewView {
    rating: Rating,
    text: Option<ReviewText>,
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T09:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = Option<AnswerView>)]
    answer: Option<AnswerView>,
    /// Whether staff show it to nobody but you.
    hidden: bool,
    /// Why they do; `null` where they do not, or where their words were taken out.
    hidden_reason: Option<Reason>,
}

impl ReviewView {
    fn of(review: &Review) -> Self {
        let hidden = review.moderation.as_ref().filter(|last| last.hidden);
        Self {
            rating: review.rating,
            text: review.text.clone(),
            created_at: review.created_at,
            answer: AnswerView::of(review),
            hidden: review.is_hidden(),
            hidden_reason: hidden.and_then(|last| last.reason.clone()),
        }
    }
}

/// The reviews of a booking, as one of its sides sees them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BookingReviews, example = json!({
    "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "open_until": "2026-03-25T11:00:00Z",
    "published_at": "2026-03-11T18:00:00Z",
    "by_customer": {
        "rating": 5,
        "text": "On time, and very thorough.",
        "created_at": "2026-03-11T09:00:00Z",
        "answer": { "text": "Thank you!", "created_at": "2026-03-12T09:00:00Z" },
        "hidden": false,
        "hidden_reason": null,
    },
    "by_provider": {
        "rating": 5, "text": null, "created_at": "2026-03-11T18:00:00Z", "answer": null, "hidden": false, "hidden_reason": null,
    },
}))]
pub(crate) struct BookingReviewsView {
    booking_id: BookingId,
    /// Until when the two sides can review a completed booking.
    #[schema(value_type = String, format = DateTime, example = "2026-03-25T11:00:00Z")]
    open_until: Timestamp,
    /// Since when each side sees what the other said; `null` before both have reviewed, up to `open_until`.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-11T18:00:00Z")]
    published_at: Option<Timestamp>,
    /// What the customer said; `null` where they did not, or where you cannot see it yet, or staff hide it.
    #[schema(value_type = Option<ReviewView>)]
    by_customer: Option<ReviewView>,
    /// What the provider said, likewise.
    #[schema(value_type = Option<ReviewView>)]
    by_provider: Option<ReviewView>,
}

impl BookingReviewsView {
    /// As the side `reader` sees them at `now`.
    pub(crate) fn new(reviews: &Reviews, reader: Author, now: Timestamp) -> Self {
        let any = Author::ALL.iter().any(|author| reviews.by(*author).is_some());
        let seen = |author| {
            let review = if author == reader { reviews.by(author) } else { reviews.shown(author, now) };
            review.map(ReviewView::of)
        };
        Self {
            booking_id: reviews.booking_id,
            open_until: reviews.open_until,
            // Where nobody wrote, nothing was published.
            published_at: reviews.published_at(now).filter(|_| any),
            by_customer: seen(Author::Customer),
            by_provider: seen(Author::Provider),
        }
    }
}

/// The same, with what all ratings of the two sides add up to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BookingReviewsAndRatings, example = json!({
    "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "open_until": "2026-03-25T11:00:00Z",
    "published_at": null,
    "by_customer": null,
    "by_provider": null,
    "customer_rating": { "count": 3, "average": 4.67 },
    "provider_rating": { "count": 12, "average": 4.75 },
}))]
pub(crate) struct AroundView {
    #[serde(flatten)]
    pub(crate) reviews: BookingReviewsView,
    /// What providers say of the customer.
    pub(crate) customer_rating: RatingView,
    /// What customers say of the provider.
    pub(crate) provider_rating: RatingView,
}

/// The side of a booking that a user is on, and can review as.
pub(crate) fn side_of(booking: &Booking, user: UserId) -> Option<Author> {
    if booking.customer_id == user {
        Some(Author::Customer)
    } else if booking.provider_id == user {
        Some(Author::Provider)
    } else {
        None
    }
}
