//! A provider's calendar day, as stored.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Busy;

/// Most busy entries that one day may hold: some 160 KB of text, where an item of the table may
/// have 400 KB (`DynamoDB`, "Service, account, and table quotas").
pub const MAX_BUSY_PER_DAY: usize = 1_500;

/// One UTC date of one provider. Busy time that crosses midnight is stored whole in every date it
/// touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The UTC date.
    pub date: Date,
    /// Grows by one with each change; 0 if never stored.
    pub version: u64,
    /// What is taken, by start.
    pub busy: Vec<Busy>,
}

impl Day {
    /// A day that was never stored.
    #[must_use]
    pub const fn empty(date: Date) -> Self {
        Self { date, version: 0, busy: Vec::new() }
    }
}

/// A day to be written, on condition that the stored one still has the expected version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDay {
    /// The version that was read; 0 means that nothing may be stored yet.
    pub expected_version: u64,
    /// The new content with its new version.
    pub day: Day,
}
