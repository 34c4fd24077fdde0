//! Pages of lists. A cursor is encrypted, since keys may tell of what the caller cannot see, and good
//! only for the list and caller it was made for.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Code, Problem};
use crate::config::{ConfigError, Settings};

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
    #[schema(example = json!(null))]
    pub next_cursor: Option<String>,
}

/// Writes and reads cursors.
#[derive(Clone)]
pub struct Cursors(Arc<RandomizedNonceKey>);

/// Keeps the key apart from any other that is made of the same secret.
const PURPOSE: &[u8] = b"banister cursor 1\0";

impl Cursors {
    /// With the secret in `CURSOR_KEY`, at least 32 characters.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let key = settings.parsed("CURSOR_KEY", crate::identity::secret)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &crate::identity::derived(PURPOSE, &key));
        let unfit = |_| ConfigError::Invalid { name: "CURSOR_KEY", problem: "no key comes of it".into() };
        Ok(Self(Arc::new(key.map_err(unfit)?)))
    }

    /// A cursor that goes on after `position` in the list that `scope` describes: the operation,
    /// the caller and every filter.
    #[must_use]
    pub fn write(&self, position: &impl Serialize, scope: &impl Serialize) -> Option<String> {
        let mut sealed = serde_json::to_vec(position).ok()?;
        let scope = Aad::from(serde_json::to_vec(scope).ok()?);
        let nonce = self.0.seal_in_place_append_tag(scope, &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &sealed].concat()))
    }

    /// The position in `cursor`, if it was written for this very list.
    pub fn read<P: DeserializeOwned>(&self, cursor: &str, scope: &impl Serialize) -> Result<P, Problem> {
        let invalid = || Problem::new(Code::InvalidCursor);
        let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let (nonce, sealed) = bytes.split_first_chunk_mut::<NONCE_LEN>().ok_or_else(invalid)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let scope = Aad::from(serde_json::to_vec(scope).map_err(|_| invalid())?);
        let payload = self.0.open_in_place(nonce, scope, sealed).map_err(|_| invalid())?;
        serde_json::from_slice(payload).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Position;
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
        assert_eq!(cursors.read::<Position>(&cursor, &("list", 1)).unwrap(), position("a"));
        for scope in [("list", 2), ("lists", 1)] {
            assert_eq!(cursors.read::<Position>(&cursor, &scope).unwrap_err().code(), Code::InvalidCursor);
        }
        assert!(super::tests::cursors("other").read::<Position>(&cursor, &("list", 1)).is_err());
    }

    #[test]
    fn does_not_show_the_key_and_is_never_the_same_twice() {
        let cursors = cursors("k");
        let write = || cursors.write(&position("DRAFT#1"), &"list").unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(write()).unwrap();
        for text in ["PK", "SERVICE#x", "DRAFT", "list"] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
        }
        assert_ne!(write(), write());
    }

    proptest::proptest! {
        #[test]
        fn one_changed_bit_is_noticed(sk in ".{0,40}", at in 0_usize..1_000, bit in 0_u8..8) {
            let cursors = cursors("k");
            let cursor = cursors.write(&position(&sk), &"list").unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            proptest::prop_assert!(cursors.read::<Position>(&URL_SAFE_NO_PAD.encode(bytes), &"list").is_err());
        }

        #[test]
        fn any_text_is_refused_without_panic(text in ".{0,80}") {
            proptest::prop_assert!(cursors("k").read::<Position>(&text, &"list").is_err());
        }
    }
}
