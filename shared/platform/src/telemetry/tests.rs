//! Lines as they are written.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::ConsumedCapacity;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::get;
use banister_domain::id::Id;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tracing::dispatcher::DefaultGuard;

use super::*;
use crate::http::{Code, Problem, finish};
use crate::worker::WorkError;

/// What a subscriber of this thread writes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start(settings: &[(&str, &str)]) -> (Self, DefaultGuard) {
        let values = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::from_map(values.collect::<BTreeMap<_, _>>());
        let log = Self::default();
        let writer = log.clone();
        let guard = tracing::subscriber::set_default(json(&settings, move || writer.clone()));
        (log, guard)
    }

    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    fn last(&self) -> Value {
        self.lines().pop().expect("a line")
    }
}

/// What is wrong with a line as a document of the embedded metric format, by its specification.
fn faults(line: &Value) -> Vec<String> {
    const UNITS: [&str; 2] = ["Milliseconds", "Count"];
    let mut faults = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let metadata = &line["_aws"];
    require(metadata["Timestamp"].as_u64().is_some_and(|millis| millis > 1_700_000_000_000), "a time");
    let directives = metadata["CloudWatchMetrics"].as_array().cloned().unwrap_or_default();
    require(!directives.is_empty(), "a directive");
    for directive in &directives {
        let namespace = directive["Namespace"].as_str().unwrap_or_default();
        require((1..=1024).contains(&namespace.len()), "a namespace");
        let sets = directive["Dimensions"].as_array().cloned().unwrap_or_default();
        require(!sets.is_empty(), "dimensions");
        for set in &sets {
            let names = set.as_array().cloned().unwrap_or_default();
            require(names.len() <= 30, "at most 30 dimensions");
            for name in &names {
                let value = name.as_str().and_then(|name| line[name].as_str()).unwrap_or_default();
                require((1..=1024).contains(&value.len()), &format!("text for the dimension {name}"));
            }
        }
        let metrics = directive["Metrics"].as_array().cloned().unwrap_or_default();
        require((1..=100).contains(&metrics.len()), "from 1 to 100 metrics");
        for metric in &metrics {
            let name = metric["Name"].as_str().unwrap_or_default();
            require(line[name].is_number(), &format!("a number for the metric {name}"));
            let unit = metric["Unit"].as_str().unwrap_or_default();
            require(UNITS.contains(&unit), &format!("a unit for the metric {name}"));
        }
    }
    faults
}

fn metrics(line: &Value) -> Vec<&str> {
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().expect("metrics");
    metrics.iter().map(|metric| metric["Name"].as_str().expect("a name")).collect()
}

fn router() -> Router {
    let good = async || {
        name_operation("get_good");
        identify(Id::from_parts(1, 1));
        TableCall::begin().read(&Some(ConsumedCapacity::builder().capacity_units(0.5).build()));
        "good"
    };
    let bad = async || {
        name_operation("get_bad");
        Problem::internal("a disk is full")
    };
    let broken = async || -> &'static str { panic!("broken") };
    finish(
        Router::new()
            .route("/good", get(good))
            .route("/bad", get(bad))
            .route("/broken", get(broken))
            .route("/refused", get(async || Problem::new(Code::Forbidden))),
    )
}

async fn call(path: &str) -> String {
    let mut request = Request::builder().uri(path).header("x-amzn-trace-id", "Root=secret");
    let mut context = lambda_http::Context::default();
    context.request_id = "invocation".into();
    context.xray_trace_id =
        Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".into());
    request = request.extension(context);
    let answer = router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    answer.headers()["x-request-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_request_is_one_line_and_its_metrics() {
    let (log, _guard) = Log::start(&[("AWS_LAMBDA_LOG_GROUP_NAME", "/banister-dev/bookings")]);
    let id = call("/good?token=secret").await;
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let mut line = lines[0].clone();
    assert_eq!(faults(&line), Vec::<String>::new(), "{line}");
    assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Banister/banister-dev");
    assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["operation"]]));
    assert_eq!(metrics(&line), ["duration_ms", "read_units"]);
    let members = line.as_object_mut().unwrap();
    for moving in ["_aws", "cold", "duration_ms", "timestamp"] {
        assert!(members.remove(moving).is_some(), "{moving}");
    }
    let expected = json!({ "level": "INFO", "target": "banister::work", "message": "answered",
        "request_id": id, "invocation_id": "invocation", "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "operation": "get_good", "user": user_tag(Id::from_parts(1, 1)), "status": 200,
        "table_calls": 1, "round_trips": 1, "read_units": 0.5, "write_units": 0.0 });
    assert_eq!(line, expected);
}

