//! The local cloud: every function, and everything the functions talk to, in one process on
//! loopback. Functions reach the emulators through the real AWS SDKs, SMTP and HTTP; none of the
//! emulators gets into a deployed binary.

pub mod api;
pub mod client;
pub mod cloud;
pub mod demo;
pub mod dynamodb;
pub mod faults;
pub mod mail;
pub mod s3;
pub mod socket;
pub mod sqs;
pub mod template;
