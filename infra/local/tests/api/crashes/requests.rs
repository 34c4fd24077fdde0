//! The function that answers a request dies; the client asks again under the same key.

use banister_domain::account::AccountStatus;
use banister_domain::booking::Status;
use banister_domain::event::{Event, Payload};
use banister_local::client::{Answer, PASSWORD};
use banister_local::cloud::Cloud;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Crash, book, hour, open, replayed, revive, stage};
use crate::support::invariants::{Kept, invariants};
use crate::support::{self, body, text};

const ROLE: &str = "local-http";

/// Long enough that the caller's account is read again, so that this call has its crash too.
fn pass(cloud: &Cloud) {
    cloud.clock.advance(SignedDuration::from_secs(6));
}

/// Sends a request whose function dies at its first call, then its second and so on, before and
/// after, until it has no more calls; after each death sends it again, which must be answered with
/// `status`. `request` makes the request of a round, `Kept` says what the death left. Answers the
/// final answers, and how many calls there are.
pub(super) async fn at_every_call(
    cloud: &Cloud,
    status: u16,
    request: impl AsyncFn(usize) -> Answer,
    done: impl Fn(&Kept, usize) -> bool,
) -> (Vec<Value>, u64) {
    let (mut answers, mut calls) = (Vec::new(), 0);
    for crash in Crash::BOTH {
        for n in 1.. {
            pass(cloud);
            let round = answers.len();
            crash.arm(cloud, ROLE, n);
            let first = request(round).await;
            if !revive(cloud, ROLE) {
                answers.push(body(first, status));
                calls = n - 1;
                break;
            }
            open(&first);
            let was_done = done(&Kept::read(cloud).await, round);
            let again = request(round).await;
            assert_eq!(replayed(&again), was_done, "{crash:?} call {n}: {}", again.body);
            answers.push(body(again, status));
        }
    }
    (answers, calls)
}

fn registration(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "role": "customer",
        "first_name": "Customer", "last_name": "One" })
}

#[tokio::test]
async fn booking() {
    let (cloud, _, service, customer) = stage(60).await;
    let request = async |n: usize| {
        let key = format!("intention-{n}");
        customer.book(&service, &hour(n), &key).await.unwrap()
    };
    let done = |kept: &Kept, n: usize| {
        kept.bookings.values().any(|booking| booking.starts_at.to_string() == hour(n))
    };
    let (bookings, calls) = at_every_call(&cloud, 201, request, done).await;
    assert_eq!(calls, 6, "account and session, receipt, limit, service, calendar, transaction");
    let kept = invariants(&cloud).await;
    assert_eq!(kept.bookings.len(), bookings.len());
    for booking in &bookings {
        assert_eq!(kept.path(text(booking, "id")), [Status::Requested]);
    }
}

#[tokio::test]
async fn confirming_and_cancelling() {
    let (cloud, provider, service, customer) = stage(60).await;
    let mut bookings = Vec::new();
    for n in 0..12 {
        bookings.push(book(&customer, &service, n).await);
    }
    let sides = [(&provider, "confirm", Status::Confirmed), (&customer, "cancel", Status::Cancelled)];
    for (who, command, to) in sides {
        let request = async |n: usize| {
            let path = format!("/v1/bookings/{}/{command}", text(&bookings[n], "id"));
            let key = format!("{command}-{n}-once");
            who.call(Method::POST, &path, &[("idempotency-key", &key)], None).await.unwrap()
        };
        let done = |kept: &Kept, n: usize| kept.booking(text(&bookings[n], "id")).status == to;
        let (changed, calls) = at_every_call(&cloud, 200, request, done).await;
        assert_eq!(calls, 5, "account and session, the booking twice, calendar, transaction");
        assert_eq!(changed.len(), bookings.len());
        assert!(changed.iter().all(|booking| booking["status"] == to.as_str()));
    }
    let kept = invariants(&cloud).await;
    for booking in &bookings {
        assert_eq!(kept.path(text(booking, "id")), [Status::Requested, Status::Confirmed, Status::Cancelled]);
    }
}

