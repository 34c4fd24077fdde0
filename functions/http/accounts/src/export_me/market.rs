//! What an export shows of services and bookings.

use banister_domain::availability::Zone;
use banister_domain::booking::{Actor, HistoryEntry, Reschedule, Status};
use banister_domain::id::UserId;
use banister_domain::review::{Author, Moderated, Rating, Review, ReviewAnswer, Reviews};
use banister_domain::service::{Archived, Service};
use banister_domain::text::{Reason, ReviewText};
use banister_platform::store::BookingFile;
use banister_platform::view::{BookingView, ServiceView};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Serialize;

/// A service, and why staff archived it where they did.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "title": "Deep tissue massage",
    "description": "One hour, oil included.",
    "category": "massage",
    "price": { "amount": 6500, "currency": "eur" },
    "duration_minutes": 60,
    "durations": [],
    "extras": [],
    "location_kind": "at_customer",
    "place": null,
    "languages": [],
    "seats": 1,
    "resource_ids": [],
    "calendar": {},
    "terms": {
        "booking_type": "on_request",
        "reschedule": "consent",
        "cancellation": {
            "grace_minutes": 0,
            "tiers": [{ "before_minutes": 1440, "refund_percent": 100 }],
            "no_show_refund_percent": 0,
        },
    },
    "status": "published",
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-09T08:00:00Z",
    "archived_reason": null,
    "archived_at": null,
}))]
pub(super) struct ExportedService {
    #[serde(flatten)]
    service: ServiceView,
    /// Why staff archived it, as its provider was told.
    archived_reason: Option<Reason>,
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
}

impl From<Service> for ExportedService {
    fn from(mut service: Service) -> Self {
        let archived = service.archived.take().map(|Archived { reason, at }| (reason, at));
        let (archived_reason, archived_at) = archived.unzip();
        Self { service: service.into(), archived_reason, archived_at }
    }
}

/// A booking as both sides see it, with what was agreed by the clock, and its history.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "status": "cancelled",
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "service_title": "Deep tissue massage",
    "customer_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
    "starts_at": "2026-03-10T10:00:00Z",
    "ends_at": "2026-03-10T11:00:00Z",
    "price": { "amount": 6500, "currency": "eur" },
    "line_items": [{
        "kind": "service",
        "code": null,
        "title": "Deep tissue massage",
        "unit_price": { "amount": 6500, "currency": "eur" },
        "quantity": 1,
        "amount": { "amount": 6500, "currency": "eur" },
    }],
    "location_kind": "at_customer",
    "location": "12 Harbour Street, Springfield",
    "seats": 1,
    "resource_ids": [],
    "note": "Second floor, the bell does not work.",
    "answer_by": "2026-03-10T08:00:00Z",
    "series_id": null,
    "terms": {
        "booking_type": "on_request",
        "reschedule": "consent",
        "cancellation": {
            "grace_minutes": 0,
            "tiers": [{ "before_minutes": 1440, "refund_percent": 100 }],
            "no_show_refund_percent": 0,
        },
    },
    "refund": null,
    "refund_at_most": null,
    "proposal": null,
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-09T09:00:00Z",
    "time_zone": "Europe/Lisbon",
    "local_start": "2026-03-10T10:00:00",
    "history": [
        { "at": "2026-03-09T08:00:00Z", "actor": "customer", "from": null, "to": "requested", "reason": null, "reschedule": null },
        { "at": "2026-03-09T09:00:00Z", "actor": "customer", "from": "requested", "to": "cancelled", "reason": "I am ill.", "reschedule": null },
    ],
    "reviews": null,
}))]
pub(super) struct ExportedBooking {
    #[serde(flatten)]
    booking: BookingView,
    /// The provider's zone when it was made.
    time_zone: Zone,
    /// The start on the provider's clock then: what was agreed.
    #[schema(value_type = String)]
    local_start: DateTime,
    /// What happened to it, oldest first.
    history: Vec<ExportedChange>,
    /// What was said of it; `null` where neither side has reviewed it.
    reviews: Option<ExportedReviews>,
}

/// What the two sides of a booking said of each other.
#[derive(Serialize, utoipa::ToSchema)]
struct ExportedReviews {
    /// Until when they can be written.
    #[schema(value_type = String, format = DateTime)]
    open_until: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Timestamp>,
    /// What the customer said; where that is not you, once everybody can read it.
    by_customer: Option<ExportedReview>,
    /// What the provider said, likewise.
    by_provider: Option<ExportedReview>,
}

/// What a side of a booking said.
#[derive(Serialize, utoipa::ToSchema)]
struct ExportedReview {
    rating: Rating,
    text: Option<ReviewText>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What the provider said to it.
    answer: Option<ExportedAnswer>,
    /// What staff last did with it, where you wrote it.
    moderation: Option<ExportedModeration>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ExportedAnswer {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    text: Option<ReviewText>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ExportedModeration {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether they hid it, or showed it again.
    hidden: bool,
    reason: Option<Reason>,
}

impl From<Review> for ExportedReview {
    fn from(Review { rating, text, created_at, answer, moderation }: Review) -> Self {
        Self {
            rating,
            text,
            created_at,
            answer: answer.map(|ReviewAnswer { at, text }| ExportedAnswer { at, text }),
            moderation: moderation.map(|Moderated { at, hidden, reason }| ExportedModeration {
                at,
                hidden,
                reason,
            }),
        }
    }
}

impl ExportedReviews {
    /// As the side `reader` may have them at `now`.
    fn new(reviews: &Reviews, reader: Author, now: Timestamp) -> Self {
        let known = |author| {
            let own = reviews.by(author).filter(|_| author == reader).cloned();
            // Why staff did what with it is for whoever wrote it.
            let other = || Some(Review { moderation: None, ..reviews.shown(author, now)?.clone() });
            own.or_else(other).map(ExportedReview::from)
        };
        Self {
            open_until: reviews.open_until,
            published_at: reviews.published_at(now),
            by_customer: known(Author::Customer),
            by_provider: known(Author::Provider),
        }
    }
}

/// A line of a booking's history.
#[derive(Serialize, utoipa::ToSchema)]
struct ExportedChange {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// In which capacity it was done.
    actor: Actor,
    /// The status before; `null` at the making.
    from: Option<Status>,
    /// The status after.
    to: Status,
    /// Why, in the own words or those of staff; the other side's are its own, and were mailed.
    reason: Option<Reason>,
    /// What it says of a move, if it is about one.
    reschedule: Option<Reschedule>,
}

impl ExportedBooking {
    pub(super) fn new(file: BookingFile, user: UserId, now: Timestamp) -> Self {
        let BookingFile { booking, history, reviews } = file;
        let side = if booking.customer_id == user { Author::Customer } else { Author::Provider };
        let line = |line: HistoryEntry| {
            let told = line.actor == Actor::Staff || line.actor_id == Some(user);
            let HistoryEntry { at, actor, from, to, reason, reschedule, .. } = line;
            ExportedChange { at, actor, from, to, reason: reason.filter(|_| told), reschedule }
        };
        Self {
            time_zone: booking.time_zone.clone(),
            local_start: booking.local_start,
            booking: BookingView::new(booking, now),
            history: history.into_iter().map(line).collect(),
            reviews: reviews.as_ref().map(|reviews| ExportedReviews::new(reviews, side, now)),
        }
    }
}
