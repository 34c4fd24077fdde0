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
