//! The function dies while somebody changes the own telephone number or e-mail address; it is all or nothing,
//! and the same request again finishes it.

use banister_domain::event::Payload;
use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::Cloud;
use jiff::SignedDuration;
use serde_json::json;

use super::{Crash, open, revive};
use crate::support::invariants::invariants;
use crate::support::{self, body};

const ROLE: &str = "local-http";

/// Signs in again after so long that the rate limits begin anew.
async fn later(cloud: &Cloud, owner: &mut Client, seconds: i64) {
    cloud.advance(SignedDuration::from_secs(seconds)).await;
    owner.sign_in().await.unwrap();
}

#[tokio::test]
async fn setting_a_number() {
    let cloud = support::cloud_at(super::START).await;
    let mut owner = support::customer(&cloud, "Customer One").await;
    let (mut rounds, mut calls) = (0, 0);
    for crash in Crash::BOTH {
        for n in 1.. {
            later(&cloud, &mut owner, 86_401).await;
            rounds += 1;
            let ask = json!({ "phone": format!("+1201555{:04}", 100 + rounds) });
            crash.arm(&cloud, ROLE, n);
            let first = owner.patch("/v1/me", &ask).await.unwrap();
            let crashed = revive(&cloud, ROLE);
            if crashed {
                open(&first);
                let again = body(owner.patch("/v1/me", &ask).await.unwrap(), 200);
                assert_eq!(again["phone"], ask["phone"]);
                calls = n;
            } else {
                body(first, 200);
                break;
            }
        }
        assert_eq!(calls, 6, "gate, account, limit, claim, code, transaction");
    }
    // No claim of a number that was left stays behind.
    invariants(&cloud).await;
}

#[tokio::test]
async fn moving_to_another_address() {
    let cloud = support::cloud_at(super::START).await;
    let mut owner = support::customer(&cloud, "Customer One").await;
    let (mut rounds, mut calls) = (0, 0);
    for crash in Crash::BOTH {
        for n in 1.. {
            later(&cloud, &mut owner, 3_601).await;
            rounds += 1;
            let mut next = owner.clone();
            next.email = format!("address.{rounds}@example.com");
            let ask = json!({ "password": PASSWORD, "email": next.email });
            body(owner.post("/v1/me/email", &ask).await.unwrap(), 202);
            cloud.quiet().await.unwrap();
            let code = json!({ "code": next.code_from_mail(&cloud).await.unwrap() });
            crash.arm(&cloud, ROLE, n);
            let first = owner.post("/v1/me/email/confirm", &code).await.unwrap();
            let crashed = revive(&cloud, ROLE);
            if crashed {
                open(&first);
                let refresh = json!({ "refresh_token": owner.refresh_token });
                let session = body(owner.post("/v1/sessions/refresh", &refresh).await.unwrap(), 200);
                owner.take_tokens(&session);
                body(owner.post("/v1/me/email/confirm", &code).await.unwrap(), 204);
                calls = n;
            } else {
                body(first, 204);
            }
            // The next round signs in with it.
            owner.email = next.email;
            if !crashed {
                break;
            }
        }
        // A limit takes a second call where its list is full of attempts that no longer count.
        let limit = if crash == Crash::Before { 1 } else { 2 };
        assert_eq!(calls, limit + 6, "limit, code, try, code, session, credentials, transaction");
    }
    let moved = invariants(&cloud).await.events.into_iter();
    let moved = moved.filter(|event| matches!(event.payload, Payload::EmailChanged { .. }));
    assert_eq!(moved.count(), rounds);
}
