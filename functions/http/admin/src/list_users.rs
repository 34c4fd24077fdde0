//! `GET /v1/admin/users`: staff find accounts.

use axum::extract::State;
use banister_domain::access::Permission;
use banister_domain::account::{AccountStatus, Contradiction, Email, Role, Term, UserFilter};
use banister_domain::sort::Sort;
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Problem, Query, Staff, needs};
use banister_platform::store::ListAccounts;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which accounts: the fields of [`UserFilter`], and the page.
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
    let UsersQuery { limit, cursor, .. } = &query;
    let (limit, filter) = (limit.get(), query.filter());
    filter.check().map_err(|Contradiction { field, detail }| Problem::invalid_parameter(field, detail))?;
    let scope = ("list_users", caller.user_id, staff_too, &filter);
    let after = cursor.as_ref().map(|cursor| admin.cursors.read(cursor, &scope)).transpose()?;
    let wanted = ListAccounts::new(&filter, staff_too);
    let page = admin.accounts.list(&wanted, limit, after).await?;
    let next_cursor = page.last.as_ref().and_then(|position| admin.cursors.write(position, &scope));
    let items = page.readable().map(|account| UserView::new(account, &admin.viewer, now)).collect();
    Ok(OkJson(ListOf { items, next_cursor }))
}

impl UsersQuery {
    fn filter(&self) -> UserFilter {
        UserFilter {
            role: self.role,
            status: self.status,
            confirmed: self.confirmed,
            email: self.email.clone(),
            q: self.q.clone(),
            created_from: self.created_from,
            created_to: self.created_to,
            sort: self.sort,
        }
    }
}
