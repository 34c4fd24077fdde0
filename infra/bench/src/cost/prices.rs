//! `prices.json`: list prices with their sources, in the region of samconfig.toml and in that of most comparisons.

use std::collections::{BTreeMap, BTreeSet};

use banister_checks::files;
use serde::Deserialize;

use crate::BenchError;

/// The region whose prices others name.
pub(super) const REFERENCE: &str = "us-east-1";

/// List prices of one region on one day.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Prices {
    /// The region.
    #[serde(skip)]
    pub(super) region: String,
    /// The day on which they were looked up.
    pub(super) date: String,
    /// Where those of the AWS Price List were read.
    pub(super) price_list: String,
    /// By what is billed.
    #[serde(rename = "prices")]
    pub(super) list: BTreeMap<String, Price>,
}

/// One price.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Price {
    /// US dollars, by region.
    pub(super) usd: BTreeMap<String, f64>,
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

/// The region into which samconfig.toml deploys every stage.
fn deployed(samconfig: &str) -> Result<String, BenchError> {
    let lines = samconfig.lines().filter_map(|line| line.strip_prefix("region = \"")?.strip_suffix('"'));
    let regions: BTreeSet<_> = lines.collect();
    let mut regions = regions.into_iter();
    match (regions.next(), regions.next()) {
        (Some(region), None) => Ok(region.to_owned()),
        _ => Err(BenchError::Unexpected("samconfig.toml must name one region for all stages".into())),
    }
}

impl Prices {
    /// Reads those of the region of samconfig.toml.
    pub(super) fn read() -> Result<Self, BenchError> {
        let prices: Self = serde_json::from_str(&files::read("infra/bench/prices.json")?)?;
        Ok(Self { region: deployed(&files::read("samconfig.toml")?)?, ..prices })
    }

    /// Those of another region.
    pub(super) fn of_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// Dollars for so much of a thing, in which nothing is free.
    ///
    /// # Errors
    /// Where it has no price in the region.
    pub(super) fn of(&self, name: &str, quantity: f64) -> Result<f64, BenchError> {
        let price = self.price(name)?;
        let missing = || BenchError::Unexpected(format!("prices.json has no {name} in {}", self.region));
        let usd = price.usd.get(&self.region).ok_or_else(missing)?;
        Ok(quantity / price.per * usd)
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
        let text = r#"{"date": "d", "price_list": "l", "prices": {
            "calls": {"usd": {"r": 0.4, "s": 0.5}, "per": 1000000, "free": 1000000, "source": "s"},
            "secrets": {"usd": {"r": 0.4}, "per": 1, "free": 0, "source": "s"}}}"#;
        serde_json::from_str::<Prices>(text).expect("prices").of_region("r")
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
    fn another_region_has_its_own_prices_or_none() {
        let other = prices().of_region("s");
        close(other.of("calls", 1e6).unwrap(), 0.5);
        let error = other.of("secrets", 1.0).unwrap_err();
        assert_eq!(error.to_string(), "prices.json has no secrets in s");
    }

    #[test]
    fn stages_share_a_region() {
        let config = "[a]\nregion = \"one\"\n[b]\nregion = \"one\"\n";
        assert_eq!(deployed(config).unwrap(), "one");
        assert!(deployed(&format!("{config}[c]\nregion = \"two\"\n")).is_err());
        assert!(deployed("").is_err());
    }

    #[test]
    fn what_is_free_is_taken_off_once() {
        close(prices().beyond_free("calls", 2e6).unwrap(), 0.4);
        close(prices().beyond_free("calls", 0.9e6).unwrap(), 0.0);
        close(prices().beyond_free("secrets", 2.0).unwrap(), 0.8);
    }

    #[test]
    fn every_price_has_a_source() {
        let prices = Prices::read().unwrap();
        for (name, price) in &prices.list {
            for region in [prices.region.as_str(), REFERENCE] {
                assert!(price.usd.get(region).is_some_and(|usd| *usd >= 0.0), "{name} in {region}");
            }
            assert!(price.per >= 1.0, "{name}");
            let known =
                ["http", "AWS Price List, ", "of a public price book", "not found in public text, assumed"];
            assert!(known.iter().any(|source| price.source.contains(source)), "{name}: {}", price.source);
        }
    }
}
