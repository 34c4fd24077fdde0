//! Finding services and providers: what is told of them on cards, and which cards fit a wish, in which order.
//!
//! All cards are held in an [`Index`], which looks at each of them: what it finds is all that fits, and the
//! order is exact. It depends on cards and wish only, so that a page goes on behind the last card of the one
//! before, whatever has changed meanwhile.

mod card;
mod facets;
mod hits;
mod index;
mod vocabulary;
mod wish;
mod words;

pub use card::{Card, CardId, Dealt, ProviderCard, ServiceCard};
pub use facets::Facets;
pub use hits::{Found, ProviderHit, ServiceHit};
pub use index::Index;
pub use wish::{InvalidRatingFloor, Near, PriceRange, Rank, RatingFloor, Sort, Wish};
pub use words::{InvalidSearchText, SearchText, fold, words};
