//! What staff ask to be done to many accounts, checked: an operation has what it takes and nothing else.

use banister_domain::account::{Contradiction, Role, UserFilter};
use banister_domain::bulk::{BulkOperation, UserAct, UserIds};
use banister_domain::id::UserId;
use banister_domain::text::Reason;
use banister_platform::http::{FieldError, Problem};
use banister_platform::store::Whom;
use serde::{Deserialize, Serialize};

/// The same for many accounts, named by their ids or found by a filter.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "operation": "disable",
    "reason": "Sent spam to providers.",
    "ids": ["usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "usr_01KB2Q9C6E8G0J2M4P6S8VXZBD"],
    "dry_run": false,
}))]
pub(crate) struct BulkUsers {
    /// What is done to each.
    operation: BulkOperation,
    /// Why: for `disable` and `enable`, and for them only.
    reason: Option<Reason>,
    /// Another role of staff: for `set_role`, and for it only.
    role: Option<Role>,
    /// To these, each once; not together with `filter`.
    #[schema(value_type = Option<Vec<UserId>>, min_items = 1, max_items = 1_000)]
    ids: Option<UserIds>,
    /// To those who fit when the work comes to them; not together with `ids`. Not empty.
    filter: Option<UserFilter>,
    /// Whether it is only told what would become of each as it is now.
    dry_run: bool,
}

impl BulkUsers {
    /// What is to be done to whom, and whether it is only told.
    pub(crate) fn checked(&self) -> Result<(UserAct, Whom, bool), Problem> {
        let needed = |name| FieldError {
            pointer: Some(format!("/{name}")),
            parameter: None,
            code: "missing",
            detail: "is required".into(),
        };
        let missing = |name| Problem::new(banister_platform::http::Code::InvalidInput).field(needed(name));
        let needless = |name: &str| Problem::invalid(&format!("/{name}"), "not with this operation");
        let (reason, role) = (self.reason.clone(), self.role);
        let act = match (self.operation, reason, role) {
            (BulkOperation::Disable, Some(reason), None) => UserAct::Disable { reason },
            (BulkOperation::Enable, Some(reason), None) => UserAct::Enable { reason },
            (BulkOperation::SetRole, None, Some(role)) => UserAct::SetRole { role },
            (BulkOperation::EndSessions, None, None) => UserAct::EndSessions,
            (BulkOperation::Disable | BulkOperation::Enable, None, _) => return Err(missing("reason")),
            (BulkOperation::SetRole, _, None) => return Err(missing("role")),
            (BulkOperation::SetRole | BulkOperation::EndSessions, Some(_), _) => {
                return Err(needless("reason"));
            }
            (_, _, Some(_)) => return Err(needless("role")),
        };
        let whom = match (self.ids.clone(), self.filter.clone()) {
            (Some(_), Some(_)) => return Err(Problem::invalid("/filter", "not together with ids")),
            (None, None) => return Err(missing("ids")),
            (Some(ids), None) => Whom::Ids(ids),
            (None, Some(filter)) if filter == UserFilter::default() => {
                return Err(Problem::invalid("/filter", "must say something of the accounts"));
            }
            (None, Some(filter)) => {
                if filter.sort.is_some() {
                    return Err(Problem::invalid("/filter/sort", "not here: the oldest come first"));
                }
                let refused =
                    |Contradiction { field, detail }| Problem::invalid(&format!("/filter/{field}"), detail);
                filter.check().map_err(refused)?;
                Whom::Filter(filter)
            }
        };
        Ok((act, whom, self.dry_run))
    }
}
