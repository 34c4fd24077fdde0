//! How things are shown, where more than one area shows them.

mod booking;
mod counts;
mod job;
mod rating;
mod service;
mod vacation;
mod waitlist;

pub use booking::{BookingView, ProposalView};
pub use counts::CountsView;
pub use job::{BulkProgressView, BulkResultView, JobFileView, JobKind, JobView};
pub use rating::RatingView;
pub use service::ServiceView;
pub use vacation::VacationView;
pub use waitlist::{OfferView, WaitlistEntryView};

use std::sync::Arc;

use banister_domain::account::{
    Account, Email, ExperienceYears, Languages, Locale, Phone, PhoneStatus, ProviderProfile, Role,
    ServiceArea,
};
use banister_domain::availability::Zone;
use banister_domain::id::{PhotoId, UserId};
use banister_domain::money::Price;
use banister_domain::photo::{Photo, Rejection, Status};
use banister_domain::text::{Bio, PersonName};
use jiff::Timestamp;
use serde::Serialize;

use crate::config::{ConfigError, Settings};
use crate::objects::key::{self, Square};

/// Shows accounts; knows where public objects are served.
#[derive(Debug, Clone)]
pub struct Viewer {
    public_url: Arc<str>,
}

impl Viewer {
    /// From `PUBLIC_URL`, an http or https URL; a slash at its end makes no difference.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let public_url = settings.parsed("PUBLIC_URL", |text| {
            let text = text.trim().trim_end_matches('/');
            let is_url = text.starts_with("https://") || text.starts_with("http://");
            is_url.then(|| text.into()).ok_or("must begin with https://")
        })?;
        Ok(Self { public_url })
    }

    /// An account as its owner sees it at `now`.
    #[must_use]
    pub fn account(&self, account: Account, now: Timestamp) -> AccountView {
        let photo = self.photo(&account.photo, now);
        let Account { id, email, role, email_confirmed, first_name, last_name, .. } = account;
        let Account { phone, phone_status, bio, provider, time_zone, locale, created_at, .. } = account;
        AccountView {
            id,
            email,
            role,
            email_confirmed,
            first_name,
            last_name,
            phone,
            phone_confirmed: phone_status == PhoneStatus::Confirmed,
            phone_taken: phone_status == PhoneStatus::Taken,
            bio,
            provider: (role == Role::Provider).then(|| provider.into()),
            time_zone,
            locale,
            photo,
            created_at,
            second_factor: None,
        }
    }

    /// A photo as its owner sees it at `now`.
    #[must_use]
    pub fn photo(&self, photo: &Photo, now: Timestamp) -> Option<PhotoView> {
        let (status, reason) = match photo.status(now)? {
            Status::Processing => (PhotoStatus::Processing, None),
            Status::Ready => (PhotoStatus::Ready, None),
            Status::Rejected(reason) => (PhotoStatus::Rejected, Some(reason)),
        };
        let detail = reason.map(Rejection::detail);
        Some(PhotoView { status, reason, detail, urls: photo.current().map(|id| self.urls(id)) })
    }

    fn urls(&self, id: PhotoId) -> PhotoUrls {
        let url = |square| format!("{}/{}", self.public_url, key::photo(id, square));
        PhotoUrls { small: url(Square::Small), medium: url(Square::Medium), large: url(Square::Large) }
    }
}

/// An account as its owner sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Account, example = json!({
    "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "email": "customer@example.com",
    "role": "customer",
    "email_confirmed": true,
    "first_name": "Customer",
    "last_name": "One",
    "phone": "+12015550123",
    "phone_confirmed": false,
    "phone_taken": false,
    "bio": null,
    "provider": null,
    "time_zone": "Europe/Lisbon",
    "locale": "en",
    "photo": null,
    "created_at": "2026-03-09T08:00:00Z",
}))]
pub struct AccountView {
    /// The user's id.
    pub id: UserId,
    /// The address to sign in with.
    pub email: Email,
    /// What the user is in the marketplace.
    pub role: Role,
    /// Whether the address was confirmed by a code.
    pub email_confirmed: bool,
    /// Given name.
    pub first_name: PersonName,
    /// Family name.
    pub last_name: PersonName,
    /// Telephone number in E.164 form.
    pub phone: Option<Phone>,
    /// Whether the number was confirmed by a code.
    pub phone_confirmed: bool,
    /// Whether the number given at registration had another account when the address was confirmed, and
    /// was left out for that.
    pub phone_taken: bool,
    /// What the user says of themselves.
    pub bio: Option<Bio>,
    /// What a provider tells customers; `null` for all others.
    pub provider: Option<ProviderProfileView>,
    /// The zone that times are shown in, in mails.
    pub time_zone: Zone,
    /// The language of mails.
    pub locale: Locale,
    /// The profile photo, if there is one or an upload of one.
    pub photo: Option<PhotoView>,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    pub created_at: Timestamp,
    /// How the second factor stands; only where the own account is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub second_factor: Option<SecondFactorView>,
}

