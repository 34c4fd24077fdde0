//! A registration that nobody confirmed while its code was good does not hold its address for ever.

use reqwest::StatusCode;
use serde_json::json;

use super::registration;
use crate::support::{cloud, mails, pass, stranger};

const EMAIL: &str = "customer.one@example.com";

#[tokio::test]
async fn registering_again_takes_its_place() {
    let cloud = cloud().await;
    let (mut first, mut second) = (stranger(&cloud), stranger(&cloud));
    first.email = EMAIL.into();
    second.email = EMAIL.into();
    first.post("/v1/accounts", &registration(EMAIL, "customer")).await.unwrap();
    first.sign_in().await.unwrap();
    let void = first.code_from_mail(&cloud).await.unwrap();
    pass(&cloud, 601).await;

    let mut ask = registration(EMAIL, "provider");
    ask["password"] = "another fine password".into();
    let made = second.post("/v1/accounts", &ask).await.unwrap().expect(StatusCode::CREATED, "again").unwrap();
    assert_eq!(mails(&cloud, EMAIL).await.len(), 2);
    let code = second.code_from_mail(&cloud).await.unwrap();
    assert_ne!(code, void);
    let confirm = |code: &str| json!({ "email": EMAIL, "code": code });
    let refused = second.post("/v1/email-confirmations", &confirm(&void)).await.unwrap();
    assert_eq!(refused.code(), "invalid_code");
    let done = second.post("/v1/email-confirmations", &confirm(&code)).await.unwrap();
    assert_eq!(done.status, StatusCode::NO_CONTENT);

    let sign_in = |password: &str| json!({ "email": EMAIL, "password": password });
    let session = second.post("/v1/sessions", &sign_in("another fine password")).await.unwrap();
    assert_eq!((session.status, &session.body["user"]["id"]), (StatusCode::CREATED, &made["id"]));
    assert_eq!(session.body["user"]["role"], "provider");
    let old = second.post("/v1/sessions", &sign_in("correct horse battery")).await.unwrap();
    assert_eq!(old.code(), "wrong_credentials");
    // Whoever signed in to the lapsed registration is out, and cannot stay in by refreshing.
    assert_eq!(first.get("/v1/me").await.unwrap().status, StatusCode::UNAUTHORIZED);
    let refresh = json!({ "refresh_token": first.refresh_token });
    assert_eq!(first.post("/v1/sessions/refresh", &refresh).await.unwrap().code(), "invalid_refresh_token");
}

#[tokio::test]
async fn while_the_code_is_good_nothing_changes() {
    let cloud = cloud().await;
    let mut owner = stranger(&cloud);
    owner.email = EMAIL.into();
    owner.post("/v1/accounts", &registration(EMAIL, "customer")).await.unwrap();
    let mut ask = registration(EMAIL, "customer");
    ask["password"] = "another fine password".into();
    let again = stranger(&cloud).post("/v1/accounts", &ask).await.unwrap();
    assert_eq!(again.status, StatusCode::CREATED);
    assert_eq!(mails(&cloud, EMAIL).await.len(), 2);
    owner.sign_in().await.unwrap();
    let code = owner.code_from_mail(&cloud).await.unwrap();
    let done = owner.post("/v1/email-confirmations", &json!({ "email": EMAIL, "code": code })).await.unwrap();
    assert_eq!(done.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_confirmed_address_is_never_taken_over() {
    let cloud = cloud().await;
    let owner = crate::support::customer(&cloud, "Customer One").await;
    pass(&cloud, 86_400).await;
    let mut ask = registration(EMAIL, "customer");
    ask["password"] = "another fine password".into();
    stranger(&cloud).post("/v1/accounts", &ask).await.unwrap();
    let mut owner = owner;
    owner.sign_in().await.unwrap();
    assert_eq!(mails(&cloud, EMAIL).await.last().map(|mail| mail.text.contains("already")), Some(true));
}

#[tokio::test]
async fn a_key_stands_for_one_password() {
    let cloud = cloud().await;
    let key = [("idempotency-key", "registration-1")];
    let client = stranger(&cloud);
    let post = async |password: &str| {
        let mut ask = registration(EMAIL, "customer");
        ask["password"] = password.into();
        client.call(reqwest::Method::POST, "/v1/accounts", &key, Some(&ask)).await.unwrap()
    };
    let made = post("correct horse battery").await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(post("correct horse battery").await.body, made.body);
    assert_eq!(post("another fine password").await.code(), "idempotency_key_reused");
}
