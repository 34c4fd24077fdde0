//! What a provider tells customers about themselves.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::availability::bounded::bounded;
use crate::money::Price;

bounded! {
    /// Whole years of experience: 0 to 70.
    ExperienceYears(0..=70) usual 12;
    /// How far from the centre of the service area, in kilometres as the crow flies: 1 to 200.
    RadiusKm(1..=200) usual 25;
}

/// What a provider tells customers; all of it may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProviderProfile {
    /// Years in the trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experience_years: Option<ExperienceYears>,
    /// What an hour usually costs; a service has a price of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hourly_rate: Option<Price>,
    /// Spoken with customers, in the provider's order.
    #[serde(default, skip_serializing_if = "Languages::is_empty")]
    pub languages: Languages,
    /// Where the provider comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_area: Option<ServiceArea>,
}

impl ProviderProfile {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a text is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a language tag, such as en or pt-BR")]
pub struct InvalidLanguage;

/// A language tag (BCP 47: RFC 5646, 2.1) of language, script, region and variants, at most 35 characters,
/// in the usual letters: `pt-BR`, `sr-Latn`. Whether the subtags are registered is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

impl Language {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone, without script, region and variants: `pt` of `pt-BR`.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;

    fn try_from(raw: String) -> Result<Self, InvalidLanguage> {
        let raw = raw.trim();
        let alphabetic = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
        if raw.len() > 35 || !raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(InvalidLanguage);
        }
        let lower = raw.to_ascii_lowercase();
        let mut parts = lower.split('-').peekable();
        let language = parts.next().filter(|part| alphabetic(part) && matches!(part.len(), 2 | 3));
        let mut tag = language.ok_or(InvalidLanguage)?.to_owned();
        if let Some(script) = parts.next_if(|part| part.len() == 4 && alphabetic(part)) {
            tag = format!("{tag}-{}{}", script[..1].to_ascii_uppercase(), &script[1..]);
        }
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_region =
            |part: &str| (part.len() == 2 && alphabetic(part)) || (part.len() == 3 && digits(part));
        if let Some(region) = parts.next_if(|part| is_region(part)) {
            tag = format!("{tag}-{}", region.to_ascii_uppercase());
        }
        for variant in parts {
            let dated = variant.len() == 4 && variant.starts_with(|c: char| c.is_ascii_digit());
            if !dated && !(5..=8).contains(&variant.len()) {
                return Err(InvalidLanguage);
            }
            tag = format!("{tag}-{variant}");
        }
        Ok(Self(tag))
    }
}
impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}
impl utoipa::PartialSchema for Language {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("A language tag (BCP 47) without extensions."))
            .max_length(Some(35))
            .examples(["pt-BR"])
            .into()
    }
}
impl utoipa::ToSchema for Language {}

/// There are too many languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {} different languages", Languages::MOST)]
pub struct TooManyLanguages;

/// At most ten languages; one that is repeated counts once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Language>", into = "Vec<Language>")]
pub struct Languages(Vec<Language>);

impl Languages {
    /// So many at most.
    pub const MOST: usize = 10;

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In their order.
    #[must_use]
    pub fn as_slice(&self) -> &[Language] {
        &self.0
    }
}

impl TryFrom<Vec<Language>> for Languages {
    type Error = TooManyLanguages;

    fn try_from(all: Vec<Language>) -> Result<Self, TooManyLanguages> {
        let mut languages: Vec<Language> = Vec::new();
        for language in all {
            if !languages.contains(&language) {
                languages.push(language);
            }
            if languages.len() > Self::MOST {
                return Err(TooManyLanguages);
            }
        }
        Ok(Self(languages))
    }
}
impl From<Languages> for Vec<Language> {
    fn from(languages: Languages) -> Self {
        languages.0
    }
}
impl utoipa::PartialSchema for Languages {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ArrayBuilder::new()
            .items(utoipa::openapi::Ref::from_schema_name("Language"))
            .description(Some("At most ten different ones; one that is repeated counts once."))
            .examples([serde_json::json!(["en", "pt-BR"])])
            .into()
    }
}
impl utoipa::ToSchema for Languages {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        schemas.push(("Language".into(), <Language as utoipa::PartialSchema>::schema()));
    }
}

/// Where a provider comes to: a circle, so that a search by distance is one comparison, and needs no list
/// of places and their spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "latitude": 38.722, "longitude": -9.139, "radius_km": 25 }))]
pub struct ServiceArea {
    /// Of the centre.
    pub latitude: Latitude,
    /// Of the centre.
    pub longitude: Longitude,
    /// How far from there.
    pub radius_km: RadiusKm,
}

/// The number of degrees is outside the range of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of degrees from -{0} to {0}")]
pub struct InvalidArea(i32);

struct Degrees(i32);

impl Degrees {
    #[expect(clippy::float_arithmetic, reason = "degrees come as such, and are no money")]
    fn thousandths(&self, degrees: f64) -> Result<i32, InvalidArea> {
        let most = f64::from(self.0);
        if !(-most..=most).contains(&degrees) {
            return Err(InvalidArea(self.0));
        }
        #[expect(clippy::cast_possible_truncation, reason = "180,000 thousandths at most")]
        Ok((degrees * 1_000.0).round() as i32)
    }
}

