//! Whether an answer was right in some state between the request and the answer.

use std::collections::BTreeSet;

use super::facts::{Offer, Rules};
use super::fit::{Wanted, allows, capped, closed, widened};
use super::{Checked, LINEAR, LOST, Model, ONCE, Violation, broken, latest};
use crate::ask::{Ask, Denied, Outcome, Shown};

/// How far a refusal is right.
#[derive(PartialEq, Eq)]
enum Right {
    /// In one state.
    Yes,
    /// If each day is taken as it was at some moment of its own.
    Torn,
    /// In no way.
    No,
}

impl Model {
    pub(super) fn judge_answer(&mut self, attempt: usize, outcome: &Outcome) -> Checked {
        let ask = self.intentions[self.attempts[attempt].intention].ask.clone();
        match outcome {
            Outcome::Unknown | Outcome::Nothing => return Ok(()),
            Outcome::Broken(what) => return broken(LINEAR, format!("request {attempt} is told: {what}")),
            Outcome::Fresh(shown) => return self.acknowledged(attempt, shown, true),
            Outcome::Replayed(shown) => return self.acknowledged(attempt, shown, false),
            _ => {}
        }
        self.attempts[attempt].refused = true;
        let begun = self.attempts[attempt].begun;
        let earlier = self.intentions[self.attempts[attempt].intention].effects.first();
        if let Some((number, by, shown)) = earlier
            && (*number <= begun || *by == attempt)
        {
            let what = format!("request {attempt} is refused, and commit {number} made {shown:?} for it");
            return broken(if *by == attempt { LINEAR } else { ONCE }, what);
        }
        let right = match outcome {
            Outcome::Denied(reason) => self.denied(attempt, &ask, *reason)?,
            Outcome::WrongState => {
                let now = self.attempts[attempt].now;
                self.some_state(attempt, &ask, |booking| !allows(booking, &ask, now))
            }
            Outcome::ProposalChanged => self.some_state(attempt, &ask, |booking| {
                let Ask::Answer(_, _, Some(said)) = &ask else { return false };
                booking.proposal.as_ref().is_some_and(|proposal| proposal.service.0 != said.as_second())
            }),
            Outcome::Missing => self.missing(begun, &ask),
            _ => true,
        };
        if right {
            Ok(())
        } else {
            broken(LINEAR, format!("request {attempt} is told {outcome:?} of {ask:?}"))
        }
    }

    /// A success that a client was told of is there, was made for it, and is what it was told.
    fn acknowledged(&self, attempt: usize, shown: &Shown, fresh: bool) -> Checked {
        let effect = self.intentions[self.attempts[attempt].intention].effects.first();
        let Some((_, by, done)) = effect else {
            return broken(LOST, format!("request {attempt} is told {shown:?}, and nothing was done"));
        };
        if done != shown {
            return broken(ONCE, format!("request {attempt} is told {shown:?}, and {done:?} was done"));
        }
        if fresh && *by != attempt {
            return broken(ONCE, format!("request {attempt} is told what request {by} did as its own"));
        }
        Ok(())
    }

    fn some_state(&self, attempt: usize, ask: &Ask, fits: impl Fn(&super::Booking) -> bool) -> bool {
        let (Ask::Command(id, ..) | Ask::StaffCancel(id) | Ask::Move(id, ..) | Ask::Answer(id, ..)) = ask
        else {
            return false;
        };
        let begun = self.attempts[attempt].begun;
        let versions = self.bookings.get(&id.to_string()).into_iter().flatten();
        versions.filter(|version| version.stood(begun, self.commits)).any(|version| fits(&version.value))
    }

    fn missing(&self, begun: u64, ask: &Ask) -> bool {
        let all = || begun..=self.commits;
        match ask {
            Ask::Book(_, Some(hold)) => {
                let known = self.holds.get(&hold.to_string());
                all().any(|at| !known.into_iter().flatten().any(|version| version.stood(at, at)))
            }
            Ask::RemoveVacation(provider, vacation) => {
                let id = vacation.to_string();
                let known = self.rules.get(&provider.to_string()).into_iter().flatten();
                let mut known = known.filter(|version| version.stood(begun, self.commits));
                known.any(|version| !version.value.vacations.iter().any(|(other, _)| *other == id))
            }
            _ => false,
        }
    }

    fn denied(&mut self, attempt: usize, ask: &Ask, reason: Denied) -> Result<bool, Violation> {
        let (begun, end) = (self.attempts[attempt].begun, self.commits);
        let wanted = self.wanted(attempt, ask)?;
        let Some(offer) = self.offers.get(wanted.offer) else { return Ok(false) };
        let known = self.rules.get(wanted.provider).into_iter().flatten();
        let mut best = Right::No;
        for rules in known.filter(|version| version.stood(begun, end)).map(|version| &version.value) {
            let right = match reason {
                Denied::Taken => self.taken(rules, offer, &wanted, (ask, begun, end)),
                Denied::Full => self.full(offer, &wanted, (begun, end)),
                Denied::CapReached => self.cap(rules, offer, &wanted, (begun, end)),
                reason => self.closed_for(rules, &wanted, reason, ask),
            };
            if right == Right::Yes {
                return Ok(true);
            }
            if right == Right::Torn {
                best = Right::Torn;
            }
        }
        let torn = best == Right::Torn;
        self.torn += u64::from(torn);
        Ok(torn)
    }

