//! What the tests have in common.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use banister_simulator::dice::Dice;
use banister_simulator::faults::Rates;
use banister_simulator::gate::Gate;

/// The end of what is asked through a gate that lets everybody pass.
pub(crate) async fn through<F: Future>(gate: &Gate, asked: F) -> F::Output {
    let mut asked = pin!(asked);
    let (mut dice, calm) = (Dice::new(0), Rates::calm());
    poll_fn(|context| {
        loop {
            match asked.as_mut().poll(context) {
                Poll::Ready(done) => return Poll::Ready(done),
                Poll::Pending if gate.waiting() => gate.step(&mut dice, &calm),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}
