//! Rules about the sample events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::template::{Function, Template, entries};
use crate::{Faults, unequal};

/// There is one event for each function, of the kind that starts it, and an HTTP event is one of its routes.
#[must_use]
pub fn events_fit(template: &Template, events: &BTreeMap<String, String>) -> Faults {
    let functions = template.functions();
    let names = functions.iter().map(Function::operation).collect();
    let mut faults = unequal(("the template", &names), ("events/", &events.keys().cloned().collect()));
    for function in &functions {
        let Some(text) = events.get(&function.operation()) else { continue };
        match serde_json::from_str(text) {
            Ok(event) => faults.extend(event_fits(template, function, &event)),
            Err(error) => faults.push(format!("the event of {} is not JSON: {error}", function.id)),
        }
    }
    faults
}

fn event_fits(template: &Template, function: &Function, event: &Value) -> Faults {
    let mut faults = Faults::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("the event of {} must have {what}", function.id));
        }
    };
    let source = |name: &str| event["Records"][0]["eventSource"] == name;
    require(function.events("SQS").next().is_none() || source("aws:sqs"), "a message of a queue");
    require(function.events("DynamoDB").next().is_none() || source("aws:dynamodb"), "a record of the stream");
    let is_tick = event["detail-type"] == "Scheduled Event" && event["source"] == "aws.events";
    require(function.events("Schedule").next().is_none() || is_tick, "a schedule");
    if let Some(route) = function.socket_route(template) {
        let context = &event["requestContext"];
        let kind = match route {
            "$connect" => "CONNECT",
            "$disconnect" => "DISCONNECT",
            _ => "MESSAGE",
        };
        require(context["routeKey"] == route && context["eventType"] == kind, "its WebSocket route");
        require(context["connectionId"].is_string(), "a connection");
        require(context["stage"] == "live", "the stage live");
    }
    let routes = &function.routes;
    if !routes.is_empty() {
        http_fits(routes, event, &mut require);
    }
    faults
}

fn http_fits(routes: &BTreeSet<(String, String)>, event: &Value, require: &mut impl FnMut(bool, &str)) {
    let http = &event["requestContext"]["http"];
    let route = event["routeKey"].as_str().unwrap_or_default();
    let method = http["method"].as_str().unwrap_or_default();
    let path = event["rawPath"].as_str().unwrap_or_default();
    let declared = routes.iter().find(|(method, path)| match path.as_str() {
        "$default" => route == "$default",
        path => route == format!("{method} {path}"),
    });
    require(event["version"] == "2.0", "payload version 2.0");
    require(event["requestContext"]["routeKey"] == route, "the same route twice");
    require(http["path"] == path, "the same path twice");
    require(http["sourceIp"].is_string(), "a source address");
    require(declared.is_some(), "one of its routes");
    if let Some((declared_method, template)) = declared.filter(|(_, path)| path != "$default") {
        require(declared_method == method, "the route's method");
        let parameters = entries(&event["pathParameters"]);
        let filled = parameters.fold(template.clone(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
        });
        require(filled == path, "the route's path with its parameters");
    }
    let headers = &event["headers"];
    let lower = entries(headers).all(|(name, value)| name == name.to_lowercase() && value.is_string());
    require(lower, "header names in lower case, as the gateway sends them");
    if let Some(body) = event["body"].as_str() {
        // A DELETE may have one where an act for good wants more than a path: a password, a reason.
        require(["POST", "PUT", "PATCH", "DELETE"].contains(&method), "no body");
        require(
            serde_json::from_str::<Value>(body).is_ok_and(|body| body.is_object()),
            "a JSON object as body",
        );
        require(headers["content-type"] == "application/json", "a content type");
        let length = headers["content-length"].as_str().and_then(|length| length.parse().ok());
        require(length == Some(body.len()), "the length of its body");
    }
}
