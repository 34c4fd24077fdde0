//! The days follow from what has a right to them, and nobody stands where another one does.

use std::collections::BTreeSet;

use super::claim::{self, Claim};
use super::facts::{Booking, Entry, Given, Hold, Offer, Rules, day_number, days_of};
use super::{Checked, FORM, LOST, Model, OVERLAP, Violation, broken, change, read};
use crate::peer::{Commit, Item, text};

/// What a commit moved.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Owners whose right or whose entries changed.
    owners: BTreeSet<String>,
    /// Provider, place among the claims, and whether the owner had that place before, of rights that are new.
    added: Vec<(String, usize, bool)>,
    /// Days that were written.
    days: BTreeSet<(String, i64)>,
}

impl Model {
    /// Takes over what a commit wrote.
    pub(super) fn follow(&mut self, commit: &Commit) -> Result<Moved, Violation> {
        let mut moved = Moved::default();
        self.commits = commit.number;
        for write in &commit.writes {
            let kind = write.after.as_ref().or(write.before.as_ref()).and_then(|item| text(item, "t"));
            let after = write.after.as_ref();
            match kind {
                // Nothing was there to be deleted.
                None if after.is_none() => {}
                Some("booking") => {
                    let item = after.ok_or_else(|| lost("a booking was deleted"))?;
                    let booking = read(item, Booking::read)?;
                    self.claim(&booking.provider, &booking.id, claim::of_booking(&booking), &mut moved);
                    change(self.bookings.entry(booking.id.clone()).or_default(), Some(booking), self.commits);
                }
                Some("hold") => self.follow_hold(write.before.as_ref(), after, &mut moved)?,
                Some("calendar_rules") => {
                    let item = after.ok_or_else(|| lost("rules were deleted"))?;
                    let provider = text(item, "provider_id").unwrap_or_default().to_owned();
                    let rules = read(item, Rules::read)?;
                    self.claim(&provider, &provider, claim::of_rules(&rules), &mut moved);
                    change(self.rules.entry(provider).or_default(), Some(rules), self.commits);
                }
                Some("calendar_day") => {
                    let item = after.ok_or_else(|| lost("a day was deleted"))?;
                    self.follow_day(item, &mut moved)?;
                }
                Some("service") => {
                    let item = after.ok_or_else(|| lost("a service was deleted"))?;
                    let id = text(item, "id").unwrap_or_default().to_owned();
                    self.offers.insert(id, read(item, Offer::read)?);
                }
                Some("booking_history" | "outbox" | "receipt" | "calendar_week" | "user" | "audit") => {}
                other => return broken(FORM, format!("an item of type {other:?}")),
            }
        }
        Ok(moved)
    }

    fn follow_hold(&mut self, before: Option<&Item>, after: Option<&Item>, moved: &mut Moved) -> Checked {
        let Some(item) = after.or(before) else { return Ok(()) };
        let hold = read(item, Hold::read)?;
        let claims = if after.is_some() { claim::of_hold(&hold) } else { Vec::new() };
        self.claim(&hold.provider, &hold.id, claims, moved);
        let at = self.commits;
        change(self.holds.entry(hold.id.clone()).or_default(), after.is_some().then_some(hold), at);
        Ok(())
    }

    fn follow_day(&mut self, item: &Item, moved: &mut Moved) -> Checked {
        let provider = text(item, "provider_id").unwrap_or_default().to_owned();
        let date = text(item, "date").and_then(day_number);
        let day = (provider, date.ok_or_else(|| Violation { rule: FORM, what: "a date".into() })?);
        let entries = read(item, Entry::of_day)?;
        for old in self.days.get(&day).into_iter().flatten() {
            if !entries.contains(old) {
                moved.owners.insert(old.owner.clone());
            }
            if let Some(found) = self.found.get_mut(&old.owner) {
                found.remove(&day);
            }
        }
        for entry in &entries {
            if !self.days.get(&day).is_some_and(|old| old.contains(entry)) {
                moved.owners.insert(entry.owner.clone());
            }
            self.found.entry(entry.owner.clone()).or_default().insert(day.clone());
        }
        moved.days.insert(day.clone());
        self.days.insert(day, entries);
        Ok(())
    }

    /// What an item gives a right to, in the stead of what it did before.
    fn claim(&mut self, provider: &str, item: &str, claims: Vec<Claim>, moved: &mut Moved) {
        let at = self.commits;
        let all = self.claims.entry(provider.to_owned()).or_default();
        let of_item = |claim: &Claim| {
            claim.owner == item
                || claim.parent.as_deref() == Some(item)
                || (item == provider && claim.owner.starts_with("vac_"))
        };
        let mut had = BTreeSet::new();
        for claim in all.iter_mut().filter(|claim| claim.died == u64::MAX && of_item(claim)) {
            had.insert((claim.owner.clone(), claim.place));
            if claims.iter().any(|new| new.same(claim)) {
                continue;
            }
            claim.died = at;
            self.standing.remove(&claim.owner);
            moved.owners.insert(claim.owner.clone());
        }
        for claim in claims {
            if self.standing.contains_key(&claim.owner) || self.displaced.contains(&claim.owner) {
                continue;
            }
            moved.owners.insert(claim.owner.clone());
            let kept = had.contains(&(claim.owner.clone(), claim.place));
            moved.added.push((provider.to_owned(), all.len(), kept));
            self.standing.insert(claim.owner.clone(), (provider.to_owned(), all.len()));
            all.push(Claim { born: at, ..claim });
        }
    }

