//! Sums stay exact, whoever writes at the same time and whatever fails.

use banister_local::faults::{FaultKind, Verdict};
use futures_util::future::join_all;

use super::*;

/// Asks until there is a clear answer, each time under the same key.
async fn insist(who: &Client, booking: &str, key: &str, ask: &Value) -> Answer {
    for _ in 0..50 {
        let answer = review(who, booking, key, ask).await;
        if answer.status != 503 && answer.code() != "busy" {
            return answer;
        }
    }
    panic!("{booking} is never reviewed");
}

#[tokio::test]
async fn both_sides_of_many_bookings_write_at_the_same_time() {
    let world = World::new(10).await;
    let by = async |who: &Client, number: usize| {
        let ask = json!({ "rating": number % 5 + 1 });
        insist(who, &world.over[number], "at-the-same-time", &ask).await
    };
    let sides = [&world.customer, &world.provider];
    let all = (0..10).flat_map(|number| sides.map(|side| by(side, number)));
    for answer in join_all(all).await {
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
    }
    let page = world.page().await;
    assert_eq!(page["rating"], json!({ "count": 10, "average": 3.0 }));
    assert_eq!(page["items"].as_array().unwrap().len(), 10, "each pair was published, by one of the two");
    invariants(&world.cloud).await;
}

/// The answer is lost, or somebody else was faster: the same request again finds what became of the first one.
#[tokio::test]
async fn nothing_counts_twice_when_an_answer_is_lost() {
    let world = World::new(1).await;
    for verdict in [Verdict::Refuse(FaultKind::Conflict), Verdict::LoseAnswer] {
        world.cloud.faults.script("local-http", "TransactWriteItems", verdict);
    }
    let ask = json!({ "rating": 5, "text": "On time, and very thorough." });
    assert_eq!(insist(&world.customer, &world.over[0], "customer-says", &ask).await.status.as_u16(), 201);
    world.cloud.faults.script("local-http", "TransactWriteItems", Verdict::LoseAnswer);
    let ask = json!({ "rating": 1 });
    let first = insist(&world.provider, &world.over[0], "provider-says", &ask).await;
    let again = insist(&world.provider, &world.over[0], "provider-says", &ask).await;
    assert_eq!((first.status.as_u16(), &first.body), (201, &again.body));
    assert_eq!(world.page().await["rating"], json!({ "count": 1, "average": 5.0 }));
    invariants(&world.cloud).await;
}

/// Staff hide and show while the second side writes, and answers are lost.
#[tokio::test]
async fn hiding_meets_the_second_review() {
    let world = World::new(4).await;
    let admin = crate::support::super_admin(&world.cloud, "Super Admin").await;
    let moderate = async |number: usize, hidden: bool| {
        let path = world.over[number].replace("/v1/", "/v1/admin/") + "/reviews/moderate";
        let ask = json!({ "author": "customer", "hidden": hidden, "reason": "A test." });
        admin.post(&path, &ask).await.unwrap().status.as_u16()
    };
    for number in 0..4 {
        world.by_customer(number, 2).await;
    }
    for verdict in [Verdict::LoseAnswer, Verdict::Refuse(FaultKind::Conflict), Verdict::LoseAnswer] {
        world.cloud.faults.script("local-http", "TransactWriteItems", verdict);
    }
    let ask = json!({ "rating": 5 });
    let both = (0..4).map(|number| {
        let second = insist(&world.provider, &world.over[number], "provider-says", &ask);
        futures_util::future::join(second, moderate(number, true))
    });
    for (second, hidden) in join_all(both).await {
        assert_eq!((second.status.as_u16(), hidden), (201, 200), "{}", second.body);
    }
    assert_eq!(world.page().await["rating"]["count"], 0);
    world.cloud.faults.script("local-http", "TransactWriteItems", Verdict::LoseAnswer);
    assert_eq!(moderate(3, false).await, 200);
    assert_eq!(world.page().await["rating"], json!({ "count": 1, "average": 2.0 }));
    invariants_of_sums(&world).await;
}

/// A mail may have been skipped or sent, by whether it was hidden by then.
async fn invariants_of_sums(world: &World) {
    world.cloud.quiet().await.unwrap();
    crate::support::invariants::ratings::agree(&world.cloud).await;
}

/// The schedule's own answer is lost, or it is refused: the next run finds what is left to do.
#[tokio::test]
async fn time_publishes_once_whatever_fails() {
    for verdict in
        [Verdict::LoseAnswer, Verdict::Refuse(FaultKind::Conflict), Verdict::Refuse(FaultKind::Throttle)]
    {
        let mut world = World::new(1).await;
        world.by_customer(0, 3).await;
        // True at its moment, before anything has written that down.
        world.cloud.faults.script("local-expire", "TransactWriteItems", verdict);
        world.later(16 * DAY).await;
        assert_eq!(reviews(&world.provider, &world.over[0]).await["by_customer"]["rating"], 3);
        world.later(120).await;
        assert_eq!(world.page().await["rating"], json!({ "count": 1, "average": 3.0 }));
        invariants(&world.cloud).await;
    }
}
