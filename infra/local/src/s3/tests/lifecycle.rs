//! Objects that nobody fetched go by age.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::super::expiry;
use super::*;

#[tokio::test]
async fn what_is_older_than_its_rule_goes() {
    let stage = Stage::start().await;
    let client = stage.s3.client("local-media");
    let put = async |bucket: &str, key: &str| {
        client.put_object().bucket(bucket).key(key).send().await.unwrap();
    };
    put(PRIVATE, "uploads/photos/old").await;
    put(PRIVATE, "documents/old").await;
    put(PUBLIC, "uploads/photos/old").await;
    stage.clock.advance(SignedDuration::from_hours(23));
    put(PRIVATE, "uploads/photos/new").await;
    assert_eq!(stage.s3.expire().await.unwrap(), 0);
    stage.clock.advance(SignedDuration::from_hours(25));
    // The new one is a day old at the next but one midnight.
    assert!(stage.s3.expire().await.unwrap() >= 1);
    let keys = stage.s3.keys("PrivateBucket").await.unwrap();
    assert!(keys.contains(&"documents/old".to_owned()) && !keys.contains(&"uploads/photos/old".to_owned()));
    stage.clock.advance(SignedDuration::from_hours(48));
    stage.s3.expire().await.unwrap();
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), ["documents/old"]);
    assert_eq!(stage.s3.keys("PublicBucket").await.unwrap(), ["uploads/photos/old"]);
}

#[test]
fn a_day_ends_at_midnight() {
    let rule = Expiration { prefix: String::new(), days: 1 };
    for (put_at, gone_at) in [
        ("2031-03-03T10:30:00Z", "2031-03-05T00:00:00Z"),
        ("2031-03-03T00:00:00Z", "2031-03-04T00:00:00Z"),
        ("2031-12-31T23:59:59Z", "2032-01-02T00:00:00Z"),
    ] {
        let gone = expiry(&rule, put_at.parse().unwrap()).to_zoned(TimeZone::UTC).timestamp();
        assert_eq!(gone.to_string(), gone_at);
    }
}
