//! `GET /v1/admin/services`: staff list services across the market.

use axum::extract::State;
use banister_domain::id::UserId;
use banister_domain::service::{Category, ServiceStatus};
use banister_domain::sort::Sort;
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Problem, Query, Staff, needs};
use banister_platform::store::ListMarketServices;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Admin;
use crate::service_view::MarketServiceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which services.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MarketServicesQuery {
    /// Only of this status.
    status: Option<ServiceStatus>,
    /// Only of this category.
    category: Option<Category>,
    /// Only of this provider.
    provider_id: Option<UserId>,
    /// Made at this moment or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    created_from: Option<Timestamp>,
    /// Made before this moment.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00Z")]
    created_to: Option<Timestamp>,
    /// By the time they were made, newest first if not given.
    #[param(value_type = Option<String>, example = "-created_at")]
    sort: Option<Sort>,
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List services of the market
///
/// Drafts and archived ones too. A page reads so many services and leaves out those that do not fit: go
/// on until `next_cursor` is `null`. There is no search by title.
#[utoipa::path(get, path = "/v1/admin/services", params(MarketServicesQuery),
    responses((status = 200, description = "A page of services", body = ListOf<MarketServiceView>)))]
pub(crate) async fn list_all_services(
    State(admin): State<Admin>,
    caller: Staff<needs::ServiceManagement>,
    Query(query): Query<MarketServicesQuery>,
) -> Result<OkJson<ListOf<MarketServiceView>>, Problem> {
    let MarketServicesQuery { status, category, provider_id, created_from, created_to, sort, limit, cursor } =
        query;
    let filters = (status, category, provider_id, created_from, created_to, sort);
    let scope = ("list_all_services", caller.identity.user_id, filters);
    let after = cursor.map(|cursor| admin.cursors.read(&cursor, &scope)).transpose()?;
    let wanted = ListMarketServices {
        provider: provider_id,
        category,
        status,
        created_from: created_from.unwrap_or(Timestamp::UNIX_EPOCH),
        created_to: created_to.unwrap_or(Timestamp::MAX),
        ascending: sort == Some(Sort::Oldest),
    };
    let (services, last) = admin.services.list_market(&wanted, limit.get(), after).await?;
    let next_cursor = last.and_then(|position| admin.cursors.write(&position, &scope));
    Ok(OkJson(ListOf { items: services.into_iter().map(Into::into).collect(), next_cursor }))
}
