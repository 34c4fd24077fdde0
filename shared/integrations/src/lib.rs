//! Clients of services outside AWS, one module each. They know no settings and no clock: addresses
//! and moments come in as arguments.

pub mod breaches;
pub mod smtp;
