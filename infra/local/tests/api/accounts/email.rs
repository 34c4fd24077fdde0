//! `POST /v1/me/email`: another address for an account.

use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use serde_json::json;

use super::{audited, registration};
use crate::problems::refused;
use crate::support::invariants::invariants;
use crate::support::{body, cloud, cloud_at, customer, mails, pass, stranger, text};

const NEW: &str = "new.address@example.com";

async fn ask(client: &Client, email: &str) -> Answer {
    client.post("/v1/me/email", &json!({ "password": PASSWORD, "email": email })).await.unwrap()
}

async fn confirm(client: &Client, code: &str) -> Answer {
    client.post("/v1/me/email/confirm", &json!({ "code": code })).await.unwrap()
}

/// The code in the newest mail to an address.
async fn code_at(cloud: &Cloud, email: &str) -> String {
    cloud.quiet().await.unwrap();
    let mut reader = stranger(cloud);
    reader.email = email.to_owned();
    reader.code_from_mail(cloud).await.unwrap()
}

async fn subjects(cloud: &Cloud, email: &str) -> Vec<String> {
    cloud.quiet().await.unwrap();
    mails(cloud, email).await.into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn an_account_moves_to_the_address_that_is_confirmed() {
    let cloud = cloud().await;
    let mut client = customer(&cloud, "Customer One").await;
    let mut elsewhere = client.clone();
    elsewhere.sign_in().await.unwrap();
    assert_eq!(ask(&client, "New.Address@EXAMPLE.com").await.status, 202);
    let code = code_at(&cloud, NEW).await;
    assert_eq!(subjects(&cloud, NEW).await, ["Confirm your new e-mail address"]);
    let told = subjects(&cloud, &client.email).await;
    assert_eq!(told.last().unwrap(), "A new e-mail address was asked for");
    // Nothing has moved yet, and nobody else can use the code.
    assert_eq!(body(client.get("/v1/me").await.unwrap(), 200)["email"], client.email);
    refused(&confirm(&customer(&cloud, "Customer Two").await, &code).await, 422, "invalid_code");

    assert_eq!(confirm(&client, &code).await.status, 204);
    let refresh = json!({ "refresh_token": client.refresh_token });
    let session = body(client.post("/v1/sessions/refresh", &refresh).await.unwrap(), 200);
    client.take_tokens(&session);
    assert_eq!(confirm(&client, &code).await.status, 204, "an answer may be lost");
    let me = body(client.get("/v1/me").await.unwrap(), 200);
    assert_eq!((text(&me, "email"), &me["email_confirmed"]), (NEW, &json!(true)));
    pass(&cloud, 5).await;
    refused(&elsewhere.get("/v1/me").await.unwrap(), 401, "unauthenticated");

    let old = client.email.clone();
    assert_eq!(subjects(&cloud, &old).await.last().unwrap(), "Your e-mail address was changed");
    let mut again = stranger(&cloud);
    for (email, status) in [(old.as_str(), 401), (NEW, 201)] {
        let ask = json!({ "email": email, "password": PASSWORD });
        assert_eq!(again.post("/v1/sessions", &ask).await.unwrap().status, status, "{email}");
    }
    // The address is free, and found is the account by its new one.
    again.email = old;
    body(again.post("/v1/accounts", &registration(&again.email, "customer")).await.unwrap(), 201);
    let admin = crate::support::super_admin(&cloud, "Super Admin").await;
    let found = body(admin.get("/v1/admin/users?q=new.addr").await.unwrap(), 200);
    assert_eq!(crate::support::each(&found, "id"), [client.id.clone()]);
    assert_eq!(audited(&cloud, &client.id, "email_changed").await, 1);
    invariants(&cloud).await;
}

/// The same answer, and its owner is told.
#[tokio::test]
async fn a_taken_address_is_not_told() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let owner = customer(&cloud, "Customer Two").await;
    let (free, taken) = (ask(&client, NEW).await, ask(&client, &owner.email).await);
    assert_eq!((free.status, &free.body), (taken.status, &taken.body));
    let told = subjects(&cloud, &owner.email).await;
    assert_eq!(told.last().unwrap(), "Your address was given for another account");
    let mail = mails(&cloud, &owner.email).await.pop().unwrap();
    assert!(!mail.text.lines().any(|line| line.len() == 8 && line.parse::<u32>().is_ok()), "{}", mail.text);
    // The code of the request before is void.
    refused(&confirm(&client, &code_at(&cloud, NEW).await).await, 422, "invalid_code");
    invariants(&cloud).await;
}

#[tokio::test]
async fn it_needs_the_password_and_another_address() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let wrong = json!({ "password": "not the password", "email": NEW });
    refused(&client.post("/v1/me/email", &wrong).await.unwrap(), 422, "wrong_password");
    assert_eq!(audited(&cloud, &client.id, "password_refused").await, 1);
    refused(&ask(&client, &client.email).await, 422, "invalid_input");
    refused(&ask(&stranger(&cloud), NEW).await, 401, "unauthenticated");
}

#[tokio::test]
async fn a_code_is_good_for_five_attempts_ten_minutes_and_one_password() {
    let cloud = cloud_at("2031-03-03T06:00:00Z").await;
    let mut client = customer(&cloud, "Customer One").await;
    assert_eq!(ask(&client, NEW).await.status, 202);
    let code = code_at(&cloud, NEW).await;
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..5 {
        refused(&confirm(&client, wrong).await, 422, "invalid_code");
    }
    refused(&confirm(&client, &code).await, 422, "invalid_code");
    assert_eq!(ask(&client, NEW).await.status, 202);
    let code = code_at(&cloud, NEW).await;
    pass(&cloud, 600).await;
    refused(&confirm(&client, &code).await, 422, "invalid_code");
    // Whoever chooses a new password voids what somebody else may have begun.
    assert_eq!(ask(&client, NEW).await.status, 202);
    let code = code_at(&cloud, NEW).await;
    let change = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
    assert_eq!(client.put("/v1/me/password", &change).await.unwrap().status, 204);
    client.sign_in().await.unwrap();
    refused(&confirm(&client, &code).await, 422, "invalid_code");
}

/// A registration that nobody confirmed in time keeps no address from its owner.
#[tokio::test]
async fn a_lapsed_registration_gives_way() {
    let cloud = cloud_at("2031-03-03T06:00:00Z").await;
    let mut squatter = stranger(&cloud);
    squatter.email = NEW.into();
    body(squatter.post("/v1/accounts", &registration(NEW, "customer")).await.unwrap(), 201);
    squatter.sign_in().await.unwrap();
    let client = customer(&cloud, "Customer One").await;
    pass(&cloud, 601).await;
    assert_eq!(ask(&client, NEW).await.status, 202);
    assert_eq!(confirm(&client, &code_at(&cloud, NEW).await).await.status, 204);
    pass(&cloud, 5).await;
    refused(&squatter.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    cloud.quiet().await.unwrap();
}
