//! The counters of the marketplace.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_domain::statistics::Side;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::table::{Item, key};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{because, path};
use crate::problems::refused_parameter;
use crate::support::counters::{by_hand, counters_agree, statistics, statistics_as, told};
use crate::support::{body, cloud_at, customer, pass, provider, service, super_admin};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";

async fn accountant(cloud: &Cloud) -> Client {
    let reports: Permissions = [Permission::FinancialReports].into_iter().collect();
    Client::staff(cloud, Role::Accountant, reports, "Accountant One").await.unwrap()
}

async fn shown(cloud: &Cloud, who: &Client, query: &str) -> Value {
    cloud.quiet().await.unwrap();
    body(who.get(&format!("/v1/admin/statistics?{query}")).await.unwrap(), 200)
}

/// Two bookings, one of them confirmed; with who made them.
async fn market(cloud: &Cloud) -> (Client, Client, Vec<String>) {
    let provider = provider(cloud, "Provider One").await;
    let service = service(&provider, 60).await;
    let customer = customer(cloud, "Customer One").await;
    let mut ids = Vec::new();
    for (number, day) in ["2031-03-10", "2031-03-11"].into_iter().enumerate() {
        let answer =
            customer.book(&service, &format!("{day}T10:00:00Z"), &format!("intention-{number}")).await;
        ids.push(body(answer.unwrap(), 201)["id"].as_str().unwrap().to_owned());
    }
    provider.act(&format!("/v1/bookings/{}/confirm", ids[0])).await.unwrap();
    (provider, customer, ids)
}

