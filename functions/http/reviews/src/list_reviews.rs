//! `GET /v1/reviews`: anyone reads what customers say of a service or of a provider.

use std::collections::BTreeMap;

use axum::extract::State;
use banister_domain::account::{Account, AccountStatus};
use banister_domain::id::{BookingId, ServiceId, UserId};
use banister_domain::review::{Author, Rating};
use banister_domain::text::{PersonName, ReviewText};
use banister_platform::http::{Anyone, Cacheable, Caching, Code, PageSize, Problem, Query};
use banister_platform::store::{Reviewed, ReviewsRecord};
use banister_platform::view::RatingView;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Reviews;
use crate::view::AnswerView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// How long caches may keep them, in seconds.
const KEPT: u32 = 30;

/// Whose reviews.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReviewsQuery {
    /// Of this service. Either this or `provider_id`.
    service_id: Option<ServiceId>,
    /// Of all services of this provider.
    provider_id: Option<UserId>,
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ReviewsQuery {
    fn reviewed(&self) -> Result<Reviewed, Problem> {
        match (self.service_id, self.provider_id) {
            (Some(service), None) => Ok(Reviewed::Service(service)),
            (None, Some(provider)) => Ok(Reviewed::Provider(provider)),
            _ => Err(Problem::invalid_parameter("service_id", "give either service_id or provider_id")),
        }
    }
}

/// What a customer says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PublicReview, example = json!({
    "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "author_name": "Robin",
    "rating": 5,
    "text": "On time, and very thorough.",
    "published_at": "2026-03-11T18:00:00Z",
    "answer": { "text": "Thank you!", "created_at": "2026-03-12T09:00:00Z" },
}))]
pub(crate) struct PublicReviewView {
    /// Its name: there is one of each booking.
    booking_id: BookingId,
    service_id: ServiceId,
    /// The customer's first name; `null` where the account is gone or switched off.
    author_name: Option<PersonName>,
    rating: Rating,
    text: Option<ReviewText>,
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T18:00:00Z")]
    published_at: Timestamp,
    #[schema(value_type = Option<AnswerView>)]
    answer: Option<AnswerView>,
}

/// A page of reviews, and what all of them add up to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReviewsPage, example = json!({
    "rating": { "count": 12, "average": 4.75 },
    "items": [{
        "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        "author_name": "Robin",
        "rating": 5,
        "text": "On time, and very thorough.",
        "published_at": "2026-03-11T18:00:00Z",
        "answer": null,
    }],
    "next_cursor": null,
}))]
pub(crate) struct ReviewsPage {
    /// Of all reviews, not only of this page.
    rating: RatingView,
    items: Vec<PublicReviewView>,
    /// For the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// List reviews
///
/// What customers say of a service or of a provider, newest first, and the rating that it comes to.
#[utoipa::path(get, path = "/v1/reviews", params(ReviewsQuery),
    responses((status = 200, description = "A page of reviews", body = ReviewsPage)))]
pub(crate) async fn list_reviews(
    State(reviews): State<Reviews>,
    _caller: Anyone,
    caching: Caching,
    Query(query): Query<ReviewsQuery>,
) -> Result<Cacheable<ReviewsPage>, Problem> {
    let of = query.reviewed()?;
    let scope = ("list_reviews", of);
    let after = query.cursor.map(|cursor| reviews.cursors.read(&cursor, &scope)).transpose()?;
    let subject = [of];
    let (page, ratings) = futures_util::try_join!(
        reviews.store.list(of, query.limit.get(), after),
        reviews.store.ratings(&subject)
    )?;
    let next_cursor = page.last.as_ref().and_then(|position| reviews.cursors.write(position, &scope));
    let said: Vec<_> = page.items.into_iter().map(|(record, _)| record.value).collect();
    let people = reviews.people(&said).await?;
    let items: Vec<_> = said.iter().filter_map(|record| public(record, &people)).collect();
    let rating: RatingView = ratings.into_iter().next().unwrap_or_default().into();
    let tagged = serde_json::json!([&rating, &items, &page.last]);
    Ok(caching.tagged(ReviewsPage { rating, items, next_cursor }, &tagged, KEPT))
}

impl Reviews {
    /// Those who wrote them and whom they are about.
    async fn people(&self, said: &[ReviewsRecord]) -> Result<BTreeMap<UserId, Account>, Problem> {
        let sides = |record: &ReviewsRecord| [record.0.customer_id, record.0.provider_id];
        let mut ids: Vec<_> = said.iter().flat_map(sides).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut people = BTreeMap::new();
        // As many as one call takes.
        for ids in ids.chunks(100) {
            let found = self.accounts.get_all(ids).await?;
            people.extend(found.into_iter().map(|account| (account.id, account)));
        }
        Ok(people)
    }
}

/// As anybody sees it: not what was hidden a moment ago, which an index may still have, and nothing about a provider
/// who was erased.
fn public(
    ReviewsRecord(said): &ReviewsRecord,
    people: &BTreeMap<UserId, Account>,
) -> Option<PublicReviewView> {
    people.get(&said.provider_id).filter(|provider| !provider.status.is_final())?;
    let published_at = said.published?;
    let review = said.shown(Author::Customer, published_at)?;
    let author = people.get(&said.customer_id).filter(|author| author.status == AccountStatus::Active);
    Some(PublicReviewView {
        booking_id: said.booking_id,
        service_id: said.service_id,
        author_name: author.map(|author| author.first_name.clone()),
        rating: review.rating,
        text: review.text.clone(),
        published_at,
        answer: AnswerView::of(review),
    })
}
