//! Query parameters: an operation takes those that it describes, and no others.

use banister_domain::account::Role;
use banister_local::api;
use serde_json::Value;

use crate::access::requests::World;
use crate::documents::document;
use crate::problems::refused_parameter;

#[tokio::test]
async fn every_operation_refuses_unknown_parameters() {
    let mut world = World::new().await;
    for operation in api::operations() {
        // Nothing else is wrong with the request, so that nothing else can be what is refused.
        let request = world.request(&operation).await.with_query("x=1");
        let for_customers = operation.access.roles.contains(&Role::Customer);
        let caller = if for_customers { &world.customer } else { &world.provider };
        let answer = request.send(caller, &operation).await;
        refused_parameter(&answer, "x", "unknown");
        let known = operation.codes.iter().any(|code| code.as_str() == answer.code());
        assert!(known, "{} does not describe it", operation.id);
    }
}

#[tokio::test]
async fn every_described_parameter_is_known() {
    let mut world = World::new().await;
    let mut described = 0;
    for operation in api::operations() {
        let item = &document()["paths"][&operation.path][operation.method.to_lowercase()];
        let all = item["parameters"].as_array().into_iter().flatten();
        for name in all.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()) {
            described += 1;
            let request = world.request(&operation).await.with_query(&format!("{name}=%00"));
            let answer = request.send(&world.customer, &operation).await;
            let unknown = |error: &Value| error["code"] == "unknown";
            let refused = answer.body["errors"].as_array().is_some_and(|errors| errors.iter().any(unknown));
            assert!(!refused, "{} {name}: {}", operation.id, answer.body);
        }
    }
    assert!(described > 10, "{described}");
}
