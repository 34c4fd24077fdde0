//! Alarms.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Faults;
use crate::template::{Template, list, target};

/// Every function's errors, every dead-letter queue and the API's faults raise an alarm that somebody gets.
#[must_use]
pub fn everything_is_watched(template: &Template) -> Faults {
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let mut faults = Faults::new();
    for (id, alarm) in &alarms {
        for list_of in ["AlarmActions", "OKActions"] {
            if list(&alarm[list_of]).iter().find_map(target) != Some("AlarmTopic") {
                faults.push(format!("{id} must tell the AlarmTopic ({list_of})"));
            }
        }
        if alarm["TreatMissingData"] != "notBreaching" || alarm["AlarmDescription"].as_str().is_none() {
            faults.push(format!("{id} must say what it means, and take silence for good"));
        }
        if list(&alarm["Metrics"]).len() > 10 {
            faults.push(format!("{id} has more metrics than an alarm takes"));
        }
    }
    let watched: BTreeSet<_> = alarms.into_values().flat_map(metrics).collect();
    let mut require = |namespace: &str, metric: &str, id: &str| {
        if !watched.contains(&(namespace.to_owned(), metric.to_owned(), id.to_owned())) {
            faults.push(format!("{metric} of {id} must raise an alarm"));
        }
    };
    for function in template.functions() {
        require("AWS/Lambda", "Errors", &function.id);
        if function.events("HttpApi").next().is_none() {
            // Of HTTP functions the gateway makes an answer of 5xx.
            require("AWS/Lambda", "Throttles", &function.id);
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
    faults
}

/// Namespace, metric and resource of each metric of an alarm.
fn metrics(alarm: &Value) -> Vec<(String, String, String)> {
    let read = |metric: &Value| {
        let text = |name: &str| metric[name].as_str().unwrap_or_default().to_owned();
        let of = metric["Dimensions"][0].get("Value").and_then(target).unwrap_or_default();
        (text("Namespace"), text("MetricName"), of.to_owned())
    };
    let inner = list(&alarm["Metrics"]).iter().map(|metric| read(&metric["MetricStat"]["Metric"]));
    std::iter::once(read(alarm)).chain(inner).collect()
}