    fn wanted<'a>(&'a self, attempt: usize, ask: &Ask) -> Result<Wanted<'a>, Violation> {
        let (now, mut own) = (self.attempts[attempt].now, BTreeSet::new());
        let effects = &self.intentions[self.attempts[attempt].intention].effects;
        own.extend(effects.iter().map(|(_, _, shown)| shown.id.clone()));
        let unknown = || Violation { rule: LINEAR, what: format!("{ask:?} asks for no place") };
        let (provider, offer, start, seats) = match ask {
            Ask::Book(wish, _) | Ask::Hold(wish) => {
                let id = wish.service.to_string();
                let (id, offer) = self.offers.get_key_value(&id).ok_or_else(unknown)?;
                (&offer.provider, id, wish.starts_at.as_second(), i64::from(wish.seats.get()))
            }
            Ask::Move(id, starts_at, _) | Ask::Answer(id, _, Some(starts_at)) => {
                let booking = latest(self.bookings.get(&id.to_string())).ok_or_else(unknown)?;
                (&booking.provider, &booking.offer, starts_at.as_second(), booking.seats)
            }
            _ => return Err(unknown()),
        };
        match ask {
            Ask::Book(_, Some(hold)) => drop(own.insert(hold.to_string())),
            Ask::Move(id, ..) | Ask::Answer(id, ..) => drop(own.insert(id.to_string())),
            _ => {}
        }
        let end = start + self.offers.get(offer).map_or(0, |offer| offer.duration * 60);
        Ok(Wanted { provider, offer, start, end, seats, asked: now, now, own, since: None })
    }

    fn closed_for(&self, rules: &Rules, wanted: &Wanted<'_>, reason: Denied, ask: &Ask) -> Right {
        let mut asked = vec![wanted.asked];
        if let Ask::Book(_, Some(hold)) = ask {
            let known = self.holds.get(&hold.to_string()).into_iter().flatten();
            asked.extend(known.map(|version| version.value.created));
        }
        let right =
            asked.into_iter().any(|asked| closed(rules, &Wanted { asked, ..wanted.clone() }) == Some(reason));
        if right { Right::Yes } else { Right::No }
    }

    fn taken(
        &self,
        rules: &Rules,
        offer: &Offer,
        wanted: &Wanted<'_>,
        (ask, begun, end): (&Ask, u64, u64),
    ) -> Right {
        let service = (wanted.start, wanted.end);
        // What was proposed keeps the buffers of the rules by which it was.
        let places: Vec<_> = match ask {
            Ask::Answer(id, ..) => {
                let known = self.bookings.get(&id.to_string()).into_iter().flatten();
                let known = known.filter(|version| version.stood(begun, end));
                let proposed = known.filter_map(|version| version.value.proposal.as_ref());
                proposed.filter(|there| there.service == service).map(|there| there.place).collect()
            }
            _ => vec![widened(rules, offer, service)],
        };
        let found = |wanted: &Wanted<'_>| {
            let blocks = |claim: &super::claim::Claim| {
                let beside = offer.seats > 1 && claim.shares(wanted.offer, service);
                !wanted.is_own(claim)
                    && !beside
                    && claim.stood(begun, end)
                    && claim.lives(wanted.now)
                    && places.iter().any(|place| claim.meets(*place))
            };
            self.claims.get(wanted.provider).into_iter().flatten().any(blocks)
        };
        match found(wanted) {
            true => Right::Yes,
            false if found(&wanted.late(begun)) => Right::Torn,
            false => Right::No,
        }
    }

    fn full(&self, offer: &Offer, wanted: &Wanted<'_>, (begun, end): (u64, u64)) -> Right {
        let there = self.claims.get(wanted.provider).into_iter().flatten().filter(|claim| {
            claim.stood(begun, end)
                && claim.lives(wanted.now)
                && claim.shares(wanted.offer, (wanted.start, wanted.end))
        });
        let there: Vec<_> = there.collect();
        let full = |wanted: &Wanted<'_>, (first, last): (u64, u64)| {
            let others = there.iter().filter(|claim| claim.stood(first, last) && !wanted.is_own(claim));
            let given: i64 = others.filter_map(|claim| claim.given.as_ref()).map(|given| given.seats).sum();
            given + wanted.seats > offer.seats
        };
        match (begun..=end).any(|at| full(wanted, (at, at))) {
            true => Right::Yes,
            false if full(&wanted.late(begun), (begun, end)) => Right::Torn,
            false => Right::No,
        }
    }

    fn cap(&self, rules: &Rules, offer: &Offer, wanted: &Wanted<'_>, (begun, end): (u64, u64)) -> Right {
        let all = || self.claims.get(wanted.provider).into_iter().flatten();
        let moments = begun..=end;
        let strict = moments
            .into_iter()
            .any(|at| capped(rules, offer, wanted, all().filter(|claim| claim.stood(at, at))));
        if strict {
            return Right::Yes;
        }
        let union = all().filter(|claim| claim.stood(begun, end));
        let union = capped(rules, offer, &wanted.late(begun), union);
        if union { Right::Torn } else { Right::No }
    }
}
