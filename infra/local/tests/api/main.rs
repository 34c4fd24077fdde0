//! The end-to-end suite: each test starts a local cloud of its own, on free ports and in memory,
//! and speaks HTTP to it.

mod accounts;
mod problems;
mod sessions;
mod races;
mod samples;
mod support;
