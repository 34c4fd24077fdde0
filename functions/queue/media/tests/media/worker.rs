//! The worker against a real table and the real protocols of S3 and SQS.

use std::time::Duration;

use axum::http::Method;
use banister_domain::id::{Id, PhotoId, UserId};
use banister_domain::photo::{Photo, PhotoSize, PhotoType, Rejection, Status};
use banister_peers::people::{customer, person};
use banister_platform::store::AccountRecord;
use jiff::SignedDuration;
use serde_json::json;

use crate::peers::World;
use crate::pictures::{jpeg, quadrants};

/// After this a message comes again (the queue's visibility timeout).
const AGAIN: SignedDuration = SignedDuration::from_secs(181);

fn photo(number: u8) -> PhotoId {
    Id::from_parts(2, number.into())
}

async fn world() -> World {
    let world = World::start().await;
    world
        .peers
        .table
        .put(&AccountRecord(person(customer(), "robin@example.com", "Robin")))
        .await
        .expect("stored");
    world
}

fn upload_key(number: u8) -> String {
    format!("uploads/photos/{}/{}", customer(), photo(number))
}

fn told(key: &str) -> String {
    let s3 = json!({ "bucket": { "name": "private" }, "object": { "key": key, "size": 5 } });
    json!({ "Records": [{ "eventName": "ObjectCreated:Put", "s3": s3 }] }).to_string()
}

fn removed() -> String {
    json!({ "id": "evt_01KB2QJ0M4P7R0S3V6X9ZBDFHK", "occurred_at": "2025-11-27T10:15:30Z",
        "type": "account.photo_removed", "data": { "user_id": customer() } })
    .to_string()
}

fn squares(number: u8) -> Vec<String> {
    ["large", "medium", "small"].map(|name| format!("public/photos/{}/{name}.jpg", photo(number))).to_vec()
}

impl World {
    /// An upload that is waited for, with its file.
    async fn upload(&self, number: u8, bytes: Vec<u8>) {
        let (now, size) = (self.peers.clock.now(), PhotoSize::try_from(1_000).expect("a size"));
        let change = |old: &Photo| old.request(photo(number), PhotoType::Jpeg, size, now);
        self.accounts.change_photo(customer(), change, None, now).await.expect("requested");
        self.put(&format!("private/{}", upload_key(number)), bytes);
    }

    async fn photo(&self) -> Photo {
        self.accounts.get(customer()).await.expect("an answer").expect("an account").value.photo
    }

    async fn status(&self) -> Option<Status> {
        self.photo().await.status(self.peers.clock.now())
    }

    /// A photo that is shown, and nothing else.
    async fn show(&self, number: u8) {
        self.upload(number, picture()).await;
        assert!(self.deliver(&told(&upload_key(number))).await);
        assert_eq!((self.photo().await.current(), self.objects()), (Some(photo(number)), squares(number)));
    }
}

fn picture() -> Vec<u8> {
    jpeg(&quadrants(200, 100))
}

#[tokio::test]
async fn an_upload_becomes_the_photo_and_the_one_before_goes() {
    let world = world().await;
    world.show(1).await;
    let small = world.storage().objects[&squares(1)[2]].clone();
    assert_eq!(small.content_type, "image/jpeg");
    assert_eq!(small.cache_control, "public, max-age=31536000, s-maxage=86400, immutable");
    assert!(small.bytes.starts_with(&[0xff, 0xd8, 0xff]));
    world.show(2).await;
    assert!(world.photo().await.retired().is_empty());
    // The same messages again change nothing.
    for number in [1, 2, 2] {
        assert!(world.deliver(&told(&upload_key(number))).await);
        assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(2)), squares(2)));
    }
    assert!(world.dead().is_empty());
}

