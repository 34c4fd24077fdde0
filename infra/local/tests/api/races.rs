//! Races.

use futures_util::future::join_all;
use std::time::Instant;

use crate::support;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe() {
    let t = Instant::now();
    let cloud = support::cloud().await;
    println!("cloud {:?}", t.elapsed());
    let t = Instant::now();
    let names: Vec<_> = (0..100).map(|n| format!("Racer {n}")).collect();
    let customers = join_all(names.iter().map(|name| support::customer(&cloud, name))).await;
    println!("100 customers {:?}", t.elapsed());
    let provider = support::provider(&cloud, "Provider One").await;
    let service = support::service(&provider, 90).await;
    let at = support::moment(&cloud, 2, "10:00");
    let t = Instant::now();
    let answers = join_all(customers.iter().map(|c| c.book(&service, &at, "key-12345"))).await;
    println!("100 bookings {:?}", t.elapsed());
    let mut codes = std::collections::BTreeMap::new();
    for a in answers {
        let a = a.unwrap();
        *codes.entry((a.status, a.code().to_owned())).or_insert(0) += 1;
    }
    println!("{codes:?}");
    let t = Instant::now();
    cloud.quiet().await.unwrap();
    println!("quiet {:?}", t.elapsed());
}

#[tokio::test]
async fn probe2() {
    let cloud = support::cloud().await;
    let t = Instant::now();
    for _ in 0..100 {
        banister_local::client::Client::stranger(&cloud.url()).unwrap();
    }
    println!("100 strangers {:?}", t.elapsed());
    let c = support::customer(&cloud, "One Two").await;
    let t = Instant::now();
    for _ in 0..100 {
        c.get("/v1/categories").await.unwrap();
    }
    println!("100 categories {:?}", t.elapsed());
    let before = cloud.table.calls();
    let t = Instant::now();
    for n in 0..20 {
        support::customer(&cloud, &format!("Two {n}")).await;
    }
    println!("20 customers in a row {:?}", t.elapsed());
    for (k, v) in cloud.table.calls() {
        println!("{k:?} {}", v - before.get(&k).copied().unwrap_or(0));
    }
    let client = cloud.table.client("probe");
    let t = Instant::now();
    for _ in 0..100 {
        client.list_tables().send().await.unwrap();
    }
    println!("100 list_tables {:?}", t.elapsed());
}
