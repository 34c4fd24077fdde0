//! Rooms and things that providers share: a booking takes them together with its provider's time.

mod places;
mod staff;

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use crate::support::{body, cloud_at, customer, each, provider, service, text};

const SLOT: &str = "2026-03-10T10:00:00Z";

/// A room that two providers share, each of whom has a service of an hour that needs it, and two customers.
struct World {
    cloud: Cloud,
    staff: Client,
    providers: [Client; 2],
    room: String,
    services: [String; 2],
    customers: [Client; 2],
}

impl World {
    async fn new() -> Self {
        let cloud = cloud_at("2026-03-09T08:00:00Z").await;
        let staff = staff_of_services(&cloud).await;
        let providers = [provider(&cloud, "Provider One").await, provider(&cloud, "Provider Two").await];
        let room = room(&staff, "Blue room", &providers.each_ref()).await;
        let services = [service(&providers[0], 60).await, service(&providers[1], 60).await];
        for (provider, service) in providers.iter().zip(&services) {
            needs(provider, service, &[&room]).await;
        }
        let customers = [customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await];
        Self { cloud, staff, providers, room, services, customers }
    }

    /// Books the service of a provider for the customer of the same number.
    async fn book(&self, number: usize, starts_at: &str, key: &str) -> Answer {
        self.customers[number].book(&self.services[number], starts_at, key).await.unwrap()
    }

    async fn booked(&self, number: usize, starts_at: &str, key: &str) -> Value {
        body(self.book(number, starts_at, key).await, 201)
    }

    /// Changes the service of a provider.
    async fn set(&self, number: usize, change: Value) -> Value {
        let path = format!("/v1/services/{}", self.services[number]);
        body(self.providers[number].patch(&path, &change).await.unwrap(), 200)
    }

    async fn change_room(&self, change: Value) -> Value {
        let path = format!("/v1/admin/resources/{}", self.room);
        body(self.staff.patch_over(&path, &change).await.unwrap(), 200)
    }

    /// The free starts of a service on the day of [`SLOT`].
    async fn free(&self, number: usize) -> Vec<String> {
        let path = format!("/v1/services/{}/slots?from=2026-03-10&to=2026-03-10", self.services[number]);
        each(&body(self.customers[0].get(&path).await.unwrap(), 200), "starts_at")
    }

    async fn is_free(&self, number: usize, starts_at: &str) -> bool {
        self.free(number).await.iter().any(|start| start == starts_at)
    }
}

/// Somebody who may manage services, and nothing else.
async fn staff_of_services(cloud: &Cloud) -> Client {
    let only: Permissions = [Permission::ServiceManagement].into_iter().collect();
    Client::staff(cloud, Role::Management, only, "Support One").await.unwrap()
}

/// The id of an account.
async fn id_of(user: &Client) -> String {
    text(&body(user.get("/v1/me").await.unwrap(), 200), "id").to_owned()
}

/// A new room for these providers.
async fn room(staff: &Client, name: &str, providers: &[&Client]) -> String {
    let mut ids = Vec::new();
    for provider in providers {
        ids.push(id_of(provider).await);
    }
    let ask = json!({ "name": name, "provider_ids": ids });
    let made = staff
        .post_once("/v1/admin/resources", &ask, &format!("room-{}", name.replace(' ', "-")))
        .await
        .unwrap();
    text(&body(made, 201), "id").to_owned()
}

/// Each booking of the service takes these from now on.
async fn needs(provider: &Client, service: &str, resources: &[&str]) {
    let path = format!("/v1/services/{service}");
    let set = body(provider.patch(&path, &json!({ "resource_ids": resources })).await.unwrap(), 200);
    assert_eq!(set["resource_ids"], json!(resources));
}
