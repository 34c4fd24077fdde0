//! Placeholder.
pub mod dynamodb;
pub mod faults;
pub mod mail;
pub mod sqs;
pub mod template;
