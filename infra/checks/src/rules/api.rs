//! The gateway and the table.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::template::{Route, Template, list, target};
use crate::{Faults, unequal};

/// The API has a stage and an access log; each route leads to one function, and one takes the rest. They are in the API's
/// own document, since SAM makes of each event of a function a permission, and so a resource.
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
    let (functions, routes) = (template.functions(), template.routes());
    for function in &functions {
        let events = function.events("HttpApi").count();
        require(events == 0, &format!("the route of {} in its document, as no event", function.id));
    }
    for route in &routes {
        let (key, integration) = (route.key(), route.integration());
        require(!route.path.ends_with('/'), &format!("no slash at the end of {key}"));
        require(parameters(route) == braced(route.path), &format!("the parameters of {key}"));
        let known = functions.iter().any(|function| route.function() == Some(&function.id));
        require(known, &format!("a function for {key}"));
        require(integration["type"] == "aws_proxy", &format!("a proxy for {key}"));
        require(integration["httpMethod"] == "POST", &format!("POST as the method that invokes for {key}"));
        require(integration["payloadFormatVersion"] == "2.0", &format!("the format 2.0 for {key}"));
        let by_role = integration["credentials"] == arn("GatewayRole");
        require(by_role, &format!("the gateway's role for {key}"));
    }
    require(routes.iter().any(|route| route.key() == "ANY $default"), "a $default route");
    faults
}

/// The parameters of the path that a route declares.
fn parameters<'a>(route: &Route<'a>) -> BTreeSet<&'a str> {
    let declared = list(&route.operation["parameters"]).iter();
    let of_path = declared.filter(|one| one["in"] == "path" && one["required"] == true);
    of_path.filter_map(|one| one["name"].as_str()).collect()
}

/// The names in braces.
fn braced(path: &str) -> BTreeSet<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

fn arn(id: &str) -> Value {
    json!({"Fn::GetAtt": [id, "Arn"]})
}

/// A managed policy may have 6,144 characters, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>), and the ARN of a function up to 124 in
/// quotes, with a comma: a name of 64, in the partition and region with the longest names.
const FUNCTIONS_A_POLICY: usize = 45;

/// API Gateway alone takes the gateway's role, and it may invoke each function that has a route, and do nothing else.
#[must_use]
pub fn gateway_may_invoke(template: &Template) -> Faults {
    let role = &template.resource("GatewayRole")["Properties"];
    let taken = json!([{"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": ["sts:AssumeRole"]}]);
    let mut faults = Faults::new();
    if role["AssumeRolePolicyDocument"]["Statement"] != taken {
        faults.push("GatewayRole must be taken by API Gateway, and nobody else".into());
    }
    if !role["Policies"].is_null() {
        faults.push("GatewayRole must have no other rights".into());
    }
    let mut invoked = BTreeSet::new();
    for policy in list(&role["ManagedPolicyArns"]) {
        let id = policy["Ref"].as_str().unwrap_or_default();
        let statements = &template.resource(id)["Properties"]["PolicyDocument"]["Statement"];
        let functions = list(&statements[0]["Resource"]);
        let right = json!([{"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": functions}]);
        if *statements != right {
            faults.push(format!("{id} must allow lambda:InvokeFunction, and nothing else"));
        }
        if functions.len() > FUNCTIONS_A_POLICY {
            faults.push(format!("{id} must name no more than {FUNCTIONS_A_POLICY} functions"));
        }
        invoked.extend(functions.iter().map(ToString::to_string));
    }
    let routed = template.functions().into_iter().filter(|function| !function.routes.is_empty());
    let routed = routed.map(|function| arn(&function.id).to_string()).collect();
    faults.extend(unequal(("GatewayRole", &invoked), ("the routes", &routed)));
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
