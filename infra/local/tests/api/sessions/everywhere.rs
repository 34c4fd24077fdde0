//! `DELETE /v1/sessions`: signing out everywhere; and accounts that are switched off.

use banister_domain::id::{SessionId, UserId};
use banister_platform::identity::refresh::RefreshToken;
use banister_platform::random;
use banister_platform::store::{Accounts, Place, Sessions, SignIn};
use banister_platform::table::Table;

use super::{opens, refresh};
use crate::problems::refused;
use crate::support::{body, cloud, customer, pass, stranger};

pub(super) fn table(cloud: &banister_local::cloud::Cloud) -> Table {
    Table::from_settings(&cloud.settings("local-test")).unwrap()
}

#[tokio::test]
async fn all_own_sessions_end_and_no_others() {
    let cloud = cloud().await;
    let mut owner = customer(&cloud, "Customer One").await;
    let other = customer(&cloud, "Customer Two").await;
    let mut second = owner.clone();
    second.sign_in().await.unwrap();
    assert!(opens(&owner).await && opens(&second).await);
    body(owner.delete("/v1/sessions").await.unwrap(), 204);
    pass(&cloud, 6).await;
    for client in [&owner, &second] {
        assert!(!opens(client).await);
        let answer = refresh(&stranger(&cloud), client.refresh_token.as_deref().unwrap()).await;
        refused(&answer, 401, "invalid_refresh_token");
    }
    assert!(opens(&other).await);
    refused(&owner.delete("/v1/sessions").await.unwrap(), 401, "unauthenticated");
    owner.sign_in().await.unwrap();
    assert!(opens(&owner).await);
    cloud.quiet().await.unwrap();
}

/// More than fit into one transaction.
#[tokio::test]
async fn two_hundred_sessions_end() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let (user, now): (UserId, _) = (owner.id.parse().unwrap(), cloud.clock.now());
    let sessions = Sessions::new(table(&cloud));
    let account = Accounts::new(table(&cloud)).get(user).await.unwrap().unwrap();
    let ids: Vec<SessionId> = (0..200).map(|_| random::id(now)).collect();
    for id in &ids {
        sessions
            .begin(
                &RefreshToken::issue(user, *id),
                SignIn::to(&account),
                Place::default(),
                "test".into(),
                now,
            )
            .await
            .unwrap();
    }
    body(owner.delete("/v1/sessions").await.unwrap(), 204);
    for id in ids {
        assert!(sessions.get(user, id, now).await.unwrap().is_none());
    }
    pass(&cloud, 6).await;
    assert!(!opens(&owner).await);
}
