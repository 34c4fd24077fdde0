//! `POST /v1/password-resets` and `POST /v1/password-resets/complete`.

use std::collections::BTreeMap;

use banister_domain::account::{Account, AccountStatus};
use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use super::password::{UNFIT, change, refresh, sign_in};
use super::{audited, registration};
use crate::problems::{refused, refused_at};
use crate::support::invariants::items;
use crate::support::{body, change_account, cloud, cloud_at, customer, mails, news, pass, stranger};

const NEW: &str = "another fine password";

/// From an address of its own, which has a limit too.
async fn ask(cloud: &Cloud, email: &str) -> Answer {
    stranger(cloud).post("/v1/password-resets", &json!({ "email": email })).await.unwrap()
}

async fn complete(cloud: &Cloud, token: &str, new: &str) -> Answer {
    let ask = json!({ "token": token, "new_password": new });
    stranger(cloud).post("/v1/password-resets/complete", &ask).await.unwrap()
}

/// The token that is mailed to somebody who asks for it.
async fn token(cloud: &Cloud, client: &Client) -> String {
    body(ask(cloud, &client.email).await, 202);
    cloud.quiet().await.unwrap();
    client.token_from_mail(cloud).await.unwrap()
}

/// Calls of the API to the table.
fn calls(cloud: &Cloud) -> BTreeMap<String, u64> {
    let all = cloud.table.calls().into_iter();
    all.filter(|((role, _), _)| role == "local-http").map(|((_, call), count)| (call, count)).collect()
}

/// How many calls more than `before`.
fn since(cloud: &Cloud, before: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let more = |(call, count): (String, u64)| {
        let more = count - before.get(&call).copied().unwrap_or(0);
        (more > 0).then_some((call, more))
    };
    calls(cloud).into_iter().filter_map(more).collect()
}

#[tokio::test]
async fn the_link_sets_the_password_and_ends_all_sessions() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let mut owner = customer(&cloud, "Customer One").await;
    let answer = ask(&cloud, "Customer.ONE@example.com").await;
    assert_eq!((answer.status.as_u16(), &answer.body), (202, &Value::Null));
    let mail = mails(&cloud, &owner.email).await.pop().unwrap();
    let token = owner.token_from_mail(&cloud).await.unwrap();
    let link = format!("http://localhost:3000/reset-password#token={token}");
    assert!(mail.text.lines().any(|line| line == link), "{}", mail.text);
    assert!(mail.html.is_some_and(|html| html.contains(&link)));
    // Nothing has happened yet, and no reading makes it happen.
    for path in ["/v1/password-resets", "/v1/password-resets/complete"] {
        refused(&owner.get(&format!("{path}?token={token}")).await.unwrap(), 405, "method_not_allowed");
    }
    body(owner.get("/v1/me").await.unwrap(), 200);

    let answer = complete(&cloud, &format!(" {token}\n"), NEW).await;
    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null));
    pass(&cloud, 6).await;
    refused(&owner.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    assert_eq!(refresh(&mut owner).await, 401);
    refused(&sign_in(&owner.email, &stranger(&cloud), PASSWORD).await, 401, "wrong_credentials");
    body(sign_in(&owner.email, &stranger(&cloud), NEW).await, 201);
    assert_eq!(news(&cloud, &owner.email).await, ["Choose a new password", "Your password was changed"]);
    for entry in ["password_reset_requested", "password_reset"] {
        assert_eq!(audited(&cloud, &owner.id, entry).await, 1, "{entry}");
    }
}

#[tokio::test]
async fn a_link_is_good_once() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let token = token(&cloud, &owner).await;
    body(complete(&cloud, &token, NEW).await, 204);
    // As after a lost answer.
    body(complete(&cloud, &token, NEW).await, 204);
    refused(&complete(&cloud, &token, "a third fine password").await, 422, "invalid_reset_token");
    body(sign_in(&owner.email, &stranger(&cloud), NEW).await, 201);
    assert_eq!(audited(&cloud, &owner.id, "password_reset").await, 1);
    assert_eq!(news(&cloud, &owner.email).await.len(), 2);
}

