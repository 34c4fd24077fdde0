//! The end-to-end suite: each test starts a local cloud of its own, on free ports and in memory,
//! and speaks HTTP to it.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

mod access;
mod accounts;
mod admin;
mod audit;
mod availability;
mod backlog;
mod bookings;
mod capacity;
mod catalog;
mod cors;
mod crashes;
mod documents;
mod erasure;
mod faults;
mod guards;
mod idempotency;
mod local;
mod logs;
mod mails;
mod own_export;
mod parameters;
mod photos;
mod problems;
mod races;
mod resources;
mod reviews;
mod samples;
mod search;
mod series;
mod sessions;
mod sockets;
mod stopping;
mod support;
mod user_exports;
mod waitlist;
