//! `GET /v1/categories`: anyone reads the headings of the catalogue, and which belong together.

use axum::extract::State;
use banister_domain::service::{Category, CategoryGroup};
use banister_platform::http::{Anyone, Cacheable, Caching, Code, ListOf};
use serde::Serialize;

use crate::Catalog;

pub(crate) const PROBLEMS: &[Code] = &[];

/// How long caches may keep them, in seconds: they change with a release only.
const KEPT: u32 = 3_600;

/// A heading of the catalogue.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = CategoryItem, example = json!({
    "slug": "massage",
    "title": "Massage",
    "group": { "slug": "wellbeing", "title": "Wellbeing" },
}))]
pub(crate) struct CategoryView {
    /// Its name in requests.
    slug: Category,
    /// Its name for people, in English.
    #[schema(example = "Massage")]
    title: &'static str,
    /// Its branch of the catalogue.
    group: GroupView,
}

/// A branch of the catalogue: a search takes it in the place of a category.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = CategoryGroupItem, example = json!({ "slug": "wellbeing", "title": "Wellbeing" }))]
pub(crate) struct GroupView {
    /// Its name in requests.
    slug: CategoryGroup,
    /// Its name for people, in English.
    #[schema(example = "Wellbeing")]
    title: &'static str,
}

impl From<Category> for CategoryView {
    fn from(slug: Category) -> Self {
        let group = slug.group();
        Self { slug, title: slug.title(), group: GroupView { slug: group, title: group.title() } }
    }
}

/// List the categories
#[utoipa::path(get, path = "/v1/categories",
    responses((status = 200, description = "All categories", body = ListOf<CategoryView>)))]
pub(crate) async fn list_categories(
    State(_): State<Catalog>,
    _: Anyone,
    caching: Caching,
) -> Cacheable<ListOf<CategoryView>> {
    let items = Category::ALL.map(CategoryView::from);
    caching.json(ListOf { items: items.into(), next_cursor: None }, KEPT)
}
