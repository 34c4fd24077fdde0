//! Who may call is a parameter type: the second parameter of every handler.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_domain::id::{SessionId, UserId};

use super::{Code, Problem};
use crate::identity::{Access, Gate, Identity};

/// A type that says who is let in.
pub trait Caller {
    /// What it demands.
    const ACCESS: Access;
}

/// State of an area whose callers sign in.
pub trait HasGate {
    /// The area's gate.
    fn gate(&self) -> &Gate;
}

fn token(parts: &Parts) -> Result<Option<&str>, Problem> {
    let Some(value) = parts.headers.get(AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().ok();
    let (scheme, token) = text.and_then(|text| text.split_once(' ')).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(Some(token.trim()))
    } else {
        Err(Problem::new(Code::Unauthenticated))
    }
}

async fn admit<S: HasGate>(parts: &Parts, state: &S, access: Access) -> Result<Option<Identity>, Problem> {
    match token(parts)? {
        Some(token) => Ok(Some(state.gate().admit(token, access).await?)),
        None if access.anonymous => Ok(None),
        None => Err(Problem::new(Code::Unauthenticated)),
    }
}

/// Everybody; a token is not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Anyone;

impl Caller for Anyone {
    const ACCESS: Access = Access {
        anonymous: true,
        roles: &Role::ALL,
        permission: None,
        confirmed_email: false,
        before_second_factor: true,
    };
}

impl<S: Send + Sync> FromRequestParts<S> for Anyone {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self)
    }
}

/// Everybody, and who they are if they are signed in. A bad token is refused.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    /// The signed-in user.
    pub user_id: Option<UserId>,
}

impl Caller for Visitor {
    const ACCESS: Access = Anyone::ACCESS;
}

impl<S: HasGate + Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = admit(parts, state, Self::ACCESS).await?;
        Ok(Self { user_id: identity.map(|identity| identity.user_id) })
    }
}

macro_rules! callers {
    ($($(#[$doc:meta])* $name:ident roles $roles:expr, confirmed $confirmed:literal, early $early:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name {
            /// Who calls.
            pub user_id: UserId,
            /// In which session.
            pub session_id: SessionId,
            /// As what.
            pub role: Role,
            /// What was granted to a member of staff.
            pub permissions: Permissions,
            /// The account's epoch as of the last look.
            pub epoch: u32,
        }

        impl Caller for $name {
            const ACCESS: Access =
                Access {
                    anonymous: false,
                    roles: $roles,
                    permission: None,
                    confirmed_email: $confirmed,
                    before_second_factor: $early,
                };
        }

        impl<S: HasGate + Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let identity = admit(parts, state, Self::ACCESS).await?;
                let Identity { user_id, session_id, role, permissions, epoch, .. } =
                    identity.ok_or(Problem::new(Code::Unauthenticated))?;
                Ok(Self { user_id, session_id, role, permissions, epoch })
            }
        }
    )+};
}

callers! {
    /// Whoever is signed in.
    SignedIn roles &Role::ALL, confirmed false, early false;
    /// Whoever is signed in, also staff who have yet to set up the second factor that their role demands:
    /// for what leads there, and out again.
    Enrolling roles &Role::ALL, confirmed false, early true;
    /// A customer.
    Customer roles &[Role::Customer], confirmed false, early false;
    /// A customer whose e-mail address is confirmed.
    ConfirmedCustomer roles &[Role::Customer], confirmed true, early false;
    /// A provider.
    Provider roles &[Role::Provider], confirmed false, early false;
    /// A customer or a provider: one of the two sides of a booking.
    Party roles &[Role::Customer, Role::Provider], confirmed false, early false;
    /// A super admin.
    SuperAdmin roles &[Role::SuperAdmin], confirmed false, early false;
}

/// A permission as a type, so that a handler's signature names it.
pub trait Needed: Send + Sync + 'static {
    /// Which.
    const PERMISSION: Permission;
}

/// The permissions as types.
pub mod needs {
    use super::{Needed, Permission};

    macro_rules! needs {
        ($($name:ident)+) => {$(
            #[doc = concat!("[`Permission::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}
            impl Needed for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+};
    }
    needs! {
        UserManagement ServiceManagement BookingManagement PaymentManagement WithdrawalManagement
        DocumentManagement FinancialReports SystemSettings AdminManagement
    }
}

/// A member of staff to whom `P` was granted, or a super admin.
#[derive(Debug, Clone, Copy)]
pub struct Staff<P> {
    /// Who calls.
    pub identity: Identity,
    permission: PhantomData<P>,
}

impl<P: Needed> Caller for Staff<P> {
    const ACCESS: Access = Access {
        anonymous: false,
        roles: &Role::STAFF,
        permission: Some(P::PERMISSION),
        confirmed_email: false,
        before_second_factor: false,
    };
}

impl<P: Needed, S: HasGate + Send + Sync> FromRequestParts<S> for Staff<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = admit(parts, state, Self::ACCESS).await?;
        let identity = identity.ok_or(Problem::new(Code::Unauthenticated))?;
        Ok(Self { identity, permission: PhantomData })
    }
}
