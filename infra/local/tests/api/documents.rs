//! `/docs`, `/docs/{file}`, `/openapi.json`.

pub(crate) mod schema;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use banister_domain::access::Permission;
use banister_local::api;
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use crate::problems::refused;
use crate::support::{body, cloud, stranger};

/// The document as a value.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(&api::document_text()).expect("the document is JSON"));
    &DOCUMENT
}

async fn fetch(cloud: &Cloud, path: &str) -> (u16, String, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{}{path}", cloud.url())).send().await.unwrap();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), kind, answer.text().await.unwrap())
}

#[tokio::test]
async fn the_served_document_is_the_one_the_code_makes() {
    let cloud = cloud().await;
    let (status, kind, text) = fetch(&cloud, "/openapi.json").await;
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    assert!(
        text == api::document_text(),
        "docs/openapi.json is old: cargo run -- openapi > docs/openapi.json"
    );
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let bearer = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!((&bearer["type"], &bearer["scheme"]), (&"http".into(), &"bearer".into()));
}

/// The page is Swagger UI: every file that it names is there, and the document it loads is ours.
#[tokio::test]
async fn the_page_and_all_its_files_load() {
    let cloud = cloud().await;
    let (status, kind, page) = fetch(&cloud, "/docs").await;
    assert_eq!((status, kind.as_str()), (200, "text/html"));
    assert!(page.contains("id=\"swagger-ui\"") && page.contains("<base href=\"/docs/\">"), "{page}");
    let is_file = |part: &&str| matches!(part.rsplit_once('.'), Some((_, "js" | "css")));
    let named = page.split(['"', '\'']).filter(is_file);
    let files: BTreeSet<_> = named.map(|name| format!("/docs/{}", name.trim_start_matches("./"))).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in &files {
        let (status, kind, content) = fetch(&cloud, file).await;
        assert_eq!(status, 200, "{file}");
        assert!(!content.is_empty() && (kind.contains("javascript") || kind == "text/css"), "{file}: {kind}");
    }
    let (_, _, start) = fetch(&cloud, "/docs/swagger-initializer.js").await;
    assert!(start.contains("\"/openapi.json\"") && start.contains("persistAuthorization"), "{start}");
    for wrong in ["/docs/nothing.js", "/docs/..%2fCargo.toml", "/docs/a/b.js"] {
        refused(&stranger(&cloud).get(wrong).await.unwrap(), 404, "not_found");
    }
}

