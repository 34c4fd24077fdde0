use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use lettre::AsyncTransport as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::super::{Mailbox, routes};
use super::{mailbox, message, send, transport};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn get(mailbox: &Mailbox, path: &str, accept: &str) -> (u16, HeaderMap, String) {
    let request = Request::get(path).header(ACCEPT, accept).body(Body::empty()).unwrap();
    let answer = routes(mailbox.clone()).oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn programs_get_the_newest_first() {
    let mailbox = mailbox().await;
    send(&mailbox, "one@example.com", "first").await.unwrap();
    send(&mailbox, "two@example.com", "second").await.unwrap();
    let (status, _, body) = get(&mailbox, "/local/mails", "*/*").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let subjects: Vec<&Value> =
        body["items"].as_array().unwrap().iter().map(|item| &item["subject"]).collect();
    assert_eq!((status, subjects), (200, vec![&json!("second"), &json!("first")]));

    let (_, headers, body) = get(&mailbox, "/local/mails?to=one%40example.com", "application/json").await;
    assert_eq!(headers[CONTENT_TYPE], "application/json");
    let expected = json!({ "items": [{
        "id": "1800000000000-000001",
        "to": "one@example.com",
        "subject": "first",
        "text": "Hello",
        "html": "<p>Hello</p>",
        "sent_at": "2027-01-15T08:00:00Z",
    }] });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    let (_, _, all) = get(&mailbox, "/local/mails?to=", "*/*").await;
    assert_eq!(serde_json::from_str::<Value>(&all).unwrap()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let mailbox = mailbox().await;
    for query in ["?from=x", "?to=a&to=b", "?to=a&limit=1"] {
        for accept in ["*/*", BROWSER] {
            let (status, headers, body) = get(&mailbox, &format!("/local/mails{query}"), accept).await;
            assert_eq!((status, &headers[CONTENT_TYPE]), (400, &"application/problem+json".parse().unwrap()));
            assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["status"], 400);
        }
    }
}

#[tokio::test]
async fn browsers_get_a_page_on_which_nothing_runs() {
    let mailbox = mailbox().await;
    let (_, _, empty) = get(&mailbox, "/local/mails", BROWSER).await;
    assert!(empty.contains("No mails."));
    let evil = "\"'></iframe><script>alert(1)</script>&amp;";
    transport(&mailbox).send(message("one@example.com", evil, evil)).await.unwrap();
    let (status, headers, page) = get(&mailbox, "/local/mails?to=one@example.com", BROWSER).await;
    assert_eq!(status, 200);
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(headers[CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(page.contains("<title>Banister: mails</title>"));
    assert!(!page.contains("<script"));
    assert_eq!(page.matches("</iframe>").count(), 1);
    let escaped = "&quot;&#39;&gt;&lt;/iframe&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;";
    assert!(page.contains(&format!("<h2>{escaped}</h2>")));
    assert!(page.contains(&format!("<pre>{escaped}</pre>")));
    assert!(
        page.contains(&format!("<iframe sandbox=\"\" srcdoc=\"&lt;p&gt;{escaped}&lt;/p&gt;\"></iframe>"))
    );
    let (_, _, filter) = get(&mailbox, "/local/mails?to=%22%3E%3Cb%3E", BROWSER).await;
    assert!(filter.contains("value=\"&quot;&gt;&lt;b&gt;\""));
}
