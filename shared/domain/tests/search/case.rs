//! Random markets and wishes: few words, places and prices, so that many of them meet.

use std::collections::BTreeMap;

use banister_domain::account::Language;
use banister_domain::id::{Id, ServiceId, UserId};
use banister_domain::place::Point;
use banister_domain::review::Tally;
use banister_domain::search::{
    Card, CardId, Dealt, Index, Near, PriceRange, ProviderCard, ServiceCard, Wish,
};
use banister_domain::service::{Category, CategoryGroup, Heading, LocationKind};
use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, from_value, json};

/// Cards by what they are of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Market {
    pub(crate) providers: BTreeMap<UserId, ProviderCard>,
    pub(crate) services: Vec<ServiceCard>,
}

impl Market {
    pub(crate) fn dealt(&self, at: Timestamp) -> Vec<Dealt> {
        let providers = self.providers.values().map(|card| {
            let id = CardId::Provider(card.id);
            Dealt { id, at, card: Some(Card::Provider(Box::new(card.clone()))) }
        });
        let services = self.services.iter().map(|card| {
            let id = CardId::Service(card.id);
            Dealt { id, at, card: Some(Card::Service(Box::new(card.clone()))) }
        });
        services.chain(providers).collect()
    }

    pub(crate) fn index(&self) -> Index {
        let mut index = Index::new();
        self.dealt(Timestamp::UNIX_EPOCH).into_iter().for_each(|card| index.put(card));
        index
    }
}

pub(crate) fn service_id(number: u64) -> ServiceId {
    Id::from_parts(1, number.into())
}

fn user_id(number: u64) -> UserId {
    Id::from_parts(2, number.into())
}

const WORDS: [&str; 18] = [
    "massage",
    "massages",
    "Massaging",
    "deep",
    "deeply",
    "Café",
    "cafe",
    "cab",
    "cabin",
    "clean",
    "Cleaning",
    "60",
    "массаж",
    "массажа",
    "Массажи",
    "уборка",
    "уборки",
    "Ёлка",
];

fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    vec(select(&WORDS[..]), words).prop_map(|words| words.join(", "))
}

fn point() -> impl Strategy<Value = Value> {
    (0..5_i32, 0..5_i32).prop_map(|(north, east)| {
        json!({ "latitude": 38.7 + f64::from(north) / 20.0, "longitude": -9.1 + f64::from(east) / 20.0 })
    })
}

fn languages() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(&["en", "en-GB", "ru", "pt-BR"][..]), 0..3)
}

fn tally() -> impl Strategy<Value = Tally> {
    (0..4_i64, 0..=4_i64).prop_map(|(count, more)| Tally { count, sum: count + (more * count) })
}

const KINDS: [LocationKind; 3] = [LocationKind::AtCustomer, LocationKind::AtProvider, LocationKind::Online];

pub(crate) fn provider(id: UserId) -> impl Strategy<Value = ProviderCard> {
    let area = (point(), 1..20_u8).prop_map(|(mut point, radius)| {
        point["radius_km"] = radius.into();
        point
    });
    (text(2..3), languages(), option::of(area), tally()).prop_map(move |(name, languages, area, rating)| {
        ProviderCard {
            id,
            name,
            languages: from_value(json!(languages)).unwrap(),
            area: area.map(|area| from_value(area).unwrap()),
            rating,
        }
    })
}

pub(crate) fn service(id: ServiceId) -> impl Strategy<Value = ServiceCard> {
    let texts = (text(2..4), text(0..5));
    let price = (0..4_i64, select(&["eur", "usd"][..]));
    let what = (0..6_u64, select(&Category::ALL[..]), price, select(&KINDS[..]));
    (texts, what, option::of(point()), languages(), tally()).prop_map(
        move |(
            (title, description),
            (provider, category, (amount, currency), kind),
            place,
            languages,
            rating,
        )| {
            ServiceCard {
                id,
                provider_id: user_id(provider),
                title: title.parse().unwrap(),
                words: banister_domain::search::words(&description).join(" "),
                category,
                price: from_value(json!({ "amount": amount * 1_000, "currency": currency })).unwrap(),
                duration_minutes: from_value(json!(60)).unwrap(),
                location_kind: kind,
                place: place.map(|place| from_value(place).unwrap()),
                languages: from_value(json!(languages)).unwrap(),
                rating,
            }
        },
    )
}

/// Up to five providers with a card, and 40 services of six: one provider is never to be found.
pub(crate) fn market() -> impl Strategy<Value = Market> {
    let providers = btree_map(0..5_u64, Just(()), 0..5)
        .prop_flat_map(|known| known.into_keys().map(|number| provider(user_id(number))).collect::<Vec<_>>());
    let services = btree_map(0..60_u64, Just(()), 0..40).prop_flat_map(|known| {
        known.into_keys().map(|number| service(service_id(number))).collect::<Vec<_>>()
    });
    (providers, services).prop_map(|(providers, services)| Market {
        providers: providers.into_iter().map(|card| (card.id, card)).collect(),
        services,
    })
}

pub(crate) fn small() -> Market {
    let read = |value: Value| -> ServiceCard { from_value(value).unwrap() };
    let service = read(json!({ "id": service_id(1), "provider_id": user_id(1), "title": "Massage",
        "category": "massage", "price": { "amount": 1, "currency": "eur" }, "duration_minutes": 60,
        "location_kind": "online" }));
    let provider: ProviderCard = from_value(json!({ "id": user_id(1), "name": "A B" })).unwrap();
    Market { providers: BTreeMap::from([(provider.id, provider)]), services: vec![service] }
}

fn heading() -> impl Strategy<Value = Heading> {
    prop_oneof![
        select(&Category::ALL[..]).prop_map(Heading::Category),
        select(&CategoryGroup::ALL[..]).prop_map(Heading::Group),
    ]
}

/// A wish around a place, so that it can be sorted by distance, too.
pub(crate) fn wish() -> impl Strategy<Value = Wish> {
    let words =
        (vec(select(&WORDS[..]), 0..3), select(&["", "ma", "cl", "caf", "мас", "massage", "убор"][..]));
    let words = words.prop_map(|(words, last)| format!("{} {last}", words.join(" ")));
    let price = (0..4_i64, 0..4_i64).prop_map(|(min, more)| PriceRange {
        currency: "eur".parse().unwrap(),
        min: min * 1_000,
        max: (min + more) * 1_000,
    });
    let near = (point(), 1..=30_u8).prop_map(|(point, radius)| Near {
        point: from_value::<Point>(point).unwrap(),
        radius: from_value(json!(radius)).unwrap(),
    });
    let language =
        select(&["en", "ru-RU", "pt"][..]).prop_map(|tag| Language::try_from(tag.to_owned()).unwrap());
    let floor = select(&["1", "3.5", "5"][..]).prop_map(|text| text.to_owned().try_into().unwrap());
    let parts = (option::of(words), option::of(heading()), option::of(price), option::weighted(0.3, floor));
    let rest = (option::of(near), option::weighted(0.3, language), option::weighted(0.3, select(&KINDS[..])));
    (parts, rest).prop_map(|((words, heading, price, min_rating), (near, language, location_kind))| Wish {
        text: words.and_then(|words| words.try_into().ok()),
        heading,
        price,
        min_rating,
        near,
        language,
        location_kind,
    })
}

/// Another order, the same for the same number.
pub(crate) fn shuffle<T>(all: &mut [T], mut seed: u64) {
    for place in (1..all.len()).rev() {
        // Knuth's MMIX.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all.swap(place, usize::try_from(seed >> 33).unwrap() % (place + 1));
    }
}
