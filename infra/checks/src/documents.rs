//! Rules about documents that name what is elsewhere in the repository.

use std::collections::BTreeSet;

use crate::{Faults, unequal};

/// How docs/security.md writes the folder of the tests over HTTP.
const API: (&str, &str) = ("api/", "infra/local/tests/api/");

/// The sections of ASVS 5.0, chapters 6 to 9, and how many requirements each has.
const SECTIONS: [(&str, u8); 20] = [
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 8),
    ("6.4", 6),
    ("6.5", 8),
    ("6.6", 4),
    ("6.7", 2),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 3),
    ("7.6", 2),
    ("8.1", 4),
    ("8.2", 4),
    ("8.3", 3),
    ("8.4", 2),
    ("9.1", 3),
    ("9.2", 4),
];

/// Each test that a document names as `` `path/to/file.rs::name` `` is a test of that file. `read` gives
/// the text of a file by its path from the top, if there is one.
#[must_use]
pub fn named_tests_exist(document: &str, read: impl Fn(&str) -> Option<String>) -> Faults {
    let spans = document.split('`').skip(1).step_by(2);
    let named: BTreeSet<_> = spans.filter_map(|span| span.split_once(".rs::")).collect();
    if named.is_empty() {
        return vec!["the document names no test".into()];
    }
    let missing = named.into_iter().filter(|(file, name)| {
        let path =
            file.strip_prefix(API.0).map_or_else(|| (*file).to_owned(), |rest| format!("{}{rest}", API.1));
        let text = read(&format!("{path}.rs")).unwrap_or_default();
        !has_test(&text, name)
    });
    missing.map(|(file, name)| format!("there is no test {file}.rs::{name}")).collect()
}

/// Whether a file has a function of this name that is run as a test.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let called = format!("fn {name}(");
    let is_attribute = |line: &&&str| line.starts_with("#[") || line.starts_with("///");
    lines.iter().enumerate().any(|(number, line)| {
        let mut above = lines[..number].iter().rev().take_while(is_attribute);
        let is_test = |line: &&str| *line == "#[test]" || line.starts_with("#[tokio::test");
        line.trim_start_matches("async ").starts_with(&called) && above.any(is_test)
    })
}

/// Each requirement of chapters 6 to 9 of ASVS 5.0 has one row with one of the four answers, and there are
/// no others.
#[must_use]
pub fn requirements_are_answered(document: &str) -> Faults {
    let mut faults = Faults::new();
    let mut left: Vec<_> = SECTIONS
        .iter()
        .flat_map(|(section, count)| (1..=*count).map(move |n| format!("{section}.{n}")))
        .collect();
    for line in document.lines() {
        let cells: Vec<_> = line.split(" | ").collect();
        let [number, level, _, answer, ..] = cells.as_slice() else { continue };
        let number = number.trim_start_matches("| ");
        if !number.starts_with(|c: char| c.is_ascii_digit()) || !["1", "2", "3"].contains(level) {
            continue;
        }
        match left.iter().position(|wanted| wanted == number) {
            Some(at) => {
                left.remove(at);
            }
            None => faults.push(format!("{number} is no requirement, or is answered twice")),
        }
        let word = answer.split("**").nth(1).unwrap_or_default();
        if !["met", "partly", "open", "none"].contains(&word) {
            faults.push(format!("{number} is answered with {word:?}"));
        }
    }
    faults.extend(left.iter().map(|number| format!("{number} is not answered")));
    faults
}

/// The table of rate limits has each limit that the sources set, with its numbers, and no others.
#[must_use]
pub fn limits_are_told(document: &str, sources: &str) -> Faults {
    let section = document.split("\n## ").find(|section| section.starts_with("Rate limits\n"));
    let rows = section.into_iter().flat_map(str::lines).filter_map(|line| {
        let (limit, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some(format!("{limit}: {}", rest.split(" |").next()?))
    });
    let set = sources.split("Limit { operation: \"").skip(1).map(|rest| {
        let text = rest.split('}').next().unwrap_or_default().trim();
        limit(text).unwrap_or_else(|| format!("not in numbers: {text}"))
    });
    unequal(("the document", &rows.collect()), ("the sources", &set.collect()))
}

/// What the table says of a limit that is written `name", count: 5, seconds: 3_600`.
fn limit(text: &str) -> Option<String> {
    let (name, numbers) = text.split_once("\", count: ")?;
    let (count, seconds) = numbers.split_once(", seconds: ")?;
    let number = |text: &str| text.replace('_', "").parse::<u32>().ok();
    let (count, seconds) = (number(count)?, number(seconds)?);
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (length, unit) = units.into_iter().find(|(length, _)| seconds % length == 0)?;
    let plural = if seconds == length { "" } else { "s" };
    Some(format!("{name}: {count} in {} {unit}{plural}", seconds / length))
}
