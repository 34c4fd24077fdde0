//! Random clients against the calendars of a few providers through the real repositories, with all that can go wrong
//! on the way to the table, and a checker that says of every commit and every answer whether it was right.

pub mod ask;
pub mod client;
pub mod dice;
pub mod faults;
pub mod gate;
pub mod model;
pub mod peer;
pub mod round;
pub mod run;
pub mod wishes;
pub mod world;
