//! `/local/mails`: what a person who runs it on a laptop reads.

use banister_local::client::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{body, cloud_at, each, mails, stranger, text};

#[tokio::test]
async fn mails_are_listed_newest_first_and_by_recipient() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    for name in ["Customer One", "Customer Two"] {
        Client::join(&cloud, "customer", name).await.unwrap();
    }
    let anyone = stranger(&cloud);
    let all = body(anyone.get("/local/mails").await.unwrap(), 200);
    assert_eq!(each(&all, "to"), ["customer.two@example.com", "customer.one@example.com"]);
    let one = body(anyone.get("/local/mails?to=Customer.One@example.com").await.unwrap(), 200);
    let mail = &one["items"][0];
    let mut names: Vec<_> = mail.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["html", "id", "sent_at", "subject", "text", "to"]);
    assert_eq!(
        (text(mail, "subject"), one["items"].as_array().unwrap().len()),
        ("Your confirmation code", 1)
    );
    assert!(text(mail, "sent_at").starts_with("2026-03-02T08:00:"));
    assert!(text(mail, "html").contains("<html") && text(mail, "text").contains("Welcome to Banister"));
    let none = body(anyone.get("/local/mails?to=nobody@example.com").await.unwrap(), 200);
    assert_eq!(none, json!({ "items": [] }));
}

#[tokio::test]
async fn a_browser_gets_a_page() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let client = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    let accept = [("accept", "text/html,application/xhtml+xml")];
    let answer = stranger(&cloud).call(Method::GET, "/local/mails", &accept, None).await.unwrap();
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    let Value::String(page) = body(answer, 200) else { panic!("no page") };
    let code = client.code_from_mail(&cloud).await.unwrap();
    assert!(page.contains("Your confirmation code") && page.contains(&code) && page.contains(&client.email));
}

/// The language is the reader's, the times are in the reader's zone, and the name in a mail to an
/// address that nobody has confirmed is not carried: it may be anybody's words.
#[tokio::test]
async fn mails_speak_the_readers_language_and_zone() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let provider = crate::support::provider(&cloud, "Provider One").await;
    let ask = json!({ "locale": "ru", "time_zone": "Asia/Tokyo" });
    body(provider.patch("/v1/me", &ask).await.unwrap(), 200);
    let service = crate::support::service(&provider, 60).await;
    let customer = crate::support::customer(&cloud, "Customer One").await;
    body(customer.book(&service, "2026-03-04T10:00:00Z", "some-booking").await.unwrap(), 201);
    let mails = mails(&cloud, &provider.email).await;
    assert_eq!(mails[1].subject, "Новая заявка: Consultation");
    assert!(mails[1].text.contains("19:00") && mails[1].text.contains("Customer"), "{}", mails[1].text);
    assert!(!mails[0].text.contains("Provider"), "{}", mails[0].text);
    let html = mails[1].html.as_deref().unwrap();
    assert!(html.contains("lang=\"ru\"") && html.contains("19:00"), "{html}");
}

/// What people type is text in a mail, never markup and never a header.
#[tokio::test]
async fn what_people_type_is_no_markup_in_mails() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let provider = crate::support::provider(&cloud, "Provider One").await;
    let service = crate::support::service(&provider, 60).await;
    let path = format!("/v1/services/{service}");
    body(provider.patch(&path, &json!({ "title": "<b>Bold</b> & more" })).await.unwrap(), 200);
    let customer = crate::support::customer(&cloud, "Customer One").await;
    body(customer.patch("/v1/me", &json!({ "first_name": "<script>alert(1)</script>" })).await.unwrap(), 200);
    body(customer.book(&service, "2026-03-04T10:00:00Z", "some-booking").await.unwrap(), 201);
    let mail = mails(&cloud, &provider.email).await.pop().unwrap();
    assert_eq!(mail.subject, "New request: <b>Bold</b> & more");
    let html = mail.html.unwrap();
    assert!(!html.contains("<script>") && !html.contains("<b>Bold"), "{html}");
    assert!(mail.text.contains("<b>Bold</b> & more"), "{}", mail.text);
}
