//! Who is told of what: the rule alone.

use banister_domain::booking::{Actor, HistoryEntry, RescheduleStep, Status};
use banister_domain::event::{BookingRef, Payload, SeriesRef};
use banister_domain::id::{BookingId, CodeId, SeriesId, ServiceId, UserId};

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
        | Payload::JobContinued { .. } => Vec::new(),
        // What happened to a series is told as a whole.
        Payload::BookingRequested(BookingRef { series_id: Some(_), .. })
        | Payload::BookingConfirmed(BookingRef { series_id: Some(_), .. })
        | Payload::BookingDeclined(BookingRef { series_id: Some(_), .. })
        | Payload::BookingCancelled(BookingRef { series_id: Some(_), .. })
        | Payload::BookingRescheduled(BookingRef { series_id: Some(_), .. })
        | Payload::RescheduleProposed(BookingRef { series_id: Some(_), .. }) => Vec::new(),
        Payload::SeriesChanged(about) => tell_of_series(about),
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
mod tests {
    use super::*;
    use banister_domain::id::Id;

    #[test]
    fn every_event_and_actor() {
        let (customer, provider) = (Id::from_parts(1, 1), Id::from_parts(1, 2));
        let booking_id = Id::from_parts(1, 3);
        let about = |actor| BookingRef {
            booking_id,
            customer_id: customer,
            provider_id: provider,
            actor,
            series_id: None,
        };
        let (c, p, t) = (about(Actor::Customer), about(Actor::Provider), about(Actor::Time));
        let service_id = Id::from_parts(1, 6);
        let archived = Payload::ServiceArchivedByStaff { service_id, provider_id: provider };
        let topic = Topic::ServiceArchived(service_id);
        assert_eq!(errands(&archived), [Errand::new(provider, topic)]);
        let code = Id::from_parts(1, 4);
        let registered = Payload::AccountRegistered { user_id: customer, code_id: code };
        assert_eq!(errands(&registered), [Errand::new(customer, Topic::ConfirmEmail(code))]);
        let requested = Payload::ConfirmationRequested { user_id: customer, code_id: code };
        assert_eq!(errands(&requested), errands(&registered));
        let forgotten = Payload::PasswordResetRequested { user_id: customer, code_id: code };
        assert_eq!(errands(&forgotten), [Errand::new(customer, Topic::ResetPassword(code))]);
        let invited = Payload::AccountInvited { user_id: customer, code_id: code };
        assert_eq!(errands(&invited), [Errand::new(customer, Topic::Invitation(code))]);
        let phone = Payload::PhoneConfirmationRequested { user_id: customer, code_id: code };
        assert_eq!(errands(&phone), [Errand::new(customer, Topic::ConfirmPhone(code))]);
        let asked = errands(&Payload::EmailChangeRequested { user_id: customer, code_id: code });
        let both =
            [Topic::ChangeEmail(code), Topic::EmailChangeAsked].map(|topic| Errand::new(customer, topic));
        assert_eq!(asked, both);
        assert_ne!(asked[0].name(), asked[1].name(), "one would keep the other one from being sent");
        let moved = Payload::EmailChanged { user_id: customer, code_id: code };
        assert_eq!(errands(&moved), [Errand::new(customer, Topic::EmailChanged(code))]);
        let changed = Payload::PasswordChanged { user_id: customer };
        assert_eq!(errands(&changed), [Errand::new(customer, Topic::PasswordChanged)]);
        for (switched, on) in [
            (Payload::SecondFactorOn { user_id: customer }, true),
            (Payload::SecondFactorOff { user_id: customer }, false),
        ] {
            assert_eq!(errands(&switched), [Errand::new(customer, Topic::SecondFactor { on })]);
        }
        let used = Payload::RecoveryCodeUsed { user_id: customer };
        assert_eq!(errands(&used), [Errand::new(customer, Topic::RecoveryCodeUsed)]);
        let renewed = Payload::RecoveryCodesRenewed { user_id: customer };
        assert_eq!(errands(&renewed), [Errand::new(customer, Topic::RecoveryCodesRenewed)]);
        let repeated = Payload::RegistrationRepeated { user_id: provider };
        assert_eq!(errands(&repeated), [Errand::new(provider, Topic::AlreadyRegistered)]);
        let reused = Payload::RefreshTokenReused { user_id: customer, session_id: Id::from_parts(1, 5) };
        assert_eq!(errands(&reused), [Errand::new(customer, Topic::RefreshTokenReused)]);

        let to = |reader, other, side, turn: Turn| Errand {
            reader,
            topic: Topic::Booking(News { booking: booking_id, turn, side, other, by_staff: false }),
        };
        let moved_to = |turn| to(customer, provider, Side::Customer, turn);
        let to_customer = |status: Status| to(customer, provider, Side::Customer, status.into());
        let to_provider = |status: Status| to(provider, customer, Side::Provider, status.into());
        let both = |status| vec![to_customer(status), to_provider(status)];
        for (payload, expected) in [
            (Payload::BookingRequested(c), vec![to_provider(Status::Requested)]),
            (Payload::BookingConfirmed(p), vec![to_customer(Status::Confirmed)]),
            (Payload::BookingConfirmed(c), both(Status::Confirmed)),
            (Payload::BookingCompleted(t), vec![to_customer(Status::Completed)]),
            (Payload::BookingNoShow(p), vec![to_customer(Status::NoShow)]),
            (Payload::BookingRescheduled(p), vec![moved_to(Turn::Moved)]),
            (Payload::RescheduleProposed(p), vec![moved_to(Turn::MoveProposed)]),
            (Payload::RescheduleDeclined(p), vec![moved_to(Turn::MoveDeclined)]),
            (Payload::BookingDeclined(p), vec![to_customer(Status::Declined)]),
            (Payload::BookingCancelled(c), vec![to_provider(Status::Cancelled)]),
            (Payload::BookingCancelled(p), vec![to_customer(Status::Cancelled)]),
            (Payload::BookingCancelled(t), both(Status::Cancelled)),
            (Payload::BookingExpired(t), both(Status::Expired)),
        ] {
            assert_eq!(errands(&payload), expected, "{payload:?}");
        }
        let review = |reader, other, side, answer| {
            vec![Errand::new(reader, Topic::Review(ReviewNews { booking: booking_id, side, other, answer }))]
        };
        let (of_provider, of_customer) = (Side::Provider, Side::Customer);
        assert_eq!(errands(&Payload::ReviewPublished(c)), review(provider, customer, of_provider, false));
        assert_eq!(errands(&Payload::ReviewPublished(p)), review(customer, provider, of_customer, false));
        assert_eq!(errands(&Payload::ReviewAnswered(p)), review(customer, provider, of_customer, true));
        let series_id = Some(Id::from_parts(1, 7));
        let together = |actor| BookingRef { series_id, ..about(actor) };
        assert_eq!(errands(&Payload::BookingConfirmed(together(Actor::Customer))), []);
        assert_eq!(errands(&Payload::BookingCancelled(together(Actor::Provider))), []);
        let series = Id::from_parts(1, 7);
        let of_series = |actor, change| {
            let about =
                SeriesRef { series_id: series, customer_id: customer, provider_id: provider, actor, change };
            errands(&Payload::SeriesChanged(about))
                .into_iter()
                .map(|errand| errand.reader)
                .collect::<Vec<_>>()
        };
        assert_eq!(of_series(Actor::Customer, 0), [customer, provider]);
        assert_eq!(of_series(Actor::Customer, 1), [provider]);
        assert_eq!(of_series(Actor::Provider, 1), [customer]);
        let s = about(Actor::Staff);
        for payload in [
            Payload::BookingRequested(s),
            Payload::BookingConfirmed(s),
            Payload::BookingRescheduled(s),
            Payload::BookingCancelled(s),
        ] {
            let by_staff = errands(&payload);
            let readers: Vec<_> = by_staff.iter().map(|errand| errand.reader).collect();
            assert_eq!(readers, [customer, provider], "{payload:?}");
            let told = |errand: &Errand| matches!(errand.topic, Topic::Booking(News { by_staff: true, .. }));
            assert!(by_staff.iter().all(told), "{by_staff:?}");
        }
    }
}