impl de::Visitor<'_> for Degrees {
    type Value = i32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number of degrees from -{0} to {0}", self.0)
    }

    fn visit_f64<E: de::Error>(self, degrees: f64) -> Result<i32, E> {
        self.thousandths(degrees).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, degrees: i64) -> Result<i32, E> {
        let degrees = i32::try_from(degrees).map_err(|_| E::custom(InvalidArea(self.0)))?;
        self.visit_f64(degrees.into())
    }

    fn visit_u64<E: de::Error>(self, degrees: u64) -> Result<i32, E> {
        let degrees = i64::try_from(degrees).map_err(|_| E::custom(InvalidArea(self.0)))?;
        self.visit_i64(degrees)
    }
}

macro_rules! degrees {
    ($($(#[$doc:meta])* $name:ident $most:literal example $example:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(i32);

        impl $name {
            /// In thousandths of a degree.
            #[must_use]
            pub const fn thousandths(self) -> i32 {
                self.0
            }
        }
        impl Serialize for $name {
            #[expect(clippy::float_arithmetic, reason = "degrees are shown as such, and are no money")]
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_f64(f64::from(self.0) / 1_000.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_f64(Degrees($most)).map(Self)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::Number)
                    .description(Some("Degrees (WGS 84); kept to three decimals, some 100 m."))
                    .minimum(Some(-$most))
                    .maximum(Some($most))
                    .examples([$example])
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    )+};
}

degrees! {
    /// Degrees north of the equator (WGS 84), -90 to 90, kept to a thousandth: some 100 m, which is no house.
    Latitude 90 example 38.722;
    /// Degrees east of Greenwich (WGS 84), -180 to 180, kept to a thousandth.
    Longitude 180 example -9.139;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{from_value, json};

    use super::*;

    fn tag(text: &str) -> Result<String, InvalidLanguage> {
        Language::try_from(text.to_owned()).map(String::from)
    }

    #[test]
    fn tags_are_kept_in_their_usual_letters() {
        for (text, kept) in [
            (" EN ", "en"),
            ("pt-br", "pt-BR"),
            ("SR-latn-rs", "sr-Latn-RS"),
            ("es-419", "es-419"),
            ("haw", "haw"),
            ("sl-nedis", "sl-nedis"),
            ("de-ch-1901", "de-CH-1901"),
        ] {
            assert_eq!(tag(text).as_deref(), Ok(kept), "{text}");
        }
        let long = format!("en-{}", ["variants"; 4].join("-"));
        for bad in
            ["", "e", "english", "en_US", "en-", "-en", "en--US", "en-x-a", "12", "en-US-GB", "ру", &long]
        {
            assert_eq!(tag(bad), Err(InvalidLanguage), "{bad}");
        }
    }

    #[test]
    fn languages_are_ten_different_ones_at_most() {
        let read = |count: u8| {
            let tags: Vec<_> = (0..count).map(|n| format!("{}a", char::from(b'a' + n))).collect();
            from_value::<Languages>(json!([tags.clone(), tags].concat()))
        };
        assert_eq!(read(10).unwrap().0.len(), 10);
        let told = read(11).unwrap_err().to_string();
        assert_eq!(told, "must be at most 10 different languages");
    }

    #[test]
    fn an_area_is_a_circle_on_the_earth() {
        let area = |latitude, longitude, radius| {
            from_value::<ServiceArea>(json!({ "latitude": latitude, "longitude": longitude,
                "radius_km": radius }))
        };
        let kept = area(json!(38.72249), json!(-9), json!(200)).unwrap();
        let written = json!({ "latitude": 38.722, "longitude": -9.0, "radius_km": 200 });
        assert_eq!(serde_json::to_value(kept).unwrap(), written);
        assert_eq!((kept.latitude.thousandths(), kept.longitude.thousandths()), (38_722, -9_000));
        for (latitude, longitude, radius) in [
            (json!(90.001), json!(0), json!(1)),
            (json!(-91), json!(0), json!(1)),
            (json!(0), json!(180.5), json!(1)),
            (json!("0"), json!(0), json!(1)),
            (json!(u64::MAX), json!(0), json!(1)),
            (json!(0), json!(0), json!(0)),
            (json!(0), json!(0), json!(201)),
            (json!(0), json!(0), json!(1.5)),
        ] {
            let told = format!("{latitude} {longitude} {radius}");
            assert!(area(latitude, longitude, radius).is_err(), "{told}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_tag_that_stays_or_none(text in "[a-zA-Z0-9-]{0,40}|.{0,40}") {
            if let Ok(kept) = tag(&text) {
                prop_assert!(kept.len() <= 35);
                prop_assert_eq!(tag(&kept), Ok(kept.clone()));
            }
        }

        #[test]
        fn what_was_kept_of_a_place_is_read_the_same(thousandths in -180_000..=180_000) {
            let written = serde_json::to_string(&Longitude(thousandths)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Longitude>(&written).unwrap(), Longitude(thousandths));
        }
    }
}
