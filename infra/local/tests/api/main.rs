//! The end-to-end suite: each test starts a local cloud of its own, on free ports and in memory,
//! and speaks HTTP to it.

mod races;
mod problems;
mod samples;
mod support;
