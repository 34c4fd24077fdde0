//! Of every kind of item that an export shows: each attribute is in it as it is kept, or in a list, with why not.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use banister_domain::account::Role;
use banister_domain::id::PhotoId;
use banister_local::client::{Client, PASSWORD, Socket};
use banister_local::cloud::Cloud;
use banister_platform::random;
use reqwest::Method;
use serde_json::{Value, json};

use super::held::{ELSEWHERE, LEFT, NAMED, OF_OTHER_KINDS, SHOWN};
use super::{Person, attribute, everybody, export, sources};
use crate::support::invariants::{HashMap, items};
use crate::support::{body, change_account};

/// How the table finds an item, of which kind it is, how often it was written, and when it may go.
const KEYS: [&str; 11] =
    ["PK", "SK", "GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK", "GSI3PK", "GSI3SK", "t", "v", "ttl"];

/// Everybody of the story and the roles that are not in it, with everything filled in.
async fn filled() -> (Cloud, Vec<Person>, Socket) {
    let (cloud, persons, socket) = everybody().await;
    let mut persons = Vec::from(persons);
    let (customer, provider) = (&persons[0].client, &persons[1].client);
    let code = json!({ "code": customer.code_from_mail(&cloud).await.unwrap() });
    assert_eq!(customer.post("/v1/me/phone/confirm", &code).await.unwrap().status, 204);
    let wrong = json!({ "password": PASSWORD, "code": "000000" });
    body(customer.post("/v1/me/totp/recovery-codes", &wrong).await.unwrap(), 422);
    let rate = json!({ "provider": { "hourly_rate": { "amount": 6_500, "currency": "eur" } } });
    body(provider.patch("/v1/me", &rate).await.unwrap(), 200);
    body(provider.post("/v1/me/totp", &json!({ "password": PASSWORD })).await.unwrap(), 201);
    on_a_device(provider).await;
    let path = format!("/v1/admin/users/{}/permissions", persons[2].client.id);
    let more = json!({ "permissions": ["user_management", "financial_reports"] });
    body(persons[3].client.put_over(&path, &more).await.unwrap(), 200);
    for (role, name) in [(Role::Accountant, "Isolde Tallowmere"), (Role::Management, "Barnaby Crookhorn")] {
        let client = Client::staff(&cloud, role, role.starting_permissions(), name).await.unwrap();
        let name = name.to_lowercase();
        persons.push(Person::new(&client, &name.split(' ').collect::<Vec<_>>()));
    }
    cloud.quiet().await.unwrap();
    let now = cloud.clock.now();
    let (photo, retired): (PhotoId, PhotoId) = (random::id(now), random::id(now));
    // What is there for moments only.
    change_account(&cloud, &persons[0].client.id, |account| {
        let mut account = serde_json::to_value(account).unwrap();
        account["photo"]["upload"] = json!({ "id": photo, "content_type": "image/png", "size": 4_711,
            "expires_at": now, "outcome": { "rejected": "damaged" }, "examinations": [now] });
        account["photo"]["retired"] = json!([retired]);
        account["disabled"] = json!({ "reason": "For staff.", "at": now });
        serde_json::from_value(account).unwrap()
    })
    .await;
    (cloud, persons, socket)
}

/// A session that says on what it is used, refreshed.
async fn on_a_device(client: &Client) {
    let agent = [("user-agent", "A telephone/1.0")];
    let ask = json!({ "email": client.email, "password": PASSWORD });
    let session = client.call(Method::POST, "/v1/sessions", &agent, Some(&ask)).await.unwrap();
    let ask = json!({ "refresh_token": body(session, 201)["refresh_token"] });
    let session = client.call(Method::POST, "/v1/sessions/refresh", &agent, Some(&ask)).await.unwrap();
    body(session, 200);
}

