//! The same calls to the peer and to the emulator of the local cloud, whose engine is another one's work: the answers
//! are the same.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, TransactWriteItem,
};
use banister_local::dynamodb::Front;
use banister_local::faults::Faults;
use banister_local::template::Template;
use banister_simulator::dice::Dice;
use banister_simulator::gate::Gate;

use super::support::through;

const TABLE: &str = "banister";
const CALLS: usize = 1_500;

type Item = HashMap<String, AttributeValue>;

/// One of the calls that the platform's table layer makes.
enum Asked {
    Get(Item),
    Batch(Vec<Item>),
    Put(Item),
    Delete(Item),
    Query { index: Option<usize>, pk: String, bounds: (String, String), ascending: bool, limit: i32 },
    Transact(Vec<TransactWriteItem>),
}

fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn n(number: usize) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn key(dice: &mut Dice) -> Item {
    let (pk, sk) = (format!("P{}", dice.below(3)), format!("S{}", dice.below(6)));
    [("PK".into(), s(pk)), ("SK".into(), s(sk))].into()
}

fn item(dice: &mut Dice) -> Item {
    let mut item = key(dice);
    item.insert("v".into(), n(dice.below(3)));
    item.insert("text".into(), s(format!("ä\"\\\n{}", dice.below(100))));
    item.insert("list".into(), AttributeValue::L(vec![s("x"), AttributeValue::M(HashMap::new())]));
    item.insert("flag".into(), AttributeValue::Bool(dice.permille(500)));
    if dice.permille(300) {
        item.insert("ttl".into(), n(dice.below(10)));
    }
    for index in 1..=3 {
        if dice.permille(400) {
            item.insert(format!("GSI{index}PK"), s(format!("I{}", dice.below(2))));
            item.insert(format!("GSI{index}SK"), s(format!("J{}", dice.below(4))));
        }
    }
    item
}

fn write(dice: &mut Dice) -> TransactWriteItem {
    let conditions = [
        "attribute_not_exists(PK)",
        "attribute_exists(PK)",
        "v = :expected",
        "attribute_not_exists(PK) OR #ttl <= :expected",
    ];
    let condition =
        dice.pick(&conditions).filter(|_| dice.clone().permille(700)).map(|text| (*text).to_owned());
    let text = condition.clone().unwrap_or_default();
    let values = text.contains(":expected").then(|| [(":expected".to_owned(), n(dice.below(4)))].into());
    let names = text.contains("#ttl").then(|| [("#ttl".to_owned(), "ttl".to_owned())].into());
    let built = TransactWriteItem::builder();
    match dice.below(4) {
        0 => {
            let delete = Delete::builder().table_name(TABLE).set_key(Some(key(dice)));
            let delete = delete.set_condition_expression(condition).set_expression_attribute_values(values);
            built.delete(delete.set_expression_attribute_names(names).build().unwrap())
        }
        1 if condition.is_some() => {
            let check = ConditionCheck::builder().table_name(TABLE).set_key(Some(key(dice)));
            let check = check.set_condition_expression(condition).set_expression_attribute_values(values);
            built.condition_check(check.set_expression_attribute_names(names).build().unwrap())
        }
        _ => {
            let put = Put::builder().table_name(TABLE).set_item(Some(item(dice)));
            let put = put.set_condition_expression(condition).set_expression_attribute_values(values);
            built.put(put.set_expression_attribute_names(names).build().unwrap())
        }
    }
    .build()
}

fn asked(dice: &mut Dice) -> Asked {
    match dice.below(10) {
        0 => Asked::Get(key(dice)),
        1 => {
            let keys: BTreeMap<String, Item> = (0..4)
                .map(|_| key(dice))
                .map(|key| (format!("{:?}{:?}", key["PK"], key["SK"]), key))
                .collect();
            Asked::Batch(keys.into_values().collect())
        }
        2 => Asked::Put(item(dice)),
        3 => Asked::Delete(key(dice)),
        4..=6 => {
            let index = dice.permille(600).then(|| 1 + dice.below(3));
            let (pk, sk) = if index.is_some() { ("I", "J") } else { ("P", "S") };
            let (one, two) = (dice.below(6), dice.below(6));
            Asked::Query {
                index,
                pk: format!("{pk}{}", dice.below(3)),
                bounds: (format!("{sk}{}", one.min(two)), format!("{sk}{}", one.max(two))),
                ascending: dice.permille(600),
                limit: i32::try_from(1 + dice.below(4)).unwrap(),
            }
        }
        _ => Asked::Transact((0..=dice.below(4)).map(|_| write(dice)).collect()),
    }
}