#[tokio::test]
async fn a_bad_upload_is_rejected_and_the_photo_stays() {
    let world = world().await;
    world.show(1).await;
    let too_large = vec![0; 10 * 1024 * 1024 + 1];
    for (number, bytes, reason) in [
        (2, b"<svg/>".to_vec(), Rejection::WrongType),
        (3, vec![], Rejection::Empty),
        (4, too_large, Rejection::TooLarge),
        (5, picture()[..900].to_vec(), Rejection::Damaged),
    ] {
        world.upload(number, bytes).await;
        assert_eq!(world.status().await, Some(Status::Processing));
        assert!(world.deliver(&told(&upload_key(number))).await);
        assert_eq!(world.status().await, Some(Status::Rejected(reason)));
        assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(1)), squares(1)));
    }
    world.show(6).await;
}

#[tokio::test]
async fn what_nobody_waits_for_leaves_nothing_behind() {
    let world = world().await;
    world.show(1).await;
    // Replaced by a newer one; given up; of somebody who is not there.
    world.upload(2, picture()).await;
    world.upload(3, picture()).await;
    assert!(world.deliver(&told(&upload_key(2))).await);
    world.peers.clock.advance(SignedDuration::from_mins(16));
    assert!(world.deliver(&told(&upload_key(3))).await);
    let strange = upload_key(4).replace(&customer().to_string(), &UserId::from_parts(9, 9).to_string());
    world.put(&format!("private/{strange}"), picture());
    assert!(world.deliver(&told(&strange)).await);
    // Sent once more to an address that still works.
    world.put(&format!("private/{}", upload_key(1)), picture());
    assert!(world.deliver(&told(&upload_key(1))).await);
    assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(1)), squares(1)));
    // Squares of an upload that came to nothing.
    world.upload(5, b"GIF89a".to_vec()).await;
    for key in squares(5) {
        world.put(&key, picture());
    }
    assert!(world.deliver(&told(&upload_key(5))).await);
    assert_eq!(world.objects(), squares(1));
    assert!(world.dead().is_empty());
}

#[tokio::test]
async fn a_photo_taken_away_is_tidied() {
    let world = world().await;
    world.show(1).await;
    let now = world.peers.clock.now();
    world.accounts.change_photo(customer(), |photo| Ok(photo.remove()), None, now).await.expect("removed");
    world.fail((Method::DELETE, "medium"));
    assert!(!world.deliver(&removed()).await);
    assert_eq!(world.photo().await.retired(), [photo(1)]);
    world.fail(None);
    for _ in 0..2 {
        assert!(world.deliver(&removed()).await);
        assert!(world.objects().is_empty() && world.photo().await.is_empty());
    }
}

#[tokio::test]
async fn a_failure_at_any_step_is_finished_by_the_next_delivery() {
    for (step, call) in [
        ("get", (Method::GET, "uploads/")),
        ("put the first", (Method::PUT, "small")),
        ("put the last", (Method::PUT, "large")),
        ("remove the old one", (Method::DELETE, "small")),
        ("remove the upload", (Method::DELETE, "uploads/")),
    ] {
        let world = world().await;
        world.show(1).await;
        world.upload(2, picture()).await;
        world.fail(call);
        assert!(!world.deliver(&told(&upload_key(2))).await, "{step}");
        world.fail(None);
        assert!(world.objects().contains(&format!("private/{}", upload_key(2))), "{step}");
        assert!(world.deliver(&told(&upload_key(2))).await, "{step}");
        assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(2)), squares(2)), "{step}");
        assert!(world.photo().await.retired().is_empty(), "{step}");
    }
}

#[tokio::test]
async fn taken_away_in_the_middle_it_does_not_come_back() {
    let world = world().await;
    world.upload(1, picture()).await;
    world.fail((Method::PUT, "large"));
    assert!(!world.deliver(&told(&upload_key(1))).await);
    world.fail(None);
    let now = world.peers.clock.now();
    world.accounts.change_photo(customer(), |photo| Ok(photo.remove()), None, now).await.expect("removed");
    assert!(world.deliver(&told(&upload_key(1))).await);
    assert!(world.objects().is_empty() && world.photo().await.is_empty());
}

