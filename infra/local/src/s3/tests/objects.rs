//! Objects come, are read, listed and go.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;

use super::super::store::{Head, Store};
use super::*;

#[tokio::test]
async fn what_is_put_is_read_until_it_is_deleted() {
    let stage = Stage::start().await;
    let client = stage.s3.client("local-media");
    let put = client.put_object().bucket(PUBLIC).key("photos/one/small.jpg").content_type("image/jpeg");
    let put = put.cache_control("public, max-age=60").body(ByteStream::from_static(b"picture"));
    let put = put.send().await.unwrap();
    assert_eq!(put.e_tag(), Some("\"5456fc54c74a297ce994998c2873b370\""));
    let get = || client.get_object().bucket(PUBLIC).key("photos/one/small.jpg");
    let got = get().send().await.unwrap();
    assert_eq!(got.content_type(), Some("image/jpeg"));
    assert_eq!(got.cache_control(), Some("public, max-age=60"));
    assert_eq!(got.e_tag(), put.e_tag());
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "picture");
    let part = get().range("bytes=1-3").send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 1-3/7"));
    assert_eq!(part.body.collect().await.unwrap().into_bytes(), "ict");
    let head = client.head_object().bucket(PUBLIC).key("photos/one/small.jpg").send().await.unwrap();
    assert_eq!(head.content_length(), Some(7));
    for _ in 0..2 {
        client.delete_object().bucket(PUBLIC).key("photos/one/small.jpg").send().await.unwrap();
    }
    assert_eq!(get().send().await.unwrap_err().code(), Some("AccessDenied"));
}

/// As S3 does with and without `s3:ListBucket`.
#[tokio::test]
async fn who_may_list_is_told_what_is_missing() {
    let stage = Stage::start().await;
    for (role, bucket, key, told) in [
        ("local-media", PRIVATE, "uploads/photos/one", true),
        ("lambda-media", PRIVATE, "uploads/photos/one", true),
        ("local-media", PRIVATE, "uploads/other", false),
        ("local-media", PUBLIC, "uploads/photos/one", false),
        ("local-http", PRIVATE, "uploads/photos/one", false),
    ] {
        let client = stage.s3.client(role);
        let error = client.get_object().bucket(bucket).key(key).send().await.unwrap_err();
        assert_eq!(
            error.code(),
            Some(if told { "NoSuchKey" } else { "AccessDenied" }),
            "{role} {bucket} {key}"
        );
        let error = client.head_object().bucket(bucket).key(key).send().await.unwrap_err();
        let status = error.raw_response().unwrap().status().as_u16();
        assert_eq!(status, if told { 404 } else { 403 }, "{role} {bucket} {key}");
    }
}

#[tokio::test]
async fn every_key_stays_in_its_bucket() {
    let stage = Stage::start().await;
    let client = stage.s3.client("local-media");
    let keys =
        ["a", "a/b", "a//b", "a/", "..", "../banister-local-public/a", ".", "ä b+c%2F?", "/etc/passwd"];
    for (number, key) in keys.iter().enumerate() {
        let body = ByteStream::from(vec![u8::try_from(number).unwrap()]);
        client.put_object().bucket(PRIVATE).key(*key).body(body).send().await.unwrap();
    }
    for (number, key) in keys.iter().enumerate() {
        let got = client.get_object().bucket(PRIVATE).key(*key).send().await.unwrap();
        assert_eq!(
            got.body.collect().await.unwrap().into_bytes(),
            [u8::try_from(number).unwrap()][..],
            "{key}"
        );
    }
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), sorted);
    assert_eq!(stage.s3.keys("PublicBucket").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let stage = Stage::start().await;
    let client = stage.s3.client("local-media");
    for key in ["b/1", "a/2", "a/1", "a/3"] {
        client.put_object().bucket(PRIVATE).key(key).send().await.unwrap();
    }
    let list = || client.list_objects_v2().bucket(PRIVATE).prefix("a/").max_keys(2);
    let keys = |page: &aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output| -> Vec<String> {
        page.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    };
    let first = list().send().await.unwrap();
    assert_eq!((keys(&first), first.is_truncated()), (vec!["a/1".into(), "a/2".into()], Some(true)));
    let rest = list().continuation_token(first.next_continuation_token().unwrap()).send().await.unwrap();
    assert_eq!((keys(&rest), rest.is_truncated()), (vec!["a/3".into()], Some(false)));
}

