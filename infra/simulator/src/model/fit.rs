//! What a booking allows, and where a place fits, by the words of the documentation and by nothing else.

use std::collections::BTreeSet;

use banister_domain::booking::{Actor, Command};

use super::act::name;
use super::claim::Claim;
use super::facts::{Booking, Hold, Offer, Rules, Status};
use super::fate::{Fate, Turn};
use super::{Checked, LINEAR, LOST, Model, Version, broken};
use crate::ask::{Ask, Denied};
use crate::world::ZONES;

const DAY: i64 = 86_400;

/// A place that somebody asked for.
#[derive(Clone)]
pub(super) struct Wanted<'a> {
    pub(super) provider: &'a str,
    pub(super) offer: &'a str,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) seats: i64,
    /// When it counts as asked for.
    pub(super) asked: i64,
    /// The clock that decides who is there.
    pub(super) now: i64,
    /// Whose places are not in its way, and those that are for them.
    pub(super) own: BTreeSet<String>,
    /// Where it is asked, what is for them since that state counts as another's: it was not there to be read.
    pub(super) since: Option<u64>,
}

impl Wanted<'_> {
    /// As it looks to whoever read the own booking in this state, and all else later.
    pub(super) fn late(&self, since: u64) -> Self {
        Self { since: Some(since), ..self.clone() }
    }

    pub(super) fn is_own(&self, claim: &Claim) -> bool {
        let theirs = claim.parent.as_ref().is_some_and(|parent| self.own.contains(parent));
        let known = self.since.is_none_or(|since| claim.born <= since);
        self.own.contains(&claim.owner) || (theirs && known)
    }
}

/// Whether `actor` may give `ask` to a booking at `now`.
pub(super) fn allows(booking: &Booking, ask: &Ask, now: i64) -> bool {
    let (start, end) = booking.service;
    let requested = booking.status == Status::Requested && now < booking.answer_by.unwrap_or(start);
    let over = now >= end + DAY;
    let confirmed = booking.status == Status::Confirmed && !over;
    let open =
        booking.proposal.as_ref().filter(|proposal| confirmed && now < start && now < proposal.expires);
    match ask {
        Ask::Command(_, Command::Confirm | Command::Decline, Actor::Provider) => requested,
        Ask::Command(_, Command::Cancel, Actor::Customer | Actor::Provider) | Ask::StaffCancel(_) => {
            requested || (confirmed && now < start)
        }
        Ask::Command(_, Command::Complete | Command::MarkNoShow, Actor::Provider) => {
            confirmed && start <= now
        }
        Ask::Move(_, _, Actor::Customer | Actor::Provider | Actor::Staff) => {
            confirmed && now < start && booking.revision < 60
        }
        Ask::Answer(_, actor, Some(_)) => open.is_some_and(|open| open.by != name(*actor)),
        Ask::Answer(_, _, None) => open.is_some(),
        _ => false,
    }
}

/// Why a start is not offered, whoever is there; the first reason.
pub(super) fn closed(rules: &Rules, wanted: &Wanted<'_>) -> Option<Denied> {
    let Wanted { start, end, asked, .. } = *wanted;
    if start < asked + rules.notice * 60 || start <= asked {
        return Some(Denied::TooSoon);
    }
    let (open, close) = (rules.hours.0 * 60, rules.hours.1 * 60);
    let local = local(rules, start);
    let opens = local.div_euclid(DAY) * DAY + open;
    let always = (open, close) == (0, DAY);
    if !always && (local < opens || local + (end - start) > opens - open + close) {
        return Some(Denied::OutsideHours);
    }
    ((local - opens).rem_euclid(rules.step * 60) != 0).then_some(Denied::OffGrid)
}

/// A place with the buffers of these rules.
pub(super) fn widened(rules: &Rules, offer: &Offer, (start, end): (i64, i64)) -> (i64, i64) {
    (start - rules.buffers.0 * 60, end + offer.after.unwrap_or(rules.buffers.1) * 60)
}