#[test]
fn every_operation_is_described_with_all_its_answers() {
    let document = document();
    let operations = api::operations();
    assert!(!operations.is_empty());
    let mut ids = BTreeSet::new();
    for operation in &operations {
        let found = &document["paths"][&operation.path][operation.method.to_lowercase()];
        assert_eq!(found["operationId"], *operation.id);
        assert!(ids.insert(&operation.id), "{} twice", operation.id);
        assert!(found["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{}", operation.id);
        let responses = found["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{}", operation.id);
        for code in &operation.codes {
            let response = &responses[code.status().as_str()];
            let text = response["description"].as_str().unwrap_or_default();
            assert!(text.contains(&format!("`{}`", code.as_str())), "{}: {text}", operation.id);
            let example = &response["content"]["application/problem+json"]["example"];
            assert_eq!(example["status"], code.status().as_u16(), "{}", operation.id);
        }
        let secured =
            found["security"].as_array().is_some_and(|security| security[0].get("bearer").is_some());
        assert_eq!(secured, !operation.access.anonymous, "{}", operation.id);
        // Whoever is anonymous has every role to choose from.
        let roles: Vec<_> = operation.access.roles.iter().map(|role| role.as_str()).collect();
        assert_eq!(found["x-roles"], json!(roles), "{}", operation.id);
        let permission = operation.access.permission.map(Permission::as_str);
        assert_eq!(found["x-permission"], json!(permission), "{}", operation.id);
    }
    // By hand, so that the two cannot be wrong together.
    let roles = |path: &str, method: &str| document["paths"][path][method]["x-roles"].clone();
    assert_eq!(roles("/v1/bookings", "post"), json!(["customer"]));
    assert_eq!(roles("/v1/admin/users/{id}/permissions", "put"), json!(["super_admin"]));
    let staff = ["management", "accountant", "admin", "super_admin"];
    assert_eq!(roles("/v1/admin/users", "get"), json!(staff));
    let permission = &document["paths"]["/v1/admin/users"]["get"]["x-permission"];
    assert_eq!(permission, "user_management");
    let paths = document["paths"].as_object().unwrap().values();
    let described: usize = paths.map(|item| item.as_object().unwrap().len()).sum();
    assert_eq!(described, operations.len());
}

/// What is changed and takes no `If-Match`, and why nobody undoes anything by it.
const BLIND: [(&str, &str); 2] = [
    ("change_password", "takes the password that is"),
    ("set_user_role", "sets one word, and says what it is to be"),
];

/// Two who change the same thing can each say what they have seen of it, by the tag that they were told of it.
#[test]
fn whatever_is_changed_takes_the_tag_of_what_was_read() {
    let mut blind = Vec::new();
    for operation in api::operations() {
        if !matches!(operation.method.as_str(), "PUT" | "PATCH") {
            continue;
        }
        let of = |method: &str| &document()["paths"][&operation.path][method];
        let change = of(&operation.method.to_lowercase());
        let named = |parameter: &Value| parameter["name"] == "If-Match" && parameter["in"] == "header";
        if !change["parameters"].as_array().is_some_and(|all| all.iter().any(named)) {
            blind.push(operation.id.clone());
            continue;
        }
        assert!(change["responses"].get("412").is_some(), "{} is never stale", operation.id);
        assert!(!of("get").is_null(), "{}: there is nothing to read first", operation.id);
        let is_tagged = |shown: &Value| shown["responses"]["200"]["headers"]["ETag"].is_object();
        assert!(is_tagged(of("get")), "{}: what is read first has no tag", operation.id);
        assert!(is_tagged(change), "{}: its answer has no tag", operation.id);
    }
    blind.sort();
    assert_eq!(blind, BLIND.map(|(operation, _)| operation));
}

/// What is made up for one call, and would only be refused if it came from an example.
const OPAQUE: [&str; 5] = ["Idempotency-Key", "If-Match", "If-None-Match", "cursor", "200/next_cursor"];

/// Whoever reads the page can send what it shows: every body, answer and parameter has examples,
/// and each is valid by its own schema.
#[test]
fn every_operation_has_examples_that_are_valid() {
    let document = document();
    let mut lacking = Vec::new();
    for operation in api::operations() {
        let found = &document["paths"][&operation.path][operation.method.to_lowercase()];
        let mut places = vec![("body".to_owned(), &found["requestBody"]["content"]["application/json"])];
        let answers = found["responses"].as_object().expect("responses");
        for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with('2')) {
            places.push((status.clone(), &answer["content"]["application/json"]));
        }
        for parameter in found["parameters"].as_array().into_iter().flatten() {
            places.push((parameter["name"].as_str().unwrap().to_owned(), parameter));
        }
        for (name, place) in places.into_iter().filter(|(_, place)| !place.is_null()) {
            for gap in schema::gaps(document, place) {
                let gap = format!("{name}{gap}");
                if !OPAQUE.iter().any(|name| gap == format!("{name}: no example")) {
                    lacking.push(format!("{} {gap}", operation.id));
                }
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

/// Ids of different kinds are different schemas.
#[test]
fn every_kind_of_id_has_a_schema_of_its_own() {
    let document = document();
    let pattern = |path: &str, name: &str| {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap().clone();
        let parameter = parameters.into_iter().find(|parameter| parameter["name"] == name).unwrap();
        schema::resolved(document, &parameter["schema"])["pattern"].as_str().unwrap()[..5].to_owned()
    };
    assert_eq!(pattern("/v1/bookings/{id}", "id"), "^bkg_");
    assert_eq!(pattern("/v1/services/{id}", "id"), "^svc_");
    assert_eq!(pattern("/v1/services", "provider_id"), "^usr_");
}

#[tokio::test]
async fn the_start_page_names_the_others() {
    let cloud = cloud().await;
    let page = body(stranger(&cloud).get("/").await.unwrap(), 200);
    let page = page.as_str().expect("a page");
    for link in ["/docs", "/local/mails", "/local/clock"] {
        assert!(page.contains(link), "{link}");
    }
}
