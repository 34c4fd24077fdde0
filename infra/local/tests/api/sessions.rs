//! `/v1/sessions`.

mod ending;
mod everywhere;
mod keys;
mod list;
mod pages;
mod refresh;
mod refused;
mod replaced;
mod reuse;
mod second_factor;

use banister_domain::account::{Account, AccountStatus, Role};
use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::faults::{FaultKind, Verdict};
use serde_json::{Value, json};

use crate::problems::{refused, refused_at};
use crate::support::invariants::items;
use crate::support::{body, change_account, cloud, cloud_at, customer, pass, stranger, text};

async fn sign_in(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/v1/sessions", &json!({ "email": email, "password": password })).await.unwrap()
}

async fn refresh(client: &Client, token: &str) -> Answer {
    client.post("/v1/sessions/refresh", &json!({ "refresh_token": token })).await.unwrap()
}

/// Whether the token still opens the own account.
async fn opens(client: &Client) -> bool {
    let answer = client.get("/v1/me").await.unwrap();
    if answer.status != 200 {
        refused(&answer, 401, "unauthenticated");
    }
    answer.status == 200
}

#[tokio::test]
async fn signing_in_answers_both_tokens_and_the_account() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let session = body(sign_in(&stranger(&cloud), "Customer.ONE@example.com", PASSWORD).await, 201);
    let mut me = body(owner.get("/v1/me").await.unwrap(), 200);
    me.as_object_mut().unwrap().remove("second_factor");
    let expected = json!({ "access_token": session["access_token"], "token_type": "Bearer", "expires_in": 900,
        "refresh_token": session["refresh_token"], "user": me });
    assert_eq!(session, expected);
    let mut again = stranger(&cloud);
    again.take_tokens(&session);
    assert!(opens(&again).await);
    assert_ne!(again.token, owner.token);
    assert!(!session.to_string().contains(PASSWORD));
}

/// Status, headers and body are alike for a wrong password and an unknown address.
#[tokio::test]
async fn wrong_password_and_unknown_address_are_answered_alike() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let known = sign_in(&stranger(&cloud), &owner.email, "wrong horse battery").await;
    let unknown = sign_in(&stranger(&cloud), "nobody@example.com", "wrong horse battery").await;
    let stripped = |answer: &Answer| {
        refused(answer, 401, "wrong_credentials");
        let (mut body, mut headers) = (answer.body.clone(), answer.headers.clone());
        body["request_id"] = Value::Null;
        headers.remove("x-request-id");
        headers.remove("date");
        (body, headers)
    };
    assert_eq!(stripped(&known), stripped(&unknown));
}

#[tokio::test]
async fn refuses_wrong_fields() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    for (ask, pointer, kind) in [
        (json!({ "email": "a@example.com" }), "/password", "missing"),
        (json!({ "password": PASSWORD }), "/email", "missing"),
        (json!({ "email": "nobody", "password": PASSWORD }), "/email", "invalid"),
        (json!({ "email": "a@example.com", "password": null }), "/password", "invalid"),
        (json!({ "email": "a@example.com", "password": ["x"] }), "/password", "invalid"),
        (json!({ "email": "a@example.com", "password": PASSWORD, "role": "admin" }), "/role", "unknown"),
    ] {
        refused_at(&anyone.post("/v1/sessions", &ask).await.unwrap(), pointer, kind);
    }
    let refresh = async |ask: Value| anyone.post("/v1/sessions/refresh", &ask).await.unwrap();
    refused_at(&refresh(json!({})).await, "/refresh_token", "missing");
    refused_at(&refresh(json!({ "refresh_token": null })).await, "/refresh_token", "invalid");
    refused_at(&refresh(json!({ "refresh_token": "x", "user_id": "y" })).await, "/user_id", "unknown");
}

/// Ten guesses from one address, the same for an address without an account; the owner gets in from
/// elsewhere meanwhile.
#[tokio::test]
async fn ten_attempts_in_five_minutes_for_any_account_from_one_address() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = customer(&cloud, "Customer One").await;
    let guesser = stranger(&cloud);
    for email in [owner.email.as_str(), "nobody@example.com"] {
        for _ in 0..10 {
            refused(&sign_in(&guesser, email, "wrong horse battery").await, 401, "wrong_credentials");
        }
        let over = sign_in(&guesser, &email.to_uppercase(), PASSWORD).await;
        refused(&over, 429, "too_many_requests");
        let wait: u32 = over.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((240..=300).contains(&wait), "{wait}");
    }
    body(sign_in(&owner, &owner.email, PASSWORD).await, 201);
    pass(&cloud, 300).await;
    body(sign_in(&guesser, &owner.email, PASSWORD).await, 201);
}