#[tokio::test]
async fn the_same_upload_at_two_workers_becomes_one_photo() {
    let world = world().await;
    world.show(1).await;
    world.upload(2, picture()).await;
    let body = told(&upload_key(2));
    let (one, two) = tokio::join!(world.deliver(&body), world.deliver(&body));
    assert!(one && two);
    assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(2)), squares(2)));
}

/// A picture is given up, with all that is left of its batch, and comes again when its decoder is done.
async fn given_up(world: &World, number: u8) {
    let (own, other) = (told(&upload_key(number)), told(&upload_key(9)));
    world.storage().calls.clear();
    assert_eq!(world.failed(&[&own, &other], None).await, 2);
    assert_eq!(world.storage().calls, [format!("GET private/{}", upload_key(number))]);
    assert_eq!(world.status().await, Some(Status::Processing));
    while world.worker.processor().is_overrun() {
        tokio::task::yield_now().await;
    }
    world.peers.clock.advance(AGAIN);
}

#[tokio::test]
async fn a_picture_that_takes_too_long_is_rejected_the_third_time() {
    let mut world = world().await;
    let patient = world.worker.clone();
    world.worker = patient.clone().with_limit(Duration::ZERO);
    let long = jpeg(&quadrants(3_000, 3_000));
    world.upload(1, long.clone()).await;
    given_up(&world, 1).await;
    given_up(&world, 1).await;
    world.worker = patient;
    assert!(world.deliver(&told(&upload_key(1))).await);
    assert_eq!(world.status().await, Some(Status::Rejected(Rejection::Damaged)));
    assert!(world.objects().is_empty());
    // A newer upload begins anew, and once is not too often.
    world.worker = world.worker.with_limit(Duration::ZERO);
    world.upload(2, long).await;
    given_up(&world, 2).await;
    world.worker = world.worker.with_limit(Duration::from_mins(1));
    assert!(world.deliver(&told(&upload_key(2))).await);
    assert_eq!((world.status().await, world.objects()), (Some(Status::Ready), squares(2)));
}

#[tokio::test]
async fn storage_that_is_away_is_not_the_pictures_fault() {
    for (step, call) in [
        ("get", (Method::GET, "uploads/")),
        ("put the first", (Method::PUT, "small")),
        ("put the last", (Method::PUT, "large")),
    ] {
        let world = world().await;
        world.upload(1, picture()).await;
        world.fail(call);
        for _ in 0..4 {
            assert!(!world.deliver(&told(&upload_key(1))).await, "{step}");
            assert_eq!(world.status().await, Some(Status::Processing), "{step}");
            world.peers.clock.advance(AGAIN);
        }
        world.fail(None);
        assert!(world.deliver(&told(&upload_key(1))).await, "{step}");
        assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(1)), squares(1)), "{step}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_in_time_is_not_begun() {
    let world = world().await;
    world.upload(1, picture()).await;
    for _ in 0..4 {
        let soon = world.peers.clock.now() + SignedDuration::from_secs(9);
        assert!(!world.deliver_by(&told(&upload_key(1)), soon).await);
        world.peers.clock.advance(AGAIN);
    }
    let late = world.peers.clock.now() + SignedDuration::from_mins(1);
    assert!(world.deliver_by(&told(&upload_key(1)), late).await);
    assert_eq!(world.status().await, Some(Status::Ready));
}

#[tokio::test]
async fn poison_is_put_aside_and_a_test_is_not() {
    let world = world().await;
    world.put("private/uploads/photos/readme.txt", b"kept".to_vec());
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"private"}"#;
    assert!(world.deliver(test).await);
    assert!(world.dead().is_empty());
    for body in
        ["no JSON", &told("uploads/photos/readme.txt"), &told(&upload_key(1)).replace("private", "other")]
    {
        assert!(world.deliver(body).await, "{body}");
    }
    let reasons = ["neither a notification nor an event", "not the key of an upload", "of another bucket"];
    assert_eq!(world.dead(), reasons);
    assert_eq!(world.objects(), ["private/uploads/photos/readme.txt"]);
}
