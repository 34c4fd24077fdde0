//! A small Lambda: starts a function's binary, hands it events over the Runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>) and says what became of each.
//!
//! One process is one execution environment: one invocation at a time, as on AWS. Other than there,
//! nothing is frozen between invocations, and no limit of memory or CPU is kept.

mod api;
mod function;

pub use function::{Function, Outcome, StartError};
