//! Everybody who calls.

use banister_domain::account::{Account, AccountStatus, Role};
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::http::Operation;

use super::requests::World;
use super::tokens::bad_tokens;
use crate::support::{body, change_account, stranger};

/// The access token of a caller.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token {
    /// None.
    Missing,
    /// One that must be refused, of somebody who may do it.
    Bad,
    /// A good one.
    Good {
        /// As what.
        role: Role,
        /// Whether the address is confirmed.
        confirmed: bool,
        /// Whether the things that are asked for are the caller's.
        owner: bool,
    },
}

/// Somebody who calls.
pub(super) struct Caller {
    /// Head of the column.
    pub(super) name: &'static str,
    /// What they come with.
    pub(super) token: Token,
    /// Where both may call: as a customer.
    customer: Client,
    /// Where only providers may: as a provider.
    provider: Client,
}

impl Caller {
    fn one(name: &'static str, token: Token, client: Client) -> Self {
        Self { name, token, customer: client.clone(), provider: client }
    }

    /// Begins a new session for whoever had a good one.
    pub(super) async fn sign_in_again(&mut self) {
        if matches!(self.token, Token::Good { .. }) {
            self.customer.sign_in().await.unwrap();
            self.provider = self.customer.clone();
        }
    }

    /// Who calls: with a bad token, one whose role is right, so that only the token can be at fault.
    pub(super) fn client_for(&self, operation: &Operation) -> &Client {
        let roles = operation.access.roles;
        if roles.contains(&Role::Customer) { &self.customer } else { &self.provider }
    }
}

/// All callers, in the order of the columns.
pub(super) async fn callers(world: &World) -> Vec<Caller> {
    let cloud = &world.cloud;
    let signed_in = |role, owner| Token::Good { role, confirmed: true, owner };
    let mut all = vec![
        Caller::one("anonymous", Token::Missing, stranger(cloud)),
        Caller::one("customer", signed_in(Role::Customer, true), world.customer.clone()),
        Caller::one("provider", signed_in(Role::Provider, true), world.provider.clone()),
    ];
    for (name, role) in [
        ("management", Role::Management),
        ("accountant", Role::Accountant),
        ("admin", Role::Admin),
        ("super_admin", Role::SuperAdmin),
    ] {
        all.push(Caller::one(name, signed_in(role, false), staff(cloud, name, role).await));
    }
    for (name, role) in [("other customer", Role::Customer), ("other provider", Role::Provider)] {
        let other = Client::join(cloud, role.as_str(), name).await.unwrap();
        all.push(Caller::one(name, signed_in(role, false), other));
    }
    let unconfirmed = Token::Good { role: Role::Customer, confirmed: false, owner: false };
    all.push(Caller::one("unconfirmed", unconfirmed, world.unconfirmed("unconfirmed@example.com").await));
    let [customer, provider] = [disabled(cloud, "customer").await, disabled(cloud, "provider").await];
    all.push(Caller { name: "disabled", token: Token::Bad, customer, provider });
    let [customer, provider] = [signed_out(&world.customer).await, signed_out(&world.provider).await];
    all.push(Caller { name: "signed out", token: Token::Bad, customer, provider });
    let tokens = bad_tokens(cloud, &world.customer).into_iter().zip(bad_tokens(cloud, &world.provider));
    for ((name, customer), (_, provider)) in tokens {
        let with = |token| {
            let mut client = stranger(cloud);
            client.token = Some(token);
            client
        };
        let (customer, provider) = (with(customer), with(provider));
        all.push(Caller { name, token: Token::Bad, customer, provider });
    }
    all
}

/// A member of staff: nobody registers as one.
async fn staff(cloud: &Cloud, name: &str, role: Role) -> Client {
    let mut client = Client::join(cloud, "customer", name).await.unwrap();
    change_account(cloud, &client.id, |account| Account { role, epoch: account.epoch + 1, ..account }).await;
    client.sign_in().await.unwrap();
    client
}

/// Somebody who was switched off after signing in; the epoch has not changed, so only the status
/// can be what is refused.
async fn disabled(cloud: &Cloud, role: &str) -> Client {
    let client = Client::join(cloud, role, &format!("Disabled {role}")).await.unwrap();
    let disable = |account| Account { status: AccountStatus::Disabled, ..account };
    change_account(cloud, &client.id, disable).await;
    client
}

/// A session of the same person that has ended.
async fn signed_out(person: &Client) -> Client {
    let mut client = person.clone();
    client.sign_in().await.unwrap();
    body(client.delete("/v1/sessions/current").await.unwrap(), 204);
    client
}
