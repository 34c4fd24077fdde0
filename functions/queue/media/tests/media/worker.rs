//! The worker against a real table and the real protocols of S3 and SQS.

use axum::http::Method;
use banister_domain::id::{Id, PhotoId, UserId};
use banister_domain::photo::{Photo, PhotoSize, PhotoType, Rejection, Status};
use banister_peers::people::{customer, person};
use banister_platform::store::AccountRecord;
use jiff::SignedDuration;
use serde_json::json;

use crate::peers::World;
use crate::pictures::{jpeg, quadrants};

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
        assert!(self.deliver(&told(&upload_key(number)), 1).await);
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
        assert!(world.deliver(&told(&upload_key(number)), 1).await);
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
        assert!(world.deliver(&told(&upload_key(number)), 1).await);
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
    assert!(world.deliver(&told(&upload_key(2)), 1).await);
    world.peers.clock.advance(SignedDuration::from_mins(16));
    assert!(world.deliver(&told(&upload_key(3)), 1).await);
    let strange = upload_key(4).replace(&customer().to_string(), &UserId::from_parts(9, 9).to_string());
    world.put(&format!("private/{strange}"), picture());
    assert!(world.deliver(&told(&strange), 1).await);
    // Sent once more to an address that still works.
    world.put(&format!("private/{}", upload_key(1)), picture());
    assert!(world.deliver(&told(&upload_key(1)), 1).await);
    assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(1)), squares(1)));
    // Squares of an upload that came to nothing.
    world.upload(5, b"GIF89a".to_vec()).await;
    for key in squares(5) {
        world.put(&key, picture());
    }
    assert!(world.deliver(&told(&upload_key(5)), 1).await);
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
    assert!(!world.deliver(&removed(), 1).await);
    assert_eq!(world.photo().await.retired(), [photo(1)]);
    world.fail(None);
    for _ in 0..2 {
        assert!(world.deliver(&removed(), 2).await);
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
        assert!(!world.deliver(&told(&upload_key(2)), 1).await, "{step}");
        world.fail(None);
        assert!(world.objects().contains(&format!("private/{}", upload_key(2))), "{step}");
        assert!(world.deliver(&told(&upload_key(2)), 2).await, "{step}");
        assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(2)), squares(2)), "{step}");
        assert!(world.photo().await.retired().is_empty(), "{step}");
    }
}

#[tokio::test]
async fn taken_away_in_the_middle_it_does_not_come_back() {
    let world = world().await;
    world.upload(1, picture()).await;
    world.fail((Method::PUT, "large"));
    assert!(!world.deliver(&told(&upload_key(1)), 1).await);
    world.fail(None);
    let now = world.peers.clock.now();
    world.accounts.change_photo(customer(), |photo| Ok(photo.remove()), None, now).await.expect("removed");
    assert!(world.deliver(&told(&upload_key(1)), 2).await);
    assert!(world.objects().is_empty() && world.photo().await.is_empty());
}

#[tokio::test]
async fn the_same_upload_at_two_workers_becomes_one_photo() {
    let world = world().await;
    world.show(1).await;
    world.upload(2, picture()).await;
    let body = told(&upload_key(2));
    let (one, two) = tokio::join!(world.deliver(&body, 1), world.deliver(&body, 1));
    assert!(one && two);
    assert_eq!((world.photo().await.current(), world.objects()), (Some(photo(2)), squares(2)));
}

#[tokio::test]
async fn what_was_tried_in_vain_is_given_up() {
    let world = world().await;
    world.upload(1, picture()).await;
    assert!(world.deliver(&told(&upload_key(1)), 3).await);
    assert_eq!(world.status().await, Some(Status::Rejected(Rejection::Damaged)));
    assert!(world.objects().is_empty());
    // Not while storage is away: that is not the picture's fault.
    world.upload(2, picture()).await;
    world.fail((Method::GET, "uploads/"));
    assert!(!world.deliver(&told(&upload_key(2)), 3).await);
    assert_eq!(world.status().await, Some(Status::Processing));
}

#[tokio::test]
async fn poison_is_put_aside_and_a_test_is_not() {
    let world = world().await;
    world.put("private/uploads/photos/readme.txt", b"kept".to_vec());
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"private"}"#;
    assert!(world.deliver(test, 1).await);
    assert!(world.dead().is_empty());
    for body in
        ["no JSON", &told("uploads/photos/readme.txt"), &told(&upload_key(1)).replace("private", "other")]
    {
        assert!(world.deliver(body, 1).await, "{body}");
    }
    let reasons = ["neither a notification nor an event", "not the key of an upload", "of another bucket"];
    assert_eq!(world.dead(), reasons);
    assert_eq!(world.objects(), ["private/uploads/photos/readme.txt"]);
}
