//! What the right answer to each kind of event is.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use banister_checks::template::Function;
use banister_local::api;
use serde_json::{Value, json};

use crate::schema;
use crate::world::World;

/// Looks at the answer of a function to its sample.
pub(crate) fn check(function: &Function, event: &Value, answer: &Value) {
    let operation = function.operation();
    let batch = event["Records"].is_array();
    if batch {
        assert_eq!(*answer, json!({ "batchItemFailures": [] }), "{operation}");
    } else if event["source"] == "aws.events" {
        assert_eq!(answer["failed"], 0, "{operation}: {answer}");
        assert!(answer["done"].is_u64(), "{operation}: {answer}");
    } else if event["requestContext"]["connectionId"].is_string() {
        assert_eq!(answer["statusCode"], 200, "{operation}: {answer}");
    } else {
        http(&operation, answer);
    }
}

/// Samples whose codes cannot be good in a world of its own time and keys, or that need what one sample does not
/// make, and the problem that is the right answer to them.
const REFUSED: [(&str, u16, &str); 13] = [
    ("answer_review", 404, "not_found"),
    ("complete_booking", 409, "wrong_state"),
    ("confirm_email_change", 422, "invalid_code"),
    ("confirm_phone", 422, "invalid_code"),
    ("confirm_totp", 422, "invalid_code"),
    ("create_review", 409, "not_reviewable"),
    ("get_resource", 404, "not_found"),
    ("mark_no_show", 409, "wrong_state"),
    ("moderate_review", 404, "not_found"),
    ("remove_totp", 409, "second_factor_off"),
    ("renew_recovery_codes", 409, "second_factor_off"),
    ("restore_service", 409, "not_archived_by_staff"),
    ("update_resource", 404, "not_found"),
];

/// The answer is the one that the OpenAPI document promises.
fn http(operation: &str, answer: &Value) {
    static DOCUMENT: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(&api::document_text()).expect("the document is JSON"));
    let (document, headers) = (&*DOCUMENT, &answer["headers"]);
    let Some(known) = api::operations().into_iter().find(|known| known.id == operation) else {
        // The one that the document does not name: what no route takes.
        assert_eq!((operation, &answer["statusCode"]), ("fallback", &json!(308)), "{answer}");
        assert!(headers["location"].is_string() && headers["x-request-id"].is_string(), "{answer}");
        return;
    };
    if let Some((_, status, code)) = REFUSED.iter().find(|refused| refused.0 == operation) {
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap();
        assert_eq!((&answer["statusCode"], &body["code"]), (&json!(status), &json!(code)), "{operation}");
        return;
    }
    let responses = &document["paths"][&known.path][known.method.to_lowercase()]["responses"];
    let good = responses.as_object().unwrap().iter().find(|(status, _)| status.starts_with('2'));
    let (status, response) = good.unwrap_or_else(|| panic!("{operation} has no good answer"));
    assert_eq!(answer["statusCode"].to_string(), *status, "{operation}: {answer}");
    assert!(headers["x-request-id"].is_string(), "{operation}: {headers}");
    let body = answer["body"].as_str().unwrap_or_default();
    let Some((kind, content)) = response["content"].as_object().and_then(|content| content.iter().next())
    else {
        return assert!(body.is_empty(), "{operation}: {body}");
    };
    if let Some(kinds) = headers["content-type"].as_str() {
        assert!(kind.contains('*') || kinds.starts_with(kind.as_str()), "{operation}: {kinds} is not {kind}");
    }
    assert!(!body.is_empty(), "{operation}");
    if kind == "application/json" {
        let body = serde_json::from_str(body).unwrap();
        assert_eq!(schema::faults(document, &content["schema"], &body), [""; 0], "{operation}");
    }
}

/// What the sample of a function that is not asked over HTTP has done to the world.
pub(crate) async fn effect(operation: &str, world: &mut World, answer: &Value) {
    let provider = "provider.one@example.com";
    match operation {
        // Both tell the provider of the world's booking, under the sample's own event.
        "relay" | "email" => {
            let told = world.cloud.mailbox.wait_for(|mail| {
                mail.message_id.as_ref().is_some_and(|id| id.contains("evt_01KB2QJ0M4P7R0S3V6X9ZBDFHK"))
            });
            assert!(told.await.unwrap().is_to(provider), "{operation}");
        }
        "expire" => {
            assert_eq!(answer["done"], 1);
            let booking = world.seen(&format!("/v1/bookings/{}", world.booking)).await;
            assert_eq!(booking["status"], "expired");
        }
        "frame" => assert_eq!(answer["body"], r#"{"type":"pong","id":"1"}"#),
        "socket" => {
            let told = world.socket.as_mut().unwrap().frame().await.unwrap();
            let change = (&told["type"], &told["booking_id"]);
            assert_eq!(change, (&json!("booking.changed"), &json!(world.booking)));
        }
        "media" => {
            assert_eq!(world.seen("/v1/me").await["photo"]["status"], "ready");
            assert_eq!(world.cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
        }
        _ => {}
    }
}

/// Operations that HTTP clients call have an answer in the document, and no other is checked by hand.
#[test]
fn every_function_of_the_api_is_in_the_document() {
    let template = crate::samples::template();
    let functions = template.functions();
    let routed = functions.iter().filter(|function| !function.routes.is_empty()).map(Function::operation);
    let mut known: BTreeSet<String> = api::operations().into_iter().map(|operation| operation.id).collect();
    known.insert("fallback".to_owned());
    assert_eq!(routed.collect::<BTreeSet<_>>(), known);
}
