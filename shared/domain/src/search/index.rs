//! All cards, and looking through them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::vocabulary::{Grades, Vocabulary};
use super::wish::{Near, rated};
use super::{
    Card, CardId, Dealt, Facets, Found, ProviderCard, ProviderHit, Rank, ServiceCard, ServiceHit, Sort, Wish,
};
use crate::account::Language;
use crate::id::{ServiceId, UserId};
use crate::review::Tally;
use crate::service::LocationKind;

/// All cards. A search looks at each of them.
#[derive(Default)]
pub struct Index {
    vocabulary: Vocabulary,
    services: Vec<HeldService>,
    service_at: HashMap<ServiceId, usize>,
    /// Once a provider is known their place stays, with a card or without.
    providers: Vec<HeldProvider>,
    provider_at: HashMap<UserId, usize>,
    /// Since when services are not to be found.
    gone: HashMap<ServiceId, Timestamp>,
}

struct HeldService {
    at: Timestamp,
    card: ServiceCard,
    title: Box<[u32]>,
    description: Box<[u32]>,
    provider: usize,
}

#[derive(Default)]
struct HeldProvider {
    at: Option<Timestamp>,
    card: Option<ProviderCard>,
    name: Box<[u32]>,
}

/// A service that fits all but, perhaps, the heading.
struct Match<'a> {
    service: &'a HeldService,
    provider: &'a ProviderCard,
    score: u32,
    metres: Option<u32>,
}

/// Whose rating is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Services,
    Providers,
}

impl Index {
    /// Without any card.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many services can be found, if their providers can.
    #[must_use]
    pub fn services(&self) -> usize {
        self.services.len()
    }

    /// How many different words there are.
    #[must_use]
    pub fn words(&self) -> usize {
        self.vocabulary.len()
    }

    /// Takes note of a card, unless something later is known of it.
    pub fn put(&mut self, dealt: Dealt) {
        match (dealt.id, dealt.card) {
            (CardId::Service(id), card) => {
                let known = self.service_at.get(&id).map(|place| self.services[*place].at);
                if known.or_else(|| self.gone.get(&id).copied()).is_some_and(|known| known >= dealt.at) {
                    return;
                }
                match card {
                    Some(Card::Service(card)) => self.put_service(*card, dealt.at),
                    _ => self.remove_service(id, dealt.at),
                }
            }
            (CardId::Provider(id), card) => {
                let place = self.provider_place(id);
                if self.providers[place].at.is_some_and(|known| known >= dealt.at) {
                    return;
                }
                let card = match card {
                    Some(Card::Provider(card)) => Some(*card),
                    _ => None,
                };
                let name = card.as_ref().map(|card| self.vocabulary.read(&card.name)).unwrap_or_default();
                self.providers[place] = HeldProvider { at: Some(dealt.at), card, name };
            }
        }
    }

    /// Leaves out what `kept` denies, as somebody who looked through all that there is.
    pub fn retain(&mut self, kept: impl Fn(CardId) -> bool) {
        let stray = self.service_at.keys().copied().filter(|id| !kept(CardId::Service(*id)));
        for id in stray.collect::<Vec<_>>() {
            self.take(id);
        }
        for (id, place) in &self.provider_at {
            if !kept(CardId::Provider(*id)) {
                self.providers[*place] = HeldProvider::default();
            }
        }
    }

    /// Forgets which services were gone at `before`: nothing older comes of them any more.
    pub fn forget_gone(&mut self, before: Timestamp) {
        self.gone.retain(|_, at| *at >= before);
    }

    fn put_service(&mut self, mut card: ServiceCard, at: Timestamp) {
        let title = self.vocabulary.read(card.title.as_str());
        let words = std::mem::take(&mut card.words);
        let words = words.split(' ').filter(|word| !word.is_empty());
        let description = words.map(|word| self.vocabulary.number(word)).collect();
        let provider = self.provider_place(card.provider_id);
        let id = card.id;
        let held = HeldService { at, card, title, description, provider };
        self.gone.remove(&id);
        if let Some(place) = self.service_at.get(&id) {
            self.services[*place] = held;
        } else {
            self.service_at.insert(id, self.services.len());
            self.services.push(held);
        }
    }

