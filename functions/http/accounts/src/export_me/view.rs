//! What an export shows. Of each item what it says of the person; not keys, versions, hashes and secrets.

use banister_domain::access::Permission;
use banister_domain::account::{AccountStatus, Email, Phone};
use banister_domain::availability::CalendarRules;
use banister_domain::id::{SessionId, UserId};
use banister_platform::http::SignedIn;
use banister_platform::store::{
    Belongings, CodeRecord, ExportPage, FeedRecord, FormerEmail, Grant, Purpose, RulesRecord,
    SecondFactorRecord, SessionRecord, SocketRecord,
};
use banister_platform::view::{AccountView, VacationView, Viewer, WaitlistEntryView};
use jiff::Timestamp;
use serde::Serialize;

use super::audit::{ExportedDeed, ExportedRecord};
use super::market::{ExportedBooking, ExportedService};

/// All that is kept of a person, or the next part of it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Export)]
pub(crate) struct ExportView {
    /// Whose.
    user_id: UserId,
    /// When the export was begun.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    begun_at: Timestamp,
    /// The account; in the first answer only.
    account: Option<ExportedAccount>,
    /// The second factor, if there is one or one is being set up; in the first answer only.
    second_factor: Option<ExportedSecondFactor>,
    /// What was granted to a member of staff; in the first answer only.
    permissions: Vec<ExportedPermission>,
    /// Codes that were mailed, of which something is still kept; in the first answer only.
    codes: Vec<ExportedCode>,
    /// A provider's calendar, if one was set; in the first answer only.
    calendar: Option<ExportedCalendar>,
    /// The link to a provider's calendar, if there is one; in the first answer only.
    calendar_feed: Option<ExportedFeed>,
    /// Sessions, also those that are over and not yet deleted.
    sessions: Vec<ExportedSession>,
    /// WebSocket connections.
    connections: Vec<ExportedConnection>,
    /// Addresses from before.
    former_emails: Vec<ExportedEmail>,
    /// Services offered.
    services: Vec<ExportedService>,
    /// Bookings made as a customer, by their start.
    bookings_made: Vec<ExportedBooking>,
    /// Bookings taken as a provider, by their start.
    bookings_taken: Vec<ExportedBooking>,
    /// Waits for a place, also those that are over and not yet deleted.
    waitlist: Vec<WaitlistEntryView>,
    /// What the audit log says of the account, oldest first.
    audit_about: Vec<ExportedRecord>,
    /// What it says that the person did to others, oldest first.
    audit_by: Vec<ExportedDeed>,
    /// How many items could not be read and are left out of this answer.
    #[schema(example = 0)]
    unreadable: usize,
    /// Give this as `cursor` for the next part; `null` at the end.
    #[schema(example = json!(null))]
    pub(super) next_cursor: Option<String>,
}

/// A provider's calendar.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "time_zone": "Europe/Lisbon",
    "weekly": [{ "day": "mon", "start": "09:00", "end": "12:30" }],
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 15,
    "min_notice_minutes": 120,
    "horizon_days": 60,
    "slot_step_minutes": 30,
    "exceptions": [{ "date": "2026-12-25", "ranges": [] }],
    "vacations": [{
        "id": "vac_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        "from": "2026-08-03",
        "to": "2026-08-16",
        "starts_at": "2026-08-02T22:00:00Z",
        "ends_at": "2026-08-16T22:00:00Z",
        "message": "Back on 17 August.",
    }],
}))]
pub(super) struct ExportedCalendar {
    #[serde(flatten)]
    rules: CalendarRules,
    /// When the provider is away.
    vacations: Vec<VacationView>,
}

impl From<RulesRecord> for ExportedCalendar {
    fn from(RulesRecord { rules, vacations, .. }: RulesRecord) -> Self {
        Self { rules, vacations: vacations.into_iter().map(VacationView::from).collect() }
    }
}