fn local(rules: &Rules, at: i64) -> i64 {
    let zone = ZONES.iter().find(|(name, _)| *name == rules.zone);
    at + zone.map_or(0, |(_, minutes)| minutes * 60)
}

/// Whether as many bookings are there as the provider or the service takes.
pub(super) fn capped<'a>(
    rules: &Rules,
    offer: &Offer,
    wanted: &Wanted<'_>,
    claims: impl Iterator<Item = &'a Claim>,
) -> bool {
    let date = |at| local(rules, at).div_euclid(DAY);
    let monday = |date: i64| date - (date + 3).rem_euclid(7);
    let wanted_date = date(wanted.start);
    let mut places = BTreeSet::new();
    for claim in claims.filter(|claim| claim.lives(wanted.now) && !wanted.is_own(claim)) {
        if let Some(given) = &claim.given {
            places.insert((given.offer.as_str(), given.service));
        }
    }
    // Whoever joins others takes no place of the day.
    if offer.seats > 1 && places.contains(&(wanted.offer, (wanted.start, wanted.end))) {
        return false;
    }
    let count = |fits: &dyn Fn(&str, i64) -> bool| {
        let counted = places.iter().filter(|(offer, service)| fits(offer, date(service.0))).count();
        i64::try_from(counted).unwrap_or(i64::MAX)
    };
    let reached = |cap: Option<i64>, count: i64| cap.is_some_and(|cap| count >= cap);
    reached(rules.caps.0, count(&|_, day| day == wanted_date))
        || reached(rules.caps.1, count(&|_, day| monday(day) == monday(wanted_date)))
        || reached(offer.cap, count(&|other, day| other == wanted.offer && day == wanted_date))
}

impl Model {
    /// Before a commit is taken over: what it does is allowed, and the places it gives are offered.
    pub(super) fn judge_place(&self, by: usize, fate: &Fate, number: u64) -> Checked {
        let now = self.attempts[by].now;
        let ask = &self.intentions[self.attempts[by].intention].ask;
        for turn in &fate.turns {
            match &turn.before {
                None => self.judge_made(by, turn, fate.released.first(), number)?,
                Some(before) if turn.by_time() => {
                    let due = match (before.status, turn.after.status) {
                        (Status::Requested, Status::Expired) => before.answer_by.unwrap_or(before.service.0),
                        (Status::Confirmed, Status::Completed) => before.service.1 + DAY,
                        other => return broken(LINEAR, format!("{}: time made {other:?}", before.id)),
                    };
                    if now < due {
                        return broken(LINEAR, format!("{} is not due before {due}, it is {now}", before.id));
                    }
                }
                Some(before) => {
                    if !allows(before, ask, now) {
                        return broken(LINEAR, format!("{ask:?} at {now} is not for {before:?}"));
                    }
                    self.judge_moved(by, before, turn, number)?;
                }
            }
        }
        for hold in &fate.held {
            let wanted = Wanted {
                provider: &hold.provider,
                offer: &hold.offer,
                start: hold.service.0,
                end: hold.service.1,
                seats: hold.seats,
                asked: now,
                now,
                own: BTreeSet::from([hold.id.clone()]),
                since: None,
            };
            if hold.expires > (now + 600).min(hold.service.0) || hold.created != now {
                return broken(LINEAR, format!("{hold:?} is held for too long"));
            }
            self.offered(by, &wanted, hold.place, number)?;
        }
        Ok(())
    }