    fn remove_service(&mut self, id: ServiceId, at: Timestamp) {
        self.gone.insert(id, at);
        self.take(id);
    }

    fn take(&mut self, id: ServiceId) {
        let Some(place) = self.service_at.remove(&id) else { return };
        self.services.swap_remove(place);
        if let Some(moved) = self.services.get(place) {
            self.service_at.insert(moved.card.id, place);
        }
    }

    fn provider_place(&mut self, id: UserId) -> usize {
        *self.provider_at.entry(id).or_insert_with(|| {
            self.providers.push(HeldProvider::default());
            self.providers.len() - 1
        })
    }

    /// The services that fit, behind the place `after`, at most `limit`.
    #[must_use]
    pub fn find_services(
        &self,
        wish: &Wish,
        sort: Sort,
        after: Option<&Rank<ServiceId>>,
        limit: usize,
    ) -> Found<ServiceHit<'_>> {
        let mut facets = Facets::default();
        let mut hits = Vec::new();
        for found in self.matches(wish, Whose::Services) {
            let category = found.service.card.category;
            facets.count(category);
            let rank = found.rank(sort);
            let wanted = wish.heading.is_none_or(|heading| heading.has(category));
            if wanted && after.is_none_or(|after| rank > *after) {
                hits.push(found.hit(rank));
            }
        }
        let more = first(&mut hits, limit, |hit| hit.rank);
        Found { hits, more, facets }
    }

    /// The providers who have a service that fits, behind the place `after`, at most `limit`. A provider stands where
    /// the best of their services does, but in the order of ratings where their own rating does.
    #[must_use]
    pub fn find_providers(
        &self,
        wish: &Wish,
        sort: Sort,
        after: Option<&Rank<UserId>>,
        limit: usize,
    ) -> Found<ProviderHit<'_>> {
        let mut facets = Facets::default();
        // By the providers' place: under which headings they were counted, and what they are found with.
        let mut counted = vec![0_u32; self.providers.len()];
        let mut found = vec![Vec::new(); self.providers.len()];
        for fit in self.matches(wish, Whose::Providers) {
            let (category, place) = (fit.service.card.category, fit.service.provider);
            let bit = 1 << category as u32;
            if counted[place] & bit == 0 {
                counted[place] |= bit;
                facets.count(category);
            }
            if wish.heading.is_none_or(|heading| heading.has(category)) {
                found[place].push(fit.hit(fit.rank(sort)));
            }
        }
        let ranked = found.into_iter().filter_map(|services| {
            let best = services.iter().min_by_key(|hit| hit.rank)?;
            let (Rank(first, second, _), provider) = (best.rank, best.provider);
            let (first, second) =
                if sort == Sort::Rating { (-rated(provider.rating), 0) } else { (first, second) };
            Some(ProviderHit { rank: Rank(first, second, provider.id), provider, services })
        });
        let mut hits: Vec<_> = ranked.filter(|hit| after.is_none_or(|after| hit.rank > *after)).collect();
        let more = first(&mut hits, limit, |hit| hit.rank);
        for hit in &mut hits {
            hit.services.sort_unstable_by_key(|service| service.rank);
        }
        Found { hits, more, facets }
    }

    /// A service, if it can be found and fits.
    #[must_use]
    pub fn service(&self, id: ServiceId, wish: &Wish, sort: Sort) -> Option<ServiceHit<'_>> {
        let service = &self.services[*self.service_at.get(&id)?];
        let grades = wish.text.as_ref().map(|text| self.vocabulary.grades(text.words()));
        let found = self.fit(service, wish, grades.as_ref(), Whose::Services)?;
        let under = wish.heading.is_none_or(|heading| heading.has(service.card.category));
        under.then(|| found.hit(found.rank(sort)))
    }

    /// All that fits, under whichever heading.
    fn matches(&self, wish: &Wish, whose: Whose) -> impl Iterator<Item = Match<'_>> {
        let grades = wish.text.as_ref().map(|text| self.vocabulary.grades(text.words()));
        let wish = wish.clone();
        self.services.iter().filter_map(move |service| self.fit(service, &wish, grades.as_ref(), whose))
    }

    fn fit<'a>(
        &'a self,
        service: &'a HeldService,
        wish: &Wish,
        grades: Option<&Grades>,
        whose: Whose,
    ) -> Option<Match<'a>> {
        let held = &self.providers[service.provider];
        let provider = held.card.as_ref()?;
        if !fits(&service.card, provider, wish, whose) {
            return None;
        }
        let metres = match wish.near {
            Some(near) => Some(metres(&service.card, provider, near)?),
            None => None,
        };
        let score = score(grades, service, held)?;
        Some(Match { service, provider, score, metres })
    }
}

