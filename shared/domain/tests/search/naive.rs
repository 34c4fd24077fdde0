//! The same as the index does, card by card and word by word, from what the documentation says.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use banister_domain::id::{ServiceId, UserId};
use banister_domain::place::Point;
use banister_domain::review::Tally;
use banister_domain::search::{Facets, ProviderCard, ServiceCard, Sort, Wish, words};
use banister_domain::service::{Category, Heading, LocationKind};
use snowball_stemmers_rs::{Algorithm, Stemmer};

use crate::case::Market;

fn stem(word: &str) -> String {
    let cyrillic = word.chars().next().is_some_and(|c| ('а'..='я').contains(&c));
    let latin = word.starts_with(|c: char| c.is_ascii_lowercase());
    match (cyrillic, latin) {
        (true, _) => Stemmer::create(Algorithm::Russian).stem(word).into_owned(),
        (_, true) => Stemmer::create(Algorithm::English).stem(word).into_owned(),
        _ => word.to_owned(),
    }
}

/// Title before name before description; in each the whole word before the stem before the beginning.
fn score(service: &ServiceCard, provider: &ProviderCard, wish: &Wish) -> Option<u32> {
    let Some(text) = &wish.text else { return Some(0) };
    let fields = [words(&service.words), words(&provider.name), words(service.title.as_str())];
    let mut sum = 0;
    for (place, wanted) in text.words().iter().enumerate() {
        let last = place + 1 == text.words().len();
        let mut best = 0;
        for (rank, field) in (0..).zip(&fields) {
            for word in field {
                let grade = if word == wanted {
                    3
                } else if stem(word) == stem(wanted) {
                    2
                } else if last && word.starts_with(wanted.as_str()) {
                    1
                } else {
                    continue;
                };
                best = best.max(rank * 3 + grade);
            }
        }
        if best == 0 {
            return None;
        }
        sum += best;
    }
    Some(sum)
}

fn average(tally: Tally) -> Option<i64> {
    tally.hundredths()
}

#[expect(clippy::option_option, reason = "too far away, or nobody asks how far")]
fn metres(service: &ServiceCard, provider: &ProviderCard, wish: &Wish) -> Option<Option<u32>> {
    let Some(near) = wish.near else { return Some(None) };
    let comes = service.location_kind == LocationKind::AtCustomer;
    let area = provider.area.filter(|_| comes);
    let centre = area.map(|area| Point { latitude: area.latitude, longitude: area.longitude });
    let place = service.place.filter(|_| service.location_kind != LocationKind::Online).or(centre)?;
    let metres = near.point.metres_to(place);
    let radius = u32::from(near.radius.get()) * 1_000;
    let reached = area.is_none_or(|area| metres <= u32::from(area.radius_km.get()) * 1_000);
    (metres <= radius && reached).then_some(Some(metres))
}

/// What fits, whatever its heading.
fn fitting<'a>(
    market: &'a Market,
    wish: &'a Wish,
    rating: fn(&ServiceCard, &ProviderCard) -> Tally,
) -> Vec<(&'a ServiceCard, &'a ProviderCard, u32, Option<u32>)> {
    let fits = |service: &'a ServiceCard| {
        let provider = market.providers.get(&service.provider_id)?;
        let money = service.price.money();
        if let Some(range) = wish.price
            && (money.currency != range.currency || money.minor < range.min || money.minor > range.max)
        {
            return None;
        }
        if wish.location_kind.is_some_and(|kind| kind != service.location_kind) {
            return None;
        }
        let rating = average(rating(service, provider)).unwrap_or(0);
        if wish.min_rating.is_some_and(|floor| rating < floor.hundredths().into()) {
            return None;
        }
        if let Some(language) = &wish.language {
            let all = [&service.languages, &provider.languages];
            let spoken = all.into_iter().find(|languages| !languages.is_empty())?;
            let wanted = language.as_str().split('-').next();
            if !spoken.as_slice().iter().any(|language| language.as_str().split('-').next() == wanted) {
                return None;
            }
        }
        let metres = metres(service, provider, wish)?;
        Some((service, provider, score(service, provider, wish)?, metres))
    };
    market.services.iter().filter_map(fits).collect()
}

