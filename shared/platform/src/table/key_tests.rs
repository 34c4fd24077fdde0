use banister_domain::account::{Email, Phone, Role};
use banister_domain::id::Id;
use banister_domain::search::CardId;
use banister_domain::service::{Category, ServiceStatus};
use banister_domain::statistics::Side;
use jiff::Timestamp;
use proptest::prelude::*;

use super::key::{self, Index, IndexKey, Key};

const ULID: &str = "0000000001000000000000000G";

fn text(Key { pk, sk }: &Key) -> String {
    format!("{pk} / {sk}")
}

/// The key book as a table: a change of any key is a change of stored data, and has to be seen.
#[test]
fn every_key() {
    let at: Timestamp = "2026-03-10T10:00:00.5Z".parse().unwrap();
    let date = "2026-03-10".parse().unwrap();
    let email: Email = "Robin@Example.com".parse().unwrap();
    let rows = [
        (key::user(Id::from_parts(1, 16)), format!("USER#usr_{ULID} / USER")),
        (key::user_term("åsa one", Id::from_parts(1, 16)), format!("FIND_USER#ås / åsa one#usr_{ULID}")),
        (key::super_admins(), "STAFF#super_admin / SUPER_ADMINS".into()),
        (key::credentials(&email), "EMAIL#robin@example.com / EMAIL".into()),
        (key::email_code(Id::from_parts(1, 16)), format!("USER#usr_{ULID} / CODE#confirm_email")),
        (key::second_factor(Id::from_parts(1, 16)), format!("USER#usr_{ULID} / TOTP")),
        (key::security_settings(), "SETTINGS / SECURITY".into()),
        (key::phone_code(Id::from_parts(1, 16)), format!("USER#usr_{ULID} / CODE#confirm_phone")),
        (key::email_change_code(Id::from_parts(1, 16)), format!("USER#usr_{ULID} / CODE#change_email")),
        (
            key::former_email(Id::from_parts(1, 16), Id::from_parts(1, 16)),
            format!("USER#usr_{ULID} / FORMER_EMAIL#cod_{ULID}"),
        ),
        (
            key::phone(&Phone::try_from("+12015550123".to_owned()).unwrap()),
            "PHONE#+12015550123 / PHONE".into(),
        ),
        (
            key::limit_from("sign_in", "robin@example.com", "192.0.2.1"),
            "LIMIT#sign_in#robin@example.com / FROM#192.0.2.1".into(),
        ),
        (
            key::session(Id::from_parts(1, 16), Id::from_parts(1, 16)),
            format!("USER#usr_{ULID} / SESSION#ses_{ULID}"),
        ),
        (key::reset("00ff"), "RESET#00ff / RESET".into()),
        (key::ticket("00ff"), "TICKET#00ff / TICKET".into()),
        (
            key::socket(Id::from_parts(1, 16), "L0SM9cOFvHcCIhw="),
            format!("USER#usr_{ULID} / SOCKET#L0SM9cOFvHcCIhw="),
        ),
        (key::connection("L0SM9cOFvHcCIhw="), "CONNECTION#L0SM9cOFvHcCIhw= / CONNECTION".into()),
        (key::service(Id::from_parts(1, 16)), format!("SERVICE#svc_{ULID} / SERVICE")),
        (key::card(CardId::Service(Id::from_parts(1, 16))), format!("CARDS#7 / svc_{ULID}")),
        (key::card(CardId::Provider(Id::from_parts(1, 16))), format!("CARDS#3 / usr_{ULID}")),
        (key::calendar_rules(Id::from_parts(1, 16)), format!("CALENDAR#usr_{ULID} / RULES")),
        (key::calendar_day(Id::from_parts(1, 16), date), format!("CALENDAR#usr_{ULID} / DAY#2026-03-10")),
        (key::calendar_week(Id::from_parts(1, 16), date), format!("CALENDAR#usr_{ULID} / WEEK#2026-03-10")),
        (key::resource(Id::from_parts(1, 16)), format!("RESOURCE#rsc_{ULID} / RESOURCE")),
        (key::resource_day(Id::from_parts(1, 16), date), format!("RESOURCE#rsc_{ULID} / DAY#2026-03-10")),
        (
            key::resource_user(Id::from_parts(1, 16), Id::from_parts(1, 16)),
            format!("CALENDAR#usr_{ULID} / RESOURCE#rsc_{ULID}"),
        ),
        (key::calendar_feed(Id::from_parts(1, 16)), format!("CALENDAR#usr_{ULID} / FEED")),
        (key::calendar_feed_link("00ff"), "FEED#00ff / FEED".into()),
        (key::booking(Id::from_parts(1, 16)), format!("BOOKING#bkg_{ULID} / BOOKING")),
        (key::booking_history(Id::from_parts(1, 16), 3), format!("BOOKING#bkg_{ULID} / HISTORY#0000000003")),
        (key::reviews(Id::from_parts(1, 16)), format!("BOOKING#bkg_{ULID} / REVIEWS")),
        (key::service_rating(Id::from_parts(1, 16)), format!("SERVICE#svc_{ULID} / RATING")),
        (
            key::user_rating(Side::Customer(Id::from_parts(1, 16))),
            format!("RATING#customer#usr_{ULID} / RATING"),
        ),
        (
            key::own_counts(Side::Provider(Id::from_parts(1, 16)), 3),
            format!("COUNTS#provider#usr_{ULID} / 0000000003"),
        ),
        (key::receipt("usr_1", "create_booking", "abc"), "ONCE#usr_1 / create_booking#abc".into()),
        (key::job(Id::from_parts(1, 16)), format!("JOB#job_{ULID} / JOB")),
        (key::bulk_order(Id::from_parts(1, 16)), format!("JOB#job_{ULID} / ORDER")),
        (
            key::bulk_result(Id::from_parts(1, 16), Id::from_parts(1, 16)),
            format!("JOB#job_{ULID} / RESULT#usr_{ULID}"),
        ),
        (key::handled("email", Id::from_parts(1, 16)), format!("HANDLED#email#evt_{ULID} / HANDLED")),
        (key::outbox(Id::from_parts(1, 16)), format!("OUTBOX#0 / evt_{ULID}")),
        (key::audit(date, Id::from_parts(1, 16)), format!("AUDIT#2026-03-10#3 / aud_{ULID}")),
        (key::audit_link("2026-03-10#3", "aud_1"), "AUDITCHAIN#2026-03-10#3 / LINK#aud_1".into()),
        (key::audit_head("2026-03-10#3"), "AUDITCHAIN#2026-03-10#3 / HEAD".into()),
        (key::limit("sign_in", "192.0.2.1"), "LIMIT#sign_in#192.0.2.1 / LIMIT".into()),
    ];
    for (key, wanted) in rows {
        assert_eq!(text(&key), wanted);
    }
    assert_eq!(key::moment(at), "2026-03-10T10:00:00.500Z");
}