#[tokio::test]
async fn registering() {
    let cloud = support::cloud_at(super::START).await;
    let email = |n: usize| format!("customer.nr{n}@example.com");
    let request = async |n: usize| {
        let key = format!("registration-{n}");
        let headers = [("idempotency-key", key.as_str())];
        let stranger = support::stranger(&cloud);
        stranger.call(Method::POST, "/v1/accounts", &headers, Some(&registration(&email(n)))).await.unwrap()
    };
    let done = |kept: &Kept, n: usize| kept.accounts.iter().any(|account| account.email.as_str() == email(n));
    let (accounts, calls) = at_every_call(&cloud, 201, request, done).await;
    assert_eq!(calls, 5, "two limits, credentials, account and code, transaction");
    let kept = invariants(&cloud).await;
    assert_eq!(kept.accounts.len(), accounts.len());
    for (n, account) in accounts.iter().enumerate() {
        assert_eq!(cloud.mailbox.list(Some(&email(n))).len(), 1);
        let mut customer = support::stranger(&cloud);
        customer.email = email(n);
        let code = customer.code_from_mail(&cloud).await.unwrap();
        let ask = json!({ "email": customer.email, "code": code });
        body(customer.post("/v1/email-confirmations", &ask).await.unwrap(), 204);
        customer.sign_in().await.unwrap();
        assert_eq!(customer.id, text(account, "id"));
    }
}

/// Registering an address that has an account makes nothing but a mail to its owner, also when the
/// function dies on the way there.
#[tokio::test]
async fn registering_an_address_that_is_taken() {
    let cloud = support::cloud_at(super::START).await;
    let owner = support::customer(&cloud, "Customer One").await;
    let ask = registration(&owner.email);
    for crash in Crash::BOTH {
        cloud.quiet().await.unwrap();
        // A day later the owner may be told again.
        cloud.advance(SignedDuration::from_hours(24)).await;
        let mut calls = 0;
        for n in 1.. {
            let stranger = support::stranger(&cloud);
            crash.arm(&cloud, ROLE, n);
            let first = stranger.post("/v1/accounts", &ask).await.unwrap();
            if !revive(&cloud, ROLE) {
                body(first, 201);
                break;
            }
            open(&first);
            body(stranger.post("/v1/accounts", &ask).await.unwrap(), 201);
            calls = n;
        }
        assert_eq!(calls, 5, "two limits, credentials, account and code, transaction");
    }
    let kept = invariants(&cloud).await;
    assert_eq!(kept.accounts.len(), 1);
    // Over the limit of mails the event names nobody.
    let repeated = |event: &&Event| matches!(event.payload, Payload::RegistrationRepeated { user_id } if user_id == kept.accounts[0].id);
    let told = kept.events.iter().filter(repeated).count();
    assert!((2..=8).contains(&told), "at least once and at most four times on each of two days: {told}");
}

/// A registration that nobody confirmed is replaced by the next one, and by one only.
#[tokio::test]
async fn registering_an_address_that_was_never_confirmed() {
    let cloud = support::cloud_at(super::START).await;
    let email = |n: usize| format!("customer.nr{n}@example.com");
    for n in 0..16 {
        body(support::stranger(&cloud).post("/v1/accounts", &registration(&email(n))).await.unwrap(), 201);
    }
    cloud.quiet().await.unwrap();
    cloud.advance(SignedDuration::from_mins(11)).await;
    let request = async |n: usize| {
        let key = format!("registration-{n}");
        let headers = [("idempotency-key", key.as_str())];
        let stranger = support::stranger(&cloud);
        stranger.call(Method::POST, "/v1/accounts", &headers, Some(&registration(&email(n)))).await.unwrap()
    };
    let of = |kept: &Kept, n: usize| {
        let mine = kept.accounts.iter().filter(|account| account.email.as_str() == email(n));
        mine.map(|account| (account.status, account.id.to_string())).collect::<Vec<_>>()
    };
    let (accounts, calls) = at_every_call(&cloud, 201, request, |kept, n| of(kept, n).len() == 2).await;
    assert_eq!(calls, 5, "two limits, credentials, account and code, transaction");
    let kept = invariants(&cloud).await;
    for (n, account) in accounts.iter().enumerate() {
        let of = of(&kept, n);
        let active: Vec<_> = of.iter().filter(|(status, _)| *status == AccountStatus::Active).collect();
        assert_eq!((of.len(), active.len()), (2, 1));
        assert_eq!(active[0].1, text(account, "id"));
        assert_eq!(cloud.mailbox.list(Some(&email(n))).len(), 2, "a code each time");
    }
}

