use super::*;
use crate::availability::Zone;
use crate::id::Id;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn entry() -> WaitlistEntry {
    let window = Interval::new(at("2026-03-10T00:00:00Z"), at("2026-03-11T00:00:00Z")).expect("a day");
    WaitlistEntry {
        id: Id::from_parts(1, 1),
        customer_id: Id::from_parts(1, 2),
        provider_id: Id::from_parts(1, 3),
        service_id: Id::from_parts(1, 4),
        window,
        duration: DurationMinutes::new(60).expect("an hour"),
        seats: Seats::MIN,
        state: WaitlistState::Waiting { look_at: at("2026-03-09T08:01:00Z") },
        declined: Vec::new(),
        created_at: at("2026-03-09T08:00:00Z"),
    }
}

fn offer(starts_at: &str) -> Offer {
    let starts_at = at(starts_at);
    let ends_at = starts_at + SignedDuration::from_hours(1);
    let answer_by = answer_by(at("2026-03-09T08:00:00Z"), starts_at);
    Offer { hold_id: Id::from_parts(1, 9), starts_at, ends_at, answer_by }
}

#[test]
fn an_offer_stands_for_a_quarter_of_what_is_left() {
    for (starts_at, until) in [
        ("2026-03-09T12:00:00Z", "2026-03-09T09:00:00Z"),
        // At least a quarter of an hour, and never past the start.
        ("2026-03-09T08:40:00Z", "2026-03-09T08:15:00Z"),
        ("2026-03-09T08:10:00Z", "2026-03-09T08:10:00Z"),
        // At most twelve hours.
        ("2026-03-11T08:00:00Z", "2026-03-09T20:00:00Z"),
        ("2026-05-11T08:00:00Z", "2026-03-09T20:00:00Z"),
    ] {
        assert_eq!(answer_by(at("2026-03-09T08:00:00Z"), at(starts_at)), at(until), "{starts_at}");
    }
    assert_eq!(offer("2026-03-09T12:00:00Z").kept_until(), at("2026-03-09T09:02:00Z"));
    assert_eq!(offer("2026-03-09T08:10:00Z").kept_until(), at("2026-03-09T08:10:00Z"));
}

#[test]
fn every_step_from_every_state() {
    use WaitlistStatus::{Booked, Expired, Lapsed, Left, Offered, Waiting};

    let now = at("2026-03-10T06:00:00Z");
    let open = offer("2026-03-10T10:00:00Z");
    let booking_id = Id::from_parts(1, 8);
    let states = [
        WaitlistState::Waiting { look_at: now },
        WaitlistState::Offered(open),
        WaitlistState::Booked { booking_id },
        WaitlistState::Left,
        WaitlistState::Lapsed,
        WaitlistState::Expired,
    ];
    let steps = [
        ("offer", WaitlistStep::Offer(open)),
        ("book", WaitlistStep::Book(booking_id)),
        ("decline", WaitlistStep::Decline(open.hold_id)),
        ("decline another", WaitlistStep::Decline(Id::from_parts(1, 10))),
        ("leave", WaitlistStep::Leave),
        ("lapse", WaitlistStep::Lapse),
        ("look", WaitlistStep::Look(now)),
        ("expire", WaitlistStep::Expire),
    ];
    let mut allowed = Vec::new();
    for state in states {
        for (name, step) in steps {
            let before = WaitlistEntry { state, ..entry() };
            match before.take(step, now) {
                Ok((after, told)) => {
                    let told = told.map(|payload| match payload {
                        Payload::WaitlistOffered(about) => format!("offered {}", about.hold_id.is_some()),
                        Payload::WaitlistEnded(about) => format!("ended {}", about.hold_id.is_some()),
                        other => panic!("{other:?}"),
                    });
                    allowed.push((before.status(), name, after.status(), told));
                }
                Err(wrong) => assert_eq!(wrong.status, before.status()),
            }
        }
    }
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(
        allowed,
        [
            (Waiting, "offer", Offered, said("offered true")),
            (Waiting, "leave", Left, None),
            (Waiting, "look", Waiting, None),
            (Waiting, "expire", Expired, said("ended false")),
            (Offered, "book", Booked, None),
            (Offered, "decline", Waiting, None),
            (Offered, "leave", Left, None),
            (Offered, "lapse", Lapsed, said("ended false")),
        ]
    );
}

#[test]
fn an_offer_lapses_at_its_deadline_and_not_before() {
    let open = offer("2026-03-10T10:00:00Z");
    let waiting = WaitlistEntry { state: WaitlistState::Offered(open), ..entry() };
    assert!(waiting.take(WaitlistStep::Lapse, open.answer_by - SignedDuration::from_millis(1)).is_err());
    assert!(waiting.take(WaitlistStep::Lapse, open.answer_by).is_ok());
}

#[test]
fn what_was_turned_down_is_not_offered_again_and_ten_of_them_end_the_wait() {
    let mut rules = CalendarRules::closed(Zone::UTC);
    rules.weekly = serde_json::from_value(serde_json::json!([
        { "day": "tue", "start": "10:00", "end": "23:00" },
    ]))
    .expect("hours");
    let now = at("2026-03-09T08:00:00Z");
    let mut waiting = entry();
    let visit = Visit::from(waiting.duration);
    let mut starts = Vec::new();
    while waiting.is_open() {
        let slot = waiting.first_fit(now, (&rules, visit), waiting.window, &[]).expect("a slot");
        assert!(!starts.contains(&slot.starts_at));
        starts.push(slot.starts_at);
        let open =
            Offer { starts_at: slot.starts_at, ends_at: slot.ends_at, ..offer("2026-03-10T10:00:00Z") };
        let (offered, _) = waiting.take(WaitlistStep::Offer(open), now).expect("waits");
        (waiting, _) = offered.take(WaitlistStep::Decline(open.hold_id), now).expect("offered");
    }
    assert_eq!((starts.len(), waiting.status()), (MOST_DECLINED, WaitlistStatus::Left));
}

#[test]
fn what_expires_first_is_looked_at_then() {
    let now = at("2026-03-09T08:00:00Z");
    let place = Interval::new(at("2026-03-10T10:00:00Z"), at("2026-03-10T11:00:00Z")).expect("an hour");
    let owner: HoldId = Id::from_parts(1, 20);
    let hold = |until: &str| Busy { until: Some(at(until)), ..Busy::firm(place, owner) };
    let (over, soon, late) =
        (hold("2026-03-09T07:59:00Z"), hold("2026-03-09T08:10:00Z"), hold("2026-03-09T09:00:00Z"));
    assert_eq!(next_expiry(now, &[Busy::firm(place, owner), over]), None);
    assert_eq!(next_expiry(now, &[over, late, soon]), Some(at("2026-03-09T08:10:00Z")));
}
