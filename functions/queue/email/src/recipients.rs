//! Who is told of what: the rule alone.

use banister_domain::booking::{Actor, HistoryEntry, RescheduleStep, Status};
use banister_domain::event::{BookingRef, Payload, SeriesRef, WaitlistRef};
use banister_domain::id::{BookingId, CodeId, HoldId, SeriesId, ServiceId, UserId, WaitlistEntryId};

/// A mail to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Errand {
    /// To whom.
    pub(crate) reader: UserId,
    /// About what.
    pub(crate) topic: Topic,
}

impl Errand {
    const fn new(reader: UserId, topic: Topic) -> Self {
        Self { reader, topic }
    }

    /// Tells the mails of an event apart.
    pub(crate) fn name(self) -> String {
        match self.topic {
            // There is another one to the same reader.
            Topic::ChangeEmail(_) => format!("{}.new", self.reader),
            _ => self.reader.to_string(),
        }
    }
}

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Type this code.
    ConfirmEmail(CodeId),
    /// There is an account already.
    AlreadyRegistered,
    /// A session was ended since an old refresh token came back.
    RefreshTokenReused,
    /// Choose a new password with the token of this id.
    ResetPassword(CodeId),
    /// Choose the first password with the token of this id.
    Invitation(CodeId),
    /// The password is another one.
    PasswordChanged,
    /// Staff archived this service.
    ServiceArchived(ServiceId),
    /// Signing in takes a second factor, or no longer.
    SecondFactor {
        /// Whether it does.
        on: bool,
    },
    /// A recovery code was used to sign in.
    RecoveryCodeUsed,
    /// There are new recovery codes.
    RecoveryCodesRenewed,
    /// Type this code to confirm a telephone number.
    ConfirmPhone(CodeId),
    /// Type this code to give the account this address.
    ChangeEmail(CodeId),
    /// Another address was asked for.
    EmailChangeAsked,
    /// The address is another one, by this code.
    EmailChanged(CodeId),
    /// A booking has come to a status.
    Booking(News),
    /// What one side of a booking wrote of the reader, or answered them, can be read.
    Review(ReviewNews),
    /// Something was done to the bookings of a series.
    Series(SeriesNews),
    /// A place is kept for the reader, who waited for one; by this hold, if it still is.
    Offer(WaitlistEntryId, HoldId),
    /// The reader waits no more.
    WaitEnded(WaitlistEntryId),
}

/// What can happen to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It has come to a status.
    Stands(Status),
    /// It is at another time.
    Moved,
    /// Another time is proposed.
    MoveProposed,
    /// That was turned down.
    MoveDeclined,
}

impl Turn {
    /// What a line of a history tells.
    pub(crate) fn of(entry: &HistoryEntry) -> Self {
        match entry.reschedule.map(|reschedule| reschedule.step) {
            None => Self::Stands(entry.to),
            Some(RescheduleStep::Moved) => Self::Moved,
            Some(RescheduleStep::Proposed) => Self::MoveProposed,
            Some(RescheduleStep::Declined) => Self::MoveDeclined,
        }
    }
}

impl From<Status> for Turn {
    fn from(status: Status) -> Self {
        Self::Stands(status)
    }
}

/// What is new of a booking, for one of its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News {
    /// Which.
    pub(crate) booking: BookingId,
    /// What has happened.
    pub(crate) turn: Turn,
    /// Which side the reader is on.
    pub(crate) side: Side,
    /// The other side.
    pub(crate) other: UserId,
    /// Whether staff did it.
    pub(crate) by_staff: bool,
}

/// What is new of the reviews of a booking, for one of its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReviewNews {
    /// Which.
    pub(crate) booking: BookingId,
    /// Which side the reader is on.
    pub(crate) side: Side,
    /// The other side.
    pub(crate) other: UserId,
    /// Whether it is the answer to what the reader wrote.
    pub(crate) answer: bool,
}

/// What is new of a series, for one of its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriesNews {
    /// Which.
    pub(crate) series: SeriesId,
    /// Which of its changes.
    pub(crate) change: u16,
    /// Which side the reader is on.
    pub(crate) side: Side,
    /// The other side.
    pub(crate) other: UserId,
}

/// A side of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one who booked.
    Customer,
    /// The one who is booked.
    Provider,
}

