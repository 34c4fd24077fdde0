//! What the staged binaries cost a processor, a function of each area: `target/lambda/<area>/bootstrap` under
//! the Runtime API, with its sample event, in a world of its own. Only the function's process is measured.

mod free;
mod slots;

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use banister_checks::files;
use banister_checks::template::{Function as Definition, Template};
use banister_domain::photo::PhotoType;
use banister_local::client::{ClientError, Incoming, Socket};
use banister_local::cloud::Cloud;
use banister_runtime::{Function, Outcome};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::BenchError;
use crate::machine;
use crate::report::{Column, Figures, Part, Worse};
use crate::spread::{median, millis};
use crate::world::World;

const CPU: Worse = Worse::Above(0.3);
const SIZE: Worse = Worse::Above(0.05);

/// The part; the budgets are those of docs/performance.md.
pub(crate) const PART: Part = Part {
    name: "functions",
    of: "function",
    columns: &[
        Column::new("init_ms", "CPU ms to the first `next`", 2, CPU).budget(4.0),
        Column::new("first_ms", "CPU ms of the first call", 2, CPU),
        Column::new("warm_us", "CPU µs of a warm call", 0, CPU),
        Column::new("bare_us", "CPU µs of a warm call without storage", 0, CPU).budget(150.0),
        Column::new("slots_ms", "CPU ms of the slots", 2, CPU).limit(1.0),
        Column::new("free_ms", "CPU ms of who is free", 1, CPU).limit(20.0),
        Column::new("full_ms", "CPU ms of who is free in full calendars", 1, CPU).budget(20.0),
        Column::new("rss_mb", "peak RSS MB", 1, Worse::Above(0.2)).budget(12.0),
        Column::new("binary_mb", "binary MB", 2, SIZE).budget(7.5),
        Column::new("zip_mb", "zip MB", 2, SIZE),
        Column::new("trips", "trips to the table", 0, Worse::Above(0.0)),
        Column::new("read", "RRU", 1, Worse::Above(0.0)),
        Column::new("write", "WRU", 1, Worse::Above(0.0)),
        Column::new("log_bytes", "log octets", 0, Worse::Above(0.2)),
    ],
};

/// The row of a larger picture than that of `media`'s sample, made smaller in this process.
pub(crate) const PHOTO: &str = "media, 12 megapixels";

/// Warm calls of which the mean is told.
const WARM: u32 = 2_000;
/// Starts of which the median is told.
const STARTS: usize = 5;
/// As long as a function may take in the template.
const LIMIT: Duration = Duration::from_secs(25);

/// What happens between two warm calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warm {
    /// There are none: the event can only be handled once.
    Never,
    /// The same event comes again.
    Again,
    /// The same event, which asks nothing of storage.
    Bare,
    /// The event has the refresh token of the last answer.
    Refresh,
    /// The counters of rate limits are removed from time to time.
    Unlimited,
}

/// One function of each area; of accounts also one that hashes a password, of connections one with storage.
const CASES: &[(&str, Warm)] = &[
    ("get_me", Warm::Again),
    ("register_account", Warm::Never),
    ("create_session", Warm::Never),
    ("refresh_session", Warm::Refresh),
    ("list_services", Warm::Again),
    ("list_slots", Warm::Again),
    ("create_booking", Warm::Again),
    ("list_reviews", Warm::Again),
    ("search_services", Warm::Again),
    ("create_chat_ticket", Warm::Unlimited),
    ("create_photo_upload", Warm::Unlimited),
    ("get_user", Warm::Again),
    ("fallback", Warm::Bare),
    ("connect", Warm::Never),
    ("frame", Warm::Bare),
    ("email", Warm::Never),
    ("socket", Warm::Again),
    ("jobs", Warm::Never),
    ("media", Warm::Never),
    ("projections", Warm::Again),
    ("relay", Warm::Again),
    ("expire", Warm::Again),
    ("sweep", Warm::Again),
];

/// The figures of each case, and what could not be measured, a line each.
pub(crate) async fn measure() -> Result<(Vec<(String, Figures)>, Vec<String>), BenchError> {
    let template = Template::parse(&files::read("template.yaml")?);
    let functions = template.map_err(|error| BenchError::Unexpected(error.to_string()))?.functions();
    let samples = files::events()?;
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for (operation, warm) in CASES {
        let definition = functions.iter().find(|function| function.operation() == *operation);
        let (Some(definition), Some(sample)) = (definition, samples.get(*operation)) else {
            missing.push(format!("{operation}: no function in template.yaml, or no sample in events/"));
            continue;
        };
        let binary = files::root().join("target/lambda").join(definition.area()).join("bootstrap");
        if !binary.exists() {
            missing.push(format!(
                "{operation}: target/lambda/{}/bootstrap is missing; run infra/release/stage",
                definition.area()
            ));
            continue;
        }
        println!("functions: {operation}");
        // In a task of its own: the world panics where the local cloud does not answer as it should.
        let (definition, sample, warm) = (definition.clone(), sample.clone(), *warm);
        match tokio::spawn(async move { case(&definition, &binary, &sample, warm).await }).await {
            Ok(Ok(figures)) => rows.push(((*operation).to_owned(), figures)),
            Ok(Err(error)) => missing.push(format!("{operation}: {error}")),
            Err(panicked) => missing.push(format!("{operation}: {panicked}")),
        }
    }
    rows.push((PHOTO.to_owned(), photo()?));
    rows.push((slots::NAME.to_owned(), slots::measure()?));
    rows.extend(free::measure().await?);
    Ok((rows, missing))
}

