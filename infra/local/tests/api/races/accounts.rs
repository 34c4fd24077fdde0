//! Races for an e-mail address.

use std::collections::BTreeSet;

use banister_domain::event::Payload;
use banister_local::client::PASSWORD;
use futures_util::future::join_all;
use serde_json::json;

use super::START;
use crate::support::invariants::invariants;
use crate::support::{self, body};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_registrations_of_one_address_make_one_account() {
    let cloud = support::cloud_at(START).await;
    let ask = json!({ "email": "wanted@example.com", "password": PASSWORD, "role": "customer",
        "first_name": "Customer", "last_name": "One" });
    let strangers: Vec<_> = (0..100).map(|_| support::stranger(&cloud)).collect();
    let answers = join_all(strangers.iter().map(|stranger| stranger.post("/v1/accounts", &ask))).await;
    let mut told = BTreeSet::new();
    for answer in answers {
        // Nobody learns from the answer whether the address was free.
        let account = body(answer.unwrap(), 201);
        assert_eq!(account["email"], "wanted@example.com");
        told.insert(support::text(&account, "id").to_owned());
    }
    assert_eq!(told.len(), 100);

    let kept = invariants(&cloud).await;
    assert_eq!(kept.accounts.len(), 1);
    assert!(told.contains(&kept.accounts[0].id.to_string()));
    let repeated = |payload: &Payload| matches!(payload, Payload::RegistrationRepeated { .. });
    let (repeated, registered): (Vec<_>, Vec<_>) =
        kept.events.iter().partition(|event| repeated(&event.payload));
    assert_eq!(registered.len(), 1);
    assert_eq!(repeated.len(), 3, "the owner is told, and not a hundred times");

    let mut owner = strangers[0].clone();
    owner.email = "wanted@example.com".into();
    let code = owner.code_from_mail(&cloud).await.unwrap();
    let ask = json!({ "email": owner.email, "code": code });
    let confirmed = join_all((0..5).map(|_| owner.post("/v1/email-confirmations", &ask))).await;
    let statuses: Vec<_> = confirmed.into_iter().map(|answer| answer.unwrap().status.as_u16()).collect();
    assert_eq!(statuses, [204; 5], "an answer may be lost");
    owner.sign_in().await.unwrap();
    assert_eq!(owner.id, kept.accounts[0].id.to_string());
}
