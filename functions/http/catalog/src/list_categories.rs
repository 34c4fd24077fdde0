//! `GET /v1/categories`: anyone reads the headings of the catalogue.

use axum::extract::State;
use banister_domain::service::Category;
use banister_platform::http::{Anyone, Code, ListOf, OkJson};
use serde::Serialize;

use crate::Catalog;

pub(crate) const PROBLEMS: &[Code] = &[];

/// A heading of the catalogue.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = CategoryItem, example = json!({
    "slug": "massage",
    "title": "Massage",
}))]
pub(crate) struct CategoryView {
    /// Its name in requests.
    slug: Category,
    /// Its name for people, in English.
    #[schema(example = "Massage")]
    title: &'static str,
}

/// List the categories
#[utoipa::path(get, path = "/v1/categories",
    responses((status = 200, description = "All categories", body = ListOf<CategoryView>)))]
pub(crate) async fn list_categories(State(_): State<Catalog>, _: Anyone) -> OkJson<ListOf<CategoryView>> {
    let items = Category::ALL.map(|slug| CategoryView { slug, title: slug.title() });
    OkJson(ListOf { items: items.into(), next_cursor: None })
}
