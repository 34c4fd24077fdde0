//! The committed OpenAPI document shows whoever reads it what to send and what comes back.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

use std::collections::BTreeSet;

use banister_checks::files;
use serde_json::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn document() -> Value {
    serde_json::from_str(&files::read("docs/openapi.json").unwrap()).unwrap()
}

/// Every operation with its name.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| METHODS.iter().filter_map(|method| item.get(method)));
    operations.map(|operation| (operation["operationId"].as_str().unwrap().to_owned(), operation)).collect()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The example that the page shows for a schema: its own, or one put together from its parts.
fn example(document: &Value, schema: &Value) -> Option<Value> {
    let schema = resolved(document, schema);
    if let Some(own) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return Some(own.clone());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices
            .iter()
            .filter(|choice| choice["type"] != "null")
            .find_map(|one| example(document, one));
    }
    if schema["type"] == "array" {
        return Some(Value::Array(vec![example(document, &schema["items"])?]));
    }
    let parts = schema["properties"].as_object()?.iter();
    parts.map(|(name, part)| Some((name.clone(), example(document, part)?))).collect()
}

/// What an example lacks or has too much, by its object's members.
fn misfits(document: &Value, schema: &Value, example: &Value) -> Vec<String> {
    let Some(members) = example.as_object() else { return Vec::new() };
    let parts = parts(document, schema);
    let properties = parts.iter().filter_map(|part| part["properties"].as_object()).flatten();
    let known: BTreeSet<_> = properties.map(|(name, _)| name.as_str()).collect();
    let required = parts.iter().filter_map(|part| part["required"].as_array()).flatten();
    let missing = required
        .filter_map(Value::as_str)
        .filter(|name| !members.contains_key(*name))
        .map(|name| format!("lacks {name}"));
    let unknown =
        members.keys().filter(|name| !known.contains(name.as_str())).map(|name| format!("has {name}"));
    missing.chain(unknown).collect()
}

/// A schema, or all that it is put together from.
fn parts<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(document, schema);
    let all = schema["allOf"].as_array();
    all.map_or_else(|| vec![schema], |all| all.iter().flat_map(|part| parts(document, part)).collect())
}

#[test]
fn every_json_body_and_answer_has_an_example() {
    let document = document();
    let mut faults = Vec::new();
    let mut seen = 0;
    for (name, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap().iter();
        let good = answers.filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
        for place in good.chain(operation.get("requestBody")) {
            for (kind, content) in place["content"].as_object().into_iter().flatten() {
                // The document itself, and files.
                if !kind.contains("json") || name == "get_openapi" {
                    continue;
                }
                seen += 1;
                match example(&document, &content["schema"]) {
                    None => faults.push(format!("{name}: no example")),
                    Some(shown) => {
                        let misfits = misfits(&document, &content["schema"], &shown);
                        faults.extend(
                            misfits.into_iter().map(|misfit| format!("{name}: the example {misfit}")),
                        );
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen >= 30, "only {seen} bodies were found");
}

#[test]
fn an_example_that_is_missing_or_wrong_is_noticed() {
    let mut document = document();
    let account = document["components"]["schemas"]["Account"].clone();
    assert!(misfits(&document, &account, &example(&document, &account).unwrap()).is_empty());
    let wrong = serde_json::json!({ "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "name": "x" });
    assert!(misfits(&document, &account, &wrong).contains(&"has name".to_owned()));
    assert!(misfits(&document, &account, &wrong).contains(&"lacks email".to_owned()));
    let schemas = &mut document["components"]["schemas"];
    schemas["Account"].as_object_mut().unwrap().remove("example");
    schemas["Locale"].as_object_mut().unwrap().remove("example");
    let bare = document["components"]["schemas"]["Account"].clone();
    assert_eq!(example(&document, &bare), None);
}

/// The operations that say enough without a body.
const OPTIONAL_BODIES: [&str; 10] = [
    "confirm_booking",
    "decline_booking",
    "cancel_booking",
    "complete_booking",
    "mark_no_show",
    "decline_reschedule",
    "confirm_series",
    "decline_series",
    "cancel_series",
    "decline_series_reschedule",
];

#[test]
fn a_body_that_may_be_left_out_is_not_required() {
    let document = document();
    for (name, operation) in operations(&document) {
        let Some(body) = operation.get("requestBody") else { continue };
        let optional = OPTIONAL_BODIES.contains(&name.as_str());
        assert_eq!(body["required"] == true, !optional, "{name}");
        let patch = body["content"].get("application/merge-patch+json").is_some();
        assert_eq!(patch, name.starts_with("update_"), "{name}");
    }
}
