//! Money in integer minor units of one currency. No floats, no implicit conversion, no silent
//! overflow.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// Why a calculation with money has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The two sums are of different currencies.
    #[error("the currencies differ")]
    CurrencyMismatch,
    /// The result does not fit 64 bits.
    #[error("the amount is out of range")]
    Overflow,
    /// A price below zero, or above what any currency here is charged.
    #[error("must be from 0 to {}", Price::MAX_MINOR)]
    PriceRange,
    /// A share above the whole.
    #[error("must be from 0 to 10000 basis points")]
    ShareRange,
}

macro_rules! currencies {
    ($($variant:ident $code:literal $digits:literal,)+) => {
        /// A currency that prices can be in: ISO 4217 code in lower case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "lowercase")]
        #[schema(example = "usd")]
        pub enum Currency {
            $(#[doc = concat!("ISO 4217 `", $code, "`.")] $variant,)+
        }

        impl Currency {
            /// Every currency known here.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code in lower case.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Decimal digits of the minor unit: 2 for cents, 0 where there is none (ISO 4217).
            #[must_use]
            pub const fn digits(self) -> u32 {
                match self { $(Self::$variant => $digits),+ }
            }
        }
    };
}

currencies! {
    Aud "aud" 2, Cad "cad" 2, Chf "chf" 2, Eur "eur" 2, Gbp "gbp" 2, Jpy "jpy" 0, Kwd "kwd" 3, Usd "usd" 2,
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::ALL.iter().copied().find(|currency| currency.code() == code).ok_or(UnknownCurrency)
    }
}

/// The code names no currency known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a supported currency")]
pub struct UnknownCurrency;

/// A sum of money: `{ "amount": 12500, "currency": "usd" }` is 125 dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "amount": 12500, "currency": "usd" }))]
pub struct Money {
    /// Minor units (cents), may be negative.
    #[serde(rename = "amount")]
    pub minor: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

impl Money {
    /// A sum from minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum of both.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// This less the other.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// The given share of this sum in basis points (1/100 of a percent, 0 to 10,000), rounded
    /// towards zero; the rest is `self - share`, so no cent is lost.
    pub fn share(self, basis_points: u32) -> Result<Self, MoneyError> {
        if basis_points > 10_000 {
            return Err(MoneyError::ShareRange);
        }
        let minor = i128::from(self.minor) * i128::from(basis_points) / 10_000;
        let minor = i64::try_from(minor).map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    fn combine(self, other: Self, op: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let minor = op(self.minor, other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    /// `125.00 USD`, `12500 JPY`, `-0.500 KWD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.digits();
        let (sign, minor) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        let code = self.currency.code().to_uppercase();
        if digits == 0 {
            return write!(f, "{sign}{minor} {code}");
        }
        let unit = 10_u64.pow(digits);
        let width = digits as usize;
        write!(f, "{sign}{}.{:0width$} {code}", minor / unit, minor % unit)
    }
}

/// What a service costs: from 0 to [`Price::MAX_MINOR`] minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "Money")]
pub struct Price(Money);

impl Price {
    /// The highest price, in minor units; eight digits is also what Stripe takes for one charge
    /// (<https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>).
    pub const MAX_MINOR: i64 = 99_999_999;

    /// The price as a sum.
    #[must_use]
    pub const fn money(self) -> Money {
        self.0
    }

    /// Both together; refused above [`Price::MAX_MINOR`] and where the currencies differ.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Self::try_from(self.0.checked_add(other.0)?)
    }

    /// The price of so many; refused above [`Price::MAX_MINOR`].
    pub fn times(self, count: u16) -> Result<Self, MoneyError> {
        let minor = self.0.minor.checked_mul(count.into()).ok_or(MoneyError::Overflow)?;
        Self::try_from(Money { minor, ..self.0 })
    }
}

impl TryFrom<Money> for Price {
    type Error = MoneyError;

    fn try_from(money: Money) -> Result<Self, MoneyError> {
        if (0..=Self::MAX_MINOR).contains(&money.minor) {
            Ok(Self(money))
        } else {
            Err(MoneyError::PriceRange)
        }
    }
}

impl From<Price> for Money {
    fn from(price: Price) -> Self {
        price.0
    }
}

// Written by hand so that the error stands at the amount, and a list is not taken for an object.
impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Price", &["amount", "currency"], PriceVisitor)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Amount,
    Currency,
}

#[derive(Deserialize)]
#[serde(try_from = "i64")]
struct Amount(i64);

impl TryFrom<i64> for Amount {
    type Error = MoneyError;

