//! Time that somebody has a right to, by what bookings, holds and calendars say themselves: the days are checked
//! against it.

use super::facts::{Booking, Entry, Given, Hold, Rules, Status};

/// A right to a provider's time, from one commit to another.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// The booking, proposal, hold or vacation.
    pub owner: String,
    /// The booking that a proposal is for.
    pub parent: Option<String>,
    /// With its buffers.
    pub place: (i64, i64),
    /// Before when; for good where none.
    pub until: Option<i64>,
    /// What is given in it; none of a vacation.
    pub given: Option<Given>,
    /// The commit that made it.
    pub born: u64,
    /// The commit that ended it.
    pub died: u64,
}

impl Claim {
    /// Whether it blocks at `now`.
    pub(super) fn lives(&self, now: i64) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it stood in any state from `first` to `last`.
    pub(super) fn stood(&self, first: u64, last: u64) -> bool {
        self.born <= last && first < self.died
    }

    /// Whether both share an instant.
    pub(super) fn meets(&self, (from, to): (i64, i64)) -> bool {
        self.place.0 < to && from < self.place.1
    }

    /// Whether it is of the same service at the same time.
    pub(super) fn shares(&self, offer: &str, service: (i64, i64)) -> bool {
        self.given.as_ref().is_some_and(|given| given.offer == offer && given.service == service)
    }

    /// What the days must have of it.
    pub(super) fn entry(&self) -> Entry {
        Entry { owner: self.owner.clone(), place: self.place, until: self.until, given: self.given.clone() }
    }

    /// Whether it says the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.owner == other.owner && self.entry() == other.entry()
    }

    fn new(owner: &str, place: (i64, i64), until: Option<i64>, given: Option<Given>) -> Self {
        Self { owner: owner.to_owned(), parent: None, place, until, given, born: 0, died: u64::MAX }
    }
}

/// What a booking has a right to.
pub(super) fn of_booking(booking: &Booking) -> Vec<Claim> {
    let given = |service| Some(Given { offer: booking.offer.clone(), service, seats: booking.seats });
    let until = match booking.status {
        Status::Requested => Some(booking.answer_by),
        Status::Confirmed | Status::Completed | Status::NoShow => Some(None),
        Status::Declined | Status::Cancelled | Status::Expired => None,
    };
    let own = until.map(|until| Claim::new(&booking.id, booking.place, until, given(booking.service)));
    let proposal = booking.proposal.as_ref().map(|proposal| Claim {
        parent: Some(booking.id.clone()),
        ..Claim::new(&proposal.id, proposal.place, Some(proposal.expires), given(proposal.service))
    });
    own.into_iter().chain(proposal).collect()
}

/// What a hold has a right to.
pub(super) fn of_hold(hold: &Hold) -> Vec<Claim> {
    let given = Given { offer: hold.offer.clone(), service: hold.service, seats: hold.seats };
    vec![Claim::new(&hold.id, hold.place, Some(hold.expires), Some(given))]
}

/// What vacations have a right to.
pub(super) fn of_rules(rules: &Rules) -> Vec<Claim> {
    rules.vacations.iter().map(|(id, time)| Claim::new(id, *time, None, None)).collect()
}
