//! Pages while cards change: what did not change between the first page and the last is on exactly one of them.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::id::ServiceId;
use banister_domain::search::{Card, CardId, Dealt, ServiceCard};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::{SORTS, at, case};

/// What happens to a service between two pages: another card, or none.
fn change() -> impl Strategy<Value = (u64, Option<ServiceCard>)> {
    (0..60_u64).prop_flat_map(|number| (Just(number), option::of(case::service(case::service_id(number)))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn neither_skip_nor_repeat(
        market in case::market(),
        wish in case::wish(),
        sort in 0..SORTS.len(),
        limit in 1_usize..8,
        changes in vec(vec(change(), 0..4), 0..30),
    ) {
        let sort = SORTS[sort];
        let mut index = market.index();
        let before: BTreeMap<ServiceId, ServiceCard> =
            market.services.iter().map(|card| (card.id, card.clone())).collect();
        let mut touched = BTreeSet::new();
        let wanted: Vec<_> =
            index.find_services(&wish, sort, None, 1_000).hits.iter().map(|hit| hit.service.id).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        let mut changes = changes.into_iter();
        let mut moment = 1;
        loop {
            let found = index.find_services(&wish, sort, after.as_ref(), limit);
            prop_assert!(found.hits.windows(2).all(|pair| pair[0].rank < pair[1].rank));
            seen.extend(found.hits.iter().map(|hit| hit.service.id));
            after = found.hits.last().map(|hit| hit.rank).or(after);
            // Also after the last change: the list has an end, or changes have one.
            if !found.more {
                break;
            }
            for (number, card) in changes.next().unwrap_or_default() {
                let id = case::service_id(number);
                if before.get(&id) != card.as_ref() {
                    touched.insert(id);
                }
                moment += 1;
                let card = card.map(|card| Card::Service(Box::new(card)));
                index.put(Dealt { id: CardId::Service(id), at: at(moment), card });
            }
        }
        for id in wanted.into_iter().filter(|id| !touched.contains(id)) {
            prop_assert_eq!(seen.iter().filter(|seen| **seen == id).count(), 1, "{}", id);
        }
        for id in seen.iter().filter(|id| !touched.contains(id)) {
            prop_assert_eq!(seen.iter().filter(|seen| *seen == id).count(), 1, "{}", id);
        }
    }
}
