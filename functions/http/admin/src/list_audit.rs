//! `GET /v1/admin/audit`: staff read the audit log.

use axum::extract::State;
use banister_domain::id::UserId;
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Problem, Query, Staff, needs, optional_date};
use banister_platform::store::{AuditSpan, ListAudit};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::Admin;
use crate::view::AuditView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which part of the log.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only what was done to this user, by whomever.
    target: Option<UserId>,
    /// Only what this user did to others.
    actor: Option<UserId>,
    /// First day (UTC). If not given, the last one; of a `target` or an `actor`, the first that there is.
    #[serde(default, deserialize_with = "optional_date")]
    #[param(value_type = Option<String>, format = Date, example = "2026-03-01")]
    from: Option<Date>,
    /// Last day (UTC), included; today if not given. At most 366 days in all, but for a `target` or an
    /// `actor`.
    #[serde(default, deserialize_with = "optional_date")]
    #[param(value_type = Option<String>, format = Date, example = "2026-03-31")]
    to: Option<Date>,
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Read the audit log
///
/// Newest first: of one `target` or of one `actor`, of some days or all; or of some days whatever was done.
/// A page is of one day at most where days alone are asked for: it can be short or empty and yet have a
/// `next_cursor`.
#[utoipa::path(get, path = "/v1/admin/audit", params(AuditQuery),
    responses((status = 200, description = "A page of the log", body = ListOf<AuditView>)))]
pub(crate) async fn list_audit(
    State(admin): State<Admin>,
    caller: Staff<needs::AdminManagement>,
    Query(query): Query<AuditQuery>,
) -> Result<OkJson<ListOf<AuditView>>, Problem> {
    let today = admin.clock.now().to_zoned(TimeZone::UTC).date();
    let AuditQuery { target, actor, from, to, limit, cursor } = query;
    let scope = ("list_audit", caller.identity.user_id, target, actor, from, to);
    let wanted = wanted(target, actor, from, to, today)?;
    let after = cursor.map(|cursor| admin.cursors.read(&cursor, &scope)).transpose()?;
    let page = admin.audit.list(wanted, limit.get(), after).await?;
    let next_cursor = page.last.and_then(|position| admin.cursors.write(&position, &scope));
    Ok(OkJson(ListOf { items: page.items.into_iter().map(AuditView::new).collect(), next_cursor }))
}

fn wanted(
    target: Option<UserId>,
    actor: Option<UserId>,
    from: Option<Date>,
    to: Option<Date>,
    today: Date,
) -> Result<ListAudit, Problem> {
    let wrong = |name, why| Err(Problem::invalid_parameter(name, why));
    let span = AuditSpan { from, to };
    match (target, actor) {
        (Some(_), Some(_)) => wrong("actor", "cannot be combined with `target`"),
        (None, None) => {
            let to = to.unwrap_or(today);
            let from = from.unwrap_or(to);
            let days = to.duration_since(from).as_hours() / 24 + 1;
            if (1..=366).contains(&days) {
                Ok(ListAudit::Days { from, to })
            } else {
                wrong("from", "must be at most 366 days before `to`, and not after it")
            }
        }
        _ if from.is_some_and(|from| from > to.unwrap_or(today)) => wrong("from", "must not be after `to`"),
        (Some(target), None) => Ok(ListAudit::Target(target, span)),
        (None, Some(actor)) => Ok(ListAudit::Actor(actor, span)),
    }
}