/// The work of the media function on a photo as large as a telephone takes, without what is around it.
fn photo() -> Result<Figures, BenchError> {
    let unexpected = |error: &dyn std::fmt::Display| BenchError::Unexpected(format!("{PHOTO}: {error}"));
    let shade = |place: u32| u8::try_from(place % 251).unwrap_or_default();
    let picture =
        image::RgbImage::from_fn(4_000, 3_000, |x, y| image::Rgb([shade(x), shade(y), shade(x ^ y)]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Jpeg).map_err(|error| unexpected(&error))?;
    let before = machine::cpu(std::process::id())?;
    let squares = banister_queue_media::picture::squares(file.get_ref(), PhotoType::Jpeg);
    let spent = machine::cpu(std::process::id())?.saturating_sub(before);
    squares.map_err(|rejection| unexpected(&format!("{rejection:?}")))?;
    Ok([("first_ms".to_owned(), millis(spent))].into())
}

async fn case(
    definition: &Definition,
    binary: &Path,
    sample: &str,
    warm: Warm,
) -> Result<Figures, BenchError> {
    let operation = definition.operation();
    // As old as now: nothing is due, and `expire` does what it does in most minutes.
    let mut world = World::start(SignedDuration::ZERO).await;
    let mut event = world.event(&operation, sample).await;
    if let Some(socket) = world.socket.take() {
        tokio::spawn(listen(socket));
    }
    let mut inits = Vec::new();
    for _ in 1..STARTS {
        let (mut function, init) = start(definition, binary, &world).await?;
        inits.push(init);
        function.stop().await?;
    }
    let (mut function, init) = start(definition, binary, &world).await?;
    inits.push(init);
    let before = machine::cpu(function.pid())?;
    let answer = call(&mut function, &event).await?;
    let first = machine::cpu(function.pid())?.saturating_sub(before);
    let mut figures = Figures::new();
    let mut set = |key: &str, figure: f64| figures.insert(key.to_owned(), figure);
    set("init_ms", median(inits).map_or(0.0, millis));
    set("first_ms", millis(first));
    if warm != Warm::Never {
        if warm == Warm::Refresh {
            event = refreshed(&event, &answer)?;
        }
        let mean = warm_calls(&mut function, &world.cloud, event, warm).await?;
        set(if warm == Warm::Bare { "bare_us" } else { "warm_us" }, mean.as_secs_f64() * 1e6);
    }
    set("rss_mb", f64::from(machine::peak_rss(function.pid())?) / 1_024.0);
    let (size, zip) = sizes(binary)?;
    set("binary_mb", size);
    set("zip_mb", zip);
    // Only then have all of its lines been read.
    function.stop().await?;
    figures.extend(logged(&function.logs(), &operation));
    world.cloud.stop().await;
    Ok(figures)
}

/// Takes what is pushed, until the connection ends; nobody is pushed to who does not.
async fn listen(mut socket: Socket) {
    while matches!(socket.next().await, Ok(Incoming::Frame(_)) | Err(ClientError::Nothing)) {}
}

/// A process that waits for its first event, and the CPU time that it took to get there.
pub(crate) async fn start(
    definition: &Definition,
    binary: &Path,
    world: &World,
) -> Result<(Function, Duration), BenchError> {
    let unexpected = |what: String| BenchError::Unexpected(what);
    let started = Function::start(binary, world.environment(definition)).await;
    let mut function = started.map_err(|error| unexpected(error.to_string()))?;
    if let Err(outcome) = function.ready(LIMIT).await {
        return Err(unexpected(format!("does not start: {outcome:?} {:?}", function.logs())));
    }
    let init = machine::cpu(function.pid())?;
    Ok((function, init))
}

/// One invocation; when it is over, the process waits for the next one.
pub(crate) async fn call(function: &mut Function, event: &str) -> Result<Value, BenchError> {
    let outcome = function.invoke(event, LIMIT).await;
    let Outcome::Answer(answer) = outcome else {
        return Err(BenchError::Unexpected(format!("{outcome:?} {:?}", function.logs().last())));
    };
    let refused = answer["statusCode"].as_u64().is_some_and(|status| status >= 400)
        || answer["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty());
    if refused {
        return Err(BenchError::Unexpected(format!("answers {answer}")));
    }
    function
        .ready(LIMIT)
        .await
        .map_err(|outcome| BenchError::Unexpected(format!("ends with {outcome:?}")))?;
    Ok(answer)
}

/// The mean CPU time of a warm call.
async fn warm_calls(
    function: &mut Function,
    cloud: &Cloud,
    mut event: String,
    warm: Warm,
) -> Result<Duration, BenchError> {
    let before = machine::cpu(function.pid())?;
    for number in 0..WARM {
        if warm == Warm::Unlimited && number.is_multiple_of(10) {
            forget_limits(cloud)?;
        }
        let answer = call(function, &event).await?;
        if warm == Warm::Refresh {
            event = refreshed(&event, &answer)?;
        }
    }
    Ok(machine::cpu(function.pid())?.saturating_sub(before) / WARM)
}

/// The event with the refresh token of an answer in place of its own.
fn refreshed(event: &str, answer: &Value) -> Result<String, BenchError> {
    let token = |body: &Value| {
        let body = serde_json::from_str::<Value>(body.as_str()?).ok()?;
        body["refresh_token"].as_str().map(ToOwned::to_owned)
    };
    let event_value: Value = serde_json::from_str(event)?;
    let tokens = token(&event_value["body"]).zip(token(&answer["body"]));
    let (old, new) = tokens.ok_or_else(|| BenchError::Unexpected("no refresh token".into()))?;
    Ok(event.replace(&old, &new))
}

/// Removes all counters of rate limits from the table.
pub(crate) fn forget_limits(cloud: &Cloud) -> Result<(), BenchError> {
    let broken = |error: dynoxide::DynoxideError| BenchError::Unexpected(error.to_string());
    let wanted = json!({ "TableName": "banister", "FilterExpression": "begins_with(PK, :limit)",
        "ProjectionExpression": "PK, SK", "ExpressionAttributeValues": { ":limit": { "S": "LIMIT#" } } });
    let found = cloud.table.database().scan(serde_json::from_value(wanted)?).map_err(broken)?;
    for key in found.items.into_iter().flatten() {
        let delete = json!({ "TableName": "banister", "Key": key });
        cloud.table.database().delete_item(serde_json::from_value(delete)?).map_err(broken)?;
    }
    Ok(())
}

/// What a function logged of its first invocation: the lines up to the one that ends its work.
fn logged(lines: &[String], operation: &str) -> Figures {
    let mut bytes = 0;
    for line in lines {
        bytes += line.len() + 1;
        let Ok(work) = serde_json::from_str::<Value>(line) else { continue };
        if work["operation"] != operation || !work["table_calls"].is_u64() {
            continue;
        }
        let members = [("trips", "round_trips"), ("read", "read_units"), ("write", "write_units")];
        let figures = members.into_iter().filter_map(|(key, member)| Some((key, work[member].as_f64()?)));
        let bytes = ("log_bytes", f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)));
        return figures.chain([bytes]).map(|(key, figure)| (key.to_owned(), figure)).collect();
    }
    Figures::new()
}

