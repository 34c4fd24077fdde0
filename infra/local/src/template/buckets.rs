//! `AWS::S3::Bucket`: what the local buckets keep to.

use super::TemplateError;
use super::value::Node;

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketDefinition {
    /// Its name in the template.
    pub logical_id: String,
    /// Queues that are told of new objects.
    pub notifications: Vec<Notification>,
    /// Which web pages may use it.
    pub cors: Vec<CorsRule>,
    /// When objects are deleted by themselves.
    pub expirations: Vec<Expiration>,
    /// Functions that may list it.
    pub listers: Vec<Lister>,
}

/// A function with the right `s3:ListBucket`: it is told of an object that it is missing, and others that they
/// may not read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lister {
    /// Logical id of the function.
    pub function: String,
    /// What a key begins with; empty is every key.
    pub prefix: String,
}

/// An entry of `NotificationConfiguration.QueueConfigurations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Such as `s3:ObjectCreated:*`.
    pub event: String,
    /// Logical id of the queue.
    pub queue: String,
    /// What a key begins with; empty is every key.
    pub prefix: String,
    /// What a key ends with; empty is every key.
    pub suffix: String,
}

/// An entry of `CorsConfiguration.CorsRules`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsRule {
    /// Origins; none where a parameter without a default lists them.
    pub origins: Option<Vec<String>>,
    /// HTTP methods.
    pub methods: Vec<String>,
    /// Request headers, in lower case.
    pub headers: Vec<String>,
    /// How long a browser may keep the answer.
    pub max_age_seconds: Option<u64>,
}

/// A lifecycle rule that is in force and deletes objects by age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiration {
    /// What a key begins with; empty is every key.
    pub prefix: String,
    /// Age in days, from 1.
    pub days: u64,
}

/// What the policies of a function say of listing buckets: which, and how much of them.
pub(super) fn listed(function: &str, properties: &Node<'_>) -> Result<Vec<(String, Lister)>, TemplateError> {
    let mut listed = Vec::new();
    let policies = properties.get("Policies").map_or_else(|| Ok(Vec::new()), |policies| policies.items())?;
    for policy in policies {
        for statement in policy.get("Statement").map_or_else(|| Ok(Vec::new()), |all| all.items())? {
            let actions = statement.require("Action")?.items()?;
            if !actions.iter().any(|action| action.text().is_ok_and(|name| name == "s3:ListBucket")) {
                continue;
            }
            let like = statement.get("Condition").and_then(|condition| condition.get("StringLike"));
            let prefix = like.and_then(|like| like.get("s3:prefix"));
            let prefix =
                prefix.map(|prefix| prefix.text().map(String::from)).transpose()?.unwrap_or_default();
            let (function, prefix) = (function.to_owned(), prefix.trim_end_matches('*').to_owned());
            listed.push((statement.require("Resource")?.logical_id()?, Lister { function, prefix }));
        }
    }
    Ok(listed)
}

/// What the properties of a bucket say.
pub(super) fn read(logical_id: String, bucket: &Node<'_>) -> Result<BucketDefinition, TemplateError> {
    let list = |section: &str, rules: &str| match bucket.get(section).and_then(|found| found.get(rules)) {
        Some(found) => found.items(),
        None => Ok(Vec::new()),
    };
    let notifications = list("NotificationConfiguration", "QueueConfigurations")?;
    let mut expirations = Vec::new();
    for rule in list("LifecycleConfiguration", "Rules")? {
        let enabled = rule.require("Status")?.text()? == "Enabled";
        if let (true, Some(days)) = (enabled, rule.number("ExpirationInDays")?) {
            let prefix = rule.get("Prefix").map(|prefix| prefix.text().map(String::from)).transpose()?;
            expirations.push(Expiration { prefix: prefix.unwrap_or_default(), days });
        }
    }
    Ok(BucketDefinition {
        logical_id,
        notifications: notifications.iter().map(notification).collect::<Result<_, _>>()?,
        cors: list("CorsConfiguration", "CorsRules")?.iter().map(cors).collect::<Result<_, _>>()?,
        expirations,
        listers: Vec::new(),
    })
}

fn notification(entry: &Node<'_>) -> Result<Notification, TemplateError> {
    let (mut prefix, mut suffix) = (String::new(), String::new());
    let filter = entry.get("Filter").and_then(|filter| filter.get("S3Key")).and_then(|key| key.get("Rules"));
    for rule in filter.map_or_else(|| Ok(Vec::new()), |rules| rules.items())? {
        let name = rule.require("Name")?;
        let value = rule.require("Value")?.text()?.into_owned();
        match name.text()?.as_ref() {
            "prefix" => prefix = value,
            "suffix" => suffix = value,
            _ => return Err(name.unexpected("prefix or suffix")),
        }
    }
    let event = entry.require("Event")?.text()?.into_owned();
    Ok(Notification { event, queue: entry.require("Queue")?.logical_id()?, prefix, suffix })
}

fn cors(rule: &Node<'_>) -> Result<CorsRule, TemplateError> {
    let headers = rule.get("AllowedHeaders").map_or_else(|| Ok(Vec::new()), |headers| headers.texts())?;
    Ok(CorsRule {
        origins: rule.require("AllowedOrigins")?.texts().ok(),
        methods: rule.require("AllowedMethods")?.texts()?,
        headers: headers.iter().map(|header| header.to_ascii_lowercase()).collect(),
        max_age_seconds: rule.number("MaxAge")?,
    })
}