    /// Every day that an owner has a right to has its entry, and no other one has.
    pub(super) fn check_days(&mut self, moved: &Moved, now: i64, at: u64) -> Checked {
        for owner in &moved.owners {
            let found: Vec<_> = self.found.get(owner).into_iter().flatten().cloned().collect();
            let Some((provider, place)) = self.standing.get(owner).cloned() else {
                self.check_gone(owner, &found, now)?;
                continue;
            };
            let claim = &self.claims[&provider][place];
            if found.is_empty() && claim.parent.is_some() | owner.starts_with("hld_") && !claim.lives(now) {
                // It had expired, and somebody took its place.
                self.displaced.insert(owner.clone());
                self.standing.remove(owner);
                if let Some(claim) = self.claims.get_mut(&provider).and_then(|all| all.get_mut(place)) {
                    claim.died = at;
                }
                continue;
            }
            let wanted: BTreeSet<_> = days_of(claim.place).map(|day| (provider.clone(), day)).collect();
            if !found.iter().eq(wanted.iter()) {
                return broken(LOST, format!("{owner} has a right to {wanted:?} and stands in {found:?}"));
            }
            let entry = claim.entry();
            for day in &found {
                let entries = &self.days[day];
                if entries.iter().filter(|other| other.owner == *owner).ne([&entry]) {
                    return broken(LOST, format!("{owner} should stand as {entry:?} in {entries:?}"));
                }
            }
        }
        moved.days.iter().try_for_each(|day| self.check_day(day))
    }

    /// Whoever has no right stands nowhere, but for what is over or was forgotten.
    fn check_gone(&self, owner: &str, found: &[(String, i64)], now: i64) -> Checked {
        let over = |day| {
            let entries: &[Entry] = &self.days[day];
            entries.iter().filter(|entry| entry.owner == owner).all(|entry| entry.place.1 <= now)
        };
        let may = self.forgotten.contains(owner) || (owner.starts_with("vac_") && found.iter().all(over));
        if found.is_empty() || may {
            return Ok(());
        }
        broken(LOST, format!("{owner} has no right to a place and stands in {found:?}"))
    }

    /// No two entries of a day overlap, whatever any clock shows, but for those who share.
    fn check_day(&self, day: &(String, i64)) -> Checked {
        let entries = &self.days[day];
        for (number, one) in entries.iter().enumerate() {
            let Some(given) = &one.given else { continue };
            let others = entries[number + 1..]
                .iter()
                .filter(|two| two.given.is_some() && one.place.0 < two.place.1 && two.place.0 < one.place.1);
            for two in others {
                if self.is_one(&one.owner, &two.owner)
                    || two.given.as_ref().is_some_and(|two| same(given, two))
                {
                    continue;
                }
                return broken(OVERLAP, format!("{one:?} and {two:?} stand in one day"));
            }
            let here = |entry: &&Entry| entry.given.as_ref().is_some_and(|other| same(given, other));
            let together: Vec<&Entry> = entries.iter().filter(here).collect();
            // A booking that is to move to where it is sits there once.
            let twice = |entry: &Entry| {
                let parent = self.parent(&entry.owner);
                parent.is_some_and(|parent| together.iter().any(|other| other.owner == parent))
            };
            let once = together.iter().filter(|entry| !twice(entry));
            let seats: i64 = once.filter_map(|entry| entry.given.as_ref()).map(|other| other.seats).sum();
            let room = self.offers.get(&given.offer).map_or(1, |offer| offer.seats);
            if seats > room {
                return broken(OVERLAP, format!("{seats} seats of {room} are given at {given:?}"));
            }
        }
        Ok(())
    }

    /// Nobody gets a right to a place that another one has at that moment.
    pub(super) fn check_overlap(&self, moved: &Moved, now: i64) -> Checked {
        for (provider, place, kept) in &moved.added {
            let all = &self.claims[provider];
            let new = &all[*place];
            let Some(given) = &new.given else { continue };
            let mut seats = given.seats;
            for other in all.iter().filter(|other| other.died == u64::MAX && other.owner != new.owner) {
                if !other.meets(new.place) || !other.lives(now) || self.is_one(&new.owner, &other.owner) {
                    continue;
                }
                // A booking that is to move to where it is sits there once.
                let twice = |claim: &Claim| {
                    let there = claim.given.as_ref().is_some_and(|there| same(given, there));
                    there && claim.died == u64::MAX && other.parent.as_ref() == Some(&claim.owner)
                };
                match &other.given {
                    Some(there) if same(given, there) && all.iter().any(twice) => {}
                    Some(there) if same(given, there) => seats += there.seats,
                    // What was there before a vacation stays, and is confirmed or not.
                    None if *kept => {}
                    _ => return broken(OVERLAP, format!("{new:?} is given where {other:?} is")),
                }
            }
            let room = self.offers.get(&given.offer).map_or(1, |offer| offer.seats);
            if seats > room {
                return broken(OVERLAP, format!("{seats} seats of {room} are given by {new:?}"));
            }
        }
        Ok(())
    }

    /// Whether one is the place of a booking, and the other one where it may move.
    fn is_one(&self, one: &str, two: &str) -> bool {
        self.parent(one) == Some(two) || self.parent(two) == Some(one)
    }

    /// The booking that a proposal is for.
    fn parent(&self, owner: &str) -> Option<&str> {
        let (provider, place) = self.standing.get(owner)?;
        self.claims[provider][*place].parent.as_deref()
    }
}

fn same(one: &Given, two: &Given) -> bool {
    (&one.offer, one.service) == (&two.offer, two.service)
}

fn lost(what: &str) -> Violation {
    Violation { rule: LOST, what: what.into() }
}
