//! Providers and services of all kinds as the API writes them, and their cards as they are made again.

use banister_domain::account::{Account, Role};
use banister_domain::id::{Id, ServiceId, UserId};
use banister_domain::review::Tally;
use banister_domain::search::{CardId, ProviderCard, ServiceCard};
use banister_domain::service::{Category, Service};
use banister_local::cloud::Cloud;
use banister_platform::store::{AccountRecord, CardRecord, RulesRecord, ServiceRecord};
use banister_platform::table::{Record, key};
use dynoxide::{Database, ImportOptions};
use jiff::{SignedDuration, Timestamp, Unit};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::BenchError;

/// Different words of each language: as many as are in use in such texts.
const DIFFERENT: u64 = 20_000;
/// Providers or services imported in one go.
const AT_ONCE: usize = 1_000;

/// A number that is another one for each `of`, and always the same.
fn dice(of: u64, sides: u64) -> u64 {
    // SplitMix64 (Steele, Lea and Flood, 2014).
    let mut mixed = of.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % sides
}

/// Made-up words, of which some are in many texts and most in few.
pub(super) struct Words;

const ENGLISH: [&str; 16] = [
    "ba", "den", "fil", "gor", "hem", "jun", "kal", "lo", "mas", "nep", "or", "pra", "rin", "sto", "tur",
    "vel",
];
const RUSSIAN: [&str; 16] = [
    "ба", "ден", "фил", "гор", "хем", "жун", "кал", "ло", "мас", "неп", "ор", "пра", "рин", "сто", "тур",
    "вел",
];

fn word(syllables: &[&str; 16], number: u64) -> String {
    let mut rest = number + 16;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(syllables[usize::try_from(rest % 16).unwrap_or(0)]);
        rest /= 16;
    }
    word
}

/// A word's number: low ones come often (Zipf's law, roughly: the logarithm is even).
fn often(of: u64) -> u64 {
    let (bits, low) = (dice(of, 15), dice(of ^ 0xabcd, 1 << 15));
    ((1 << bits) + low % (1 << bits)).min(DIFFERENT - 1)
}

impl Words {
    fn text(of: u64, count: u64) -> String {
        let syllables = if dice(of, 3) == 0 { &RUSSIAN } else { &ENGLISH };
        let words = (0..count).map(|place| word(syllables, often(of.wrapping_mul(1_000_003) + place)));
        words.collect::<Vec<_>>().join(" ")
    }

    /// A question with words, a place and a week of its own.
    pub(super) fn ask(question: &str, number: u64, now: Timestamp) -> String {
        let of = number + 77_000_000;
        let begun: String = word(&ENGLISH, often(of + 1)).chars().take(3).collect();
        let in_days = |days: i64| now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        let from = in_days(1 + i64::try_from(dice(of, 5)).unwrap_or(0));
        let to = from.saturating_add(SignedDuration::from_hours(7 * 24)).unwrap_or(from);
        let [latitude, longitude] = place(of);
        question
            .replace("{word}", &word(&ENGLISH, often(of)))
            .replace("{begun}", &begun)
            .replace("{russian}", &word(&RUSSIAN, often(of)))
            .replace("{place}", &format!("latitude={latitude}&longitude={longitude}"))
            .replace("{week}", &format!("free_from={from}&free_to={to}"))
    }
}

/// Around one of twenty towns.
fn place(of: u64) -> [String; 2] {
    let (town, [north, east]) = (dice(of, 20), [dice(of + 1, 400), dice(of + 2, 400)]);
    [format!("{}.{:03}", 38 + town % 5, north), format!("-{}.{:03}", 1 + town / 5, east)]
}

/// The id of a provider.
pub(crate) fn user(number: u64) -> UserId {
    Id::from_parts(1_700_000_000_000 + number, number.into())
}

/// The id of a service.
pub(crate) fn service_id(number: u64) -> ServiceId {
    Id::from_parts(1_700_000_000_000 + number, number.into())
}

/// Puts them into the table with their cards: each provider has five services.
pub(crate) async fn fill(cloud: &Cloud, providers: u64, services: u64) -> Result<(), BenchError> {
    let (database, now) = (cloud.table.database().clone(), cloud.clock.now());
    let work = tokio::task::spawn_blocking(move || {
        for from in (0..providers).step_by(AT_ONCE) {
            let numbers = from..providers.min(from + AT_ONCE as u64);
            let items = numbers.map(|number| provider(number, now)).collect::<Result<Vec<_>, _>>()?;
            import(&database, items.into_iter().flatten())?;
        }
        for from in (0..services).step_by(AT_ONCE) {
            let numbers = from..services.min(from + AT_ONCE as u64);
            let items = numbers.map(|number| service(number, number % providers, now));
            import(&database, items.collect::<Result<Vec<_>, _>>()?.into_iter().flatten())?;
        }
        Ok::<(), BenchError>(())
    });
    work.await.map_err(|error| BenchError::Unexpected(error.to_string()))?
}

/// The card of something that can be found.
fn card(kind: &str, told: &impl Serialize, id: CardId, now: Timestamp) -> Result<Value, BenchError> {
    let now = now.round(Unit::Millisecond).unwrap_or(now);
    let kept: CardRecord = serde_json::from_value(json!({ "id": id, "changed_at": now, kind: told }))?;
    item(&kept)
}

