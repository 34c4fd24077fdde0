//! The table's definition, and its creation through the SDK.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext};
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection as SdkProjection, ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    TableDescription, TimeToLiveSpecification, TimeToLiveStatus,
};

use super::TemplateError;
use super::value::Node;

/// An `AWS::DynamoDB::Table`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// Its name in the template.
    pub logical_id: String,
    /// The key attributes of the table and its indexes, with their types.
    pub attributes: Vec<(String, ScalarAttributeType)>,
    /// The table's own key.
    pub keys: Keys,
    /// Its global secondary indexes.
    pub indexes: Vec<IndexDefinition>,
    /// The attribute that holds an item's expiry, in seconds since the epoch.
    pub ttl_attribute: Option<String>,
    /// What the stream shows; none when there is no stream.
    pub stream_view: Option<StreamViewType>,
}

/// A key schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The partition key's attribute.
    pub partition: String,
    /// The sort key's attribute.
    pub sort: Option<String>,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDefinition {
    /// Its name, as queries give it.
    pub name: String,
    /// Its key.
    pub keys: Keys,
    /// What it copies.
    pub projection: Projection,
}

/// The attributes an index copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projection {
    /// Every attribute.
    All,
    /// The keys.
    KeysOnly,
    /// The keys and these.
    Include(Vec<String>),
}

/// Why the table could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The definition lacks something the API requires.
    #[error("the table's definition is incomplete: {0}")]
    Definition(#[from] BuildError),
    /// The store refused.
    #[error("the table could not be created: {0}")]
    Refused(String),
    /// A table of this name exists with other keys, indexes or stream.
    #[error("the table {0} exists and differs from the template; move the old data away")]
    Differs(String),
}

impl TableDefinition {
    /// Creates the table under `name`, on demand, and switches its TTL on. A table that is there already and
    /// equals the definition is left alone.
    pub async fn create(&self, client: &Client, name: &str) -> Result<(), CreateError> {
        let existing = client.describe_table().table_name(name).send().await;
        match existing {
            Ok(found) if found.table().is_some_and(|table| self.describes(table)) => {}
            Ok(_) => return Err(CreateError::Differs(name.to_owned())),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeTableError::is_resource_not_found_exception) =>
            {
                self.create_new(client, name).await?;
            }
            Err(error) => return Err(refused(error)),
        }
        self.enable_ttl(client, name).await
    }

    async fn create_new(&self, client: &Client, name: &str) -> Result<(), CreateError> {
        let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        for (attribute, kind) in &self.attributes {
            let definition =
                AttributeDefinition::builder().attribute_name(attribute).attribute_type(kind.clone());
            request = request.attribute_definitions(definition.build()?);
        }
        request = request.set_key_schema(Some(self.keys.schema()?));
        for index in &self.indexes {
            request = request.global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(&index.name)
                    .set_key_schema(Some(index.keys.schema()?))
                    .projection(index.projection.to_sdk())
                    .build()?,
            );
        }
        if let Some(view) = &self.stream_view {
            let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view.clone());
            request = request.stream_specification(stream.build()?);
        }
        request.send().await.map(drop).map_err(refused)
    }

    async fn enable_ttl(&self, client: &Client, name: &str) -> Result<(), CreateError> {
        let Some(attribute) = &self.ttl_attribute else { return Ok(()) };
        let found = client.describe_time_to_live().table_name(name).send().await.map_err(refused)?;
        let status = found.time_to_live_description().and_then(|ttl| ttl.time_to_live_status());
        if status == Some(&TimeToLiveStatus::Enabled) {
            return Ok(());
        }
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build()?;
        let request = client.update_time_to_live().table_name(name).time_to_live_specification(ttl);
        request.send().await.map(drop).map_err(refused)
    }

    fn describes(&self, table: &TableDescription) -> bool {
        let mut expected: Vec<_> =
            self.indexes.iter().map(|index| (index.name.as_str(), index.keys.clone())).collect();
        let indexes = table.global_secondary_indexes().iter();
        let mut found: Vec<_> = indexes
            .map(|index| (index.index_name().unwrap_or_default(), Keys::from_schema(index.key_schema())))
            .collect();
        expected.sort_by_key(|(name, _)| *name);
        found.sort_by_key(|(name, _)| *name);
        let view = table.stream_specification().and_then(|stream| stream.stream_view_type());
        Keys::from_schema(table.key_schema()) == self.keys
            && found == expected
            && view == self.stream_view.as_ref()
    }
}

