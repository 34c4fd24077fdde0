//! The check of each request: a good token of a session that still stands, of an account that is
//! still what the token says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::{AccountStatus, Role};
use banister_domain::id::{SessionId, UserId};
use jiff::{SignedDuration, Timestamp};

use super::{Claims, Verifier};
use crate::clock::Clock;
use crate::config::{ConfigError, Settings};
use crate::store::{AccountRecord, SecurityRecord, SessionRecord};
use crate::table::{StorageError, Table, key};
use crate::telemetry;

/// How old the last look at an account may be: so long does it take at most until a disabled user
/// or a changed role is out.
const FRESH: SignedDuration = SignedDuration::from_secs(5);

/// How many callers an instance remembers.
const REMEMBERED: usize = 1_000;

/// What an operation demands of its caller; derived from the type of its caller parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whether a caller without a token is let in.
    pub anonymous: bool,
    /// The roles that are let in, when signed in.
    pub roles: &'static [Role],
    /// What a member of staff must have been granted.
    pub permission: Option<Permission>,
    /// Whether the e-mail address must be confirmed.
    pub confirmed_email: bool,
    /// Whether staff are let in who must have a second factor and have none yet.
    pub before_second_factor: bool,
}

/// A signed-in caller as of the last look at the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user_id: UserId,
    /// In which session.
    pub session_id: SessionId,
    /// As what.
    pub role: Role,
    /// What was granted to a member of staff.
    pub permissions: Permissions,
    /// The account's epoch.
    pub epoch: u32,
    /// Whether the address is confirmed.
    pub email_confirmed: bool,
    /// Whether the role demands a second factor, and there is none.
    pub lacks_second_factor: bool,
}

/// Why a caller is turned away.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No token, a bad one, or one whose session or account no longer stands.
    #[error("not signed in")]
    Unauthenticated,
    /// Signed in, but not as somebody who may do this.
    #[error("not allowed for this role")]
    Role,
    /// A role that may do this with a permission, and without it.
    #[error("the permission {} is missing", .0.as_str())]
    Permission(Permission),
    /// Allowed once the e-mail address is confirmed.
    #[error("the e-mail address is not confirmed")]
    Unconfirmed,
    /// Allowed once there is the second factor that the role demands.
    #[error("the second factor is not set up")]
    SecondFactor,
    /// The table could not be asked; nobody is let in unseen.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Checks callers; every area that has signed-in callers holds one.
#[derive(Clone)]
pub struct Gate {
    table: Table,
    clock: Clock,
    verifier: Verifier,
    seen: Arc<Mutex<HashMap<SessionId, Seen>>>,
}

#[derive(Clone, Copy)]
struct Seen {
    at: Timestamp,
    identity: Identity,
}

impl Gate {
    /// With the public keys in the settings.
    pub fn from_settings(settings: &Settings, table: Table, clock: Clock) -> Result<Self, ConfigError> {
        let verifier = Verifier::from_settings(settings)?;
        Ok(Self { table, clock, verifier, seen: Arc::default() })
    }

    /// Who sent `token`, if `access` lets them in.
    pub async fn admit(&self, token: &str, access: Access) -> Result<Identity, Refused> {
        let now = self.clock.now();
        let claims = self.verifier.verify(token, now).map_err(|_| Refused::Unauthenticated)?;
        telemetry::identify(claims.sub);
        if let Some(seen) = self.remembered(claims.sid, now)
            && let Ok(identity) = seen.admit(&claims, access)
        {
            return Ok(identity);
        }
        // What was remembered lets nobody in: the address may have been confirmed a second ago.
        self.look(&claims, now).await?.admit(&claims, access)
    }

    /// Forgets a session at once, where this instance ended it itself.
    pub fn forget(&self, session: SessionId) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }

    fn remembered(&self, session: SessionId, now: Timestamp) -> Option<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock set back makes nothing fresh.
        seen.get(&session).filter(|seen| seen.at <= now && now.duration_since(seen.at) < FRESH).copied()
    }

    async fn look(&self, claims: &Claims, now: Timestamp) -> Result<Seen, Refused> {
        let (user, session) = (key::user(claims.sub), key::session(claims.sub, claims.sid));
        let security = key::security_settings();
        let mut keys = vec![user.clone(), session.clone()];
        // Customers and providers are never asked for a second factor, and super admins always.
        if claims.role.is_staff() && claims.role != Role::SuperAdmin {
            keys.push(security.clone());
        }
        let mut found = self.table.get_all(&keys).await?;
        let security = found.take::<SecurityRecord>(&security)?.map(|security| security.value);
        let demanded = security.unwrap_or_default().second_factor_roles.demand(claims.role);
        let account = found.take::<AccountRecord>(&user)?.ok_or(Refused::Unauthenticated)?.value.0;
        let session = found.take::<SessionRecord>(&session)?.ok_or(Refused::Unauthenticated)?.value;
        if account.status != AccountStatus::Active || !session.stands(&account, now) {
            return Err(Refused::Unauthenticated);
        }
        let identity = Identity {
            user_id: account.id,
            session_id: session.id,
            role: account.role,
            permissions: account.permissions,
            epoch: account.epoch,
            email_confirmed: account.email_confirmed,
            // Of no other role: whoever has another one than the token says is not let in.
            lacks_second_factor: demanded && !account.second_factor,
        };
        let seen = Seen { at: now, identity };
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(session.id, seen);
        Ok(seen)
    }
}

impl Seen {
    fn admit(self, claims: &Claims, access: Access) -> Result<Identity, Refused> {
        let identity = self.identity;
        let told = (claims.epoch, claims.sub, claims.role);
        if told != (identity.epoch, identity.user_id, identity.role) {
            return Err(Refused::Unauthenticated);
        }
        if !access.roles.contains(&identity.role) {
            return Err(Refused::Role);
        }
        if identity.lacks_second_factor && !access.before_second_factor {
            return Err(Refused::SecondFactor);
        }
        if let Some(permission) = access.permission
            && !identity.role.may(identity.permissions, permission)
        {
            return Err(Refused::Permission(permission));
        }
        if access.confirmed_email && !identity.email_confirmed {
            return Err(Refused::Unconfirmed);
        }
        Ok(identity)
    }
}
