//! What receipts say was made is there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Kept;

impl Kept {
    /// No two receipts speak of the same booking's making, and what a receipt says was made is there.
    pub(super) fn receipts_are_true(&self) {
        let mut made = BTreeSet::new();
        for (operation, body) in &self.receipts {
            // A booking names its series, too, or none.
            if let (None, Some(id)) = (body.get("id"), body.get("series_id").and_then(Value::as_str)) {
                assert!(self.series.iter().any(|series| series.id.to_string() == id), "no series {id}");
                continue;
            }
            let id = body.get("id").or(body.get("booking_id")).and_then(Value::as_str).expect("an id");
            match operation.as_str() {
                "create_booking" => assert!(made.insert(id), "two receipts for {id}"),
                // That an address had an account already does not show in the answer.
                "register_account" => {
                    let email = body["email"].as_str();
                    assert!(
                        self.accounts.iter().any(|account| Some(account.email.as_str()) == email),
                        "{id}"
                    );
                    continue;
                }
                "create_user" => {
                    let mut accounts = self.accounts.iter();
                    assert!(accounts.any(|account| account.id.to_string() == id), "no account {id}");
                    continue;
                }
                // What it came to is told elsewhere; a hold is gone once it is booked.
                "bulk_users" | "create_hold" | "create_resource" => continue,
                "join_waitlist" => {
                    assert!(self.waits.iter().any(|wait| wait.id.to_string() == id), "no wait {id}");
                    continue;
                }
                "create_service" => {
                    assert!(
                        self.services.iter().any(|service| service.id.to_string() == id),
                        "no service {id}"
                    );
                    continue;
                }
                "create_vacation" => {
                    let mut kept = self.rules.iter().flat_map(|rules| &rules.vacations);
                    assert!(kept.any(|vacation| vacation.id.to_string() == id), "no vacation {id}");
                    continue;
                }
                "export_users" => {
                    assert!(self.jobs.contains(id), "no job {id}");
                    continue;
                }
                _ => {}
            }
            self.booking(id);
        }
    }
}
