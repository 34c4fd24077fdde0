//! What the simulator has found, played again by itself.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use banister_domain::availability::{BookingCap, Seats};
use banister_domain::booking::{Actor, BookingType, RescheduleRule};
use banister_domain::id::BookingId;
use banister_domain::service::Service;
use banister_simulator::ask::{Ask, Denied, Outcome, Shown, Wish};
use banister_simulator::client::Delivery;
use banister_simulator::dice::Dice;
use banister_simulator::faults::Rates;
use banister_simulator::world::ZONES;
use jiff::{SignedDuration, Timestamp};

use super::planted::Stage;
use super::support::through;

/// More steps of calls than a booking out of a hold has.
const STEPS: usize = 16;

/// A hold that can be had, and the wish it is for.
async fn held(stage: &mut Stage) -> (Wish, banister_domain::id::HoldId) {
    for hours in 20..60 {
        let wish = Wish {
            customer: stage.customer(1),
            service: stage.world.services[0].id,
            starts_at: stage.world.begins + SignedDuration::from_hours(hours),
            seats: Seats::MIN,
        };
        let ask = Ask::Hold(wish.clone());
        let intention = stage.model.intend(&ask);
        let (attempt, told, commits) = stage.ask(intention, &ask, stage.world.begins).await;
        commits.iter().for_each(|commit| stage.model.commit(commit).unwrap());
        stage.model.answer(attempt, &told).unwrap();
        if let Outcome::Fresh(shown) = told {
            return (wish, shown.id.parse().unwrap());
        }
    }
    panic!("nothing is to be had");
}

/// Between any two steps of a booking out of a hold, the hold is let go: it helps no more from then on.
#[tokio::test(start_paused = true)]
async fn a_hold_that_was_let_go_helps_no_booking() {
    for steps in 0..STEPS {
        let mut stage = Stage::new(&format!("let go after {steps} steps")).await;
        let (wish, hold) = held(&mut stage).await;
        let book = Ask::Book(wish.clone(), Some(hold));
        let intention = stage.model.intend(&book);
        let (now, subject) = (stage.world.begins, stage.customer(0));
        let delivery = Delivery { ask: book, subject, key: "book-a-hold".into(), now, dice: Dice::new(7) };
        let attempt = stage.model.begin(intention, &delivery);
        stage.gate.speak_for(attempt);
        let (mut dice, calm) = (Dice::new(0), Rates::calm());
        let mut booking = pin!(stage.client.clone().serve(delivery));
        let mut told = None;
        for _ in 0..steps {
            if let Poll::Ready(done) = booking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                told = Some(done);
                break;
            }
            stage.gate.step(&mut dice, &calm);
        }
        let go = Ask::LetGo(wish.customer, hold);
        let gone = stage.model.intend(&go);
        // Whose calls are under way stays under way.
        let (letting, answer, commits) = stage.ask(gone, &go, now).await;
        commits.iter().for_each(|commit| stage.model.commit(commit).unwrap());
        stage.model.answer(letting, &answer).unwrap();
        stage.gate.speak_for(attempt);
        let told = match told {
            Some(told) => told,
            None => through(&stage.gate, booking).await,
        };
        for commit in stage.gate.take_commits() {
            stage.model.commit(&commit).unwrap_or_else(|broken| panic!("after {steps} steps: {broken}"));
        }
        stage.model.answer(attempt, &told).unwrap();
    }
}

/// What is asked by itself and at once, seen by the checker, and its answer.
async fn alone(stage: &mut Stage, ask: &Ask, now: Timestamp) -> Outcome {
    let intention = stage.model.intend(ask);
    let (attempt, told, commits) = stage.ask(intention, ask, now).await;
    commits.iter().for_each(|commit| stage.model.commit(commit).unwrap());
    stage.model.answer(attempt, &told).unwrap();
    told
}

fn fresh(told: Outcome) -> Shown {
    match told {
        Outcome::Fresh(shown) => shown,
        other => panic!("{other:?}"),
    }
}

/// Seats of the first service at a full hour of the day after tomorrow, where the provider is.
fn wish(stage: &Stage, customer: usize, hour: i64, seats: u16) -> Wish {
    let (_, ahead) = ZONES[stage.world.providers[0].zone];
    // A round begins at six by UTC.
    let day = stage.world.begins + SignedDuration::from_hours(48 - 6) - SignedDuration::from_mins(ahead);
    Wish {
        customer: stage.customer(customer),
        service: stage.world.services[0].id,
        starts_at: day + SignedDuration::from_hours(hour),
        seats: Seats::new(seats).unwrap(),
    }
}

/// Two places a day: one is held, expires beside a second hold, and is given to another customer. The second hold
/// is one of two, and can be booked.
#[tokio::test(start_paused = true)]
async fn what_expired_beside_a_hold_counts_for_no_limit() {
    let mut stage = Stage::new("expired beside a hold").await;
    let (begins, mut plan) = (stage.world.begins, stage.world.plans[0].clone());
    plan.rules.max_bookings_per_day = Some(BookingCap::new(2).unwrap());
    plan.rules.max_bookings_per_week = None;
    let set = alone(&mut stage, &Ask::SetRules(Box::new(plan)), begins).await;
    assert!(matches!(set, Outcome::Nothing), "{set:?}");
    let [first, own, third] =
        [(1, 10), (2, 13), (3, 16)].map(|(customer, hour)| wish(&stage, customer, hour, 1));
    let after = |seconds| begins + SignedDuration::from_secs(seconds);
    fresh(alone(&mut stage, &Ask::Hold(first), begins).await);
    let hold = fresh(alone(&mut stage, &Ask::Hold(own.clone()), after(60)).await);
    fresh(alone(&mut stage, &Ask::Hold(third), after(605)).await);
    let book = Ask::Book(own, Some(hold.id.parse().unwrap()));
    fresh(alone(&mut stage, &book, after(610)).await);
}

/// A place that was proposed is given to others by a clock that is ahead; who says yes by one that is behind is told
/// that seats are missing, as everybody is.
#[tokio::test(start_paused = true)]
async fn whoever_accepts_a_move_is_told_of_seats_that_are_gone() {
    let fits = |service: &Service| {
        let terms = &service.terms;
        let asked = (terms.booking_type, terms.reschedule) == (BookingType::Instant, RescheduleRule::Consent);
        asked && service.seats > Seats::MIN
    };
    let mut stage = Stage::with("seats of a proposal", fits).await;
    let begins = stage.world.begins;
    let [booked, there] = [(1, 16), (2, 10)].map(|(customer, hour)| wish(&stage, customer, hour, 2));
    let booking = fresh(alone(&mut stage, &Ask::Book(booked, None), begins).await);
    let booking: BookingId = booking.id.parse().unwrap();
    let propose = Ask::Move(booking, there.starts_at, Actor::Customer);
    fresh(alone(&mut stage, &propose, begins).await);
    let over = |seconds| begins + SignedDuration::from_hours(24) + SignedDuration::from_secs(seconds);
    let accept = Ask::Answer(booking, Actor::Provider, Some(there.starts_at));
    fresh(alone(&mut stage, &Ask::Book(there, None), over(10)).await);
    let told = alone(&mut stage, &accept, over(-10)).await;
    assert!(matches!(told, Outcome::Denied(Denied::Full)), "{told:?}");
}
