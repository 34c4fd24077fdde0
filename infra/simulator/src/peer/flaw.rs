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
        let has_buffers = matches!(text(item, "t"), Some("calendar_rules" | "service"));
        if self != Self::Buffers || !has_buffers {
            return Arc::clone(item);
        }
        let mut seen = Map::clone(item);
        without_buffers(&mut seen);
        Arc::new(seen)
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
