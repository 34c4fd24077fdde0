//! What template.yaml says of the table, the queues, both APIs and what starts each function: the local cloud is
//! built from the file that is deployed.
//!
//! A value is a literal, or a `!Ref` to a parameter with a default. Resources are named by `!Ref`, `!GetAtt` or
//! their long forms; a `!GetAtt Stack.Outputs.Name` is looked up in the `Outputs` of the texts given.

mod buckets;
mod cors;
mod events;
mod socket;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::time::Duration;

use serde_norway::{Mapping, Value};

pub use buckets::{BucketDefinition, CorsRule, Expiration, Lister, Notification};
pub use cors::ApiCors;
pub use events::{Batching, EventSource, Filter, Trigger};
pub use socket::{SocketDefinition, SocketRoute};
pub use table::{CreateError, IndexDefinition, Keys, Projection, TableDefinition};

/// A template that this crate cannot follow. Paths are written `Resources.Table.Properties.KeySchema`.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not YAML.
    #[error("the template is not YAML: {0}")]
    Syntax(#[from] serde_norway::Error),
    /// A required property is absent.
    #[error("{0} is missing")]
    Missing(String),
    /// A property is of another kind than expected, or cannot be resolved without deploying.
    #[error("{path} is not {expected}")]
    Unexpected {
        /// Where it stands.
        path: String,
        /// What was looked for.
        expected: &'static str,
    },
    /// The template has no such resource, or more than one where one is expected.
    #[error("expected one {kind}, found {found}")]
    Count {
        /// The resource type.
        kind: &'static str,
        /// How many there are.
        found: usize,
    },
}

/// The resources of one or several templates.
#[derive(Clone, Debug, Default)]
pub struct Template {
    resources: Mapping,
    parameters: Mapping,
    outputs: Mapping,
}

/// An `AWS::SQS::Queue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDefinition {
    /// Its name in the template.
    pub logical_id: String,
    /// How long a received message stays hidden; default 30 s.
    pub visibility_timeout: Duration,
    /// How long a message is kept; default 4 days.
    pub retention: Duration,
    /// How long a new message waits; default none.
    pub delay: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// A queue's redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// Logical id of the dead-letter queue.
    pub dead_letter: String,
    /// Receives after which a message is moved there, 1 to 1000.
    pub max_receive_count: u32,
}

impl Template {
    /// Reads a template and whatever it includes. A text without a `Resources` section is taken for a fragment
    /// that holds resources only, as `AWS::Include` inserts it.
    pub fn parse(texts: &[&str]) -> Result<Self, TemplateError> {
        let mut template = Self::default();
        for text in texts {
            let Value::Mapping(mut root) = serde_norway::from_str(text)? else {
                return Err(TemplateError::Missing("Resources".to_owned()));
            };
            if !root.contains_key("Resources") {
                template.resources.extend(root);
                continue;
            }
            let sections = [
                ("Resources", &mut template.resources),
                ("Parameters", &mut template.parameters),
                ("Outputs", &mut template.outputs),
            ];
            for (name, into) in sections {
                if let Some(Value::Mapping(section)) = root.remove(name) {
                    into.extend(section);
                }
            }
        }
        Ok(template)
    }

    /// The one `AWS::DynamoDB::Table`.
    pub fn table(&self) -> Result<TableDefinition, TemplateError> {
        let (name, properties) = self.only("AWS::DynamoDB::Table")?;
        table::read(&name, &properties)
    }

    /// Every `AWS::SQS::Queue`, in the order of the file.
    pub fn queues(&self) -> Result<Vec<QueueDefinition>, TemplateError> {
        self.of_type("AWS::SQS::Queue")
            .map(|(logical_id, properties)| {
                let seconds = |key, default| {
                    Ok::<_, TemplateError>(Duration::from_secs(properties.number(key)?.unwrap_or(default)))
                };
                Ok(QueueDefinition {
                    visibility_timeout: seconds("VisibilityTimeout", 30)?,
                    retention: seconds("MessageRetentionPeriod", 345_600)?,
                    delay: seconds("DelaySeconds", 0)?,
                    redrive: properties.get("RedrivePolicy").map(|policy| redrive(&policy)).transpose()?,
                    logical_id,
                })
            })
            .collect()
    }

    /// Every `AWS::S3::Bucket`, in the order of the file.
    pub fn buckets(&self) -> Result<Vec<BucketDefinition>, TemplateError> {
        let read = self.of_type("AWS::S3::Bucket").map(|(name, properties)| buckets::read(name, &properties));
        let mut buckets: Vec<_> = read.collect::<Result<_, _>>()?;
        for (function, properties) in self.of_type("AWS::Serverless::Function") {
            for (name, lister) in buckets::listed(&function, &properties)? {
                if let Some(bucket) = buckets.iter_mut().find(|bucket| bucket.logical_id == name) {
                    bucket.listers.push(lister);
                }
            }
        }
        Ok(buckets)
    }

    /// What starts each `AWS::Serverless::Function` besides the APIs: queues, the stream, schedules.
    pub fn event_sources(&self) -> Result<Vec<EventSource>, TemplateError> {
        let mut sources = Vec::new();
        for (function, properties) in self.of_type("AWS::Serverless::Function") {
            let Some(events) = properties.get("Events") else { continue };
            for (name, event) in events.entries()? {
                let trigger = events::read(&event)?;
                sources.push(EventSource { function: function.clone(), name, trigger });
            }
        }
        Ok(sources)
    }

    /// The one `AWS::Serverless::WebSocketApi`.
    pub fn socket_api(&self) -> Result<SocketDefinition, TemplateError> {
        socket::read(&self.only("AWS::Serverless::WebSocketApi")?.1)
    }

    /// Who may call the one `AWS::Serverless::HttpApi` from a web page.
    pub fn api_cors(&self) -> Result<ApiCors, TemplateError> {
        cors::read(&self.only("AWS::Serverless::HttpApi")?.1)
    }

    /// Logical id and properties of the one resource of this type.
    fn only(&self, kind: &'static str) -> Result<(String, value::Node<'_>), TemplateError> {
        let mut all: Vec<_> = self.of_type(kind).collect();
        match (all.pop(), all.len()) {
            (Some(only), 0) => Ok(only),
            (last, others) => Err(TemplateError::Count { kind, found: others + usize::from(last.is_some()) }),
        }
    }

    /// Logical id and properties of each resource of this type.
    fn of_type(&self, kind: &'static str) -> impl Iterator<Item = (String, value::Node<'_>)> {
        self.resources.iter().filter_map(move |(name, resource)| {
            let name = name.as_str()?;
            if resource.get("Type")?.as_str()? != kind {
                return None;
            }
            let properties = resource.get("Properties").unwrap_or(&Value::Null);
            Some((
                name.to_owned(),
                value::Node::new(self, properties, format!("Resources.{name}.Properties")),
            ))
        })
    }
}

fn redrive(policy: &value::Node<'_>) -> Result<Redrive, TemplateError> {
    let count = policy.require("maxReceiveCount")?;
    Ok(Redrive {
        dead_letter: policy.require("deadLetterTargetArn")?.logical_id()?,
        max_receive_count: u32::try_from(count.as_number()?)
            .map_err(|_| count.unexpected("from 1 to 1000"))?,
    })
}
