//! What lies in the buckets, who gets at it, and when it goes.

use banister_local::cloud::{Cloud, Options};
use banister_local::faults::Verdict;
use banister_local::s3::SENDER;
use banister_platform::queue::Queue;
use image::GenericImageView as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::workers::{PATIENCE, one_photo, shown};
use super::{PICTURE, begin, look, photo, send, upload};
use crate::support::{body, cloud, customer, pass, settle, text};

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn three_squares_are_shown_to_everybody_for_long() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let photo = upload(&cloud, &client, "image/jpeg", PICTURE).await;
    for (size, side) in [("small", 96), ("medium", 256), ("large", 512)] {
        let answer = http().get(text(&photo["urls"], size)).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "public, max-age=31536000, s-maxage=86400, immutable");
        let bytes = answer.bytes().await.unwrap();
        let image = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg).unwrap();
        assert_eq!(image.dimensions(), (side, side));
    }
    one_photo(&cloud, &client).await;
}

#[tokio::test]
async fn nobody_gets_at_the_buckets_but_with_a_signature() {
    let cloud = cloud().await;
    let (one, two) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    let shown = upload(&cloud, &one, "image/jpeg", PICTURE).await;
    let begun = begin(&two, "image/jpeg", PICTURE.len()).await;
    // Into somebody else's account with the own signature.
    let url = text(&begun["upload"], "url");
    let stolen = json!({ "method": "PUT", "url": url.replace(&two.id, &one.id), "headers": begun["upload"]["headers"] });
    assert_ne!(text(&stolen, "url"), url);
    assert_eq!(send(&stolen, PICTURE, &[]).await, StatusCode::FORBIDDEN);
    for bucket in ["banister-local-private", "banister-local-public"] {
        for path in [format!("{bucket}?list-type=2"), format!("{bucket}/"), String::new()] {
            let answer = http().get(format!("{}/{path}", cloud.s3.endpoint())).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        }
    }
    let unsigned = url.split('?').next().unwrap();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = http().request(method.clone(), unsigned).body("x").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method}");
    }
    for path in ["/public/", "/public/photos/", "/public/?list-type=2", "/public/uploads/"] {
        let answer = http().get(format!("{}{path}", cloud.url())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let nothing = http().put(url).header("content-type", "image/jpeg").header("content-length", "0");
    assert_eq!(nothing.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    cloud.quiet().await.unwrap();
    assert_eq!(photo(&one).await, shown);
    assert_eq!(photo(&two).await["status"], "processing");
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_page_may_upload_from_where_the_template_says() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let begun = begin(&client, "image/jpeg", PICTURE.len()).await;
    for (origin, expected) in [
        ("http://localhost:3000", StatusCode::OK),
        (&cloud.url(), StatusCode::OK),
        ("http://evil.example", StatusCode::FORBIDDEN),
    ] {
        let ask = http().request(Method::OPTIONS, text(&begun["upload"], "url")).header("origin", origin);
        let ask = ask.header("access-control-request-method", "PUT");
        let answer = ask.header("access-control-request-headers", "content-type").send().await.unwrap();
        assert_eq!(answer.status(), expected, "{origin}");
    }
}

#[tokio::test]
async fn removed_photos_leave_nothing() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    for _ in 0..3 {
        upload(&cloud, &client, "image/jpeg", PICTURE).await;
        one_photo(&cloud, &client).await;
    }
    body(client.delete("/v1/me/photo").await.unwrap(), 204);
    cloud.quiet().await.unwrap();
    assert_eq!(cloud.s3.keys("PublicBucket").await.unwrap(), [""; 0]);
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn an_upload_that_nobody_examines_goes_by_age() {
    let cloud = cloud().await;
    let mut client = customer(&cloud, "Customer One").await;
    cloud.quiet().await.unwrap();
    cloud.faults.crash_before("local-media-source", 1);
    let begun = begin(&client, "image/jpeg", PICTURE.len()).await;
    assert_eq!(send(&begun["upload"], PICTURE, &[]).await, StatusCode::OK);
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap().len(), 1);
    pass(&cloud, 2 * 86_400).await;
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
    cloud.faults.revive("local-media-source");
    settle(&cloud).await;
    client.sign_in().await.unwrap();
    assert_eq!(photo(&client).await, Value::Null);
    assert_eq!(cloud.s3.keys("PublicBucket").await.unwrap(), [""; 0]);
    assert!(cloud.sqs.depth("MediaDeadLetterQueue").unwrap().is_empty());
}

#[tokio::test]
async fn a_notification_that_comes_twice_makes_one_photo() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    cloud.faults.script(SENDER, "SendMessage", Verdict::LoseAnswer);
    let first = upload(&cloud, &client, "image/jpeg", PICTURE).await;
    assert_eq!(cloud.faults.calls(SENDER), 2);
    assert_eq!(first["status"], "ready");
    one_photo(&cloud, &client).await;
    cloud.faults.script(SENDER, "SendMessage", Verdict::Duplicate);
    assert_eq!(upload(&cloud, &client, "image/png", b"<svg/>").await["reason"], "wrong_type");
    assert_eq!(photo(&client).await["urls"], first["urls"]);
    one_photo(&cloud, &client).await;
}

