//! What functions may do.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::{Function, Statement, Template, list, named, statements};
use crate::{Faults, unequal};

/// Actions that IAM grants only without naming a resource
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/>).
const WITHOUT_RESOURCE: [&str; 3] =
    ["dynamodb:ListStreams", "xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/// Each function has a policy of its own, spelled out, without wildcards and within the boundary.
#[must_use]
pub fn rights_are_narrow(template: &Template) -> Faults {
    let boundary = &template.resource("FunctionBoundary")["Properties"]["PolicyDocument"];
    let boundary = statements(boundary);
    let mut faults = wide("FunctionBoundary", &boundary);
    if boundary.is_empty() {
        faults.push("there must be a FunctionBoundary".into());
    }
    let functions = template.functions();
    let granted: Vec<_> = functions.iter().flat_map(Function::statements).collect();
    let on_table = rights(&boundary).into_iter().filter(|(_, on)| on.starts_with("Table"));
    let unused = on_table.filter(|right| !rights(&granted).contains(right));
    faults.extend(
        unused.map(|(action, on)| format!("the boundary lets through {action} on {on}, which nobody needs")),
    );
    for function in &functions {
        let own = function.statements();
        faults.extend(wide(&function.id, &own));
        faults.extend(named_policies(function));
        let within = |(action, on): &(&str, &str)| {
            rights(&boundary).iter().any(|(may, where_to)| may == action && covers(where_to, on))
        };
        let beyond = rights(&own).into_iter().filter(|right| !within(right));
        faults.extend(
            beyond.map(|(action, on)| format!("{}: {action} on {on} is beyond the boundary", function.id)),
        );
        if function.rights().is_empty()
            && function.environment().contains_key("TABLE_NAME")
            && !READS_NOTHING.contains(&&*function.id)
        {
            faults.push(format!("{} must have a policy", function.id));
        }
    }
    faults
}

/// A function may read the secrets that its variables name, and no others; and no variable is a copy, for a template may
/// have 60 references to values from elsewhere
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>).
#[must_use]
pub fn secrets_are_read(template: &Template) -> Faults {
    let mut faults = Faults::new();
    for function in template.functions() {
        let variables = function.environment();
        let named_ones = variables.iter().filter(|(name, _)| name.ends_with("_SECRET"));
        let named_ones = named_ones.map(|(_, value)| secret(&named(value))).collect();
        faults.extend(unequal((&function.id, &function.secrets()), ("its variables", &named_ones)));
        let copied = variables.iter().filter(|(_, value)| named(value).contains("{{resolve:"));
        faults.extend(copied.map(|(name, _)| format!("{}: {name} must be read, not copied", function.id)));
    }
    faults
}

/// A secret as a policy says it: one that an operator made has a name, and six random characters behind it
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>).
fn secret(named: &str) -> String {
    if named.contains('/') {
        format!(
            "arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{named}-??????"
        )
    } else {
        named.to_owned()
    }
}

/// Shares the binary and so the environment of its area, and answers from what is compiled in or in its settings.
const READS_NOTHING: [&str; 3] = ["FrameFunction", "GetJwksFunction", "ListCategoriesFunction"];

/// Where a star is the only way to say it: objects under a prefix, connections, which come and go, and keys,
/// which the boundary lets through and only a key's own policy grants.
const MANY: [&str; 7] = [
    "PrivateBucket/exports/*",
    "PrivateBucket/uploads/*",
    "PrivateBucket/uploads/photos/*",
    "PublicBucket/photos/*",
    "*/live/*/@connections/*",
    "SocketApi/live/*/@connections/*",
    "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*",
];

/// Whether a resource with stars takes in another, as IAM reads stars: any text, slashes too.
fn covers(wide: &str, narrow: &str) -> bool {
    match wide.split_once('*') {
        None => wide == narrow,
        Some((head, tail)) => narrow.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| covers(tail, &rest[at..]))
        }),
    }
}

fn named_policies(function: &Function) -> Faults {
    let spelled_out = |policy: &&Value| list(&policy["Statement"]).iter().all(|one| one["Effect"] == "Allow");
    let policies = list(function.property("Policies")).iter();
    let others = policies.filter(|policy| policy["Statement"].is_null() || !spelled_out(policy));
    others.map(|policy| format!("{}: {policy} is not spelled out", function.id)).collect()
}

fn wide(id: &str, statements: &[Statement]) -> Faults {
    let mut faults = Faults::new();
    for Statement { actions, resources } in statements {
        if actions.is_empty() || resources.is_empty() {
            faults.push(format!("{id}: a statement names no action or no resource"));
        }
        let wild = actions.iter().filter(|action| action.contains('*') || !action.contains(':'));
        faults.extend(wild.map(|action| format!("{id}: {action} is no single action")));
        let excused = actions.iter().all(|action| WITHOUT_RESOURCE.contains(&action.as_str()));
        let excused = |resource: &str| excused || MANY.contains(&resource);
        let wild = resources.iter().filter(|resource| resource.contains('*') && !excused(resource));
        faults.extend(wild.map(|resource| format!("{id}: {resource} is no single resource")));
    }
    faults
}

fn rights(statements: &[Statement]) -> BTreeSet<(&str, &str)> {
    let pairs = statements.iter().flat_map(|Statement { actions, resources }| {
        actions.iter().flat_map(move |action| resources.iter().map(move |on| (action.as_str(), on.as_str())))
    });
    pairs.collect()
}
