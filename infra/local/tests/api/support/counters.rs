//! The counters are what is there, counted by hand.

use std::collections::BTreeMap;

use banister_domain::statistics::{Contribution, Counts, Side};
use banister_local::cloud::Cloud;
use banister_platform::config::Settings;
use banister_platform::store::{Counted, Statistics, Told};
use banister_platform::table::Table;
use jiff::civil::{Date, date};

use super::invariants::items;

/// The counters in the table of a cloud.
pub(crate) fn statistics(cloud: &Cloud) -> Statistics {
    statistics_as(cloud, "local-check")
}

/// The counters as somebody whose calls can be made to fail has them.
pub(crate) fn statistics_as(cloud: &Cloud, role: &str) -> Statistics {
    let settings: Settings = cloud.settings(role);
    Statistics::new(Table::from_settings(&settings).expect("settings of a table"))
}

/// All that they say.
pub(crate) async fn told(cloud: &Cloud) -> Told {
    let mut told = statistics(cloud).tell(date(1, 1, 1), Date::MAX).await.expect("the counters");
    // A counter can have come back to nothing.
    told.days.retain(|_, counts| !counts.is_empty());
    told
}

/// What they must say.
pub(crate) async fn by_hand(cloud: &Cloud) -> Told {
    let mut told = Told { days: BTreeMap::new(), ..Told::default() };
    for item in items(cloud).await {
        let counted = Counted::of(item).expect("the item reads as its type");
        let Some(Contribution { day, counts, .. }) = counted.and_then(|counted| counted.contribution) else {
            continue;
        };
        told.totals.add_all(&counts);
        told.days.entry(day).or_default().add_all(&counts);
    }
    told
}

/// What is each side's own.
async fn own_by_hand(cloud: &Cloud) -> BTreeMap<Side, Counts> {
    let mut own: BTreeMap<Side, Counts> = BTreeMap::new();
    for item in items(cloud).await {
        let counted = Counted::of(item).expect("the item reads as its type");
        let Some(Contribution { counts, sides, .. }) = counted.and_then(|counted| counted.contribution)
        else {
            continue;
        };
        for side in sides {
            own.entry(side).or_default().add_all(&counts);
        }
    }
    own
}

/// Counted and by hand they are the same in a cloud at rest, of the marketplace and of each side.
pub(crate) async fn counters_agree(cloud: &Cloud) {
    assert_eq!(told(cloud).await, by_hand(cloud).await, "counters and what there is");
    for (side, by_hand) in own_by_hand(cloud).await {
        let told = statistics(cloud).own(side).await.expect("the counters");
        assert_eq!(told, by_hand, "counters of {side:?} and what there is");
    }
}
