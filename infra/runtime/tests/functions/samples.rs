//! Every function gets its sample and gives the right answer.

use std::time::Duration;

use banister_checks::files;
use banister_checks::template::{Function as Definition, Template};
use banister_runtime::{Function, Outcome};
use jiff::SignedDuration;
use serde_json::Value;

use crate::world::World;
use crate::{answers, binaries};

/// As long as a function may take in the template.
pub(crate) const LIMIT: Duration = Duration::from_secs(25);

pub(crate) fn template() -> Template {
    Template::parse(&files::read("template.yaml").unwrap()).unwrap()
}

/// Four at a time, since it is their worlds that take the time, on two threads; the names of all that fail are told at
/// the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_answers_its_sample() {
    let samples = files::events().unwrap();
    let functions = template().functions();
    assert!(functions.len() > 30, "the template has only {} functions", functions.len());
    let mut failed = Vec::new();
    for some in functions.chunks(4) {
        let started = some.iter().map(|function| {
            let sample = samples.get(&function.operation()).cloned();
            let sample = sample.unwrap_or_else(|| panic!("{} has no sample", function.id));
            let function = function.clone();
            tokio::spawn(async move { answers_its_sample(&function, &sample).await })
        });
        for (function, task) in some.iter().zip(started.collect::<Vec<_>>()) {
            if task.await.is_err() {
                failed.push(&function.id);
            }
        }
    }
    assert!(failed.is_empty(), "see above for {failed:?}");
}

async fn answers_its_sample(definition: &Definition, sample: &str) {
    let operation = definition.operation();
    // What `expire` finds has waited for its answer for more than a day.
    let age = SignedDuration::from_hours(if operation == "expire" { 25 } else { 0 });
    let mut world = World::start(age).await;
    let event = world.event(&operation, sample).await;
    let environment = world.environment(definition);
    let mut function = Function::start(&binaries::binary(definition.area()), environment).await.unwrap();
    let started = function.ready(LIMIT).await;
    assert_eq!(started, Ok(()), "{operation}: {:?}", function.logs());
    let outcome = function.invoke(event.as_str(), LIMIT).await;
    let Outcome::Answer(answer) = outcome else { panic!("{operation}: {outcome:?} {:?}", function.logs()) };
    let event: Value = serde_json::from_str(&event).unwrap();
    answers::check(definition, &event, &answer);
    answers::effect(&operation, &mut world, &answer).await;
    assert_eq!(function.ready(LIMIT).await, Ok(()), "{operation} goes on");
    assert_eq!(function.stop().await.unwrap().code(), Some(0), "{operation}");
    let failed = function.logs().into_iter().filter(|line| line.contains("ERROR") || line.contains("WARN"));
    assert_eq!(failed.collect::<Vec<_>>(), [""; 0], "{operation}");
    world.cloud.stop().await;
}
