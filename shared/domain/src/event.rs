//! Domain events: what happened, for whoever has to act on it later. An event is written in the
//! transaction of its cause and carries identifiers only, no personal data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::booking::Actor;
use crate::id::{
    BookingId, CodeId, EventId, HoldId, JobId, SeriesId, ServiceId, SessionId, UserId, WaitlistEntryId,
};

/// One event; its id is what consumers deduplicate by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which.
    pub id: EventId,
    /// When the cause was decided.
    pub occurred_at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub payload: Payload,
}

/// What happened: `{"type": "booking.requested", "data": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Payload {
    /// A new account waits for its address to be confirmed.
    #[serde(rename = "account.registered")]
    AccountRegistered {
        /// Whose.
        user_id: UserId,
        /// The code to mail.
        code_id: CodeId,
    },
    /// Somebody tried to register with an address that has an account.
    #[serde(rename = "account.registration_repeated")]
    RegistrationRepeated {
        /// The account that exists.
        user_id: UserId,
    },
    /// Somebody asks for another code to confirm an address; there may be no such account.
    #[serde(rename = "account.confirmation_requested")]
    ConfirmationRequested {
        /// Whose.
        user_id: UserId,
        /// The code to mail.
        code_id: CodeId,
    },
    /// Somebody asks for a link to choose a new password; there may be no such account.
    #[serde(rename = "account.password_reset_requested")]
    PasswordResetRequested {
        /// Whose.
        user_id: UserId,
        /// What the link's token is derived from.
        code_id: CodeId,
    },
    /// Staff made an account, and its owner is to choose a password by a link.
    #[serde(rename = "account.invited")]
    AccountInvited {
        /// Whose.
        user_id: UserId,
        /// What the link's token is derived from.
        code_id: CodeId,
    },
    /// A telephone number was set, and is to be confirmed.
    #[serde(rename = "account.phone_confirmation_requested")]
    PhoneConfirmationRequested {
        /// Whose.
        user_id: UserId,
        /// The code to mail.
        code_id: CodeId,
    },
    /// Another address was asked for; it may have an account.
    #[serde(rename = "account.email_change_requested")]
    EmailChangeRequested {
        /// Whose.
        user_id: UserId,
        /// The code to mail to the new address.
        code_id: CodeId,
    },
    /// The address is another one.
    #[serde(rename = "account.email_changed")]
    EmailChanged {
        /// Whose.
        user_id: UserId,
        /// The code that did it; the former address is kept by it.
        code_id: CodeId,
    },
    /// The password is another one.
    #[serde(rename = "account.password_changed")]
    PasswordChanged {
        /// Whose.
        user_id: UserId,
    },
    /// Signing in takes a second factor from now on.
    #[serde(rename = "account.second_factor_on")]
    SecondFactorOn {
        /// Whose.
        user_id: UserId,
    },
    /// Signing in takes no second factor any more.
    #[serde(rename = "account.second_factor_off")]
    SecondFactorOff {
        /// Whose.
        user_id: UserId,
    },
    /// A recovery code took the place of the app's code when somebody signed in.
    #[serde(rename = "account.recovery_code_used")]
    RecoveryCodeUsed {
        /// Whose.
        user_id: UserId,
    },
    /// All recovery codes were replaced by new ones.
    #[serde(rename = "account.recovery_codes_renewed")]
    RecoveryCodesRenewed {
        /// Whose.
        user_id: UserId,
    },
    /// Sessions of a user are over before their time: what they opened must be closed.
    #[serde(rename = "account.sessions_ended")]
    SessionsEnded {
        /// Whose.
        user_id: UserId,
        /// Which; all of them where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_id: Option<SessionId>,
    },
    /// An old refresh token came back, and its session was ended for it: it may have been stolen.
    #[serde(rename = "account.refresh_token_reused")]
    RefreshTokenReused {
        /// Whose.
        user_id: UserId,
        /// Which session.
        session_id: SessionId,
    },
    /// A connection had to make room for a newer one of its user: it must be closed.
    #[serde(rename = "account.connection_replaced")]
    ConnectionReplaced {
        /// Whose.
        user_id: UserId,
        /// Which: the gateway's name for it.
        connection_id: String,
        /// When it was opened.
        connected_at: Timestamp,
    },
    /// A user took the own photo away; its files are still there.
    #[serde(rename = "account.photo_removed")]
    PhotoRemoved {
        /// Whose.
        user_id: UserId,
    },
    /// Staff took a service out of the catalogue.
    #[serde(rename = "service.archived_by_staff")]
    ServiceArchivedByStaff {
        /// Which.
        service_id: ServiceId,
        /// Whose.
        provider_id: UserId,
    },
    /// A job has a piece to be done.
    #[serde(rename = "job.continued")]
    JobContinued {
        /// Which.
        job_id: JobId,
        /// Behind how many pieces.
        revision: u32,
    },
    /// A customer asks for a place.
    #[serde(rename = "booking.requested")]
    BookingRequested(BookingRef),
    /// The provider said yes, or the service is booked at once: the customer acted then.
    #[serde(rename = "booking.confirmed")]
    BookingConfirmed(BookingRef),
    /// The provider said no.
    #[serde(rename = "booking.declined")]
    BookingDeclined(BookingRef),
    /// One side, or staff, called it off.
    #[serde(rename = "booking.cancelled")]
    BookingCancelled(BookingRef),
    /// Nobody answered in time.
    #[serde(rename = "booking.expired")]
    BookingExpired(BookingRef),
    /// It was moved to another time.
    #[serde(rename = "booking.rescheduled")]
    BookingRescheduled(BookingRef),
    /// One side proposes another time to the other.
    #[serde(rename = "booking.reschedule_proposed")]
    RescheduleProposed(BookingRef),
    /// One of the two sides turned the other time down.
    #[serde(rename = "booking.reschedule_declined")]
    RescheduleDeclined(BookingRef),
    /// It took place.
    #[serde(rename = "booking.completed")]
    BookingCompleted(BookingRef),
    /// The customer did not come.
    #[serde(rename = "booking.no_show")]
    BookingNoShow(BookingRef),
    /// Bookings of a series were made, answered, called off or moved together.
    #[serde(rename = "series.changed")]
    SeriesChanged(SeriesRef),
    /// A place is held for a customer who waited for one.
    #[serde(rename = "waitlist.offered")]
    WaitlistOffered(WaitlistRef),
    /// A customer waits no more: an offer was not taken in time, or no place came free.
    #[serde(rename = "waitlist.ended")]
    WaitlistEnded(WaitlistRef),
    /// What one side of a booking, the actor, wrote of the other can be read.
    #[serde(rename = "review.published")]
    ReviewPublished(BookingRef),
    /// The provider answered what the customer wrote.
    #[serde(rename = "review.answered")]
    ReviewAnswered(BookingRef),
}

