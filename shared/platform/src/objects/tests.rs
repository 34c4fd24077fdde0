use std::collections::BTreeMap;

use super::*;

const NOW: Timestamp = Timestamp::constant(1_764_238_530, 0);

fn settings(more: &[(&str, &str)]) -> Settings {
    let aws = [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("BUCKET", "things")];
    let secret = [("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_SESSION_TOKEN", "token")];
    let all = aws.iter().chain(&secret).chain(more);
    Settings::from_map(all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

async fn presigned(more: &[(&str, &str)]) -> SignedRequest {
    let bucket = Bucket::from_settings(&settings(more), "BUCKET").expect("a bucket");
    let signed = bucket.presign_put("a/b c", "image/png", 1_234, Duration::from_mins(10), NOW).await;
    signed.expect("a signed request")
}

fn parameters(url: &str) -> BTreeMap<String, String> {
    let (_, query) = url.split_once('?').expect("a query");
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn an_upload_is_signed_with_its_exact_type_and_length_and_no_checksum() {
    let signed = presigned(&[]).await;
    assert_eq!(signed.method, "PUT");
    assert!(
        signed.url.starts_with("https://things.s3.eu-central-1.amazonaws.com/a/b%20c?"),
        "{}",
        signed.url
    );
    let headers = [("content-length", "1234"), ("content-type", "image/png")];
    assert_eq!(signed.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let parameters = parameters(&signed.url);
    assert_eq!(parameters["X-Amz-SignedHeaders"], "content-length;content-type;host");
    assert_eq!(parameters["X-Amz-Date"], "20251127T101530Z");
    assert_eq!(parameters["X-Amz-Expires"], "600");
    assert_eq!(parameters["X-Amz-Security-Token"], "token");
    let checksum = |name: &String| name.to_ascii_lowercase().contains("checksum");
    assert!(!parameters.keys().any(checksum), "{parameters:?}");
    assert!(!format!("{signed:?}").contains("X-Amz"));
}

#[tokio::test]
async fn a_download_is_a_file_of_a_name() {
    let bucket = Bucket::from_settings(&settings(&[]), "BUCKET").expect("a bucket");
    let signed = bucket.presign_get("a/b", ("text/csv", "users.csv"), Duration::from_mins(10), NOW).await;
    let url = signed.expect("a URL");
    assert!(url.starts_with("https://things.s3.eu-central-1.amazonaws.com/a/b?"), "{url}");
    let parameters = parameters(&url);
    assert_eq!(parameters["response-content-type"], "text/csv");
    assert_eq!(parameters["response-content-disposition"], "attachment; filename=\"users.csv\"");
    assert_eq!((parameters["X-Amz-Expires"].as_str(), &*parameters["X-Amz-SignedHeaders"]), ("600", "host"));
}

#[tokio::test]
async fn an_emulator_is_reached_by_path() {
    let signed = presigned(&[("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000")]).await;
    assert!(signed.url.starts_with("http://127.0.0.1:9000/things/a/b%20c?"), "{}", signed.url);
}

#[tokio::test]
async fn a_lifetime_of_more_than_a_week_is_refused() {
    let bucket = Bucket::from_settings(&settings(&[]), "BUCKET").expect("a bucket");
    let signed = bucket.presign_put("a", "image/png", 1, Duration::from_secs(604_801), NOW).await;
    assert!(matches!(signed, Err(ObjectError::Rejected(_))), "{signed:?}");
}

#[test]
fn what_may_pass_is_tried_again_and_the_rest_is_poison() {
    let unavailable = ObjectError::Unavailable("SlowDown".into());
    let rejected = ObjectError::Rejected("AccessDenied".into());
    for error in [unavailable, rejected] {
        assert!(matches!(WorkError::from(error), WorkError::Retry(_)));
    }
    for error in [ObjectError::Missing, ObjectError::TooLarge(1)] {
        assert!(matches!(WorkError::from(error), WorkError::Poison(_)));
    }
}