/// Ten in any five minutes, also in those that the clock's five minutes end in.
#[tokio::test]
async fn attempts_before_a_full_minute_count_after_it() {
    let cloud = cloud_at("2026-03-02T08:04:50Z").await;
    let guesser = stranger(&cloud);
    for _ in 0..10 {
        refused(&sign_in(&guesser, "nobody@example.com", PASSWORD).await, 401, "wrong_credentials");
    }
    for seconds in [30, 200] {
        pass(&cloud, seconds).await;
        refused(&sign_in(&guesser, "nobody@example.com", PASSWORD).await, 429, "too_many_requests");
    }
    pass(&cloud, 70).await;
    refused(&sign_in(&guesser, "nobody@example.com", PASSWORD).await, 401, "wrong_credentials");
}

/// Guessing from many addresses is stopped by the account's own limit.
#[tokio::test]
async fn a_hundred_attempts_in_five_minutes_for_one_account_from_everywhere() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    for _ in 0..10 {
        let guesser = stranger(&cloud);
        for _ in 0..10 {
            refused(&sign_in(&guesser, "nobody@example.com", PASSWORD).await, 401, "wrong_credentials");
        }
    }
    refused(&sign_in(&stranger(&cloud), "nobody@example.com", PASSWORD).await, 429, "too_many_requests");
    refused(&sign_in(&stranger(&cloud), "other@example.com", PASSWORD).await, 401, "wrong_credentials");
}

#[tokio::test]
async fn one_address_makes_a_hundred_attempts() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let guesser = stranger(&cloud);
    for number in 0..100 {
        let email = format!("customer.{number}@example.com");
        refused(&sign_in(&guesser, &email, PASSWORD).await, 401, "wrong_credentials");
    }
    refused(&sign_in(&guesser, "customer@example.com", PASSWORD).await, 429, "too_many_requests");
    refused(&sign_in(&stranger(&cloud), "customer@example.com", PASSWORD).await, 401, "wrong_credentials");
}

#[tokio::test]
async fn refreshing_makes_both_tokens_new() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let mut client = customer(&cloud, "Customer One").await;
    let old = (client.token.clone(), client.refresh_token.clone());
    pass(&cloud, 16 * 60).await;
    assert!(!opens(&client).await, "an access token is good for 15 minutes");
    let session = body(refresh(&stranger(&cloud), old.1.as_deref().unwrap()).await, 200);
    assert_eq!((text(&session, "token_type"), &session["expires_in"]), ("Bearer", &json!(900)));
    assert_eq!(session["user"]["id"], client.id);
    client.take_tokens(&session);
    assert_ne!((&client.token, &client.refresh_token), (&old.0, &old.1));
    assert!(opens(&client).await);
}

/// Whoever uses an old refresh token ends the family: the new tokens are dead as well.
#[tokio::test]
async fn reuse_of_an_old_refresh_token_ends_the_family() {
    let cloud = cloud().await;
    let mut client = customer(&cloud, "Customer One").await;
    let mut other = client.clone();
    other.sign_in().await.unwrap();
    let stolen = client.refresh_token.clone().unwrap();
    client.take_tokens(&body(refresh(&client, &stolen).await, 200));
    assert!(opens(&client).await);
    pass(&cloud, 60).await;
    refused(&refresh(&stranger(&cloud), &stolen).await, 401, "invalid_refresh_token");
    let newest = client.refresh_token.clone().unwrap();
    refused(&refresh(&client, &newest).await, 401, "invalid_refresh_token");
    pass(&cloud, 6).await;
    assert!(!opens(&client).await);
    assert!(opens(&other).await, "another session of the same account stands");
    body(refresh(&other, other.refresh_token.as_deref().unwrap()).await, 200);
}

#[tokio::test]
async fn what_is_no_refresh_token_ends_nothing() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let token = client.refresh_token.clone().unwrap();
    let access = client.token.clone().unwrap();
    let (ids, _) = token.rsplit_once('.').unwrap();
    let foreign = ids.replace("usr_0", "usr_1");
    for text in [
        "",
        "rft_",
        access.as_str(),
        ids,
        &format!("{foreign}.{}", "A".repeat(43)),
        &format!("{ids}.{}", "A".repeat(42)),
    ] {
        refused(&refresh(&stranger(&cloud), text).await, 401, "invalid_refresh_token");
    }
    body(refresh(&client, &token).await, 200);
}

