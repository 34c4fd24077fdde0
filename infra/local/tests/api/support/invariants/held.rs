//! What is held, and where.

use std::collections::BTreeSet;

use banister_domain::availability::Owner;
use jiff::Timestamp;

use super::Kept;

impl Kept {
    /// Whatever is held has its place on each day it touches, and every place that is held has its hold; nobody
    /// else has anything there.
    pub(super) fn holds_agree(&self, now: Timestamp) {
        let holds = self.holds.iter().filter(|hold| now < hold.expires_at);
        let expected: BTreeSet<_> = holds
            .flat_map(|hold| {
                hold.occupies.utc_days().map(move |date| (hold.provider_id, date, Owner::from(hold.id)))
            })
            .collect();
        let mut stored = BTreeSet::new();
        for (day, busy) in self.days.iter().flat_map(|day| day.busy.iter().map(move |busy| (day, busy))) {
            if matches!(busy.owner, Owner::Hold(_)) && busy.is_live(now) {
                assert!(
                    stored.insert((day.provider_id, day.date, busy.owner)),
                    "{} stands twice",
                    busy.owner
                );
                let others = day.busy.iter().filter(|other| other.owner != busy.owner && other.is_live(now));
                let beside: Vec<_> = others
                    .filter(|other| other.interval.overlaps(&busy.interval) && !other.shares_with(busy))
                    .filter(|other| !matches!(other.owner, Owner::Vacation(_)))
                    .collect();
                assert!(beside.is_empty(), "{beside:?} is where something is held: {busy:?}");
            }
        }
        assert_eq!(stored, expected, "places that are held (left) and holds (right)");
    }
}
