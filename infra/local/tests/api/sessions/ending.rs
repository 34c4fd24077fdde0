//! Sessions end at last, however much they are used.

use banister_domain::access::Permissions;
use banister_domain::account::Role;
use banister_local::client::Client;
use jiff::Timestamp;

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
