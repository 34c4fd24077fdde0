//! The machine, and what a process costs it.

use std::num::NonZero;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What figures were measured on. Never its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Processors that this process may use.
    pub(crate) cores: usize,
    /// What `/proc/cpuinfo` calls them.
    pub(crate) model: String,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { cores, model: model(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()) }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cores of {}", self.cores, self.model)
    }
}

fn model(cpuinfo: &str) -> String {
    let named = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let mut models = named.filter(|(name, _)| name.trim() == "model name");
    models.next().map_or_else(|| "an unknown model".to_owned(), |(_, model)| model.trim().to_owned())
}

/// CPU time that all threads of a process have used so far, to the nanosecond: field 1 of each
/// `schedstat` (<https://docs.kernel.org/scheduler/sched-stats.html>).
pub(crate) fn cpu(pid: u32) -> std::io::Result<Duration> {
    let mut nanos = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread that has ended in the meantime.
        let Ok(stat) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        nanos += on_cpu(&stat);
    }
    Ok(Duration::from_nanos(nanos))
}

/// CPU time that this thread has used so far.
pub(crate) fn own_cpu() -> std::io::Result<Duration> {
    // The figure is brought up to date when the thread leaves its processor, and else with each tick.
    std::thread::yield_now();
    Ok(Duration::from_nanos(on_cpu(&std::fs::read_to_string("/proc/thread-self/schedstat")?)))
}

fn on_cpu(schedstat: &str) -> u64 {
    schedstat.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// The most memory that a process has had resident, in KiB.
pub(crate) fn peak_rss(pid: u32) -> std::io::Result<u32> {
    Ok(high_water(&std::fs::read_to_string(format!("/proc/{pid}/status"))?))
}

/// The memory that a process has resident now, in KiB.
pub(crate) fn rss(pid: u32) -> std::io::Result<u32> {
    Ok(kibibytes(&std::fs::read_to_string(format!("/proc/{pid}/status"))?, "VmRSS:"))
}

fn high_water(status: &str) -> u32 {
    kibibytes(status, "VmHWM:")
}

fn kibibytes(status: &str, name: &str) -> u32 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_proc_are_read() {
        assert_eq!(
            model("processor\t: 0\nmodel name\t: A Processor 9000\nflags\t: a b\n"),
            "A Processor 9000"
        );
        assert_eq!(model(""), "an unknown model");
        assert_eq!(on_cpu("152066 3154766 1\n"), 152_066);
        assert_eq!(on_cpu(""), 0);
        assert_eq!(high_water("Name:\tx\nVmHWM:\t   11264 kB\nVmRSS:\t 9 kB\n"), 11_264);
    }

    #[test]
    fn this_process_has_used_something() {
        let own = std::process::id();
        assert!(cpu(own).unwrap() > Duration::ZERO);
        assert!(peak_rss(own).unwrap() > 0);
    }
}
