//! What a password costs where it is checked: the hash at its real cost, and a sign-in with one by the staged binary,
//! free and held to the share of a processor that its memory gives on AWS.

mod share;

use std::time::{Duration, Instant};

use banister_checks::files;
use banister_checks::template::{Function as Definition, Template};
use banister_domain::account::Password;
use banister_local::client::PASSWORD;
use banister_local::cloud::Cloud;
use banister_platform::config::Settings;
use banister_platform::identity::password::Passwords;
use banister_runtime::Function;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::BenchError;
use crate::functions::{call, forget_limits, start};
use crate::machine;
use crate::report::{Column, Figures, Part, Worse};
use crate::spread::{median, millis};
use crate::world::World;
use share::Held;

/// The part. Time depends on what else the machine does, so only what is far off is worse.
pub(crate) const PART: Part = Part {
    name: "passwords",
    of: "what",
    columns: &[
        Column::new("cpu_ms", "CPU ms", 1, Worse::Above(0.3)),
        Column::new("free_ms", "ms, not held", 0, Worse::Never),
        Column::new("memory_mb", "MB of the function", 0, Worse::Never),
        Column::new("reckoned_ms", "ms at its share, reckoned", 0, Worse::Never),
        Column::new("held_ms", "ms at its share, measured", 0, Worse::Above(0.5)),
        Column::new("rss_mb", "peak RSS MB", 1, Worse::Above(0.2)),
    ],
};

/// The function that signs in.
const OPERATION: &str = "create_session";
/// Times of which the median is told.
const TIMES: usize = 15;

/// The figures of a hash, of a sign-in that checks one, and of a sign-in whose hash costs next to nothing.
pub(crate) async fn measure() -> Result<Vec<(String, Figures)>, BenchError> {
    let template = Template::parse(&files::read("template.yaml")?);
    let functions = template.map_err(|error| BenchError::Unexpected(error.to_string()))?.functions();
    let unknown =
        || BenchError::Unexpected(format!("{OPERATION}: no function in template.yaml with its memory"));
    let definition =
        functions.iter().find(|function| function.operation() == OPERATION).ok_or_else(unknown)?;
    let memory = definition.property("MemorySize").as_u64().and_then(|size| u32::try_from(size).ok());
    let memory = memory.ok_or_else(unknown)?;
    // The parameters of the deployed functions: none of them has a setting of its own.
    let passwords = Passwords::from_settings(&Settings::from_map([].into()));
    let passwords = passwords.map_err(|error| BenchError::Unexpected(error.to_string()))?;
    Ok(vec![
        ("a hash".to_owned(), hash(&passwords, memory).await?),
        (format!("{OPERATION}, the hash left out"), sign_in(definition, None, memory).await?),
        (OPERATION.to_owned(), sign_in(definition, Some(&passwords), memory).await?),
    ])
}

/// The password of everybody in the bench.
fn password() -> Result<Password, BenchError> {
    Password::try_from(PASSWORD.to_owned()).map_err(|error| BenchError::Unexpected(error.to_string()))
}

/// A hash in this process, whose profile is that of the functions.
async fn hash(passwords: &Passwords, memory: u32) -> Result<Figures, BenchError> {
    let (mut spent, mut took) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let (before, begun) = (machine::cpu(std::process::id())?, Instant::now());
        made(passwords).await?;
        took.push(begun.elapsed());
        spent.push(machine::cpu(std::process::id())?.saturating_sub(before));
    }
    Ok(figures(spent, took, memory))
}

async fn made(passwords: &Passwords) -> Result<String, BenchError> {
    passwords.hash(password()?).await.map_err(|error| BenchError::Unexpected(error.to_string()))
}

fn figures(spent: Vec<Duration>, took: Vec<Duration>, memory: u32) -> Figures {
    let spent = median(spent).map_or(0.0, millis);
    let named = [
        ("cpu_ms", spent),
        ("free_ms", median(took).map_or(0.0, millis)),
        ("memory_mb", f64::from(memory)),
        ("reckoned_ms", spent / share::of(memory)),
    ];
    named.map(|(key, figure)| (key.to_owned(), figure)).into()
}

/// Warm sign-ins of one customer: with `passwords` the hash that is checked is of their cost.
async fn sign_in(
    definition: &Definition,
    passwords: Option<&Passwords>,
    memory: u32,
) -> Result<Figures, BenchError> {
    let samples = files::events()?;
    let sample = samples.get(OPERATION).map(String::as_str).unwrap_or_default();
    let binary = files::root().join("target/lambda").join(definition.area()).join("bootstrap");
    let mut world = World::start(SignedDuration::ZERO).await;
    let event = world.event(OPERATION, sample).await;
    if let Some(passwords) = passwords {
        rehash(&world.cloud, &made(passwords).await?)?;
    }
    let (mut function, _) = start(definition, &binary, &world).await?;
    // The first call opens connections.
    call(&mut function, &event).await?;
    let (spent, took) = calls(&mut function, &world.cloud, &event).await?;
    let mut figures = figures(spent, took, memory);
    if let Some(held) = Held::hold(function.pid(), memory) {
        let (_, took) = calls(&mut function, &world.cloud, &event).await?;
        figures.insert("held_ms".into(), median(took).map_or(0.0, millis));
        figures.insert("rss_mb".into(), f64::from(machine::peak_rss(function.pid())?) / 1_024.0);
        function.stop().await?;
        held.release();
    } else {
        function.stop().await?;
    }
    world.cloud.stop().await;
    Ok(figures)
}

/// CPU time and time of each of some calls.
async fn calls(
    function: &mut Function,
    cloud: &Cloud,
    event: &str,
) -> Result<(Vec<Duration>, Vec<Duration>), BenchError> {
    let (mut spent, mut took) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        forget_limits(cloud)?;
        let (before, begun) = (machine::cpu(function.pid())?, Instant::now());
        call(function, event).await?;
        took.push(begun.elapsed());
        spent.push(machine::cpu(function.pid())?.saturating_sub(before));
    }
    Ok((spent, took))
}

/// Makes this the hash of everybody's password.
fn rehash(cloud: &Cloud, hash: &str) -> Result<(), BenchError> {
    let broken = |error: dynoxide::DynoxideError| BenchError::Unexpected(error.to_string());
    let wanted = json!({ "TableName": "banister", "FilterExpression": "#t = :credentials",
        "ProjectionExpression": "PK, SK", "ExpressionAttributeNames": { "#t": "t" },
        "ExpressionAttributeValues": { ":credentials": { "S": "credentials" } } });
    let found = cloud.table.database().scan(serde_json::from_value(wanted)?).map_err(broken)?;
    for key in found.items.into_iter().flatten() {
        let update: Value = json!({ "TableName": "banister", "Key": key,
            "UpdateExpression": "SET password_hash = :hash",
            "ExpressionAttributeValues": { ":hash": { "S": hash } } });
        cloud.table.database().update_item(serde_json::from_value(update)?).map_err(broken)?;
    }
    Ok(())
}
