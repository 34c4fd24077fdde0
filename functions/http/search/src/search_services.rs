//! `GET /v1/search/services`: anyone looks for services.

use axum::extract::State;
use banister_domain::availability::Interval;
use banister_domain::id::ServiceId;
use banister_domain::search::{Rank, Sort};
use banister_platform::http::{Anyone, Cacheable, Caching, Code, Problem, Query};
use serde::{Deserialize, Serialize};

use crate::ask::{Ask, SearchQuery};
use crate::free::{Candidate, EXAMINED, Free};
use crate::view::{FacetsView, FoundService};
use crate::{KEPT, Search};

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// A page of services that were found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "items": [{
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
    }],
    "facets": {
        "categories": [{ "slug": "massage", "count": 12 }], "groups": [{ "slug": "wellbeing", "count": 12 }],
    },
    "examined": null,
    "next_cursor": null,
}))]
pub(crate) struct FoundServices {
    /// Where a time was asked for there may be fewer than asked for, even none, with more to come.
    items: Vec<FoundService>,
    /// On the first page only, else `null`.
    #[schema(value_type = Option<FacetsView>)]
    facets: Option<FacetsView>,
    /// Whose calendars were looked into for this page, 50 services at most; `null` where no time was asked for. Sorted
    /// by `soonest`, what was not among the first 50 is not in the list.
    #[schema(minimum = 0, maximum = 50, example = json!(null))]
    examined: Option<usize>,
    /// For the next page; `null` at the end.
    #[schema(example = json!(null))]
    next_cursor: Option<String>,
}

/// Where the next page begins.
#[derive(Serialize, Deserialize)]
enum Place {
    /// Behind this one.
    Behind(Rank<ServiceId>),
    /// What is left, in its order.
    Left(Vec<ServiceId>),
}

/// What a page is made of.
struct Page {
    items: Vec<FoundService>,
    facets: Option<FacetsView>,
    examined: Option<usize>,
    next: Option<Place>,
}

/// Search services
///
/// Those that fit all that is asked for. Who is free is looked up for 50 services a page at most, so that such a page
/// may be short; the times shown can be booked at the moment of the answer. Sorted by `soonest`, the first 50 by
/// relevance, distance or rating are looked into.
#[utoipa::path(get, path = "/v1/search/services", params(SearchQuery),
    responses((status = 200, description = "A page of services", body = FoundServices)))]
pub(crate) async fn search_services(
    State(search): State<Search>,
    _caller: Anyone,
    caching: Caching,
    Query(query): Query<SearchQuery>,
) -> Result<Cacheable<FoundServices>, Problem> {
    let ask = query.read()?;
    let scope = ("search_services", &ask.wish, ask.sort, ask.window);
    let place = ask.cursor.as_ref().map(|cursor| search.cursors.read::<Place>(cursor, &scope)).transpose()?;
    let page = match (ask.window, ask.sort, place) {
        (Some(window), Sort::Soonest, Some(Place::Left(ids))) => search.left(&ask, window, ids).await?,
        (Some(window), Sort::Soonest, None) => search.soonest(&ask, window).await?,
        (_, Sort::Soonest, _) | (_, _, Some(Place::Left(_))) => {
            return Err(Problem::new(Code::InvalidCursor));
        }
        (Some(window), _, None) => search.free(&ask, window, None).await?,
        (Some(window), _, Some(Place::Behind(rank))) => search.free(&ask, window, Some(rank)).await?,
        (None, _, None) => search.page(&ask, None).await?,
        (None, _, Some(Place::Behind(rank))) => search.page(&ask, Some(rank)).await?,
    };
    let Page { items, facets, examined, next } = page;
    let next_cursor = next.as_ref().and_then(|place| search.cursors.write(place, &scope));
    let tagged = serde_json::json!([&items, &facets, examined, &next]);
    let seconds = if ask.window.is_some() { 0 } else { KEPT };
    Ok(caching.tagged(FoundServices { items, facets, examined, next_cursor }, &tagged, seconds))
}

/// The cards of a page, as they are shown, with what is needed to look into their calendars.
struct Looked {
    items: Vec<(Rank<ServiceId>, FoundService)>,
    candidates: Vec<Candidate>,
    more: bool,
    facets: Option<FacetsView>,
}

