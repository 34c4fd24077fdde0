//! People: who they are, how they sign in, what they may be.

mod email;
mod filter;
mod password;
mod phone;
mod provider;
mod second_factor;
mod session;
mod term;
mod totp;

pub use email::{Email, InvalidEmail};
pub use filter::{Contradiction, UserFilter};
pub use password::{InvalidPassword, NewPassword, Password};
pub use phone::{InvalidPhone, Phone, PhoneStatus, WrittenPhone};
pub use provider::{
    ExperienceYears, InvalidArea, InvalidLanguage, Language, Languages, Latitude, Longitude, ProviderProfile,
    RadiusKm, ServiceArea, TooManyLanguages,
};
pub use second_factor::{
    Failures, InvalidSecondFactorCode, LOCK, MAX_FAILURES, RECOVERY_CODES, RecoveryCode, SecondFactorCode,
};
pub use session::session_end;
pub use term::{InvalidTerm, Term};
pub use totp::{Step, TotpCode, TotpSecret};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Permissions;
use crate::availability::Zone;
use crate::id::UserId;
use crate::photo::Photo;
use crate::text::{Bio, PersonName, Reason};

/// What a person is in the marketplace.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(example = "customer")]
pub enum Role {
    /// Finds, books and pays.
    Customer,
    /// Offers services.
    Provider,
    /// Support staff.
    Management,
    /// Finance staff.
    Accountant,
    /// Runs the place.
    Admin,
    /// Runs the admins.
    SuperAdmin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Customer, Self::Provider, Self::Management, Self::Accountant, Self::Admin, Self::SuperAdmin];

    /// The name in JSON, tokens and the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Provider => "provider",
            Self::Management => "management",
            Self::Accountant => "accountant",
            Self::Admin => "admin",
            Self::SuperAdmin => "super_admin",
        }
    }
}

/// The roles that anyone may register into; there is no way to write a staff role here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "customer")]
pub enum OpenRole {
    /// Finds, books and pays.
    Customer,
    /// Offers services.
    Provider,
}

impl From<OpenRole> for Role {
    fn from(role: OpenRole) -> Self {
        match role {
            OpenRole::Customer => Self::Customer,
            OpenRole::Provider => Self::Provider,
        }
    }
}

/// Whether an account may be used.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// In use.
    Active,
    /// Switched off by staff: every request is refused.
    Disabled,
    /// Switched off for good: what is kept of the person is being erased.
    Erasing,
    /// Nothing is left of the person but the id.
    Erased,
}

impl AccountStatus {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Active, Self::Disabled, Self::Erasing, Self::Erased];

    /// The name in JSON and the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Erasing => "erasing",
            Self::Erased => "erased",
        }
    }

    /// Whether the account is gone for good, or on its way.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Erasing | Self::Erased)
    }
}

/// Why and when an account was switched off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    /// Why, for staff.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

/// The language of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "en")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who.
    pub id: UserId,
    /// The address to sign in with and to write to.
    pub email: Email,
    /// What the person is here.
    pub role: Role,
    /// What was granted to a member of staff.
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    pub permissions: Permissions,
    /// In use or switched off.
    pub status: AccountStatus,
    /// Why it is off. Off without a reason is a registration that lapsed: its address is another one's since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
    /// Rises with all that ends the account's sessions: signing out everywhere, another role, being
    /// switched off. A session or a token of another epoch is void.
    pub epoch: u32,
    /// Whether signing in takes the code of an authenticator app as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_factor: bool,
    /// Whether the address was confirmed by a code.
    pub email_confirmed: bool,
    /// Given name.
    pub first_name: PersonName,
    /// Family name.
    pub last_name: PersonName,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// What is known of the number.
    #[serde(default, skip_serializing_if = "PhoneStatus::is_default")]
    pub phone_status: PhoneStatus,
    /// What the person says of themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<Bio>,
    /// What a provider tells customers; stays empty for all others.
    #[serde(default, skip_serializing_if = "ProviderProfile::is_empty")]
    pub provider: ProviderProfile,
    /// The zone that times are shown in.
    pub time_zone: Zone,
    /// The language of mails.
    pub locale: Locale,
    /// The photo, with what became of its uploads.
    #[serde(default, skip_serializing_if = "Photo::is_empty")]
    pub photo: Photo,
    /// When the account was made.
    pub created_at: Timestamp,
}

