//! What providers share: its days, and that nobody has it twice.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::availability::{Busy, Interval, Owner};
use banister_domain::booking::Status;
use banister_domain::id::{ResourceId, ServiceId};
use banister_domain::resource::ResourceIds;
use jiff::Timestamp;
use jiff::civil::Date;

use super::Kept;

/// A place in a day of a resource, as it is kept.
type Entry = (ResourceId, Date, String);

/// A place in each day of each of these resources.
fn entries(resources: &ResourceIds, busy: Busy) -> Vec<Entry> {
    let of_one = |id: &ResourceId| {
        let id = *id;
        busy.interval.utc_days().map(move |date| (id, date, busy.to_text()))
    };
    resources.as_slice().iter().flat_map(of_one).collect()
}

impl Kept {
    /// The days of resources hold exactly what those hold of the providers who have booked them: the bookings that are
    /// requested or agreed and the places held for moves and customers that can still have them, each in the
    /// resources that it says it took.
    pub(super) fn resources_agree(&self, now: Timestamp) {
        let bookings = self.bookings.values().filter_map(|booking| {
            let until = match booking.status {
                Status::Requested => booking.answer_by,
                Status::Confirmed | Status::Completed | Status::NoShow => None,
                Status::Declined | Status::Cancelled | Status::Expired => return None,
            };
            Some(entries(&booking.resource_ids, Busy { until, ..booking.place() }))
        });
        let moves = self.bookings.values().filter_map(|booking| {
            let proposal = booking.open_proposal(now)?;
            Some(entries(&proposal.place.resource_ids, booking.proposed(proposal)))
        });
        let expected: BTreeSet<Entry> = bookings.chain(moves).flatten().collect();
        let held: BTreeSet<(ResourceId, Date, Owner)> = self
            .holds
            .iter()
            .filter(|hold| now < hold.expires_at)
            .flat_map(|hold| {
                let all = hold.resource_ids.as_slice().iter();
                all.flat_map(|id| hold.occupies.utc_days().map(|date| (*id, date, hold.id.into())))
            })
            .collect();
        let stored = || {
            let all = self.resource_days.iter().flat_map(|day| day.busy.iter().map(move |busy| (day, busy)));
            all.filter(|(_, busy)| busy.owner.booking().is_some() || busy.is_live(now))
        };
        let is_hold = |busy: &Busy| matches!(busy.owner, Owner::Hold(_));
        let places: Vec<Entry> = stored()
            .filter(|(_, busy)| !is_hold(busy))
            .map(|(day, busy)| (day.resource_id, day.date, busy.to_text()))
            .collect();
        let once: BTreeSet<Entry> = places.iter().cloned().collect();
        assert_eq!(once.len(), places.len(), "a booking stands twice in a day of a resource");
        assert_eq!(once, expected, "days of resources (left) and what took them (right)");
        let holds: BTreeSet<_> = stored()
            .filter(|(_, busy)| is_hold(busy))
            .map(|(day, busy)| (day.resource_id, day.date, busy.owner))
            .collect();
        assert_eq!(holds, held, "held in days of resources (left) and holds (right)");
        self.nobody_shares_a_resource();
    }

    /// No two bookings overlap on a resource, buffers included, but seats of one service at one time.
    fn nobody_shares_a_resource(&self) {
        type Group = (ServiceId, Timestamp);
        let mut taken: BTreeMap<ResourceId, Vec<(Interval, Group)>> = BTreeMap::new();
        for booking in self.bookings.values() {
            if matches!(booking.status, Status::Declined | Status::Cancelled | Status::Expired) {
                continue;
            }
            for id in booking.resource_ids.as_slice() {
                let group = (booking.service_id, booking.starts_at);
                taken.entry(*id).or_default().push((booking.occupies, group));
            }
        }
        for (id, taken) in taken {
            for (n, (one, group)) in taken.iter().enumerate() {
                let twice = taken[n + 1..].iter().find(|(two, other)| two.overlaps(one) && other != group);
                assert_eq!(twice, None, "{id} is taken twice, also by {group:?}");
            }
        }
    }
}