fn plain(item: &Item) -> String {
    format!("{:?}", item.iter().collect::<BTreeMap<_, _>>())
}

fn refused<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    format!("refused: {:?}", error.code())
}

async fn ask(client: &Client, asked: &Asked) -> String {
    match asked {
        Asked::Get(key) => {
            let call = client.get_item().table_name(TABLE).consistent_read(true).set_key(Some(key.clone()));
            call.send()
                .await
                .map_or_else(|error| refused(&error), |found| format!("{:?}", found.item.as_ref().map(plain)))
        }
        Asked::Batch(keys) => {
            let keys = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys.clone()));
            let call = client.batch_get_item().request_items(TABLE, keys.build().unwrap());
            call.send().await.map_or_else(
                |error| refused(&error),
                |found| {
                    let mut items: Vec<_> = found.responses().unwrap()[TABLE].iter().map(plain).collect();
                    items.sort();
                    format!("{items:?} {:?}", found.unprocessed_keys().is_none_or(HashMap::is_empty))
                },
            )
        }
        Asked::Put(item) => {
            let call = client.put_item().table_name(TABLE).set_item(Some(item.clone()));
            call.send().await.map_or_else(|error| refused(&error), |_| "put".into())
        }
        Asked::Delete(key) => {
            let call = client.delete_item().table_name(TABLE).set_key(Some(key.clone()));
            call.send().await.map_or_else(|error| refused(&error), |_| "deleted".into())
        }
        Asked::Query { .. } => query(client, asked).await,
        Asked::Transact(items) => {
            let call = client.transact_write_items().set_transact_items(Some(items.clone()));
            match call.send().await {
                Ok(_) => "committed".into(),
                Err(error) => match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        let reasons = cancelled.cancellation_reasons().iter();
                        let codes: Vec<_> = reasons.map(|reason| reason.code().unwrap_or("None")).collect();
                        format!("cancelled: {codes:?}")
                    }
                    _ => refused(&error),
                },
            }
        }
    }
}

/// Page by page to the end.
async fn query(client: &Client, asked: &Asked) -> String {
    let Asked::Query { index, pk, bounds: (from, to), ascending, limit } = asked else { unreachable!() };
    let names = index.map_or(("PK".into(), "SK".into()), |at| (format!("GSI{at}PK"), format!("GSI{at}SK")));
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let call = client.query().table_name(TABLE).set_index_name(index.map(|at| format!("GSI{at}")));
        let call = call
            .consistent_read(index.is_none())
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", &names.0)
            .expression_attribute_names("#sk", &names.1)
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .scan_index_forward(*ascending)
            .limit(*limit)
            .set_exclusive_start_key(after);
        let page = match call.send().await {
            Ok(page) => page,
            Err(error) => return refused(&error),
        };
        pages.push(page.items().iter().map(plain).collect::<Vec<_>>());
        after = page.last_evaluated_key;
        if after.is_none() {
            return format!("{pages:?}");
        }
    }
}

#[tokio::test]
async fn the_peer_answers_as_the_emulator_does() {
    let front = Front::start(None, Faults::new()).await.unwrap();
    let template = include_str!("../../../../template.yaml");
    let table = Template::parse(&[template]).unwrap().table().unwrap();
    table.create(&front.client("operator"), TABLE).await.unwrap();
    let (gate, emulator) = (Gate::default(), front.client("test"));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(SharedHttpClient::new(gate.clone()));
    let peer = Client::from_conf(config.build());
    let mut dice = Dice::new(1);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for number in 0..CALLS {
        let asked = asked(&mut dice);
        gate.peer(|peer| peer.index_some(usize::MAX));
        let (ours, theirs) = (through(&gate, ask(&peer, &asked)).await, ask(&emulator, &asked).await);
        assert_eq!(ours, theirs, "call {number}");
        *kinds.entry(ours.split([':', '[', '(']).next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    for kind in ["cancelled", "committed", "refused", "Some", "None"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 10), "{kind} is rare: {kinds:?}");
    }
    front.stop().await;
}
