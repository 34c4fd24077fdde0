//! Counters, and what is counted.

use banister_domain::statistics::Side;
use jiff::civil::Date;

use super::{Key, key, shard};

/// Key of which generation of counters is told, and which is made.
#[must_use]
pub fn statistics() -> Key {
    key("STATISTICS".into(), "GENERATION")
}

/// Partition of one shard of a generation of counters: an item a day, in their order, and one of all days.
#[must_use]
pub fn statistics_shard(generation: u64, shard: u8) -> String {
    format!("STAT#{generation}#{shard}")
}

/// Key of the counters of a day in the shard of what is counted first.
#[must_use]
pub fn statistics_day(generation: u64, counted: &str, day: Date) -> Key {
    key(statistics_shard(generation, shard(counted)), day.to_string())
}

/// Key of the counters of all days, in the same shard.
#[must_use]
pub fn statistics_total(generation: u64, counted: &str) -> Key {
    key(statistics_shard(generation, shard(counted)), TOTAL)
}

/// Sort key of the counters of all days: behind every day.
pub const TOTAL: &str = "TOTAL";

/// Partition of the counters of one side's own things: an item a generation, in their order.
#[must_use]
pub fn own_counts_of(side: Side) -> String {
    format!("COUNTS#{}#{}", side.as_str(), side.user_id())
}

/// Key of the counters of one side's own things in a generation.
#[must_use]
pub fn own_counts(side: Side, generation: u64) -> Key {
    key(own_counts_of(side), format!("{generation:010}"))
}

/// The sort keys of the things that are counted; the stream's filter in template.yaml names them too.
pub const COUNTED: [&str; 3] = ["USER", "SERVICE", "BOOKING"];

/// Key of what the thing with this partition key is counted as.
#[must_use]
pub fn counted(pk: &str) -> Key {
    key(format!("COUNTED#{pk}"), "COUNTED")
}
