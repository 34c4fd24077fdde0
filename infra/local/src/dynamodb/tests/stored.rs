//! What the engine does through the front, unharmed.

use aws_sdk_dynamodb::types::AttributeValue;

use super::*;

#[tokio::test]
async fn the_table_of_the_template_stores_indexes_and_expires() {
    let (front, client, _) = started().await;
    store(&client, item("A", &[("GSI1PK", "K"), ("GSI1SK", "1")])).await;
    assert_eq!(read(&client, "A").await.unwrap()["GSI1SK"], text("1"));
    assert_eq!(indexed(&client, "K").await, ["A"]);
    let ttl = client.describe_time_to_live().table_name(TABLE).send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("ttl"));
    let mut old = item("OLD", &[]);
    old.insert("ttl".to_owned(), AttributeValue::N("1".to_owned()));
    store(&client, old).await;
    front.database().sweep_ttl().unwrap();
    assert!(read(&client, "OLD").await.is_none());
    assert!(read(&client, "A").await.is_some());
    front.stop().await;
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_a_repeated_token_does_nothing() {
    let (_front, client, _) = started().await;
    let transaction = |token: &str, items: [Item; 2]| {
        let [first, second] = items.map(put);
        client.transact_write_items().client_request_token(token).transact_items(first).transact_items(second)
    };
    transaction("one", [item("A", &[]), item("B", &[])]).send().await.unwrap();
    client.delete_item().table_name(TABLE).key("PK", text("A")).key("SK", text("X")).send().await.unwrap();
    transaction("one", [item("A", &[]), item("B", &[])]).send().await.unwrap();
    assert!(read(&client, "A").await.is_none());
    let other = transaction("one", [item("A", &[]), item("C", &[])]).send().await.unwrap_err();
    assert!(other.into_service_error().is_idempotent_parameter_mismatch_exception());
    assert!(read(&client, "C").await.is_none());
}

#[tokio::test]
async fn calls_are_counted_and_writes_are_told() {
    let (front, client, faults) = started().await;
    let mut writes = front.writes();
    let before = *writes.borrow_and_update();
    store(&client, item("A", &[])).await;
    writes.changed().await.unwrap();
    assert_eq!(*writes.borrow_and_update(), before + 1);
    read(&client, "A").await;
    let refused = client.put_item().table_name(TABLE).item("PK", text("A")).send().await;
    assert!(refused.is_err());
    assert!(!writes.has_changed().unwrap());
    let calls = front.calls();
    assert_eq!(calls[&(ROLE.to_owned(), "PutItem".to_owned())], 2);
    assert_eq!(calls[&(ROLE.to_owned(), "GetItem".to_owned())], 1);
    assert_eq!(calls[&("operator".to_owned(), "CreateTable".to_owned())], 1);
    assert_eq!(faults.calls(ROLE), 3);
}

#[tokio::test]
async fn the_stream_is_served_too() {
    let (front, client, faults) = started().await;
    store(&client, item("A", &[])).await;
    let config = aws_sdk_dynamodbstreams::Config::builder()
        .behavior_version(aws_sdk_dynamodbstreams::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodbstreams::config::Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("poller", "local", None, None, "test"))
        .endpoint_url(front.endpoint_url());
    let streams = aws_sdk_dynamodbstreams::Client::from_conf(config.build());
    let table = client.describe_table().table_name(TABLE).send().await.unwrap();
    let stream = table.table().unwrap().latest_stream_arn().unwrap();
    let shards = streams.describe_stream().stream_arn(stream).send().await.unwrap();
    let shard = shards.stream_description().unwrap().shards()[0].shard_id().unwrap();
    let first = streams.get_shard_iterator().stream_arn(stream).shard_id(shard);
    let first = first.shard_iterator_type("TRIM_HORIZON".into()).send().await.unwrap();
    let records = streams.get_records().shard_iterator(first.shard_iterator().unwrap()).send().await.unwrap();
    assert_eq!(records.records().len(), 1);
    assert_eq!(records.records()[0].event_name().unwrap().as_str(), "INSERT");
    assert_eq!(faults.calls("poller"), 3);
}

#[tokio::test]
async fn data_outlives_a_restart_and_a_changed_template_is_refused() {
    let directory = std::env::temp_dir().join(format!("banister-restart-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("table.sqlite");
    let front = Front::start(Some(&file), Faults::new()).await.unwrap();
    create(&front).await;
    store(&front.client(ROLE), item("A", &[("name", "kept")])).await;
    front.stop().await;
    let front = Front::start(Some(&file), Faults::new()).await.unwrap();
    create(&front).await;
    assert_eq!(read(&front.client(ROLE), "A").await.unwrap()["name"], text("kept"));
    let changed = Template::parse(&[&SAMPLE.replace("IndexName: GSI3", "IndexName: GSI4")]).unwrap();
    let refused = changed.table().unwrap().create(&front.client(ROLE), TABLE).await;
    assert!(matches!(refused, Err(crate::template::CreateError::Differs(_))));
    front.stop().await;
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn a_stopped_front_refuses_connections() {
    let (front, client, _) = started().await;
    store(&client, item("A", &[])).await;
    let address = front.address;
    front.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
