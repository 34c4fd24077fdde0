//! Whole numbers that cannot leave their range.

use std::fmt;

use serde::de;

/// The number is outside the range of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {min} to {max}")]
pub struct OutOfRange {
    /// The least allowed number.
    pub min: u16,
    /// The greatest allowed number.
    pub max: u16,
}

/// Reads a whole number of a range.
pub(crate) struct Whole(pub(crate) OutOfRange);

impl de::Visitor<'_> for Whole {
    type Value = u16;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}", self.0.min, self.0.max)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<u16, E> {
        u16::try_from(number).map_err(|_| E::custom(self.0))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<u16, E> {
        u16::try_from(number).map_err(|_| E::custom(self.0))
    }
}

macro_rules! bounded {
    ($($(#[$doc:meta])* $name:ident($min:literal..=$max:literal) usual $usual:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u16);

        impl $name {
            /// The least value.
            pub const MIN: Self = Self($min);
            /// The greatest value.
            pub const MAX: Self = Self($max);
            /// What is usual: a default, and the example in the schema.
            pub const USUAL: Self = Self($usual);
            const RANGE: $crate::availability::OutOfRange = $crate::availability::OutOfRange { min: $min, max: $max };

            /// Takes a number inside the range, refuses any other.
            pub fn new(number: u16) -> Result<Self, $crate::availability::OutOfRange> {
                if ($min..=$max).contains(&number) { Ok(Self(number)) } else { Err(Self::RANGE) }
            }

            /// The plain number.
            #[must_use]
            pub const fn get(self) -> u16 {
                self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u16(self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = deserializer.deserialize_u16($crate::availability::bounded::Whole(Self::RANGE))?;
                Self::new(number).map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::Integer)
                    .minimum(Some(u32::from(Self::MIN.0)))
                    .maximum(Some(u32::from(Self::MAX.0)))
                    .examples([Self::USUAL.0])
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    )+};
}
pub(crate) use bounded;

bounded! {
    /// Minutes kept free before or after each booking: 0 to 240.
    BufferMinutes(0..=240) usual 15;
    /// Minutes between the asking and the earliest start, as elapsed time: 0 to 43,200 (30 days).
    NoticeMinutes(0..=43_200) usual 120;
    /// How many days after today, by the provider's calendar, may be booked: 1 to 365.
    HorizonDays(1..=365) usual 60;
    /// Minutes from one possible start to the next: 5 to 240.
    StepMinutes(5..=240) usual 30;
    /// How long a service takes, in minutes: 5 to 1,440 (24 hours).
    DurationMinutes(5..=1_440) usual 60;
    /// How many bookings a provider takes in a day or a week: 1 to 500.
    BookingCap(1..=500) usual 8;
    /// How many customers share one place, or how many of its seats one of them takes: 1 to 500.
    Seats(1..=500) usual 1;
}

impl Seats {
    /// One: what is kept from before there were more.
    #[must_use]
    pub const fn one() -> Self {
        Self::MIN
    }

    /// Whether it is one.
    #[must_use]
    pub fn is_one(&self) -> bool {
        *self == Self::MIN
    }
}
