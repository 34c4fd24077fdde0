//! `prices.json`: list prices with their sources.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::BenchError;

/// List prices of one region on one day.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Prices {
    /// The region.
    pub(super) region: String,
    /// The day on which they were looked up.
    pub(super) date: String,
    /// By what is billed.
    #[serde(rename = "prices")]
    pub(super) list: BTreeMap<String, Price>,
}

/// One price.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Price {
    /// US dollars.
    pub(super) usd: f64,
    /// For so many.
    pub(super) per: f64,
    /// So many are free in each month and account, and not only in its first year.
    pub(super) free: f64,
    /// Where it was found.
    pub(super) source: String,
}

/// How much of each billed thing, by the name of its price.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bill(pub(super) BTreeMap<&'static str, f64>);

impl Bill {
    /// With so much more of one thing.
    pub(super) fn and(mut self, name: &'static str, quantity: f64) -> Self {
        *self.0.entry(name).or_default() += quantity;
        self
    }

    /// With all of another bill, so many times.
    pub(super) fn and_all(mut self, other: &Self, times: f64) -> Self {
        for (name, quantity) in &other.0 {
            *self.0.entry(name).or_default() += quantity * times;
        }
        self
    }
}

impl Prices {
    /// Reads them.
    pub(super) fn read() -> Result<Self, BenchError> {
        Ok(serde_json::from_str(&banister_checks::files::read("infra/bench/prices.json")?)?)
    }

    /// Dollars for so much of a thing, in which nothing is free.
    ///
    /// # Errors
    /// Where it has no price.
    pub(super) fn of(&self, name: &str, quantity: f64) -> Result<f64, BenchError> {
        let price = self.price(name)?;
        Ok(quantity / price.per * price.usd)
    }

    /// Dollars for a month's quantity beyond what is free.
    pub(super) fn beyond_free(&self, name: &str, quantity: f64) -> Result<f64, BenchError> {
        self.of(name, (quantity - self.price(name)?.free).max(0.0))
    }

    /// Dollars for those things of a bill.
    pub(super) fn part(&self, bill: &Bill, names: &[&str]) -> Result<f64, BenchError> {
        names.iter().map(|name| self.of(name, bill.0.get(name).copied().unwrap_or(0.0))).sum()
    }

    /// Dollars for a whole bill.
    pub(super) fn total(&self, bill: &Bill) -> Result<f64, BenchError> {
        bill.0.iter().map(|(name, quantity)| self.of(name, *quantity)).sum()
    }

    fn price(&self, name: &str) -> Result<&Price, BenchError> {
        self.list.get(name).ok_or_else(|| BenchError::Unexpected(format!("prices.json has no {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices() -> Prices {
        let text = r#"{"region": "r", "date": "d", "prices": {
            "calls": {"usd": 0.4, "per": 1000000, "free": 1000000, "source": "s"},
            "secrets": {"usd": 0.4, "per": 1, "free": 0, "source": "s"}}}"#;
        serde_json::from_str(text).expect("prices")
    }

    fn close(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-9, "{one} is not {other}");
    }

    #[test]
    fn quantities_cost_their_price() {
        let bill = Bill::default().and("calls", 1.5e6).and("calls", 0.5e6).and("secrets", 4.0);
        close(prices().part(&bill, &["calls"]).unwrap(), 0.8);
        close(prices().total(&bill).unwrap(), 2.4);
        let twice = Bill::default().and("secrets", 1.0).and_all(&bill, 2.0);
        close(prices().total(&twice).unwrap(), 5.2);
        assert!(prices().of("nothing", 1.0).is_err());
    }

    #[test]
    fn what_is_free_is_taken_off_once() {
        close(prices().beyond_free("calls", 2e6).unwrap(), 0.4);
        close(prices().beyond_free("calls", 0.9e6).unwrap(), 0.0);
        close(prices().beyond_free("secrets", 2.0).unwrap(), 0.8);
    }

    #[test]
    fn every_price_has_a_source() {
        for (name, price) in Prices::read().unwrap().list {
            assert!(price.usd >= 0.0 && price.per >= 1.0, "{name}");
            let known =
                price.source.starts_with("http") || price.source.starts_with("from memory, to be checked");
            assert!(known, "{name}: {}", price.source);
        }
    }
}