impl Search {
    async fn look(
        &self,
        ask: &Ask,
        sort: Sort,
        after: Option<&Rank<ServiceId>>,
        limit: usize,
    ) -> Result<Looked, Problem> {
        let looked = self.shelf.look(|index| {
            let found = index.find_services(&ask.wish, sort, after, limit);
            Looked {
                items: found.hits.iter().map(|hit| (hit.rank, hit.into())).collect(),
                candidates: found.hits.iter().map(|hit| (hit.provider.id, vec![hit.service.id])).collect(),
                more: found.more,
                facets: after.is_none().then(|| found.facets.into()),
            }
        });
        Ok(looked.await?)
    }

    /// What fits, whenever it is free.
    async fn page(&self, ask: &Ask, after: Option<Rank<ServiceId>>) -> Result<Page, Problem> {
        let found = self.look(ask, ask.sort, after.as_ref(), ask.limit).await?;
        let next = found.items.last().filter(|_| found.more).map(|(rank, _)| Place::Behind(*rank));
        let items = found.items.into_iter().map(|(_, item)| item).collect();
        Ok(Page { items, facets: found.facets, examined: None, next })
    }

    /// What of it is free.
    async fn free(
        &self,
        ask: &Ask,
        window: Interval,
        after: Option<Rank<ServiceId>>,
    ) -> Result<Page, Problem> {
        let found = self.look(ask, ask.sort, after.as_ref(), EXAMINED).await?;
        let (free, examined) = Free::new(self, window).first(&found.candidates, ask.limit).await?;
        let more = found.more || examined < found.items.len();
        let last = examined.checked_sub(1).and_then(|place| found.items.get(place));
        let next = last.filter(|_| more).map(|(rank, _)| Place::Behind(*rank));
        let shown = |(place, _, slot): (usize, ServiceId, banister_domain::availability::Slot)| {
            Some(found.items.get(place)?.1.clone().free(slot.starts_at))
        };
        let items = free.into_iter().filter_map(shown).collect();
        Ok(Page { items, facets: found.facets, examined: Some(examined), next })
    }

    /// What is free first among those that fit best, nearest or are best rated. Where the next pages go on is told by
    /// the whole rest, so that what becomes free or is taken meanwhile changes no order.
    async fn soonest(&self, ask: &Ask, window: Interval) -> Result<Page, Problem> {
        let sort = match (&ask.wish.text, ask.wish.near) {
            (Some(_), _) => Sort::Relevance,
            (None, Some(_)) => Sort::Distance,
            (None, None) => Sort::Rating,
        };
        let found = self.look(ask, sort, None, EXAMINED).await?;
        let free = Free::new(self, window).slots(&found.candidates).await?;
        let mut items: Vec<_> = found
            .items
            .into_iter()
            .filter_map(|(_, item)| Some((free.get(&item.id)?.starts_at, item)))
            .collect();
        items.sort_by_key(|(starts_at, item)| (*starts_at, item.id));
        let left: Vec<_> = items.iter().skip(ask.limit).map(|(_, item)| item.id).collect();
        let shown = items.into_iter().take(ask.limit).map(|(starts_at, item)| item.free(starts_at));
        Ok(Page {
            items: shown.collect(),
            facets: found.facets,
            examined: Some(found.candidates.len()),
            next: (!left.is_empty()).then_some(Place::Left(left)),
        })
    }

    /// Those of these that can still be found and are still free, in this order.
    async fn left(&self, ask: &Ask, window: Interval, ids: Vec<ServiceId>) -> Result<Page, Problem> {
        let find = |index: &banister_domain::search::Index| -> Vec<(Candidate, FoundService)> {
            let found = ids.iter().filter_map(|id| index.service(*id, &ask.wish, ask.sort));
            found.map(|hit| ((hit.provider.id, vec![hit.service.id]), (&hit).into())).collect()
        };
        let (candidates, items): (Vec<_>, Vec<_>) = self.shelf.look(find).await?.into_iter().unzip();
        let (free, examined) = Free::new(self, window).first(&candidates, ask.limit).await?;
        let shown = free.into_iter().filter_map(|(place, _, slot)| {
            let item: &FoundService = items.get(place)?;
            Some(item.clone().free(slot.starts_at))
        });
        let left: Vec<_> = items.iter().skip(examined).map(|item| item.id).collect();
        Ok(Page {
            items: shown.collect(),
            facets: None,
            examined: Some(examined),
            next: (!left.is_empty()).then_some(Place::Left(left)),
        })
    }
}
