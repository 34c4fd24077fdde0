//! The rules and types of the marketplace. Pure: no I/O, no clock, no randomness, no AWS; time and
//! identifiers come in as arguments.
#![deny(clippy::float_arithmetic)]

pub mod access;
pub mod account;
pub mod availability;
pub mod booking;
pub mod bulk;
pub mod event;
pub mod ics;
pub mod id;
pub mod job;
pub mod money;
pub mod photo;
pub mod place;
pub mod resource;
pub mod review;
pub mod search;
pub mod series;
pub mod service;
pub mod sort;
pub mod statistics;
pub mod text;
pub mod waitlist;