/// A link to a provider's calendar, of which nothing is kept that opens it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "created_at": "2026-03-09T08:00:00Z" }))]
pub(super) struct ExportedFeed {
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl ExportView {
    /// Without anything.
    pub(super) fn new(user_id: UserId, begun_at: Timestamp) -> Self {
        Self {
            user_id,
            begun_at,
            account: None,
            second_factor: None,
            permissions: Vec::new(),
            codes: Vec::new(),
            calendar: None,
            calendar_feed: None,
            sessions: Vec::new(),
            connections: Vec::new(),
            former_emails: Vec::new(),
            services: Vec::new(),
            bookings_made: Vec::new(),
            bookings_taken: Vec::new(),
            waitlist: Vec::new(),
            audit_about: Vec::new(),
            audit_by: Vec::new(),
            unreadable: 0,
            next_cursor: None,
        }
    }

    /// With what is no list.
    pub(super) fn with(self, belongings: Belongings, viewer: &Viewer, now: Timestamp) -> Self {
        let Belongings { account, second_factor, second_factor_required, grants, calendar, feed, codes } =
            belongings;
        let factor = |record| ExportedSecondFactor::new(&record, second_factor_required);
        let status = account.status;
        Self {
            account: Some(ExportedAccount { account: viewer.account(account, now), status }),
            second_factor: second_factor.map(factor),
            permissions: grants.into_iter().map(ExportedPermission::from).collect(),
            codes: codes.into_iter().map(ExportedCode::from).collect(),
            calendar: calendar.map(ExportedCalendar::from),
            calendar_feed: feed.map(|FeedRecord { created_at, .. }| ExportedFeed { created_at }),
            ..self
        }
    }

    /// Adds a part of a list; answers how many bytes of JSON that is.
    pub(super) fn add(
        &mut self,
        page: ExportPage,
        unreadable: usize,
        caller: &SignedIn,
        now: Timestamp,
    ) -> usize {
        self.unreadable += unreadable;
        let booking = |file| ExportedBooking::new(file, caller.user_id, now);
        match page {
            ExportPage::Sessions(records) => {
                extend(&mut self.sessions, records, |record| ExportedSession::new(record, caller, now))
            }
            ExportPage::Connections(records) => {
                extend(&mut self.connections, records, ExportedConnection::from)
            }
            ExportPage::FormerEmails(former) => extend(&mut self.former_emails, former, ExportedEmail::from),
            ExportPage::Services(services) => extend(&mut self.services, services, ExportedService::from),
            ExportPage::BookingsMade(bookings) => extend(&mut self.bookings_made, bookings, booking),
            ExportPage::BookingsTaken(bookings) => extend(&mut self.bookings_taken, bookings, booking),
            ExportPage::Waits(waits) => extend(&mut self.waitlist, waits, WaitlistEntryView::from),
            ExportPage::AuditAbout(records) => extend(&mut self.audit_about, records, ExportedRecord::from),
            ExportPage::AuditBy(records) => extend(&mut self.audit_by, records, ExportedDeed::from),
        }
    }
}

fn extend<T, V: Serialize>(list: &mut Vec<V>, items: Vec<T>, show: impl Fn(T) -> V) -> usize {
    let from = list.len();
    list.extend(items.into_iter().map(show));
    serde_json::to_vec(&list[from..]).map_or(0, |text| text.len())
}

/// The account as `GET /v1/me` shows it, and its status.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
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
    "status": "active",
}))]
struct ExportedAccount {
    #[serde(flatten)]
    account: AccountView,
    status: AccountStatus,
}

/// A second factor, without its secret and its codes.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "on": true, "required": false, "recovery_codes_left": 9, "set_up_until": null }))]
struct ExportedSecondFactor {
    /// Whether signing in takes a code. Since when is in `audit_about`: `second_factor_on`.
    on: bool,
    /// Whether the role demands it.
    required: bool,
    /// How many recovery codes can still be used.
    recovery_codes_left: usize,
    /// Until when one that is being set up waits for its first code.
    #[schema(value_type = Option<String>, format = DateTime)]
    set_up_until: Option<Timestamp>,
}

impl ExportedSecondFactor {
    fn new(record: &SecondFactorRecord, required: bool) -> Self {
        let (on, set_up_until) = (record.is_on(), record.waits_until());
        Self { on, required, recovery_codes_left: record.recovery_codes_left(), set_up_until }
    }
}