#[tokio::test]
async fn a_link_is_good_for_half_an_hour() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let (one, two) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    let (first, second) = (token(&cloud, &one).await, token(&cloud, &two).await);
    pass(&cloud, 1_740).await;
    body(complete(&cloud, &first, NEW).await, 204);
    pass(&cloud, 60).await;
    refused(&complete(&cloud, &second, NEW).await, 422, "invalid_reset_token");
    refused(&complete(&cloud, &first, NEW).await, 422, "invalid_reset_token");
    body(sign_in(&two.email, &stranger(&cloud), PASSWORD).await, 201);
}

/// Whoever found a link in a mailbox does not undo what its owner did since.
#[tokio::test]
async fn what_ends_all_sessions_voids_links() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let mut owner = customer(&cloud, "Customer One").await;
    let first = token(&cloud, &owner).await;
    body(owner.delete("/v1/sessions").await.unwrap(), 204);
    refused(&complete(&cloud, &first, NEW).await, 422, "invalid_reset_token");
    owner.sign_in().await.unwrap();
    pass(&cloud, 60).await;
    let second = token(&cloud, &owner).await;
    body(change(&owner, PASSWORD, "a third fine password").await, 204);
    refused(&complete(&cloud, &second, NEW).await, 422, "invalid_reset_token");
    pass(&cloud, 60).await;
    let third = token(&cloud, &owner).await;
    pass(&cloud, 60).await;
    let fourth = token(&cloud, &owner).await;
    assert_ne!(third, fourth);
    // A newer link does not void the older one, so that nobody voids the owner's by asking for more.
    body(complete(&cloud, &third, NEW).await, 204);
    refused(&complete(&cloud, &fourth, "a fourth fine password").await, 422, "invalid_reset_token");
}

#[tokio::test]
async fn it_confirms_the_address_that_it_was_mailed_to() {
    let cloud = cloud().await;
    let mut owner = stranger(&cloud);
    owner.email = "customer.one@example.com".into();
    body(owner.post("/v1/accounts", &registration(&owner.email, "customer")).await.unwrap(), 201);
    let token = token(&cloud, &owner).await;
    body(complete(&cloud, &token, NEW).await, 204);
    owner.take_tokens(&body(sign_in(&owner.email, &owner, NEW).await, 201));
    assert_eq!(body(owner.get("/v1/me").await.unwrap(), 200)["email_confirmed"], true);
}

/// Neither the answer nor the work tells whether an address has an account.
#[tokio::test]
async fn an_address_without_an_account_costs_and_answers_the_same() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let names = |answer: &Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        names
    };
    let mut seen = Vec::new();
    for email in [owner.email.as_str(), "nobody@example.com"] {
        let before = calls(&cloud);
        let answer = ask(&cloud, email).await;
        seen.push((answer.status, names(&answer), answer.body, since(&cloud, &before)));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!((seen[0].0.as_u16(), &seen[0].2), (202, &Value::Null));
    let work: Vec<_> = seen[0].3.iter().map(|(call, count)| (call.as_str(), *count)).collect();
    assert_eq!(work, [("GetItem", 2), ("TransactWriteItems", 1), ("UpdateItem", 3)]);
    assert_eq!(mails(&cloud, "nobody@example.com").await, []);
    assert_eq!(news(&cloud, &owner.email).await.len(), 1);
}

#[tokio::test]
async fn one_a_minute_and_five_an_hour_for_any_address() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = customer(&cloud, "Customer One").await;
    for email in [owner.email.as_str(), "nobody@example.com"] {
        for _ in 0..5 {
            body(ask(&cloud, email).await, 202);
            refused(&ask(&cloud, &email.to_uppercase()).await, 429, "too_many_requests");
            pass(&cloud, 60).await;
        }
        refused(&ask(&cloud, email).await, 429, "too_many_requests");
    }
    assert_eq!(news(&cloud, &owner.email).await.len(), 5);
    pass(&cloud, 3_600).await;
    body(ask(&cloud, &owner.email).await, 202);
}

