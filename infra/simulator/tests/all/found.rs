//! What the simulator has found, played again by itself.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use banister_domain::availability::{BookingCap, Seats};
use banister_simulator::ask::{Ask, Outcome, Wish};
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
    // Rounds begin at six; tomorrow from ten o'clock on, where the provider is.
    let (_, ahead) = ZONES[stage.world.providers[0].zone];
    let ten = begins + SignedDuration::from_hours(28) - SignedDuration::from_mins(ahead);
    let service = stage.world.services[0].id;
    let customers = [1, 2, 3].map(|number| stage.customer(number));
    let wish = |number: usize, hours| Wish {
        customer: customers[number],
        service,
        starts_at: ten + SignedDuration::from_hours(hours),
        seats: Seats::MIN,
    };
    let after = |seconds| begins + SignedDuration::from_secs(seconds);
    let first = alone(&mut stage, &Ask::Hold(wish(0, 0)), begins).await;
    assert!(matches!(first, Outcome::Fresh(_)), "{first:?}");
    let own = alone(&mut stage, &Ask::Hold(wish(1, 3)), after(60)).await;
    let Outcome::Fresh(own) = own else { panic!("{own:?}") };
    let third = alone(&mut stage, &Ask::Hold(wish(2, 6)), after(605)).await;
    assert!(matches!(third, Outcome::Fresh(_)), "{third:?}");
    let booked = Ask::Book(wish(1, 3), Some(own.id.parse().unwrap()));
    let booked = alone(&mut stage, &booked, after(610)).await;
    assert!(matches!(booked, Outcome::Fresh(_)), "{booked:?}");
}
