//! The WebSocket API.

use std::collections::BTreeSet;

use super::api::detailed_by_parameter;
use crate::template::{Template, entries, target};
use crate::{Faults, unequal};

/// The three routes go to the three functions of the connections area, frames are answered, calls are
/// throttled, metrics of each route are left to the parameter, and the stage is the one that rights and addresses name.
#[must_use]
pub fn sockets_are_routed(template: &Template) -> Faults {
    let api = &template.resource("SocketApi")["Properties"];
    let expected = ["$connect ConnectFunction", "$disconnect DisconnectFunction", "$default FrameFunction"];
    let routes = entries(&api["Routes"]);
    let found: BTreeSet<_> = routes
        .map(|(key, route)| format!("{key} {}", target(&route["FunctionArn"]).unwrap_or_default()))
        .collect();
    let mut faults =
        unequal(("the WebSocket API", &found), ("its functions", &expected.map(str::to_owned).into()));
    let answers = template.of_type("AWS::ApiGatewayV2::RouteResponse").into_values();
    let mut answers = answers.filter(|answer| target(&answer["ApiId"]) == Some("SocketApi"));
    let answered = answers.any(|answer| {
        target(&answer["RouteId"]) == Some("SocketApiDefaultRoute")
            && answer["RouteResponseKey"] == "$default"
    });
    let throttle = &api["DefaultRouteSettings"];
    let requirements = [
        ("choose routes by the action", api["RouteSelectionExpression"] == "$request.body.action"),
        ("have the stage live", api["StageName"] == "live"),
        (
            "send answers to frames",
            answered && api["Routes"]["$default"]["RouteResponseSelectionExpression"] == "$default",
        ),
        (
            "be throttled",
            throttle["ThrottlingRateLimit"].is_i64() && throttle["ThrottlingBurstLimit"].is_i64(),
        ),
        ("let DetailedMetrics decide on its routes", detailed_by_parameter(template, throttle)),
    ];
    let missing = requirements.iter().filter(|(_, holds)| !holds);
    faults.extend(missing.map(|(what, _)| format!("the WebSocket API must {what}")));
    for function in template.functions().iter().filter(|function| function.area() == "connections") {
        if function.socket_route(template).is_none() {
            faults.push(format!("{} must have a route", function.id));
        }
    }
    faults
}