/// A lost answer is given again.
#[tokio::test]
async fn confirming_an_address() {
    let cloud = support::cloud_at(super::START).await;
    let (mut accounts, mut calls) = (0, 0);
    for crash in Crash::BOTH {
        for n in 1.. {
            let mut customer = support::stranger(&cloud);
            customer.email = format!("customer.nr{accounts}@example.com");
            accounts += 1;
            body(customer.post("/v1/accounts", &registration(&customer.email)).await.unwrap(), 201);
            let code = customer.code_from_mail(&cloud).await.unwrap();
            let ask = json!({ "email": customer.email, "code": code });
            crash.arm(&cloud, ROLE, n);
            let first = customer.post("/v1/email-confirmations", &ask).await.unwrap();
            let crashed = revive(&cloud, ROLE);
            if crashed {
                open(&first);
                let again = customer.post("/v1/email-confirmations", &ask).await.unwrap();
                body(again, 204);
                calls = n;
            } else {
                body(first, 204);
            }
            customer.sign_in().await.unwrap();
            assert_eq!(body(customer.get("/v1/me").await.unwrap(), 200)["email_confirmed"], true);
            if !crashed {
                break;
            }
        }
        assert_eq!(calls, 7, "three limits, credentials, account and code, the attempt, the confirmation");
    }
    assert_eq!(invariants(&cloud).await.accounts.len(), accounts);
}

#[tokio::test]
async fn making_a_super_admin() {
    let cloud = support::cloud().await;
    let admin = support::super_admin(&cloud, "Super Admin").await;
    let email = |n: usize| format!("super.{n}@example.com");
    let request = async |n: usize| {
        let ask = json!({ "email": email(n), "role": "super_admin", "first_name": "Super",
            "last_name": "Next" });
        let key = format!("new-user-{n}");
        admin.call(Method::POST, "/v1/admin/users", &[("idempotency-key", &key)], Some(&ask)).await.unwrap()
    };
    let done = |kept: &Kept, n: usize| kept.accounts.iter().any(|account| account.email.as_str() == email(n));
    let (made, calls) = at_every_call(&cloud, 201, request, done).await;
    assert_eq!(calls, 3, "account and session, super admins, transaction");
    assert_eq!(invariants(&cloud).await.accounts.len(), made.len() + 1);
}

#[tokio::test]
async fn switching_off() {
    let cloud = support::cloud().await;
    let admin = support::super_admin(&cloud, "Super Admin").await;
    let mut off = Vec::new();
    for crash in Crash::BOTH {
        for n in 1.. {
            let person = support::customer(&cloud, &format!("Customer {crash:?}{n}")).await;
            let path = format!("/v1/admin/users/{}/disable", person.id);
            let ask = json!({ "reason": "A test." });
            pass(&cloud);
            crash.arm(&cloud, ROLE, n);
            let first = admin.post(&path, &ask).await.unwrap();
            off.push(person.id);
            if !revive(&cloud, ROLE) {
                assert_eq!((n, body(first, 200)["status"].as_str()), (4, Some("disabled")));
                break;
            }
            open(&first);
            assert_eq!(body(admin.post(&path, &ask).await.unwrap(), 200)["status"], "disabled");
        }
    }
    // Each once, however often it was asked for.
    let kept = invariants(&cloud).await;
    let ended = |event: &Event| match event.payload {
        Payload::SessionsEnded { user_id, .. } => Some(user_id.to_string()),
        _ => None,
    };
    let mut ended: Vec<_> = kept.events.iter().filter_map(ended).filter(|id| *id != admin.id).collect();
    ended.sort();
    off.sort();
    assert_eq!(ended, off);
}

