//! `PUT /v1/me/password`, and which passwords may be chosen.

use banister_local::client::{Answer, Client, Incoming, PASSWORD};
use serde_json::{Value, json};

use super::{audited, registration};
use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, cloud_at, customer, mails, news, pass, stranger};

const NEW: &str = "another fine password";

pub(super) async fn change(client: &Client, current: &str, new: &str) -> Answer {
    let ask = json!({ "current_password": current, "new_password": new });
    client.put("/v1/me/password", &ask).await.unwrap()
}

pub(super) async fn sign_in(email: &str, client: &Client, password: &str) -> Answer {
    client.post("/v1/sessions", &json!({ "email": email, "password": password })).await.unwrap()
}

/// The status of the answer to a refresh; the next tokens are taken.
pub(super) async fn refresh(client: &mut Client) -> u16 {
    let ask = json!({ "refresh_token": client.refresh_token });
    let answer = client.post("/v1/sessions/refresh", &ask).await.unwrap();
    if answer.status == 200 {
        client.take_tokens(&answer.body);
    }
    answer.status.as_u16()
}

pub(super) const UNFIT: [&str; 9] = [
    "Password1",
    "1234567890",
    "IloveYou",
    "customer.one@example.com",
    "Customer.One",
    "CUSTOMER",
    "customer one",
    "onecustomer",
    "7 chars",
];

#[tokio::test]
async fn nobody_registers_with_a_password_that_is_tried_first() {
    let cloud = cloud().await;
    for password in UNFIT {
        let mut ask = registration("customer.one@example.com", "customer");
        ask["password"] = password.into();
        refused_at(&stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), "/password", "invalid");
    }
    assert_eq!(mails(&cloud, "customer.one@example.com").await, []);
    // Only who the password is for counts.
    let mut ask = registration("person.two@example.com", "customer");
    ask["password"] = "customer.one@example.com".into();
    body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
}

