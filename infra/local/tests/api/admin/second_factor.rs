//! Which staff must have a second factor, and what becomes of one that was lost.

use banister_domain::access::Permissions;
use banister_domain::account::Role;
use banister_local::api;
use banister_local::client::{Answer, Client, PASSWORD};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{acts, manager, path};
use crate::access::requests::World;
use crate::problems::{refused, refused_at};
use crate::support::invariants::invariants;
use crate::support::{body, change_account, cloud, customer, news, pass, stranger, super_admin};

const SETTINGS: &str = "/v1/admin/settings/security";

async fn set(client: &Client, version: &str, roles: Value) -> Answer {
    let ask = json!({ "second_factor_roles": roles });
    client.call(Method::PUT, SETTINGS, &[("if-match", version)], Some(&ask)).await.unwrap()
}

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

/// What somebody can still do who must set up a second factor first.
const EARLY: [&str; 10] = [
    "change_password",
    "confirm_totp",
    "end_all_sessions",
    "end_current_session",
    "end_session",
    "get_me",
    "list_sessions",
    "remove_totp",
    "renew_recovery_codes",
    "set_up_totp",
];

/// Every operation that the role lets in, but those that lead to a second factor and out.
#[tokio::test]
async fn without_the_factor_that_a_role_demands_staff_can_do_nothing_else() {
    let mut world = World::new().await;
    body(set(&world.admin, "*", json!(["admin"])).await, 200);
    let all = Permissions::all();
    let admin = Client::staff(&world.cloud, Role::Admin, all, "New Admin").await.unwrap();
    let boss = Client::staff(&world.cloud, Role::SuperAdmin, all, "New Boss").await.unwrap();
    // As `cargo manage create-superadmin` makes one.
    let bare = |account| banister_domain::account::Account { second_factor: false, ..account };
    change_account(&world.cloud, &boss.id, bare).await;
    pass(&world.cloud, 6).await;
    let (mut early, mut late) = (Vec::new(), 0);
    for operation in api::operations() {
        let access = operation.access;
        if access.anonymous || !access.roles.contains(&Role::SuperAdmin) {
            continue;
        }
        if access.before_second_factor {
            early.push(operation.id.clone());
            continue;
        }
        late += 1;
        let lets_in = |role| access.roles.contains(&role);
        for client in [Some(&boss), Some(&admin).filter(|_| lets_in(Role::Admin))].into_iter().flatten() {
            let answer = world.request(&operation).await.send(client, &operation).await;
            refused(&answer, 403, "second_factor_setup_required");
        }
    }
    early.sort();
    assert_eq!(early, EARLY);
    assert!(late > 15, "{late}");
    let me = body(boss.get("/v1/me").await.unwrap(), 200);
    let factor = &me["second_factor"];
    assert_eq!((&factor["on"], &factor["required"]), (&json!(false), &json!(true)));
    // With a factor everything is open.
    let mut admin = admin;
    admin.turn_on_second_factor(world.cloud.clock.now()).await.unwrap();
    body(admin.get("/v1/admin/users").await.unwrap(), 200);
    body(admin.patch("/v1/me", &json!({ "locale": "ru" })).await.unwrap(), 200);
}

#[tokio::test]
async fn the_settings_are_set_by_whoever_read_them_last() {
    let cloud = cloud().await;
    let boss = super_admin(&cloud, "Super Admin").await;
    let first = boss.get(SETTINGS).await.unwrap();
    assert_eq!(first.body, json!({ "second_factor_roles": ["super_admin"] }));
    let seen = tag(&first);
    let answers = join_all([
        set(&boss, &seen, json!(["admin"])),
        set(&boss, &seen, json!(["accountant"])),
        set(&boss, &seen, json!(["management"])),
    ])
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 2));
    for answer in lost {
        refused(answer, 412, "stale");
    }
    let now = boss.get(SETTINGS).await.unwrap();
    assert_eq!((tag(&now), &now.body), (tag(won[0]), &won[0].body));
    let one_of_two = format!("\"another\", {}", tag(&now));
    let cleared = set(&boss, &one_of_two, json!([])).await;
    assert_eq!(body(cleared, 200), json!({ "second_factor_roles": ["super_admin"] }));
    refused_at(&set(&boss, "*", json!(["customer"])).await, "/second_factor_roles", "invalid");
    let weak = format!("W/{}", tag(&first));
    for other in ["", "2", "\"x\"", &tag(&now), &weak] {
        refused(&set(&boss, other, json!([])).await, 412, "stale");
    }
    let ask = json!({ "second_factor_roles": [] });
    refused(&boss.put(SETTINGS, &ask).await.unwrap(), 428, "if_match_required");
    let over = join_all(["admin", "accountant"].map(|role| set(&boss, "*", json!([role])))).await;
    assert!(over.iter().all(|answer| answer.status == 200), "{over:?}");
}

/// Within five seconds, and for those who are signed in.
#[tokio::test]
async fn a_role_that_comes_to_demand_it_shuts_those_out_who_have_none() {
    let cloud = cloud().await;
    let boss = super_admin(&cloud, "Super Admin").await;
    let staff = manager(&cloud, Role::Admin, "Other Admin").await;
    body(staff.get("/v1/admin/users").await.unwrap(), 200);
    let version = tag(&set(&boss, "*", json!(["admin"])).await);
    pass(&cloud, 6).await;
    refused(&staff.get("/v1/admin/users").await.unwrap(), 403, "second_factor_setup_required");
    refused(&staff.act("/v1/chat/tickets").await.unwrap(), 403, "second_factor_setup_required");
    body(set(&boss, &version, json!([])).await, 200);
    body(staff.get("/v1/admin/users").await.unwrap(), 200);
}

#[tokio::test]
async fn staff_above_turn_off_a_factor_that_was_lost() {
    let cloud = cloud().await;
    let (boss, staff) =
        (super_admin(&cloud, "Super Admin").await, manager(&cloud, Role::Admin, "An Admin").await);
    let mut owner = customer(&cloud, "Customer One").await;
    owner.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    refused(&staff.delete(&path(&boss, "/totp")).await.unwrap(), 403, "forbidden");
    refused(&staff.delete(&path(&staff, "/totp")).await.unwrap(), 403, "forbidden");
    refused(&owner.delete(&path(&owner, "/totp")).await.unwrap(), 403, "forbidden");
    for _ in 0..2 {
        body(staff.delete(&path(&owner, "/totp")).await.unwrap(), 204);
    }
    pass(&cloud, 6).await;
    refused(&owner.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    let ask = json!({ "email": owner.email, "password": PASSWORD });
    body(stranger(&cloud).post("/v1/sessions", &ask).await.unwrap(), 201);
    assert_eq!(news(&cloud, &owner.email).await, ["Your second factor is on", "Your second factor is off"]);
    assert_eq!(acts(&cloud, &owner).await, [json!(["second_factor_off", staff.id, null])]);
    // Another one is set up from the beginning.
    let mut again = owner.clone();
    while again.recovery_code().is_some() {}
    again.sign_in().await.unwrap();
    again.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    invariants(&cloud).await;
}
