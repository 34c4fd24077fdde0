//! `POST /v1/accounts`.

use banister_local::client::Client;
use reqwest::Method;
use serde_json::{Value, json};

use super::registration;
use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, cloud_at, each, mails, news, stranger, text};

#[tokio::test]
async fn answers_the_account_with_every_field() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let mut ask = registration("Customer.One@Example.COM", "customer");
    for (name, value) in [("phone", "(201) 555-0123"), ("time_zone", "Europe/Lisbon"), ("locale", "ru")] {
        ask[name] = value.into();
    }
    let account = body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
    assert!(text(&account, "id").starts_with("usr_"));
    assert!(text(&account, "created_at").starts_with("2026-03-02T08:00:"));
    let expected = json!({ "id": account["id"], "email": "customer.one@example.com", "role": "customer",
        "email_confirmed": false, "first_name": "Customer", "last_name": "One", "phone": "+12015550123",
        "phone_confirmed": false, "phone_taken": false, "bio": null, "provider": null,
        "time_zone": "Europe/Lisbon", "locale": "ru", "photo": null, "created_at": account["created_at"] });
    assert_eq!(account, expected);
    let mails = mails(&cloud, "customer.one@example.com").await;
    assert_eq!(mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["Ваш код подтверждения"]);
}

#[tokio::test]
async fn what_may_be_left_out_has_a_default() {
    let cloud = cloud().await;
    let ask = registration("provider.one@example.com", "provider");
    let account = body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
    assert_eq!(
        (&account["phone"], &account["time_zone"], &account["locale"]),
        (&Value::Null, &json!("UTC"), &json!("en"))
    );
    assert_eq!(account["role"], "provider");
}

/// Nobody registers into a staff role, and no field is taken that is not asked for.
#[tokio::test]
async fn refuses_wrong_fields_and_writes_nothing() {
    let cloud = cloud().await;
    let email = "customer.one@example.com";
    let cases: &[(&str, Value, &str)] = &[
        ("role", json!("management"), "invalid"),
        ("role", json!("accountant"), "invalid"),
        ("role", json!("admin"), "invalid"),
        ("role", json!("super_admin"), "invalid"),
        ("role", json!("Customer"), "invalid"),
        ("role", json!(null), "invalid"),
        ("role", json!(["customer"]), "invalid"),
        ("email", json!("no address"), "invalid"),
        ("email", json!("a@example.com\r\nBcc: b@example.com"), "invalid"),
        ("email", json!(null), "invalid"),
        ("email", json!(7), "invalid"),
        ("password", json!("7 chars"), "invalid"),
        ("password", json!("x".repeat(129)), "invalid"),
        ("password", json!(null), "invalid"),
        ("first_name", json!(""), "invalid"),
        ("first_name", json!("   "), "invalid"),
        ("first_name", json!("x".repeat(81)), "invalid"),
        ("first_name", json!("bell\u{7}"), "invalid"),
        ("last_name", json!(null), "invalid"),
        ("last_name", json!({}), "invalid"),
        ("phone", json!("12"), "invalid"),
        ("phone", json!("+442079460958"), "invalid"),
        ("phone", json!(2_015_550_123_u64), "invalid"),
        ("time_zone", json!("Mars/Olympus"), "invalid"),
        ("time_zone", json!("+02:00"), "invalid"),
        ("locale", json!("de"), "invalid"),
        ("id", json!("usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE"), "unknown"),
        ("status", json!("active"), "unknown"),
        ("epoch", json!(9), "unknown"),
        ("email_confirmed", json!(true), "unknown"),
        ("created_at", json!("2020-01-01T00:00:00Z"), "unknown"),
        ("a/b~c", json!(1), "unknown"),
    ];
    for (field, value, kind) in cases {
        let mut ask = registration(email, "customer");
        ask[*field] = value.clone();
        let pointer = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
        refused_at(&stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), &pointer, kind);
    }
    for field in ["email", "password", "role", "first_name", "last_name"] {
        let mut ask = registration(email, "customer");
        ask.as_object_mut().unwrap().remove(field);
        let answer = stranger(&cloud).post("/v1/accounts", &ask).await.unwrap();
        refused_at(&answer, &format!("/{field}"), "missing");
    }
    assert_eq!(mails(&cloud, email).await, [], "no account, no mail");
    let sign_in = json!({ "email": email, "password": "correct horse battery" });
    refused(&stranger(&cloud).post("/v1/sessions", &sign_in).await.unwrap(), 401, "wrong_credentials");
}

#[tokio::test]
async fn a_field_given_twice_is_refused() {
    let cloud = cloud().await;
    let twice = r#"{"email":"a@example.com","email":"b@example.com","password":"correct horse battery",
        "role":"customer","first_name":"A","last_name":"B"}"#;
    let json_type = [("content-type", "application/json")];
    let call = (Method::POST, "/v1/accounts");
    let answer = crate::support::raw(&stranger(&cloud), &cloud, call, &json_type, twice).await;
    refused_at(&answer, "/email", "invalid");
}

