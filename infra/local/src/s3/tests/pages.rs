//! What browsers get: cross-origin answers of the buckets, and public objects.

use aws_sdk_s3::primitives::ByteStream;
use axum::Router;
use reqwest::Method;
use reqwest::header::HeaderMap;

use super::super::{READER, routes};
use super::*;

async fn preflight(stage: &Stage, path: &str, headers: [(&str, &str); 3]) -> (StatusCode, HeaderMap) {
    let mut request = stage.http.request(Method::OPTIONS, stage.url(path));
    for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(name, value);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.headers().clone())
}

#[tokio::test]
async fn a_preflight_is_answered_as_the_template_says() {
    let stage = Stage::start().await;
    let path = format!("{PRIVATE}/uploads/photos/a");
    let ask = |origin, method, headers| {
        [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", headers),
        ]
    };
    let (status, headers) = preflight(&stage, &path, ask(ORIGIN, "PUT", "Content-Type")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["access-control-allow-origin"], ORIGIN);
    assert_eq!(headers["access-control-allow-methods"], "PUT");
    assert_eq!(headers["access-control-allow-headers"], "content-type");
    assert_eq!(headers["access-control-max-age"], "3600");
    for refused in [
        ask("http://evil.example", "PUT", "content-type"),
        ask("", "PUT", "content-type"),
        ask(ORIGIN, "DELETE", "content-type"),
        ask(ORIGIN, "PUT", "content-type, x-amz-acl"),
        ask(ORIGIN, "", ""),
    ] {
        let (status, headers) = preflight(&stage, &path, refused).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{refused:?}");
        assert!(!headers.contains_key("access-control-allow-origin"), "{refused:?}");
    }
    let (status, _) = preflight(&stage, &format!("{PUBLIC}/a"), ask(ORIGIN, "PUT", "")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_page_may_read_the_answer_to_its_upload() {
    let stage = Stage::start().await;
    let signed = stage.presigned("uploads/photos/a", 7).await;
    let put = async |origin: &str, body: &'static str| {
        let put = stage.http.put(signed.uri()).header("content-type", "image/jpeg").header("origin", origin);
        put.body(body).send().await.unwrap()
    };
    let refused = put(ORIGIN, "pictures").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.headers()["access-control-allow-origin"], ORIGIN, "also that it was refused");
    assert_eq!(put(ORIGIN, "picture").await.headers()["access-control-allow-origin"], ORIGIN);
    let other = put("http://evil.example", "picture").await;
    assert!(!other.headers().contains_key("access-control-allow-origin"));
}

/// The distribution on a port of its own.
async fn serve(stage: &Stage) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/public", listener.local_addr().unwrap());
    let app: Router = routes(stage.s3.client(READER), PUBLIC.into());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn public_objects_are_shown_with_their_headers() {
    let stage = Stage::start().await;
    let url = serve(&stage).await;
    let put = stage.s3.client("local-media").put_object().bucket(PUBLIC).key("photos/a b/small.jpg");
    let put = put.content_type("image/jpeg").cache_control("public, max-age=60, immutable");
    put.body(ByteStream::from_static(b"picture")).send().await.unwrap();
    let path = format!("{url}/photos/a%20b/small.jpg");
    let shown = stage.http.get(&path).send().await.unwrap();
    assert_eq!(shown.status(), StatusCode::OK);
    let headers = shown.headers().clone();
    assert_eq!(headers["content-type"], "image/jpeg");
    assert_eq!(headers["cache-control"], "public, max-age=60, immutable");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["content-length"], "7");
    assert_eq!(shown.text().await.unwrap(), "picture");
    let head = stage.http.head(&path).send().await.unwrap();
    assert_eq!(
        (head.status(), &head.headers()["content-length"]),
        (StatusCode::OK, &headers["content-length"])
    );
    let known = stage.http.get(&path).header("if-none-match", &headers["etag"]).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn nothing_else_is_public() {
    let stage = Stage::start().await;
    let url = serve(&stage).await;
    let client = stage.s3.client("local-media");
    for bucket in [PUBLIC, PRIVATE] {
        client.put_object().bucket(bucket).key("a").send().await.unwrap();
    }
    client.put_object().bucket(PRIVATE).key("secret").send().await.unwrap();
    for path in [
        "",
        "/",
        "/missing",
        "/?list-type=2",
        "/secret",
        "/../banister-local-private/secret",
        "/%2e%2e/banister-local-private/secret",
        "/..%2fbanister-local-private%2fsecret",
        "/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "//etc/passwd",
        "/a/",
        "/a/..",
    ] {
        let (authority, _) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let status = raw(authority, &format!("/public{path}")).await;
        assert!(status == "403" || (path.is_empty() && status == "404"), "{path}: {status}");
    }
    for method in [Method::PUT, Method::POST, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = stage.http.request(method.clone(), format!("{url}/a")).body("x").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method}");
    }
    assert_eq!(stage.s3.keys("PublicBucket").await.unwrap(), ["a"]);
}

/// The status of a GET whose path is sent as it is written.
async fn raw(authority: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
}
