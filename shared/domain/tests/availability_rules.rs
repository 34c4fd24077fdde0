//! What a provider may set, and how wrong input is reported.

use banister_domain::availability::{
    CalendarRules, DurationMinutes, InvalidHours, OpenRange, WallTime, Weekly, Zone,
};
use serde_json::{Value, json};

fn valid() -> Value {
    json!({
        "time_zone": "Europe/Lisbon",
        "weekly": [
            { "day": "mon", "start": "09:00", "end": "12:00" },
            { "day": "mon", "start": "12:00", "end": "17:00" },
            { "day": "sun", "start": "00:00", "end": "24:00" },
        ],
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 240,
        "min_notice_minutes": 43_200,
        "horizon_days": 365,
        "slot_step_minutes": 5,
        "exceptions": [
            { "date": "2026-12-24", "ranges": [{ "start": "09:00", "end": "12:00" }, { "start": "13:00", "end": "24:00" }] },
            { "date": "2026-12-25", "ranges": [] },
        ],
        "max_bookings_per_day": 8,
        "max_bookings_per_week": 500,
        "max_duration_minutes": 1_440,
    })
}

fn read(value: &Value) -> Result<CalendarRules, (String, String)> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| (error.path().to_string(), error.into_inner().to_string()))
}

#[test]
fn rules_come_back_as_they_were_given() {
    let rules = read(&valid()).expect("valid rules");
    assert_eq!(serde_json::to_value(&rules).expect("serialises"), valid());
}

#[test]
fn wrong_input_is_reported_at_its_field() {
    let times = "must be a time from 00:00 to 24:00, written HH:MM";
    let backwards = InvalidHours::Backwards.to_string();
    let overlap = InvalidHours::Overlap.to_string();
    let zone = "must be the name of an IANA time zone, such as Europe/Lisbon";
    let cases = [
        ("/time_zone", json!("Europe/Atlantis"), "time_zone", zone),
        ("/time_zone", json!("Etc/Unknown"), "time_zone", zone),
        ("/time_zone", json!("factory"), "time_zone", zone),
        ("/time_zone", json!(""), "time_zone", zone),
        ("/weekly/0/end", json!("25:00"), "weekly[0].end", times),
        ("/weekly/0/end", json!("24:01"), "weekly[0].end", times),
        ("/weekly/0/start", json!("9:00"), "weekly[0].start", times),
        ("/weekly/0/start", json!("09:60"), "weekly[0].start", times),
        ("/weekly/0/start", json!("+9:00"), "weekly[0].start", times),
        ("/weekly/0/start", json!("09:00:00"), "weekly[0].start", times),
        // A JSON value keeps its fields by name: `end` was read before `start`.
        ("/weekly/1/end", json!("12:00"), "weekly[1].start", backwards.as_str()),
        ("/weekly/2/start", json!("24:00"), "weekly[2].start", backwards.as_str()),
        ("/weekly/1/start", json!("11:59"), "weekly[1]", overlap.as_str()),
        (
            "/buffer_before_minutes",
            json!(241),
            "buffer_before_minutes",
            "must be a whole number from 0 to 240",
        ),
        ("/buffer_after_minutes", json!(-1), "buffer_after_minutes", "must be a whole number from 0 to 240"),
        (
            "/min_notice_minutes",
            json!(43_201),
            "min_notice_minutes",
            "must be a whole number from 0 to 43200",
        ),
        (
            "/min_notice_minutes",
            json!(65_536),
            "min_notice_minutes",
            "must be a whole number from 0 to 43200",
        ),
        ("/horizon_days", json!(0), "horizon_days", "must be a whole number from 1 to 365"),
        ("/horizon_days", json!(366), "horizon_days", "must be a whole number from 1 to 365"),
        ("/slot_step_minutes", json!(4), "slot_step_minutes", "must be a whole number from 5 to 240"),
        ("/slot_step_minutes", json!(241), "slot_step_minutes", "must be a whole number from 5 to 240"),
    ];
    for (pointer, wrong, path, message) in cases {
        let mut input = valid();
        *input.pointer_mut(pointer).expect("a field of the rules") = wrong.clone();
        assert_eq!(read(&input), Err((path.into(), message.into())), "{pointer} = {wrong}");
    }
}

#[test]
fn wrong_types_are_reported_at_their_field() {
    let cases = [
        ("/slot_step_minutes", json!("30"), "slot_step_minutes", "expected a whole number from 5 to 240"),
        ("/slot_step_minutes", json!(30.0), "slot_step_minutes", "expected a whole number from 5 to 240"),
        ("/weekly/0/day", json!("monday"), "weekly[0].day", "unknown variant `monday`"),
        ("/weekly/0", json!(["mon", "09:00", "10:00"]), "weekly[0]", "an object with day, start and end"),
        ("/weekly", json!({}), "weekly", "a list of ranges"),
        ("/weekly/2", json!({ "day": "mon", "start": "18:00" }), "weekly[2]", "missing field `end`"),
        ("/weekly/2", json!({ "end": "18:00", "start": "18:00" }), "weekly[2]", "after the start"),
    ];
    for (pointer, wrong, path, part) in cases {
        let mut input = valid();
        *input.pointer_mut(pointer).expect("a field of the rules") = wrong.clone();
        let (at, message) = read(&input).expect_err("wrong input");
        assert!(at.starts_with(path) && message.contains(part), "{pointer} = {wrong}: {at}: {message}");
    }
}

