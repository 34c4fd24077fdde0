//! Rules about the template and the operations of the routers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::template::{Function, Statement, Template, entries};
use crate::{Faults, unequal};

/// One operation on one route, as its area lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// `create_booking`.
    pub operation: String,
    /// `bookings`.
    pub area: String,
    /// In upper case.
    pub method: String,
    /// With parameters in braces.
    pub path: String,
}

/// The HTTP functions are the operations, each with its area's binary and its own routes.
#[must_use]
pub fn functions_are_operations(template: &Template, routes: &[Route]) -> Faults {
    let declared = routed(template).into_iter().collect();
    unequal(("the template", &declared), ("the routers", &routes.iter().cloned().collect()))
}

/// The routes of the gateway, each with the function that it leads to.
#[must_use]
pub fn routed(template: &Template) -> Vec<Route> {
    let of_function = |function: Function| -> Vec<Route> {
        let (operation, area) = (function.operation(), function.area().to_owned());
        let route = |(method, path)| Route { operation: operation.clone(), area: area.clone(), method, path };
        function.routes.into_iter().map(route).collect()
    };
    template.functions().into_iter().flat_map(of_function).collect()
}

/// The document has the operations of the routers, and no others; each has its area as its tag.
#[must_use]
pub fn document_is_complete(document: &Value, routes: &[Route]) -> Faults {
    let mut described = BTreeSet::new();
    for (path, item) in entries(&document["paths"]) {
        for (method, operation) in entries(item) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            described.insert(Route {
                operation: text(&operation["operationId"]),
                area: text(&operation["tags"][0]),
                method: method.to_uppercase(),
                path: path.to_owned(),
            });
        }
    }
    unequal(("the document", &described), ("the routers", &routes.iter().cloned().collect()))
}

/// Each function's statements are those listed for it: `"GetItem Query; GSI1: Query; EmailQueue: SendMessage"`,
/// actions on the table first, then those on an index, a queue, objects or connections. The secrets follow from the
/// variables ([`crate::rules::secrets_are_read`]).
#[must_use]
pub fn rights_are_listed(template: &Template, listed: &BTreeMap<&str, &str>) -> Faults {
    let functions = template.functions();
    let names = functions.iter().map(Function::operation).collect();
    let listed_names = listed.keys().map(|&name| name.to_owned()).collect();
    let mut faults = unequal(("the template", &names), ("the list of rights", &listed_names));
    for function in &functions {
        let expected = listed.get(function.operation().as_str()).map(|text| rights(text)).unwrap_or_default();
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for Statement { actions, resources } in function.rights() {
            for resource in resources {
                found.entry(resource).or_default().extend(actions.clone());
            }
        }
        if found != expected {
            faults.push(format!("{} may {found:?}, listed is {expected:?}", function.id));
        }
    }
    faults
}

fn rights(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut rights: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for part in text.split("; ").filter(|part| !part.is_empty()) {
        let (on, actions) = part.split_once(": ").unwrap_or(("Table", part));
        let service = match on {
            on if on.ends_with("Queue") => "sqs",
            on if on.contains("Bucket") => "s3",
            on if on.ends_with("@connections/*") => "execute-api",
            _ => "dynamodb",
        };
        let on = if on.starts_with("GSI") { format!("Table/index/{on}") } else { on.to_owned() };
        rights.entry(on).or_default().extend(actions.split(' ').map(|action| format!("{service}:{action}")));
    }
    rights
}

/// What reads, and is counted and leaves a line in the audit log.
const COUNTED: [&str; 2] = ["ExportMeFunction", "GetCalendarFeedFunction"];

/// An operation that only reads has no right to write, but for those that are [`COUNTED`].
#[must_use]
pub fn reading_is_reading(template: &Template) -> Faults {
    let reads = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "s3:GetObject"];
    let is_get = |function: &Function| function.routes.iter().any(|(method, _)| method == "GET");
    let mut faults = Faults::new();
    for function in template.functions().iter().filter(|function| is_get(function)) {
        let actions = function.rights().into_iter().flat_map(|statement| statement.actions);
        let counted = COUNTED.contains(&function.id.as_str());
        let counts = |action: &str| counted && ["dynamodb:PutItem", "dynamodb:UpdateItem"].contains(&action);
        let writes = actions.filter(|action| !reads.contains(&action.as_str()) && !counts(action));
        faults.extend(writes.map(|action| format!("{} only reads, and may {action}", function.id)));
    }
    faults
}

/// Each function has the variables of its area, and those that it alone needs, no more.
#[must_use]
pub fn variables_are_of_area(
    template: &Template,
    areas: &BTreeMap<&str, &str>,
    own: &BTreeMap<&str, &str>,
) -> Faults {
    let mut faults = Faults::new();
    for function in template.functions() {
        let expected: BTreeSet<_> = [areas.get(function.area()), own.get(function.operation().as_str())]
            .into_iter()
            .flatten()
            .collect();
        let expected: BTreeSet<_> =
            expected.into_iter().flat_map(|text| text.split(' ')).collect::<BTreeSet<_>>();
        let expected: BTreeSet<_> =
            expected.into_iter().chain(["LOG_LEVEL"]).filter(|name| !name.is_empty()).collect();
        let found = function.environment().into_keys().collect();
        faults.extend(unequal((&function.id, &found), ("its area", &expected)));
    }
    faults
}