impl Keys {
    fn schema(&self) -> Result<Vec<KeySchemaElement>, BuildError> {
        let element =
            |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let sort = self.sort.as_deref().map(|sort| element(sort, KeyType::Range));
        std::iter::once(element(&self.partition, KeyType::Hash)).chain(sort).collect()
    }

    fn from_schema(schema: &[KeySchemaElement]) -> Self {
        let of = |kind: &KeyType| {
            schema.iter().find(|key| key.key_type() == kind).map(|key| key.attribute_name().to_owned())
        };
        Self { partition: of(&KeyType::Hash).unwrap_or_default(), sort: of(&KeyType::Range) }
    }

    fn read(schema: &Node<'_>) -> Result<Self, TemplateError> {
        let mut keys = Self { partition: String::new(), sort: None };
        for key in schema.items()? {
            let name = key.require("AttributeName")?.text()?.into_owned();
            match key.require("KeyType")?.text()?.as_ref() {
                "HASH" => keys.partition = name,
                _ => keys.sort = Some(name),
            }
        }
        if keys.partition.is_empty() {
            Err(schema.unexpected("a key schema with a HASH key"))
        } else {
            Ok(keys)
        }
    }
}

impl Projection {
    fn to_sdk(&self) -> SdkProjection {
        let projection = SdkProjection::builder();
        match self {
            Self::All => projection.projection_type(ProjectionType::All),
            Self::KeysOnly => projection.projection_type(ProjectionType::KeysOnly),
            Self::Include(names) => projection
                .projection_type(ProjectionType::Include)
                .set_non_key_attributes(Some(names.clone())),
        }
        .build()
    }

    fn read(projection: &Node<'_>) -> Result<Self, TemplateError> {
        let kind = projection.require("ProjectionType")?;
        match kind.text()?.as_ref() {
            "ALL" => Ok(Self::All),
            "KEYS_ONLY" => Ok(Self::KeysOnly),
            "INCLUDE" => {
                let names = projection.require("NonKeyAttributes")?.items()?;
                let names = names.iter().map(|name| Ok(name.text()?.into_owned()));
                Ok(Self::Include(names.collect::<Result<_, TemplateError>>()?))
            }
            _ => Err(kind.unexpected("ALL, KEYS_ONLY or INCLUDE")),
        }
    }
}

/// Reads the resource's properties.
pub(super) fn read(logical_id: &str, properties: &Node<'_>) -> Result<TableDefinition, TemplateError> {
    let attributes = properties.require("AttributeDefinitions")?.items()?;
    let attributes = attributes.iter().map(|attribute| {
        let name = attribute.require("AttributeName")?.text()?.into_owned();
        Ok((name, attribute.require("AttributeType")?.text()?.as_ref().into()))
    });
    let indexes = match properties.get("GlobalSecondaryIndexes") {
        None => Vec::new(),
        Some(indexes) => indexes.items()?.iter().map(index).collect::<Result<_, _>>()?,
    };
    let ttl = properties.get("TimeToLiveSpecification");
    let stream = properties.get("StreamSpecification");
    Ok(TableDefinition {
        logical_id: logical_id.to_owned(),
        attributes: attributes.collect::<Result<_, TemplateError>>()?,
        keys: Keys::read(&properties.require("KeySchema")?)?,
        indexes,
        ttl_attribute: match ttl {
            Some(ttl) if ttl.flag("Enabled")? => Some(ttl.require("AttributeName")?.text()?.into_owned()),
            _ => None,
        },
        stream_view: match stream {
            Some(stream) => Some(stream.require("StreamViewType")?.text()?.as_ref().into()),
            None => None,
        },
    })
}

fn index(index: &Node<'_>) -> Result<IndexDefinition, TemplateError> {
    Ok(IndexDefinition {
        name: index.require("IndexName")?.text()?.into_owned(),
        keys: Keys::read(&index.require("KeySchema")?)?,
        projection: Projection::read(&index.require("Projection")?)?,
    })
}

fn refused<E: std::error::Error + Send + Sync + 'static>(error: E) -> CreateError {
    CreateError::Refused(DisplayErrorContext(error).to_string())
}
