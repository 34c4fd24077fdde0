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
async fn of_a_hundred_who_set_one_number_one_holds_it() {
    let cloud = support::cloud_at(START).await;
    let people = super::crowd(&cloud, 100).await;
    let ask = json!({ "phone": "+12015550123" });
    let answers = join_all(people.iter().map(|person| person.patch("/v1/me", &ask))).await;
    let codes: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().code().to_owned()).collect();
    assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 1, "{codes:?}");
    // A machine with much to do may let the table's time run out.
    let refused = ["", "phone_taken", "busy", "unavailable"];
    assert!(codes.iter().all(|code| refused.contains(&code.as_str())), "{codes:?}");
    let kept = invariants(&cloud).await;
    let holders: Vec<_> = kept.accounts.iter().filter(|account| account.held_phone().is_some()).collect();
    assert_eq!(holders.len(), 1);
    let at = codes.iter().position(String::is_empty).unwrap();
    assert_eq!(holders[0].id.to_string(), people[at].id);
}

/// Two accounts that may both have an address, and somebody who registers it: one of them gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_moves_to_one_account() {
    for round in 0..4 {
        let cloud = support::cloud_at(START).await;
        let people = super::crowd(&cloud, 2).await;
        let wanted = "wanted@example.com";
        let mut codes = Vec::new();
        for person in &people {
            let ask = json!({ "password": PASSWORD, "email": wanted });
            body(person.post("/v1/me/email", &ask).await.unwrap(), 202);
            cloud.quiet().await.unwrap();
            let mut reader = person.clone();
            reader.email = wanted.into();
            codes.push(json!({ "code": reader.code_from_mail(&cloud).await.unwrap() }));
        }
        let stranger = support::stranger(&cloud);
        let registration = json!({ "email": wanted, "password": PASSWORD, "role": "customer",
            "first_name": "Customer", "last_name": "One" });
        let (first, second, third) = tokio::join!(
            people[0].post("/v1/me/email/confirm", &codes[0]),
            people[1].post("/v1/me/email/confirm", &codes[1]),
            async {
                if round % 2 == 0 { Some(stranger.post("/v1/accounts", &registration).await) } else { None }
            },
        );
        let told = [first.unwrap(), second.unwrap()];
        if let Some(third) = third {
            // It looks the same in either case.
            body(third.unwrap(), 201);
        }
        let moved = told.iter().filter(|answer| answer.status == 204).count();
        for answer in told.iter().filter(|answer| answer.status != 204) {
            crate::problems::refused(answer, 409, "email_taken");
        }
        let kept = invariants(&cloud).await;
        let owners = kept.accounts.iter().filter(|account| account.email.as_str() == wanted).count();
        assert_eq!(owners, 1, "round {round}");
        assert!(moved <= 1 && (round % 2 == 0 || moved == 1), "round {round}: {told:?}");
    }
}

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
    let owner = kept.accounts[0].id;
    let told =
        |payload: &Payload| matches!(payload, Payload::RegistrationRepeated { user_id } if *user_id == owner);
    let told = repeated.iter().filter(|event| told(&event.payload)).count();
    assert_eq!(repeated.len(), 99);
    // Whoever got the address may be one of the four that may mail, or not.
    assert!((3..=4).contains(&told), "the owner is told, and not a hundred times: {told}");

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
