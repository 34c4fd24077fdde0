//! What each function must have.

use std::collections::BTreeSet;

use serde_json::json;

use crate::template::{Function, Template, target};
use crate::{Faults, unequal};

/// Runtime, limits, tracing, log group, boundary, a prebuilt binary, something that starts it.
#[must_use]
pub fn functions_are_complete(template: &Template) -> Faults {
    template.functions().iter().flat_map(|one| function(template, one)).collect()
}

fn function(template: &Template, function: &Function) -> Faults {
    let between = |name: &str, least, most| {
        function.property(name).as_i64().is_some_and(|number| (least..=most).contains(&number))
    };
    let is_http = !function.routes.is_empty();
    let events = function.property("Events").as_object().is_some_and(|events| !events.is_empty());
    let boundary = target(function.property("PermissionsBoundary"));
    let tracing = function.property("Tracing");
    // What runs every minute is not worth a trace each time; all else asks the parameter.
    let scheduled = function.events("Schedule").next().is_some();
    let traced = if scheduled { tracing == "PassThrough" } else { target(tracing) == Some("Tracing") };
    let requirements = [
        ("a name that ends in Function", function.id.ends_with("Function")),
        ("CodeUri target/lambda/<area>/", !function.area().is_empty()),
        ("Metadata SkipBuild", function.resource["Metadata"]["SkipBuild"] == true),
        ("Runtime provided.al2023", function.property("Runtime") == "provided.al2023"),
        ("Handler bootstrap", function.property("Handler") == "bootstrap"),
        ("Architectures [x86_64]", *function.property("Architectures") == json!(["x86_64"])),
        ("Tracing as the parameter says, or none on a schedule", traced),
        ("MemorySize from 128 to 1024", between("MemorySize", 128, 1024)),
        ("Timeout under 29 s", between("Timeout", 1, 28)),
        ("Timeout of 24 s for HTTP", !is_http || between("Timeout", 24, 24)),
        ("LogFormat JSON", function.property("LoggingConfig")["LogFormat"] == "JSON"),
        ("the PermissionsBoundary", boundary == Some("FunctionBoundary")),
        ("something that starts it", is_http || events || function.socket_route(template).is_some()),
        ("no ReservedConcurrentExecutions", function.property("ReservedConcurrentExecutions").is_null()),
        ("no Role of its own making", function.property("Role").is_null()),
    ];
    let missing = requirements.iter().filter(|(_, holds)| !holds);
    missing.map(|(what, _)| format!("{} must have {what}", function.id)).collect()
}

/// A password's hash takes 19 MiB and is slow on purpose; Lambda gives processor by memory, so that in 256 MB
/// whoever signs in would wait for more than a second. Nobody else pays for it.
#[must_use]
pub fn hashing_has_a_processor(template: &Template, hashing: &BTreeSet<&str>) -> Faults {
    let of_one = |function: &Function| {
        let hashes = hashing.contains(function.operation().as_str());
        let more = function.property("MemorySize") == 512;
        (hashes != more && !function.routes.is_empty())
            .then(|| format!("{} must have 512 MB if and only if it hashes passwords", function.id))
    };
    template.functions().iter().filter_map(of_one).collect()
}

/// Each log group deletes after the days that the parameter says, each function writes to its area's.
#[must_use]
pub fn log_groups_are_kept(template: &Template) -> Faults {
    let groups = template.of_type("AWS::Logs::LogGroup");
    let forever =
        groups.iter().filter(|(_, group)| target(&group["RetentionInDays"]) != Some("LogRetentionDays"));
    let mut faults: Faults = forever.map(|(id, _)| format!("{id} must have RetentionInDays")).collect();
    let mut used = BTreeSet::from(["ApiLogGroup".to_owned()]);
    for function in template.functions() {
        let group = target(&function.property("LoggingConfig")["LogGroup"]).unwrap_or_default();
        used.insert(group.to_owned());
        if group.strip_suffix("LogGroup").map(str::to_lowercase).as_deref() != Some(function.area()) {
            faults.push(format!("{} must log to the group of {}", function.id, function.area()));
        }
    }
    let groups = groups.keys().map(|&id| id.to_owned()).collect();
    faults.extend(unequal(("the log groups", &groups), ("those written to", &used)));
    faults
}
