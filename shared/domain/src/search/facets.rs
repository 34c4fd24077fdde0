//! How much there is under each heading.

use crate::service::{Category, CategoryGroup};

/// How many services, or providers, fit under each heading of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facets([u32; Category::ALL.len()]);

impl Facets {
    pub(super) fn count(&mut self, category: Category) {
        self.0[category as usize] += 1;
    }

    /// Under a heading.
    #[must_use]
    pub fn under(&self, category: Category) -> u32 {
        self.0[category as usize]
    }

    /// Services under the headings of a branch. A provider who has several of them is counted in each.
    #[must_use]
    pub fn in_group(&self, group: CategoryGroup) -> u32 {
        Category::ALL.into_iter().filter(|category| category.group() == group).map(|c| self.under(c)).sum()
    }
}
