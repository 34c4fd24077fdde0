//! What caches may keep.

use reqwest::Method;
use serde_json::{Value, json};

use super::{START, offer};
use crate::support::{body, cloud_at, provider, stranger};

#[tokio::test]
async fn answers_to_nobody_in_particular_can_be_kept() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Provider One").await;
    let id = offer(&one, json!({})).await;
    offer(&one, json!({})).await;
    cloud.quiet().await.unwrap();
    let anyone = stranger(&cloud);
    let window = "free_from=2026-03-02T08:00:00Z&free_to=2026-03-03T08:00:00Z";
    for (path, seconds) in [
        ("/v1/search/services?limit=1".to_owned(), Some(30)),
        ("/v1/search/providers".to_owned(), Some(30)),
        (format!("/v1/search/services?{window}"), None),
        (format!("/v1/search/providers?{window}"), None),
        ("/v1/services?limit=1".to_owned(), Some(30)),
        (format!("/v1/services/{id}"), Some(30)),
        ("/v1/categories".to_owned(), Some(3_600)),
        (format!("/v1/reviews?service_id={id}"), Some(30)),
    ] {
        let first = anyone.get(&path).await.unwrap();
        assert_eq!(first.status, 200, "{path}");
        let kept =
            seconds.map_or("public, no-cache".to_owned(), |seconds| format!("public, max-age={seconds}"));
        assert_eq!(first.headers["cache-control"], kept.as_str(), "{path}");
        assert!(first.headers.get_all("vary").iter().any(|value| value == "authorization"), "{path}");
        let tag = first.headers["etag"].to_str().unwrap();
        let again = anyone.call(Method::GET, &path, &[("if-none-match", tag)], None).await.unwrap();
        assert_eq!((again.status.as_u16(), &again.body), (304, &Value::Null), "{path}");
        assert_eq!(again.headers["etag"], tag, "{path}");
        let other = anyone.call(Method::GET, &path, &[("if-none-match", "\"other\"")], None).await.unwrap();
        assert_eq!(other.status, 200, "{path}");
        // With a token the same, and nobody's to keep.
        let own = one.call(Method::GET, &path, &[("if-none-match", tag)], None).await.unwrap();
        assert_eq!(
            (own.status.as_u16(), &own.headers["cache-control"]),
            (200, &"private, no-store".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn what_has_changed_has_another_tag() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Provider One").await;
    let id = offer(&one, json!({})).await;
    let tag = async |path: &str| {
        cloud.quiet().await.unwrap();
        stranger(&cloud).get(path).await.unwrap().headers["etag"].clone()
    };
    for path in ["/v1/search/services", "/v1/search/providers", "/v1/services", &format!("/v1/services/{id}")]
    {
        let before = tag(path).await;
        assert_eq!(tag(path).await, before, "{path}");
        let title = format!("Changed for {}", path.len());
        body(one.patch(&format!("/v1/services/{id}"), &json!({ "title": title })).await.unwrap(), 200);
        assert_ne!(tag(path).await, before, "{path}");
    }
}
