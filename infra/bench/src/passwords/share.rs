//! The share of a processor that a function has on AWS, and a process held to it here.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Memory with which a function has one whole processor, in MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const WHOLE: u32 = 1_769;
/// How often the share is dealt out. AWS does not say how often it does.
const PERIOD: Duration = Duration::from_millis(20);

/// The share of one processor that a function with so much memory, in MB, has; never more than the whole.
pub(super) fn of(memory: u32) -> f64 {
    f64::from(memory.min(WHOLE)) / f64::from(WHOLE)
}

/// Microseconds of each period.
fn quota(memory: u32) -> u128 {
    PERIOD.as_micros() * u128::from(memory.min(WHOLE)) / u128::from(WHOLE)
}

/// A control group with a process in it that has no more than its share.
pub(super) struct Held(PathBuf);

impl Held {
    /// Holds a process to the share of so much memory, by the quota of a control group of its own; none where this
    /// machine has none that may be made: that takes the rights of its owner.
    pub(super) fn hold(pid: u32, memory: u32) -> Option<Self> {
        let held = Self(parent()?.join(format!("banister-bench-{pid}")));
        match held.write(pid, memory) {
            Ok(()) => Some(held),
            Err(error) => {
                println!("passwords: nothing is held to its share: {error}");
                held.release();
                None
            }
        }
    }

    fn write(&self, pid: u32, memory: u32) -> std::io::Result<()> {
        std::fs::create_dir(&self.0)?;
        for (file, text) in limits(self.0.join("cpu.max").exists(), memory) {
            std::fs::write(self.0.join(file), text)?;
        }
        std::fs::write(self.0.join("cgroup.procs"), pid.to_string())
    }

    /// Removes the group, whose process has ended.
    pub(super) fn release(self) {
        // What is left of it is empty, and goes when the machine does.
        let _ = std::fs::remove_dir(self.0);
    }
}

/// The files of a group and what they must say
/// (<https://docs.kernel.org/admin-guide/cgroup-v2.html>, <https://docs.kernel.org/scheduler/sched-bwc.html>).
fn limits(second: bool, memory: u32) -> Vec<(&'static str, String)> {
    let (quota, period) = (quota(memory), PERIOD.as_micros());
    if second {
        vec![("cpu.max", format!("{quota} {period}"))]
    } else {
        vec![("cpu.cfs_period_us", period.to_string()), ("cpu.cfs_quota_us", quota.to_string())]
    }
}

/// Where groups with a quota are made: the second version's tree if it deals out processors, else that of the first.
fn parent() -> Option<PathBuf> {
    let second = Path::new("/sys/fs/cgroup");
    let dealt = std::fs::read_to_string(second.join("cgroup.subtree_control")).unwrap_or_default();
    if dealt.split_whitespace().any(|controller| controller == "cpu") {
        return Some(second.to_owned());
    }
    let first = second.join("cpu");
    first.join("cpu.cfs_quota_us").exists().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_that_of_the_memory_and_never_more_than_a_processor() {
        assert!((of(512) - 0.289).abs() < 0.001, "{}", of(512));
        assert!((of(3_008) - 1.0).abs() < f64::EPSILON);
        assert_eq!(limits(true, 512), [("cpu.max", "5788 20000".to_owned())]);
        let first = [("cpu.cfs_period_us", "20000".to_owned()), ("cpu.cfs_quota_us", "5788".to_owned())];
        assert_eq!(limits(false, 512), first);
    }
}
