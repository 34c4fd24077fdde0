//! `/v1/accounts`, `/v1/email-confirmations`, `/v1/password-resets`, `/v1/me`.

mod breached;
mod confirm;
mod email;
mod lapsed;
mod me;
mod password;
mod phone;
mod register;
mod resend;
mod reset;
mod second_factor;

use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use crate::support::invariants::items;

/// A registration that is taken.
fn registration(email: &str, role: &str) -> Value {
    json!({ "email": email, "password": "correct horse battery", "role": role,
        "first_name": "Customer", "last_name": "One" })
}

/// How many audit lines of this kind there are about somebody.
pub(crate) async fn audited(cloud: &Cloud, user: &str, entry: &str) -> usize {
    let items = items(cloud).await;
    let is = |item: &crate::support::invariants::HashMap, name: &str, wanted: &str| {
        item.get(name).and_then(|value| value.as_s().ok()).is_some_and(|text| text == wanted)
    };
    items.iter().filter(|item| is(item, "user_id", user) && is(item, "entry", entry)).count()
}
