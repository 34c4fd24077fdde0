//! What the simulator has found, played again by itself.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use banister_domain::availability::Seats;
use banister_simulator::ask::{Ask, Outcome, Wish};
use banister_simulator::client::Delivery;
use banister_simulator::dice::Dice;
use banister_simulator::faults::Rates;
use jiff::SignedDuration;

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