/// The booking an event is about, its two sides, and who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingRef {
    /// Which.
    pub booking_id: BookingId,
    /// Who booked.
    pub customer_id: UserId,
    /// Who is booked.
    pub provider_id: UserId,
    /// Who caused the event.
    pub actor: Actor,
    /// The series with which it happened: whoever tells people of the whole need not tell of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_id: Option<SeriesId>,
}

/// The series an event is about, its two sides, and who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesRef {
    /// Which.
    pub series_id: SeriesId,
    /// Who booked.
    pub customer_id: UserId,
    /// Who is booked.
    pub provider_id: UserId,
    /// Who caused the event.
    pub actor: Actor,
    /// Which of its changes it is, from 0, the making.
    pub change: u16,
}

/// The wait an event is about, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitlistRef {
    /// Which.
    pub entry_id: WaitlistEntryId,
    /// Who waits.
    pub customer_id: UserId,
    /// For whom.
    pub provider_id: UserId,
    /// What keeps the place that is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<HoldId>,
}

impl Payload {
    /// What happened to a booking together with the others of its series.
    #[must_use]
    pub fn with_series(mut self, series: SeriesId) -> Self {
        match &mut self {
            Self::BookingRequested(about)
            | Self::BookingConfirmed(about)
            | Self::BookingDeclined(about)
            | Self::BookingCancelled(about)
            | Self::BookingExpired(about)
            | Self::BookingRescheduled(about)
            | Self::RescheduleProposed(about)
            | Self::RescheduleDeclined(about)
            | Self::BookingCompleted(about)
            | Self::BookingNoShow(about) => about.series_id = Some(series),
            _ => {}
        }
        self
    }
}
