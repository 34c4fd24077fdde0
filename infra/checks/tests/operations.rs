//! Routers, template, rights, document and events speak of the same operations.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

#[path = "operations/rights.rs"]
mod rights;

use std::collections::BTreeMap;

use banister_checks::operations::{
    Route, document_is_complete, functions_are_operations, reading_is_reading, rights_are_listed, routed,
    variables_are_of_area,
};
use banister_checks::rules::hashing_has_a_processor;
use banister_checks::template::Template;
use banister_checks::{Faults, files};
use banister_platform::http::Operation;
use rights::RIGHTS;
use serde_json::Value;

/// The environment of each area; its functions share a binary and what that needs to start.
const VARIABLES: [(&str, &str); 20] = [
    (
        "accounts",
        "ACCESS_ISSUER ACCESS_PUBLIC_KEYS BREACHED_PASSWORDS_URL CODE_KEY_SECRET CURSOR_KEY_SECRET PRIVATE_BUCKET \
         PUBLIC_URL TABLE_NAME",
    ),
    (
        "sessions",
        "ACCESS_ISSUER ACCESS_PRIVATE_KEY_SECRET ACCESS_PUBLIC_KEYS CODE_KEY_SECRET PUBLIC_URL TABLE_NAME",
    ),
    ("catalog", "ACCESS_ISSUER ACCESS_PUBLIC_KEYS CURSOR_KEY_SECRET TABLE_NAME"),
    ("availability", "ACCESS_ISSUER ACCESS_PUBLIC_KEYS TABLE_NAME"),
    ("bookings", "ACCESS_ISSUER ACCESS_PUBLIC_KEYS CURSOR_KEY_SECRET TABLE_NAME"),
    ("reviews", "ACCESS_ISSUER ACCESS_PUBLIC_KEYS CURSOR_KEY_SECRET TABLE_NAME"),
    ("search", "CURSOR_KEY_SECRET TABLE_NAME"),
    ("chat", "ACCESS_ISSUER ACCESS_PUBLIC_KEYS SOCKET_URL TABLE_NAME"),
    ("files", "ACCESS_ISSUER ACCESS_PUBLIC_KEYS PRIVATE_BUCKET PUBLIC_URL TABLE_NAME"),
    ("admin", "ACCESS_ISSUER ACCESS_PUBLIC_KEYS CURSOR_KEY_SECRET PUBLIC_URL TABLE_NAME"),
    ("docs", ""),
    ("connections", "ALLOWED_ORIGINS TABLE_NAME"),
    ("socket", "SOCKET_API_URL SOCKET_DEAD_LETTER_QUEUE_URL TABLE_NAME"),
    ("jobs", "JOBS_DEAD_LETTER_QUEUE_URL PRIVATE_BUCKET PUBLIC_BUCKET TABLE_NAME"),
    ("media", "MEDIA_DEAD_LETTER_QUEUE_URL PRIVATE_BUCKET PUBLIC_BUCKET TABLE_NAME"),
    ("email", "APP_URL CODE_KEY_SECRET EMAIL_DEAD_LETTER_QUEUE_URL MAIL_FROM SMTP_URL_SECRET TABLE_NAME"),
    ("relay", "EMAIL_QUEUE_URL JOBS_QUEUE_URL MEDIA_QUEUE_URL SOCKET_QUEUE_URL TABLE_NAME"),
    ("projections", "TABLE_NAME"),
    ("expire", "TABLE_NAME"),
    ("sweep", "EMAIL_QUEUE_URL JOBS_QUEUE_URL MEDIA_QUEUE_URL SOCKET_QUEUE_URL TABLE_NAME"),
];

/// What single functions have beside that: those that mail invitations make their tokens, and one of the sessions' lists.
const OWN_VARIABLES: [(&str, &str); 3] = [
    ("create_user", "CODE_KEY_SECRET"),
    ("resend_user_confirmation", "CODE_KEY_SECRET"),
    ("list_sessions", "CURSOR_KEY_SECRET"),
];

fn operations() -> Vec<Operation> {
    [
        banister_http_accounts::area().operations(),
        banister_http_sessions::area().operations(),
        banister_http_catalog::area().operations(),
        banister_http_availability::area().operations(),
        banister_http_bookings::area().operations(),
        banister_http_reviews::area().operations(),
        banister_http_search::area().operations(),
        banister_http_chat::area().operations(),
        banister_http_files::area().operations(),
        banister_http_admin::area().operations(),
        banister_http_docs::area().operations(),
    ]
    .concat()
}

fn described() -> Vec<Route> {
    let route = |operation: Operation| Route {
        operation: operation.id,
        area: operation.area.into(),
        method: operation.method,
        path: operation.path,
    };
    operations().into_iter().map(route).collect()
}

/// What is described, and what answers where nothing matches.
fn all() -> Vec<Route> {
    let fallback = Route {
        operation: "fallback".into(),
        area: "docs".into(),
        method: "ANY".into(),
        path: "$default".into(),
    };
    described().into_iter().chain([fallback]).collect()
}

fn template() -> Template {
    Template::parse(&files::read("template.yaml").unwrap()).unwrap()
}

fn document() -> Value {
    serde_json::from_str(&files::read("docs/openapi.json").unwrap()).unwrap()
}

fn good(faults: &Faults) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn notices(rule: impl Fn(&Template) -> Faults, changes: &[(&str, &str)]) {
    let text = files::read("template.yaml").unwrap();
    for (from, to) in changes {
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{from} is not in the template");
        assert!(!rule(&Template::parse(&broken).unwrap()).is_empty(), "nobody noticed {to:?} for {from:?}");
    }
}

