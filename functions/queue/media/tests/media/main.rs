//! The worker from the outside: what it makes of files, and of messages.

mod peers;
mod pictures;
mod samples;
mod worker;