#[test]
fn unknown_and_missing_fields_are_refused() {
    for (place, path) in [("", "extra"), ("/weekly/1", "weekly[1].extra")] {
        let mut input = valid();
        input.pointer_mut(place).expect("an object")["extra"] = json!(1);
        let (at, message) = read(&input).expect_err("an unknown field");
        assert_eq!(at, path);
        assert!(message.starts_with("unknown field `extra`"), "{message}");
    }
    // What came later may be left out, and then limits nothing.
    let later = ["exceptions", "max_bookings_per_day", "max_bookings_per_week", "max_duration_minutes"];
    for field in valid().as_object().expect("an object").keys() {
        let mut input = valid();
        input.as_object_mut().expect("an object").remove(field);
        if later.contains(&field.as_str()) {
            let rules = serde_json::to_value(read(&input).expect("rules")).expect("serialises");
            let nothing = rules.get(field).is_none_or(|kept| *kept == json!([]));
            assert!(nothing, "{field}");
            continue;
        }
        let (_, message) = read(&input).expect_err("a missing field");
        assert_eq!(message, format!("missing field `{field}`"));
    }
}

#[test]
fn a_range_that_ends_too_early_is_reported_at_the_bound_read_last() {
    for (text, path) in [
        (r#"{"day":"tue","start":"10:00","end":"09:00"}"#, "end"),
        (r#"{"start":"10:00","end":"10:00","day":"tue"}"#, "end"),
        (r#"{"end":"09:00","day":"tue","start":"10:00"}"#, "start"),
    ] {
        let input = &mut serde_json::Deserializer::from_str(text);
        let error = serde_path_to_error::deserialize::<_, OpenRange>(input).expect_err("too early an end");
        assert_eq!(error.path().to_string(), path, "{text}");
        assert!(error.to_string().contains("the end must be after the start"), "{error}");
    }
    let range: OpenRange =
        serde_json::from_str(r#"{"end":"10:00","start":"09:00","day":"tue"}"#).expect("a range");
    assert_eq!((range.start().minutes(), range.end().minutes()), (540, 600));
}

#[test]
fn at_most_fifty_ranges() {
    let ranges = |count: u16| -> Vec<Value> {
        let time = |minutes| WallTime::from_minutes(minutes).expect("within a day").to_string();
        (0..count).map(|i| json!({ "day": "wed", "start": time(i * 10), "end": time(i * 10 + 5) })).collect()
    };
    let mut input = valid();
    input["weekly"] = json!(ranges(50));
    let rules = read(&input).expect("fifty ranges");
    assert_eq!(rules.weekly.ranges().len(), 50);
    input["weekly"] = json!(ranges(51));
    assert_eq!(read(&input), Err(("weekly[50]".into(), "must have at most 50 ranges".into())));

    let mut too_many = rules.weekly.ranges().to_vec();
    too_many.push(too_many[0]);
    assert_eq!(Weekly::new(too_many), Err(InvalidHours::TooMany));
    let twice = vec![rules.weekly.ranges()[0]; 2];
    assert_eq!(Weekly::new(twice), Err(InvalidHours::Overlap));
}

#[test]
fn a_provider_without_rules_is_closed() {
    let zone = Zone::parse("asia/kathmandu").expect("a zone");
    assert_eq!(zone.name(), "Asia/Kathmandu");
    let rules = CalendarRules::closed(zone);
    assert!(rules.weekly.ranges().is_empty());
    let written = serde_json::to_value(&rules).expect("serialises");
    assert_eq!(read(&written), Ok(rules));
}

#[test]
fn durations_are_five_minutes_to_a_day() {
    for (minutes, right) in [(4, false), (5, true), (1_440, true), (1_441, false)] {
        assert_eq!(DurationMinutes::new(minutes).is_ok(), right, "{minutes}");
        assert_eq!(serde_json::from_value::<DurationMinutes>(json!(minutes)).is_ok(), right, "{minutes}");
    }
}

#[test]
fn schemas_state_the_limits() {
    use utoipa::PartialSchema;
    let schema = |schema| serde_json::to_value::<utoipa::openapi::RefOr<_>>(schema).expect("serialises");
    let step = schema(banister_domain::availability::StepMinutes::schema());
    assert_eq!((&step["minimum"], &step["maximum"]), (&json!(5), &json!(240)));
    assert_eq!(schema(Weekly::schema())["maxItems"], json!(50));
    assert_eq!(schema(Zone::schema())["examples"], json!(["Europe/Lisbon"]));
    let rules = schema(CalendarRules::schema());
    assert_eq!(rules["additionalProperties"], json!(false));
    assert_eq!(rules["required"].as_array().map(Vec::len), Some(7));
}