/// Whether all but words, heading and place fit.
fn fits(service: &ServiceCard, provider: &ProviderCard, wish: &Wish, whose: Whose) -> bool {
    let rating: Tally = if whose == Whose::Services { service.rating } else { provider.rating };
    wish.location_kind.is_none_or(|kind| service.location_kind == kind)
        && wish.price.is_none_or(|price| price.has(service.price))
        && wish.min_rating.is_none_or(|floor| floor.admits(rating))
        && wish.language.as_ref().is_none_or(|language| speaks(service, provider, language))
}

/// How far it is, if that is not too far.
fn metres(service: &ServiceCard, provider: &ProviderCard, near: Near) -> Option<u32> {
    let (place, reach) = whereabouts(service, provider);
    let most = reach.map_or(near.metres(), |reach| reach.min(near.metres()));
    near.point.within(place?, most)
}

/// Where a service is, and how far from there its provider comes, if they say.
fn whereabouts(service: &ServiceCard, provider: &ProviderCard) -> (Option<crate::place::Point>, Option<u32>) {
    match (service.location_kind, provider.area) {
        (LocationKind::Online, _) => (None, None),
        (LocationKind::AtCustomer, Some(area)) => {
            let centre = crate::place::Point { latitude: area.latitude, longitude: area.longitude };
            (service.place.or(Some(centre)), Some(u32::from(area.radius_km.get()) * 1_000))
        }
        _ => (service.place, None),
    }
}

fn speaks(service: &ServiceCard, provider: &ProviderCard, language: &Language) -> bool {
    let own = !service.languages.is_empty();
    let spoken = if own { &service.languages } else { &provider.languages };
    spoken.as_slice().iter().any(|spoken| spoken.primary() == language.primary())
}

fn score(grades: Option<&Grades>, service: &HeldService, provider: &HeldProvider) -> Option<u32> {
    let fields = [&*service.title, &*provider.name, &*service.description];
    grades.map_or(Some(0), |grades| grades.score(fields))
}

impl<'a> Match<'a> {
    fn rank(&self, sort: Sort) -> Rank<ServiceId> {
        let card = &self.service.card;
        let (rating, price) = (rated(card.rating), card.price.money().minor);
        let (first, second) = match sort {
            Sort::Relevance | Sort::Soonest => (-i64::from(self.score), -rating),
            Sort::Price => (price, -rating),
            Sort::Dearest => (-price, -rating),
            Sort::Distance => (self.metres.map_or(i64::MAX, i64::from), -rating),
            Sort::Rating => (-rating, 0),
        };
        Rank(first, second, card.id)
    }

    fn hit(&self, rank: Rank<ServiceId>) -> ServiceHit<'a> {
        ServiceHit { rank, service: &self.service.card, provider: self.provider, metres: self.metres }
    }
}

/// Leaves the first `limit`, in their order; whether there were more.
fn first<H, R: Ord>(hits: &mut Vec<H>, limit: usize, rank: impl Fn(&H) -> R) -> bool {
    let more = hits.len() > limit;
    if more {
        hits.select_nth_unstable_by_key(limit, &rank);
        hits.truncate(limit);
    }
    hits.sort_unstable_by_key(rank);
    more
}
