//! What a function does when something is wrong, and when it is told to end.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use banister_checks::template::Function as Definition;
use banister_runtime::{Function, Outcome};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::binaries::binary;
use crate::samples::{LIMIT, template};
use crate::world::{World, setting};

/// One function of each area.
fn areas() -> Vec<Definition> {
    let mut functions = template().functions();
    functions.sort_by_key(|function| function.area().to_owned());
    functions.dedup_by_key(|function| function.area().to_owned());
    functions
}

async fn panicking(handler: &str) -> Function {
    let environment = [("_HANDLER".to_owned(), handler.to_owned())];
    Function::start(Path::new(env!("CARGO_BIN_EXE_panicking")), environment).await.unwrap()
}

/// A request as the gateway sends it.
fn request(path: &str) -> String {
    let http = json!({ "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1" });
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": { "host": "api.example.com" }, "isBase64Encoded": false,
        "requestContext": { "http": http, "stage": "$default", "requestId": "one", "timeEpoch": 0 },
    });
    event.to_string()
}

fn messages(bodies: &[&str]) -> String {
    let record =
        |body| json!({ "messageId": format!("id of {body}"), "body": body, "eventSource": "aws:sqs" });
    json!({ "Records": bodies.iter().map(record).collect::<Value>() }).to_string()
}

fn answer(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Answer(answer) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

#[tokio::test]
async fn a_panic_is_answered_with_a_problem_and_the_next_call_works() {
    let mut function = panicking("bootstrap").await;
    for round in 0..2 {
        let good = answer(function.invoke(request("/v1/things/good"), LIMIT).await);
        assert_eq!((&good["statusCode"], &good["body"]), (&json!(200), &json!("good")), "{round}");
        let bad = answer(function.invoke(request("/v1/things/panic"), LIMIT).await);
        assert_eq!(bad["statusCode"], 500);
        assert_eq!(bad["headers"]["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_str(bad["body"].as_str().unwrap()).unwrap();
        assert_eq!((&problem["status"], &problem["code"]), (&json!(500), &json!("internal")));
        assert_eq!(problem["request_id"], bad["headers"]["x-request-id"]);
        assert!(!problem.to_string().contains("as asked"), "{problem}");
    }
}

#[tokio::test]
async fn a_panic_fails_its_message_only() {
    let mut function = panicking("messages").await;
    let failed = answer(function.invoke(messages(&["one", "panic", "two"]), LIMIT).await);
    assert_eq!(failed, json!({ "batchItemFailures": [{ "itemIdentifier": "id of panic" }] }));
    let good = answer(function.invoke(messages(&["one"]), LIMIT).await);
    assert_eq!(good, json!({ "batchItemFailures": [] }));
}

/// Nothing else is begun beside it, and the batch comes again.
#[tokio::test]
async fn a_computation_that_was_given_up_ends_the_process() {
    let mut function = panicking("messages").await;
    answer(function.invoke(messages(&["one"]), LIMIT).await);
    let outcome = function.invoke(messages(&["spin"]), LIMIT).await;
    assert!(matches!(outcome, Outcome::Ended(status) if status.code() == Some(70)), "{outcome:?}");
    assert!(!Path::new(&format!("/proc/{}", function.pid())).exists(), "it still runs");
    let told = function.logs().concat();
    assert!(told.contains("it cannot stop a computation that was given up"), "{told}");
}

#[tokio::test]
async fn what_takes_too_long_is_killed() {
    let mut function = panicking("bootstrap").await;
    assert_eq!(function.ready(LIMIT).await, Ok(()));
    let outcome = function.invoke(request("/v1/things/hang"), Duration::from_millis(100)).await;
    assert_eq!(outcome, Outcome::TimedOut);
    assert!(!Path::new(&format!("/proc/{}", function.pid())).exists(), "it still runs");
}

#[tokio::test]
async fn the_end_of_the_process_is_told() {
    let mut function = panicking("bootstrap").await;
    let outcome = function.invoke(request("/v1/things/exit"), LIMIT).await;
    assert!(matches!(outcome, Outcome::Ended(status) if status.code() == Some(3)), "{outcome:?}");
    let next = function.invoke(request("/v1/things/good"), LIMIT).await;
    assert_eq!(next, outcome);
}

#[tokio::test]
async fn what_is_no_event_is_an_error_and_the_next_is_heard() {
    let world = World::start(SignedDuration::ZERO).await;
    for definition in areas() {
        let (area, environment) = (definition.area(), world.environment(&definition));
        let mut function = Function::start(&binary(area), environment).await.unwrap();
        for wrong in ["{", "[]", "\"text\"", "{"] {
            let outcome = function.invoke(wrong, LIMIT).await;
            // A schedule's event says nothing that its function would read.
            if definition.events("Schedule").next().is_some() && wrong != "{" {
                answer(outcome);
                continue;
            }
            let Outcome::Error(document) = outcome else { panic!("{area} {wrong}: {outcome:?}") };
            assert!(document["errorType"].is_string() && document["errorMessage"].is_string(), "{document}");
        }
        assert_eq!(function.ready(LIMIT).await, Ok(()), "{area}");
    }
}

#[tokio::test]
async fn sigterm_ends_an_idle_function_without_a_word() {
    let world = World::start(SignedDuration::ZERO).await;
    for definition in areas() {
        let (area, environment) = (definition.area(), world.environment(&definition));
        let mut function = Function::start(&binary(area), environment).await.unwrap();
        assert_eq!(function.ready(LIMIT).await, Ok(()), "{area}");
        let start = std::time::Instant::now();
        assert_eq!(function.stop().await.unwrap().code(), Some(0), "{area}");
        assert!(start.elapsed() < Duration::from_secs(1), "{area}: {:?}", start.elapsed());
        assert_eq!(function.logs(), [""; 0], "{area}");
    }
}

/// The one line of a function that could not start with this environment.
async fn refusal(area: &str, environment: BTreeMap<String, String>) -> Value {
    let mut function = Function::start(&binary(area), environment).await.unwrap();
    let outcome = function.ready(LIMIT).await;
    let ended = matches!(outcome, Err(Outcome::Ended(status)) if status.code() == Some(1));
    assert!(ended, "{area}: {outcome:?}");
    let logs = function.logs();
    let [line] = logs.as_slice() else { panic!("{area}: {logs:?}") };
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{area}: {error}: {line}"));
    assert_eq!((&line["level"], line["timestamp"].is_string()), (&json!("ERROR"), true), "{area}: {line}");
    line
}

/// As the operations guide says: a function whose setting is missing does not start, and says which.
#[tokio::test]
async fn a_missing_setting_is_named() {
    let world = World::start(SignedDuration::ZERO).await;
    for definition in areas() {
        let (area, environment) = (definition.area(), world.environment(&definition));
        let names = definition.environment().into_keys().map(setting);
        for name in names.filter(|name| *name != "LOG_LEVEL") {
            let mut less = environment.clone();
            less.remove(name);
            let line = refusal(area, less).await;
            assert_eq!(line["setting"], name, "{area}: {line}");
        }
    }
}

#[tokio::test]
async fn a_setting_of_no_use_is_named_without_its_value() {
    let world = World::start(SignedDuration::ZERO).await;
    let functions = areas();
    let definition = functions.iter().find(|definition| definition.area() == "sessions").unwrap();
    let mut environment = world.environment(definition);
    environment.insert("ACCESS_PRIVATE_KEY".into(), "not a key at all".into());
    let line = refusal("sessions", environment).await;
    assert_eq!(line["setting"], "ACCESS_PRIVATE_KEY", "{line}");
    assert!(!line.to_string().contains("not a key"), "{line}");
}
