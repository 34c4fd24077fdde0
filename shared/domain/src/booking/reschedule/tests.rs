use super::*;
use crate::booking::{CancellationPolicy, Command, GraceMinutes, LeadMinutes, RefundReason, Terms, Tier};
use crate::id::Id;
use crate::resource::ResourceIds;

const ID: (u64, u128) = (1, 9);

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// Confirmed, on 10 March from 10:00 to 11:00; moved in full until a day before, for half until an hour before.
fn booking(rule: RescheduleRule) -> Booking {
    let tier = |before, share| Tier {
        before_minutes: LeadMinutes::new(before).expect("minutes"),
        refund_percent: Percent::new(share).expect("a share"),
    };
    let cancellation =
        CancellationPolicy::new(GraceMinutes::MIN, vec![tier(1_440, 100), tier(60, 50)], Percent::MIN);
    let cancellation = cancellation.expect("a policy");
    let terms = Terms { reschedule: rule, cancellation, ..Terms::default() };
    Booking { terms, ..crate::booking::state::tests::booking(Status::Confirmed) }
}

fn place(starts_at: &str) -> Place {
    let (starts_at, length) = (at(starts_at), SignedDuration::from_hours(1));
    let ends_at = starts_at + length;
    let local_start = starts_at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let occupies = Interval::new(starts_at, ends_at).expect("an interval");
    Place { starts_at, ends_at, time_zone: Zone::UTC, local_start, occupies, resource_ids: ResourceIds::NONE }
}

fn id() -> ProposalId {
    Id::from_parts(ID.0, ID.1)
}

#[test]
fn with_consent_it_stays_until_the_other_side_says_yes() {
    let (before, now) = (booking(RescheduleRule::Consent), at("2026-03-08T08:00:00Z"));
    let there = place("2026-03-12T15:00:00Z");
    let asked = before.reschedule(id(), there.clone(), (Actor::Customer, None), now).expect("a proposal");
    assert_eq!(asked.place, PlaceChange::Keep);
    assert_eq!(asked.booking.starts_at, before.starts_at);
    assert_eq!(asked.history.reschedule.expect("a move").step, RescheduleStep::Proposed);
    let proposal = asked.booking.open_proposal(now).expect("a proposal").clone();
    assert_eq!(proposal.expires_at, at("2026-03-09T08:00:00Z"), "a day to answer");
    let held = asked.booking.proposed(&proposal);
    assert_eq!((held.owner, held.until), (id().into(), Some(proposal.expires_at)));
    assert_eq!((held.interval, held.seats()), (there.occupies, 1));
    let refusal = asked.booking.accept(Actor::Customer, now).expect_err("the own proposal");
    let allowed: Vec<_> = refusal.allowed.into_iter().map(Action::as_str).collect();
    assert_eq!(allowed, ["cancel", "reschedule", "decline_reschedule"]);
    let done = asked.booking.accept(Actor::Provider, now).expect("a move");
    assert_eq!((done.place, done.booking.proposal.clone()), (PlaceChange::Move, None));
    assert_eq!((done.booking.starts_at, done.booking.occupies), (there.starts_at, there.occupies));
    assert_eq!((done.history.revision, done.booking.revision), (2, 2));
    let moved = done.history.reschedule.expect("a move");
    assert_eq!((moved.from, moved.to), (before.starts_at, there.starts_at));
    assert_eq!(done.history.actor_id, Some(before.provider_id));
}

#[test]
fn a_proposal_ends_with_its_deadline_and_with_an_answer() {
    let (before, now) = (booking(RescheduleRule::Consent), at("2026-03-08T08:00:00Z"));
    let asked = before.reschedule(id(), place("2026-03-12T15:00:00Z"), (Actor::Provider, None), now);
    let asked = asked.expect("a proposal").booking;
    let late = at("2026-03-09T08:00:00Z");
    assert!(asked.accept(Actor::Customer, late).is_err() && asked.open_proposal(late).is_none());
    assert!(asked.decline_proposal(Actor::Customer, None, late).is_err());
    for side in [Actor::Customer, Actor::Provider] {
        let done = asked.decline_proposal(side, None, now).expect("a refusal");
        assert_eq!((done.booking.proposal, done.place), (None, PlaceChange::Keep));
        assert_eq!(done.booking.starts_at, before.starts_at);
    }
    let gone = asked.change(Command::Cancel, Actor::Customer, None, now).expect("cancelled").booking;
    assert_eq!(gone.proposal, None);
    // The sooner of the two starts, where it is nearer than a day.
    let soon = before.reschedule(
        id(),
        place("2026-03-10T09:00:00Z"),
        (Actor::Provider, None),
        at("2026-03-10T07:00:00Z"),
    );
    assert_eq!(
        soon.expect("a proposal").booking.proposal.expect("one").expires_at,
        at("2026-03-10T09:00:00Z")
    );
}