/// Whichever way they interleave, the one that was begun last is shown, and nothing of the others stays.
#[tokio::test]
async fn uploads_that_race_end_as_one_photo() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let mut begun = Vec::new();
    for _ in 0..5 {
        begun.push(begin(&client, "image/jpeg", PICTURE.len()).await);
    }
    let sent = begun.iter().map(|begun| send(&begun["upload"], PICTURE, &[]));
    for status in futures_util::future::join_all(sent).await {
        assert_eq!(status, StatusCode::OK);
    }
    cloud.quiet().await.unwrap();
    let last = text(&begun[4]["upload"], "url").to_owned();
    let id = one_photo(&cloud, &client).await;
    assert!(last.contains(&id), "{last}: {id}");
    // Begun while the one before is examined.
    let race = async || {
        let begun = begin(&client, "image/jpeg", PICTURE.len()).await;
        assert_eq!(send(&begun["upload"], PICTURE, &[]).await, StatusCode::OK);
    };
    futures_util::join!(race(), race(), race());
    cloud.quiet().await.unwrap();
    one_photo(&cloud, &client).await;
}

/// The worker may list what it reads, so a file that is missing is none that it may not read.
#[tokio::test]
async fn an_upload_that_is_not_there_is_not_tried_again() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let begun = begin(&client, "image/jpeg", PICTURE.len()).await;
    let url = text(&begun["upload"], "url");
    let key = &url[url.find("uploads/").unwrap()..url.find('?').unwrap()];
    let s3 = json!({ "bucket": { "name": "banister-local-private" }, "object": { "key": key } });
    let told = json!({ "Records": [{ "eventName": "ObjectCreated:Put", "s3": s3 }] });
    let queue = Queue::from_settings(&cloud.settings("local-test"), "MEDIA_QUEUE_URL").unwrap();
    queue.send(told.to_string()).await.unwrap();
    let quiet = tokio::time::timeout(PATIENCE, cloud.quiet()).await;
    quiet.expect("nothing waits to be tried again").unwrap();
    assert!(cloud.sqs.depth("MediaQueue").unwrap().is_empty());
    assert!(cloud.sqs.depth("MediaDeadLetterQueue").unwrap().is_empty());
    assert_eq!(photo(&client).await["status"], "processing");
    assert_eq!(send(&begun["upload"], PICTURE, &[]).await, StatusCode::OK);
    cloud.quiet().await.unwrap();
    assert_eq!(photo(&client).await["status"], "ready");
}

#[tokio::test]
async fn poison_is_put_aside() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let queue = Queue::from_settings(&cloud.settings("local-test"), "MEDIA_QUEUE_URL").unwrap();
    for body in ["not JSON", "{}", r#"{"Records":[]}"#] {
        queue.send(body.to_owned()).await.unwrap();
    }
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"banister-local-private"}"#;
    queue.send(test.to_owned()).await.unwrap();
    let put = cloud.s3.client("local-test").put_object().bucket("banister-local-private");
    put.key("uploads/photos/nobody/nothing").send().await.unwrap();
    assert_eq!(upload(&cloud, &client, "image/jpeg", PICTURE).await["status"], "ready");
    assert_eq!(cloud.sqs.depth("MediaDeadLetterQueue").unwrap().visible, 4);
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), ["uploads/photos/nobody/nothing"]);
}

#[tokio::test]
async fn photos_outlive_the_process() {
    let folder = std::env::temp_dir().join(format!("banister-photos-{}", std::process::id()));
    let start = async || {
        let (password_memory_kib, data) = (Some(16), Some(folder.clone()));
        Cloud::start(Options { password_memory_kib, data, ..Options::default() }).await.unwrap()
    };
    let cloud = start().await;
    let client = customer(&cloud, "Customer One").await;
    let before = upload(&cloud, &client, "image/jpeg", PICTURE).await;
    let id = shown(&before);
    cloud.stop().await;
    let cloud = start().await;
    let mut again = banister_local::client::Client::stranger(&cloud.url()).unwrap();
    again.email = client.email;
    again.sign_in().await.unwrap();
    let after = photo(&again).await;
    assert_eq!((shown(&after), look(&after, "large").await.0), (id, StatusCode::OK));
    cloud.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}
