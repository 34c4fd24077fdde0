//! events/ has one sample for each function, of the shape that AWS sends and the domain reads.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

use std::collections::BTreeMap;

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use banister_checks::events::events_fit;
use banister_checks::files;
use banister_checks::template::Template;
use banister_domain::event::Event;
use banister_platform::store::{AuditRecord, OutboxRecord, ServiceRecord, Written};
use banister_platform::table::Record;
use lambda_http::request::LambdaRequest;
use serde_json::json;

fn template() -> Template {
    Template::parse(&files::read("template.yaml").unwrap()).unwrap()
}

fn events() -> BTreeMap<String, String> {
    files::events().unwrap()
}

fn faults_of(name: &str, change: (&str, &str)) -> Vec<String> {
    let mut events = events();
    let changed = events[name].replacen(change.0, change.1, 1);
    assert_ne!(changed, events[name], "{} is not in {name}", change.0);
    events.insert(name.to_owned(), changed);
    events_fit(&template(), &events)
}

#[test]
fn events_are_those_of_the_functions() {
    let faults = events_fit(&template(), &events());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_event_that_does_not_fit_is_noticed() {
    let changes = [
        ("create_booking", ("\"routeKey\": \"POST /v1/bookings\"", "\"routeKey\": \"POST /v1/booking\"")),
        ("create_booking", ("\"content-length\": \"", "\"content-length\": \"1")),
        ("create_booking", ("\"body\": \"{", "\"body\": \"")),
        ("create_booking", ("\"method\": \"POST\"", "\"method\": \"GET\"")),
        ("get_service", ("\"rawPath\": \"/v1/services/svc", "\"rawPath\": \"/v1/services/bkg")),
        ("get_service", ("\"id\": \"svc_", "\"id\": \"svc-")),
        ("get_me", ("\"host\"", "\"Host\"")),
        ("email", ("aws:sqs", "aws:sns")),
        ("projections", ("aws:dynamodb", "aws:kinesis")),
        ("relay", ("aws:dynamodb", "aws:kinesis")),
        ("sweep", ("Scheduled Event", "Event")),
        ("connect", ("\"eventType\": \"CONNECT\"", "\"eventType\": \"MESSAGE\"")),
        ("frame", ("\"connectionId\"", "\"connection\"")),
    ];
    for (name, change) in changes {
        assert!(!faults_of(name, change).is_empty(), "nobody noticed {change:?} in {name}");
    }
    let mut events = events();
    let event = events.remove("get_me").unwrap();
    events.insert("got_me".into(), event);
    assert_eq!(events_fit(&template(), &events).len(), 2);
}

#[test]
fn http_events_are_read_as_requests() {
    let events = events();
    let http = events.values().filter(|text| text.contains("routeKey") && !text.contains("connectionId"));
    let read: Vec<_> = http.map(|text| serde_json::from_str::<LambdaRequest>(text).unwrap()).collect();
    assert!(read.len() > 20);
    assert!(read.iter().all(|request| matches!(request, LambdaRequest::ApiGatewayV2(_))));
}

#[test]
fn the_message_is_an_event_of_the_domain() {
    let event: SqsEvent = serde_json::from_str(&events()["email"]).unwrap();
    for message in event.records {
        let body = message.body.unwrap();
        let event: Event = serde_json::from_str(&body).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), body);
    }
}

#[test]
fn the_record_is_an_item_of_the_outbox() {
    let event: StreamEvent = serde_json::from_str(&events()["relay"]).unwrap();
    for record in event.records {
        let image = serde_json::to_value(&record.change.new_image).unwrap();
        let text = |name: &str| image[name]["S"].as_str().unwrap().to_owned();
        let item = OutboxRecord { id: text("id").parse().unwrap(), event: text("event") };
        let inner: Event = serde_json::from_str(&item.event).unwrap();
        assert_eq!(inner.id, item.id);
        assert_eq!((text("PK"), text("SK")), (item.key().pk, item.key().sk));
        assert_eq!(text("t"), OutboxRecord::TYPE);
    }
}

#[test]
fn the_records_are_one_of_the_audit_log_and_one_that_is_counted() {
    let event: StreamEvent = serde_json::from_str(&events()["projections"]).unwrap();
    let (audited, counted): (Vec<_>, Vec<_>) =
        event.records.into_iter().partition(|record| text_of(record, "t") == AuditRecord::TYPE);
    assert_eq!((audited.len(), counted.len()), (1, 1));
    for record in counted {
        let ServiceRecord(service) = serde_dynamo::from_item(record.change.new_image.clone()).unwrap();
        let item = ServiceRecord(service);
        assert_eq!((text_of(&record, "PK"), text_of(&record, "SK")), (item.key().pk, item.key().sk));
        assert_eq!(text_of(&record, "GSI1PK"), item.indexes()[0].key.pk);
        assert_eq!(text_of(&record, "t"), ServiceRecord::TYPE);
    }
    for record in audited {
        let image = serde_dynamo::from_item::<_, serde_json::Value>(record.change.new_image).unwrap();
        let item: AuditRecord = serde_json::from_value(image.clone()).unwrap();
        assert_eq!((&image["PK"], &image["SK"]), (&json!(item.key().pk), &json!(item.key().sk)));
        assert_eq!(image["GSI1PK"], item.indexes()[0].key.pk);
        let written = Written::read(&image).unwrap();
        assert_eq!(written.audit_id, item.id.to_string());
    }
}

fn text_of(record: &EventRecord, name: &str) -> String {
    let image = serde_json::to_value(&record.change.new_image).unwrap();
    image[name]["S"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn schedules_are_read_as_events() {
    for name in ["expire", "sweep"] {
        let event: EventBridgeEvent = serde_json::from_str(&events()[name]).unwrap();
        assert_eq!(event.detail_type, "Scheduled Event");
    }
}

#[test]
fn ids_are_well_formed() {
    let mut seen = 0;
    for (name, text) in events() {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        for word in words.filter(|word| word.len() == 30 && word.as_bytes()[3] == b'_') {
            let good = match &word[..3] {
                "aud" => word.parse::<banister_domain::id::AuditId>().is_ok(),
                "job" => word.parse::<banister_domain::id::JobId>().is_ok(),
                "bkg" => word.parse::<banister_domain::id::BookingId>().is_ok(),
                "cod" => word.parse::<banister_domain::id::CodeId>().is_ok(),
                "pho" => word.parse::<banister_domain::id::PhotoId>().is_ok(),
                "req" => word.parse::<banister_domain::id::RequestId>().is_ok(),
                "ses" => word.parse::<banister_domain::id::SessionId>().is_ok(),
                "evt" => word.parse::<banister_domain::id::EventId>().is_ok(),
                "svc" => word.parse::<banister_domain::id::ServiceId>().is_ok(),
                "vac" => word.parse::<banister_domain::id::VacationId>().is_ok(),
                "hld" => word.parse::<banister_domain::id::HoldId>().is_ok(),
                "wtl" => word.parse::<banister_domain::id::WaitlistEntryId>().is_ok(),
                "ser" => word.parse::<banister_domain::id::SeriesId>().is_ok(),
                "rsc" => word.parse::<banister_domain::id::ResourceId>().is_ok(),
                "prp" => word.parse::<banister_domain::id::ProposalId>().is_ok(),
                "usr" => word.parse::<banister_domain::id::UserId>().is_ok(),
                _ => false,
            };
            assert!(good, "{word} in {name}");
            seen += 1;
        }
    }
    assert!(seen > 10);
}