#[test]
fn functions_are_the_operations() {
    let routes = all();
    good(&functions_are_operations(&template(), &routes));
    notices(
        |template| functions_are_operations(template, &routes),
        &[
            ("          /v1/categories:\n", "          /v1/category:\n"),
            ("            put: {responses", "            trace: {responses"),
            ("functions/${CancelBookingFunction.Arn}", "functions/${DeclineBookingFunction.Arn}"),
            ("  CancelBookingFunction:\n", "  StopBookingFunction:\n"),
            ("CodeUri: target/lambda/catalog/", "CodeUri: target/lambda/bookings/"),
        ],
    );
    assert_eq!(functions_are_operations(&template(), &routes[1..]).len(), 1);
}

#[test]
fn the_document_describes_the_operations() {
    let document = document();
    good(&document_is_complete(&document, &described()));
    let mut changed = document.clone();
    changed["paths"]["/v1/me"]["get"]["operationId"] = "got_me".into();
    assert_eq!(document_is_complete(&changed, &described()).len(), 2);
    let paths = changed["paths"].as_object_mut().unwrap();
    paths.remove("/v1/me");
    assert_eq!(document_is_complete(&changed, &described()).len(), 3);
}

/// So each is reached, at the function that has its name.
#[test]
fn the_gateway_leads_to_what_the_document_describes() {
    let routes = |template: &Template| {
        let routes = routed(template).into_iter();
        routes.filter(|route| route.operation != "fallback").collect::<Vec<_>>()
    };
    good(&document_is_complete(&document(), &routes(&template())));
    notices(
        |template| document_is_complete(&document(), &routes(template)),
        &[
            ("          /v1/categories:\n", "          /v1/category:\n"),
            ("functions/${CancelBookingFunction.Arn}", "functions/${DeclineBookingFunction.Arn}"),
            ("functions/${GetMeFunction.Arn}", "functions/${GetYouFunction.Arn}"),
        ],
    );
}

#[test]
fn rights_are_those_listed() {
    let listed = BTreeMap::from(RIGHTS);
    good(&rights_are_listed(&template(), &listed));
    notices(
        |template| rights_are_listed(template, &listed),
        &[
            ("Action: [dynamodb:BatchGetItem, dynamodb:GetItem]", "Action: [dynamodb:BatchGetItem]"),
            (
                "Action: [dynamodb:BatchGetItem, dynamodb:GetItem]",
                "Action: [dynamodb:GetItem, dynamodb:PutItem]",
            ),
            ("                - !Sub \"${Table.Arn}/index/GSI3\"\n", ""),
            (
                "Resource: [!GetAtt EmailQueue.Arn, !GetAtt JobsQueue.Arn, !GetAtt MediaQueue.Arn, !GetAtt SocketQueue.Arn]\n      Events",
                "Resource: [!GetAtt EmailQueue.Arn, !GetAtt MediaQueue.Arn, !GetAtt SocketQueue.Arn]\n      Events",
            ),
        ],
    );
    let fewer = RIGHTS.into_iter().skip(1).collect();
    assert!(!rights_are_listed(&template(), &fewer).is_empty());
}

#[test]
fn what_only_reads_may_not_write() {
    good(&reading_is_reading(&template()));
    let read = "Action: [dynamodb:BatchGetItem, dynamodb:GetItem]";
    let told = "Action: [dynamodb:BatchGetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem]";
    let deleting = told.replace("PutItem", "DeleteItem");
    notices(
        reading_is_reading,
        &[(read, "Action: [dynamodb:BatchGetItem, dynamodb:PutItem]"), (told, &deleting)],
    );
}

/// The operations that make or check a password's hash.
const HASHING: [&str; 9] = [
    "register_account",
    "complete_password_reset",
    "change_password",
    "request_email_change",
    "delete_me",
    "set_up_totp",
    "remove_totp",
    "renew_recovery_codes",
    "create_session",
];

#[test]
fn those_that_hash_have_a_processor() {
    let hashing = HASHING.into_iter().collect();
    let rule = |template: &Template| hashing_has_a_processor(template, &hashing);
    good(&rule(&template()));
    notices(
        rule,
        &[
            ("      MemorySize: 512\n", ""),
            ("CodeUri: target/lambda/catalog/\n", "CodeUri: target/lambda/catalog/\n      MemorySize: 512\n"),
        ],
    );
    let fewer = HASHING.into_iter().skip(1).collect();
    assert!(!hashing_has_a_processor(&template(), &fewer).is_empty());
}

#[test]
fn variables_are_those_of_the_area() {
    let (areas, own) = (BTreeMap::from(VARIABLES), BTreeMap::from(OWN_VARIABLES));
    good(&variables_are_of_area(&template(), &areas, &own));
    notices(
        |template| variables_are_of_area(template, &areas, &own),
        &[
            ("          CODE_KEY_SECRET: !GetAtt CodeKey.Id\n", ""),
            (
                "        LOG_LEVEL: !Ref LogLevel\n",
                "        LOG_LEVEL: !Ref LogLevel\n        TABLE_NAME: !Ref Table\n",
            ),
        ],
    );
}

#[test]
fn events_carry_a_token_where_one_is_needed() {
    let events = files::events().unwrap();
    for operation in operations() {
        let event: Value = serde_json::from_str(&events[&operation.id]).unwrap();
        let has_token = event["headers"]["authorization"] == "Bearer ACCESS_TOKEN";
        assert_eq!(has_token, !operation.access.anonymous, "{}", operation.id);
    }
}