    fn judge_made(&self, by: usize, turn: &Turn, held: Option<&Hold>, number: u64) -> Checked {
        let (after, now) = (&turn.after, self.attempts[by].now);
        let kept = held.filter(|hold| now < hold.expires);
        let wanted = Wanted {
            provider: &after.provider,
            offer: &after.offer,
            start: after.service.0,
            end: after.service.1,
            seats: after.seats,
            asked: kept.map_or(now, |hold| hold.created),
            now,
            own: [after.id.clone()].into_iter().chain(held.map(|hold| hold.id.clone())).collect(),
            since: None,
        };
        let instant = self.offers.get(&after.offer).is_some_and(|offer| offer.instant);
        let wanted_status = if instant { Status::Confirmed } else { Status::Requested };
        let answer_by = (!instant).then_some((now + DAY).min(after.service.0));
        if (after.status, after.answer_by) != (wanted_status, answer_by) {
            return broken(LINEAR, format!("{after:?} is not made as its service says"));
        }
        self.offered(by, &wanted, after.place, number)
    }

    /// A place is new only where the booking moves or is to move.
    fn judge_moved(&self, by: usize, before: &Booking, turn: &Turn, number: u64) -> Checked {
        let (after, now) = (&turn.after, self.attempts[by].now);
        let (service, place) = match (&turn.line.step, &after.proposal) {
            (Some((step, _)), Some(proposal)) if step == "proposed" => (proposal.service, proposal.place),
            (Some((step, _)), None) if step == "moved" => (after.service, after.place),
            _ if (before.service, before.place) == (after.service, after.place) => return Ok(()),
            _ => return broken(LOST, format!("{} is elsewhere and did not move", after.id)),
        };
        let agreed = before.proposal.as_ref().map(|proposal| (proposal.service, proposal.place));
        if matches!(self.intentions[self.attempts[by].intention].ask, Ask::Answer(..)) {
            // What was proposed was offered then.
            return if agreed == Some((service, place)) {
                Ok(())
            } else {
                broken(LINEAR, format!("{} moves to another place than was proposed", after.id))
            };
        }
        let wanted = Wanted {
            provider: &after.provider,
            offer: &after.offer,
            start: service.0,
            end: service.1,
            seats: after.seats,
            asked: now,
            now,
            own: BTreeSet::from([after.id.clone()]),
            since: None,
        };
        self.offered(by, &wanted, place, number)
    }

    /// By rules that held since the request began: open, with these buffers, and below the limits just before it
    /// was written, or where these limits were lifted before that, when they held last.
    fn offered(&self, by: usize, wanted: &Wanted<'_>, place: (i64, i64), number: u64) -> Checked {
        let begun = self.attempts[by].begun;
        let Some(offer) = self.offers.get(wanted.offer) else {
            return broken(LINEAR, format!("nobody offers {}", wanted.offer));
        };
        let known = || self.rules.get(wanted.provider).into_iter().flatten();
        let mut why = Vec::new();
        for version in known().filter(|rules| rules.stood(begun, number - 1)) {
            let rules = &version.value;
            // Who books without a limit is counted by nobody; any limit in between is guarded, and counts.
            let later = |other: &&Version<Rules>| version.died <= other.born && other.born < number;
            let lifted = version.died < number && known().filter(later).all(|it| unlimited(&it.value, offer));
            let at = if lifted { version.died - 1 } else { number - 1 };
            let standing = self.claims.get(wanted.provider).into_iter().flatten();
            let standing = standing.filter(|claim| claim.stood(at, at));
            if let Some(reason) = closed(rules, wanted) {
                why.push(format!("{reason:?}"));
            } else if widened(rules, offer, (wanted.start, wanted.end)) != place {
                why.push(format!("its buffers are not those of {:?} and {:?}", rules.buffers, offer.after));
            } else if capped(rules, offer, wanted, standing) {
                why.push("a limit is reached".to_owned());
            } else {
                return Ok(());
            }
        }
        broken(LINEAR, format!("{place:?} of {} is not offered: {why:?}", wanted.provider))
    }
}

const fn unlimited(rules: &Rules, offer: &Offer) -> bool {
    rules.caps.0.is_none() && rules.caps.1.is_none() && offer.cap.is_none()
}
