//! The simulator's own tests: seeds that are green, planted violations that are not, and a peer that speaks as the
//! emulator does.

mod found;
mod peer;
mod planted;
mod seeds;
mod support;