/// Puts items into the table.
pub(crate) fn import(database: &Database, items: impl Iterator<Item = Value>) -> Result<(), BenchError> {
    let batch = items.map(serde_json::from_value).collect::<Result<Vec<_>, _>>()?;
    let imported = database.import_items("banister", batch, ImportOptions::default());
    imported.map(drop).map_err(|error| BenchError::Unexpected(error.to_string()))
}

/// The item of a record as the table has it.
pub(crate) fn item<R: Record>(record: &R) -> Result<Value, BenchError> {
    let written = serde_json::to_value(record)?;
    let mut item: Map<_, _> = written
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect();
    let mut set = |name: &str, text: &str| item.insert(name.to_owned(), json!({ "S": text }));
    set("t", R::TYPE);
    let key = record.key();
    set("PK", &key.pk);
    set("SK", &key.sk);
    for place in record.indexes() {
        let (pk, sk) = place.index.attributes();
        set(pk, &place.key.pk);
        set(sk, &place.key.sk);
    }
    item.insert("v".into(), json!({ "N": "1" }));
    Ok(Value::Object(item))
}

fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(all) => json!({ "L": all.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(all) => {
            let members: Map<_, _> =
                all.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
            json!({ "M": members })
        }
    }
}

/// A provider's account and calendar.
fn provider(number: u64, now: Timestamp) -> Result<Vec<Value>, BenchError> {
    let wrong = |what: &str| BenchError::Unexpected(format!("{what} of provider {number}"));
    let name = |of: u64| word(&ENGLISH, often(number * 7 + of)).parse().map_err(|_| wrong("the name"));
    let email = format!("provider.{number}@example.com").parse().map_err(|_| wrong("the address"))?;
    let id = user(number);
    let mut account = Account::new(id, email, Role::Provider, (name(1)?, name(2)?), now);
    let [latitude, longitude] = place(number * 3).map(|degrees| degrees.parse::<f64>().unwrap_or_default());
    let language = ["en", "ru", "pt-BR"][usize::try_from(dice(number, 3)).unwrap_or(0)];
    account.provider = serde_json::from_value(json!({
        "languages": [language],
        "service_area": { "latitude": latitude, "longitude": longitude, "radius_km": 20 + dice(number, 80) },
    }))?;
    let days = ["mon", "tue", "wed", "thu", "fri"];
    let weekly = days.map(|day| json!({ "day": day, "start": "09:00", "end": "17:00" }));
    let rules = serde_json::from_value(json!({ "time_zone": "Europe/Lisbon", "weekly": weekly,
        "buffer_before_minutes": 0, "buffer_after_minutes": 15, "min_notice_minutes": 60, "horizon_days": 60,
        "slot_step_minutes": 30 }))?;
    let rules = RulesRecord { provider_id: id, rules, vacations: Vec::new() };
    let told = ProviderCard::of(&account, Tally::default());
    Ok(vec![
        card("provider", &told, CardId::Provider(id), now)?,
        item(&AccountRecord(account))?,
        item(&rules)?,
    ])
}

/// A service, and of every fifth what its ratings add up to.
fn service(number: u64, provider: u64, now: Timestamp) -> Result<Vec<Value>, BenchError> {
    let kinds = ["at_customer", "at_provider", "online"];
    let kind = kinds[usize::try_from(dice(number, 3)).unwrap_or(0)];
    let category = Category::ALL[usize::try_from(dice(number + 9, 10)).unwrap_or(0)];
    let mut written = json!({
        "id": service_id(number), "provider_id": user(provider),
        "title": Words::text(number * 2, 2 + dice(number, 4)),
        "description": Words::text(number * 2, 20 + dice(number, 60)),
        "category": category,
        "price": { "amount": 1_000 + 100 * dice(number, 200), "currency": if dice(number, 4) == 0 { "usd" } else { "eur" } },
        "duration_minutes": 60, "location_kind": kind, "status": "published", "created_at": now, "updated_at": now,
    });
    if kind == "at_provider" {
        let [latitude, longitude] =
            place(provider * 3).map(|degrees| degrees.parse::<f64>().unwrap_or_default());
        written["place"] = json!({ "latitude": latitude, "longitude": longitude });
    }
    let service: Service = serde_json::from_value(written)?;
    let rating = key::service_rating(service.id);
    let mut tally = Tally::default();
    let mut items = Vec::new();
    if dice(number, 5) == 0 {
        tally.count = i64::try_from(1 + dice(number, 30)).unwrap_or(1);
        tally.sum = tally.count * 3 + i64::try_from(dice(number + 5, 60)).unwrap_or(0).min(tally.count * 2);
        items.push(json!({ "PK": { "S": rating.pk }, "SK": { "S": rating.sk }, "t": { "S": "rating" },
            "count": { "N": tally.count.to_string() }, "sum": { "N": tally.sum.to_string() } }));
    }
    items.push(card("service", &ServiceCard::of(&service, tally), CardId::Service(service.id), now)?);
    items.push(item(&ServiceRecord(service))?);
    Ok(items)
}
