//! A table that keeps less than it promises, so that the guard is weaker than it believes. Nothing of what is deployed
//! knows of it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Item, text};

/// What is wrong with the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A day is written whatever its version is.
    Version,
    /// Receipts are not written.
    Receipt,
    /// Rules and services are read without their buffers.
    Buffers,
    /// What holds a place for a while only is read as if it held it for thousands of years.
    Expiry,
}

impl Flaw {
    /// Whether this item is written whatever the condition says.
    pub(super) fn ignores_condition(self, written: &Map<String, Value>) -> bool {
        self == Self::Version && text(written, "t") == Some("calendar_day")
    }

    /// Whether this item is not written, though the answer says so.
    pub(super) fn drops(self, written: &Map<String, Value>) -> bool {
        self == Self::Receipt && text(written, "t") == Some("receipt")
    }

    /// The item as it is read.
    pub(super) fn seen(self, item: &Item) -> Item {
        let mut seen = Arc::clone(item);
        match (self, text(item, "t")) {
            (Self::Buffers, Some("calendar_rules" | "service")) => without_buffers(Arc::make_mut(&mut seen)),
            (Self::Expiry, Some("calendar_day")) => {
                change_ends(Arc::make_mut(&mut seen), |end| format!("{LATER}{end}"));
            }
            _ => {}
        }
        seen
    }

    /// The item as it is kept: whoever writes back what was read changes nothing by it.
    pub(super) fn kept(self, mut item: Item) -> Item {
        if self == Self::Expiry && text(&item, "t") == Some("calendar_day") {
            let earlier = |end: &str| {
                end.strip_prefix(LATER).filter(|rest| rest.len() >= DIGITS).unwrap_or(end).to_owned()
            };
            change_ends(Arc::make_mut(&mut item), earlier);
        }
        item
    }
}

/// Before the Unix seconds of these years, a digit that adds 2,852 years.
const LATER: &str = "9";
/// How many digits those have.
const DIGITS: usize = 10;

/// Changes until when the entries of a day hold, where they have an end: the third part of `from/to/until/owner…`.
fn change_ends(day: &mut Map<String, Value>, change: impl Fn(&str) -> String) {
    let entries = day.get_mut("busy").and_then(|busy| busy.get_mut("L")).and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let Some(line) = entry.get("S").and_then(Value::as_str) else { continue };
        let mut parts: Vec<_> = line.split('/').map(str::to_owned).collect();
        if let Some(end) = parts.get_mut(2).filter(|end| !end.is_empty()) {
            *end = change(end);
        }
        *entry = json!({ "S": parts.join("/") });
    }
}

fn without_buffers(object: &mut Map<String, Value>) {
    for (name, value) in object {
        if name.starts_with("buffer_") {
            *value = json!({ "N": "0" });
        } else if let Value::Object(inner) = value {
            without_buffers(inner);
        }
    }
}
