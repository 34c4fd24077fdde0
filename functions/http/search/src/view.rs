//! How what is found is shown.

use banister_domain::account::{Language, Languages};
use banister_domain::availability::DurationMinutes;
use banister_domain::id::{ServiceId, UserId};
use banister_domain::money::Price;
use banister_domain::place::Point;
use banister_domain::search::{Facets, ProviderCard, ServiceHit};
use banister_domain::service::{Category, CategoryGroup, LocationKind};
use banister_domain::text::Title;
use banister_platform::view::RatingView;
use jiff::Timestamp;
use serde::Serialize;

/// A provider of a service that was found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = FoundProviderSummary, example = json!({
    "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF", "name": "Robin Smith", "rating": { "count": 40, "average": 4.8 },
}))]
pub(crate) struct ProviderSummary {
    id: UserId,
    #[schema(example = "Robin Smith")]
    name: String,
    /// What customers say of all their services.
    rating: RatingView,
}

impl From<&ProviderCard> for ProviderSummary {
    fn from(card: &ProviderCard) -> Self {
        Self { id: card.id, name: card.name.clone(), rating: card.rating.into() }
    }
}

/// A service that was found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = FoundService, example = json!({
    "id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider": {
        "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF", "name": "Robin Smith", "rating": { "count": 40, "average": 4.8 },
    },
    "title": "Deep tissue massage",
    "category": "massage",
    "price": { "amount": 6500, "currency": "eur" },
    "duration_minutes": 60,
    "location_kind": "at_provider",
    "place": { "latitude": 38.722, "longitude": -9.139 },
    "languages": ["en", "pt-BR"],
    "rating": { "count": 12, "average": 4.75 },
    "distance_m": 1240,
    "next_free": "2026-03-11T09:00:00Z",
}))]
pub(crate) struct FoundService {
    pub(crate) id: ServiceId,
    provider: ProviderSummary,
    title: Title,
    category: Category,
    /// Of each seat, at the usual duration.
    price: Price,
    duration_minutes: DurationMinutes,
    location_kind: LocationKind,
    /// Where it takes place, or where its provider comes from; `null` where that is not told.
    #[schema(value_type = Option<Point>)]
    place: Option<Point>,
    /// Spoken with its customers.
    #[schema(value_type = Vec<Language>)]
    languages: Languages,
    /// What customers say of it.
    rating: RatingView,
    /// How far it is in metres, as the crow flies; `null` where no place was asked for.
    #[schema(example = 1240)]
    distance_m: Option<u32>,
    /// When it can first be booked at the time that was asked for, for one and at the usual duration; `null` where no
    /// time was.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-11T09:00:00Z")]
    next_free: Option<Timestamp>,
}

impl FoundService {
    pub(crate) fn free(self, next_free: Timestamp) -> Self {
        Self { next_free: Some(next_free), ..self }
    }
}

impl From<&ServiceHit<'_>> for FoundService {
    fn from(hit: &ServiceHit<'_>) -> Self {
        let (card, provider) = (hit.service, hit.provider);
        let own = !card.languages.is_empty();
        Self {
            id: card.id,
            provider: provider.into(),
            title: card.title.clone(),
            category: card.category,
            price: card.price,
            duration_minutes: card.duration_minutes,
            location_kind: card.location_kind,
            place: card.place,
            languages: if own { &card.languages } else { &provider.languages }.clone(),
            rating: card.rating.into(),
            distance_m: hit.metres,
            next_free: None,
        }
    }
}

/// How many there are under a category.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "slug": "massage", "count": 12 }))]
pub(crate) struct CategoryCount {
    slug: Category,
    #[schema(minimum = 0, example = 12)]
    count: u32,
}

/// How many services there are in a group of categories.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "slug": "wellbeing", "count": 12 }))]
pub(crate) struct GroupCount {
    slug: CategoryGroup,
    #[schema(minimum = 0, example = 12)]
    count: u32,
}

/// How many fit under each category, whichever was asked for, before it is looked who is free.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SearchFacets, example = json!({
    "categories": [{ "slug": "massage", "count": 12 }], "groups": [{ "slug": "wellbeing", "count": 12 }],
}))]
pub(crate) struct FacetsView {
    /// Those under which there are any, in the order of the catalogue.
    categories: Vec<CategoryCount>,
    /// Sums of their categories.
    groups: Vec<GroupCount>,
}

impl From<Facets> for FacetsView {
    fn from(facets: Facets) -> Self {
        let categories = Category::ALL.map(|slug| CategoryCount { slug, count: facets.under(slug) });
        let groups = CategoryGroup::ALL.map(|slug| GroupCount { slug, count: facets.in_group(slug) });
        Self {
            categories: categories.into_iter().filter(|counted| counted.count > 0).collect(),
            groups: groups.into_iter().filter(|counted| counted.count > 0).collect(),
        }
    }
}