#[tokio::test]
async fn what_went_wrong_is_a_fault_or_a_refusal_under_the_requests_id() {
    let (log, _guard) = Log::start(&[]);
    let id = call("/bad").await;
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((&lines[0]["error"], &lines[0]["level"]), (&json!("a disk is full"), &json!("ERROR")));
    for line in &lines {
        assert_eq!((&line["request_id"], &line["operation"]), (&json!(id), &json!("get_bad")), "{line}");
    }
    assert_eq!((&lines[1]["status"], &lines[1]["code"]), (&json!(500), &json!("internal")));
    for (path, status, code, metric) in [
        ("/bad", 500, "internal", "faults"),
        ("/broken", 500, "internal", "faults"),
        ("/refused", 403, "forbidden", "refused"),
        ("/nowhere", 404, "not_found", "refused"),
    ] {
        call(path).await;
        let line = log.last();
        assert_eq!(faults(&line), Vec::<String>::new(), "{line}");
        assert_eq!((&line["status"], &line["code"]), (&json!(status), &json!(code)), "{path}");
        assert_eq!(metrics(&line), ["duration_ms", metric], "{path}");
        assert_eq!(line["operation"] == "fallback", path != "/bad", "{path}");
    }
}

#[tokio::test]
async fn a_redirect_has_its_line() {
    let (log, _guard) = Log::start(&[]);
    let id = call("/good/?token=secret").await;
    let lines = log.lines();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(faults(line), Vec::<String>::new(), "{line}");
    assert_eq!((&line["status"], &line["operation"]), (&json!(308), &json!("fallback")), "{line}");
    assert_eq!(line["request_id"], id);
    assert!(!line.to_string().contains("secret"), "{line}");
}

#[tokio::test]
async fn work_without_a_request_has_its_line() {
    let (log, _guard) = Log::start(&[]);
    let write = ConsumedCapacity::builder().capacity_units(6.0).write_capacity_units(6.0).build();
    let again = ConsumedCapacity::builder().capacity_units(8.0).read_capacity_units(8.0).build();
    let outcome: Result<(), WorkError> = observe("email", async {
        TableCall::begin().wrote([&write, &again]);
        Err(WorkError::Retry("later".into()))
    })
    .await;
    assert!(outcome.is_err());
    let line = log.last();
    assert_eq!(faults(&line), Vec::<String>::new(), "{line}");
    assert_eq!(metrics(&line), ["duration_ms", "faults", "read_units", "write_units"]);
    let told = (&line["operation"], &line["result"], &line["write_units"], &line["read_units"]);
    assert_eq!(told, (&json!("email"), &json!("retry"), &json!(6.0), &json!(8.0)));
}

#[tokio::test]
async fn calls_side_by_side_are_one_trip() {
    let work = Work::begin(tracing::Span::none(), None);
    let usage = || (work.usage().table_calls, work.usage().round_trips);
    let call = async || {
        let counted = TableCall::begin();
        tokio::task::yield_now().await;
        drop(counted);
    };
    work.run(async { tokio::join!(call(), call()) }).await;
    assert_eq!(usage(), (2, 1));
    work.run(call()).await;
    assert_eq!(usage(), (3, 2));
    call().await;
    assert_eq!(usage(), (3, 2), "what is called outside is not its");
}

#[tokio::test]
async fn a_level_is_that_of_our_own_crates() {
    for (level, ours, others) in
        [("debug", true, false), ("warn", false, false), ("banister=info,h2=debug", false, true)]
    {
        let (log, _guard) = Log::start(&[("LOG_LEVEL", level)]);
        tracing::debug!(target: "banister_platform::table", "ours");
        tracing::debug!(target: "h2::client", "others");
        let messages: Vec<_> = log.lines().iter().map(|line| line["message"].clone()).collect();
        assert_eq!(
            (messages.contains(&json!("ours")), messages.contains(&json!("others"))),
            (ours, others),
            "{level}"
        );
    }
    let (log, _guard) = Log::start(&[("LOG_LEVEL", "error")]);
    call("/good").await;
    assert_eq!(log.last()["operation"], "get_good", "metrics are made of this line");
}

#[test]
fn a_user_has_one_tag_that_does_not_tell_the_id() {
    let (one, other) = (user_tag(Id::from_parts(1, 1)), user_tag(Id::from_parts(1, 2)));
    assert_eq!(one, user_tag(Id::from_parts(1, 1)));
    assert_ne!(one, other);
    assert!(one.len() == 16 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
}