/// A permission that was granted.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "permission": "user_management",
    "granted_by": "usr_01KB2Q9B5D7F9H1K3N5R7TWYAC",
    "granted_at": "2026-03-09T08:00:00Z",
}))]
struct ExportedPermission {
    permission: Permission,
    /// Who granted it; `null` where it came with the role, or by a command.
    granted_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    granted_at: Timestamp,
}

impl From<Grant> for ExportedPermission {
    fn from(Grant { permission, granted_by, granted_at }: Grant) -> Self {
        Self { permission, granted_by, granted_at }
    }
}

/// What a mailed code is for.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum CodePurpose {
    /// To confirm the address.
    ConfirmEmail,
    /// To confirm a telephone number.
    ConfirmPhone,
    /// To change the address.
    ChangeEmail,
}

/// That a code was mailed; not the code.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "purpose": "change_email", "phone": null, "email": "another.address@example.com", "tries": 0, "used": false,
    "expires_at": "2026-03-09T08:10:00Z",
}))]
struct ExportedCode {
    purpose: CodePurpose,
    /// The number that it confirms.
    phone: Option<Phone>,
    /// The address that is asked for.
    email: Option<Email>,
    /// How often one was typed.
    tries: u32,
    /// Whether it has done what it is for.
    used: bool,
    /// From when on it is void.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<CodeRecord> for ExportedCode {
    fn from(code: CodeRecord) -> Self {
        let (purpose, phone, email) = match code.purpose {
            Purpose::ConfirmEmail => (CodePurpose::ConfirmEmail, None, None),
            Purpose::ConfirmPhone { phone } => (CodePurpose::ConfirmPhone, Some(phone), None),
            Purpose::ChangeEmail { email, .. } => (CodePurpose::ChangeEmail, None, Some(email)),
        };
        Self { purpose, phone, email, tries: code.tries, used: code.used, expires_at: code.expires_at }
    }
}

/// A session, without its tokens.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "ses_01KB2QK7P0S3V6X9ZBDFHJMNQR",
    "device": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "device_before": null,
    "network": "192.0.2.0/24",
    "created_at": "2026-03-02T08:00:00Z",
    "last_used_at": "2026-03-09T08:00:00Z",
    "expires_at": "2026-04-08T08:00:00Z",
    "current": true,
    "stands": true,
}))]
struct ExportedSession {
    id: SessionId,
    /// What used it last, as it calls itself.
    device: Option<String>,
    /// What used it before that.
    device_before: Option<String>,
    /// The network it was last used from.
    network: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
    /// Whether it is good for anything: neither over nor ended.
    stands: bool,
}

impl ExportedSession {
    fn new(session: SessionRecord, caller: &SignedIn, now: Timestamp) -> Self {
        let stands = session.stands_in(caller.epoch, now);
        let SessionRecord { id, replaced, device, network, created_at, refreshed_at, expires_at, .. } =
            session;
        let (device_before, last_used_at) = (replaced.and_then(|replaced| replaced.agent), refreshed_at);
        let current = id == caller.session_id;
        Self { id, device, device_before, network, created_at, last_used_at, expires_at, current, stands }
    }
}

/// A WebSocket connection.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "L0SM9cOFvHcCIhw=",
    "session_id": "ses_01KB2QK7P0S3V6X9ZBDFHJMNQR",
    "connected_at": "2026-03-09T08:00:00Z",
    "expires_at": "2026-03-09T10:10:00Z",
}))]
struct ExportedConnection {
    /// The gateway's name for it.
    id: String,
    session_id: SessionId,
    #[schema(value_type = String, format = DateTime)]
    connected_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<SocketRecord> for ExportedConnection {
    fn from(socket: SocketRecord) -> Self {
        let SocketRecord { connection_id: id, session_id, connected_at, expires_at, .. } = socket;
        Self { id, session_id, connected_at, expires_at }
    }
}

/// An address from before.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "email": "former.address@example.com", "kept_until": "2026-04-08T08:00:00Z" }))]
struct ExportedEmail {
    email: Email,
    #[schema(value_type = String, format = DateTime)]
    kept_until: Timestamp,
}

impl From<FormerEmail> for ExportedEmail {
    fn from(FormerEmail { email, kept_until }: FormerEmail) -> Self {
        Self { email, kept_until }
    }
}