#[test]
fn who_may_move_what_and_when() {
    let there = || place("2026-03-12T15:00:00Z");
    let (early, started) = (at("2026-03-08T08:00:00Z"), at("2026-03-10T10:00:00Z"));
    let free = booking(RescheduleRule::Free);
    let by_provider = free.reschedule(id(), there(), (Actor::Provider, None), early).expect("a proposal");
    assert_eq!((by_provider.place, by_provider.booking.starts_at), (PlaceChange::Keep, free.starts_at));
    for actor in [Actor::Customer, Actor::Staff] {
        let moved = free.reschedule(id(), there(), (actor, None), early).expect("a move");
        assert_eq!(moved.place, PlaceChange::Move, "{actor:?}");
        assert!(free.reschedule(id(), there(), (actor, None), started).is_err(), "{actor:?}");
    }
    assert!(free.reschedule(id(), there(), (Actor::Time, None), early).is_err());
    let asked = booking(RescheduleRule::Consent);
    let by_staff = asked.reschedule(id(), there(), (Actor::Staff, None), early).expect("a move");
    assert_eq!(by_staff.place, PlaceChange::Move);
    for status in Status::ALL.into_iter().filter(|status| *status != Status::Confirmed) {
        let other = Booking { status, ..free.clone() };
        assert!(other.reschedule(id(), there(), (Actor::Customer, None), early).is_err(), "{status:?}");
    }
}

/// Moving away, and then calling off for nothing, would go round the terms.
#[test]
fn moving_late_gives_back_no_more_later() {
    let late = at("2026-03-10T08:00:00Z");
    let there = place("2026-03-20T15:00:00Z");
    let moved = |actor| {
        let change = booking(RescheduleRule::Free).reschedule(id(), there.clone(), (actor, None), late);
        change.expect("a move").booking
    };
    let (refund, _) = moved(Actor::Customer).cancellation(Actor::Customer, late).expect("a refund");
    assert_eq!((refund.percent.get(), refund.reason), (50, RefundReason::Moved));
    let (refund, _) = moved(Actor::Customer).cancellation(Actor::Provider, late).expect("a refund");
    assert_eq!((refund.percent.get(), refund.reason), (100, RefundReason::ByProvider));
    let (refund, _) = moved(Actor::Staff).cancellation(Actor::Customer, late).expect("a refund");
    assert_eq!((refund.percent.get(), refund.reason), (100, RefundReason::InTime));
    // Once more, in time: the first one still counts. And where a yes was needed for it, likewise.
    let again =
        moved(Actor::Customer).reschedule(id(), place("2026-03-25T15:00:00Z"), (Actor::Customer, None), late);
    assert_eq!(again.expect("a move").booking.refund_at_most, Percent::new(50).ok());
    // In time, and then late: the least counts.
    let early = booking(RescheduleRule::Free);
    let early = early.reschedule(
        id(),
        place("2026-03-12T15:00:00Z"),
        (Actor::Customer, None),
        at("2026-03-08T08:00:00Z"),
    );
    let early = early.expect("a move").booking;
    assert_eq!(early.refund_at_most, Some(Percent::MAX));
    let then = early.reschedule(id(), there.clone(), (Actor::Customer, None), at("2026-03-12T10:00:00Z"));
    assert_eq!(then.expect("a move").booking.refund_at_most, Percent::new(50).ok());
    let asked = booking(RescheduleRule::Consent).reschedule(id(), there, (Actor::Customer, None), late);
    let agreed = asked.expect("a proposal").booking.accept(Actor::Provider, late).expect("a move").booking;
    assert_eq!(agreed.refund_at_most, Percent::new(50).ok());
}

/// The share falls where the tiers fall below it, and a no-show gets no more than was left.
#[test]
fn what_is_left_of_a_refund_falls_with_the_tiers() {
    let late = at("2026-03-10T08:00:00Z");
    let tier = |before, share| Tier {
        before_minutes: LeadMinutes::new(before).expect("minutes"),
        refund_percent: Percent::new(share).expect("a share"),
    };
    let tiers = vec![tier(1_440, 100), tier(60, 50)];
    let half = Percent::new(80).expect("a share");
    let cancellation = CancellationPolicy::new(GraceMinutes::MIN, tiers, half).expect("a policy");
    let terms = Terms { cancellation, ..booking(RescheduleRule::Free).terms };
    let before = Booking { terms, ..booking(RescheduleRule::Free) };
    let there = place("2026-03-20T15:00:00Z");
    let moved = before.reschedule(id(), there, (Actor::Customer, None), late).expect("a move").booking;
    let (refund, until) = moved.cancellation(Actor::Customer, late).expect("a refund");
    assert_eq!((refund.percent.get(), until), (50, Some(at("2026-03-20T14:00:00.000000001Z"))));
    let absent = moved.change(Command::MarkNoShow, Actor::Provider, None, at("2026-03-20T15:00:00Z"));
    assert_eq!(absent.expect("a no-show").booking.refund.expect("a refund").percent.get(), 50);
    let never = before.change(Command::MarkNoShow, Actor::Provider, None, at("2026-03-10T10:00:00Z"));
    assert_eq!(never.expect("a no-show").booking.refund.expect("a refund").percent.get(), 80);
}

#[test]
fn a_booking_is_not_moved_for_ever() {
    let (before, now) = (booking(RescheduleRule::Free), at("2026-03-08T08:00:00Z"));
    let often = |revision| Booking { revision, ..before.clone() };
    let there = || place("2026-03-12T15:00:00Z");
    let most = crate::booking::MOST_CHANGES;
    assert!(often(most - 1).reschedule(id(), there(), (Actor::Customer, None), now).is_ok());
    let refusal = often(most).reschedule(id(), there(), (Actor::Customer, None), now).expect_err("too often");
    assert_eq!(refusal.allowed, [Action::Command(Command::Cancel)]);
}
