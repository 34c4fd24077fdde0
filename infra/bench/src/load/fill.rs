//! Fills the table past its front: copies of the items of one provider and one customer with a service and a
//! booking, so that they lie in the same indexes as those that are asked for.

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use dynoxide::{Database, DynoxideError, ImportOptions};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::market::offer;
use crate::BenchError;

/// Items that are written at once.
const AT_ONCE: usize = 20_000;

/// Adds copies until the table has `size` items.
///
/// # Errors
/// Where it has more already, or cannot be written.
pub(super) async fn fill(cloud: &Cloud, size: usize) -> Result<(), BenchError> {
    let names = example(cloud).await?;
    cloud.quiet().await.map_err(|error| BenchError::Unexpected(error.to_string()))?;
    let database = cloud.table.database().clone();
    let work = tokio::task::spawn_blocking(move || copies(&database, &names, size));
    work.await.map_err(|error| BenchError::Unexpected(error.to_string()))?
}

/// A provider and a customer with a service and a booking: what names them in items.
async fn example(cloud: &Cloud) -> Result<[String; 6], BenchError> {
    let provider = Client::join(cloud, "provider", "Example Provider").await?;
    let customer = Client::join(cloud, "customer", "Example Customer").await?;
    let service = offer(&provider).await?;
    let today = cloud.clock.now().to_zoned(TimeZone::UTC).date();
    let start = format!("{}T10:00:00Z", today.saturating_add(3.days()));
    let booking = customer.book(&service, &start, "example-booking").await?;
    let booking = booking.expect(StatusCode::CREATED, "book")?;
    let booking = booking["id"].as_str().unwrap_or_default().to_owned();
    Ok([provider.email, customer.email, provider.id, customer.id, service, booking])
}

/// Adds copies of what finds a person and signs them in, until there are `users` of them.
///
/// # Errors
/// Where there are more already, or they cannot be written.
pub(super) async fn people(cloud: &Cloud, person: &Client, users: usize) -> Result<(), BenchError> {
    cloud.quiet().await.map_err(|error| BenchError::Unexpected(error.to_string()))?;
    let (database, names) = (cloud.table.database().clone(), [person.email.clone(), person.id.clone()]);
    let work = tokio::task::spawn_blocking(move || {
        let items = items(&database)?;
        let known = items.iter().filter(|item| item["t"]["S"] == "user").count();
        let too_many = || BenchError::Unexpected(format!("{known} users before {users} are reached"));
        let missing = users.checked_sub(known).ok_or_else(too_many)?;
        let kinds = ["user", "credentials", "user_term"].map(Value::from);
        let own = items.iter().filter(|item| kinds.contains(&item["t"]["S"]) && is_own(item, &names));
        let own: Vec<_> = own.map(Value::to_string).collect();
        write(&database, &own, &names, missing * own.len())
    });
    work.await.map_err(|error| BenchError::Unexpected(error.to_string()))?
}

fn copies(database: &Database, names: &[String], size: usize) -> Result<(), BenchError> {
    let items = items(database)?;
    let too_many = || BenchError::Unexpected(format!("{} items before {size} are reached", items.len()));
    let missing = size.checked_sub(items.len()).ok_or_else(too_many)?;
    let own: Vec<_> = items.iter().filter(|item| is_own(item, names)).map(Value::to_string).collect();
    write(database, &own, names, missing)
}

/// Writes so many copies of the items `own`, each round of them with other names.
fn write(
    database: &Database,
    own: &[String],
    names: &[String],
    mut missing: usize,
) -> Result<(), BenchError> {
    if own.is_empty() {
        return Err(BenchError::Unexpected("the example left no items".into()));
    }
    let mut numbers = 0_u64..;
    while missing > 0 {
        let mut batch = Vec::with_capacity(AT_ONCE);
        while batch.len() < AT_ONCE.min(missing) {
            let copy = numbers.next().map(|number| copy_names(names, number)).unwrap_or_default();
            for example in own.iter().take(AT_ONCE.min(missing) - batch.len()) {
                batch.push(serde_json::from_str(&renamed(example, &copy))?);
            }
        }
        missing -= batch.len();
        database.import_items("banister", batch, ImportOptions::default()).map_err(|error| broken(&error))?;
    }
    Ok(())
}

/// Every item of the table.
fn items(database: &Database) -> Result<Vec<Value>, BenchError> {
    let (mut items, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut ask = json!({ "TableName": "banister" });
        if !after.is_null() {
            ask["ExclusiveStartKey"] = after;
        }
        let page = database.scan(serde_json::from_value(ask)?).map_err(|error| broken(&error))?;
        let mut page = serde_json::to_value(page)?;
        if let Value::Array(found) = page["Items"].take() {
            items.extend(found);
        }
        after = page["LastEvaluatedKey"].take();
        if after.is_null() {
            return Ok(items);
        }
    }
}

/// Whether the example's names are in the key, so that a copy is another item.
fn is_own(item: &Value, names: &[String]) -> bool {
    let key = format!("{} {}", item["PK"]["S"], item["SK"]["S"]);
    names.iter().any(|name| key.contains(name))
}

/// Each name with the one that takes its place, of the same length: an id keeps its prefix and has digits only.
fn copy_names(names: &[String], number: u64) -> Vec<(&str, String)> {
    let of = |(place, name): (u64, &'_ String)| match name.split_once('_') {
        Some((prefix, _)) => format!("{prefix}_{:026}", number * 10 + place),
        None => format!("{place}{number:015}@example.com"),
    };
    (0..).zip(names).map(|(place, name)| (name.as_str(), of((place, name)))).collect()
}

fn renamed(item: &str, names: &[(&str, String)]) -> String {
    names.iter().fold(item.to_owned(), |item, (old, new)| item.replace(old, new))
}

fn broken(error: &DynoxideError) -> BenchError {
    BenchError::Unexpected(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_another_item_of_the_same_size() {
        let names = [
            "example.provider@example.com",
            "example.customer@example.com",
            "usr_01KB2Q8A4N7Y5V3T1R9QWXMCDF",
            "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
            "svc_01KB2QB6Y2D5F8H1K4N7QSTVWX",
            "bkg_01KB2QHZ3K6N9Q2T5W8YABCDEF",
        ]
        .map(String::from);
        let item = json!({ "PK": { "S": format!("USER#{}", names[2]) }, "SK": { "S": "USER" },
            "email": { "S": names[0] } });
        assert!(is_own(&item, &names));
        assert!(!is_own(
            &json!({ "PK": { "S": "AUDIT#1" }, "SK": { "S": "1" }, "user": { "S": names[2] } }),
            &names
        ));
        let text = item.to_string();
        let copies = [7, 8].map(|number| renamed(&text, &copy_names(&names, number)));
        assert!(copies[0].contains("USER#usr_00000000000000000000000072"), "{}", copies[0]);
        assert_ne!(copies[0], copies[1]);
        assert_eq!(copies[0].len(), text.len());
    }
}
