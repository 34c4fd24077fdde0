//! Some seeds, a few thousand requests each.

use std::sync::Mutex;

use banister_simulator::ask::Outcome;
use banister_simulator::faults::Fault;
use banister_simulator::model::{LINEAR, LOST, ONCE};
use banister_simulator::peer::Flaw;
use banister_simulator::run::{Plan, Played, run};

fn play(seed: u64, operations: u64, threads: usize) -> Played {
    let plan = Plan { seed, operations, threads, round: None, flaw: None };
    let played = run(&plan, |_, _| {}).unwrap();
    if let Some((round, failure)) = &played.failure {
        panic!("seed {seed}, round {round}: {}\n{}", failure.violation, failure.events.join("\n"));
    }
    played
}

#[test]
fn no_seed_breaks_a_rule_and_all_of_it_takes_place() {
    let seen = Mutex::new(Played::default().tally);
    for seed in 1..=2 {
        seen.lock().unwrap().add(&play(seed, 2_000, 2).tally);
    }
    let tally = seen.into_inner().unwrap();
    let faults = [
        Fault::Conflict,
        Fault::Throttle,
        Fault::LostBefore,
        Fault::LostAfter,
        Fault::Severed,
        Fault::HangBefore,
        Fault::HangAfter,
        Fault::Partial,
        Fault::Crash,
        Fault::Duplicate,
        Fault::Late,
        Fault::ClockJump,
    ];
    for fault in faults {
        assert!(tally.injected.0.contains_key(&fault), "{fault:?} never took place");
    }
    let done = Outcome::Nothing.name();
    for (asked, told) in [
        ("book", "done"),
        ("book", "replayed"),
        ("book", "refused: taken"),
        ("book", "refused: full"),
        ("book", "refused: limit reached"),
        ("book a hold", "done"),
        ("hold", "done"),
        ("let a hold go", done),
        ("confirm", "done"),
        ("decline", "done"),
        ("cancel", "done"),
        ("cancel", "refused: wrong state"),
        ("cancel by staff", "done"),
        ("complete", "done"),
        ("mark as no-show", "done"),
        ("reschedule", "done"),
        ("move by staff", "done"),
        ("accept a move", "done"),
        ("decline a move", "done"),
        ("add a vacation", "done"),
        ("remove a vacation", done),
        ("change the rules", done),
        ("expire and complete what is due", done),
    ] {
        assert!(tally.answers.contains_key(&(asked, told)), "nobody was told {told:?} of {asked:?}");
    }
}

#[test]
fn a_seed_is_the_same_history_on_any_number_of_threads() {
    let (one, two) = (play(7, 1_100, 1), play(7, 1_100, 2));
    assert_eq!((one.tally, one.rounds), (two.tally, two.rounds));
}

/// `mutants.py` takes more out of the guard itself; these need no other build of it.
#[test]
fn a_guard_that_its_table_lets_down_is_noticed() {
    let flaws =
        [(Flaw::Version, LOST), (Flaw::Receipt, ONCE), (Flaw::Buffers, LINEAR), (Flaw::Expiry, LINEAR)];
    for (flaw, rule) in flaws {
        let plan = Plan { seed: 1, operations: 10_000, threads: 1, round: None, flaw: Some(flaw) };
        let (_, failure) =
            run(&plan, |_, _| {}).unwrap().failure.unwrap_or_else(|| panic!("{flaw:?} was not noticed"));
        assert_eq!(failure.violation.rule, rule, "{flaw:?}: {}", failure.violation);
    }
}
