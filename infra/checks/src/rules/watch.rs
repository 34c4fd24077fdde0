//! Alarms, and the dashboard.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Faults;
use crate::template::{Function, Template, entries, list, target};

/// The dimension of a metric that API Gateway writes only where detailed metrics are on
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>, and of WebSocket APIs).
const OF_A_ROUTE: &str = "\"Route\"";

/// Namespace, metric and resource of a metric.
type Metric = (String, String, String);

/// Every function's errors, throttles and time, every queue, the APIs and the table raise an alarm
/// that somebody gets, and no level of the logs is lost on the way.
#[must_use]
pub fn everything_is_watched(template: &Template) -> Faults {
    let mut faults: Faults = alarms_are_heard(template);
    let watched = watched(template);
    let mut require = |namespace: &str, metric: &str, id: &str| {
        if !watched.contains(&(namespace.to_owned(), metric.to_owned(), id.to_owned())) {
            faults.push(format!("{metric} of {id} must raise an alarm"));
        }
    };
    for function in template.functions() {
        require("AWS/Lambda", "Errors", &function.id);
        // A throttled function of an API is an answer of 5xx, and the API measures how long each took: one
        // metric for all of them, where each metric of an alarm costs the same.
        match api(template, &function) {
            Some("Api") => require("AWS/ApiGateway", "IntegrationLatency", "Api"),
            Some(socket) => {
                require("AWS/Lambda", "Throttles", &function.id);
                require("AWS/ApiGateway", "IntegrationLatency", socket);
            }
            None => {
                require("AWS/Lambda", "Throttles", &function.id);
                require("AWS/Lambda", "Duration", &function.id);
            }
        }
        if function.events("DynamoDB").next().is_some() {
            require("AWS/Lambda", "IteratorAge", &function.id);
        }
    }
    for id in template.of_type("AWS::SQS::Queue").into_keys() {
        let is_end = id.ends_with("DeadLetterQueue");
        let metric =
            if is_end { "ApproximateNumberOfMessagesVisible" } else { "ApproximateAgeOfOldestMessage" };
        require("AWS/SQS", metric, id);
    }
    require("AWS/ApiGateway", "5xx", "Api");
    for id in template.of_type("AWS::Serverless::WebSocketApi").into_keys() {
        require("AWS/ApiGateway", "IntegrationError", id);
        require("AWS/ApiGateway", "ExecutionError", id);
    }
    for metric in ["ReadThrottleEvents", "WriteThrottleEvents"] {
        require("AWS/DynamoDB", metric, "Table");
    }
    for call in calls(template) {
        require("AWS/DynamoDB", &format!("SystemErrors {call}"), "Table");
    }
    let silenced = template.functions().into_iter().filter(|function| {
        // Not set, Lambda drops what is below INFO, whatever LOG_LEVEL says.
        function.property("LoggingConfig")["ApplicationLogLevel"] != "DEBUG"
    });
    faults.extend(silenced.map(|function| format!("{} must have ApplicationLogLevel DEBUG", function.id)));
    faults
}

/// The API whose time-out is the function's.
fn api<'a>(template: &'a Template, function: &Function) -> Option<&'a str> {
    if !function.routes.is_empty() {
        return Some("Api");
    }
    function.socket_route(template).map(|_| "SocketApi")
}

/// The calls to the table that functions have a right to. To a transaction there is no right, and a check
/// is nothing but a part of one.
fn calls(template: &Template) -> BTreeSet<String> {
    let functions = template.functions();
    let statements = functions.iter().flat_map(Function::statements);
    let actions = statements.flat_map(|statement| statement.actions);
    let calls = actions.filter_map(|action| action.strip_prefix("dynamodb:").map(str::to_owned));
    let calls = calls.filter(|call| call != "ConditionCheckItem");
    calls.chain(["TransactWriteItems".to_owned()]).collect()
}

fn watched(template: &Template) -> BTreeSet<Metric> {
    template.of_type("AWS::CloudWatch::Alarm").into_values().flat_map(metrics).collect()
}

fn alarms_are_heard(template: &Template) -> Faults {
    let mut faults = Faults::new();
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        for list_of in ["AlarmActions", "OKActions"] {
            if list(&alarm[list_of]).iter().find_map(target) != Some("AlarmTopic") {
                faults.push(format!("{id} must tell the AlarmTopic ({list_of})"));
            }
        }
        if alarm["TreatMissingData"] != "notBreaching" || alarm["AlarmDescription"].as_str().is_none() {
            faults.push(format!("{id} must say what it means, and take silence for good"));
        }
        if alarm.to_string().contains(OF_A_ROUTE) {
            faults.push(format!("{id} must not need metrics of routes, which may be off"));
        }
        if list(&alarm["Metrics"]).len() > 11 {
            faults.push(format!("{id} has more than ten metrics beside their sum"));
        }
        faults.extend(metrics(alarm).into_iter().filter_map(|metric| too_late(template, id, alarm, &metric)));
    }
    faults
}

