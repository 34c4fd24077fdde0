//! Typed, prefixed, time-ordered identifiers: `bkg_01HF…`.
//!
//! The 26 characters behind the prefix are a ULID (<https://github.com/ulid/spec>): 48 bits of
//! milliseconds since the Unix epoch, then 80 random bits, in Crockford base 32. Time and
//! randomness are arguments, so that identifiers can be made inside pure rules and tests.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

/// Why a text is not an identifier of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be {prefix}_ followed by 26 characters")]
pub struct InvalidId {
    prefix: &'static str,
}

/// What an identifier names; gives its prefix.
pub trait Kind: Send + Sync + 'static {
    /// The text before the underscore, three letters.
    const PREFIX: &'static str;
    /// The name of its schema in API descriptions.
    const NAME: &'static str;
}

/// An identifier of one kind of thing. Ordered by the time it was made.
pub struct Id<K: Kind> {
    value: Ulid,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Id<K> {
    /// Makes an identifier from milliseconds since the Unix epoch (48 bits are kept) and random
    /// bits (80 are kept).
    #[must_use]
    pub fn from_parts(unix_millis: u64, random: u128) -> Self {
        Self::wrap(Ulid::from_parts(unix_millis, random))
    }

    /// Milliseconds since the Unix epoch at which this identifier was made.
    #[must_use]
    pub fn unix_millis(&self) -> u64 {
        self.value.timestamp_ms()
    }

    const fn wrap(value: Ulid) -> Self {
        Self { value, kind: PhantomData }
    }
}

impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}
impl<K: Kind> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}
impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.value)
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { prefix: K::PREFIX };
        let rest = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_'));
        let value = rest.and_then(|rest| Ulid::from_string(rest).ok()).ok_or(invalid.clone())?;
        let id = Self::wrap(value);
        // The decoder takes lower case and letters that look alike; one thing has one spelling.
        if id.to_string() == text { Ok(id) } else { Err(invalid) }
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl<K: Kind> utoipa::PartialSchema for Id<K> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(format!("^{}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$", K::PREFIX)))
            .examples([format!("{}_01KB2Q7S3H8Z6W4V5N9RXTMCDE", K::PREFIX)])
            .into()
    }
}
impl<K: Kind> utoipa::ToSchema for Id<K> {
    // One schema for each kind: the derived name would be the same for all of them.
    fn name() -> std::borrow::Cow<'static, str> {
        K::NAME.into()
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $id:ident = $kind:ident $prefix:literal;)+) => {$(
        /// Marks the identifiers of one kind.
        #[derive(Debug, Clone, Copy)]
        pub struct $kind;
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
            const NAME: &'static str = stringify!($id);
        }
        $(#[$doc])*
        pub type $id = Id<$kind>;
    )+};
}

kinds! {
    /// A person with an account, of any role.
    UserId = UserKind "usr";
    /// A service that a provider offers.
    ServiceId = ServiceKind "svc";
    /// A booking of a service by a customer.
    BookingId = BookingKind "bkg";
    /// A stretch of days for which a provider is away.
    VacationId = VacationKind "vac";
    /// A place held for a customer.
    HoldId = HoldKind "hld";
    /// Another time proposed for a booking.
    ProposalId = ProposalKind "prp";
    /// Bookings that recur.
    SeriesId = SeriesKind "ser";
    /// A thing that several providers share, such as a room or a van.
    ResourceId = ResourceKind "rsc";
    /// A customer's wait for a place.
    WaitlistEntryId = WaitlistEntryKind "wtl";
    /// A log-in session: one family of refresh tokens.
    SessionId = SessionKind "ses";
    /// A profile photo, from the wish to upload it on; part of the names of its files.
    PhotoId = PhotoKind "pho";
    /// A domain event; the key by which consumers deduplicate.
    EventId = EventKind "evt";
    /// A code sent by mail.
    CodeId = CodeKind "cod";
    /// A piece of long work.
    JobId = JobKind "job";
    /// An entry of the audit log.
    AuditId = AuditKind "aud";
    /// A request, for support and logs.
    RequestId = RequestKind "req";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_has_a_prefix_of_its_own() {
        let prefixes = [
            UserKind::PREFIX,
            ServiceKind::PREFIX,
            BookingKind::PREFIX,
            VacationKind::PREFIX,
            HoldKind::PREFIX,
            ProposalKind::PREFIX,
            SeriesKind::PREFIX,
            ResourceKind::PREFIX,
            PhotoKind::PREFIX,
            SessionKind::PREFIX,
            EventKind::PREFIX,
            CodeKind::PREFIX,
            JobKind::PREFIX,
            AuditKind::PREFIX,
            RequestKind::PREFIX,
        ];
        let different: std::collections::BTreeSet<_> = prefixes.iter().collect();
        assert_eq!(different.len(), prefixes.len());
        assert!(
            prefixes.iter().all(|prefix| prefix.len() == 3 && prefix.bytes().all(|c| c.is_ascii_lowercase()))
        );
    }

    proptest! {
        #[test]
        fn text_and_json_read_back(millis in 0_u64..1 << 48, random in any::<u128>()) {
            let id = BookingId::from_parts(millis, random);
            prop_assert_eq!(id.to_string().len(), 30);
            prop_assert_eq!(id.to_string().parse::<BookingId>(), Ok(id));
            prop_assert_eq!(serde_json::from_str::<BookingId>(&serde_json::to_string(&id)?)?, id);
            prop_assert_eq!(id.unix_millis(), millis);
        }

        #[test]
        fn another_kind_or_spelling_is_refused(millis in 0_u64..1 << 48, random in any::<u128>()) {
            let text = BookingId::from_parts(millis, random).to_string();
            prop_assert!(text.parse::<UserId>().is_err());
            prop_assert!(text.to_uppercase().parse::<BookingId>().is_err());
            prop_assert!(text.replacen('_', "", 1).parse::<BookingId>().is_err());
            let longer = format!("{text}0");
            prop_assert!(longer.parse::<BookingId>().is_err());
            prop_assert!(text[..29].parse::<BookingId>().is_err());
            let lower = format!("bkg_{}", text[4..].to_lowercase());
            prop_assert!(lower == text || lower.parse::<BookingId>().is_err());
        }

        #[test]
        fn any_text_is_read_or_refused_and_never_respelled(text in "(bkg_)?[0-9A-Za-z_]{0,30}") {
            if let Ok(id) = text.parse::<BookingId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn text_sorts_as_time_does(
            a in 0_u64..1 << 48, b in 0_u64..1 << 48, one in any::<u128>(), two in any::<u128>(),
        ) {
            let (first, second) = (BookingId::from_parts(a, one), BookingId::from_parts(b, two));
            prop_assert_eq!(first.cmp(&second), first.to_string().cmp(&second.to_string()));
            prop_assert!(a == b || first.cmp(&second) == a.cmp(&b));
        }
    }
}