/// Whatever the function died at, the same request again leads to the new password, told once.
#[tokio::test]
async fn changing_a_password() {
    let cloud = support::cloud_at(super::START).await;
    let mut owner = support::customer(&cloud, "Customer One").await;
    let (mut current, mut rounds, mut calls) = (PASSWORD.to_owned(), 0, 0);
    for crash in Crash::BOTH {
        for n in 1.. {
            // The rate limits begin anew.
            cloud.advance(SignedDuration::from_secs(301)).await;
            let sign_in = json!({ "email": owner.email, "password": current });
            owner.take_tokens(&body(owner.post("/v1/sessions", &sign_in).await.unwrap(), 201));
            rounds += 1;
            let new = format!("fine password {rounds}");
            let ask = json!({ "current_password": current, "new_password": new });
            crash.arm(&cloud, ROLE, n);
            let first = owner.put("/v1/me/password", &ask).await.unwrap();
            let crashed = revive(&cloud, ROLE);
            if crashed {
                open(&first);
                let refresh = json!({ "refresh_token": owner.refresh_token });
                let session = body(owner.post("/v1/sessions/refresh", &refresh).await.unwrap(), 200);
                owner.take_tokens(&session);
                body(owner.put("/v1/me/password", &ask).await.unwrap(), 204);
                calls = n;
            } else {
                body(first, 204);
            }
            current = new;
            if !crashed {
                break;
            }
        }
        assert_eq!(calls, 7, "gate, two limits, account, credentials, account and session, transaction");
    }
    let told = invariants(&cloud).await.events.into_iter();
    let told = told.filter(|event: &Event| matches!(event.payload, Payload::PasswordChanged { .. }));
    assert_eq!(told.count(), rounds);
}

/// The same for a link.
#[tokio::test]
async fn resetting_a_password() {
    let cloud = support::cloud_at(super::START).await;
    let owner = support::customer(&cloud, "Customer One").await;
    let (mut rounds, mut calls) = (0, 0);
    for crash in Crash::BOTH {
        for n in 1.. {
            cloud.advance(SignedDuration::from_secs(3_601)).await;
            let ask = json!({ "email": owner.email });
            body(support::stranger(&cloud).post("/v1/password-resets", &ask).await.unwrap(), 202);
            cloud.quiet().await.unwrap();
            let token = owner.token_from_mail(&cloud).await.unwrap();
            rounds += 1;
            let new = format!("fine password {rounds}");
            let ask = json!({ "token": token, "new_password": new });
            crash.arm(&cloud, ROLE, n);
            let first = owner.post("/v1/password-resets/complete", &ask).await.unwrap();
            let crashed = revive(&cloud, ROLE);
            if crashed {
                open(&first);
                body(owner.post("/v1/password-resets/complete", &ask).await.unwrap(), 204);
                calls = n;
            } else {
                body(first, 204);
            }
            let sign_in = json!({ "email": owner.email, "password": new });
            body(support::stranger(&cloud).post("/v1/sessions", &sign_in).await.unwrap(), 201);
            if !crashed {
                break;
            }
        }
        assert_eq!(calls, 6, "limit, token, account, credentials, limit of the account, transaction");
    }
    let told = invariants(&cloud).await.events.into_iter();
    let told = told.filter(|event: &Event| matches!(event.payload, Payload::PasswordChanged { .. }));
    assert_eq!(told.count(), rounds);
}
