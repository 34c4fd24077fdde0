//! `GET /v1/services`: anyone lists published services; a provider lists all of their own.

use axum::extract::State;
use banister_domain::id::UserId;
use banister_domain::service::Category;
use banister_platform::http::{Cacheable, Caching, Code, ListOf, PageSize, Problem, Query, Visitor};
use banister_platform::store::{ListServices, Reviewed};
use serde::Deserialize;

use crate::view::RatedServiceView;
use crate::{Catalog, KEPT};

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput, Code::Unauthenticated];

/// Which services.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ServicesQuery {
    /// Only of this category.
    category: Option<Category>,
    /// Only of this provider. Signed in as this provider, drafts and archived services too.
    provider_id: Option<UserId>,
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List services
///
/// Newest last; the order is stable.
#[utoipa::path(get, path = "/v1/services", params(ServicesQuery),
    responses((status = 200, description = "A page of services", body = ListOf<RatedServiceView>)))]
pub(crate) async fn list_services(
    State(catalog): State<Catalog>,
    visitor: Visitor,
    caching: Caching,
    Query(query): Query<ServicesQuery>,
) -> Result<Cacheable<ListOf<RatedServiceView>>, Problem> {
    let ServicesQuery { category, provider_id: provider, limit, cursor } = query;
    let unpublished = provider.is_some() && provider == visitor.user_id;
    let scope = ("list_services", category, provider, unpublished);
    let after = cursor.map(|cursor| catalog.cursors.read(&cursor, &scope)).transpose()?;
    let wanted = ListServices { provider, category, unpublished };
    let page = catalog.store.list(wanted, limit.get(), after).await?;
    let next_cursor = page.last.as_ref().and_then(|position| catalog.cursors.write(position, &scope));
    let services: Vec<_> = page.items.into_iter().map(|(record, _)| record.value.0).collect();
    let reviewed: Vec<_> = services.iter().map(|service| Reviewed::Service(service.id)).collect();
    let ratings = catalog.reviews.ratings(&reviewed).await?;
    let rated = services.into_iter().zip(ratings);
    let items: Vec<_> = rated.map(|(service, rating)| RatedServiceView::new(service, rating)).collect();
    let tagged = serde_json::json!([&items, &page.last]);
    Ok(caching.tagged(ListOf { items, next_cursor }, &tagged, KEPT))
}
