//! Who is told of each event, by whom it was caused.

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
    let both = [Topic::ChangeEmail(code), Topic::EmailChangeAsked].map(|topic| Errand::new(customer, topic));
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

#[test]
fn a_series_is_told_as_a_whole() {
    let (customer, provider) = (Id::from_parts(1, 1), Id::from_parts(1, 2));
    let (booking_id, series) = (Id::from_parts(1, 3), Id::from_parts(1, 7));
    let together = |actor| BookingRef {
        booking_id,
        customer_id: customer,
        provider_id: provider,
        actor,
        series_id: Some(series),
    };
    assert_eq!(errands(&Payload::BookingConfirmed(together(Actor::Customer))), []);
    assert_eq!(errands(&Payload::BookingCancelled(together(Actor::Provider))), []);
    assert_eq!(errands(&Payload::RescheduleDeclined(together(Actor::Customer))), []);
    let of_series = |actor, change| {
        let about =
            SeriesRef { series_id: series, customer_id: customer, provider_id: provider, actor, change };
        errands(&Payload::SeriesChanged(about)).into_iter().map(|errand| errand.reader).collect::<Vec<_>>()
    };
    assert_eq!(of_series(Actor::Customer, 0), [customer, provider]);
    assert_eq!(of_series(Actor::Customer, 1), [provider]);
    assert_eq!(of_series(Actor::Provider, 1), [customer]);
}
