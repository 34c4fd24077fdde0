//! Passwords that are known from a breach, wherever one is chosen.

use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::{Cloud, Options};
use banister_peers::breaches::{BreachService, Mood, digits};
use reqwest::Method;
use serde_json::json;

use super::password::{UNFIT, change, refresh, sign_in};
use super::registration;
use crate::problems::{refused, refused_at};
use crate::support::{body, customer, mails, stranger};

const LEAKED: &str = "leaked horse battery";
const NEW: &str = "another fine password";

/// A cloud that asks a service, which knows one password.
async fn stage() -> (Cloud, BreachService) {
    let service = BreachService::start(&[(LEAKED, 7), (NEW, 0)]).await;
    let overrides = [("BREACHED_PASSWORDS_URL".to_owned(), service.url())].into();
    let options = Options { password_memory_kib: Some(16), overrides, ..Options::default() };
    (Cloud::start(options).await.expect("the cloud starts"), service)
}

fn register(email: &str, password: &str) -> serde_json::Value {
    let mut ask = registration(email, "customer");
    ask["password"] = password.into();
    ask
}

/// The token of the link that is mailed to somebody who forgot the password.
async fn token(cloud: &Cloud, owner: &Client) -> String {
    body(owner.post("/v1/password-resets", &json!({ "email": owner.email })).await.unwrap(), 202);
    cloud.quiet().await.unwrap();
    owner.token_from_mail(cloud).await.unwrap()
}

#[tokio::test]
async fn nobody_chooses_one() {
    let (cloud, _service) = stage().await;
    let owner = customer(&cloud, "Customer One").await;
    let anyone = stranger(&cloud);
    let answer = anyone.post("/v1/accounts", &register("customer.two@example.com", LEAKED)).await.unwrap();
    refused_at(&answer, "/password", "invalid");
    assert_eq!(answer.body["errors"][0]["detail"], "is known from a data breach");
    assert_eq!(mails(&cloud, "customer.two@example.com").await, []);
    refused_at(&change(&owner, PASSWORD, LEAKED).await, "/new_password", "invalid");
    let token = token(&cloud, &owner).await;
    let reset = async |new: &str| {
        let ask = json!({ "token": token, "new_password": new });
        anyone.post("/v1/password-resets/complete", &ask).await.unwrap()
    };
    refused_at(&reset(LEAKED).await, "/new_password", "invalid");
    // All is as it was: the password, and the link.
    body(sign_in(&owner.email, &anyone, PASSWORD).await, 201);
    body(reset(NEW).await, 204);
    body(sign_in(&owner.email, &anyone, NEW).await, 201);
}

/// What was taken before stays good, and nobody is told of it.
#[tokio::test]
async fn signing_in_asks_nobody() {
    let (cloud, service) = stage().await;
    service.be(Mood::Status(503));
    body(
        stranger(&cloud).post("/v1/accounts", &register("customer.one@example.com", LEAKED)).await.unwrap(),
        201,
    );
    service.be(Mood::Well);
    let asked = service.asked().len();
    body(sign_in("customer.one@example.com", &stranger(&cloud), LEAKED).await, 201);
    refused(&sign_in("nobody@example.com", &stranger(&cloud), LEAKED).await, 401, "wrong_credentials");
    assert_eq!(service.asked().len(), asked);
}

/// Neither the answer nor what is asked tells whether an address has an account.
#[tokio::test]
async fn registering_tells_nothing() {
    let (cloud, service) = stage().await;
    let owner = customer(&cloud, "Customer One").await;
    for (password, status) in [(LEAKED, 422), (NEW, 201)] {
        for email in [owner.email.as_str(), "customer.two@example.com"] {
            let before = service.asked().len();
            let answer = stranger(&cloud).post("/v1/accounts", &register(email, password)).await.unwrap();
            body(answer, status);
            let asked: Vec<_> = service.asked().into_iter().skip(before).map(|asked| asked.prefix).collect();
            assert_eq!(asked, [&digits(password)[..5]]);
        }
    }
}

/// What is refused without them is told to nobody: a password that will not do, and a guess.
#[tokio::test]
async fn they_come_last() {
    let (cloud, service) = stage().await;
    let owner = customer(&cloud, "Customer One").await;
    let asked = service.asked().len();
    for password in UNFIT {
        let ask = register("customer.one@example.com", password);
        refused_at(&stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), "/password", "invalid");
    }
    refused(&change(&owner, "wrong horse battery", LEAKED).await, 422, "wrong_password");
    let ask = json!({ "token": "A".repeat(43), "new_password": LEAKED });
    let guess = stranger(&cloud).post("/v1/password-resets/complete", &ask).await.unwrap();
    refused(&guess, 422, "invalid_reset_token");
    assert_eq!(service.asked().len(), asked);
}

#[tokio::test]
async fn where_nobody_says_it_is_taken() {
    let (cloud, service) = stage().await;
    for (number, mood) in
        [Mood::Status(500), Mood::Silent, Mood::Says("<html>"), Mood::Lines(20_000)].into_iter().enumerate()
    {
        service.be(mood);
        let ask = register(&format!("customer.nr{number}@example.com"), LEAKED);
        body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
        // The bundled list holds all the same.
        let ask = register("common@example.com", "Password1");
        refused_at(&stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), "/password", "invalid");
    }
}

/// The answer was lost, and in between the service has come back: the same request is answered the same.
#[tokio::test]
async fn what_was_taken_is_answered_again() {
    let (cloud, service) = stage().await;
    let mut owner = customer(&cloud, "Customer One").await;
    let ask = register("customer.two@example.com", LEAKED);
    let anyone = stranger(&cloud);
    let register = async |key: &str| {
        let headers = [("idempotency-key", key)];
        anyone.call(Method::POST, "/v1/accounts", &headers, Some(&ask)).await.unwrap()
    };
    service.be(Mood::Status(503));
    let first = body(register("registration-1").await, 201);
    body(change(&owner, PASSWORD, LEAKED).await, 204);
    service.be(Mood::Well);
    let again = register("registration-1").await;
    assert!(again.headers.contains_key("idempotent-replayed"));
    assert_eq!(body(again, 201), first);
    refused_at(&register("registration-2").await, "/password", "invalid");
    assert_eq!(refresh(&mut owner).await, 200);
    body(change(&owner, PASSWORD, LEAKED).await, 204);

    let ask = json!({ "token": token(&cloud, &owner).await, "new_password": LEAKED });
    for mood in [Mood::Status(503), Mood::Well] {
        service.be(mood);
        body(anyone.post("/v1/password-resets/complete", &ask).await.unwrap(), 204);
    }
}

/// Without a service nothing is asked, as in the local cloud by default.
#[tokio::test]
async fn it_may_be_off() {
    let cloud = crate::support::cloud().await;
    body(
        stranger(&cloud).post("/v1/accounts", &register("customer.one@example.com", LEAKED)).await.unwrap(),
        201,
    );
}
