//! Object storage, and how public objects are shown.

use serde_json::{Value, json};

use crate::Faults;
use crate::template::{Template, list, target};

/// Every bucket is closed to the public, encrypted, kept, spoken to by TLS only, and tidies up; what is
/// shown is shown by the distribution, which signs what it reads.
#[must_use]
pub fn buckets_are_closed(template: &Template) -> Faults {
    let mut faults = Faults::new();
    for (&id, bucket) in &template.of_type("AWS::S3::Bucket") {
        let resource = template.resource(id);
        let closed = json!({"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true,
            "RestrictPublicBuckets": true});
        let kept = resource["DeletionPolicy"] == "Retain" && resource["UpdateReplacePolicy"] == "Retain";
        let rules = list(&bucket["LifecycleConfiguration"]["Rules"]);
        let ends_parts = |rule: &Value| rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1;
        let policies = template.of_type("AWS::S3::BucketPolicy").into_values();
        let own = policies.filter(|policy| target(&policy["Bucket"]) == Some(id));
        let statements: Vec<_> =
            own.flat_map(|policy| list(&policy["PolicyDocument"]["Statement"])).collect();
        let only_tls = |statement: &&Value| {
            statement["Effect"] == "Deny" && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
        };
        let allowed: Vec<_> = statements.iter().filter(|one| one["Effect"] == "Allow").collect();
        let requirements = [
            ("block public access", bucket["PublicAccessBlockConfiguration"] == closed),
            (
                "have no ACLs",
                bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced",
            ),
            ("be encrypted", !bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"].is_null()),
            ("be retained", kept),
            ("end unfinished parts", rules.iter().any(ends_parts)),
            ("refuse plain HTTP", statements.iter().copied().any(|one| only_tls(&one))),
            ("let nobody in but the distribution", allowed.iter().all(|one| is_distribution(one, id))),
            ("be shown if public", id != "PublicBucket" || allowed.len() == 1),
        ];
        let missing = requirements.iter().filter(|(_, holds)| !holds);
        faults.extend(missing.map(|(what, _)| format!("{id} must {what}")));
    }
    faults.extend(uploads(template));
    faults.extend(distribution(template));
    faults
}

fn is_distribution(statement: &Value, bucket: &str) -> bool {
    let arn = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${PublicDistribution}";
    statement["Principal"] == json!({"Service": "cloudfront.amazonaws.com"})
        && statement["Action"] == "s3:GetObject"
        && statement["Resource"]["Fn::Sub"] == format!("${{{bucket}.Arn}}/*")
        && statement["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"] == arn
}

fn uploads(template: &Template) -> Faults {
    let bucket = &template.resource("PrivateBucket")["Properties"];
    let rules = list(&bucket["LifecycleConfiguration"]["Rules"]);
    let cors = &bucket["CorsConfiguration"]["CorsRules"];
    let told = list(&bucket["NotificationConfiguration"]["QueueConfigurations"]);
    let media = |one: &Value| {
        target(&one["Queue"]) == Some("MediaQueue")
            && one["Filter"]["S3Key"]["Rules"][0] == json!({"Name": "prefix", "Value": "uploads/photos/"})
    };
    let requirements = [
        (
            "forget what was never finished",
            rules.iter().any(|rule| rule["Prefix"] == "uploads/" && rule["ExpirationInDays"] == 1),
        ),
        (
            "take uploads from the web origins only",
            list(cors).len() == 1
                && target(&cors[0]["AllowedOrigins"]) == Some("CorsOrigins")
                && cors[0]["AllowedMethods"] == json!(["PUT"]),
        ),
        ("tell the media queue", told.iter().any(media)),
    ];
    let missing = requirements.iter().filter(|(_, holds)| !holds);
    missing.map(|(what, _)| format!("PrivateBucket must {what}")).collect()
}

fn distribution(template: &Template) -> Faults {
    let config = &template.resource("PublicDistribution")["Properties"]["DistributionConfig"];
    let access = &template.resource("PublicAccess")["Properties"]["OriginAccessControlConfig"];
    let behaviour = &config["DefaultCacheBehavior"];
    let requirements = [
        (
            "read by its access control",
            target(&config["Origins"][0]["OriginAccessControlId"]) == Some("PublicAccess"),
        ),
        ("sign always", access["SigningBehavior"] == "always" && access["SigningProtocol"] == "sigv4"),
        ("speak TLS", behaviour["ViewerProtocolPolicy"] == "redirect-to-https"),
        ("only read", behaviour["AllowedMethods"] == json!(["GET", "HEAD"])),
        ("add security headers", behaviour["ResponseHeadersPolicyId"].is_string()),
    ];
    let missing = requirements.iter().filter(|(_, holds)| !holds);
    missing.map(|(what, _)| format!("the distribution must {what}")).collect()
}