#[tokio::test]
async fn a_change_ends_all_other_sessions_and_tells_the_owner() {
    let cloud = cloud().await;
    let mut owner = customer(&cloud, "Customer One").await;
    let bystander = customer(&cloud, "Customer Two").await;
    let mut thief = stranger(&cloud);
    thief.take_tokens(&body(sign_in(&owner.email, &thief, PASSWORD).await, 201));
    let answer = change(&owner, PASSWORD, NEW).await;
    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null));
    // The own session goes on with its refresh token.
    refused(&owner.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    assert_eq!(refresh(&mut owner).await, 200);
    body(owner.get("/v1/me").await.unwrap(), 200);
    pass(&cloud, 6).await;
    refused(&thief.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    assert_eq!(refresh(&mut thief).await, 401);
    body(bystander.get("/v1/me").await.unwrap(), 200);
    body(owner.get("/v1/me").await.unwrap(), 200);
    assert_eq!(refresh(&mut owner).await, 200);

    refused(&sign_in(&owner.email, &stranger(&cloud), PASSWORD).await, 401, "wrong_credentials");
    body(sign_in(&owner.email, &stranger(&cloud), NEW).await, 201);
    assert_eq!(news(&cloud, &owner.email).await, ["Your password was changed"]);
    assert_eq!(news(&cloud, &bystander.email).await, Vec::<String>::new());
    assert_eq!(audited(&cloud, &owner.id, "password_changed").await, 1);
}

/// A connection is of the epoch at which it was opened: also those of the own session are opened again.
#[tokio::test]
async fn sockets_are_closed_and_open_again() {
    let cloud = cloud().await;
    let mut owner = customer(&cloud, "Customer One").await;
    let mut other = owner.clone();
    other.sign_in().await.unwrap();
    let sockets = [owner.socket().await.unwrap(), other.socket().await.unwrap()];
    body(change(&owner, PASSWORD, NEW).await, 204);
    cloud.quiet().await.unwrap();
    for mut socket in sockets {
        assert!(!matches!(socket.next().await.unwrap(), Incoming::Frame(_)), "it is closed");
    }
    assert_eq!(refresh(&mut owner).await, 200);
    let mut socket = owner.socket().await.unwrap();
    socket.send(&json!({ "action": "ping" })).await.unwrap();
    assert_eq!(socket.frame().await.unwrap()["type"], "pong");
}

#[tokio::test]
async fn whoever_does_not_know_the_password_changes_nothing() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let answer = change(&owner, "not the password", NEW).await;
    refused(&answer, 422, "wrong_password");
    assert_eq!(answer.body["errors"][0]["pointer"], "/current_password");
    assert_eq!(audited(&cloud, &owner.id, "password_refused").await, 1);
    pass(&cloud, 6).await;
    body(owner.get("/v1/me").await.unwrap(), 200);
    body(sign_in(&owner.email, &stranger(&cloud), PASSWORD).await, 201);
    assert_eq!(news(&cloud, &owner.email).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_new_one_must_be_fit() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = customer(&cloud, "Customer One").await;
    for new in UNFIT {
        refused_at(&change(&owner, PASSWORD, new).await, "/new_password", "invalid");
    }
    body(owner.get("/v1/me").await.unwrap(), 200);
    body(change(&owner, PASSWORD, NEW).await, 204);
}

/// As after a lost answer.
#[tokio::test]
async fn the_same_request_again_changes_nothing_more() {
    let cloud = cloud().await;
    let mut owner = customer(&cloud, "Customer One").await;
    for _ in 0..2 {
        body(change(&owner, PASSWORD, NEW).await, 204);
        assert_eq!(refresh(&mut owner).await, 200);
    }
    assert_eq!(audited(&cloud, &owner.id, "password_changed").await, 1);
    assert_eq!(news(&cloud, &owner.email).await.len(), 1);
}

#[tokio::test]
async fn ten_tries_in_five_minutes_from_wherever() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = customer(&cloud, "Customer One").await;
    let mut elsewhere = stranger(&cloud);
    elsewhere.token.clone_from(&owner.token);
    for _ in 0..10 {
        refused(&change(&owner, "not the password", NEW).await, 422, "wrong_password");
    }
    for client in [&owner, &elsewhere] {
        refused(&change(client, PASSWORD, NEW).await, 429, "too_many_requests");
    }
    pass(&cloud, 300).await;
    body(change(&owner, PASSWORD, NEW).await, 204);
}

#[tokio::test]
async fn a_limit_that_cannot_be_counted_lets_nobody_through() {
    use banister_local::faults::{FaultKind, Verdict};
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let asks = [
        ("/v1/password-resets", json!({ "email": owner.email })),
        ("/v1/password-resets/complete", json!({ "token": "x", "new_password": NEW })),
        ("/v1/email-confirmations/resend", json!({ "email": owner.email })),
        ("/v1/sessions", json!({ "email": owner.email, "password": PASSWORD })),
        ("/v1/email-confirmations", json!({ "email": owner.email, "code": "12345678" })),
        ("/v1/me/totp", json!({ "password": PASSWORD })),
        ("/v1/me/phone/confirm", json!({ "code": "12345678" })),
        ("/v1/me/email/confirm", json!({ "code": "12345678" })),
        (
            "/v1/accounts",
            json!({ "email": "customer.two@example.com", "password": PASSWORD, "role": "customer",
                "first_name": "Customer", "last_name": "Two" }),
        ),
    ];
    let broken = || {
        for _ in 0..20 {
            cloud.faults.script("local-http", "UpdateItem", Verdict::Refuse(FaultKind::Throttle));
        }
    };
    broken();
    refused(&change(&owner, PASSWORD, NEW).await, 503, "unavailable");
    for (path, ask) in &asks {
        broken();
        refused(&owner.post(path, ask).await.unwrap(), 503, "unavailable");
    }
    assert_eq!(mails(&cloud, &owner.email).await.len(), 1);
}
