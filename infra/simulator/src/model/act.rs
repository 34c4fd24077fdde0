//! Whether a commit did what one of its requests asked for, once, and left everything that explains it.

use banister_domain::booking::{Actor, Command};

use super::facts::Status;
use super::fate::{Fate, Turn};
use super::{Checked, LINEAR, LOST, Model, ONCE, broken, latest};
use crate::ask::{Ask, Shown, Wish};
use crate::peer::Commit;

impl Model {
    /// Each change of a booking has its line, the next revision, and one event of the right type.
    pub(super) fn check_books(&mut self, fate: &Fate) -> Checked {
        let mut events = fate.events.clone();
        for turn in &fate.turns {
            let (id, revision) = (&turn.after.id, turn.after.revision);
            let follows = turn.before.as_ref().map_or(0, |before| before.revision + 1);
            let status = turn.before.as_ref().map(|before| before.status);
            if revision != follows || turn.line.from != status || turn.line.to != Some(turn.after.status) {
                return broken(LOST, format!("{id}: {:?} does not follow", turn.line));
            }
            if !self.history.entry(id.clone()).or_default().insert(revision) {
                return broken(LOST, format!("{id}: revision {revision} was there"));
            }
            let wanted = (id.clone(), event_of(turn).to_owned());
            let Some(place) = events.iter().position(|event| *event == wanted) else {
                return broken(LOST, format!("{wanted:?} is not told, but {events:?}"));
            };
            let (id, kind) = events.swap_remove(place);
            self.events.entry(id).or_default().push(kind);
        }
        for line in &fate.rewritten {
            let moved = |turn: &Turn| turn.after.id == line.booking && turn.line.step.is_some();
            if line.revision != 0 || !fate.turns.iter().any(moved) {
                return broken(LOST, format!("{line:?} is written anew"));
            }
        }
        if events.is_empty() { Ok(()) } else { broken(ONCE, format!("{events:?} are told of nothing")) }
    }

    /// Counts what a commit did for the request behind it, and refuses what that did not ask for.
    pub(super) fn credit(&mut self, by: usize, fate: &Fate, commit: &Commit) -> Checked {
        let attempt = &self.attempts[by];
        let (refused, number) = (attempt.refused, attempt.intention);
        let ask = self.intentions[number].ask.clone();
        let turns: Vec<&Turn> = fate.turns.iter().filter(|turn| !turn.by_time()).collect();
        let gone = |hold: &str| latest(self.holds.get(hold)).is_none();
        if matches!(ask, Ask::Book(..)) && !fate.vain.is_empty() {
            return broken(LINEAR, format!("request {by} books out of {:?}, which is gone", fate.vain));
        }
        let Some(done) = done(&ask, fate, &turns, gone) else {
            let idle = turns.is_empty() && fate.held.is_empty() && fate.added.is_empty();
            // What time does, anybody may write down on the way.
            let may = match &ask {
                Ask::LetGo(_, hold) => fate.released.iter().all(|released| released.id == hold.to_string()),
                Ask::RemoveVacation(..) | Ask::SetRules(_) => true,
                _ => fate.released.is_empty() && fate.rules.is_none(),
            };
            if idle && may && fate.receipts.is_empty() {
                return Ok(());
            }
            return broken(LINEAR, format!("request {by} did what it was not asked for: {fate}"));
        };
        if refused {
            return broken(LINEAR, format!("request {by} was refused, and then took effect: {fate}"));
        }
        if let Some((earlier, ..)) = self.intentions[number].effects.first() {
            let at = commit.number;
            return broken(ONCE, format!("{ask:?} took effect in commit {earlier} and in commit {at}"));
        }
        if fate.receipts != [Some(done.clone())] {
            return broken(ONCE, format!("{done:?} was done, and the receipts are {:?}", fate.receipts));
        }
        self.intentions[number].effects.push((commit.number, by, done));
        Ok(())
    }
}

fn event_of(turn: &Turn) -> &'static str {
    match (&turn.line.step, turn.after.status) {
        (Some((step, _)), _) if step == "proposed" => "booking.reschedule_proposed",
        (Some((step, _)), _) if step == "declined" => "booking.reschedule_declined",
        (Some(_), _) => "booking.rescheduled",
        (None, Status::Requested) => "booking.requested",
        (None, Status::Confirmed) => "booking.confirmed",
        (None, Status::Declined) => "booking.declined",
        (None, Status::Cancelled) => "booking.cancelled",
        (None, Status::Expired) => "booking.expired",
        (None, Status::Completed) => "booking.completed",
        (None, Status::NoShow) => "booking.no_show",
    }
}

