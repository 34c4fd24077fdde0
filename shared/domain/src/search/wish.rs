//! What somebody looks for, and in which order it stands.

use serde::{Deserialize, Serialize};

use super::SearchText;
use crate::account::{Language, RadiusKm};
use crate::money::{Currency, Price};
use crate::place::Point;
use crate::review::Tally;
use crate::service::{Heading, LocationKind};

/// What is looked for: all of it must fit. What is left out is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Wish {
    /// These words, in the title, the provider's name or the description.
    pub text: Option<SearchText>,
    /// Under this heading, or in this branch.
    pub heading: Option<Heading>,
    /// For this price.
    pub price: Option<PriceRange>,
    /// Rated so well at least; what is not rated is not.
    pub min_rating: Option<RatingFloor>,
    /// Around here.
    pub near: Option<Near>,
    /// In this language, wherever it is spoken.
    pub language: Option<Language>,
    /// At such a place.
    pub location_kind: Option<LocationKind>,
}

/// Prices of one currency; what is not so is not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PriceRange {
    /// Of this currency.
    pub currency: Currency,
    /// Minor units at least.
    pub min: i64,
    /// Minor units at most.
    pub max: i64,
}

impl PriceRange {
    pub(super) fn has(&self, price: Price) -> bool {
        let money = price.money();
        money.currency == self.currency && (self.min..=self.max).contains(&money.minor)
    }
}

/// A circle on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Near {
    /// Its centre.
    pub point: Point,
    /// How far from there.
    pub radius: RadiusKm,
}

impl Near {
    /// In metres.
    pub(super) fn metres(&self) -> u32 {
        u32::from(self.radius.get()) * 1_000
    }
}

/// The text is no rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to 5, with two decimals at most")]
pub struct InvalidRatingFloor;

/// An average rating, in hundredths: 100 to 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RatingFloor(u16);

impl RatingFloor {
    /// In hundredths.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    pub(super) fn admits(self, rating: Tally) -> bool {
        rating.hundredths().is_some_and(|average| average >= self.0.into())
    }
}

impl TryFrom<String> for RatingFloor {
    type Error = InvalidRatingFloor;

    fn try_from(text: String) -> Result<Self, InvalidRatingFloor> {
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() != 1 || !(1..=2).contains(&decimals.len()) || !digits(whole) || !digits(decimals) {
            return Err(InvalidRatingFloor);
        }
        let hundredths = format!("{whole}{decimals:0<2}").parse().map_err(|_| InvalidRatingFloor)?;
        if (100..=500).contains(&hundredths) { Ok(Self(hundredths)) } else { Err(InvalidRatingFloor) }
    }
}

/// In which order what is found stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SearchSort, example = "rating")]
pub enum Sort {
    /// What goes best with the words first, then the best rated.
    #[serde(rename = "relevance")]
    Relevance,
    /// Cheapest first.
    #[serde(rename = "price")]
    Price,
    /// Dearest first.
    #[serde(rename = "-price")]
    Dearest,
    /// Nearest first.
    #[serde(rename = "distance")]
    Distance,
    /// Best rated first: by average, then by how many there are; what is not rated last.
    #[serde(rename = "rating")]
    Rating,
    /// What is free first, first.
    #[serde(rename = "soonest")]
    Soonest,
}

/// A place in an order, in which there are no two at the same one: lower is before. What stands there changes it,
/// nothing else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank<I>(pub(super) i64, pub(super) i64, pub(super) I);

impl<I: Copy> Rank<I> {
    /// Of what.
    #[must_use]
    pub fn id(&self) -> I {
        self.2
    }
}

/// Higher is better: by average, then by how many there are.
pub(super) fn rated(rating: Tally) -> i64 {
    const MOST: i64 = 1_000_000_000;
    rating.hundredths().map_or(0, |average| average * MOST + rating.count.clamp(0, MOST - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_a_rating() {
        let read = |text: &str| RatingFloor::try_from(text.to_owned()).map(RatingFloor::hundredths);
        for (text, hundredths) in [("1", 100), ("4.5", 450), ("4.75", 475), ("5.00", 500), ("3.05", 305)] {
            assert_eq!(read(text), Ok(hundredths), "{text}");
        }
        for bad in ["", "0", "0.99", "5.01", "6", "4.", ".5", "4.755", "+4", "4,5", " 4", "45", "4e0"] {
            assert_eq!(read(bad), Err(InvalidRatingFloor), "{bad}");
        }
    }

    #[test]
    fn more_ratings_of_the_same_average_are_better() {
        let tally = |count, sum| rated(Tally { count, sum });
        assert!(tally(1, 5) > tally(10, 49));
        assert!(tally(10, 50) > tally(1, 5));
        assert!(tally(1, 1) > tally(0, 0));
    }
}
