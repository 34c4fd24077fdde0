//! Items of the table, changed behind the back of everything.

use super::Table;

fn place(pk: &str, sk: &str) -> std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue> {
    use aws_sdk_dynamodb::types::AttributeValue::S;
    [("PK".to_owned(), S(pk.to_owned())), ("SK".to_owned(), S(sk.to_owned()))].into()
}

pub(super) async fn delete(table: &Table, pk: &str, sk: &str) {
    table.delete_item().table_name("banister").set_key(Some(place(pk, sk))).send().await.unwrap();
}

/// As an account had it before numbers were held.
pub(super) async fn set(table: &Table, user: &str, attribute: &str, value: &str) {
    let value = aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
    let update =
        table.update_item().table_name("banister").set_key(Some(place(&format!("USER#{user}"), "USER")));
    let update = update.update_expression("SET #attribute = :value");
    let update = update.expression_attribute_names("#attribute", attribute);
    update.expression_attribute_values(":value", value).send().await.unwrap();
}
