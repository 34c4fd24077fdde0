//! Answers to the gateway.

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::ApiGatewayProxyResponse;
use banister_domain::id::RequestId;
use banister_platform::clock::Clock;
use banister_platform::http::{Code, Problem};
use banister_platform::random;

/// 200, with a body or nothing.
pub(crate) fn ok(body: Option<String>) -> ApiGatewayProxyResponse {
    let mut answer = ApiGatewayProxyResponse::default();
    answer.status_code = 200;
    answer.body = body.map(Body::Text);
    answer
}

/// A refusal as a problem document; the gateway passes its status on.
pub(crate) fn refusal(problem: &Problem) -> ApiGatewayProxyResponse {
    let code = problem.code();
    tracing::info!(code = code.as_str(), "refused");
    let id: RequestId = random::id(Clock::system().now());
    let mut answer = ApiGatewayProxyResponse::default();
    answer.status_code = code.status().as_u16().into();
    answer.body = Some(Body::Text(problem.document(&id.to_string()).to_string()));
    if let Ok(json) = "application/problem+json".parse() {
        answer.headers.insert("content-type", json);
    }
    answer
}

/// A fault of ours.
pub(crate) fn internal() -> ApiGatewayProxyResponse {
    refusal(&Problem::new(Code::Internal))
}
