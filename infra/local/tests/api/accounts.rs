//! `/v1/accounts`, `/v1/email-confirmations`, `/v1/me`.

mod confirm;
mod lapsed;
mod me;
mod register;

use serde_json::{Value, json};

/// A registration that is taken.
fn registration(email: &str, role: &str) -> Value {
    json!({ "email": email, "password": "correct horse battery", "role": role,
        "first_name": "Customer", "last_name": "One" })
}
