//! Accounts, and what they are found by.

use banister_domain::account::{Email, Phone, Role};
use banister_domain::id::{CodeId, UserId};

use super::{Index, IndexKey, Key, at, key};

/// Key of a user.
#[must_use]
pub fn user(id: UserId) -> Key {
    key(format!("USER#{id}"), "USER")
}

/// Key of where a user's permissions came from.
#[must_use]
pub fn grants(user: UserId) -> Key {
    key(format!("USER#{user}"), "GRANTS")
}

/// Key of the item that says who the active super admins are.
#[must_use]
pub fn super_admins() -> Key {
    key(format!("STAFF#{}", Role::SuperAdmin.as_str()), "SUPER_ADMINS")
}

/// Where a user stands in the lists of those of the same role and of all.
#[must_use]
pub fn user_lists(role: Role, id: UserId) -> Vec<IndexKey> {
    vec![at(Index::Gsi1, users_of(role), id.to_string()), at(Index::Gsi2, USERS.into(), id.to_string())]
}

/// Partition in GSI1 of the users of a role, by the time they were made.
#[must_use]
pub fn users_of(role: Role) -> String {
    format!("ROLE#{}", role.as_str())
}

/// Partition in GSI2 of all users, by the time they were made.
pub const USERS: &str = "USERS";

/// Key of what says that a user is found by a text.
#[must_use]
pub fn user_term(term: &str, id: UserId) -> Key {
    key(user_terms(term), format!("{term}#{id}"))
}

/// Partition of the texts that begin with the same two characters as `term`, in their order.
#[must_use]
pub fn user_terms(term: &str) -> String {
    let end = term.char_indices().nth(2).map_or(term.len(), |(end, _)| end);
    format!("FIND_USER#{}", &term[..end])
}

/// Key of the credentials of an address; makes the address unique.
#[must_use]
pub fn credentials(email: &Email) -> Key {
    key(format!("EMAIL#{email}"), "EMAIL")
}

/// Key of the code that confirms a user's address.
#[must_use]
pub fn email_code(user: UserId) -> Key {
    key(format!("USER#{user}"), "CODE#confirm_email")
}

/// Key of a user's second factor.
#[must_use]
pub fn second_factor(user: UserId) -> Key {
    key(format!("USER#{user}"), "TOTP")
}

/// Key of the settings about security.
#[must_use]
pub fn security_settings() -> Key {
    key("SETTINGS".into(), "SECURITY")
}

/// Key of the code that confirms a user's telephone number.
#[must_use]
pub fn phone_code(user: UserId) -> Key {
    key(format!("USER#{user}"), "CODE#confirm_phone")
}

/// Key of the code that gives a user another address.
#[must_use]
pub fn email_change_code(user: UserId) -> Key {
    key(format!("USER#{user}"), "CODE#change_email")
}

/// Key of the address that a user had before the change with this code.
#[must_use]
pub fn former_email(user: UserId, code: CodeId) -> Key {
    key(format!("USER#{user}"), format!("{FORMER_EMAILS}{code}"))
}

/// Sort keys of the addresses that a user had before begin with this.
pub const FORMER_EMAILS: &str = "FORMER_EMAIL#";

/// Key of what says whose a telephone number is; makes the number unique.
#[must_use]
pub fn phone(phone: &Phone) -> Key {
    key(format!("PHONE#{}", phone.as_str()), "PHONE")
}

/// Key of a token that resets a password, by the hash of its text.
#[must_use]
pub fn reset(hash: &str) -> Key {
    key(format!("RESET#{hash}"), "RESET")
}
