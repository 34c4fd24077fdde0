//! The WebSocket API: an `AWS::Serverless::WebSocketApi`.

use std::collections::BTreeMap;

use super::TemplateError;
use super::value::Node;

/// Beginning of a selection expression that looks at the message
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html>).
const BODY: &str = "$request.body.";

/// What the API does with connections and messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketDefinition {
    /// Name of the stage.
    pub stage: String,
    /// The member of a JSON message that names its route.
    pub selector: String,
    /// The routes by their keys: `$connect`, `$disconnect`, `$default` and a message's values of the selector.
    pub routes: BTreeMap<String, SocketRoute>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRoute {
    /// Logical id of the function.
    pub function: String,
    /// Whether the function's answer goes back to the client (`RouteResponseSelectionExpression`).
    pub answers: bool,
}

pub(super) fn read(api: &Node<'_>) -> Result<SocketDefinition, TemplateError> {
    let expression = api.require("RouteSelectionExpression")?;
    let text = expression.text()?;
    let selector = text.strip_prefix(BODY).filter(|name| !name.is_empty() && !name.contains(['.', '[']));
    let selector = selector.ok_or_else(|| expression.unexpected("a member of the message's body"))?;
    let routes = api.require("Routes")?.entries()?.into_iter().map(|(key, route)| {
        let function = route.require("FunctionArn")?.logical_id()?;
        let answers = route.get("RouteResponseSelectionExpression").is_some();
        Ok((key, SocketRoute { function, answers }))
    });
    Ok(SocketDefinition {
        stage: api.require("StageName")?.text()?.into_owned(),
        selector: selector.to_owned(),
        routes: routes.collect::<Result<_, TemplateError>>()?,
    })
}
