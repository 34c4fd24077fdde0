//! How things are shown, where more than one area shows them.

use banister_domain::account::{Account, Email, Locale, Phone, Role};
use banister_domain::availability::Zone;
use banister_domain::id::UserId;
use banister_domain::text::PersonName;
use jiff::Timestamp;
use serde::Serialize;

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
    "time_zone": "Europe/Lisbon",
    "locale": "en",
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
    /// The zone that times are shown in, in mails.
    pub time_zone: Zone,
    /// The language of mails.
    pub locale: Locale,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    pub created_at: Timestamp,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let Account { id, email, role, email_confirmed, first_name, last_name, .. } = account;
        let Account { phone, time_zone, locale, created_at, .. } = account;
        Self { id, email, role, email_confirmed, first_name, last_name, phone, time_zone, locale, created_at }
    }
}
