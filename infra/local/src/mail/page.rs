//! `GET /local/mails`: the mails as JSON for programs and as a page for people.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Mail, Mailbox};

/// No scripts, nothing from elsewhere; frames inherit it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;\
color:#222;background:#fafafa}h1{font-size:1.4rem}h2{font-size:1.1rem;margin:0}article{background:#fff;\
border:1px solid #ddd;border-radius:6px;padding:1rem;margin:1rem 0}p.meta{color:#666;margin:.2rem 0 1rem}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}iframe{width:100%;height:20rem;border:1px solid #ddd;\
margin-top:.5rem;background:#fff}summary{margin-top:1rem;cursor:pointer}input,button{font:inherit;padding:.2rem .5rem}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    to: Option<String>,
}

/// A mail as JSON shows it.
#[derive(Serialize)]
struct Item {
    id: String,
    /// The first recipient.
    to: String,
    subject: String,
    text: String,
    html: Option<String>,
    /// RFC 3339.
    sent_at: jiff::Timestamp,
}

/// `GET /local/mails?to=`: newest first, all or those to one recipient.
pub fn routes(mailbox: Mailbox) -> Router {
    Router::new().route("/local/mails", get(mails)).with_state(mailbox)
}

async fn mails(
    State(mailbox): State<Mailbox>,
    headers: HeaderMap,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let to = match filter {
        Ok(Query(filter)) => filter.to.filter(|to| !to.is_empty()),
        Err(rejection) => return problem(&rejection),
    };
    let mut found = mailbox.list(to.as_deref());
    found.reverse();
    let html = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(wants_html);
    let body = if html {
        ([(CONTENT_SECURITY_POLICY, POLICY)], Html(page(&found, to.as_deref()))).into_response()
    } else {
        let items: Vec<Item> = found.into_iter().map(Item::from).collect();
        Json(json!({ "items": items })).into_response()
    };
    ([(VARY, "accept"), (CACHE_CONTROL, "no-store")], body).into_response()
}

impl From<Mail> for Item {
    fn from(mail: Mail) -> Self {
        let Mail { id, to, subject, text, html, sent_at, .. } = mail;
        Self { id, to: to.into_iter().next().unwrap_or_default(), subject, text, html, sent_at }
    }
}

/// Browsers name HTML; programs ask for JSON or for anything.
fn wants_html(accept: &str) -> bool {
    accept.split(',').any(|range| range.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
}

/// RFC 9457.
fn problem(rejection: &QueryRejection) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": "The query is not valid",
        "status": 400,
        "code": "invalid_query",
        "detail": rejection.body_text(),
    });
    (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

fn page(mails: &[Mail], to: Option<&str>) -> String {
    let filter = escape(to.unwrap_or_default());
    let list = if mails.is_empty() {
        "<p>No mails.</p>".to_owned()
    } else {
        mails.iter().map(article).collect::<Vec<_>>().join("\n")
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Banister: mails</title>\
         <style>{STYLE}</style></head>\n<body>\n<h1>Mails</h1>\n<form method=\"get\"><label>To \
         <input name=\"to\" type=\"email\" value=\"{filter}\"></label> <button>Show</button></form>\n\
         {list}\n</body>\n</html>\n"
    )
}

fn article(mail: &Mail) -> String {
    let (id, subject, text) = (escape(&mail.id), escape(&mail.subject), escape(&mail.text));
    let (to, time) = (escape(&mail.to.join(", ")), mail.sent_at);
    let html = mail.html.as_deref().map(|html| {
        // An empty sandbox: no scripts, no forms, no links out, an origin of its own.
        format!(
            "<details><summary>HTML</summary><iframe sandbox=\"\" srcdoc=\"{}\"></iframe></details>",
            escape(html)
        )
    });
    format!(
        "<article id=\"{id}\"><h2>{subject}</h2><p class=\"meta\">to {to}, \
         <time datetime=\"{time}\">{time}</time></p><pre>{text}</pre>{}</article>",
        html.unwrap_or_default()
    )
}

/// For text and for quoted attribute values.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
