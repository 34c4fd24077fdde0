//! What an account says about a person, and how it is changed: the same for its owner and for staff.

use banister_domain::account::{
    Account, ExperienceYears, Languages, Locale, Phone, ProviderProfile, Role, ServiceArea, WrittenPhone,
};
use banister_domain::availability::Zone;
use banister_domain::money::Price;
use banister_domain::text::{Bio, PersonName};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::{Code, FieldError, Problem, present};
use crate::store::Change;

/// What changes; a field that is absent stays (JSON Merge Patch, RFC 7396).
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things (RFC 7396)")]
#[schema(example = json!({
    "first_name": "Customer",
    "phone": null,
    "time_zone": "Europe/Lisbon",
    "bio": "Masseur since 2009.",
}))]
pub struct UpdateProfile {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PersonName>)]
    first_name: Option<PersonName>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PersonName>)]
    last_name: Option<PersonName>,
    /// `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Phone>)]
    phone: Option<Option<WrittenPhone>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Zone>)]
    time_zone: Option<Zone>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Locale>)]
    locale: Option<Locale>,
    /// `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Bio>)]
    bio: Option<Option<Bio>>,
    /// Of providers only; `null` removes all of it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UpdateProviderProfile>)]
    provider: Option<Option<UpdateProviderProfile>>,
}

/// What changes of what a provider tells customers; `null` removes a field.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things (RFC 7396)")]
#[schema(example = json!({
    "experience_years": 12,
    "hourly_rate": { "amount": 6500, "currency": "eur" },
    "languages": ["en", "pt-BR"],
    "service_area": { "latitude": 38.722, "longitude": -9.139, "radius_km": 25 },
}))]
pub struct UpdateProviderProfile {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ExperienceYears>)]
    experience_years: Option<Option<ExperienceYears>>,
    /// Given whole.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Price>)]
    hourly_rate: Option<Option<Price>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Languages>)]
    languages: Option<Option<Languages>>,
    /// Given whole.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ServiceArea>)]
    service_area: Option<Option<ServiceArea>>,
}

impl UpdateProfile {
    /// The number that is asked for, if one is.
    #[must_use]
    pub fn phone(&self) -> Option<Phone> {
        self.phone.clone().flatten().map(Phone::from)
    }

    /// What it makes of an account; refused where somebody else than a provider says what only providers do.
    pub fn apply(self, account: Account) -> Result<Account, Problem> {
        let provider = match self.provider {
            None => account.provider.clone(),
            Some(_) if account.role != Role::Provider => return Err(not_a_provider()),
            Some(None) => ProviderProfile::default(),
            Some(Some(changes)) => changes.apply(account.provider.clone()),
        };
        let account = Account {
            first_name: self.first_name.unwrap_or(account.first_name),
            last_name: self.last_name.unwrap_or(account.last_name),
            time_zone: self.time_zone.unwrap_or(account.time_zone),
            locale: self.locale.unwrap_or(account.locale),
            bio: self.bio.unwrap_or(account.bio),
            provider,
            ..account
        };
        Ok(match self.phone {
            Some(phone) => account.with_phone(phone.map(Phone::from)),
            None => account,
        })
    }
}

impl UpdateProviderProfile {
    fn apply(self, profile: ProviderProfile) -> ProviderProfile {
        ProviderProfile {
            experience_years: self.experience_years.unwrap_or(profile.experience_years),
            hourly_rate: self.hourly_rate.unwrap_or(profile.hourly_rate),
            languages: self.languages.map_or(profile.languages, Option::unwrap_or_default),
            service_area: self.service_area.unwrap_or(profile.service_area),
        }
    }
}

fn not_a_provider() -> Problem {
    let (pointer, detail) = (Some("/provider".to_owned()), "is for providers only".to_owned());
    let error = FieldError { pointer, parameter: None, code: "not_a_provider", detail };
    Problem::new(Code::InvalidInput).field(error)
}

/// In what two accounts differ, of what [`UpdateProfile`] changes, for the audit log; none where they do not.
#[must_use]
pub fn changed(before: &Account, after: &Account) -> Option<Change> {
    let (old, new) = (said(before), said(after));
    let differs = |(old, new): &((&str, Value), (&str, Value))| old != new;
    let named = |(name, value): (&str, Value)| (name.to_owned(), value);
    let pairs = old.into_iter().zip(new).filter(differs);
    let (old, new): (Map<_, _>, Map<_, _>) = pairs.map(|(old, new)| (named(old), named(new))).unzip();
    (!new.is_empty()).then(|| Change::of_values(&old, &new))
}

/// What an account says of a person, always in the same order.
fn said(account: &Account) -> [(&'static str, Value); 8] {
    let Account { first_name, last_name, phone, phone_status, time_zone, locale, bio, provider, .. } =
        account;
    [
        ("first_name", json!(first_name)),
        ("last_name", json!(last_name)),
        ("phone", json!(phone)),
        ("phone_status", json!(phone_status)),
        ("time_zone", json!(time_zone)),
        ("locale", json!(locale)),
        ("bio", json!(bio)),
        ("provider", json!(provider)),
    ]
}
