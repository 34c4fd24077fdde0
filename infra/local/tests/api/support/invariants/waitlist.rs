//! Waits, their places in line, and what is kept for them.

use std::collections::BTreeSet;

use banister_domain::event::Payload;
use banister_domain::waitlist::{WaitlistState, WaitlistStatus};
use jiff::Timestamp;

use super::Kept;

impl Kept {
    /// Whoever waits or has an offer stands in line, and nobody else; each offer has its hold, each such hold its offer,
    /// and what came of one is booked by whoever waited.
    pub(super) fn waits_agree(&self, now: Timestamp) {
        let open = self.waits.iter().filter(|wait| wait.is_open());
        let open: BTreeSet<_> = open.map(|wait| (wait.provider_id, wait.id)).collect();
        assert_eq!(self.places, open, "places in line (left) and those who wait (right)");
        let kept = self.holds.iter().filter_map(|hold| Some((hold.waitlist_entry_id?, hold.id)));
        let offered = self.waits.iter().filter_map(|wait| Some((wait.id, wait.offer()?.hold_id)));
        let (kept, offered): (BTreeSet<_>, BTreeSet<_>) = (kept.collect(), offered.collect());
        assert_eq!(kept, offered, "what is held for those who wait (left) and offered to them (right)");
        for wait in &self.waits {
            if let WaitlistState::Booked { booking_id } = wait.state {
                let booking = &self.bookings[&booking_id];
                assert_eq!((booking.customer_id, booking.service_id), (wait.customer_id, wait.service_id));
            }
            if let Some(offer) = wait.offer() {
                let hold = self.holds.iter().find(|hold| hold.id == offer.hold_id).expect("a hold");
                assert_eq!(hold.expires_at, offer.kept_until());
                assert!(wait.window.contains(offer.starts_at) && !wait.declined.contains(&offer.starts_at));
                let live = now < hold.expires_at;
                let busy = self.days.iter().flat_map(|day| &day.busy);
                assert!(!live || busy.clone().any(|busy| busy.owner == offer.hold_id.into()), "{offer:?}");
            }
        }
    }

    /// Whether a wait is not any more as its event says.
    pub(super) fn wait_has_moved_on(&self, payload: &Payload, now: Timestamp) -> bool {
        let (about, ended) = match payload {
            Payload::WaitlistOffered(about) => (about, false),
            Payload::WaitlistEnded(about) => (about, true),
            _ => return false,
        };
        let Some(wait) = self.waits.iter().find(|wait| wait.id == about.entry_id) else { return true };
        if ended {
            return !matches!(wait.status(), WaitlistStatus::Lapsed | WaitlistStatus::Expired);
        }
        wait.offer().is_none_or(|offer| Some(offer.hold_id) != about.hold_id || offer.answer_by <= now)
    }
}
