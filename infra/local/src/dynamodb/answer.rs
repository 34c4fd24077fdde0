//! Answers the front gives by itself, in the JSON that the SDKs parse.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::CONTENT_TYPE;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::faults::CRASHED;

/// What the front sends back.
pub(super) type Answer = Response<Full<Bytes>>;

const BUSY: &str = "Transaction is ongoing for the item";

/// Another transaction holds an item: for a transaction its first item is named, see `CancellationReason` in
/// the Amazon DynamoDB API Reference.
pub(super) fn conflict(operation: &str, request: &Value) -> Answer {
    if !operation.starts_with("Transact") {
        return error(&dynamodb("TransactionConflictException"), BUSY);
    }
    let items = request["TransactItems"].as_array().map_or(1, Vec::len);
    let mut codes = vec!["None"; items];
    let mut reasons = vec![json!({"Code": "None"}); items];
    if let (Some(code), Some(reason)) = (codes.first_mut(), reasons.first_mut()) {
        *code = "TransactionConflict";
        *reason = json!({"Code": "TransactionConflict", "Message": BUSY});
    }
    let codes = codes.join(", ");
    json(&json!({
        "__type": dynamodb("TransactionCanceledException"),
        "Message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"),
        "CancellationReasons": reasons,
    }))
}

/// Too many requests.
pub(super) fn throttle() -> Answer {
    let message = "The level of configured provisioned throughput for the table was exceeded. Consider increasing \
                   your provisioning level with the UpdateTable API.";
    error(&dynamodb("ProvisionedThroughputExceededException"), message)
}

/// The caller is taken for dead.
pub(super) fn crashed() -> Answer {
    error(CRASHED, "the caller has crashed by script")
}

/// The request breaks a limit.
pub(super) fn invalid(message: &str) -> Answer {
    error("com.amazon.coral.validate#ValidationException", message)
}

/// The engine did not answer; SDKs retry it.
pub(super) fn unavailable() -> Answer {
    let mut answer =
        error("com.amazonaws.dynamodb.v20120810#InternalServerError", "the engine did not answer");
    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    answer
}

fn dynamodb(name: &str) -> String {
    format!("com.amazonaws.dynamodb.v20120810#{name}")
}

fn error(kind: &str, message: &str) -> Answer {
    json(&json!({"__type": kind, "message": message}))
}

fn json(body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, hyper::http::HeaderValue::from_static("application/x-amz-json-1.0"));
    answer
}
