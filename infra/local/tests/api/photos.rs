//! `POST` and `DELETE /v1/me/photo`, the upload in between, and what everybody sees then.

mod files;
#[path = "../../../../functions/queue/media/tests/media/pictures.rs"]
#[allow(dead_code, reason = "the worker's own tests use the rest")]
mod pictures;
mod storage;
mod workers;

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, customer, pass, text};

const PICTURE: &[u8] = include_bytes!("../../../../functions/queue/media/tests/samples/progressive.jpg");

async fn begin(client: &Client, content_type: &str, size: usize) -> Value {
    let ask = json!({ "content_type": content_type, "size": size });
    body(client.post("/v1/me/photo", &ask).await.unwrap(), 201)
}

pub(crate) async fn send(upload: &Value, bytes: &[u8], changes: &[(&str, &str)]) -> StatusCode {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let method = Method::from_bytes(text(upload, "method").as_bytes()).unwrap();
    let mut request = http.request(method, text(upload, "url")).body(bytes.to_vec()).build().unwrap();
    let given = upload["headers"].as_object().unwrap();
    let given = given.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    for (name, value) in given.filter(|(name, _)| *name != "content-length").chain(changes.iter().copied()) {
        let name: reqwest::header::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    http.execute(request).await.unwrap().status()
}

/// Uploads a file, waits, and reads what became of it.
async fn upload(cloud: &Cloud, client: &Client, content_type: &str, bytes: &[u8]) -> Value {
    let begun = begin(client, content_type, bytes.len()).await;
    assert_eq!(begun["photo"]["status"], "processing");
    assert_eq!(send(&begun["upload"], bytes, &[]).await, StatusCode::OK);
    cloud.quiet().await.unwrap();
    photo(client).await
}

async fn photo(client: &Client) -> Value {
    body(client.get("/v1/me").await.unwrap(), 200)["photo"].take()
}

/// The status and type of an address that everybody may read.
async fn look(photo: &Value, size: &str) -> (StatusCode, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(text(&photo["urls"], size)).send().await.unwrap();
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    (answer.status(), kind.to_owned())
}

#[tokio::test]
async fn a_photo_is_uploaded_shown_replaced_and_taken_away() {
    let cloud = cloud().await;
    let mut client = customer(&cloud, "Customer One").await;
    assert_eq!(photo(&client).await, Value::Null);
    let first = upload(&cloud, &client, "image/jpeg", PICTURE).await;
    let state = |photo: &Value| (photo["status"].clone(), photo["reason"].clone(), photo["detail"].clone());
    assert_eq!(state(&first), (json!("ready"), Value::Null, Value::Null));
    for size in ["small", "medium", "large"] {
        assert_eq!(look(&first, size).await, (StatusCode::OK, "image/jpeg".into()), "{size}");
    }
    // The photo stays while another one is awaited and when that is bad.
    assert_eq!(begin(&client, "image/png", 5).await["photo"]["urls"], first["urls"]);
    let bad = upload(&cloud, &client, "image/png", b"<svg/>").await;
    assert_eq!((&bad["status"], &bad["reason"]), (&json!("rejected"), &json!("wrong_type")));
    assert!(text(&bad, "detail").contains("JPEG"), "{bad}");
    assert_eq!((&bad["urls"], look(&bad, "large").await.0), (&first["urls"], StatusCode::OK));
    // A new one has new addresses, and the old ones stop working.
    let second = upload(&cloud, &client, "image/jpeg", PICTURE).await;
    assert_eq!((&second["status"], look(&second, "small").await.0), (&json!("ready"), StatusCode::OK));
    assert!(look(&first, "small").await.0.is_client_error());
    client.sign_in().await.unwrap();
    let changed = body(client.patch("/v1/me", &json!({ "locale": "ru" })).await.unwrap(), 200);
    assert_eq!(changed["photo"], second);
    for _ in 0..2 {
        body(client.delete("/v1/me/photo").await.unwrap(), 204);
        cloud.quiet().await.unwrap();
        assert_eq!(photo(&client).await, Value::Null);
        assert!(look(&second, "large").await.0.is_client_error());
    }
}

#[tokio::test]
async fn an_upload_is_of_the_exact_type_and_size_and_in_time() {
    let cloud = cloud().await;
    let mut client = customer(&cloud, "Customer One").await;
    let begun = begin(&client, "image/jpeg", PICTURE.len()).await;
    let upload = &begun["upload"];
    assert_eq!(text(upload, "method"), "PUT");
    assert_eq!(
        upload["headers"],
        json!({ "content-length": PICTURE.len().to_string(), "content-type": "image/jpeg" })
    );
    let longer = [PICTURE, b"!"].concat();
    for (bytes, changes) in
        [(&longer[..], &[][..]), (&PICTURE[1..], &[]), (PICTURE, &[("content-type", "text/html")])]
    {
        assert_eq!(send(upload, bytes, changes).await, StatusCode::FORBIDDEN, "{} {changes:?}", bytes.len());
    }
    let elsewhere = json!({ "method": "PUT", "url": text(upload, "url").replace("pho_", "pho_0"),
        "headers": upload["headers"] });
    assert_eq!(send(&elsewhere, PICTURE, &[]).await, StatusCode::FORBIDDEN);
    pass(&cloud, 601).await;
    assert_eq!(send(upload, PICTURE, &[]).await, StatusCode::FORBIDDEN);
    assert_eq!(photo(&client).await["status"], "processing");
    pass(&cloud, 299).await;
    client.sign_in().await.unwrap();
    assert_eq!(photo(&client).await, Value::Null);
}

#[tokio::test]
async fn a_newer_upload_replaces_the_one_that_waits() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let old = begin(&client, "image/jpeg", PICTURE.len()).await;
    let new = begin(&client, "image/jpeg", PICTURE.len()).await;
    assert_eq!(send(&old["upload"], PICTURE, &[]).await, StatusCode::OK);
    cloud.quiet().await.unwrap();
    assert_eq!(photo(&client).await["status"], "processing");
    assert_eq!(send(&new["upload"], PICTURE, &[]).await, StatusCode::OK);
    cloud.quiet().await.unwrap();
    let shown = photo(&client).await;
    assert_eq!(shown["status"], "ready");
    // The address still works, and what it takes is nobody's any more.
    assert_eq!(send(&new["upload"], PICTURE, &[]).await, StatusCode::OK);
    body(client.delete("/v1/me/photo").await.unwrap(), 204);
    assert_eq!(send(&new["upload"], PICTURE, &[]).await, StatusCode::OK);
    cloud.quiet().await.unwrap();
    assert_eq!(photo(&client).await, Value::Null);
    assert!(look(&shown, "large").await.0.is_client_error());
}

#[tokio::test]
async fn only_pictures_of_up_to_ten_mebibytes_are_begun_and_not_too_many() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    for (ask, pointer, kind) in [
        (json!({ "content_type": "image/gif", "size": 1 }), "/content_type", "invalid"),
        (json!({ "content_type": "image/png", "size": 0 }), "/size", "invalid"),
        (json!({ "content_type": "image/png", "size": 10_485_761 }), "/size", "invalid"),
        (json!({ "content_type": "image/png", "size": -1 }), "/size", "invalid"),
        (json!({ "content_type": "image/png" }), "/size", "missing"),
        (json!({ "content_type": "image/png", "size": 1, "key": "x" }), "/key", "unknown"),
    ] {
        refused_at(&client.post("/v1/me/photo", &ask).await.unwrap(), pointer, kind);
    }
    assert_eq!(photo(&client).await, Value::Null);
    for _ in 0..20 {
        begin(&client, "image/webp", 10_485_760).await;
    }
    let more = client.post("/v1/me/photo", &json!({ "content_type": "image/png", "size": 1 })).await.unwrap();
    refused(&more, 429, "too_many_requests");
}
