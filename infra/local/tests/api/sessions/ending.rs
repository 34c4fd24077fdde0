//! Sessions end at last, however much they are used.

use banister_domain::access::Permissions;
use banister_domain::account::Role;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::store::{SessionRecord, Sessions};
use banister_platform::table::Table;
use jiff::{SignedDuration, Timestamp};

use super::{opens, refresh};
use crate::problems::refused;
use crate::support::{body, cloud_at, customer, pass, session_of, text};

const DAY: i64 = 86_400;

/// Refreshes, and answers how many days after it was begun the session will end.
async fn refreshed(client: &mut Client) -> i64 {
    let session = body(refresh(client, client.refresh_token.as_deref().unwrap()).await, 200);
    client.take_tokens(&session);
    let list = body(client.get("/v1/sessions").await.unwrap(), 200);
    let (id, items) = (session_of(client).to_string(), list["items"].as_array().unwrap());
    let own = items.iter().find(|session| text(session, "id") == id).unwrap();
    let at = |name: &str| text(own, name).parse::<Timestamp>().unwrap();
    at("expires_at").duration_since(at("created_at")).as_secs() / DAY
}

#[tokio::test]
async fn a_session_ends_ninety_days_after_it_was_begun() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let mut owner = customer(&cloud, "Customer One").await;
    let day = 29;
    for end in [59, 88, 90] {
        pass(&cloud, day * DAY).await;
        assert_eq!(refreshed(&mut owner).await, end);
    }
    pass(&cloud, 3 * DAY - 600).await;
    assert_eq!(refreshed(&mut owner).await, 90);
    assert!(opens(&owner).await);
    pass(&cloud, 600).await;
    refused(&refresh(&owner, owner.refresh_token.as_deref().unwrap()).await, 401, "invalid_refresh_token");
    assert!(!opens(&owner).await, "the access token is younger than 15 minutes");
    owner.sign_in().await.unwrap();
    assert_eq!(refreshed(&mut owner).await, 30);
}

#[tokio::test]
async fn one_of_staff_ends_after_thirty() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    for role in [Role::Management, Role::SuperAdmin] {
        let mut staff = Client::staff(&cloud, role, Permissions::NONE, role.as_str()).await.unwrap();
        for _ in 0..2 {
            pass(&cloud, 14 * DAY).await;
            assert_eq!(refreshed(&mut staff).await, 30);
        }
        pass(&cloud, 2 * DAY).await;
        refused(
            &refresh(&staff, staff.refresh_token.as_deref().unwrap()).await,
            401,
            "invalid_refresh_token",
        );
    }
}

/// Makes the own session one that was begun so many days ago, when each refresh moved its end by thirty days
/// and nothing held it.
async fn endless(cloud: &Cloud, client: &Client, begun: i64) {
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let now = cloud.clock.now();
    let days = |days: i64| SignedDuration::from_secs(days * DAY);
    let user = client.id.parse().unwrap();
    let found = Sessions::new(table.clone()).get(user, session_of(client), now).await.unwrap().unwrap();
    let (created_at, expires_at) = (now - days(begun), now + days(29));
    let refreshed_at = now - days(1);
    let session = SessionRecord { created_at, refreshed_at, expires_at, ..found.value };
    table.put(&session).await.unwrap();
}

#[tokio::test]
async fn one_begun_before_sessions_had_an_end_is_held_to_it() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let mut owner = customer(&cloud, "Customer One").await;
    let mut staff = Client::staff(&cloud, Role::Management, Permissions::NONE, "Support One").await.unwrap();
    for (client, end) in [(&mut owner, 90), (&mut staff, 30)] {
        endless(&cloud, client, end - 10).await;
        assert_eq!(refreshed(client).await, end, "it ends when it would have ended");
        endless(&cloud, client, end).await;
        let token = client.refresh_token.clone().unwrap();
        refused(&refresh(client, &token).await, 401, "invalid_refresh_token");
        // It is over, and nobody is told of a thief.
        assert_eq!(crate::accounts::audited(&cloud, &client.id, "refresh_token_reused").await, 0);
        client.sign_in().await.unwrap();
        assert_eq!(refreshed(client).await, 30);
    }
}