impl Account {
    /// An account in use made at `now`, with nothing in it that can be left out.
    #[must_use]
    pub fn new(
        id: UserId,
        email: Email,
        role: Role,
        (first_name, last_name): (PersonName, PersonName),
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            email,
            role,
            permissions: Permissions::NONE,
            status: AccountStatus::Active,
            disabled: None,
            epoch: 0,
            second_factor: false,
            email_confirmed: false,
            first_name,
            last_name,
            phone: None,
            phone_status: PhoneStatus::default(),
            bio: None,
            provider: ProviderProfile::default(),
            time_zone: Zone::UTC,
            locale: Locale::default(),
            photo: Photo::default(),
            created_at: now,
        }
    }

    /// The number that nobody else may have, if there is one.
    #[must_use]
    pub fn held_phone(&self) -> Option<&Phone> {
        self.phone.as_ref().filter(|_| self.phone_status.holds())
    }

    /// With another number, or none. It is held at once if the address is confirmed, and else only named;
    /// the number that is held already stays what it is.
    #[must_use]
    pub fn with_phone(self, phone: Option<Phone>) -> Self {
        if phone.is_some() && self.held_phone() == phone.as_ref() {
            return self;
        }
        let held = phone.is_some() && self.email_confirmed;
        let phone_status = if held { PhoneStatus::Held } else { PhoneStatus::Named };
        Self { phone, phone_status, ..self }
    }

    /// With a confirmed address. The number that was only named is held from now on, or, where it is not
    /// free, left out.
    #[must_use]
    pub fn with_confirmed_email(self, phone_is_free: bool) -> Self {
        let (phone, phone_status) = match (self.phone, self.phone_status) {
            (Some(phone), PhoneStatus::Named) if phone_is_free => (Some(phone), PhoneStatus::Held),
            (Some(_), PhoneStatus::Named) => (None, PhoneStatus::Taken),
            unchanged => unchanged,
        };
        Self { email_confirmed: true, phone, phone_status, ..self }
    }

    /// Without any of the sessions it had.
    #[must_use]
    pub fn signed_out(self) -> Self {
        Self { epoch: self.epoch.saturating_add(1), ..self }
    }

    /// Switched off at `now`, and signed out.
    #[must_use]
    pub fn disabled(self, reason: Reason, now: Timestamp) -> Self {
        let disabled = Some(Disabled { reason, at: now });
        Self { status: AccountStatus::Disabled, disabled, ..self.signed_out() }
    }

    /// In use again. What was signed in before stays out: the epoch does not go back.
    #[must_use]
    pub fn enabled(self) -> Self {
        Self { status: AccountStatus::Active, disabled: None, ..self }
    }

    /// Switched off for good, and signed out; its photo is shown no more.
    #[must_use]
    pub fn erasing(self) -> Self {
        let photo = self.photo.remove();
        Self { status: AccountStatus::Erasing, photo, ..self.signed_out() }
    }

    /// What is left of it when all is erased: the id and the role, a name that is nobody's, and an address
    /// below `invalid`, which is nobody's either (RFC 2606, 2).
    ///
    /// # Panics
    /// Never: the texts are fixed but for the id.
    #[must_use]
    pub fn erased(self) -> Self {
        Self {
            email: format!("{}@deleted.invalid", self.id).parse().expect("an id is a good local part"),
            status: AccountStatus::Erased,
            permissions: Permissions::NONE,
            disabled: None,
            second_factor: false,
            email_confirmed: false,
            first_name: "Deleted".parse().expect("a name"),
            last_name: "user".parse().expect("a name"),
            phone: None,
            phone_status: PhoneStatus::default(),
            bio: None,
            provider: ProviderProfile::default(),
            time_zone: Zone::UTC,
            locale: Locale::default(),
            photo: Photo::default(),
            ..self
        }
    }

    /// With another role, which somebody of the role `giver` gives, and signed out. Only super admins
    /// grant: from them it comes with what the role starts with; from others with what of that the
    /// account has already.
    #[must_use]
    pub fn with_role(self, role: Role, giver: Role) -> Self {
        let starting = role.starting_permissions();
        let permissions = if giver == Role::SuperAdmin { starting } else { starting.and(self.permissions) };
        Self { role, permissions, ..self.signed_out() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account() -> Account {
        let name = || "A".parse().unwrap();
        let email = "a@example.com".parse().unwrap();
        Account::new(
            crate::id::Id::from_parts(1, 1),
            email,
            Role::Customer,
            (name(), name()),
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_number_is_held_once_the_address_is_confirmed() {
        let phone = |text: &str| Some(Phone::try_from(text.to_owned()).unwrap());
        let (one, two) = (phone("+12015550123"), phone("+12015550124"));
        let named = account().with_phone(one.clone());
        assert_eq!((named.phone.clone(), named.held_phone()), (one.clone(), None));
        let held = named.clone().with_confirmed_email(true);
        assert_eq!((held.held_phone(), held.phone_status), (one.as_ref(), PhoneStatus::Held));
        let taken = named.with_confirmed_email(false);
        assert_eq!((&taken.phone, taken.phone_status), (&None, PhoneStatus::Taken));
        assert_eq!(taken.clone().with_confirmed_email(true), taken);
        assert_eq!(taken.with_phone(None).phone_status, PhoneStatus::Named);

        let confirmed = Account { phone_status: PhoneStatus::Confirmed, ..held };
        assert_eq!(confirmed.clone().with_phone(one), confirmed);
        assert_eq!(confirmed.clone().with_confirmed_email(false), confirmed);
        let other = confirmed.clone().with_phone(two.clone());
        assert_eq!((other.held_phone(), other.phone_status), (two.as_ref(), PhoneStatus::Held));
        assert_eq!(confirmed.with_phone(None).held_phone(), None);
    }

    #[test]
    fn nothing_is_left_of_the_person() {
        let account = json!({ "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "email": "robin.smith@example.com",
            "role": "provider", "status": "active", "epoch": 3, "email_confirmed": true,
            "first_name": "Robin", "last_name": "Smith", "phone": "+12015550123", "locale": "ru",
            "phone_status": "confirmed", "second_factor": true, "bio": "Robin likes the sea.",
            "provider": { "experience_years": 7, "languages": ["en"] },
            "disabled": { "reason": "Robin asked.", "at": "2026-03-09T08:00:00Z" },
            "time_zone": "Europe/Lisbon", "created_at": "2026-03-09T08:00:00Z" });
        let erasing = serde_json::from_value::<Account>(account).unwrap().erasing();
        assert_eq!((erasing.epoch, erasing.status.is_final()), (4, true));
        let left = serde_json::to_value(erasing.erased()).unwrap();
        let wanted = json!({ "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "role": "provider", "status": "erased",
            "email": "usr_01kb2q7s3h8z6w4v5n9rxtmcde@deleted.invalid", "epoch": 4, "email_confirmed": false,
            "first_name": "Deleted", "last_name": "user", "time_zone": "UTC", "locale": "en",
            "created_at": "2026-03-09T08:00:00Z" });
        assert_eq!(left, wanted);
    }

    #[test]
    fn nobody_registers_into_staff() {
        for role in Role::ALL {
            let open = serde_json::from_value::<OpenRole>(role.as_str().into());
            assert_eq!(open.is_ok(), matches!(role, Role::Customer | Role::Provider), "{role:?}");
        }
    }
}
