//! Cards, by which services and providers are found.

use banister_domain::search::CardId;
use jiff::Timestamp;

use super::{Index, IndexKey, Key, at, key, moment};

/// Over how many partitions cards are spread, which are read side by side: one page each of fifty thousand services
/// is two megabytes.
pub const CARD_SHARDS: u8 = 16;

/// Key of a card.
#[must_use]
pub fn card(id: CardId) -> Key {
    key(cards_in(card_shard(id)), id.to_string())
}

/// The shard that a card lies in.
#[must_use]
pub fn card_shard(id: CardId) -> u8 {
    super::spread(&id.to_string(), CARD_SHARDS)
}

/// Partition of a shard of cards.
#[must_use]
pub fn cards_in(shard: u8) -> String {
    format!("CARDS#{shard}")
}

/// Where a card stands among all of them, by when it was last changed.
#[must_use]
pub fn changed_card(id: CardId, changed: Timestamp) -> IndexKey {
    at(Index::Gsi1, CHANGED_CARDS.into(), format!("{}#{id}", moment(changed)))
}

/// Partition in GSI1 of all cards.
pub const CHANGED_CARDS: &str = "CARDS";

/// The sort keys of the things whose changes become a card: with those that are counted, all that the stream's filter in
/// template.yaml lets through.
pub const CARDED: [&str; 3] = ["USER", "SERVICE", "RATING"];
