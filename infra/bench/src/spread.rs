//! How times are spread.

use std::time::Duration;

use crate::report::Figures;

/// The time that `percent` of all did not exceed, by nearest rank; nothing of nothing. `sorted` is in order.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The middle one of an odd number of times, and the upper of the two of an even one.
pub(crate) fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// Milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// `p50_ms`, `p95_ms`, `p99_ms` and `max_ms` of some times.
pub(crate) fn latencies(mut times: Vec<Duration>) -> Figures {
    times.sort_unstable();
    let wanted = [("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99), ("max_ms", 100)];
    let found = wanted.into_iter().filter_map(|(key, percent)| Some((key, percentile(&times, percent)?)));
    found.map(|(key, time)| (key.to_owned(), millis(time))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(millis: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        millis.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let hundred = times(1..=100);
        for (percent, millis) in [(1, 1), (50, 50), (95, 95), (99, 99), (100, 100)] {
            assert_eq!(percentile(&hundred, percent), Some(Duration::from_millis(millis)), "{percent}");
        }
        // The example of "Percentile" in Wikipedia: 30 % of five.
        assert_eq!(percentile(&times([15, 20, 35, 40, 50]), 30), Some(Duration::from_millis(20)));
        assert_eq!(percentile(&times([7]), 99), Some(Duration::from_millis(7)));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn the_median_needs_no_order() {
        assert_eq!(median(times([9, 1, 5])), Some(Duration::from_millis(5)));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn latencies_are_in_milliseconds() {
        let figures = latencies(times((1..=200).rev()));
        let keys: Vec<_> = figures.iter().map(|(key, figure)| (key.as_str(), *figure)).collect();
        assert_eq!(keys, [("max_ms", 200.0), ("p50_ms", 100.0), ("p95_ms", 190.0), ("p99_ms", 198.0)]);
    }
}