/// Many share one address: nobody's asking stops the next one's. Whoever asks at once, there are no more.
#[tokio::test]
async fn one_place_asks_for_twenty_links_an_hour() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let crowd = stranger(&cloud);
    let ask = async |number: usize| {
        let ask = json!({ "email": format!("person.{number}@example.com") });
        crowd.post("/v1/password-resets", &ask).await.unwrap()
    };
    for number in 0..20 {
        body(ask(number).await, 202);
    }
    let over = ask(20).await;
    refused(&over, 429, "too_many_requests");
    assert_eq!(over.headers["ratelimit-policy"], "\"request_reset_address\";q=20;w=3600");
    pass(&cloud, 3_600).await;
    let answers = futures_util::future::join_all((0..30).map(|number| ask(30 + number))).await;
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status.as_u16()).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([(202, 20), (429, 10)]));
}

#[tokio::test]
async fn a_disabled_account_is_mailed_nothing_and_opened_by_nothing() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = customer(&cloud, "Customer One").await;
    let token = token(&cloud, &owner).await;
    let off = |account| Account { status: AccountStatus::Disabled, ..account };
    change_account(&cloud, &owner.id, off).await;
    refused(&complete(&cloud, &token, NEW).await, 422, "invalid_reset_token");
    pass(&cloud, 60).await;
    body(ask(&cloud, &owner.email).await, 202);
    assert_eq!(news(&cloud, &owner.email).await.len(), 1);
}

#[tokio::test]
async fn an_unfit_password_does_not_use_the_link_up() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = customer(&cloud, "Customer One").await;
    let token = token(&cloud, &owner).await;
    for new in UNFIT {
        refused_at(&complete(&cloud, &token, new).await, "/new_password", "invalid");
    }
    body(complete(&cloud, &token, NEW).await, 204);
}

#[tokio::test]
async fn what_is_no_token_opens_nothing_and_no_token_is_kept() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let token = token(&cloud, &owner).await;
    let other = if token.starts_with('A') { "B" } else { "A" };
    let (changed, shorter) = (format!("{other}{}", &token[1..]), &token[1..]);
    let longer = format!("{token}A");
    for bad in ["", "token", &changed, shorter, &longer, "é"] {
        refused(&complete(&cloud, bad, NEW).await, 422, "invalid_reset_token");
    }
    let kept = format!("{:?}", items(&cloud).await);
    assert!(kept.contains("RESET#") && !kept.contains(&token) && !kept.contains(NEW));
    for (ask, pointer, kind) in [
        (json!({ "new_password": NEW }), "/token", "missing"),
        (json!({ "token": token }), "/new_password", "missing"),
        (json!({ "token": token, "new_password": NEW, "email": owner.email }), "/email", "unknown"),
    ] {
        let answer = stranger(&cloud).post("/v1/password-resets/complete", &ask).await.unwrap();
        refused_at(&answer, pointer, kind);
    }
    body(sign_in(&owner.email, &stranger(&cloud), PASSWORD).await, 201);
}

/// Many at once: one of them sets its password.
#[tokio::test]
async fn a_link_opened_many_times_at_once_sets_one_password() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let token = token(&cloud, &owner).await;
    let passwords: Vec<_> = (0..8).map(|number| format!("fine password {number}")).collect();
    let all = passwords.iter().map(|password| complete(&cloud, &token, password));
    let answers = futures_util::future::join_all(all).await;
    let mut set = Vec::new();
    for (password, answer) in passwords.iter().zip(&answers) {
        if answer.status == 204 {
            set.push(password);
        } else {
            assert!(matches!(answer.code(), "invalid_reset_token" | "busy"), "{}", answer.body);
        }
    }
    assert_eq!(set.len(), 1);
    body(sign_in(&owner.email, &stranger(&cloud), set[0]).await, 201);
    assert_eq!(audited(&cloud, &owner.id, "password_reset").await, 1);
}
