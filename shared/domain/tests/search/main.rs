//! Finding, against a naive way to do the same, and pages while cards change.
#![expect(clippy::unwrap_used, reason = "tests")]

mod case;
mod naive;
mod pages;

use banister_domain::search::{CardId, Dealt, Index, Sort, Wish};
use jiff::Timestamp;
use proptest::prelude::*;

const SORTS: [Sort; 5] = [Sort::Relevance, Sort::Price, Sort::Dearest, Sort::Distance, Sort::Rating];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// All that fits is found, nothing else is, in the order of the naive way, with the same counts.
    #[test]
    fn nothing_is_missed(market in case::market(), wish in case::wish(), sort in 0..SORTS.len(), limit in 1_usize..12) {
        let sort = SORTS[sort];
        let index = market.index();
        let all = naive::services(&market, &wish, sort);
        let found = index.find_services(&wish, sort, None, limit);
        let ids: Vec<_> = found.hits.iter().map(|hit| hit.service.id).collect();
        let wanted: Vec<_> = all.iter().map(|(id, _)| *id).take(limit).collect();
        prop_assert_eq!(ids, wanted);
        prop_assert_eq!(found.more, all.len() > limit);
        prop_assert_eq!(found.facets, naive::facets(&market, &wish));
        for (hit, (_, metres)) in found.hits.iter().zip(&all) {
            prop_assert_eq!(hit.metres, *metres);
            prop_assert_eq!(index.service(hit.service.id, &wish, sort), Some(*hit));
        }

        let all = naive::providers(&market, &wish, sort);
        let found = index.find_providers(&wish, sort, None, limit);
        let told: Vec<_> =
            found.hits.iter().map(|hit| (hit.provider.id, hit.services[0].service.id, hit.services.len())).collect();
        prop_assert_eq!(told, all.iter().copied().take(limit).collect::<Vec<_>>());
        prop_assert_eq!(found.more, all.len() > limit);
        prop_assert!(found.hits.iter().all(|hit| hit.services.windows(2).all(|pair| pair[0].rank < pair[1].rank)));
    }

    /// In whatever order, and however often, cards come: the latest of each is what is found.
    #[test]
    fn late_cards_change_nothing(
        market in case::market(),
        other in case::market(),
        order in any::<u64>(),
        wish in case::wish(),
    ) {
        let early = other.dealt(at(1));
        let late = market.dealt(at(2));
        // What is of the other market only is gone since.
        let gone = early.iter().filter(|card| late.iter().all(|kept| kept.id != card.id));
        let gone = gone.map(|card| Dealt { at: at(2), card: None, ..card.clone() });
        let mut all: Vec<_> = early.iter().cloned().chain(gone).chain(late.iter().cloned()).collect();
        all.extend(early);
        case::shuffle(&mut all, order);
        let mut index = Index::new();
        for card in all {
            index.put(card);
        }
        let straight = market.index();
        for sort in SORTS {
            let ids = |index: &Index| -> Vec<_> {
                index.find_services(&wish, sort, None, 100).hits.iter().map(|hit| hit.service.id).collect()
            };
            prop_assert_eq!(ids(&index), ids(&straight));
        }
    }
}

#[test]
fn what_is_gone_is_forgotten_in_time() {
    let market = case::small();
    let there = |index: &Index, id| index.service(id, &Wish::default(), Sort::Rating).is_some();
    let mut index = market.index();
    let service = market.services[0].id;
    index.put(Dealt { id: CardId::Service(service), at: at(5), card: None });
    assert!(!there(&index, service));
    let old = market.dealt(at(4)).into_iter().find(|card| card.id == CardId::Service(service)).unwrap();
    index.put(old.clone());
    assert!(!there(&index, service), "an older card came back");
    index.forget_gone(at(6));
    index.put(old);
    assert!(there(&index, service));
    index.retain(|id| id != CardId::Service(service));
    assert!(!there(&index, service));
    let provider = CardId::Provider(market.services[0].provider_id);
    let mut index = market.index();
    index.retain(|id| id != provider);
    assert!(!there(&index, service), "nobody offers it");
}