fn under(wish: &Wish, category: Category) -> bool {
    match wish.heading {
        None => true,
        Some(Heading::Category(wanted)) => wanted == category,
        Some(Heading::Group(group)) => category.group() == group,
    }
}

type Fit<'a> = (&'a ServiceCard, &'a ProviderCard, u32, Option<u32>);

fn order(sort: Sort, one: &Fit<'_>, two: &Fit<'_>) -> Ordering {
    let rated = |fit: &Fit<'_>| Reverse((average(fit.0.rating).unwrap_or(0), fit.0.rating.count));
    let price = |fit: &Fit<'_>| fit.0.price.money().minor;
    let by = match sort {
        Sort::Relevance | Sort::Soonest => two.2.cmp(&one.2),
        Sort::Price => price(one).cmp(&price(two)),
        Sort::Dearest => price(two).cmp(&price(one)),
        Sort::Distance => one.3.unwrap_or(u32::MAX).cmp(&two.3.unwrap_or(u32::MAX)),
        Sort::Rating => Ordering::Equal,
    };
    by.then_with(|| rated(one).cmp(&rated(two)))
}

/// All services that fit, in their order, with how far they are.
pub(crate) fn services(market: &Market, wish: &Wish, sort: Sort) -> Vec<(ServiceId, Option<u32>)> {
    let mut all = fitting(market, wish, |service, _| service.rating);
    all.retain(|fit| under(wish, fit.0.category));
    all.sort_by(|one, two| order(sort, one, two).then(one.0.id.cmp(&two.0.id)));
    all.into_iter().map(|fit| (fit.0.id, fit.3)).collect()
}

pub(crate) fn facets(market: &Market, wish: &Wish) -> Facets {
    // Through the interface: an index of what fits, counted with no wish.
    let fitting = fitting(market, wish, |service, _| service.rating);
    let services: Vec<_> = fitting.into_iter().map(|fit| fit.0.clone()).collect();
    let counts: BTreeMap<_, _> = Category::ALL
        .into_iter()
        .map(|category| (category, services.iter().filter(|card| card.category == category).count()))
        .collect();
    let only = Market { providers: market.providers.clone(), services };
    let facets = only.index().find_services(&Wish::default(), Sort::Rating, None, 1).facets;
    for (category, count) in counts {
        assert_eq!(facets.under(category) as usize, count);
        let group = Category::ALL.iter().filter(|other| other.group() == category.group());
        assert_eq!(facets.in_group(category.group()), group.map(|other| facets.under(*other)).sum::<u32>());
    }
    facets
}

/// All providers who have something that fits, in their order, with the best of it and how much there is.
pub(crate) fn providers(market: &Market, wish: &Wish, sort: Sort) -> Vec<(UserId, ServiceId, usize)> {
    let mut all = fitting(market, wish, |_, provider| provider.rating);
    all.retain(|fit| under(wish, fit.0.category));
    all.sort_by(|one, two| order(sort, one, two).then(one.0.id.cmp(&two.0.id)));
    let mut seen = BTreeSet::new();
    let mut best: Vec<Fit<'_>> = all.iter().copied().filter(|fit| seen.insert(fit.1.id)).collect();
    best.sort_by(|one, two| {
        let own = |fit: &Fit<'_>| Reverse((average(fit.1.rating).unwrap_or(0), fit.1.rating.count));
        let by = if sort == Sort::Rating { own(one).cmp(&own(two)) } else { order(sort, one, two) };
        by.then(one.1.id.cmp(&two.1.id))
    });
    let count = |provider| all.iter().filter(|fit| fit.1.id == provider).count();
    best.into_iter().map(|fit| (fit.1.id, fit.0.id, count(fit.1.id))).collect()
}