#[test]
fn every_index_key() {
    let (user, other) = (Id::from_parts(1, 16), Id::from_parts(1, 16));
    let at: Timestamp = "2026-03-10T10:00:00Z".parse().unwrap();
    let shown = |keys: Vec<IndexKey>| -> Vec<String> {
        keys.iter().map(|key| format!("{} {}", key.index.name(), text(&key.key))).collect()
    };
    let start = format!("2026-03-10T10:00:00.000Z#bkg_{ULID}");
    assert_eq!(
        shown(key::booking_lists(user, other, at, Id::from_parts(1, 16))),
        [format!("GSI1 CUSTOMER#usr_{ULID} / {start}"), format!("GSI2 PROVIDER#usr_{ULID} / {start}")]
    );
    assert_eq!(
        shown(key::review_lists(Id::from_parts(1, 16), other, at, Id::from_parts(1, 16))),
        [format!("GSI1 REVIEWS#svc_{ULID} / {start}"), format!("GSI2 REVIEWS#usr_{ULID} / {start}")]
    );
    let sealed = shown(vec![key::reviews_sealed(at, Id::from_parts(1, 16))]);
    assert!(sealed[0].starts_with("GSI3 SEALED#") && sealed[0].ends_with(&start), "{sealed:?}");
    let due = shown(vec![key::booking_due(at, Id::from_parts(1, 16))]);
    assert!(due[0].starts_with("GSI3 DUE#") && due[0].ends_with(&start), "{due:?}");
    assert_eq!(
        shown(key::user_lists(Role::SuperAdmin, user)),
        [format!("GSI1 ROLE#super_admin / usr_{ULID}"), format!("GSI2 USERS / usr_{ULID}")]
    );
    assert_eq!(
        shown(vec![
            key::audit_by_user(user, Id::from_parts(1, 16)),
            key::audit_by_actor(user, Id::from_parts(1, 16))
        ]),
        [format!("GSI1 AUDITED#usr_{ULID} / aud_{ULID}"), format!("GSI2 ACTED#usr_{ULID} / aud_{ULID}")]
    );
    assert_eq!(key::audit_shard("2026-03-10".parse().unwrap(), 3), "AUDIT#2026-03-10#3");
    assert_eq!(key::audit_chains_before("2026-03-01#3", 2), ["2026-02-28#3", "2026-02-27#3"]);
    assert!(
        ["2026-03-01", "by hand#3", "2026-03-01#x"].iter().all(|n| key::audit_chains_before(n, 2).is_empty())
    );
    let lists = |status| shown(key::service_lists(user, Category::PetCare, status, Id::from_parts(1, 16)));
    for status in [ServiceStatus::Draft, ServiceStatus::Archived] {
        let of_status = serde_json::to_value(status).unwrap();
        let wanted = [
            format!("GSI1 SERVICES#usr_{ULID} / svc_{ULID}"),
            format!("GSI3 SERVICES#{} / svc_{ULID}", of_status.as_str().unwrap()),
        ];
        assert_eq!(lists(status), wanted);
    }
    assert_eq!(
        lists(ServiceStatus::Published),
        [
            format!("GSI1 SERVICES#usr_{ULID} / svc_{ULID}"),
            format!("GSI3 CATALOGUE / svc_{ULID}"),
            format!("GSI2 CATEGORY#pet_care / svc_{ULID}"),
        ]
    );
    assert_eq!(
        shown(vec![key::booking_made(at, Id::from_parts(1, 16))]),
        [format!("GSI1 BOOKINGS#2026-03-10 / {start}")]
    );
    assert_eq!(
        shown(vec![key::resource_list(Id::from_parts(1, 16))]),
        [format!("GSI3 RESOURCES / rsc_{ULID}")]
    );
    assert_eq!(Index::Gsi2.attributes(), ("GSI2PK", "GSI2SK"));
}

proptest! {
    #[test]
    fn moments_sort_as_time_does(a in -1_000_000_000_000_i64..4_000_000_000_000, b in -1_000_000_000_000_i64..4_000_000_000_000) {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        prop_assert_eq!(key::moment(at(a)).cmp(&key::moment(at(b))), a.cmp(&b));
    }

    #[test]
    fn work_is_spread_over_all_shards_and_stays_in_them(seed in any::<u64>()) {
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..200_u64 {
            let id = Id::from_parts(seed >> 16, u128::from(seed.wrapping_mul(number + 1)) << 7);
            let place = key::outbox(id);
            prop_assert_eq!(&place, &key::outbox(id));
            seen.insert(place.pk);
        }
        let known: Vec<_> = (0..key::SHARDS).map(key::outbox_shard).collect();
        prop_assert!(seen.iter().all(|pk| known.contains(pk)));
        prop_assert!(seed < 1_000 || seen.len() == known.len(), "{seen:?}");
    }
}
