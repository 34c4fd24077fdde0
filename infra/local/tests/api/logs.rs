//! What the logs tell, and what they must not: a whole run of the program, everything it writes
//! read line by line.

mod program;
mod story;

use std::collections::BTreeSet;

use banister_peers::breaches::digits;
use serde_json::Value;

use program::Program;
use story::{Secret, Story, tell};

/// Names every member that a line can have.
const FIELDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/logging.md");

/// Every secret that stands in a line, as it is or in a form that text takes on its way.
fn leaks(lines: &[String], secrets: &[Secret]) -> Vec<String> {
    let mut found = Vec::new();
    for secret in secrets {
        let forms = secret.forms();
        for line in lines.iter().map(|line| line.to_lowercase()) {
            if forms.iter().any(|form| line.contains(form)) {
                found.push(format!("{} in {line}", secret.what));
            }
        }
    }
    found
}

/// The lines that are JSON objects; the others are for the person who started it.
fn objects(lines: &[String]) -> Vec<Value> {
    let logs = lines.iter().filter(|line| line.starts_with('{'));
    logs.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[tokio::test]
async fn no_line_tells_a_secret() {
    let program = Program::start("debug");
    let mut story = Story::new(&program);
    tell(&mut story).await;
    let (mut secrets, answered) = (story.secrets, story.answered);
    let passwords = secrets.iter().filter(|secret| secret.what.contains("password"));
    let hashes =
        passwords.map(|secret| Secret::new(format!("SHA-1 of {}", secret.what), &digits(&secret.text)[5..]));
    let hashes: Vec<_> = hashes.collect();
    secrets.extend(hashes);
    let keys = program.keys();
    let lines = program.stop();
    assert!(secrets.len() > 30, "{} secrets", secrets.len());
    assert_eq!(leaks(&lines, &secrets), Vec::<String>::new());
    assert_eq!(leaks(&lines, &keys), Vec::<String>::new());

    let logs = objects(&lines);
    let of = |id: &str| {
        let lines = logs.iter().filter(|line| line["request_id"] == id && line["message"] == "answered");
        lines.map(|line| line["status"].as_u64()).collect::<Vec<_>>()
    };
    for (id, status) in &answered {
        assert_eq!(of(id), [Some(u64::from(*status))], "one line for each request");
    }
    for operation in ["email", "socket", "media", "relay", "connect", "frame"] {
        assert!(logs.iter().any(|line| line["operation"] == operation), "a line of {operation}");
    }
    let untold = "whether a password is known from a breach was not told";
    assert!(logs.iter().any(|line| line["message"] == untold && line["operation"] == "register_account"));
    let fields = std::fs::read_to_string(FIELDS).unwrap();
    let names: BTreeSet<_> = logs.iter().flat_map(|line| line.as_object().unwrap().keys()).collect();
    let unlisted: Vec<_> = names.into_iter().filter(|name| !fields.contains(&format!("`{name}`"))).collect();
    assert!(unlisted.is_empty(), "not listed in docs/logging.md: {unlisted:?}");
    // Everything that one person did is found under one tag.
    let users: BTreeSet<_> = logs.iter().filter_map(|line| line["user"].as_str()).collect();
    assert_eq!(users.len(), 2, "{users:?}");
}

/// The scan finds what is there: each secret of a run, written into a line in each of its forms.
#[tokio::test]
async fn the_scan_finds_what_is_planted() {
    let program = Program::start("info");
    let mut story = Story::new(&program);
    tell(&mut story).await;
    let secrets: Vec<_> = story.secrets.into_iter().chain(program.keys()).collect();
    let lines = program.stop();
    for secret in &secrets {
        for form in secret.forms() {
            let mut lines = lines.clone();
            lines.push(format!("{{\"message\":\"before {form} after\"}}"));
            let found = leaks(&lines, std::slice::from_ref(secret));
            assert_eq!(found.len(), 1, "{}: {found:?}", secret.what);
        }
    }
}
