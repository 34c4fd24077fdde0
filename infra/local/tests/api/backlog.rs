//! What fails or cannot be read keeps back nothing that waits behind it, and nothing is begun when
//! time is up.

use banister_domain::booking::{Booking, Status};
use banister_domain::event::{Event, Payload};
use banister_domain::id::{EventId, Id};
use banister_local::cloud::Cloud;
use banister_local::faults::Verdict;
use banister_platform::store::{BookingRecord, Bookings, Outbox, OutboxRecord};
use banister_platform::table::{Key, Query, Record, Table, key};
use banister_platform::worker::{Failed, Summary};
use banister_schedule_expire::Expire;
use banister_schedule_sweep::Sweep;
use banister_stream_relay::Relay;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::support::{body, cloud, customer, moment, provider, service, text};

/// More than a page.
const MANY: usize = 30;
/// Who runs the schedules here, so that faults hit nobody else.
const ROLE: &str = "test-schedule";

/// Events of one shard, two hours old and in the order of their time; nothing has relayed them.
async fn outbox(cloud: &Cloud, table: &Table) -> Vec<OutboxRecord> {
    cloud.faults.crash_before("local-relay", 1);
    let begin = (cloud.clock.now() - SignedDuration::from_hours(2)).as_millisecond();
    let ids = (0..).map(|n: u64| EventId::from_parts(begin.unsigned_abs() + n, 0));
    let ids = ids.filter(|id| key::outbox(*id).pk == key::outbox_shard(0));
    let event = |id| {
        let payload = Payload::RegistrationRepeated { user_id: Id::from_parts(1, 1) };
        serde_json::to_string(&Event { id, occurred_at: cloud.clock.now(), payload }).unwrap()
    };
    let records: Vec<_> = ids.take(MANY).map(|id| OutboxRecord { id, event: event(id) }).collect();
    for record in &records {
        table.put(record).await.unwrap();
    }
    records
}

async fn waiting(table: &Table) -> Vec<EventId> {
    let query = Query::all(None, key::outbox_shard(0), 100);
    let page = table.query::<OutboxRecord>(query).await.unwrap();
    page.items.into_iter().map(|(record, _)| record.value.id).collect()
}

fn sweep(cloud: &Cloud) -> Sweep {
    Sweep::from_settings(&cloud.settings(ROLE), cloud.clock.clone()).unwrap()
}

#[tokio::test]
async fn events_that_fail_keep_none_behind_them_back() {
    let cloud = cloud().await;
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let events = outbox(&cloud, &table).await;
    for _ in 0..25 {
        cloud.faults.script(ROLE, "SendMessage", Verdict::Crashed);
    }
    let Failed(summary) = sweep(&cloud).run(Timestamp::MAX).await.unwrap_err();
    assert_eq!(summary, Summary { done: MANY - 25, failed: 25 });
    assert_eq!(waiting(&table).await, events[..25].iter().map(|event| event.id).collect::<Vec<_>>());
    assert_eq!(sweep(&cloud).run(Timestamp::MAX).await.unwrap(), Summary { done: 25, failed: 0 });
}

/// Something else under an event's key.
#[derive(Serialize, Deserialize)]
struct Odd(OutboxRecord);

impl Record for Odd {
    const TYPE: &'static str = "odd";

    fn key(&self) -> Key {
        self.0.key()
    }
}

#[tokio::test]
async fn items_that_cannot_be_read_are_passed_by_and_told_of() {
    let cloud = cloud().await;
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let events = outbox(&cloud, &table).await;
    for event in &events[..27] {
        table.put(&Odd(event.clone())).await.unwrap();
    }
    let page = Outbox::new(table.clone()).older_than(0, cloud.clock.now(), None).await.unwrap();
    assert_eq!((page.items.len(), page.unreadable, page.last.is_some()), (0, 25, true));
    let Failed(summary) = sweep(&cloud).run(Timestamp::MAX).await.unwrap_err();
    assert_eq!(summary, Summary { done: MANY - 27, failed: 27 });
    assert_eq!(waiting(&table).await, []);
    assert!(table.get::<OutboxRecord>(&events[0].key()).await.is_err(), "read alone, it is an error");
}

#[tokio::test]
async fn nothing_is_begun_when_time_is_up() {
    let cloud = cloud().await;
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let events = outbox(&cloud, &table).await;
    let now = cloud.clock.now();
    assert_eq!(sweep(&cloud).run(now).await.unwrap(), Summary::default());
    assert_eq!(waiting(&table).await.len(), events.len());

    let relay = Relay::from_settings(&cloud.settings(ROLE), cloud.clock.clone()).unwrap();
    let sample = include_str!("../../../../events/relay.json");
    let event: aws_lambda_events::event::dynamodb::Event = serde_json::from_str(sample).unwrap();
    let first = event.records[0].change.sequence_number.clone();
    let answer = relay.handle(event, now).await;
    let failed: Vec<_> = answer.batch_item_failures.into_iter().map(|it| it.item_identifier).collect();
    assert!(first.is_some());
    assert_eq!(failed, [first], "Lambda goes on with the first record");
}

/// A page of requests in the booking's shard, due before it.
async fn due_before(booking: &Booking, table: &Table) -> Vec<BookingRecord> {
    let shard = |booking: &Booking| key::booking_due(booking.due_at().expect("a request"), booking.id).key.pk;
    let others = (0_u64..).map(|n| {
        let answer_by = booking.answer_by.map(|until| until - SignedDuration::from_mins(1));
        Booking { id: Id::from_parts(n, 0), answer_by, ..booking.clone() }
    });
    let others: Vec<_> = others.filter(|other| shard(other) == shard(booking)).take(25).collect();
    let others: Vec<_> = others.into_iter().map(BookingRecord).collect();
    for other in &others {
        table.put(other).await.unwrap();
    }
    others
}

#[tokio::test]
async fn requests_that_fail_keep_none_behind_them_back() {
    let cloud = cloud().await;
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let service = service(&provider(&cloud, "Provider One").await, 60).await;
    let customer = customer(&cloud, "Customer One").await;
    let made = customer.book(&service, &moment(&cloud, 3, "10:00"), "some-booking").await.unwrap();
    let bookings = Bookings::new(table.clone());
    let id = text(&body(made, 201), "id").parse().unwrap();
    let booking = bookings.get(id).await.unwrap().unwrap().value;
    let others = due_before(&booking, &table).await;
    cloud.clock.advance(SignedDuration::from_hours(25));
    for _ in &others {
        cloud.faults.script(ROLE, "GetItem", Verdict::Crashed);
    }
    let expire = Expire::from_settings(&cloud.settings(ROLE), cloud.clock.clone()).unwrap();
    assert_eq!(expire.run(cloud.clock.now()).await.unwrap(), Summary::default(), "no time");
    let Failed(summary) = expire.run(Timestamp::MAX).await.unwrap_err();
    assert_eq!(summary, Summary { done: 1, failed: others.len() });
    assert_eq!(bookings.get(id).await.unwrap().unwrap().value.status, Status::Expired);
}
