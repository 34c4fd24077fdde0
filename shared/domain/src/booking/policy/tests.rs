use super::*;
use crate::booking::RefundReason::{InTime, Late};
use crate::money::Currency;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn percent(number: u16) -> Percent {
    Percent::new(number).expect("a share")
}

fn tier(before: u16, share: u16) -> Tier {
    Tier { before_minutes: LeadMinutes::new(before).expect("minutes"), refund_percent: percent(share) }
}

fn policy(grace: u16, tiers: Vec<Tier>) -> CancellationPolicy {
    CancellationPolicy::new(GraceMinutes::new(grace).expect("minutes"), tiers, percent(25)).expect("a policy")
}

fn price(minor: i64, currency: Currency) -> Price {
    Price::try_from(Money::new(minor, currency)).expect("a price")
}

const MADE: &str = "2026-03-01T08:00:00Z";
const STARTS: &str = "2026-03-10T10:00:00Z";

/// The share, why, and until when, to the nanosecond around each edge.
#[test]
fn each_tier_ends_at_its_last_moment() {
    let policy = policy(30, vec![tier(1_440, 100), tier(120, 50)]);
    let share = |now: &str| {
        let Share { percent, reason, until } = policy.share(at(MADE), at(STARTS), at(now));
        (percent.get(), reason, until.map(|until| until.to_string()))
    };
    let until = |text: &str| Some(text.to_owned());
    for (now, wanted) in [
        ("2026-03-01T08:00:00Z", (100, InTime, until("2026-03-09T10:00:00.000000001Z"))),
        ("2026-03-09T10:00:00Z", (100, InTime, until("2026-03-09T10:00:00.000000001Z"))),
        ("2026-03-09T10:00:00.000000001Z", (50, InTime, until("2026-03-10T08:00:00.000000001Z"))),
        ("2026-03-10T08:00:00Z", (50, InTime, until("2026-03-10T08:00:00.000000001Z"))),
        ("2026-03-10T08:00:00.000000001Z", (0, Late, None)),
        ("2026-03-10T09:59:59Z", (0, Late, None)),
    ] {
        assert_eq!(share(now), wanted, "{now}");
    }
}

#[test]
fn what_was_just_made_is_called_off_for_nothing() {
    let policy = policy(30, vec![tier(1_440, 100), tier(120, 50)]);
    let made = at("2026-03-10T09:00:00Z");
    let share = |now: &str| policy.share(made, at(STARTS), at(now));
    let in_grace = share("2026-03-10T09:30:00Z");
    assert_eq!((in_grace.percent, in_grace.reason), (Percent::MAX, RefundReason::Grace));
    assert_eq!(in_grace.until, Some(at("2026-03-10T09:30:00.000000001Z")));
    assert_eq!(share("2026-03-10T09:30:00.000000001Z").reason, RefundReason::Late);
    // A tier that gives all back needs no grace, and one that gives less yields to it.
    let made = at("2026-03-10T07:45:00Z");
    let share = |now: &str| policy.share(made, at(STARTS), at(now));
    assert_eq!(share("2026-03-10T07:50:00Z").reason, RefundReason::Grace);
    assert_eq!(share("2026-03-10T08:15:00.000000001Z").reason, RefundReason::Late);
    let none = CancellationPolicy { grace_minutes: GraceMinutes::MIN, ..policy };
    assert_eq!(none.share(made, at(STARTS), made).reason, RefundReason::InTime);
    let strict = CancellationPolicy { tiers: Vec::new(), ..none };
    assert_eq!(strict.share(at(MADE), at(STARTS), at(MADE)).reason, RefundReason::Late);
}

#[test]
fn by_default_all_is_given_back_until_the_start() {
    let policy = CancellationPolicy::default();
    for now in [MADE, STARTS] {
        let share = policy.share(at(MADE), at(STARTS), at(now));
        assert_eq!((share.percent, share.reason, share.until), (Percent::MAX, RefundReason::InTime, None));
    }
    assert_eq!(policy.no_show(), Percent::MIN);
}

#[test]
fn both_parts_are_the_price_and_a_broken_cent_is_the_customers() {
    for (minor, currency, share, back) in [
        (6_500, Currency::Eur, 50, 3_250),
        (999, Currency::Usd, 50, 500),
        (1, Currency::Kwd, 1, 1),
        (0, Currency::Usd, 100, 0),
        (1_001, Currency::Jpy, 33, 331),
        (Price::MAX_MINOR, Currency::Usd, 99, 99_000_000),
        (12_345, Currency::Usd, 0, 0),
        (12_345, Currency::Usd, 100, 12_345),
    ] {
        let refund = Refund::of(price(minor, currency), percent(share), RefundReason::InTime);
        assert_eq!(refund.amount, Money::new(back, currency), "{share} % of {minor}");
        assert_eq!(refund.amount.checked_add(refund.kept), Ok(Money::new(minor, currency)));
    }
    for minor in (0..5_000).chain([Price::MAX_MINOR - 1, Price::MAX_MINOR]) {
        for share in 0..=100 {
            let Refund { amount, kept, .. } =
                Refund::of(price(minor, Currency::Usd), percent(share), RefundReason::Late);
            assert_eq!(amount.minor + kept.minor, minor);
            assert!(
                amount.minor * 100 >= minor * i64::from(share)
                    && (amount.minor - 1) * 100 < minor * i64::from(share).max(1)
            );
        }
    }
}

#[test]
fn tiers_fall() {
    let text = |tiers: &str| format!(r#"{{"tiers":{tiers}}}"#);
    let read =
        |tiers: &str| serde_json::from_str::<CancellationPolicy>(&text(tiers)).map_err(|e| e.to_string());
    let good =
        read(r#"[{"before_minutes":60,"refund_percent":100},{"before_minutes":0,"refund_percent":1}]"#);
    let good = good.expect("a policy");
    let written = serde_json::to_value(&good).expect("JSON");
    assert_eq!(written["grace_minutes"], 0);
    assert_eq!(written["no_show_refund_percent"], 0);
    assert_eq!(serde_json::from_value::<CancellationPolicy>(written).expect("a policy"), good);
    assert!(read("[]").is_ok());
    let one = r#"{"before_minutes":60,"refund_percent":50}"#;
    for (bad, why) in [
        (format!("[{one},{one}]"), "each tier must end later"),
        (format!(r#"[{one},{{"before_minutes":30,"refund_percent":50}}]"#), "each tier must end later"),
        (format!(r#"[{one},{{"before_minutes":60,"refund_percent":40}}]"#), "each tier must end later"),
        (format!(r#"[{one},{{"before_minutes":90,"refund_percent":40}}]"#), "each tier must end later"),
        (r#"[{"before_minutes":60,"refund_percent":101}]"#.into(), "0 to 100"),
        (r#"[{"before_minutes":43201,"refund_percent":1}]"#.into(), "0 to 43200"),
        (
            format!(
                "[{}]",
                (1..=6)
                    .map(|n| format!(r#"{{"before_minutes":{},"refund_percent":{}}}"#, 70 - n, 70 - n))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            "at most 5",
        ),
    ] {
        let error = read(&bad).expect_err(&bad);
        assert!(error.contains(why), "{bad}: {error}");
    }
}
