//! What a message carries: its body, its attributes, their limits and digests.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::failure::{Failure, Kind};

/// Attributes by name; at most ten, see "Amazon SQS message quotas".
pub(super) type Attributes = BTreeMap<String, Attribute>;

/// `MessageAttributeValue`: a typed value that travels beside the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Attribute {
    data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    string_value: Option<String>,
    /// Base64, as on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
}

impl Attribute {
    /// The value if it is text.
    pub(super) fn text(&self) -> Option<&str> {
        self.string_value.as_deref()
    }

    /// The type's transport number in the digest (1 text, 2 binary) and the value's bytes.
    fn value(&self) -> Option<(u8, Vec<u8>)> {
        let label = self.data_type.split('.').next().unwrap_or_default();
        let value = match (label, &self.string_value, &self.binary_value) {
            ("String" | "Number", Some(text), None) => (1, text.as_bytes().to_vec()),
            ("Binary", None, Some(encoded)) => (2, STANDARD.decode(encoded).ok()?),
            _ => return None,
        };
        (!value.1.is_empty()).then_some(value)
    }
}

/// Checks a body and its attributes against the quotas of the API; `limit` is in bytes and counts both.
pub(super) fn check(body: &str, attributes: &Attributes, limit: usize) -> Result<(), Failure> {
    if body.is_empty() {
        return Err(Failure::missing("MessageBody"));
    }
    if !body.chars().all(allowed) {
        let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF \
                       | #xE000 to #xFFFD | #x10000 to #x10FFFF";
        return Err(Failure::new(Kind::InvalidMessageContents, message));
    }
    if attributes.len() > 10 {
        let reason = "Number of message attributes must be at most 10.";
        return Err(Failure::parameter("MessageAttributes", attributes.len(), reason));
    }
    for (name, attribute) in attributes {
        if !attribute_name(name) {
            let reason = "Names have 1 to 256 letters, digits, '_', '-' or '.', and no reserved prefix.";
            return Err(Failure::parameter("MessageAttributes.Name", name, reason));
        }
        if attribute.value().is_none() {
            let reason = "The type must be String, Number or Binary, with a value of that type.";
            return Err(Failure::parameter("MessageAttributes.Value", name, reason));
        }
    }
    if size(body, attributes) > limit {
        let message = format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
        );
        return Err(Failure::new(Kind::InvalidParameterValue, message));
    }
    Ok(())
}

/// What counts towards the size limits, in bytes.
pub(super) fn size(body: &str, attributes: &Attributes) -> usize {
    let value = |attribute: &Attribute| attribute.value().map_or(0, |(_, bytes)| bytes.len());
    let extra =
        attributes.iter().map(|(name, it)| name.len() + it.data_type.len() + value(it)).sum::<usize>();
    body.len() + extra
}

/// `MD5OfMessageBody`.
pub(super) fn body_digest(body: &str) -> String {
    hex(Md5::new().chain_update(body))
}

/// `MD5OfMessageAttributes`, as "Calculating the MD5 message digest for message attributes" in the Amazon SQS
/// Developer Guide has it; none without attributes.
pub(super) fn attributes_digest(attributes: &Attributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        let (transport, value) = attribute.value()?;
        counted(&mut digest, name.as_bytes());
        counted(&mut digest, attribute.data_type.as_bytes());
        digest.update([transport]);
        counted(&mut digest, &value);
    }
    Some(hex(digest))
}

fn counted(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

fn hex(digest: Md5) -> String {
    digest.finalize().iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn attribute_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (1..=256).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.")
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
}