    fn try_from(minor: i64) -> Result<Self, MoneyError> {
        if (0..=Price::MAX_MINOR).contains(&minor) { Ok(Self(minor)) } else { Err(MoneyError::PriceRange) }
    }
}

struct PriceVisitor;

impl<'de> Visitor<'de> for PriceVisitor {
    type Value = Price;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with amount and currency")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Price, A::Error> {
        let (mut amount, mut currency) = (None::<Amount>, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Amount if amount.is_some() => return Err(de::Error::duplicate_field("amount")),
                Field::Currency if currency.is_some() => return Err(de::Error::duplicate_field("currency")),
                Field::Amount => amount = Some(map.next_value()?),
                Field::Currency => currency = Some(map.next_value()?),
            }
        }
        let amount = amount.ok_or_else(|| de::Error::missing_field("amount"))?;
        let currency = currency.ok_or_else(|| de::Error::missing_field("currency"))?;
        Ok(Price(Money::new(amount.0, currency)))
    }
}

impl utoipa::PartialSchema for Price {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let amount = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .description(Some("Minor units (cents)."))
            .minimum(Some(0))
            .maximum(Some(Self::MAX_MINOR));
        ObjectBuilder::new()
            .description(Some("A price: `{ \"amount\": 12500, \"currency\": \"usd\" }` is 125 dollars."))
            .property("amount", amount)
            .property("currency", utoipa::openapi::Ref::from_schema_name("Currency"))
            .required("amount")
            .required("currency")
            .additional_properties(Some(AdditionalProperties::<utoipa::openapi::schema::Schema>::FreeForm(
                false,
            )))
            .examples([serde_json::json!({ "amount": 12_500, "currency": "usd" })])
            .into()
    }
}
impl utoipa::ToSchema for Price {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        schemas.push(("Currency".into(), <Currency as utoipa::PartialSchema>::schema()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn many_cost_as_often_as_much_and_no_more_than_a_charge() {
        let price = |minor| Price::try_from(Money::new(minor, Currency::Jpy));
        assert_eq!(price(40).unwrap().times(3), price(120));
        assert_eq!(price(0).unwrap().times(u16::MAX), price(0));
        assert_eq!(price(Price::MAX_MINOR).unwrap().times(1), price(Price::MAX_MINOR));
        assert_eq!(price(Price::MAX_MINOR).unwrap().times(2), Err(MoneyError::PriceRange));
        assert_eq!(price(50_000_000).unwrap().times(2), Err(MoneyError::PriceRange));
    }

    fn currency() -> impl Strategy<Value = Currency> {
        prop::sample::select(Currency::ALL)
    }

    #[test]
    fn shows_the_digits_of_the_currency() {
        let shown = |minor, currency| Money::new(minor, currency).to_string();
        assert_eq!(shown(12_500, Currency::Usd), "125.00 USD");
        assert_eq!(shown(5, Currency::Eur), "0.05 EUR");
        assert_eq!(shown(12_500, Currency::Jpy), "12500 JPY");
        assert_eq!(shown(-500, Currency::Kwd), "-0.500 KWD");
        assert_eq!(shown(i64::MIN, Currency::Usd), "-92233720368547758.08 USD");
    }

    #[test]
    fn prices_have_bounds() {
        for (minor, good) in [(-1, false), (0, true), (99_999_999, true), (100_000_000, false)] {
            assert_eq!(Price::try_from(Money::new(minor, Currency::Usd)).is_ok(), good, "{minor}");
        }
    }

    proptest! {
        #[test]
        fn add_then_subtract_is_the_same(a in any::<i64>(), b in any::<i64>(), currency in currency()) {
            let (a, b) = (Money::new(a, currency), Money::new(b, currency));
            match a.checked_add(b) {
                Ok(sum) => prop_assert_eq!(sum.checked_sub(b), Ok(a)),
                Err(error) => prop_assert!(error == MoneyError::Overflow && a.minor.checked_add(b.minor).is_none()),
            }
        }

        #[test]
        fn a_share_and_its_rest_are_the_whole(minor in any::<i64>(), points in 0_u32..=10_000, currency in currency()) {
            let whole = Money::new(minor, currency);
            let share = whole.share(points)?;
            prop_assert_eq!(whole.checked_sub(share)?.checked_add(share)?, whole);
            prop_assert!(share.minor.unsigned_abs() <= whole.minor.unsigned_abs());
        }

        #[test]
        fn currencies_never_mix(a in any::<i64>(), b in any::<i64>(), one in currency(), two in currency()) {
            prop_assume!(one != two);
            prop_assert_eq!(Money::new(a, one).checked_add(Money::new(b, two)), Err(MoneyError::CurrencyMismatch));
        }

        #[test]
        fn json_reads_back(minor in any::<i64>(), currency in currency()) {
            let money = Money::new(minor, currency);
            let text = serde_json::to_string(&money)?;
            prop_assert_eq!(serde_json::from_str::<Money>(&text)?, money);
        }
    }
}