/// How the second factor of an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SecondFactor)]
pub struct SecondFactorView {
    /// Whether signing in takes a code.
    #[schema(example = false)]
    pub on: bool,
    /// Whether the role demands it: staff without it can do nothing else before it is on.
    #[schema(example = false)]
    pub required: bool,
    /// How many recovery codes can still be used.
    #[schema(example = 0)]
    pub recovery_codes_left: usize,
}

/// What a provider tells customers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ProviderProfile, example = json!({
    "experience_years": 12,
    "hourly_rate": { "amount": 6500, "currency": "eur" },
    "languages": ["en", "pt-BR"],
    "service_area": { "latitude": 38.722, "longitude": -9.139, "radius_km": 25 },
}))]
pub struct ProviderProfileView {
    /// Years in the trade.
    pub experience_years: Option<ExperienceYears>,
    /// What an hour usually costs; a service has a price of its own.
    pub hourly_rate: Option<Price>,
    /// Spoken with customers, in the provider's order.
    pub languages: Languages,
    /// Where the provider comes to.
    pub service_area: Option<ServiceArea>,
}

impl From<ProviderProfile> for ProviderProfileView {
    fn from(profile: ProviderProfile) -> Self {
        let ProviderProfile { experience_years, hourly_rate, languages, service_area } = profile;
        Self { experience_years, hourly_rate, languages, service_area }
    }
}

/// How a profile photo is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "ready")]
pub enum PhotoStatus {
    /// An upload is waited for, or being examined.
    Processing,
    /// The photo is shown.
    Ready,
    /// The latest upload did not become a photo.
    Rejected,
}

/// A profile photo as its owner sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Photo, example = json!({
    "status": "ready",
    "reason": null,
    "detail": null,
    "urls": {
        "small": "https://files.example.com/photos/pho_01KB2Q7S3H8Z6W4V5N9RXTMCDE/small.jpg",
        "medium": "https://files.example.com/photos/pho_01KB2Q7S3H8Z6W4V5N9RXTMCDE/medium.jpg",
        "large": "https://files.example.com/photos/pho_01KB2Q7S3H8Z6W4V5N9RXTMCDE/large.jpg",
    },
}))]
pub struct PhotoView {
    /// What became of the latest upload.
    pub status: PhotoStatus,
    /// Why it was rejected.
    pub reason: Option<Rejection>,
    /// The same for people, in English.
    #[schema(example = "The picture is damaged or incomplete.")]
    pub detail: Option<&'static str>,
    /// The photo that is shown; it stays while another one is processed or when that is rejected.
    pub urls: Option<PhotoUrls>,
}

/// Where everybody finds a photo; a new photo has new addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PhotoUrls {
    /// A square of 96 pixels, JPEG.
    #[schema(example = "https://files.example.com/photos/pho_01KB2Q7S3H8Z6W4V5N9RXTMCDE/small.jpg")]
    pub small: String,
    /// A square of 256 pixels, JPEG.
    #[schema(example = "https://files.example.com/photos/pho_01KB2Q7S3H8Z6W4V5N9RXTMCDE/medium.jpg")]
    pub medium: String,
    /// A square of 512 pixels, JPEG.
    #[schema(example = "https://files.example.com/photos/pho_01KB2Q7S3H8Z6W4V5N9RXTMCDE/large.jpg")]
    pub large: String,
}
