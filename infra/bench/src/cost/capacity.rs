//! What was counted at the table, read from capacity.txt.

use std::collections::BTreeMap;

/// The worker's removal of a photo, in capacity.txt: another one than that of an upload.
pub(super) const REMOVAL: &str = "media/removal";

/// Counting of one thing, in capacity.txt: another work than the link of an audit record.
pub(super) const COUNTING: &str = "projections/counting";

/// What an operation asks of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Capacity {
    /// Trips one after the other.
    pub(super) trips: f64,
    /// Read units.
    pub(super) read: f64,
    /// Write units.
    pub(super) write: f64,
}

/// The lines of capacity.txt, by operation.
pub(super) fn capacities(text: &str) -> BTreeMap<String, Capacity> {
    let rows = text.lines().filter_map(|line| {
        let [operation, _calls, trips, read, write] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        let number = |text: &str| text.parse::<f64>().ok();
        let (trips, read, write) = (number(trips)?, number(read)?, number(write)?);
        Some((operation.to_owned(), Capacity { trips, read, write }))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_without_their_headings() {
        let text = "operation  calls trips read write\nget_one 2 2 3.5 0\n\nworker calls trips read write\nrelay 1 1 0 1\n";
        let capacities = capacities(text);
        assert_eq!(capacities.len(), 2);
        assert_eq!(capacities["get_one"], Capacity { trips: 2.0, read: 3.5, write: 0.0 });
        assert_eq!(capacities["relay"], Capacity { trips: 1.0, read: 0.0, write: 1.0 });
    }
}
