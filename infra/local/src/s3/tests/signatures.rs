//! Who may do what with which signature, and until when.

use jiff::SignedDuration;

use super::*;

const KEY: &str = "uploads/photos/usr_1/pho_1";

#[tokio::test]
async fn a_presigned_url_takes_what_was_signed_and_nothing_else() {
    let stage = Stage::start().await;
    let signed = stage.presigned(KEY, 7).await;
    let url = signed.uri();
    assert!(url.contains("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost"), "{url}");
    let refused = async |url: &str, kind: &str, body: &'static str, code: &str| {
        let (status, answer) = stage.put(url, kind, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
        assert!(answer.contains(&format!("<Code>{code}</Code>")), "{answer}");
    };
    let mismatch = "SignatureDoesNotMatch";
    refused(url, "image/png", "picture", mismatch).await;
    refused(url, "image/jpeg", "pictures", mismatch).await;
    let nothing = stage.http.put(url).header("content-type", "image/jpeg").header("content-length", "0");
    assert_eq!(nothing.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    refused(&url.replace("pho_1", "pho_2"), "image/jpeg", "picture", mismatch).await;
    refused(&url.replace("usr_1", "usr_2"), "image/jpeg", "picture", mismatch).await;
    refused(&url.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"), "image/jpeg", "picture", mismatch).await;
    refused(&url.replace("local-http", "local-email"), "image/jpeg", "picture", mismatch).await;
    refused(url.split('?').next().unwrap(), "image/jpeg", "picture", "AccessDenied").await;
    for method in [reqwest::Method::GET, reqwest::Method::DELETE] {
        let answer = stage.http.request(method, url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
    assert_eq!(stage.put(url, "image/jpeg", "picture").await.0, StatusCode::OK);
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), [KEY]);
}

#[tokio::test]
async fn an_upload_of_unknown_length_is_refused() {
    let stage = Stage::start().await;
    let signed = stage.presigned(KEY, 7).await;
    let frame = hyper::body::Frame::data(bytes::Bytes::from("picture"));
    let body = http_body_util::StreamBody::new(futures_util::stream::iter([Ok::<_, std::io::Error>(frame)]));
    let (status, answer) = stage.put(signed.uri(), "image/jpeg", reqwest::Body::wrap(body)).await;
    assert_eq!(status, StatusCode::LENGTH_REQUIRED, "{answer}");
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let stage = Stage::start().await;
    let signed = stage.presigned(KEY, 7).await;
    let (authority, path) = signed.uri().strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    let head = format!(
        "PUT /{path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: image/jpeg\r\ncontent-length: 7\r\n\r\npic"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.contains("200 OK"), "{answer}");
    assert_eq!(stage.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
    assert_eq!(stage.queued(), 0);
}

#[tokio::test]
async fn a_url_ends_by_the_clouds_clock() {
    let stage = Stage::start().await;
    let signed = stage.presigned(KEY, 7).await;
    stage.clock.advance(SignedDuration::from_secs(590));
    assert_eq!(stage.put(signed.uri(), "image/jpeg", "picture").await.0, StatusCode::OK);
    stage.clock.advance(SignedDuration::from_secs(15));
    let (status, answer) = stage.put(signed.uri(), "image/jpeg", "picture").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(answer.contains("Request has expired"), "{answer}");
    // Years ahead, and the same again.
    stage.clock.advance(SignedDuration::from_hours(24 * 365 * 40));
    let signed = stage.presigned(KEY, 7).await;
    assert_eq!(stage.put(signed.uri(), "image/jpeg", "picture").await.0, StatusCode::OK);
    stage.s3.client("local-media").get_object().bucket(PRIVATE).key(KEY).send().await.unwrap();
}

#[tokio::test]
async fn a_url_from_the_future_does_not_hold_yet() {
    let stage = Stage::start().await;
    let late = Stage::start().await;
    late.clock.advance(SignedDuration::from_hours(1));
    let ahead = SystemTime::from(late.clock.now());
    let until = PresigningConfig::builder().start_time(ahead).expires_in(Duration::from_mins(10));
    let put = stage.s3.client("local-http").put_object().bucket(PRIVATE).key(KEY);
    let signed = put.content_type("image/jpeg").presigned(until.build().unwrap()).await.unwrap();
    let (status, answer) = stage.put(signed.uri(), "image/jpeg", "picture").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(answer.contains("Request is not yet valid"), "{answer}");
}

#[tokio::test]
async fn nobody_gets_in_without_a_signature() {
    let stage = Stage::start().await;
    stage.s3.client("local-media").put_object().bucket(PUBLIC).key("a").send().await.unwrap();
    let paths =
        ["", PUBLIC, &format!("{PUBLIC}/a"), &format!("{PUBLIC}?list-type=2"), "other", "%2e%2e/%2e%2e"];
    let day = stage.clock.now().strftime("%Y%m%d").to_string();
    let forged = format!(
        "AWS4-HMAC-SHA256 Credential=local-media/{day}/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"
    );
    for path in paths {
        for method in [reqwest::Method::GET, reqwest::Method::PUT, reqwest::Method::DELETE] {
            let request = || stage.http.request(method.clone(), stage.url(path));
            let anonymous = request().body("x").send().await.unwrap();
            assert_eq!(anonymous.status(), StatusCode::FORBIDDEN, "{method} {path}");
            let date = stage.clock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
            let request = request().header("authorization", &forged).header("x-amz-date", date);
            let answer = request.header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").body("x").send().await;
            assert_eq!(answer.unwrap().status(), StatusCode::FORBIDDEN, "{method} {path}");
        }
    }
    let basic = stage.http.get(stage.url(PUBLIC)).basic_auth("local-media", Some("local")).send().await;
    assert_eq!(basic.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(stage.s3.keys("PublicBucket").await.unwrap(), ["a"]);
}

#[tokio::test]
async fn an_old_signature_in_a_header_is_refused() {
    let stage = Stage::start().await;
    let check = |date: &str| {
        let request = hyper::Request::get("/a/b").header("authorization", "AWS4-HMAC-SHA256 Credential=x/y");
        super::super::signed::check(&request.header("x-amz-date", date).body(()).unwrap(), &stage.clock)
    };
    let shown = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let now = stage.clock.now();
    assert_eq!(check(&shown(now)), Ok(()));
    assert_eq!(check(&shown(now - SignedDuration::from_mins(16))).unwrap_err().code, "RequestTimeTooSkewed");
    assert_eq!(check("yesterday").unwrap_err().code, "RequestTimeTooSkewed");
    stage.clock.advance(SignedDuration::from_hours(5));
    assert_eq!(check(&shown(now)), Ok(()), "the SDKs go on signing by the system's time");
}
