//! The gateway and the table.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Faults;
use crate::template::{Template, target};

/// The API has a stage and an access log; each route goes to one function, and one takes the rest.
#[must_use]
pub fn routes_are_guarded(template: &Template) -> Faults {
    let api = &template.resource("Api")["Properties"];
    let mut faults = Faults::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("the API must have {what}"));
        }
    };
    require(api["StageName"] == "$default", "the stage $default");
    require(target(&api["AccessLogSettings"]["DestinationArn"]) == Some("ApiLogGroup"), "an access log");
    let format = api["AccessLogSettings"]["Format"].as_str().unwrap_or_default();
    require(serde_json::from_str::<Value>(format).is_ok_and(|log| log.is_object()), "an access log of JSON");
    require(api["FailOnWarnings"] == true, "FailOnWarnings");
    let mut routes = BTreeSet::new();
    for function in template.functions() {
        for event in function.events("HttpApi") {
            require(target(&event["ApiId"]) == Some("Api"), &format!("{} in it", function.id));
        }
        for (method, path) in function.routes() {
            require(!path.ends_with('/'), &format!("no slash at the end of {path}"));
            require(routes.insert(format!("{method} {path}")), &format!("{method} {path} once"));
        }
    }
    require(routes.contains("ANY $default"), "a $default route");
    faults
}

/// Whether settings of routes leave it to the parameter, off by default, if each route has metrics of its own.
pub(super) fn detailed_by_parameter(template: &Template, settings: &Value) -> bool {
    let parameters = template.section("Parameters");
    let parameter = parameters.iter().find(|(name, _)| *name == "DetailedMetrics");
    target(&settings["DetailedMetricsEnabled"]) == Some("DetailedMetrics")
        && parameter.is_some_and(|(_, parameter)| parameter["Default"] == "false")
}

/// The table survives mistakes, and has the keys and indexes of the key book.
#[must_use]
pub fn table_is_safe(template: &Template) -> Faults {
    let resource = template.resource("Table");
    let table = &resource["Properties"];
    let key = |pk: &str, sk: &str| json!([{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]);
    let index = |name: &str| {
        json!({"IndexName": name, "Projection": {"ProjectionType": "ALL"},
            "KeySchema": key(&format!("{name}PK"), &format!("{name}SK"))})
    };
    let key_given = json!({"Fn::If": [
        "HasTableKey",
        {"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "TableKeyArn"}},
        {"Ref": "AWS::NoValue"},
    ]});
    let requirements = [
        ("be the only one", template.of_type("AWS::DynamoDB::Table").len() == 1),
        (
            "be retained",
            resource["DeletionPolicy"] == "Retain" && resource["UpdateReplacePolicy"] == "Retain",
        ),
        ("be protected from deletion", table["DeletionProtectionEnabled"] == true),
        (
            "have point-in-time recovery",
            table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true,
        ),
        (
            "be encrypted by the key that is given, or by one that costs nothing",
            table["SSESpecification"] == key_given,
        ),
        ("be on demand", table["BillingMode"] == "PAY_PER_REQUEST"),
        ("stream both images", table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"),
        (
            "expire by ttl",
            table["TimeToLiveSpecification"] == json!({"AttributeName": "ttl", "Enabled": true}),
        ),
        ("have the keys PK and SK", table["KeySchema"] == key("PK", "SK")),
        (
            "have three indexes",
            table["GlobalSecondaryIndexes"] == json!([index("GSI1"), index("GSI2"), index("GSI3")]),
        ),
        ("have no local indexes", table["LocalSecondaryIndexes"].is_null()),
    ];
    let missing = requirements.iter().filter(|(_, holds)| !holds);
    missing.map(|(what, _)| format!("the table must {what}")).collect()
}
