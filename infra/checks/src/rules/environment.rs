//! Environment variables and parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::template::{Template, target};
use crate::{Faults, unequal};

/// env.example lists the variables of the template, each with a meaning, and says truly where secrets come from.
#[must_use]
pub fn variables_are_listed(template: &Template, example: &str) -> Faults {
    let listed = listed(example);
    let functions = template.functions();
    let used = functions.iter().flat_map(|function| function.environment().into_keys());
    let used = used.map(|name| setting(name).to_owned());
    let names = listed.keys().cloned().collect();
    let mut faults = unequal(("the template", &used.collect()), ("env.example", &names));
    for function in &functions {
        for (name, value) in function.environment() {
            let meaning = listed.get(setting(name)).map(String::as_str).unwrap_or_default();
            if meaning.is_empty() {
                faults.push(format!("{name} must have a meaning in env.example"));
            }
            if source(template, name, value) != said_source(meaning) {
                faults.push(format!("{}: {name} must come from where env.example says", function.id));
            }
        }
    }
    faults
}

#[derive(PartialEq)]
enum Source {
    SecretsManager,
    ParameterStore,
    Template,
}

/// The setting that a variable gives: `X_SECRET` names the secret that holds X.
fn setting(variable: &str) -> &str {
    variable.strip_suffix("_SECRET").unwrap_or(variable)
}

fn source(template: &Template, name: &str, value: &Value) -> Source {
    let parameters = template.section("Parameters");
    let parameter = parameters.into_iter().find(|(id, _)| target(value) == Some(*id));
    let kind = parameter.and_then(|(_, parameter)| parameter["Type"].as_str()).unwrap_or_default();
    if setting(name) != name {
        Source::SecretsManager
    } else if kind.starts_with("AWS::SSM::Parameter::Value<") {
        Source::ParameterStore
    } else {
        Source::Template
    }
}

fn said_source(meaning: &str) -> Source {
    if meaning.contains("Secrets Manager") {
        Source::SecretsManager
    } else if meaning.contains("Parameter Store") {
        Source::ParameterStore
    } else {
        Source::Template
    }
}

/// The variables of env.example with the comment above each.
fn listed(example: &str) -> BTreeMap<String, String> {
    let mut listed = BTreeMap::new();
    let mut comment = String::new();
    for line in example.lines() {
        match (line.strip_prefix('#'), line.split_once('=')) {
            (Some(text), _) => comment.push_str(text),
            (None, Some((name, _))) => drop(listed.insert(name.to_owned(), std::mem::take(&mut comment))),
            (None, None) => comment.clear(),
        }
    }
    listed
}

/// Every setting that the sources of functions read is in env.example, be it in a comment.
#[must_use]
pub fn sources_are_listed(sources: &str, example: &str) -> Faults {
    let calls = ["optional(\"", "required(\"", "parsed(\"", "from_settings(settings, \""];
    let texts = calls.iter().flat_map(|call| sources.split(call).skip(1));
    let names: BTreeSet<_> = texts.filter_map(|text| text.split('"').next()).collect();
    let is_name =
        |name: &str| name.contains('_') && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
    let lines: BTreeSet<_> =
        example.lines().filter_map(|line| line.trim_start_matches("# ").split_once('=')).collect();
    let missing =
        names.iter().filter(|name| is_name(name) && !lines.iter().any(|(listed, _)| listed == *name));
    missing.map(|name| format!("{name} must be in env.example")).collect()
}

/// samconfig.toml gives each stage the parameters that have no default, and no others than there are.
#[must_use]
pub fn deployments_fit(template: &Template, samconfig: &str) -> Faults {
    let parameters = template.section("Parameters");
    let known: BTreeSet<_> = parameters.iter().map(|(name, _)| *name).collect();
    let required = parameters.iter().filter(|(_, parameter)| parameter["Default"].is_null());
    let required: Vec<_> = required.map(|(name, _)| *name).collect();
    let stages = template.section("Parameters").into_iter().find(|(name, _)| *name == "Stage");
    let stages = stages.and_then(|(_, stage)| stage["AllowedValues"].as_array().cloned()).unwrap_or_default();
    let mut faults = Faults::new();
    for stage in stages.iter().filter_map(Value::as_str) {
        let section = samconfig.split(&format!("[{stage}.deploy.parameters]")).nth(1).unwrap_or_default();
        let section = section.split("\n[").next().unwrap_or_default();
        let overrides = section.split("parameter_overrides = [").nth(1).unwrap_or_default();
        let given = overrides.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once('='));
        let given: BTreeMap<_, _> = given.collect();
        let missing = required.iter().filter(|name| !given.contains_key(*name));
        faults.extend(missing.map(|name| format!("{stage} must give {name}")));
        let unknown = given.keys().filter(|name| !known.contains(*name));
        faults.extend(unknown.map(|name| format!("{stage} gives {name}, which is no parameter")));
        if given.get("Stage").is_none_or(|value| value.trim_end_matches("\",") != stage) {
            faults.push(format!("{stage} must be deployed as {stage}"));
        }
    }
    faults
}
