//! `/v1/admin/users`, `/v1/admin/settings`, and what staff see and do across the market.

mod bookings;
mod bulk;
mod lists;
mod made;
mod on_behalf;
mod permissions;
mod roles;
mod second_factor;
mod services;
mod statistics;
mod switched;
mod unlocked;

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::store::AuditRecord;
use banister_platform::table::from_item;
use serde_json::{Value, json};

use crate::support::body;
use crate::support::invariants::items;

/// The path at which staff have an account.
fn path(client: &Client, rest: &str) -> String {
    format!("/v1/admin/users/{}{rest}", client.id)
}

fn because(reason: &str) -> Value {
    json!({ "reason": reason })
}

/// The account as a super admin sees it.
async fn seen(admin: &Client, client: &Client) -> Value {
    body(admin.get(&path(client, "")).await.unwrap(), 200)
}

/// Somebody who works here and may manage everybody below.
async fn manager(cloud: &Cloud, role: Role, name: &str) -> Client {
    let both: Permissions = [Permission::UserManagement, Permission::AdminManagement].into_iter().collect();
    Client::staff(cloud, role, both, name).await.unwrap()
}

/// What the audit log has of acts of staff on an account, oldest first: what, by whom, before, after.
async fn acts(cloud: &Cloud, on: &Client) -> Vec<Value> {
    let lines = items(cloud).await.into_iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == "audit"));
    let lines = lines.map(|item| from_item::<AuditRecord>(item).unwrap().value);
    let mut lines: Vec<_> =
        lines.filter(|line| line.actor_id.is_some() && line.user_id == on.id.parse().ok()).collect();
    lines.sort_by_key(|line| line.id);
    assert!(lines.iter().all(|line| line.address.contains('.')), "whence");
    let shown = |line: AuditRecord| {
        let change = line.change.map(|change| [change.before, change.after]);
        json!([line.entry, line.actor_id, change])
    };
    lines.into_iter().map(shown).collect()
}
