//! Each kind of file that somebody may upload, all the way, with the answer it gets.

use serde_json::{Value, json};

use super::pictures::{animated_webp, chunk, exif, jpeg, png, quadrants, raw_png, webp, with_segment};
use super::{PICTURE, upload};
use crate::support::{cloud, customer, text};

const CMYK: &[u8] = include_bytes!("../../../../../functions/queue/media/tests/samples/cmyk.jpg");

#[tokio::test]
async fn a_bad_file_is_rejected_with_its_reason_and_leaves_nothing() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let good = jpeg(&quadrants(96, 96));
    let moving = [chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0])];
    let rows: [(&str, Vec<u8>, &str, &str); 11] = [
        ("one byte", vec![0xff], "image/jpeg", "wrong_type"),
        ("GIF", b"GIF89a\x60\0\x60\0\0\0\0;".to_vec(), "image/jpeg", "wrong_type"),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "image/png", "wrong_type"),
        ("HTML that ends as a JPEG", [b"<!doctype html>", &good[..]].concat(), "image/jpeg", "wrong_type"),
        ("PNG named JPEG", png(quadrants(96, 96)), "image/jpeg", "wrong_type"),
        ("truncated", PICTURE[..PICTURE.len() / 2].to_vec(), "image/jpeg", "damaged"),
        ("bomb", raw_png((50_000, 50_000), (8, 6), &[], &[0; 100]), "image/png", "too_large"),
        ("animated PNG", raw_png((96, 96), (8, 0), &moving, &[0; 97 * 96]), "image/png", "animated"),
        ("animated WebP", animated_webp(&webp(&quadrants(96, 96)), 96), "image/webp", "animated"),
        ("small", jpeg(&quadrants(63, 63)), "image/jpeg", "too_small"),
        ("huge", jpeg(&quadrants(16_385, 64)), "image/jpeg", "too_large"),
    ];
    for (name, bytes, kind, reason) in rows {
        let photo = upload(&cloud, &client, kind, &bytes).await;
        assert_eq!((&photo["status"], &photo["reason"]), (&json!("rejected"), &json!(reason)), "{name}");
        assert_eq!(photo["urls"], Value::Null, "{name}");
        assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0], "{name}");
        assert_eq!(cloud.s3.keys("PublicBucket").await.unwrap(), [""; 0], "{name}");
    }
    assert!(cloud.sqs.depth("MediaDeadLetterQueue").unwrap().is_empty());
}

#[tokio::test]
async fn an_odd_file_is_shown_without_what_is_no_picture() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let good = jpeg(&quadrants(96, 96));
    let zip = b"PK\x03\x04SECRET!PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let rows: [(&str, Vec<u8>, &str); 5] = [
        ("CMYK", CMYK.to_vec(), "image/jpeg"),
        ("EXIF with GPS", with_segment(&good, 0xe1, &exif(6, b"SECRET!\0")), "image/jpeg"),
        ("comment", with_segment(&good, 0xfe, b"<script>SECRET!</script>"), "image/jpeg"),
        ("JPEG and ZIP", [&good[..], zip].concat(), "image/jpeg"),
        ("PNG and HTML", [&png(quadrants(96, 96))[..], b"<html>SECRET!"].concat(), "image/png"),
    ];
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (name, bytes, kind) in rows {
        let photo = upload(&cloud, &client, kind, &bytes).await;
        assert_eq!(photo["status"], "ready", "{name}: {photo}");
        for size in ["small", "medium", "large"] {
            let shown = http.get(text(&photo["urls"], size)).send().await.unwrap().bytes().await.unwrap();
            for left in [&b"SECRET"[..], b"Exif", b"PK\x03\x04", b"script"] {
                let found = shown.windows(left.len()).any(|part| part == left);
                assert!(!found, "{name}: {}", String::from_utf8_lossy(left));
            }
        }
    }
    assert_eq!(cloud.s3.keys("PublicBucket").await.unwrap().len(), 3);
}