#[tokio::test]
async fn a_session_lives_for_thirty_days_without_a_refresh() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let (kept, lost) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    pass(&cloud, 29 * 86_400).await;
    let next = body(refresh(&kept, kept.refresh_token.as_deref().unwrap()).await, 200);
    pass(&cloud, 86_400 + 60).await;
    refused(&refresh(&lost, lost.refresh_token.as_deref().unwrap()).await, 401, "invalid_refresh_token");
    body(refresh(&kept, text(&next, "refresh_token")).await, 200);
}

#[tokio::test]
async fn signing_out_ends_this_session_only() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let mut other = client.clone();
    other.sign_in().await.unwrap();
    assert!(opens(&client).await);
    let answer = client.delete("/v1/sessions/current").await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body), (204, Value::Null));
    refused(&client.delete("/v1/sessions/current").await.unwrap(), 401, "unauthenticated");
    refused(&refresh(&client, client.refresh_token.as_deref().unwrap()).await, 401, "invalid_refresh_token");
    pass(&cloud, 6).await;
    assert!(!opens(&client).await);
    assert!(opens(&other).await);
}

#[tokio::test]
async fn a_disabled_account_is_out_within_five_seconds() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    assert!(opens(&client).await);
    let disable =
        |account: Account| Account { status: AccountStatus::Disabled, epoch: account.epoch + 1, ..account };
    change_account(&cloud, &client.id, disable).await;
    pass(&cloud, 5).await;
    assert!(!opens(&client).await);
    refused(&refresh(&client, client.refresh_token.as_deref().unwrap()).await, 401, "invalid_refresh_token");
    refused(&sign_in(&client, &client.email, PASSWORD).await, 403, "account_disabled");
    refused(&sign_in(&client, &client.email, "wrong horse battery").await, 401, "wrong_credentials");
}

#[tokio::test]
async fn a_changed_role_is_in_force_within_five_seconds() {
    let cloud = cloud().await;
    let mut client = customer(&cloud, "Customer One").await;
    assert!(opens(&client).await);
    let promote = |account: Account| Account { role: Role::Accountant, epoch: account.epoch + 1, ..account };
    change_account(&cloud, &client.id, promote).await;
    pass(&cloud, 5).await;
    assert!(!opens(&client).await, "a token of the old role is refused");
    refused(&refresh(&client, client.refresh_token.as_deref().unwrap()).await, 401, "invalid_refresh_token");
    let session = body(sign_in(&client, &client.email, PASSWORD).await, 201);
    assert_eq!(session["user"]["role"], "accountant");
    client.take_tokens(&session);
    assert!(opens(&client).await);
    refused(&client.get("/v1/bookings").await.unwrap(), 403, "forbidden");
}

#[tokio::test]
async fn headers_that_are_no_bearer_token_are_refused() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let token = client.token.clone().unwrap();
    let anyone = stranger(&cloud);
    let get = async |value: &str| {
        let headers = [("authorization", value)];
        anyone.call(reqwest::Method::GET, "/v1/me", &headers, None).await.unwrap()
    };
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        &token,
        &format!("Token {token}"),
        &format!("Bearer {token}x"),
    ] {
        refused(&get(value).await, 401, "unauthenticated");
    }
    body(get(&format!("bearer {token}")).await, 200);
}

#[tokio::test]
async fn no_session_holds_up_signing_out_everywhere() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let mut other = client.clone();
    other.sign_in().await.unwrap();
    // The second is the one that would delete the sessions: somebody refreshes one of them for ever.
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::Pass);
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::Refuse(FaultKind::Conflict));
    body(client.delete("/v1/sessions").await.unwrap(), 204);
    let kept = items(&cloud).await.into_iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == "session"));
    assert_eq!(kept.count(), 2, "they were not in the transaction that ended them");
    pass(&cloud, 5).await;
    assert!(!opens(&client).await);
    assert!(!opens(&other).await);
    for session in [&client, &other] {
        let answer = refresh(session, session.refresh_token.as_deref().unwrap()).await;
        refused(&answer, 401, "invalid_refresh_token");
    }
}