#[tokio::test]
async fn what_is_not_kept_is_refused() {
    let stage = Stage::start().await;
    let client = stage.s3.client("local-media");
    let put = || client.put_object().bucket(PRIVATE).key("a");
    let acl = aws_sdk_s3::types::ObjectCannedAcl::PublicRead;
    let refused = [
        (put().acl(acl).send().await, "AccessControlListNotSupported"),
        (put().metadata("a", "b").send().await, "NotImplemented"),
        (put().if_none_match("*").send().await, "NotImplemented"),
        (put().content_md5("AAAA").send().await, "BadDigest"),
        (client.put_object().bucket("banister-local-other").key("a").send().await, "NoSuchBucket"),
    ];
    for (outcome, code) in refused {
        assert_eq!(outcome.unwrap_err().code(), Some(code));
    }
    let error = client.create_bucket().bucket("banister-local-other").send().await.unwrap_err();
    assert_eq!(error.code(), Some("NotImplemented"));
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn the_checksum_that_the_sdk_adds_by_default_is_verified() {
    let stage = Stage::start().await;
    let config = stage.s3.client("local-media").config().to_builder();
    let whenever = aws_sdk_s3::config::RequestChecksumCalculation::WhenSupported;
    let client = aws_sdk_s3::Client::from_conf(config.request_checksum_calculation(whenever).build());
    let put = || client.put_object().bucket(PRIVATE).key("a").body(ByteStream::from_static(b"picture"));
    put().send().await.unwrap();
    assert_eq!(put().checksum_crc32("AAAAAA==").send().await.unwrap_err().code(), Some("BadDigest"));
}

#[tokio::test]
async fn faults_strike_by_role() {
    use crate::faults::{FaultKind, Verdict};
    let stage = Stage::start().await;
    let put = async |role: &str| {
        let body = ByteStream::from_static(b"picture");
        stage.s3.client(role).put_object().bucket(PRIVATE).key(role).body(body).send().await
    };
    let (role, operation) = ("local-media", "PutObject");
    for verdict in
        [Verdict::Refuse(FaultKind::Throttle), Verdict::Refuse(FaultKind::Lost), Verdict::LoseAnswer]
    {
        stage.faults.script(role, operation, verdict);
        let before = stage.faults.calls(role);
        put(role).await.expect("the SDK tries again");
        assert_eq!(stage.faults.calls(role) - before, 2, "{verdict:?}");
    }
    let dead = "local-dead";
    stage.faults.crash_after(dead, 1);
    assert_eq!(put(dead).await.unwrap_err().code(), Some(crate::faults::CRASHED));
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), [dead, role], "it took effect");
    let gone = "local-gone";
    stage.faults.crash_before(gone, 1);
    assert_eq!(put(gone).await.unwrap_err().code(), Some(crate::faults::CRASHED));
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), [dead, role], "it did not");
}

#[test]
fn a_folder_does_what_memory_does_and_keeps_it() {
    let folder = std::env::temp_dir().join(format!("banister-s3-test-{}", std::process::id()));
    let names = [PRIVATE.to_owned()];
    let head = |key: &str| Head {
        key: key.into(),
        content_type: Some("image/jpeg".into()),
        cache_control: None,
        etag: String::new(),
        size: 1,
        put_at: jiff::Timestamp::UNIX_EPOCH,
    };
    for store in [Store::open(Some(folder.clone()), &names).unwrap(), Store::open(None, &names).unwrap()] {
        for (key, content) in [("b/../c", "x"), ("a", "y"), ("b/c", "z"), ("a", "w")] {
            store.put(PRIVATE, &head(key), &content.into()).unwrap();
        }
        assert_eq!(store.get(PRIVATE, "a").unwrap(), Some((head("a"), "w".into())));
        assert_eq!(store.head(PRIVATE, "b/c").unwrap(), Some(head("b/c")));
        assert_eq!(store.list(PRIVATE, "b/").unwrap(), [head("b/../c"), head("b/c")]);
        for _ in 0..2 {
            store.remove(PRIVATE, "b/c").unwrap();
        }
        assert_eq!((store.get(PRIVATE, "b/c").unwrap(), store.head(PRIVATE, "c").unwrap()), (None, None));
    }
    let draft = folder.join(PRIVATE).join("half.0.draft");
    std::fs::write(&draft, "half").unwrap();
    let again = Store::open(Some(folder.clone()), &names).unwrap();
    assert_eq!(again.list(PRIVATE, "").unwrap(), [head("a"), head("b/../c")]);
    assert!(!draft.exists(), "what a dead process left");
    std::fs::remove_dir_all(folder).unwrap();
}