/// What is shown of what was asked for, if this commit did exactly that.
fn done(ask: &Ask, fate: &Fate, turns: &[&Turn], gone: impl Fn(&str) -> bool) -> Option<Shown> {
    let only = |turn: &Turn| {
        let quiet = fate.held.is_empty() && fate.released.is_empty() && fate.rules.is_none();
        quiet.then(|| show(turn))
    };
    match (ask, turns) {
        (Ask::Book(wish, hold), [turn]) => {
            let after = &turn.after;
            let seen = (after.customer.as_str(), after.offer.as_str(), after.service.0, after.seats);
            let used: Vec<_> = fate.released.iter().map(|hold| hold.id.clone()).collect();
            let own: Vec<_> = hold.iter().map(ToString::to_string).collect();
            // A hold that was let go meanwhile helps nothing, and harms nothing.
            let own = used == own || (used.is_empty() && own.iter().all(|hold| gone(hold)));
            let right = turn.before.is_none() && is(wish, seen) && own && fate.held.is_empty();
            right.then(|| show(turn))
        }
        (Ask::Hold(wish), []) => {
            let [hold] = fate.held.as_slice() else { return None };
            let seen = (hold.customer.as_str(), hold.offer.as_str(), hold.service.0, hold.seats);
            let told = Shown { id: hold.id.clone(), revision: 0, starts_at: Some(wish.starts_at) };
            (is(wish, seen) && fate.released.is_empty()).then_some(told)
        }
        (Ask::Command(id, command, actor), [turn]) => {
            let right = turn.after.id == id.to_string()
                && turn.line.actor == name(*actor)
                && turn.line.step.is_none()
                && turn.before.is_some()
                && turn.after.status == leads_to(*command);
            if right { only(turn) } else { None }
        }
        (Ask::StaffCancel(id), [turn]) => {
            let right = turn.after.id == id.to_string()
                && turn.line.actor == "staff"
                && turn.after.status == Status::Cancelled;
            if right { only(turn) } else { None }
        }
        (Ask::Move(id, starts_at, actor), [turn]) => {
            let before = turn.before.as_ref()?;
            let at_once = *actor == Actor::Staff || (*actor == Actor::Customer && before.free);
            let step = if at_once { "moved" } else { "proposed" };
            let there = match &turn.after.proposal {
                Some(proposal) if !at_once => proposal.service.0,
                _ => turn.after.service.0,
            };
            let right = turn.after.id == id.to_string()
                && turn.line.actor == name(*actor)
                && turn.line.step == Some((step.to_owned(), starts_at.as_second()))
                && there == starts_at.as_second();
            if right { only(turn) } else { None }
        }
        (Ask::Answer(id, actor, said), [turn]) => {
            let step = turn.line.step.as_ref().map(|(step, _)| step.as_str());
            let right = turn.after.id == id.to_string()
                && turn.line.actor == name(*actor)
                && step == Some(if said.is_some() { "moved" } else { "declined" })
                && turn.after.proposal.is_none()
                && said.is_none_or(|start| start.as_second() == turn.after.service.0);
            if right { only(turn) } else { None }
        }
        (Ask::AddVacation(provider, _), []) => {
            let [id] = fate.added.as_slice() else { return None };
            let theirs = fate.rules.as_deref() == Some(provider.to_string().as_str());
            let right = theirs && fate.held.is_empty() && fate.released.is_empty();
            right.then(|| Shown { id: id.clone(), revision: 0, starts_at: None })
        }
        _ => None,
    }
}

fn is(wish: &Wish, (customer, offer, start, seats): (&str, &str, i64, i64)) -> bool {
    customer == wish.customer.to_string()
        && offer == wish.service.to_string()
        && start == wish.starts_at.as_second()
        && seats == i64::from(wish.seats.get())
}

fn show(turn: &Turn) -> Shown {
    Shown {
        id: turn.after.id.clone(),
        revision: u32::try_from(turn.after.revision).unwrap_or(u32::MAX),
        starts_at: jiff::Timestamp::from_second(turn.after.service.0).ok(),
    }
}

pub(super) const fn name(actor: Actor) -> &'static str {
    match actor {
        Actor::Customer => "customer",
        Actor::Provider => "provider",
        Actor::Staff => "staff",
        Actor::Time => "time",
    }
}

const fn leads_to(command: Command) -> Status {
    match command {
        Command::Confirm => Status::Confirmed,
        Command::Decline => Status::Declined,
        Command::Cancel => Status::Cancelled,
        Command::Expire => Status::Expired,
        Command::Complete => Status::Completed,
        Command::MarkNoShow => Status::NoShow,
    }
}
