//! What is asked for, from the query.

use banister_domain::account::{Language, Latitude, Longitude, RadiusKm};
use banister_domain::availability::Interval;
use banister_domain::money::{Currency, Price};
use banister_domain::place::Point;
use banister_domain::search::{Near, PriceRange, RatingFloor, SearchText, Sort, Wish};
use banister_domain::service::{Heading, LocationKind};
use banister_platform::http::{PageSize, Problem};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// The longest time within which something free is looked for.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

/// What to look for. All that is given must fit.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// Words: all of them must be in the title, the provider's name or the description; the last one may be the
    /// beginning of a word. English and Russian endings, case and accents do not matter.
    #[param(value_type = Option<String>, max_length = 200, example = "deep massage")]
    q: Option<SearchText>,
    /// A category, or a group of categories.
    #[param(inline, value_type = Option<Heading>)]
    category: Option<Heading>,
    /// Prices in this currency only; needed where prices are compared.
    currency: Option<Currency>,
    /// Minor units at least.
    #[param(minimum = 0, maximum = 99_999_999, example = 0)]
    min_price: Option<i64>,
    /// Minor units at most.
    #[param(minimum = 0, maximum = 99_999_999, example = 10_000)]
    max_price: Option<i64>,
    /// The average rating at least, from 1 to 5, with two decimals at most.
    #[param(value_type = Option<f64>, minimum = 1, maximum = 5, example = 4.5)]
    min_rating: Option<RatingFloor>,
    /// Around here, with `longitude`. What is online is nowhere.
    latitude: Option<Latitude>,
    /// Around here, with `latitude`.
    longitude: Option<Longitude>,
    /// How far from there; 25 if not given.
    radius_km: Option<RadiusKm>,
    /// This language is spoken, in whichever country.
    language: Option<Language>,
    /// Where it takes place.
    location_kind: Option<LocationKind>,
    /// Free to be booked at this moment.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-11T09:00:00Z")]
    free_at: Option<Timestamp>,
    /// Free to be booked from this moment on, with `free_to`.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-11T00:00:00Z")]
    free_from: Option<Timestamp>,
    /// Before this one; 31 days later at most.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-14T00:00:00Z")]
    free_to: Option<Timestamp>,
    /// If not given: `relevance` where there are words, else `distance` where there is a place, else `rating`.
    #[param(inline)]
    sort: Option<Sort>,
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What is asked for, in order.
pub(crate) struct Ask {
    pub(crate) wish: Wish,
    pub(crate) sort: Sort,
    /// When something must be free.
    pub(crate) window: Option<Interval>,
    pub(crate) limit: usize,
    pub(crate) cursor: Option<String>,
}

impl SearchQuery {
    pub(crate) fn read(self) -> Result<Ask, Problem> {
        let (price, near, window) = (self.price()?, self.near()?, self.window()?);
        let usual = match (&self.q, near) {
            (Some(_), _) => Sort::Relevance,
            (None, Some(_)) => Sort::Distance,
            (None, None) => Sort::Rating,
        };
        let sort = self.sort.unwrap_or(usual);
        let lacking = match sort {
            Sort::Relevance if self.q.is_none() => Some("needs q"),
            Sort::Price | Sort::Dearest if price.is_none() => Some("needs a currency"),
            Sort::Distance if near.is_none() => Some("needs latitude and longitude"),
            Sort::Soonest if window.is_none() => Some("needs free_from and free_to"),
            _ => None,
        };
        if let Some(lacking) = lacking {
            return Err(Problem::invalid_parameter("sort", lacking));
        }
        let Self { q: text, category: heading, min_rating, language, location_kind, .. } = self;
        let wish = Wish { text, heading, price, min_rating, near, language, location_kind };
        Ok(Ask { wish, sort, window, limit: self.limit.get().into(), cursor: self.cursor })
    }

    fn price(&self) -> Result<Option<PriceRange>, Problem> {
        let Some(currency) = self.currency else {
            let bounded = self.min_price.is_some() || self.max_price.is_some();
            let needed = || Problem::invalid_parameter("currency", "is needed to compare prices");
            return if bounded { Err(needed()) } else { Ok(None) };
        };
        let (min, max) = (self.min_price.unwrap_or(0), self.max_price.unwrap_or(Price::MAX_MINOR));
        for (name, amount) in [("min_price", min), ("max_price", max)] {
            if !(0..=Price::MAX_MINOR).contains(&amount) {
                let range = format!("must be from 0 to {}", Price::MAX_MINOR);
                return Err(Problem::invalid_parameter(name, range));
            }
        }
        if min > max {
            return Err(Problem::invalid_parameter("max_price", "must not be below min_price"));
        }
        Ok(Some(PriceRange { currency, min, max }))
    }

    fn near(&self) -> Result<Option<Near>, Problem> {
        match (self.latitude, self.longitude) {
            (Some(latitude), Some(longitude)) => {
                let radius = self.radius_km.unwrap_or(RadiusKm::USUAL);
                Ok(Some(Near { point: Point { latitude, longitude }, radius }))
            }
            (None, None) if self.radius_km.is_none() => Ok(None),
            (None, _) => Err(Problem::invalid_parameter("latitude", "is needed for a place")),
            (_, None) => Err(Problem::invalid_parameter("longitude", "is needed for a place")),
        }
    }

    fn window(&self) -> Result<Option<Interval>, Problem> {
        let (name, from, to) = match (self.free_at, self.free_from, self.free_to) {
            (None, None, None) => return Ok(None),
            // A slot starts at a whole second.
            (Some(at), None, None) => {
                ("free_at", at, at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(at))
            }
            (None, Some(from), Some(to)) => ("free_to", from, to),
            (None, Some(_), None) => {
                return Err(Problem::invalid_parameter("free_to", "is needed with free_from"));
            }
            (None, None, Some(_)) => {
                return Err(Problem::invalid_parameter("free_from", "is needed with free_to"));
            }
            (Some(_), ..) => {
                let detail = "give either free_at, or free_from and free_to";
                return Err(Problem::invalid_parameter("free_at", detail));
            }
        };
        if to.duration_since(from) > LONGEST {
            return Err(Problem::invalid_parameter(name, "must be at most 31 days after free_from"));
        }
        let window = Interval::new(from, to);
        window.map(Some).map_err(|_| Problem::invalid_parameter(name, "must be after free_from"))
    }
}
