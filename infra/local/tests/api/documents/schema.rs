//! As much of JSON Schema 2020-12 as the document uses.

use serde_json::Value;

/// A schema behind its references.
pub(crate) fn resolved<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    while let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("a reference into the document");
        schema = document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
    }
    schema
}

/// What in `value` is not as the schema says, by JSON Pointer; members that it does not name count.
pub(crate) fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    if let Some(parts) = schema["allOf"].as_array() {
        return check(document, &joined(document, parts), value, at, found);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array()
            && !choices.iter().any(|choice| faults(document, choice, value).is_empty())
        {
            found.push(format!("{at}: {value} is none of {key}"));
        }
    }
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    if !kinds.iter().any(|kind| is(kind, value)) {
        return found.push(format!("{at}: {value} is not {kinds:?}"));
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        found.push(format!("{at}: {value} is not one of {choices:?}"));
    }
    match value {
        Value::String(text) => check_text(schema, text, at, found),
        Value::Number(number) => {
            let (number, bound) = (number.as_f64(), |name: &str| schema[name].as_f64());
            if number < bound("minimum") || bound("maximum").is_some_and(|most| number > Some(most)) {
                found.push(format!("{at}: {value} is out of range"));
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                check(document, &schema["items"], item, &format!("{at}/{number}"), found);
            }
        }
        Value::Object(members) if schema["properties"].is_object() => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !members.contains_key(name) {
                    found.push(format!("{at}/{name}: missing"));
                }
            }
            for (name, member) in members {
                match schema["properties"].get(name) {
                    Some(schema) => check(document, schema, member, &format!("{at}/{name}"), found),
                    None => found.push(format!("{at}/{name}: not described")),
                }
            }
        }
        _ => {}
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("{kind} is no type"),
    }
}

/// One object with the members of all parts: each part alone would not know those of the others.
fn joined(document: &Value, parts: &[Value]) -> Value {
    let (mut properties, mut required) = (serde_json::Map::new(), Vec::new());
    for part in parts.iter().map(|part| resolved(document, part)) {
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    serde_json::json!({ "type": "object", "properties": properties, "required": required })
}

fn check_text(schema: &Value, text: &str, at: &str, found: &mut Vec<String>) {
    let length = u64::try_from(text.chars().count()).expect("a length");
    let (least, most) = (schema["minLength"].as_u64(), schema["maxLength"].as_u64());
    if Some(length) < least || most.is_some_and(|most| length > most) {
        found.push(format!("{at}: {text:?} has {length} characters"));
    }
    // Of a pattern only the fixed text that it begins with: the prefix of an id.
    let fixed =
        schema["pattern"].as_str().and_then(|pattern| pattern.strip_prefix('^')?.split(['[', '(']).next());
    if !text.starts_with(fixed.unwrap_or_default()) {
        found.push(format!("{at}: {text:?} does not begin with {fixed:?}"));
    }
    let good = match schema["format"].as_str() {
        Some("date-time") => text.parse::<jiff::Timestamp>().is_ok(),
        Some("date") => text.parse::<jiff::civil::Date>().is_ok(),
        _ => true,
    };
    if !good {
        found.push(format!("{at}: {text:?} is no {}", schema["format"]));
    }
}

/// Where a body, an answer or a parameter has no example, or one that its own schema refuses.
pub(crate) fn gaps(document: &Value, place: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match place.get("example") {
        Some(example) => found.extend(faults(document, &place["schema"], example)),
        None => search(document, &place["schema"], "", &mut found),
    }
    found
}

fn search(document: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    let examples =
        schema.get("example").into_iter().chain(schema["examples"].as_array().into_iter().flatten());
    let examples: Vec<_> = examples.collect();
    for example in &examples {
        found.extend(faults(document, schema, example).iter().map(|fault| format!("{at}{fault}")));
    }
    if !examples.is_empty() || schema["enum"].is_array() {
        return;
    }
    let choices = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    for choice in choices.filter(|choice| choice["type"] != "null") {
        search(document, choice, at, found);
    }
    if let Some(properties) = schema["properties"].as_object() {
        for (name, member) in properties {
            search(document, member, &format!("{at}/{name}"), found);
        }
    } else if schema["type"] == "array" {
        search(document, &schema["items"], &format!("{at}/0"), found);
    } else if ["string", "integer", "number"]
        .iter()
        .any(|kind| schema["type"] == *kind || schema["type"][0] == *kind)
    {
        found.push(format!("{at}: no example"));
    }
}