/// Megabytes of a binary, and of the zip that is uploaded: deflated, with some 120 octets of headers.
fn sizes(binary: &Path) -> std::io::Result<(f64, f64)> {
    let bytes = std::fs::read(binary)?;
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflated.write_all(&bytes)?;
    let megabytes = |bytes: usize| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6;
    Ok((megabytes(bytes.len()), megabytes(deflated.finish()?.len() + 120)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_call_has_the_new_token() {
        let event = r#"{"body": "{\"refresh_token\": \"old\"}"}"#;
        let answer = json!({ "body": r#"{"access_token": "a", "refresh_token": "new"}"# });
        assert_eq!(refreshed(event, &answer).unwrap(), r#"{"body": "{\"refresh_token\": \"new\"}"}"#);
        assert!(refreshed(event, &json!({ "body": "{}" })).is_err());
    }

    #[test]
    fn only_the_first_invocation_counts_as_logged() {
        let lines = [
            r#"{"message": "begun"}"#,
            r#"{"operation": "get_me", "table_calls": 2, "round_trips": 2, "read_units": 3.5, "write_units": 0.0}"#,
            r#"{"operation": "get_me", "table_calls": 1, "round_trips": 1, "read_units": 1.0, "write_units": 0.0}"#,
        ]
        .map(String::from);
        let figures = logged(&lines, "get_me");
        let wanted = [("log_bytes", 120.0), ("read", 3.5), ("trips", 2.0), ("write", 0.0)];
        let wanted: Figures = wanted.map(|(key, figure)| (key.to_owned(), figure)).into();
        assert_eq!(figures, wanted);
        assert_eq!(logged(&lines, "update_me"), Figures::new());
    }

    #[test]
    fn every_area_has_a_case() {
        let template = Template::parse(&files::read("template.yaml").unwrap()).unwrap();
        let functions = template.functions();
        for function in &functions {
            let measured = |case: &&(&str, Warm)| {
                let known = functions.iter().find(|function| function.operation() == case.0);
                known.is_some_and(|known| known.area() == function.area())
            };
            assert!(CASES.iter().any(|case| measured(&case)), "{}", function.area());
        }
    }
}
