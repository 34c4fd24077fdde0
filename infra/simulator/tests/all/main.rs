//! The simulator's own tests: seeds that are green, planted violations that are not, and a peer that speaks as the
//! emulator does.
#![allow(clippy::large_futures, clippy::needless_for_each, clippy::unwrap_used, reason = "these are tests")]

mod found;
mod peer;
mod planted;
mod seeds;
mod support;
