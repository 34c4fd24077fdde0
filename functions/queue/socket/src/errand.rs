//! Who is told of what: the rule alone.

use banister_domain::booking::Actor;
use banister_domain::event::{BookingRef, Payload};
use banister_domain::id::{BookingId, UserId};
use jiff::Timestamp;

/// A connection that had to make room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub(crate) connection: String,
    pub(crate) connected_at: Timestamp,
}

/// What an event calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Tell users how a booking is.
    Tell(BookingId, Vec<UserId>),
    /// Close those of a user's connections whose session is over.
    Close(UserId),
    /// Close one connection, which the table has forgotten already.
    Replace(Replaced),
    /// Nothing.
    Nothing,
}

/// Nobody is told of what they did themselves.
pub(crate) fn errand(payload: &Payload) -> Errand {
    match payload {
        Payload::BookingRequested(about)
        | Payload::BookingConfirmed(about)
        | Payload::BookingDeclined(about)
        | Payload::BookingCancelled(about)
        | Payload::BookingExpired(about)
        | Payload::BookingRescheduled(about)
        | Payload::RescheduleProposed(about)
        | Payload::RescheduleDeclined(about)
        | Payload::BookingCompleted(about)
        | Payload::BookingNoShow(about) => Errand::Tell(about.booking_id, others(about)),
        // Which connections that closes is read, not told: a session begun since stays.
        Payload::SessionsEnded { user_id, .. } => Errand::Close(*user_id),
        Payload::ConnectionReplaced { connection_id, connected_at, .. } => {
            Errand::Replace(Replaced { connection: connection_id.clone(), connected_at: *connected_at })
        }
        Payload::AccountRegistered { .. }
        | Payload::RegistrationRepeated { .. }
        | Payload::RefreshTokenReused { .. }
        | Payload::ConfirmationRequested { .. }
        | Payload::PasswordResetRequested { .. }
        | Payload::AccountInvited { .. }
        | Payload::PasswordChanged { .. }
        | Payload::SecondFactorOn { .. }
        | Payload::SecondFactorOff { .. }
        | Payload::RecoveryCodeUsed { .. }
        | Payload::RecoveryCodesRenewed { .. }
        | Payload::PhoneConfirmationRequested { .. }
        | Payload::EmailChangeRequested { .. }
        | Payload::EmailChanged { .. }
        | Payload::PhotoRemoved { .. }
        | Payload::ServiceArchivedByStaff { .. }
        // They are no change of the booking.
        | Payload::ReviewPublished(_)
        | Payload::ReviewAnswered(_)
        // Its bookings are told of one by one.
        | Payload::SeriesChanged(_)
        // Mails tell of it.
        | Payload::WaitlistOffered(_)
        | Payload::WaitlistEnded(_)
        | Payload::JobContinued { .. } => Errand::Nothing,
    }
}

/// The side that did not act, or both where staff or time did.
fn others(about: &BookingRef) -> Vec<UserId> {
    match about.actor {
        Actor::Customer => vec![about.provider_id],
        Actor::Provider => vec![about.customer_id],
        Actor::Staff | Actor::Time => vec![about.customer_id, about.provider_id],
    }
}

#[cfg(test)]
mod tests {
    use banister_domain::id::Id;

    use super::*;

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
        let tell = |users: &[UserId]| Errand::Tell(booking_id, users.to_vec());
        for (payload, expected) in [
            (Payload::BookingRequested(c), tell(&[provider])),
            (Payload::BookingConfirmed(p), tell(&[customer])),
            (Payload::BookingDeclined(p), tell(&[customer])),
            (Payload::BookingCancelled(c), tell(&[provider])),
            (Payload::BookingCancelled(p), tell(&[customer])),
            (Payload::BookingCancelled(about(Actor::Staff)), tell(&[customer, provider])),
            (Payload::BookingCancelled(t), tell(&[customer, provider])),
            (Payload::BookingExpired(t), tell(&[customer, provider])),
            (Payload::SessionsEnded { user_id: customer, session_id: None }, Errand::Close(customer)),
            (
                Payload::SessionsEnded { user_id: customer, session_id: Some(Id::from_parts(1, 4)) },
                Errand::Close(customer),
            ),
            (
                Payload::ConnectionReplaced {
                    user_id: customer,
                    connection_id: "c1".into(),
                    connected_at: Timestamp::UNIX_EPOCH,
                },
                Errand::Replace(Replaced { connection: "c1".into(), connected_at: Timestamp::UNIX_EPOCH }),
            ),
            (Payload::RegistrationRepeated { user_id: customer }, Errand::Nothing),
            (
                Payload::RefreshTokenReused { user_id: customer, session_id: Id::from_parts(1, 4) },
                Errand::Nothing,
            ),
            (Payload::PhotoRemoved { user_id: customer }, Errand::Nothing),
            (Payload::ReviewPublished(c), Errand::Nothing),
            (
                Payload::AccountRegistered { user_id: customer, code_id: Id::from_parts(1, 5) },
                Errand::Nothing,
            ),
        ] {
            assert_eq!(errand(&payload), expected, "{payload:?}");
        }
    }
}