/// Every scalar of an attribute, under the names that lead to it; what is in a list has the list's.
fn leaves(path: &str, value: &AttributeValue, found: &mut Vec<(String, Value)>) {
    use AttributeValue as A;
    let scalar = match value {
        A::M(members) => {
            return members
                .iter()
                .for_each(|(name, member)| leaves(&format!("{path}.{name}"), member, found));
        }
        A::L(values) => return values.iter().for_each(|value| leaves(path, value, found)),
        A::S(text) => text.as_str().into(),
        A::N(text) => serde_json::from_str(text).expect("a number"),
        A::Bool(value) => (*value).into(),
        A::Null(_) => Value::Null,
        other => panic!("{path}: {other:?}"),
    };
    found.push((path.to_owned(), scalar));
}

/// What lies at names that lead through members and lists.
fn values<'a>(value: &'a Value, path: &[&str]) -> Vec<&'a Value> {
    match (value, path) {
        (Value::Array(values), _) => values.iter().flat_map(|value| self::values(value, path)).collect(),
        (_, []) => vec![value],
        (_, [name, rest @ ..]) => value.get(name).map(|member| values(member, rest)).unwrap_or_default(),
    }
}

/// What the export may show an item as.
fn candidates(export: &Value, kind: &str) -> Vec<Value> {
    let row = SHOWN.iter().find(|row| row.kind == kind).expect("a kind that is shown");
    let places = row.pointers.split(' ').filter_map(|pointer| export.pointer(pointer));
    // One item that is a list.
    if kind == "grants" {
        return places.cloned().collect();
    }
    let each = places.flat_map(|place| place.as_array().cloned().unwrap_or_else(|| vec![place.clone()]));
    if kind != "booking_history" {
        return each.collect();
    }
    let lines = |booking: Value| {
        let mut lines = booking["history"].as_array().cloned().unwrap_or_default();
        for line in &mut lines {
            line["booking_id"] = booking["id"].clone();
        }
        lines
    };
    each.flat_map(lines).collect()
}

/// The kind of an item, told apart where not all of it is the person's.
fn label(item: &HashMap, kind: &str, export: &Value, id: &str) -> String {
    let (actor, by) = (attribute(item, "actor"), attribute(item, "actor_id"));
    let of_others = match kind {
        "booking_history" => actor != Some("staff") && by != Some(id),
        "audit" if by == Some(id) => return "audit on others".to_owned(),
        "audit" => {
            let lines = export["audit_about"].as_array().expect("a list");
            let line = lines.iter().find(|line| line["id"].as_str() == attribute(item, "id"));
            line.is_none_or(|line| line["by"] != "owner")
        }
        _ => false,
    };
    if of_others { format!("{kind} by others") } else { kind.to_owned() }
}

/// Whether a row of the lists is for a label: for what the kind's items have in common, or for some of them.
fn is_of(row: &str, label: &str) -> bool {
    row == "*" || label.strip_prefix(row).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn is_left((kind, attribute, _): &(&str, &str, &str), label: &str, path: &str) -> bool {
    let within =
        |all: &str| path.strip_prefix(all).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    is_of(kind, label) && attribute.strip_suffix(".*").map_or(*attribute == path, within)
}

/// Where the export has an attribute: from its beginning where that begins with a slash, else in what shows
/// the item.
fn place(label: &str, path: &str) -> (Option<usize>, String) {
    let fits = |from: &str| path.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('.'));
    let rows = NAMED.iter().enumerate().filter(|(_, row)| is_of(row.0, label));
    let best = rows.filter_map(|(number, row)| Some((number, row, fits(row.1)?)));
    match best.max_by_key(|(_, row, _)| (row.0.len(), row.1.len())) {
        Some((number, row, rest)) => {
            (Some(number), format!("{}{rest}", row.2).trim_start_matches('.').to_owned())
        }
        None => (None, path.to_owned()),
    }
}

fn is_shown(export: &Value, candidate: &Value, place: &str, wanted: &Value) -> bool {
    let (root, path) = match place.strip_prefix('/') {
        Some(path) => (export, path),
        None => (candidate, place),
    };
    let same = |shown: &&Value| match (*shown, wanted) {
        (Value::Number(shown), Value::Number(wanted)) => shown.as_f64() == wanted.as_f64(),
        (shown, wanted) => shown == wanted,
    };
    values(root, &path.split('.').collect::<Vec<_>>()).iter().any(same)
}

