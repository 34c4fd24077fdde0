//! Everybody who calls.

use banister_domain::access::Permissions;
use banister_domain::account::{Account, AccountStatus, Role};
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::http::Operation;
use banister_platform::store::Accounts;
use banister_platform::table::Table;

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
        /// What was granted.
        permissions: Permissions,
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
    /// Where only staff may: as a super admin.
    staff: Client,
}

impl Caller {
    fn one(name: &'static str, token: Token, client: Client) -> Self {
        Self { name, token, customer: client.clone(), provider: client.clone(), staff: client }
    }

    /// Begins a new session for whoever had a good one, by the address that the account has by now.
    pub(super) async fn sign_in_again(&mut self, cloud: &Cloud) {
        if matches!(self.token, Token::Good { .. }) {
            let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
            let account = Accounts::new(table).get(self.customer.id.parse().unwrap()).await.unwrap();
            self.customer.email = account.unwrap().value.email.to_string();
            self.customer.sign_in().await.unwrap();
            self.provider = self.customer.clone();
            self.staff = self.customer.clone();
        }
    }

    /// Who calls: with a bad token, one whose role is right, so that only the token can be at fault.
    pub(super) fn client_for(&self, operation: &Operation) -> &Client {
        let roles = operation.access.roles;
        if roles.contains(&Role::Customer) {
            &self.customer
        } else if roles.contains(&Role::Provider) {
            &self.provider
        } else {
            &self.staff
        }
    }
}

/// All callers, in the order of the columns.
pub(super) async fn callers(world: &World) -> Vec<Caller> {
    let cloud = &world.cloud;
    let good = |role, owner| Token::Good { role, confirmed: true, permissions: Permissions::NONE, owner };
    let mut all = vec![
        Caller::one("anonymous", Token::Missing, stranger(cloud)),
        Caller::one("customer", good(Role::Customer, true), world.customer.clone()),
        Caller::one("provider", good(Role::Provider, true), world.provider.clone()),
    ];
    // With every permission and with none: which of them counts, a test of its own asks.
    for (name, role, permissions) in [
        ("management -", Role::Management, Permissions::NONE),
        ("management +", Role::Management, Permissions::all()),
        ("accountant -", Role::Accountant, Permissions::NONE),
        ("accountant +", Role::Accountant, Permissions::all()),
        ("admin -", Role::Admin, Permissions::NONE),
        ("admin +", Role::Admin, Permissions::all()),
        ("super_admin", Role::SuperAdmin, Permissions::NONE),
    ] {
        let person = format!("Staff{} {}", all.len(), role.as_str());
        let client = Client::staff(cloud, role, permissions, &person).await.unwrap();
        all.push(Caller::one(name, Token::Good { role, confirmed: true, permissions, owner: false }, client));
    }
    for (name, role) in [("other customer", Role::Customer), ("other provider", Role::Provider)] {
        let other = Client::join(cloud, role.as_str(), name).await.unwrap();
        all.push(Caller::one(name, good(role, false), other));
    }
    let unconfirmed =
        Token::Good { role: Role::Customer, confirmed: false, permissions: Permissions::NONE, owner: false };
    all.push(Caller::one("unconfirmed", unconfirmed, world.unconfirmed("unconfirmed@example.com").await));
    let customer = Client::join(cloud, "customer", "Disabled customer").await.unwrap();
    let provider = Client::join(cloud, "provider", "Disabled provider").await.unwrap();
    let staff = Client::staff(cloud, Role::SuperAdmin, Permissions::NONE, "Disabled staff").await.unwrap();
    for client in [&customer, &provider, &staff] {
        disable(cloud, client).await;
    }
    all.push(Caller { name: "disabled", token: Token::Bad, customer, provider, staff });
    let [customer, provider] = [signed_out(&world.customer).await, signed_out(&world.provider).await];
    let staff = signed_out(&world.admin).await;
    all.push(Caller { name: "signed out", token: Token::Bad, customer, provider, staff });
    all.extend(with_bad_tokens(world));
    all
}

/// One caller for each way in which a token can be wrong.
fn with_bad_tokens(world: &World) -> Vec<Caller> {
    let cloud = &world.cloud;
    let with = |token| {
        let mut client = stranger(cloud);
        client.token = Some(token);
        client
    };
    let of = |person| bad_tokens(cloud, person).into_iter();
    let all = of(&world.customer).zip(of(&world.provider)).zip(of(&world.admin));
    all.map(|(((name, customer), (_, provider)), (_, staff))| {
        let (customer, provider, staff) = (with(customer), with(provider), with(staff));
        Caller { name, token: Token::Bad, customer, provider, staff }
    })
    .collect()
}

/// Switches somebody off who is signed in; the epoch has not changed, so only the status can be what
/// is refused.
async fn disable(cloud: &Cloud, client: &Client) {
    let disable = |account| Account { status: AccountStatus::Disabled, ..account };
    change_account(cloud, &client.id, disable).await;
}

/// A session of the same person that has ended.
async fn signed_out(person: &Client) -> Client {
    let mut client = person.clone();
    client.sign_in().await.unwrap();
    body(client.delete("/v1/sessions/current").await.unwrap(), 204);
    client
}
