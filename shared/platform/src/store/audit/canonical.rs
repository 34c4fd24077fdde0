//! The one way in which a record is written as bytes, so that the same record has the same hash wherever
//! it is read: in the table's stream and in the table.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

/// The canonical form of a JSON value: objects with their members in the order of the bytes of their names,
/// no white space, texts and numbers as `serde_json` writes them. For what records hold (names in ASCII,
/// whole numbers) it is that of RFC 8785.
#[must_use]
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            // Not left to the map: a feature of serde_json, on if any crate asks for it, keeps the order
            // of insertion.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| name.as_str());
            text.push('{');
            for (number, (name, member)) in members.into_iter().enumerate() {
                text.push_str(if number == 0 { "" } else { "," });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(member, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (number, item) in items.iter().enumerate() {
                text.push_str(if number == 0 { "" } else { "," });
                write(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

/// SHA-256 of some bytes, in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a text does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_in_order_at_every_depth_and_nothing_is_between_them() {
        let value: Value = serde_json::from_str(
            r#" { "b" : [ { "z" : null , "Z" : true } , 2.5 , -1 ] , "a\"" : "line\nend\u00e9" , "B" : {} } "#,
        )
        .unwrap();
        let wanted = r#"{"B":{},"a\"":"line\nendé","b":[{"Z":true,"z":null},2.5,-1]}"#;
        assert_eq!(canonical(&value), wanted);
        let again: Value = serde_json::from_str(wanted).unwrap();
        assert_eq!((canonical(&again), again), (wanted.to_owned(), value));
    }

    #[test]
    fn what_differs_is_written_differently() {
        let values =
            [json!({}), json!([]), json!(""), json!("1"), json!(1), json!(null), json!({ "a": null })];
        let texts: std::collections::BTreeSet<_> = values.iter().map(canonical).collect();
        assert_eq!(texts.len(), values.len());
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-4, the example "abc".
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
