//! Telephone numbers: of one account each, and confirmed by a code.

use banister_domain::account::Role;
use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use super::{audited, registration};
use crate::problems::refused;
use crate::support::invariants::invariants;
use crate::support::{body, cloud, cloud_at, customer, mails, pass, stranger, super_admin, text};

const ONE: &str = "+12015550123";
const TWO: &str = "+12015550124";

async fn set(client: &Client, phone: impl Into<Value>) -> Answer {
    client.patch("/v1/me", &json!({ "phone": phone.into() })).await.unwrap()
}

async fn confirm(client: &Client, code: &str) -> Answer {
    client.post("/v1/me/phone/confirm", &json!({ "code": code })).await.unwrap()
}

/// The code of the newest mail, when all mails are there.
async fn newest_code(cloud: &Cloud, client: &Client) -> String {
    cloud.quiet().await.unwrap();
    client.code_from_mail(cloud).await.unwrap()
}

#[tokio::test]
async fn a_number_is_confirmed_by_the_code_that_names_it() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let shown = body(set(&client, "201.555.0123").await, 200);
    assert_eq!((text(&shown, "phone"), &shown["phone_confirmed"]), (ONE, &json!(false)));
    let first = newest_code(&cloud, &client).await;
    let mail = mails(&cloud, &client.email).await.pop().unwrap();
    assert_eq!(mail.subject, "Confirm your telephone number");
    assert!(mail.text.contains(ONE), "{}", mail.text);

    // Once more: another code, and the one before is void.
    body(set(&client, ONE).await, 200);
    let second = newest_code(&cloud, &client).await;
    assert_ne!(first, second);
    refused(&confirm(&client, &first).await, 422, "invalid_code");
    assert_eq!(confirm(&client, &second).await.status, 204);
    assert_eq!(confirm(&client, &second).await.status, 204, "an answer may be lost");
    let me = body(client.get("/v1/me").await.unwrap(), 200);
    assert_eq!((text(&me, "phone"), &me["phone_confirmed"]), (ONE, &json!(true)));
    assert_eq!(audited(&cloud, &client.id, "phone_confirmed").await, 1);

    // What is confirmed stays so, and asks for no code.
    let before = mails(&cloud, &client.email).await.len();
    assert_eq!(body(set(&client, ONE).await, 200)["phone_confirmed"], true);
    cloud.quiet().await.unwrap();
    assert_eq!(mails(&cloud, &client.email).await.len(), before);
    let other = body(set(&client, TWO).await, 200);
    assert_eq!((text(&other, "phone"), &other["phone_confirmed"]), (TWO, &json!(false)));
    refused(&confirm(&client, &second).await, 422, "invalid_code");
    invariants(&cloud).await;
}

/// A code is for the number that it was mailed for, whoever changes it meanwhile.
#[tokio::test]
async fn a_code_confirms_no_other_number() {
    let cloud = cloud().await;
    let (client, admin) = (customer(&cloud, "Customer One").await, super_admin(&cloud, "Super Admin").await);
    body(set(&client, ONE).await, 200);
    let code = newest_code(&cloud, &client).await;
    let path = format!("/v1/admin/users/{}", client.id);
    let changed = body(admin.patch_over(&path, &json!({ "phone": TWO })).await.unwrap(), 200);
    assert_eq!(changed["phone_confirmed"], false);
    refused(&confirm(&client, &code).await, 422, "invalid_code");
    body(set(&client, Value::Null).await, 200);
    refused(&confirm(&client, &code).await, 422, "invalid_code");
    invariants(&cloud).await;
}

#[tokio::test]
async fn a_code_is_good_for_five_attempts_and_ten_minutes() {
    let cloud = cloud_at("2031-03-03T06:00:00Z").await;
    let client = customer(&cloud, "Customer One").await;
    body(set(&client, ONE).await, 200);
    let code = newest_code(&cloud, &client).await;
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..5 {
        refused(&confirm(&client, wrong).await, 422, "invalid_code");
    }
    refused(&confirm(&client, &code).await, 422, "invalid_code");
    body(set(&client, ONE).await, 200);
    let code = newest_code(&cloud, &client).await;
    pass(&cloud, 600).await;
    refused(&confirm(&client, &code).await, 422, "invalid_code");
    assert!(audited(&cloud, &client.id, "code_refused").await >= 7);
}

