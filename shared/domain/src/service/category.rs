//! The headings of the catalogue: a tree of two levels.

use serde::{Deserialize, Serialize};

/// A heading of the catalogue.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(example = "massage")]
pub enum Category {
    /// Cleaning of homes and offices.
    Cleaning,
    /// Repairs in and around the house.
    Repairs,
    /// Hair, nails, make-up.
    Beauty,
    /// Massage and bodywork.
    Massage,
    /// Sport and personal training.
    Fitness,
    /// Lessons and tutoring.
    Lessons,
    /// Help with computers and networks.
    Technology,
    /// Law, tax and business advice.
    Consulting,
    /// Photography and video.
    Photography,
    /// Care of animals.
    PetCare,
}

impl Category {
    /// Every category, in the order of the catalogue.
    pub const ALL: [Self; 10] = [
        Self::Cleaning,
        Self::Repairs,
        Self::Beauty,
        Self::Massage,
        Self::Fitness,
        Self::Lessons,
        Self::Technology,
        Self::Consulting,
        Self::Photography,
        Self::PetCare,
    ];

    /// The name in JSON and the table.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Cleaning => "cleaning",
            Self::Repairs => "repairs",
            Self::Beauty => "beauty",
            Self::Massage => "massage",
            Self::Fitness => "fitness",
            Self::Lessons => "lessons",
            Self::Technology => "technology",
            Self::Consulting => "consulting",
            Self::Photography => "photography",
            Self::PetCare => "pet_care",
        }
    }

    /// The name shown to people, in English.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cleaning => "Cleaning",
            Self::Repairs => "Repairs",
            Self::Beauty => "Beauty",
            Self::Massage => "Massage",
            Self::Fitness => "Fitness",
            Self::Lessons => "Lessons",
            Self::Technology => "Technology",
            Self::Consulting => "Consulting",
            Self::Photography => "Photography",
            Self::PetCare => "Pet care",
        }
    }

    /// Its branch of the catalogue.
    #[must_use]
    pub const fn group(self) -> CategoryGroup {
        match self {
            Self::Cleaning | Self::Repairs => CategoryGroup::Home,
            Self::Beauty | Self::Massage | Self::Fitness => CategoryGroup::Wellbeing,
            Self::Lessons => CategoryGroup::Learning,
            Self::Technology | Self::Consulting => CategoryGroup::Business,
            Self::Photography => CategoryGroup::Events,
            Self::PetCare => CategoryGroup::Pets,
        }
    }
}

/// A branch of the catalogue: headings that belong together.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(example = "wellbeing")]
pub enum CategoryGroup {
    /// House and home.
    Home,
    /// Body and looks.
    Wellbeing,
    /// To learn something.
    Learning,
    /// What firms and offices need.
    Business,
    /// Pictures of what happens.
    Events,
    /// Animals.
    Pets,
}

impl CategoryGroup {
    /// Every branch, in the order of the catalogue.
    pub const ALL: [Self; 6] =
        [Self::Home, Self::Wellbeing, Self::Learning, Self::Business, Self::Events, Self::Pets];

    /// The name in JSON. No heading has the same one.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Wellbeing => "wellbeing",
            Self::Learning => "learning",
            Self::Business => "business",
            Self::Events => "events",
            Self::Pets => "pets",
        }
    }

    /// The name shown to people, in English.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Wellbeing => "Wellbeing",
            Self::Learning => "Learning",
            Self::Business => "Business",
            Self::Events => "Events",
            Self::Pets => "Pets",
        }
    }
}

/// A heading or a branch: where somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Heading {
    /// One heading.
    Category(Category),
    /// All headings of a branch.
    Group(CategoryGroup),
}

/// The text names no heading and no branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no category and no group of categories")]
pub struct UnknownHeading;

impl Heading {
    /// The name in JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Category(category) => category.slug(),
            Self::Group(group) => group.slug(),
        }
    }

    /// Whether what is under `category` is under this one.
    #[must_use]
    pub fn has(self, category: Category) -> bool {
        match self {
            Self::Category(own) => own == category,
            Self::Group(group) => category.group() == group,
        }
    }
}

impl TryFrom<String> for Heading {
    type Error = UnknownHeading;

    fn try_from(text: String) -> Result<Self, UnknownHeading> {
        let category = Category::ALL.into_iter().find(|category| category.slug() == text);
        let group = CategoryGroup::ALL.into_iter().find(|group| group.slug() == text);
        category.map(Self::Category).or(group.map(Self::Group)).ok_or(UnknownHeading)
    }
}
impl From<Heading> for String {
    fn from(heading: Heading) -> Self {
        heading.slug().to_owned()
    }
}
impl utoipa::PartialSchema for Heading {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let categories = Category::ALL.map(Category::slug);
        let groups = CategoryGroup::ALL.map(CategoryGroup::slug);
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("A category, or a group of categories."))
            .enum_values(Some(categories.into_iter().chain(groups)))
            .examples(["wellbeing"])
            .into()
    }
}
impl utoipa::ToSchema for Heading {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_is_in_one_branch_and_no_branch_is_empty() {
        for group in CategoryGroup::ALL {
            assert!(Category::ALL.iter().any(|category| category.group() == group), "{group:?}");
            let read = Heading::try_from(group.slug().to_owned());
            assert_eq!(read, Ok(Heading::Group(group)), "the name of a category, too");
        }
        for category in Category::ALL {
            let read = Heading::try_from(category.slug().to_owned());
            assert_eq!(read, Ok(Heading::Category(category)));
            assert!(Heading::Group(category.group()).has(category));
            let json = serde_json::to_value(category).expect("a name");
            assert_eq!(json, category.slug());
        }
        assert!(!Heading::Group(CategoryGroup::Home).has(Category::Massage));
        assert_eq!(Heading::try_from("gardens".to_owned()), Err(UnknownHeading));
    }
}
