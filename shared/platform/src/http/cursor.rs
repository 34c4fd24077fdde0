//! Pages of lists. A cursor is opaque, signed, and good only for the list and caller it was made for.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{Code, Problem};
use crate::config::{ConfigError, Settings};
use crate::table::Position;

/// How many items a page may have: 1 to 100, 20 if not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub struct PageSize(u16);

impl PageSize {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u16> for PageSize {
    type Error = &'static str;
    fn try_from(size: u16) -> Result<Self, &'static str> {
        if (1..=100).contains(&size) { Ok(Self(size)) } else { Err("must be from 1 to 100") }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ListOf<T> {
    /// The items of this page. There may be fewer than asked for, even none, with more to come.
    pub items: Vec<T>,
    /// Give this as `cursor` for the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// Writes and reads cursors.
#[derive(Clone)]
pub struct Cursors(hmac::Key);

const TAG: usize = 16;

impl Cursors {
    /// With the secret in `CURSOR_KEY`, at least 32 characters.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let key = settings.parsed("CURSOR_KEY", crate::identity::secret)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// A cursor that goes on after `position` in the list that `scope` describes: the operation,
    /// the caller and every filter.
    #[must_use]
    pub fn write(&self, position: &Position, scope: &impl Serialize) -> Option<String> {
        let payload = serde_json::to_vec(position).ok()?;
        let tag = self.tag(&payload, scope)?;
        Some(URL_SAFE_NO_PAD.encode([tag.as_slice(), &payload].concat()))
    }

    /// The position in `cursor`, if it was written for this very list.
    pub fn read(&self, cursor: &str, scope: &impl Serialize) -> Result<Position, Problem> {
        let invalid = || Problem::new(Code::InvalidCursor);
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let (tag, payload) = bytes.split_at_checked(TAG).ok_or_else(invalid)?;
        let good = self.tag(payload, scope).ok_or_else(invalid)?;
        aws_lc_rs::constant_time::verify_slices_are_equal(tag, &good).map_err(|_| invalid())?;
        serde_json::from_slice(payload).map_err(|_| invalid())
    }

    fn tag(&self, payload: &[u8], scope: &impl Serialize) -> Option<[u8; TAG]> {
        let mut context = hmac::Context::with_key(&self.0);
        let scope = serde_json::to_vec(scope).ok()?;
        context.update(&(scope.len() as u64).to_le_bytes());
        context.update(&scope);
        context.update(payload);
        context.sign().as_ref().first_chunk::<TAG>().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn cursors(key: &str) -> Cursors {
        let values = BTreeMap::from([("CURSOR_KEY".to_owned(), key.repeat(32))]);
        Cursors::from_settings(&Settings::from_map(values)).unwrap()
    }

    fn position(sk: &str) -> Position {
        serde_json::from_value(serde_json::json!({ "PK": "SERVICE#x", "SK": sk })).unwrap()
    }

    #[test]
    fn reads_back_what_it_wrote_for_the_same_list_only() {
        let cursors = cursors("k");
        let cursor = cursors.write(&position("a"), &("list", 1)).unwrap();
        assert_eq!(cursors.read(&cursor, &("list", 1)).unwrap(), position("a"));
        for scope in [("list", 2), ("lists", 1)] {
            assert_eq!(cursors.read(&cursor, &scope).unwrap_err().code(), Code::InvalidCursor);
        }
        assert!(super::tests::cursors("other").read(&cursor, &("list", 1)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn one_changed_bit_is_noticed(sk in ".{0,40}", at in 0_usize..1_000, bit in 0_u8..8) {
            let cursors = cursors("k");
            let cursor = cursors.write(&position(&sk), &"list").unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            proptest::prop_assert!(cursors.read(&URL_SAFE_NO_PAD.encode(bytes), &"list").is_err());
        }

        #[test]
        fn any_text_is_refused_without_panic(text in ".{0,80}") {
            proptest::prop_assert!(cursors("k").read(&text, &"list").is_err());
        }
    }
}