#[tokio::test]
async fn a_number_of_somebody_else_is_refused_and_free_once_it_is_left() {
    let cloud = cloud().await;
    let one = customer(&cloud, "Customer One").await;
    let two = customer(&cloud, "Customer Two").await;
    let admin = super_admin(&cloud, "Super Admin").await;
    body(set(&one, ONE).await, 200);
    refused(&set(&two, ONE).await, 409, "phone_taken");
    let path = format!("/v1/admin/users/{}", two.id);
    let staff = admin.patch_over(&path, &json!({ "phone": ONE })).await.unwrap();
    refused(&staff, 409, "phone_taken");
    body(set(&one, TWO).await, 200);
    body(set(&two, ONE).await, 200);
    body(set(&one, Value::Null).await, 200);
    let kept = invariants(&cloud).await;
    assert_eq!(kept.accounts.iter().filter(|account| account.phone.is_some()).count(), 1);
}

/// Whether a number has an account is told five times a day, and to nobody without a confirmed address.
#[tokio::test]
async fn the_answer_is_no_oracle() {
    let cloud = cloud_at("2031-03-03T06:00:00Z").await;
    let client = customer(&cloud, "Customer One").await;
    for number in 0..5 {
        body(set(&client, format!("+1201555010{number}")).await, 200);
    }
    refused(&set(&client, ONE).await, 429, "too_many_requests");
    body(client.patch("/v1/me", &json!({ "phone": null, "locale": "ru" })).await.unwrap(), 200);
    pass(&cloud, 86_400).await;
    let mut client = client;
    client.sign_in().await.unwrap();
    body(set(&client, ONE).await, 200);

    let mut unconfirmed = stranger(&cloud);
    unconfirmed.email = "unconfirmed@example.com".into();
    body(unconfirmed.post("/v1/accounts", &registration(&unconfirmed.email, "customer")).await.unwrap(), 201);
    unconfirmed.sign_in().await.unwrap();
    refused(&set(&unconfirmed, TWO).await, 403, "email_not_confirmed");
    body(set(&unconfirmed, Value::Null).await, 200);
}

/// Somebody who registers with a number; whether it has an account is not told.
async fn register(cloud: &Cloud, email: &str) -> Client {
    let mut client = stranger(cloud);
    client.email = email.to_owned();
    let mut ask = registration(email, Role::Customer.as_str());
    ask["phone"] = ONE.into();
    let shown = body(client.post("/v1/accounts", &ask).await.unwrap(), 201);
    assert_eq!((text(&shown, "phone"), &shown["phone_taken"]), (ONE, &json!(false)));
    client
}

/// Of those who register with one number, whoever confirms the address first has it.
#[tokio::test]
async fn a_number_of_a_registration_is_held_with_the_address() {
    let cloud = cloud().await;
    let mut people = Vec::new();
    for email in ["first@example.com", "second@example.com", "third@example.com"] {
        people.push(register(&cloud, email).await);
    }
    cloud.quiet().await.unwrap();
    for (person, wanted) in people[..2].iter_mut().zip([(json!(ONE), false), (Value::Null, true)]) {
        let ask = json!({ "email": person.email, "code": person.code_from_mail(&cloud).await.unwrap() });
        assert_eq!(person.post("/v1/email-confirmations", &ask).await.unwrap().status, 204);
        person.sign_in().await.unwrap();
        let me = body(person.get("/v1/me").await.unwrap(), 200);
        assert_eq!((&me["phone"], &me["phone_taken"]), (&wanted.0, &json!(wanted.1)), "{}", person.email);
        assert_eq!((&me["phone_confirmed"], &me["email_confirmed"]), (&json!(false), &json!(true)));
    }
    // The same where the address is confirmed by a link.
    let third = &mut people[2];
    body(third.post("/v1/password-resets", &json!({ "email": third.email })).await.unwrap(), 202);
    let token = third.token_from_mail(&cloud).await.unwrap();
    let ask = json!({ "token": token, "new_password": PASSWORD });
    assert_eq!(third.post("/v1/password-resets/complete", &ask).await.unwrap().status, 204);
    third.sign_in().await.unwrap();
    let me = body(third.get("/v1/me").await.unwrap(), 200);
    assert_eq!((&me["phone"], &me["phone_taken"]), (&Value::Null, &json!(true)));
    assert_eq!(body(set(third, TWO).await, 200)["phone_taken"], false);
    invariants(&cloud).await;
}
