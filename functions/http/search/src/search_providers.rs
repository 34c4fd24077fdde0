//! `GET /v1/search/providers`: anyone looks for providers.

use axum::extract::State;
use banister_domain::account::{Language, Languages};
use banister_domain::id::UserId;
use banister_domain::search::{ProviderHit, Rank, Sort};
use banister_platform::http::{Anyone, Cacheable, Caching, Code, Problem, Query};
use banister_platform::view::RatingView;
use serde::Serialize;

use crate::ask::SearchQuery;
use crate::free::{Candidate, EXAMINED, Free};
use crate::view::{FacetsView, FoundService};
use crate::{KEPT, Search};

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Services of each provider that are looked into where a time is asked for.
const MOST_OF_ONE: usize = 3;

/// A provider who was found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
    "name": "Robin Smith",
    "languages": ["en", "pt-BR"],
    "rating": { "count": 40, "average": 4.8 },
    "services": 3,
    "best": {
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
        "next_free": null,
    },
}))]
pub(crate) struct FoundProvider {
    id: UserId,
    #[schema(example = "Robin Smith")]
    name: String,
    /// Spoken with customers.
    #[schema(value_type = Vec<Language>)]
    languages: Languages,
    /// What customers say of all their services.
    rating: RatingView,
    /// How many of their services fit.
    #[schema(minimum = 1, example = 3)]
    services: usize,
    /// The one that fits best; where a time was asked for, of those that are free then.
    best: FoundService,
}

impl FoundProvider {
    fn new(hit: &ProviderHit<'_>, best: FoundService) -> Self {
        let card = hit.provider;
        Self {
            id: card.id,
            name: card.name.clone(),
            languages: card.languages.clone(),
            rating: card.rating.into(),
            services: hit.services.len(),
            best,
        }
    }
}

/// A page of providers who were found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "items": [],
    "facets": {
        "categories": [{ "slug": "massage", "count": 12 }], "groups": [{ "slug": "wellbeing", "count": 12 }],
    },
    "examined": null,
    "next_cursor": null,
}))]
pub(crate) struct FoundProviders {
    /// Where a time was asked for there may be fewer than asked for, even none, with more to come.
    items: Vec<FoundProvider>,
    /// Providers under each category, on the first page only, else `null`. Who has services in several categories of a
    /// group is counted in each.
    #[schema(value_type = Option<FacetsView>)]
    facets: Option<FacetsView>,
    /// Whose calendars were looked into for this page, 50 providers at most; `null` where no time was asked for.
    #[schema(minimum = 0, maximum = 50, example = json!(null))]
    examined: Option<usize>,
    /// For the next page; `null` at the end.
    #[schema(example = json!(null))]
    next_cursor: Option<String>,
}

/// A provider as found, with the services that are looked into where a time is asked for.
struct Looked {
    rank: Rank<UserId>,
    shown: FoundProvider,
    tried: Vec<FoundService>,
}

/// Search providers
///
/// Those who have a service that fits all that is asked for; `min_rating` is of the provider. Who is free is looked up
/// for 50 providers a page at most, and for the three of each one's services that fit best.
#[utoipa::path(get, path = "/v1/search/providers", params(SearchQuery),
    responses((status = 200, description = "A page of providers", body = FoundProviders)))]
pub(crate) async fn search_providers(
    State(search): State<Search>,
    _caller: Anyone,
    caching: Caching,
    Query(query): Query<SearchQuery>,
) -> Result<Cacheable<FoundProviders>, Problem> {
    let ask = query.read()?;
    if ask.sort == Sort::Soonest {
        return Err(Problem::invalid_parameter("sort", "is for services only"));
    }
    let scope = ("search_providers", &ask.wish, ask.sort, ask.window);
    let after = ask.cursor.as_ref().map(|cursor| search.cursors.read(cursor, &scope)).transpose()?;
    let limit = if ask.window.is_some() { EXAMINED } else { ask.limit };
    let (found, more, facets) = search
        .shelf
        .look(|index| {
            let found = index.find_providers(&ask.wish, ask.sort, after.as_ref(), limit);
            let hits: Vec<_> = found.hits.iter().filter_map(Looked::of).collect();
            (hits, found.more, after.is_none().then(|| FacetsView::from(found.facets)))
        })
        .await?;
    let (items, examined) = match ask.window {
        Some(window) => {
            let candidates: Vec<_> = found.iter().map(Looked::candidate).collect();
            let (free, examined) = Free::new(&search, window).first(&candidates, ask.limit).await?;
            let shown = free.into_iter().filter_map(|(place, id, slot)| {
                let looked = found.get(place)?;
                let best = looked.tried.iter().find(|service| service.id == id)?;
                Some(FoundProvider { best: best.clone().free(slot.starts_at), ..looked.shown.clone() })
            });
            (shown.collect(), Some(examined))
        }
        None => (found.iter().map(|looked| looked.shown.clone()).collect::<Vec<_>>(), None),
    };
    let seen = examined.unwrap_or(found.len());
    let last = seen.checked_sub(1).and_then(|place| found.get(place));
    let next = last.filter(|_| more || seen < found.len()).map(|looked| looked.rank);
    let next_cursor = next.and_then(|rank| search.cursors.write(&rank, &scope));
    let tagged = serde_json::json!([&items, &facets, examined, next]);
    let seconds = if ask.window.is_some() { 0 } else { KEPT };
    Ok(caching.tagged(FoundProviders { items, facets, examined, next_cursor }, &tagged, seconds))
}

impl Looked {
    fn of(hit: &ProviderHit<'_>) -> Option<Self> {
        let tried: Vec<FoundService> =
            hit.services.iter().take(MOST_OF_ONE).map(FoundService::from).collect();
        let shown = FoundProvider::new(hit, tried.first()?.clone());
        Some(Self { rank: hit.rank, shown, tried })
    }

    fn candidate(&self) -> Candidate {
        (self.rank.id(), self.tried.iter().map(|service| service.id).collect())
    }
}