#[tokio::test]
async fn every_attribute_is_in_it_or_is_left_out_for_a_reason() {
    let (cloud, persons, _socket) = filled().await;
    let (mut missing, mut left, mut named) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut met = BTreeSet::new();
    let everything = items(&cloud).await;
    for person in &persons {
        let export = export(&person.client).await;
        let bookings = candidates(&export, "booking");
        let of_booking = |item: &HashMap| {
            attribute(item, "booking_id").is_some_and(|id| bookings.iter().any(|own| own["id"] == id))
        };
        for item in everything.iter().filter(|item| person.is_in(item) || of_booking(item)) {
            let kind = attribute(item, "t").expect("every item says what it is");
            let elsewhere = ELSEWHERE.iter().any(|row| row.0 == kind) && person.only_made(item);
            let elsewhere = elsewhere && !of_booking(item);
            if elsewhere || person.is_waited_for(item) || !SHOWN.iter().any(|row| row.kind == kind) {
                continue;
            }
            let label = label(item, kind, &export, &person.client.id);
            let mut wanted = Vec::new();
            for (name, value) in item.iter().filter(|(name, _)| !KEYS.contains(&name.as_str())) {
                leaves(name, value, &mut wanted);
            }
            met.extend(wanted.iter().flat_map(|(path, _)| path.split('.').map(ToOwned::to_owned)));
            wanted.retain(|(path, _)| {
                let row = LEFT.iter().position(|row| is_left(row, &label, path));
                left.extend(row);
                row.is_none()
            });
            let lacking = |candidate: &Value| -> Vec<_> {
                let lacks = |(path, value): &&(String, Value)| {
                    !is_shown(&export, candidate, &place(&label, path).1, value)
                };
                wanted.iter().filter(lacks).cloned().collect()
            };
            named.extend(wanted.iter().filter_map(|(path, _)| place(&label, path).0));
            let all = candidates(&export, kind);
            let fewest = all.iter().map(lacking).min_by_key(Vec::len);
            let fewest = fewest.unwrap_or_else(|| wanted.clone());
            missing.extend(fewest.into_iter().map(|(path, value)| format!("{label}: {path} = {value}")));
        }
    }
    let missing: Vec<_> = missing.into_iter().collect();
    assert!(missing.is_empty(), "show it, or say why not:\n{}", missing.join("\n"));
    let unmet = LEFT.iter().enumerate().filter(|(number, _)| !left.contains(number)).map(|(_, row)| row.1);
    assert_eq!(unmet.collect::<Vec<_>>(), Vec::<&str>::new(), "no item has these to be left out");
    let unmet = NAMED.iter().enumerate().filter(|(number, _)| !named.contains(number)).map(|(_, row)| row.1);
    assert_eq!(unmet.collect::<Vec<_>>(), Vec::<&str>::new(), "no item has these to be named otherwise");
    // What an item may be without is filled in by the story, or is of kinds that are not shown.
    let known = met.iter().map(String::as_str).chain(OF_OTHER_KINDS).collect::<BTreeSet<_>>();
    let optional = optional();
    let unknown: Vec<_> = optional.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "nobody of the story has these");
    let stale: Vec<_> = OF_OTHER_KINDS.iter().filter(|name| met.contains(**name)).collect();
    assert_eq!(stale, Vec::<&&str>::new(), "these are met");
}

/// The names of all attributes that are written only where there is something in them.
fn optional() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in sources(&["domain/src", "platform/src/store"]) {
        for (_, rest) in text.match_indices("skip_serializing_if").map(|(at, _)| text.split_at(at)) {
            let field = rest.lines().skip(1).find_map(|line| {
                let (name, _) = line.trim().split_once(": ")?;
                let name = name.rsplit(' ').next()?;
                let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
                let is_code = !line.trim().starts_with("//");
                (is_code && name.bytes().all(is_name)).then(|| name.to_owned())
            });
            found.extend(field);
        }
    }
    assert!(found.len() > 30, "{found:?}");
    found
}