/// The answers for a known and an unknown address are alike; the owner is told by mail.
#[tokio::test]
async fn a_known_address_is_not_given_away_and_its_owner_is_told() {
    let cloud = cloud().await;
    let ask = |email: &str, name: &str| {
        let mut ask = registration(email, "customer");
        ask["first_name"] = name.into();
        ask["phone"] = "+12015550123".into();
        ask
    };
    let owner = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    let known =
        stranger(&cloud).post("/v1/accounts", &ask("CUSTOMER.one@example.com", "Another")).await.unwrap();
    let unknown = stranger(&cloud).post("/v1/accounts", &ask("nobody@example.com", "Another")).await.unwrap();
    assert_eq!((known.status, unknown.status.as_u16()), (unknown.status, 201));
    let fields = |body: &Value| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&known.body), fields(&unknown.body));
    let names = |answer: &banister_local::client::Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&known), names(&unknown));
    for field in ["role", "email_confirmed", "first_name", "last_name", "phone", "time_zone", "locale"] {
        assert_eq!(known.body[field], unknown.body[field], "{field}");
    }
    assert_ne!(known.body["id"], owner.id, "the owner's id stays private");
    assert_eq!(news(&cloud, &owner.email).await, ["You already have an account"]);
    let me = body(owner.get("/v1/me").await.unwrap(), 200);
    assert_eq!((text(&me, "first_name"), &me["phone"]), ("Customer", &Value::Null), "nothing has changed");
}

/// However often somebody tries, the owner gets four mails a day, the code of the account among them.
#[tokio::test]
async fn the_owner_is_told_three_times_a_day() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    for _ in 0..5 {
        let again =
            stranger(&cloud).post("/v1/accounts", &registration(&owner.email, "customer")).await.unwrap();
        body(again, 201);
    }
    assert_eq!(news(&cloud, &owner.email).await.len(), 3);
}

/// The table is asked as often for an address that is free, taken, or mailed to enough for a day.
#[tokio::test]
async fn known_and_unknown_addresses_cost_the_same() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    let calls = || {
        let all = cloud.table.calls().into_iter().filter(|((role, _), _)| role == "local-http");
        all.map(|((_, call), count)| (call, count)).collect::<std::collections::BTreeMap<_, _>>()
    };
    for key in [None, Some("register-once")] {
        let mut addresses = vec![owner.email.as_str(); 6];
        let free = format!("nobody.{}@example.com", key.is_some());
        addresses.push(&free);
        for (number, email) in addresses.into_iter().enumerate() {
            let named = key.map(|key| format!("{key}-{number}"));
            let headers: Vec<_> = named.iter().map(|key| ("idempotency-key", key.as_str())).collect();
            let (before, ask) = (calls(), registration(email, "customer"));
            let answer =
                stranger(&cloud).call(Method::POST, "/v1/accounts", &headers, Some(&ask)).await.unwrap();
            body(answer, 201);
            let more = calls().into_iter().map(|(call, n)| (n - before.get(&call).unwrap_or(&0), call));
            let work: Vec<_> = more.filter(|(n, _)| *n > 0).collect();
            let work: Vec<_> = work.iter().map(|(n, call)| (call.as_str(), *n)).collect();
            let wanted = [("BatchGetItem", 1), ("GetItem", 1), ("TransactWriteItems", 1), ("UpdateItem", 2)];
            assert_eq!(work, wanted, "{email} {number}");
        }
    }
    assert_eq!(news(&cloud, &owner.email).await.len(), 3);
}

/// A repeated request is answered the same whether the address was known or not.
#[tokio::test]
async fn an_idempotency_key_replays_and_gives_no_address_away() {
    let cloud = cloud().await;
    let owner = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    let headers = [("idempotency-key", "register-once")];
    let register = async |ask: Value| {
        stranger(&cloud).call(Method::POST, "/v1/accounts", &headers, Some(&ask)).await.unwrap()
    };
    for email in [owner.email.as_str(), "nobody@example.com"] {
        let first = register(registration(email, "customer")).await;
        let again = register(registration(email, "customer")).await;
        let replayed = again.headers.get("idempotent-replayed").and_then(|value| value.to_str().ok());
        assert_eq!(
            (first.status.as_u16(), again.status.as_u16(), replayed),
            (201, 201, Some("true")),
            "{email}"
        );
        assert_eq!(first.body, again.body, "{email}");
        assert!(first.headers.get("idempotent-replayed").is_none());
        let other = register(registration(email, "provider")).await;
        refused(&other, 422, "idempotency_key_reused");
    }
    assert_eq!(mails(&cloud, "nobody@example.com").await.len(), 1);
    assert_eq!(news(&cloud, &owner.email).await.len(), 1);
    let long = "x".repeat(129);
    for key in ["short", long.as_str(), "with a space in it"] {
        let headers = [("idempotency-key", key)];
        let ask = registration("third@example.com", "customer");
        let answer = stranger(&cloud).call(Method::POST, "/v1/accounts", &headers, Some(&ask)).await.unwrap();
        refused(&answer, 400, "invalid_idempotency_key");
    }
    assert_eq!(mails(&cloud, "third@example.com").await, []);
}

#[tokio::test]
async fn one_address_registers_twenty_accounts_an_hour() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let crowd = stranger(&cloud);
    for number in 0..20 {
        let ask = registration(&format!("customer.{number}@example.com"), "customer");
        body(crowd.post("/v1/accounts", &ask).await.unwrap(), 201);
    }
    let ask = registration("customer.21@example.com", "customer");
    let answer = crowd.post("/v1/accounts", &ask).await.unwrap();
    refused(&answer, 429, "too_many_requests");
    let wait: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");
    body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
    crate::support::pass(&cloud, wait).await;
    body(crowd.post("/v1/accounts", &registration("late@example.com", "customer")).await.unwrap(), 201);
}

/// A provider who registered has nothing in the catalogue, and neither has anybody else.
#[tokio::test]
async fn a_new_provider_offers_nothing() {
    let cloud = cloud().await;
    let provider = Client::join(&cloud, "provider", "Provider One").await.unwrap();
    let own = body(provider.get(&format!("/v1/services?provider_id={}", provider.id)).await.unwrap(), 200);
    assert_eq!((each(&own, "id"), &own["next_cursor"]), (vec![], &Value::Null));
}
