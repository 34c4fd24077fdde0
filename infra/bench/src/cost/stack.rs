//! What of template.yaml costs money, counted.

use std::collections::{BTreeMap, BTreeSet};

use banister_checks::template::{Function, Template, list, target};
use serde_json::Value;

use crate::BenchError;

/// Metrics that an API writes for each route when they are detailed
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>; as many for WebSocket APIs).
const METRICS_A_ROUTE: u16 = 6;

/// A function of the stack.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kind {
    /// Memory in MB.
    pub(super) memory: f64,
    /// Which binary it runs.
    pub(super) area: String,
    /// Whether the HTTP API has a route to it.
    pub(super) routed: bool,
    /// Whether Lambda sends traces of it, as long as `Tracing` has its default.
    pub(super) traced: bool,
}

/// What the stack consists of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stack {
    /// The functions by operation.
    pub(super) functions: BTreeMap<String, Kind>,
    /// Operations that run every minute.
    pub(super) every_minute: Vec<String>,
    /// Queues from which Lambda polls for a function.
    pub(super) polled: u16,
    /// Metrics in alarms.
    pub(super) alarm_metrics: u16,
    /// Dashboards.
    pub(super) dashboards: u16,
    /// Secrets, those that an operator makes included.
    pub(super) secrets: u16,
    /// Metrics of the gateways' routes, if they are switched on.
    pub(super) route_metrics: u16,
}

fn count<T>(items: impl IntoIterator<Item = T>) -> u16 {
    u16::try_from(items.into_iter().count()).unwrap_or(u16::MAX)
}

/// The metrics that an alarm is billed for: its own, or those of its expression.
fn metrics(alarm: &Value) -> u16 {
    match list(&alarm["Metrics"]) {
        [] => 1,
        metrics => count(metrics.iter().filter(|metric| metric["MetricStat"].is_object())).max(1),
    }
}

impl Stack {
    /// Reads it.
    pub(super) fn read() -> Result<Self, BenchError> {
        Self::of(&banister_checks::files::read("template.yaml")?)
    }

    fn of(text: &str) -> Result<Self, BenchError> {
        let template = Template::parse(text).map_err(|error| BenchError::Unexpected(error.to_string()))?;
        let functions = template.functions();
        let memory = |value: &Value| value.as_u64().and_then(|mb| u16::try_from(mb).ok()).unwrap_or(128);
        let minutely = |event: &Value| event["Schedule"] == "rate(1 minute)";
        let tracing = template.section("Parameters").into_iter().find(|(name, _)| *name == "Tracing");
        let active = tracing.is_some_and(|(_, parameter)| parameter["Default"] == "Active");
        let routes = count(template.routes());
        let socket_routes = count(functions.iter().filter_map(|function| function.socket_route(&template)));
        let alarms = template.of_type("AWS::CloudWatch::Alarm");
        Ok(Self {
            every_minute: functions
                .iter()
                .filter(|function| function.events("Schedule").any(minutely))
                .map(Function::operation)
                .collect(),
            polled: count(functions.iter().flat_map(|function| function.events("SQS"))),
            alarm_metrics: alarms.values().map(|alarm| metrics(alarm)).sum(),
            dashboards: count(template.of_type("AWS::CloudWatch::Dashboard")),
            secrets: count(functions.iter().flat_map(Function::secrets).collect::<BTreeSet<_>>()),
            route_metrics: METRICS_A_ROUTE * (routes + socket_routes),
            functions: functions
                .iter()
                .map(|function| {
                    let kind = Kind {
                        memory: f64::from(memory(function.property("MemorySize"))),
                        area: function.area().to_owned(),
                        routed: !function.routes.is_empty(),
                        traced: active && target(function.property("Tracing")) == Some("Tracing"),
                    };
                    (function.operation(), kind)
                })
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r"
Parameters: {Tracing: {Type: String, Default: Active}}
Globals: {Function: {MemorySize: 256, Tracing: !Ref Tracing}}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        paths:
          /v1/ones:
            get: {x-amazon-apigateway-integration: {uri: !Sub 'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${OneFunction.Arn}/invocations'}}
  Key: {Type: AWS::SecretsManager::Secret}
  Board: {Type: AWS::CloudWatch::Dashboard}
  OneFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/ones/
      Policies: [Statement: [{Effect: Allow, Action: [secretsmanager:GetSecretValue], Resource: [!GetAtt Key.Id, one]}]]
      Events: {Messages: {Type: SQS, Properties: {Queue: q}}}
  TwoFunction:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: 512
      Tracing: PassThrough
      CodeUri: target/lambda/twos/
      Policies: [Statement: [{Effect: Allow, Action: [secretsmanager:GetSecretValue], Resource: !GetAtt Key.Id}]]
      Events: {Minute: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}}
  PlainAlarm: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: Errors}}
  SumAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics: [{Id: all, Expression: SUM(METRICS())}, {Id: m1, MetricStat: {Period: 60}}, {Id: m2, MetricStat: {Period: 60}}]
";

    #[test]
    fn what_costs_is_counted() {
        let stack = Stack::of(TEMPLATE).unwrap();
        let functions = [("one", 256.0, "ones", true), ("two", 512.0, "twos", false)];
        let functions = functions.map(|(name, memory, area, of_api)| {
            let kind = Kind { memory, area: area.to_owned(), routed: of_api, traced: of_api };
            (name.to_owned(), kind)
        });
        let wanted = Stack {
            functions: functions.into(),
            every_minute: vec!["two".into()],
            polled: 1,
            alarm_metrics: 3,
            dashboards: 1,
            secrets: 2,
            route_metrics: 6,
        };
        assert_eq!(stack, wanted);
    }
}
