//! How much a message does.

use jiff::SignedDuration;

/// How much a piece of a job that looks for accounts takes on at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Accounts a page, 1 to 100.
    pub page: u16,
    /// Pages.
    pub pages: u32,
    /// Bytes of the file that it writes, but for the page that goes over.
    pub bytes: usize,
    /// How long after its begin it still reads on.
    pub time: SignedDuration,
}

impl Default for Limits {
    /// 40,000 accounts; 5 MiB, so that five pieces at once have room in the memory of the function; 8
    /// seconds, after which there is time for the 12 that putting a file can take.
    fn default() -> Self {
        Self { page: 100, pages: 400, bytes: 5 * 1024 * 1024, time: SignedDuration::from_secs(8) }
    }
}
