//! How far an export of accounts has come, and who may have it.

use serde::{Deserialize, Serialize};

use crate::access::{Permission, Permissions};
use crate::account::{Role, UserFilter};

/// An export of accounts into files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserExport {
    /// Which accounts; without the fields that tell of a person once nothing is left to do.
    pub filter: UserFilter,
    /// Whether accounts of staff are among them.
    pub staff_too: bool,
    /// Where to go on; at the beginning where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// What is written, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ExportedFile>,
    /// How many accounts do not read, and are in no file.
    #[serde(default)]
    pub unreadable: u64,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// The end of its key: its number, and a hash of its content.
    pub name: String,
    /// How many accounts are in it.
    pub rows: u32,
}

impl UserExport {
    /// From the beginning, for somebody of `role` to whom so much was `granted`.
    #[must_use]
    pub fn new(filter: UserFilter, role: Role, granted: Permissions) -> Self {
        let wanted = filter.role.is_none_or(Role::is_staff);
        let staff_too = wanted && role.may(granted, Permission::AdminManagement);
        Self { filter, staff_too, cursor: None, files: Vec::new(), unreadable: 0 }
    }

    /// Whether somebody of `role` to whom so much was `granted` may have it.
    #[must_use]
    pub const fn is_for(&self, role: Role, granted: Permissions) -> bool {
        role.may(granted, Permission::UserManagement)
            && (!self.staff_too || role.may(granted, Permission::AdminManagement))
    }

    /// With one more file, if there is one, so many more accounts that do not read, and the rest behind
    /// `cursor`.
    #[must_use]
    pub fn after(mut self, file: Option<ExportedFile>, unreadable: u64, cursor: Option<String>) -> Self {
        self.files.extend(file);
        Self { cursor, unreadable: self.unreadable.saturating_add(unreadable), ..self }
    }

    /// With nothing left to do, and nothing in it that tells whom somebody looked for.
    #[must_use]
    pub fn closed(self) -> Self {
        let filter = UserFilter { email: None, q: None, ..self.filter };
        Self { filter, cursor: None, ..self }
    }

    /// How many accounts are in the files.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| u64::from(file.rows)).sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn granted(permissions: &[Permission]) -> Permissions {
        permissions.iter().copied().collect()
    }

    #[test]
    fn staff_are_in_it_for_those_only_who_may_see_staff() {
        let (users, both) = (
            granted(&[Permission::UserManagement]),
            granted(&[Permission::UserManagement, Permission::AdminManagement]),
        );
        let of = |role: Option<Role>, granted| {
            UserExport::new(UserFilter { role, ..UserFilter::default() }, Role::Admin, granted)
        };
        assert!(!of(None, users).staff_too && of(None, both).staff_too);
        assert!(!of(Some(Role::Customer), both).staff_too && of(Some(Role::Management), both).staff_too);
        assert!(of(None, users).is_for(Role::Admin, both), "who gained rights");
        assert!(!of(None, both).is_for(Role::Admin, users), "who lost the one for staff");
        assert!(!of(None, users).is_for(Role::Admin, Permissions::NONE));
        assert!(!of(None, users).is_for(Role::Customer, both));
        assert!(of(None, both).is_for(Role::SuperAdmin, Permissions::NONE));
    }

    #[test]
    fn it_ends_without_words_about_a_person() {
        let filter = json!({ "role": "customer", "q": "robin" });
        let begun = UserExport::new(serde_json::from_value(filter).unwrap(), Role::SuperAdmin, granted(&[]));
        let file = |name: &str, rows| Some(ExportedFile { name: name.into(), rows });
        let half =
            begun.after(file("1-a", 2), 1, Some("robin s".into())).after(None, 2, Some("robin t".into()));
        let done = half.after(file("2-b", 3), 0, Some("robin u".into())).closed();
        assert_eq!(done.rows(), 5);
        let wanted = json!({ "filter": { "role": "customer" }, "staff_too": false,
            "files": [{ "name": "1-a", "rows": 2 }, { "name": "2-b", "rows": 3 }],
            "unreadable": 3 });
        assert_eq!(serde_json::to_value(done).unwrap(), wanted);
    }
}