/// An alarm of time that does not go off from 80 % of the time-out on.
fn too_late(template: &Template, id: &str, alarm: &Value, (_, metric, on): &Metric) -> Option<String> {
    let of_api = metric == "IntegrationLatency";
    if metric != "Duration" && !of_api {
        return None;
    }
    let functions = template.functions().into_iter();
    let watched = functions
        .filter(|function| if of_api { api(template, function) == Some(on) } else { function.id == *on });
    let shortest = watched.filter_map(|function| function.property("Timeout").as_i64()).min()?;
    let threshold = alarm["Threshold"].as_i64().unwrap_or(i64::MAX);
    (threshold > shortest * 800).then(|| format!("{id} must go off at 80 % of the time-out of {on}"))
}

/// The metrics of an alarm; one of a single operation has that behind its name.
fn metrics(alarm: &Value) -> Vec<Metric> {
    let read = |metric: &Value| {
        let text = |name: &str| metric[name].as_str().unwrap_or_default().to_owned();
        let of = metric["Dimensions"][0].get("Value").and_then(target).unwrap_or_default();
        let operation = list(&metric["Dimensions"]).iter().find(|dimension| dimension["Name"] == "Operation");
        let operation = operation.and_then(|dimension| dimension["Value"].as_str());
        let name = operation
            .map_or_else(|| text("MetricName"), |operation| format!("{} {operation}", text("MetricName")));
        (text("Namespace"), name, of.to_owned())
    };
    let inner = list(&alarm["Metrics"]).iter().map(|metric| read(&metric["MetricStat"]["Metric"]));
    std::iter::once(read(alarm)).chain(inner).collect()
}

/// The dashboard is what `CloudWatch` reads, names what exists, and shows the APIs, every queue and the
/// table.
#[must_use]
pub fn dashboard_fits(template: &Template) -> Faults {
    let boards = template.of_type("AWS::CloudWatch::Dashboard");
    let Some(body) = boards.values().next().and_then(|board| board["DashboardBody"]["Fn::Sub"].as_str())
    else {
        return vec!["there must be a dashboard".into()];
    };
    let mut faults = Faults::new();
    let names: BTreeSet<_> =
        body.split("${").skip(1).filter_map(|rest| rest.split('}').next()?.split('.').next()).collect();
    let unknown = names.iter().filter(|id| !id.starts_with("AWS::") && template.resource(id).is_null());
    faults.extend(unknown.map(|id| format!("the dashboard names {id}, which there is not")));
    let shown = [
        "AWS::SQS::Queue",
        "AWS::DynamoDB::Table",
        "AWS::Serverless::HttpApi",
        "AWS::Serverless::WebSocketApi",
    ];
    let missing =
        shown.iter().flat_map(|kind| template.of_type(kind).into_keys()).filter(|id| !names.contains(id));
    faults.extend(missing.map(|id| format!("the dashboard must show {id}")));
    if body.contains(OF_A_ROUTE) {
        faults.push("the dashboard must not need metrics of routes, which may be off".into());
    }
    faults.extend(widgets(body));
    faults
}

fn widgets(body: &str) -> Faults {
    let plain = substituted(body);
    let Ok(board) = serde_json::from_str::<Value>(&plain) else {
        return vec!["the dashboard must be JSON".into()];
    };
    let mut faults = Faults::new();
    for widget in list(&board["widgets"]) {
        let properties = &widget["properties"];
        let title = properties["title"].as_str().unwrap_or_default();
        let sized = ["x", "y", "width", "height"].iter().all(|name| widget[*name].is_u64());
        let metrics = list(&properties["metrics"]);
        let fits =
            widget["type"] == "metric" && sized && !title.is_empty() && properties["region"].is_string();
        if !fits || metrics.is_empty() || metrics.iter().any(|metric| !row(metric)) {
            faults.push(format!("the widget {title:?} must have a place, a title, a region and metrics"));
        }
    }
    if list(&board["widgets"]).is_empty() {
        faults.push("the dashboard must have widgets".into());
    }
    faults
}

/// A metric is namespace, name and pairs of dimension and value, or an expression; options end it.
fn row(metric: &Value) -> bool {
    let (texts, options): (Vec<_>, Vec<_>) = list(metric).iter().partition(|part| part.is_string());
    let expression = options.iter().any(|option| entries(option).any(|(name, _)| name == "expression"));
    options.len() <= 1 && (expression || texts.len() >= 2 && texts.len().is_multiple_of(2))
}

/// The text with each `${NAME}` as `NAME`.
fn substituted(body: &str) -> String {
    let mut parts = body.split("${");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        plain.push_str(name);
        plain.push_str(rest);
    }
    plain
}
