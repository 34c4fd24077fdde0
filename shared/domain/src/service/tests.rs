use super::*;

#[test]
fn every_status_and_command() {
    use {ServiceCommand as C, ServiceStatus as S};
    let table = [
        (S::Draft, C::Publish, Ok(S::Published)),
        (S::Draft, C::Archive, Ok(S::Archived)),
        (S::Published, C::Publish, Ok(S::Published)),
        (S::Published, C::Archive, Ok(S::Archived)),
        (S::Archived, C::Publish, Err(ServiceArchived)),
        (S::Archived, C::Archive, Ok(S::Archived)),
    ];
    for (from, command, to) in table {
        assert_eq!(from.transition(command), to, "{from:?} {command:?}");
    }
}

#[test]
fn staff_restore_what_staff_archived() {
    let (made, now): (Timestamp, Timestamp) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
    let service: Service = serde_json::from_value(serde_json::json!({
        "id": crate::id::ServiceId::from_parts(1, 1), "provider_id": UserId::from_parts(1, 2),
        "title": "Massage", "description": "", "category": "massage",
        "price": { "amount": 1, "currency": "eur" }, "duration_minutes": 60, "location_kind": "online",
        "status": "published", "created_at": made, "updated_at": made,
    }))
    .unwrap();
    let reason: Reason = "Not what it says.".parse().unwrap();
    let archived = service.clone().archived(reason.clone(), now);
    assert_eq!((archived.status, archived.updated_at), (ServiceStatus::Archived, now));
    assert_eq!(archived.archived, Some(Archived { reason, at: now }));
    assert_eq!(archived.status.transition(ServiceCommand::Publish), Err(ServiceArchived));
    let restored = archived.restored(now).unwrap();
    assert_eq!(restored, Service { status: ServiceStatus::Draft, updated_at: now, ..service.clone() });
    for status in ServiceStatus::ALL {
        let own = Service { status, ..service.clone() };
        assert_eq!(own.restored(now), Err(NotArchivedByStaff), "{status:?}");
    }
}

#[test]
fn slugs_are_the_json_names() {
    for category in Category::ALL {
        assert_eq!(serde_json::to_value(category).ok(), Some(category.slug().into()));
    }
}

fn eur(minor: i64) -> Price {
    Price::try_from(crate::money::Money::new(minor, crate::money::Currency::Eur)).unwrap()
}

/// Of an hour for 60 euros, with what is given.
fn offer(durations: &serde_json::Value, extras: &serde_json::Value) -> Service {
    let made = Timestamp::UNIX_EPOCH;
    serde_json::from_value(serde_json::json!({
        "id": crate::id::ServiceId::from_parts(1, 1), "provider_id": UserId::from_parts(1, 2),
        "title": "Massage", "description": "", "category": "massage", "price": eur(6_000),
        "duration_minutes": 60, "location_kind": "online", "status": "published", "created_at": made,
        "updated_at": made, "durations": durations, "extras": extras,
    }))
    .unwrap()
}

#[test]
fn an_offer_has_one_currency_and_each_length_once() {
    use serde_json::json;
    let (usd, none) = (json!({ "amount": 1, "currency": "usd" }), json!([]));
    let long = json!({ "duration_minutes": 90, "price": eur(9_000) });
    let extra = json!({ "code": "oil", "title": "Oil", "price": eur(0) });
    assert_eq!(offer(&json!([long]), &json!([extra])).check_offer(), Ok(()));
    let usual = json!([long, { "duration_minutes": 60, "price": eur(1) }]);
    assert_eq!(offer(&usual, &none).check_offer(), Err(InvalidOffer::UsualDuration(1)));
    let foreign = json!([{ "duration_minutes": 30, "price": usd }]);
    assert_eq!(offer(&foreign, &none).check_offer(), Err(InvalidOffer::DurationCurrency(0)));
    let foreign = json!([extra, { "code": "soap", "title": "Soap", "price": usd }]);
    assert_eq!(offer(&none, &foreign).check_offer(), Err(InvalidOffer::ExtraCurrency(1)));
}

#[test]
fn a_service_takes_as_long_as_it_is_offered_for() {
    let service =
        offer(&serde_json::json!([{ "duration_minutes": 90, "price": eur(9_000) }]), &serde_json::json!([]));
    let lasting = |minutes| service.clone().lasting(DurationMinutes::new(minutes).unwrap());
    assert_eq!(lasting(60), Some(service.clone()));
    let long = lasting(90).unwrap();
    assert_eq!((long.duration_minutes.get(), long.price), (90, eur(9_000)));
    assert_eq!(Service { duration_minutes: service.duration_minutes, price: service.price, ..long }, service);
    assert_eq!(lasting(89), None);
}

#[test]
fn choices_are_told_apart_and_bounded() {
    let extras = |codes: &[String]| {
        let all = codes.iter().map(|code| Extra {
            code: code.parse().unwrap(),
            title: "Oil".parse().unwrap(),
            price: eur(0),
            max_quantity: Quantity::MAX,
        });
        Extras::try_from(all.collect::<Vec<_>>()).map(|extras| extras.as_slice().len())
    };
    let codes: Vec<_> = (0..=20).map(|n| format!("extra_{n}")).collect();
    assert_eq!(extras(&codes[..20]), Ok(20));
    assert_eq!(extras(&codes), Err(InvalidChoices::TooMany(20)));
    assert_eq!(extras(&["a".into(), "b".into(), "a".into()]), Err(InvalidChoices::Repeated));
    let option = |minutes, minor| DurationOption {
        duration_minutes: DurationMinutes::new(minutes).unwrap(),
        price: eur(minor),
    };
    assert_eq!(Durations::try_from(vec![option(30, 1), option(30, 2)]), Err(InvalidChoices::Repeated));
    let many = (0..11).map(|n| option(30 + n, 1)).collect::<Vec<_>>();
    assert_eq!(Durations::try_from(many), Err(InvalidChoices::TooMany(10)));
    for bad in ["", "Oil", "hot stones", "\u{fc}l", "a-b", &"a".repeat(41)] {
        assert_eq!(bad.parse::<ExtraCode>(), Err(InvalidCode), "{bad}");
    }
    assert_eq!("a".repeat(40).parse::<ExtraCode>().map(String::from), Ok("a".repeat(40)));
}
