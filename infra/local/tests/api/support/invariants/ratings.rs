//! What ratings add up to, and what there is to be read.

use std::collections::BTreeMap;

use banister_domain::review::{Author, Tally};
use banister_local::cloud::Cloud;
use banister_platform::store::ReviewsRecord;
use banister_platform::table::{from_item, key};

use super::{HashMap, items};

fn text(item: &HashMap, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// Each sum is that of the reviews that count, added up by hand; one of no reviews may be left at nothing.
pub(crate) async fn agree(cloud: &Cloud) {
    let (mut kept, mut by_hand) = (BTreeMap::<String, Tally>::new(), BTreeMap::<String, Tally>::new());
    for item in items(cloud).await {
        match text(&item, "t").as_str() {
            "rating" => {
                let number =
                    |name: &str| -> i64 { item[name].as_n().expect("a number").parse().expect("whole") };
                let tally = Tally { count: number("count"), sum: number("sum") };
                assert_eq!(text(&item, "SK"), "RATING");
                kept.insert(text(&item, "PK"), tally);
            }
            "reviews" => {
                let reviews = from_item::<ReviewsRecord>(item).expect("reviews").value.0;
                for author in Author::ALL {
                    let counted = reviews.published.is_some();
                    let Some(review) = reviews.by(author).filter(|it| counted && !it.is_hidden()) else {
                        continue;
                    };
                    let sums = match author {
                        Author::Customer => vec![
                            key::service_rating(reviews.service_id).pk,
                            format!("RATING#provider#{}", reviews.provider_id),
                        ],
                        Author::Provider => vec![format!("RATING#customer#{}", reviews.customer_id)],
                    };
                    for sum in sums {
                        let tally = by_hand.entry(sum).or_default();
                        tally.count += 1;
                        tally.sum += i64::from(review.rating.get());
                    }
                }
            }
            _ => {}
        }
    }
    kept.retain(|_, tally| !tally.is_nothing());
    assert_eq!(kept, by_hand, "sums of ratings (left) and reviews (right)");
}