#[tokio::test]
async fn what_is_there_is_counted_on_the_day_it_was_made() {
    let cloud = cloud_at(START).await;
    let (_, customer, _) = market(&cloud).await;
    pass(&cloud, 86_400).await;
    let admin = super_admin(&cloud, "Super Admin").await;
    body(admin.post(&path(&customer, "/disable"), &because("A test.")).await.unwrap(), 200);

    let staff = accountant(&cloud).await;
    let page = shown(&cloud, &staff, "from=2031-03-03&to=2031-03-04").await;
    let price = body(admin.get(&format!("/v1/services/{}", service_of(&cloud).await)).await.unwrap(), 200);
    let days: Vec<_> = page["periods"].as_array().unwrap().iter().collect();
    assert_eq!(
        (days.len(), &days[0]["from"], &days[1]["to"]),
        (2, &json!("2031-03-03"), &json!("2031-03-04"))
    );
    // Switched off a day later, and counted where it was made.
    let users = |role: &str| {
        let of = |status: &str| days[0]["users"][role][status].as_i64().unwrap();
        [of("active"), of("disabled")]
    };
    assert_eq!((users("customer"), users("provider")), ([0, 1], [1, 0]));
    assert_eq!(days[0]["services"], json!({ "draft": 0, "published": 1, "archived": 0 }));
    assert_eq!(
        (&days[0]["bookings"]["confirmed"], &days[0]["bookings"]["requested"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(days[0]["bookings"]["expired"], 1, "nobody answered it");
    assert_eq!(days[0]["booked"], json!([price["price"]]));
    assert_eq!(days[1]["users"]["super_admin"]["active"], 1);
    assert_eq!((&days[1]["bookings"]["confirmed"], &days[1]["booked"]), (&json!(0), &json!([])));
    assert_eq!(page["totals"]["users"]["super_admin"]["active"], 1);
    assert_eq!(page["totals"]["booked"], days[0]["booked"]);
    counters_agree(&cloud).await;
}

async fn service_of(cloud: &Cloud) -> String {
    let items = crate::support::invariants::items(cloud).await;
    let service = items.into_iter().find(|item| item["t"].as_s().is_ok_and(|t| t == "service")).unwrap();
    service["id"].as_s().unwrap().clone()
}

#[tokio::test]
async fn days_are_put_together() {
    let cloud = cloud_at(START).await;
    for day in 0..9 {
        customer(&cloud, &format!("Customer {day}")).await;
        pass(&cloud, 86_400).await;
    }
    let count = |page: &Value| -> Vec<(String, String, i64)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of = |period: &Value| {
            let active = period["users"]["customer"]["active"].as_i64().unwrap();
            (text(&period["from"]), text(&period["to"]), active)
        };
        page["periods"].as_array().unwrap().iter().map(of).collect()
    };
    let staff = accountant(&cloud).await;
    let weeks = shown(&cloud, &staff, "from=2031-03-01&to=2031-03-12&group=week").await;
    let spans =
        [("2031-03-01", "2031-03-02", 0), ("2031-03-03", "2031-03-09", 7), ("2031-03-10", "2031-03-12", 2)];
    assert_eq!(count(&weeks), spans.map(|(from, to, n)| (from.to_owned(), to.to_owned(), n)));
    let months = shown(&cloud, &staff, "from=2031-02-01&to=2031-04-30&group=month").await;
    assert_eq!(count(&months).iter().map(|(_, _, n)| *n).collect::<Vec<_>>(), [0, 9, 0]);
    // The last 30 days.
    assert_eq!(count(&shown(&cloud, &staff, "").await).len(), 30);
    for (query, name) in [
        ("from=2031-03-02&to=2031-03-01", "from"),
        ("from=2030-01-01&to=2031-03-01", "from"),
        ("group=year", "group"),
        ("from=yesterday", "from"),
    ] {
        let answer = staff.get(&format!("/v1/admin/statistics?{query}")).await.unwrap();
        refused_parameter(&answer, name, "invalid");
    }
}

/// The one who counts dies at each of its calls, is refused, and comes again with what it has counted.
#[tokio::test]
async fn what_comes_twice_is_counted_once() {
    let cloud = cloud_at(START).await;
    for (n, after) in (1..=3).flat_map(|n| [(n, false), (n, true)]) {
        cloud.quiet().await.unwrap();
        if after {
            cloud.faults.crash_after("local-projections", n);
        } else {
            cloud.faults.crash_before("local-projections", n);
        }
        let number = n * 2 + u64::from(after);
        Client::join(&cloud, "customer", &format!("Customer {number}")).await.unwrap();
        while !cloud.faults.crashed("local-projections") {
            tokio::task::yield_now().await;
        }
        cloud.faults.revive("local-projections");
    }
    cloud.quiet().await.unwrap();
    counters_agree(&cloud).await;
    // All of it once more, by several at a time, and older versions last.
    let all: Vec<_> = crate::support::invariants::items(&cloud).await;
    let all: Vec<_> =
        all.into_iter().filter_map(|item| banister_platform::store::Counted::of(item).unwrap()).collect();
    let older: Vec<_> = all
        .iter()
        .map(|counted| banister_platform::store::Counted {
            version: 0,
            contribution: None,
            ..counted.clone()
        })
        .collect();
    let counters = statistics(&cloud);
    for done in join_all([&all, &older, &all].map(|things| counters.count(things))).await {
        done.unwrap();
    }
    counters_agree(&cloud).await;
    assert_eq!(told(&cloud).await.totals.iter().map(|(_, count)| count).sum::<i64>(), 6);
}

#[tokio::test]
async fn what_is_gone_does_not_count() {
    let cloud = cloud_at(START).await;
    let (_, customer, _) = market(&cloud).await;
    cloud.quiet().await.unwrap();
    let key = key::user(customer.id.parse().unwrap());
    let call = cloud.table.client("local-test").delete_item().table_name("banister");
    let call = call.key("PK", AttributeValue::S(key.pk)).key("SK", AttributeValue::S(key.sk));
    call.send().await.unwrap();
    cloud.quiet().await.unwrap();
    counters_agree(&cloud).await;
    let customers =
        told(&cloud).await.totals.iter().filter(|(c, _)| c.to_string().contains("customer")).count();
    assert_eq!(customers, 0);
}

/// Whatever a counter was made to say, it is right after it was made again.
#[tokio::test]
async fn counters_are_made_again() {
    let cloud = cloud_at(START).await;
    let (_, owner, _) = market(&cloud).await;
    cloud.quiet().await.unwrap();
    let good = told(&cloud).await;
    assert_eq!(good, by_hand(&cloud).await);
    for shard in 0..key::SHARDS {
        spoil(&cloud, &key::statistics_shard(0, shard), "2031-03-03").await;
        spoil(&cloud, &key::statistics_shard(0, shard), key::TOTAL).await;
    }
    let side = Side::Customer(owner.id.parse().unwrap());
    let own = statistics(&cloud).own(side).await.unwrap();
    spoil(&cloud, &key::own_counts_of(side), &key::own_counts(side, 0).sk).await;
    assert_ne!(told(&cloud).await, good);
    assert_ne!(statistics(&cloud).own(side).await.unwrap(), own);
    let rebuilt = statistics(&cloud).rebuild().await.unwrap();
    assert_eq!((rebuilt.generation, rebuilt.things, rebuilt.unreadable), (1, 5, 0));
    assert_eq!((rebuilt.corrected.len(), rebuilt.corrected_days), (1, 1));
    assert_eq!(told(&cloud).await, good);
    assert_eq!(statistics(&cloud).own(side).await.unwrap(), own);
    counters_agree(&cloud).await;
    // The next change is counted where it is told.
    customer(&cloud, "Customer Two").await;
    cloud.quiet().await.unwrap();
    counters_agree(&cloud).await;
    let again = statistics(&cloud).rebuild().await.unwrap();
    assert_eq!((again.corrected.len(), again.corrected_days, again.generation), (0, 0, 2));
    // Only the ones just before are left, for whoever is reading them.
    let all = crate::support::invariants::items(&cloud).await;
    let has = |start: &str| all.iter().any(|item| item["PK"].as_s().unwrap().starts_with(start));
    assert_eq!((has("STAT#0#"), has("STAT#1#"), has("STAT#2#")), (false, true, true));
    let of = |item: &&Item| item["PK"].as_s().unwrap() == &key::own_counts_of(side);
    let generations: Vec<_> = all.iter().filter(of).map(|item| item["SK"].as_s().unwrap().clone()).collect();
    assert_eq!(generations, [1, 2].map(|generation| key::own_counts(side, generation).sk));
}

async fn spoil(cloud: &Cloud, pk: &str, sk: &str) {
    let call = cloud.table.client("local-test").update_item().table_name("banister");
    let call = call.key("PK", AttributeValue::S(pk.into())).key("SK", AttributeValue::S(sk.into()));
    let name = HashMap::from([("#n".to_owned(), "users.customer.active".to_owned())]);
    let call = call.update_expression("ADD #n :n").set_expression_attribute_names(Some(name));
    call.expression_attribute_values(":n", AttributeValue::N("7".into())).send().await.unwrap();
}

/// The command dies at one call after the other and is run again, while people join.
#[tokio::test]
async fn counters_are_made_again_while_the_market_goes_on() {
    let cloud = cloud_at(START).await;
    market(&cloud).await;
    let mut crashes = 0;
    loop {
        cloud.faults.crash_before("local-rebuild", 1 + 4 * crashes);
        let command = statistics_as(&cloud, "local-rebuild");
        let name = format!("Customer Of Run {crashes}");
        let (rebuilt, joined) = tokio::join!(command.rebuild(), Client::join(&cloud, "customer", &name));
        joined.unwrap();
        let died = cloud.faults.crashed("local-rebuild");
        cloud.faults.revive("local-rebuild");
        if !died {
            rebuilt.unwrap();
            break;
        }
        rebuilt.unwrap_err();
        crashes += 1;
    }
    assert!(crashes > 3, "{crashes}");
    cloud.quiet().await.unwrap();
    counters_agree(&cloud).await;
}
