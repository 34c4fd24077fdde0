//! All items of the table, for operators' commands.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{CAPACITY, Item, StorageError, Table, unavailable};
use crate::telemetry::TableCall;

impl Table {
    /// A page of the items of some types (attribute `t`), strongly consistent, in no order: at most 1 MB is
    /// read for it, and it can be empty and yet not the last. Begins behind `after`; also where the next
    /// page begins.
    ///
    /// It costs as much as the table is large: not for requests.
    #[expect(clippy::disallowed_methods, reason = "it is what the command is for")]
    pub async fn every_item(
        &self,
        types: &[&str],
        after: Option<HashMap<String, AttributeValue>>,
    ) -> Result<(Vec<Item>, Option<HashMap<String, AttributeValue>>), StorageError> {
        let mut call = self.client.scan().table_name(&self.name).consistent_read(true);
        let mut names = Vec::new();
        for (place, name) in types.iter().enumerate() {
            let value = AttributeValue::S((*name).to_owned());
            call = call.expression_attribute_values(format!(":t{place}"), value);
            names.push(format!(":t{place}"));
        }
        let call = call
            .filter_expression(format!("#t IN ({})", names.join(", ")))
            .expression_attribute_names("#t", "t")
            .set_exclusive_start_key(after);
        let counted = TableCall::begin();
        let answer = call.return_consumed_capacity(CAPACITY).send().await.map_err(unavailable)?;
        counted.read(&answer.consumed_capacity);
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }
}
