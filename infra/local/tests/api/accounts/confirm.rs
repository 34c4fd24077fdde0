//! `POST /v1/email-confirmations`.

use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use super::registration;
use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, cloud_at, mails, moment, pass, provider, service, stranger};

/// Somebody who has registered, is signed in, and has not confirmed the address.
async fn unconfirmed(cloud: &Cloud) -> Client {
    let mut client = stranger(cloud);
    client.email = "customer.one@example.com".into();
    body(client.post("/v1/accounts", &registration(&client.email, "customer")).await.unwrap(), 201);
    client.sign_in().await.unwrap();
    client
}

async fn confirm(client: &Client, email: &str, code: &str) -> Answer {
    client.post("/v1/email-confirmations", &json!({ "email": email, "code": code })).await.unwrap()
}

async fn is_confirmed(client: &Client) -> Value {
    body(client.get("/v1/me").await.unwrap(), 200)["email_confirmed"].clone()
}

/// Eight digits that are not the code.
fn wrong(code: &str) -> &'static str {
    if code == "00000000" { "00000001" } else { "00000000" }
}

#[tokio::test]
async fn the_code_stands_on_a_line_of_its_own_and_works_while_it_lives() {
    let cloud = cloud().await;
    let client = unconfirmed(&cloud).await;
    assert_eq!(is_confirmed(&client).await, false);
    let mails = mails(&cloud, &client.email).await;
    let lines: Vec<_> = mails[0].text.lines().filter(|line| line.len() == 8).collect();
    let &[code] = lines.as_slice() else { panic!("no code on a line of its own: {}", mails[0].text) };
    assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(mails[0].html.as_ref().is_some_and(|html| html.contains(code)));
    let answer =
        confirm(&client, "Customer.One@EXAMPLE.com", &format!(" {}-{} ", &code[..4], &code[4..])).await;
    assert_eq!((answer.status.as_u16(), answer.body), (204, Value::Null));
    assert_eq!(is_confirmed(&client).await, true);
    // The answer may have been lost; for others nothing is said by it.
    body(confirm(&client, &client.email, code).await, 204);
    refused(&confirm(&client, &client.email, wrong(code)).await, 422, "invalid_code");
    pass(&cloud, 600).await;
    refused(&confirm(&client, &client.email, code).await, 422, "invalid_code");
}

#[tokio::test]
async fn a_customer_books_only_after_confirming_and_then_at_once() {
    let cloud = cloud().await;
    let service = service(&provider(&cloud, "Provider One").await, 60).await;
    let customer = unconfirmed(&cloud).await;
    let start = moment(&cloud, 2, "10:00");
    refused(&customer.book(&service, &start, "first-booking").await.unwrap(), 403, "email_not_confirmed");
    let code = customer.code_from_mail(&cloud).await.unwrap();
    body(confirm(&customer, &customer.email, &code).await, 204);
    let booking = body(customer.book(&service, &start, "first-booking").await.unwrap(), 201);
    assert_eq!(booking["status"], "requested");
}

#[tokio::test]
async fn five_wrong_codes_void_the_right_one() {
    let cloud = cloud().await;
    let client = unconfirmed(&cloud).await;
    let code = client.code_from_mail(&cloud).await.unwrap();
    for _ in 0..5 {
        refused(&confirm(&client, &client.email, wrong(&code)).await, 422, "invalid_code");
    }
    refused(&confirm(&client, &client.email, &code).await, 422, "invalid_code");
    assert_eq!(is_confirmed(&client).await, false);
}

#[tokio::test]
async fn after_four_wrong_codes_the_right_one_still_works() {
    let cloud = cloud().await;
    let client = unconfirmed(&cloud).await;
    let code = client.code_from_mail(&cloud).await.unwrap();
    for code in [wrong(&code), "", "1234567", "a code"] {
        refused(&confirm(&client, &client.email, code).await, 422, "invalid_code");
    }
    body(confirm(&client, &client.email, &code).await, 204);
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let client = unconfirmed(&cloud).await;
    let code = client.code_from_mail(&cloud).await.unwrap();
    pass(&cloud, 600).await;
    refused(&confirm(&client, &client.email, &code).await, 422, "invalid_code");
    assert_eq!(is_confirmed(&client).await, false);
}

#[tokio::test]
async fn a_code_of_nine_minutes_is_good() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let client = unconfirmed(&cloud).await;
    let code = client.code_from_mail(&cloud).await.unwrap();
    pass(&cloud, 540).await;
    body(confirm(&client, &client.email, &code).await, 204);
}

#[tokio::test]
async fn a_code_confirms_only_its_own_address() {
    let cloud = cloud().await;
    let client = unconfirmed(&cloud).await;
    let code = client.code_from_mail(&cloud).await.unwrap();
    let other = registration("customer.two@example.com", "customer");
    body(stranger(&cloud).post("/v1/accounts", &other).await.unwrap(), 201);
    refused(&confirm(&client, "customer.two@example.com", &code).await, 422, "invalid_code");
    body(confirm(&client, &client.email, &code).await, 204);
}

/// Guessing from one address is stopped alike for an address with an account and one without; the
/// owner can confirm from elsewhere meanwhile, as long as the code stands.
#[tokio::test]
async fn ten_attempts_in_ten_minutes_for_any_address() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let client = unconfirmed(&cloud).await;
    let code = client.code_from_mail(&cloud).await.unwrap();
    let guesser = stranger(&cloud);
    for email in [client.email.as_str(), "nobody@example.com"] {
        for _ in 0..10 {
            refused(&confirm(&guesser, email, wrong(&code)).await, 422, "invalid_code");
        }
        let over = confirm(&guesser, &email.to_uppercase(), &code).await;
        refused(&over, 429, "too_many_requests");
        let wait: u32 = over.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((540..=600).contains(&wait), "{wait}");
        refused(&confirm(&client, email, wrong(&code)).await, 422, "invalid_code");
    }
}

/// Guessing from many addresses is stopped by the account's own limit.
#[tokio::test]
async fn sixty_attempts_in_ten_minutes_for_one_address_from_everywhere() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    for _ in 0..6 {
        let guesser = stranger(&cloud);
        for _ in 0..10 {
            refused(&confirm(&guesser, "nobody@example.com", "00000000").await, 422, "invalid_code");
        }
    }
    let over = confirm(&stranger(&cloud), "nobody@example.com", "00000000").await;
    refused(&over, 429, "too_many_requests");
}

#[tokio::test]
async fn refuses_wrong_fields() {
    let cloud = cloud().await;
    let client = unconfirmed(&cloud).await;
    for (ask, pointer, kind) in [
        (json!({ "email": client.email }), "/code", "missing"),
        (json!({ "code": "12345678" }), "/email", "missing"),
        (json!({ "email": client.email, "code": 12_345_678 }), "/code", "invalid"),
        (json!({ "email": client.email, "code": null }), "/code", "invalid"),
        (json!({ "email": "nobody", "code": "12345678" }), "/email", "invalid"),
        (json!({ "email": client.email, "code": "12345678", "confirmed": true }), "/confirmed", "unknown"),
    ] {
        refused_at(&client.post("/v1/email-confirmations", &ask).await.unwrap(), pointer, kind);
    }
    assert_eq!(is_confirmed(&client).await, false);
}
