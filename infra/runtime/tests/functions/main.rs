//! Every function of template.yaml as its real binary under the Runtime API.
//!
//! The binaries are those in the folder that `BANISTER_LAMBDA` names, as `infra/release/stage` leaves
//! them in target/lambda; without it the tests build their own.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

mod answers;
mod binaries;
mod failures;
mod samples;
mod world;

#[path = "../../../local/tests/api/documents/schema.rs"]
#[allow(dead_code, reason = "the examples of the document are checked there")]
mod schema;
