//! The end-to-end suite: each test starts a local cloud of its own, on free ports and in memory,
//! and speaks HTTP to it.

mod access;
mod accounts;
mod availability;
mod backlog;
mod bookings;
mod catalog;
mod documents;
mod local;
mod mails;
mod problems;
mod crashes;
mod faults;
mod guards;
mod idempotency;
mod races;
mod samples;
mod sessions;
mod stopping;
mod support;
