use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// A Secrets Manager on loopback that has one secret; where it is.
async fn secrets_manager() -> String {
    let answer = async |headers: HeaderMap, body: String| {
        assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
        assert!(headers["authorization"].to_str().unwrap_or_default().starts_with("AWS4-HMAC-SHA256 "));
        let ask: Value = serde_json::from_str(&body).expect("JSON");
        match ask["SecretId"].as_str() {
            Some("banister/dev/one") => (StatusCode::OK, json!({ "SecretString": "from far" }).to_string()),
            Some("bytes") => (StatusCode::OK, json!({ "SecretBinary": "AAAA" }).to_string()),
            _ => (StatusCode::BAD_REQUEST, json!({ "__type": "ResourceNotFoundException" }).to_string()),
        }
    };
    serve(Router::new().route("/", post(answer))).await
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn settings(endpoint: &str, more: &[(&str, &str)]) -> Settings {
    let aws = [
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint),
    ];
    let all = aws.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::from_map(all.collect())
}

#[tokio::test]
async fn a_secret_is_read_where_it_is_named_and_not_given() {
    let endpoint = secrets_manager().await;
    let named = [
        ("CODE_KEY_SECRET", "banister/dev/one"),
        ("CURSOR_KEY", "given"),
        ("CURSOR_KEY_SECRET", "nowhere"),
        ("TABLE_NAME", "banister"),
    ];
    let settings = fetched(settings(&endpoint, &named)).await.expect("all is there");
    assert_eq!(settings.optional("CODE_KEY").as_deref(), Some("from far"));
    assert_eq!(settings.optional("CURSOR_KEY").as_deref(), Some("given"));
    assert_eq!(settings.optional("TABLE_NAME").as_deref(), Some("banister"));
    assert_eq!(settings.optional("SMTP_URL"), None);
}

#[tokio::test]
async fn without_one_nobody_is_asked() {
    let alone = Settings::from_map([("CODE_KEY".to_owned(), "given".to_owned())].into());
    let settings = fetched(alone).await.expect("nothing to ask for");
    assert_eq!(settings.optional("CODE_KEY").as_deref(), Some("given"));
}

#[tokio::test]
async fn what_cannot_be_read_says_which_and_why() {
    let endpoint = secrets_manager().await;
    let fails = async |endpoint: &str, id: &str| {
        fetched(settings(endpoint, &[("SMTP_URL_SECRET", id)]))
            .await
            .expect_err("it is not there")
            .to_string()
    };
    let missing = fails(&endpoint, "nowhere").await;
    assert_eq!(missing, "SMTP_URL cannot be read: Secrets Manager answered ResourceNotFoundException");
    assert_eq!(fails(&endpoint, "bytes").await, "SMTP_URL cannot be read: the secret is no text");
    let busy = serve(Router::new().route("/", post(StatusCode::SERVICE_UNAVAILABLE))).await;
    assert!(fails(&busy, "banister/dev/one").await.starts_with("SMTP_URL cannot be read: Secrets Manager"));
}
