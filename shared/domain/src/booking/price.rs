//! What a booking costs, line by line. It is fixed when the booking is made.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Booking, Unbookable};
use crate::availability::Seats;
use crate::money::{Money, MoneyError, Price};
use crate::service::{ExtraCode, Quantity, Service};
use crate::text::Title;

/// An extra that a customer wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "code": "hot_stones", "quantity": 1 }))]
pub struct WantedExtra {
    /// One of the service's.
    pub code: ExtraCode,
    /// How many; 1 if not given.
    #[serde(default = "Quantity::one")]
    #[schema(default = 1)]
    pub quantity: Quantity,
}

/// An extra as it was booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedExtra {
    /// What requests call it.
    pub code: ExtraCode,
    /// Its title at that time.
    pub title: Title,
    /// The price of one at that time.
    pub unit_price: Price,
    /// How many.
    pub quantity: Quantity,
}

/// Why an extra is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExtra {
    /// The service has no such extra.
    #[error("is not an extra of the service")]
    Unknown,
    /// More than a booking takes.
    #[error("must be at most {0}, as the service has")]
    TooMany(u16),
    /// It is wanted twice.
    #[error("is wanted twice; give one quantity")]
    Repeated,
}

/// What a line of a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "service")]
pub enum LineKind {
    /// The service, for each seat.
    Service,
    /// An extra.
    Extra,
}

/// A line of what a booking costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "kind": "extra",
    "code": "hot_stones",
    "title": "Hot stones",
    "unit_price": { "amount": 1500, "currency": "eur" },
    "quantity": 1,
    "amount": { "amount": 1500, "currency": "eur" },
}))]
pub struct LineItem {
    /// What it is for.
    pub kind: LineKind,
    /// Which extra; `null` for the service.
    pub code: Option<ExtraCode>,
    /// As it was when booked.
    pub title: Title,
    /// Of one.
    pub unit_price: Price,
    /// How many: of the service, its seats.
    pub quantity: u16,
    /// Of all of them.
    pub amount: Price,
}

/// The price of so many seats of a service with these extras, and the extras as they are now.
pub(super) fn price(
    service: &Service,
    seats: Seats,
    wanted: &[WantedExtra],
) -> Result<(Price, Vec<BookedExtra>), Unbookable> {
    let mut extras: Vec<BookedExtra> = Vec::new();
    let mut total = service.price.times(seats.get())?;
    for (at, WantedExtra { code, quantity }) in wanted.iter().enumerate() {
        let refuse = |reason| Unbookable::Extra(at, reason);
        let known = service.extras.as_slice().iter().find(|extra| extra.code == *code);
        let extra = known.ok_or(refuse(InvalidExtra::Unknown))?;
        if *quantity > extra.max_quantity {
            return Err(refuse(InvalidExtra::TooMany(extra.max_quantity.get())));
        }
        if extras.iter().any(|taken| taken.code == *code) {
            return Err(refuse(InvalidExtra::Repeated));
        }
        let all = extra.price.times(quantity.get()).and_then(|all| total.plus(all));
        total = all.map_err(|_| Unbookable::ExtrasTooDear)?;
        let (title, unit_price) = (extra.title.clone(), extra.price);
        extras.push(BookedExtra { code: code.clone(), title, unit_price, quantity: *quantity });
    }
    Ok((total, extras))
}

impl From<MoneyError> for Unbookable {
    /// The prices of a service are of one currency, so that their sum can only be too high.
    fn from(_: MoneyError) -> Self {
        Self::TooDear
    }
}

impl fmt::Display for BookedExtra {
    /// `Hot stones × 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}", self.title.as_str(), self.quantity.get())
    }
}

impl BookedExtra {
    /// The extras without what their provider called them.
    pub(super) fn without_words(extras: Vec<Self>, title: &Title) -> Vec<Self> {
        let unnamed = |(at, extra)| Self { code: ExtraCode::numbered(at), title: title.clone(), ..extra };
        extras.into_iter().enumerate().map(unnamed).collect()
    }

    fn line(&self) -> LineItem {
        let Self { code, title, unit_price, quantity } = self.clone();
        let quantity = quantity.get();
        // It was a part of a price when it was booked.
        let amount = unit_price.times(quantity).unwrap_or(unit_price);
        LineItem { kind: LineKind::Extra, code: Some(code), title, unit_price, quantity, amount }
    }
}

impl Booking {
    /// What it costs, line by line; the lines' amounts are its price.
    #[must_use]
    pub fn line_items(&self) -> Vec<LineItem> {
        let extras: Vec<_> = self.extras.iter().map(BookedExtra::line).collect();
        let Money { minor, currency } = self.price.money();
        let rest = minor - extras.iter().map(|line| line.amount.money().minor).sum::<i64>();
        let part = |minor| Price::try_from(Money::new(minor, currency)).unwrap_or(self.price);
        let quantity = self.seats.get();
        let service = LineItem {
            kind: LineKind::Service,
            code: None,
            title: self.service_title.clone(),
            unit_price: part(rest / i64::from(quantity)),
            quantity,
            amount: part(rest),
        };
        [vec![service], extras].concat()
    }
}

#[cfg(test)]
mod tests;