/// The mails that an event calls for. Nobody is told of what they did themselves.
pub(crate) fn errands(payload: &Payload) -> Vec<Errand> {
    use Side::{Customer, Provider};
    match payload {
        Payload::AccountRegistered { user_id, code_id }
        | Payload::ConfirmationRequested { user_id, code_id } => {
            vec![Errand::new(*user_id, Topic::ConfirmEmail(*code_id))]
        }
        Payload::RegistrationRepeated { user_id } => {
            vec![Errand::new(*user_id, Topic::AlreadyRegistered)]
        }
        Payload::RefreshTokenReused { user_id, .. } => {
            vec![Errand::new(*user_id, Topic::RefreshTokenReused)]
        }
        Payload::PasswordResetRequested { user_id, code_id } => {
            vec![Errand::new(*user_id, Topic::ResetPassword(*code_id))]
        }
        Payload::AccountInvited { user_id, code_id } => {
            vec![Errand::new(*user_id, Topic::Invitation(*code_id))]
        }
        Payload::PasswordChanged { user_id } => {
            vec![Errand::new(*user_id, Topic::PasswordChanged)]
        }
        Payload::PhoneConfirmationRequested { user_id, code_id } => {
            vec![Errand::new(*user_id, Topic::ConfirmPhone(*code_id))]
        }
        Payload::EmailChangeRequested { user_id, code_id } => vec![
            Errand::new(*user_id, Topic::ChangeEmail(*code_id)),
            Errand::new(*user_id, Topic::EmailChangeAsked),
        ],
        Payload::EmailChanged { user_id, code_id } => {
            vec![Errand::new(*user_id, Topic::EmailChanged(*code_id))]
        }
        Payload::ServiceArchivedByStaff { service_id, provider_id } => {
            vec![Errand::new(*provider_id, Topic::ServiceArchived(*service_id))]
        }
        Payload::SecondFactorOn { user_id } => {
            vec![Errand::new(*user_id, Topic::SecondFactor { on: true })]
        }
        Payload::SecondFactorOff { user_id } => {
            vec![Errand::new(*user_id, Topic::SecondFactor { on: false })]
        }
        Payload::RecoveryCodeUsed { user_id } => {
            vec![Errand::new(*user_id, Topic::RecoveryCodeUsed)]
        }
        Payload::RecoveryCodesRenewed { user_id } => {
            vec![Errand::new(*user_id, Topic::RecoveryCodesRenewed)]
        }
        Payload::SessionsEnded { .. }
        | Payload::ConnectionReplaced { .. }
        | Payload::PhotoRemoved { .. }
        | Payload::JobContinued { .. }
        // What happened to a series is told as a whole.
        | Payload::BookingRequested(BookingRef { series_id: Some(_), .. })
        | Payload::BookingConfirmed(BookingRef { series_id: Some(_), .. })
        | Payload::BookingDeclined(BookingRef { series_id: Some(_), .. })
        | Payload::BookingCancelled(BookingRef { series_id: Some(_), .. })
        | Payload::BookingRescheduled(BookingRef { series_id: Some(_), .. })
        | Payload::RescheduleProposed(BookingRef { series_id: Some(_), .. })
        | Payload::RescheduleDeclined(BookingRef { series_id: Some(_), .. }) => Vec::new(),
        Payload::SeriesChanged(about) => tell_of_series(about),
        Payload::WaitlistOffered(WaitlistRef { hold_id: Some(hold), customer_id, entry_id, .. }) => {
            vec![Errand::new(*customer_id, Topic::Offer(*entry_id, *hold))]
        }
        Payload::WaitlistOffered(about) | Payload::WaitlistEnded(about) => {
            vec![Errand::new(about.customer_id, Topic::WaitEnded(about.entry_id))]
        }
        Payload::BookingRequested(about) => tell(about, Status::Requested, others(about)),
        // The provider knows, but for what was booked at once.
        Payload::BookingConfirmed(about) if about.actor != Actor::Provider => {
            tell(about, Status::Confirmed, &[Customer, Provider])
        }
        Payload::BookingConfirmed(about) => tell(about, Status::Confirmed, &[Customer]),
        Payload::BookingCompleted(about) => tell(about, Status::Completed, &[Customer]),
        Payload::BookingNoShow(about) => tell(about, Status::NoShow, &[Customer]),
        Payload::BookingDeclined(about) => tell(about, Status::Declined, &[Customer]),
        Payload::BookingCancelled(about) => tell(about, Status::Cancelled, others(about)),
        Payload::BookingRescheduled(about) => tell(about, Turn::Moved, others(about)),
        Payload::RescheduleProposed(about) => tell(about, Turn::MoveProposed, others(about)),
        Payload::RescheduleDeclined(about) => tell(about, Turn::MoveDeclined, others(about)),
        Payload::BookingExpired(about) => tell(about, Status::Expired, &[Customer, Provider]),
        Payload::ReviewPublished(about) => show_review(about, false),
        Payload::ReviewAnswered(about) => show_review(about, true),
    }
}

/// The sides that did not do it themselves.
const fn others(about: &BookingRef) -> &'static [Side] {
    beside(about.actor)
}

const fn beside(actor: Actor) -> &'static [Side] {
    match actor {
        Actor::Customer => &[Side::Provider],
        Actor::Provider => &[Side::Customer],
        Actor::Staff | Actor::Time => &[Side::Customer, Side::Provider],
    }
}

/// Of a side: who is on it, and who is not.
const fn two(about: &BookingRef, side: Side) -> (UserId, UserId) {
    match side {
        Side::Customer => (about.customer_id, about.provider_id),
        Side::Provider => (about.provider_id, about.customer_id),
    }
}

/// To whom it is about, or whom it answers: the side that did not write it.
fn show_review(about: &BookingRef, answer: bool) -> Vec<Errand> {
    let errand = |side: &Side| {
        let (reader, other) = two(about, *side);
        let news = ReviewNews { booking: about.booking_id, side: *side, other, answer };
        Errand::new(reader, Topic::Review(news))
    };
    others(about).iter().map(errand).collect()
}

/// What was made both sides keep; of what follows, the side is told that did not do it.
fn tell_of_series(about: &SeriesRef) -> Vec<Errand> {
    let sides = if about.change == 0 { &[Side::Customer, Side::Provider] } else { beside(about.actor) };
    let errand = |side: &Side| {
        let (reader, other) = match side {
            Side::Customer => (about.customer_id, about.provider_id),
            Side::Provider => (about.provider_id, about.customer_id),
        };
        let news = SeriesNews { series: about.series_id, change: about.change, side: *side, other };
        Errand::new(reader, Topic::Series(news))
    };
    sides.iter().map(errand).collect()
}

fn tell(about: &BookingRef, turn: impl Into<Turn>, sides: &[Side]) -> Vec<Errand> {
    let turn = turn.into();
    let errand = |side: &Side| {
        let (reader, other) = two(about, *side);
        let by_staff = about.actor == Actor::Staff;
        let news = News { booking: about.booking_id, turn, side: *side, other, by_staff };
        Errand::new(reader, Topic::Booking(news))
    };
    sides.iter().map(errand).collect()
}

#[cfg(test)]
mod tests;
