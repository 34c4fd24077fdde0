//! Places on the earth, and how far they are from each other.

use serde::{Deserialize, Serialize};

use crate::account::{Latitude, Longitude};

/// A place, to some 100 m.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "latitude": 38.722, "longitude": -9.139 }))]
pub struct Point {
    /// Degrees north of the equator.
    pub latitude: Latitude,
    /// Degrees east of Greenwich.
    pub longitude: Longitude,
}

/// The mean radius of the earth in metres (IUGG, R1).
const EARTH_M: f64 = 6_371_008.8;
/// Metres to a thousandth of a degree of latitude, rounded down: nothing is nearer than its difference in latitude.
const THOUSANDTH_M: u32 = 111;

impl Point {
    /// How far it is to the other one, in whole metres, over a round earth (haversine): at most 0.6 % off.
    #[must_use]
    #[expect(clippy::float_arithmetic, reason = "angles, and no money")]
    pub fn metres_to(self, other: Self) -> u32 {
        let radians = |thousandths: i32| (f64::from(thousandths) / 1_000.0).to_radians();
        let [north, other_north] = [self, other].map(|point| radians(point.latitude.thousandths()));
        let [east, other_east] = [self, other].map(|point| radians(point.longitude.thousandths()));
        let half = |angle: f64| (angle / 2.0).sin().powi(2);
        let chord = half(other_north - north) + north.cos() * other_north.cos() * half(other_east - east);
        // Rounding may leave it a little above 1, where the two are at opposite ends.
        let metres = 2.0 * EARTH_M * chord.min(1.0).sqrt().asin();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 20,015,114")]
        let metres = metres.round() as u32;
        metres
    }

    /// How far it is to the other one, if that is not more than `most` metres.
    #[must_use]
    pub fn within(self, other: Self, most: u32) -> Option<u32> {
        let apart = self.latitude.thousandths().abs_diff(other.latitude.thousandths());
        // Most of what is too far is so by its latitude, which takes no sines to tell.
        if apart.saturating_mul(THOUSANDTH_M) > most {
            return None;
        }
        Some(self.metres_to(other)).filter(|metres| *metres <= most)
    }
}

#[cfg(test)]
#[expect(clippy::float_arithmetic, reason = "degrees are made of thousandths")]
mod tests {
    use proptest::prelude::*;
    use serde_json::{from_value, json};

    use super::*;

    fn point(latitude: f64, longitude: f64) -> Point {
        from_value(json!({ "latitude": latitude, "longitude": longitude })).expect("a place")
    }

    #[test]
    fn distances_are_those_of_the_atlas() {
        // Computed with the same formula and radius in another language, and within 0.6 % of the ellipsoid's.
        let (lisbon, porto, moscow) = (point(38.722, -9.139), point(41.149, -8.611), point(55.756, 37.617));
        assert_eq!(lisbon.metres_to(lisbon), 0);
        assert_eq!(lisbon.metres_to(porto), 273_598);
        assert_eq!(porto.metres_to(lisbon), 273_598);
        assert_eq!(lisbon.metres_to(moscow), 3_905_887);
        assert_eq!(point(90.0, 0.0).metres_to(point(-90.0, 123.0)), 20_015_114);
        assert_eq!(point(0.0, 179.999).metres_to(point(0.0, -179.999)), 222);
    }

    proptest! {
        #[test]
        fn latitude_alone_leaves_out_nothing_near(
            one in (-90_000..=90_000_i32, -180_000..=180_000_i32),
            other in (-90_000..=90_000_i32, -180_000..=180_000_i32),
            most in 0_u32..21_000_000,
        ) {
            let at = |(north, east): (i32, i32)| point(f64::from(north) / 1_000.0, f64::from(east) / 1_000.0);
            let (one, other) = (at(one), at(other));
            let metres = one.metres_to(other);
            prop_assert_eq!(one.within(other, most), Some(metres).filter(|metres| *metres <= most));
            prop_assert_eq!(one.within(other, metres), Some(metres));
        }
    }
}
