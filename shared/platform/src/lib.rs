//! Side effects behind named types: the table and what is kept in it, queues, identity, the
//! plumbing of HTTP endpoints and workers, configuration, telemetry, the start under Lambda.

pub mod aws;
pub mod bookable;
pub mod clock;
pub mod config;
pub mod http;
pub mod identity;
pub mod lambda;
pub mod limit;
pub mod objects;
pub mod profile;
pub mod queue;
pub mod random;
pub mod search;
mod secrets;
pub mod socket;
pub mod staff_acts;
pub mod store;
pub mod table;
pub mod telemetry;
pub mod view;
pub mod worker;
