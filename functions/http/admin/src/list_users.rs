//! `GET /v1/admin/users`: staff find accounts.

use axum::extract::State;
use banister_domain::access::Permission;
use banister_domain::account::{AccountStatus, Email, Role, Term};
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Problem, Query, Staff, needs};
use banister_platform::store::{Among, ListAccounts, UserFilter};
use jiff::Timestamp;
use serde::Deserialize;

use crate::Admin;
use crate::sort::Sort;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which accounts.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// Only of this role.
    role: Option<Role>,
    /// Only in use, or only switched off.
    status: Option<AccountStatus>,
    /// Only with a confirmed address, or only without.
    confirmed: Option<bool>,
    /// Only the one that signs in with this address.
    email: Option<Email>,
    /// How the address, the name from either end or the telephone number begins; 2 to 100 characters.
    #[param(value_type = Option<String>, min_length = 2, max_length = 100, example = "robin")]
    q: Option<Term>,
    /// Made at this moment or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    created_from: Option<Timestamp>,
    /// Made before this moment.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00Z")]
    created_to: Option<Timestamp>,
    /// By the time they were made, newest first if not given; not with `q` or `email`.
    #[param(value_type = Option<String>, example = "-created_at")]
    sort: Option<Sort>,
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Find accounts
///
/// By the time they were made, or, with `q`, in the order of what was found. Accounts of staff are
/// among them for staff with the permission `admin_management` only. A page reads so many accounts and
/// leaves out those that do not fit: go on until `next_cursor` is `null`.
#[utoipa::path(get, path = "/v1/admin/users", params(UsersQuery),
    responses((status = 200, description = "A page of accounts", body = ListOf<UserView>)))]
pub(crate) async fn list_users(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    Query(query): Query<UsersQuery>,
) -> Result<OkJson<ListOf<UserView>>, Problem> {
    let (now, caller) = (admin.clock.now(), caller.identity);
    let staff_too = caller.role.may(caller.permissions, Permission::AdminManagement);
    let UsersQuery { role, status, confirmed, email, q, created_from, created_to, sort, .. } = &query;
    let filters = (role, status, confirmed, email, q, created_from, created_to, sort);
    let scope = ("list_users", caller.user_id, staff_too, filters);
    let after = query.cursor.as_ref().map(|cursor| admin.cursors.read(cursor, &scope)).transpose()?;
    let (accounts, last) = admin.accounts.list(&query.wanted(staff_too)?, query.limit.get(), after).await?;
    let next_cursor = last.and_then(|position| admin.cursors.write(&position, &scope));
    let items = accounts.into_iter().map(|account| UserView::new(account, &admin.viewer, now)).collect();
    Ok(OkJson(ListOf { items, next_cursor }))
}

impl UsersQuery {
    fn filter(&self) -> UserFilter {
        let Self { role, status, confirmed, ref email, ref q, created_from, created_to, .. } = *self;
        UserFilter { role, status, confirmed, email: email.clone(), q: q.clone(), created_from, created_to }
    }

    /// What to look for, for somebody who may see staff too or not.
    fn wanted(&self, staff_too: bool) -> Result<ListAccounts, Problem> {
        let wanted = self.filter().wanted(staff_too, self.sort == Some(Sort::Oldest));
        let wanted = wanted.map_err(|error| Problem::invalid_parameter("q", error.to_string()))?;
        if self.sort.is_some() && !matches!(wanted.among, Among::Made { .. }) {
            return Err(Problem::invalid_parameter("sort", "not together with q or email"));
        }
        Ok(wanted)
    }
}
