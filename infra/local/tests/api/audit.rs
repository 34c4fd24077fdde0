//! The audit log: its chains, and how staff read it.

mod chain;
mod days;
mod kinds;
mod list;

use banister_local::cloud::Cloud;
use banister_platform::store::{Audit, AuditEntry, AuditRecord};
use banister_platform::table::Table;
use jiff::SignedDuration;

use crate::support::cloud_at;

/// A day without surprises; nothing here waits for midnight.
const START: &str = "2031-03-03T06:00:00Z";

fn table(cloud: &Cloud) -> Table {
    Table::from_settings(&cloud.settings("local-test")).expect("settings")
}

fn audit(cloud: &Cloud) -> Audit {
    Audit::new(table(cloud))
}

/// A cloud with so many records, a second between any two, all linked.
async fn logged(count: usize) -> (Cloud, Vec<AuditRecord>) {
    let cloud = cloud_at(START).await;
    let mut records = Vec::new();
    for _ in 0..count {
        cloud.clock.advance(SignedDuration::from_secs(1));
        let entry = AuditEntry::SignInRefused;
        let record = AuditRecord::new(entry, None, "192.0.2.1".into(), cloud.clock.now());
        table(&cloud).put(&record).await.unwrap();
        records.push(record);
    }
    cloud.quiet().await.unwrap();
    (cloud, records)
}
