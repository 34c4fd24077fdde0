//! Queues, and where failures go.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Faults;
use crate::template::{Function, Template, list, named, target};

const FOURTEEN_DAYS: i64 = 1_209_600;

/// Each queue is encrypted and has a dead-letter queue unless it is one; each dead-letter queue keeps
/// its messages for as long as SQS can, and something is sent to it.
#[must_use]
pub fn queues_are_complete(template: &Template) -> Faults {
    let queues = template.of_type("AWS::SQS::Queue");
    let sent_to = dead_letter_targets(template);
    let mut faults = Faults::new();
    for (&id, queue) in &queues {
        let mut require = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{id} must {what}"));
            }
        };
        require(queue["SqsManagedSseEnabled"] == true, "be encrypted");
        let redrive = &queue["RedrivePolicy"];
        if id.ends_with("DeadLetterQueue") {
            require(redrive.is_null(), "be the end");
            require(queue["MessageRetentionPeriod"] == FOURTEEN_DAYS, "keep messages for 14 days");
            require(sent_to.contains(id), "be the dead-letter queue of something");
        } else {
            let dead = target(&redrive["deadLetterTargetArn"]).unwrap_or_default();
            require(dead.ends_with("DeadLetterQueue"), "have a dead-letter queue");
            require(
                redrive["maxReceiveCount"].as_i64().is_some_and(|count| (2..=10).contains(&count)),
                "retry",
            );
        }
    }
    let unknown = sent_to.iter().filter(|id| !queues.contains_key(id.as_str()));
    faults.extend(unknown.map(|id| format!("there is no dead-letter queue {id}")));
    faults
}

fn dead_letter_targets(template: &Template) -> BTreeSet<String> {
    let redrives = template.of_type("AWS::SQS::Queue").into_values();
    let mut targets: Vec<_> =
        redrives.map(|queue| queue["RedrivePolicy"]["deadLetterTargetArn"].clone()).collect();
    for function in template.functions() {
        targets.push(
            function.property("EventInvokeConfig")["DestinationConfig"]["OnFailure"]["Destination"].clone(),
        );
        targets.extend(function.events("DynamoDB").map(|event| on_failure(event).clone()));
        targets.extend(function.events("Schedule").map(|event| event["DeadLetterConfig"]["Arn"].clone()));
    }
    targets.iter().filter_map(target).map(str::to_owned).collect()
}

fn on_failure(settings: &Value) -> &Value {
    &settings["DestinationConfig"]["OnFailure"]["Destination"]
}

/// Every event source reports partial failures or has a place for what failed, and retries end.
#[must_use]
pub fn failures_are_kept(template: &Template) -> Faults {
    template.functions().iter().flat_map(|function| sources(template, function)).collect()
}

fn sources(template: &Template, function: &Function) -> Faults {
    let mut faults = Faults::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{} must {what}", function.id));
        }
    };
    let partial = json!(["ReportBatchItemFailures"]);
    let few = |count: &Value| count.as_i64().is_some_and(|count| (0..=10).contains(&count));
    for event in function.events("SQS") {
        let queue = &template.resource(target(&event["Queue"]).unwrap_or_default())["Properties"];
        let hidden = queue["VisibilityTimeout"].as_i64().unwrap_or(30);
        let timeout = function.property("Timeout").as_i64().unwrap_or(i64::MAX / 6);
        require(event["FunctionResponseTypes"] == partial, "report which messages failed");
        require(!queue["RedrivePolicy"].is_null(), "read a queue that has a dead-letter queue");
        require(hidden >= 6 * timeout, "read a queue that hides messages for six times its time-out");
        require(event["ScalingConfig"]["MaximumConcurrency"].is_i64(), "have a MaximumConcurrency");
        require(event["BatchSize"].is_i64(), "have a BatchSize");
    }
    for event in function.events("DynamoDB") {
        require(event["FunctionResponseTypes"] == partial, "report which records failed");
        require(target(on_failure(event)).is_some(), "have a destination for failed batches");
        require(few(&event["MaximumRetryAttempts"]), "end its retries");
        require(event["BisectBatchOnFunctionError"] == true, "halve failed batches");
        require(event["StartingPosition"] == "TRIM_HORIZON", "start with the oldest record");
        require(!list(&event["FilterCriteria"]["Filters"]).is_empty(), "see only the records it is for");
    }
    for event in function.events("Schedule") {
        let settings = function.property("EventInvokeConfig");
        require(
            target(&event["DeadLetterConfig"]["Arn"]).is_some(),
            "have a dead-letter queue for its schedule",
        );
        require(few(&event["RetryPolicy"]["MaximumRetryAttempts"]), "end the retries of its schedule");
        require(target(on_failure(settings)).is_some(), "have a destination for failed runs");
        require(few(&settings["MaximumRetryAttempts"]), "end its retries");
        let rule = named(&event["Name"]).replace("${AWS::StackName}-", "");
        require(
            let_in(template, event).contains(&rule),
            "have a rule that may send to its dead-letter queue",
        );
    }
    faults
}

/// The rules that may send to the dead-letter queue of a schedule, by the end of their names.
fn let_in(template: &Template, schedule: &Value) -> BTreeSet<String> {
    let queue = target(&schedule["DeadLetterConfig"]["Arn"]);
    let policies = template.of_type("AWS::SQS::QueuePolicy").into_values();
    let policies = policies.filter(|policy| list(&policy["Queues"]).iter().any(|one| target(one) == queue));
    let statements = policies.flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
    let rules = statements.flat_map(|statement| list(&statement["Condition"]["ArnEquals"]["aws:SourceArn"]));
    rules
        .filter_map(|rule| named(rule).rsplit_once("${AWS::StackName}-").map(|(_, name)| name.to_owned()))
        .collect()
}
