//! All cards in the memory of a function, and kept as they are in the table.

use std::sync::Arc;

use banister_domain::search::{CardId, Dealt, Index};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::RwLock;

use crate::clock::Clock;
use crate::store::Cards;
use crate::table::key::{CARD_SHARDS, card_shard};
use crate::table::{StorageError, Table};

/// How far back each look at what changed goes: an index of the table lags, and clocks differ.
const BACK: SignedDuration = SignedDuration::from_secs(5);
/// How far back a deep look goes, for when the index lags far.
const FAR_BACK: SignedDuration = SignedDuration::from_mins(2);
/// How often a look is a deep one.
const DEEP_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// How often one shard is read anew, so that nothing that was missed stays so: all of them within an hour and some
/// minutes.
const SHARD_EVERY: SignedDuration = SignedDuration::from_mins(4);

/// All cards, as of the last look. Clones hold the same ones.
#[derive(Clone)]
pub struct Shelf {
    cards: Cards,
    clock: Clock,
    held: Arc<RwLock<Held>>,
}

/// What is held, and as of when.
#[derive(Default)]
struct Held {
    index: Index,
    /// None before all were read.
    looked: Option<Looked>,
}

#[derive(Clone, Copy)]
struct Looked {
    at: Timestamp,
    deep: Timestamp,
    /// When a shard was last read anew.
    shard_at: Timestamp,
    /// Which one is next.
    shard: u8,
}

impl Shelf {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table, clock: Clock) -> Self {
        Self { cards: Cards::new(table), clock, held: Arc::default() }
    }

    /// Reads what there is to read, and hands over all cards as they are now: all of them the first time, afterwards
    /// what has changed since the time before, in one query.
    pub async fn look<T>(&self, find: impl FnOnce(&Index) -> T) -> Result<T, StorageError> {
        self.freshen().await?;
        Ok(find(&self.held.read().await.index))
    }

    /// The cards as they were at the last look.
    pub async fn last_look<T>(&self, find: impl FnOnce(&Index) -> T) -> T {
        find(&self.held.read().await.index)
    }

    /// Reads what has changed; all where nothing was read yet.
    pub async fn freshen(&self) -> Result<(), StorageError> {
        let now = self.clock.now();
        let looked = self.held.read().await.looked;
        let Some(looked) = looked else { return self.fill(now).await };
        let deep = now.duration_since(looked.deep) >= DEEP_EVERY;
        let back = if deep { FAR_BACK } else { BACK };
        let since = looked.at.min(now).saturating_sub(back).unwrap_or(Timestamp::MIN);
        let shard = (now.duration_since(looked.shard_at) >= SHARD_EVERY).then_some(looked.shard);
        let anew = async {
            match shard {
                Some(shard) => Ok(Some((shard, self.cards.in_shard(shard).await?))),
                None => Ok(None),
            }
        };
        // Some shard before what changed, and in this order: a shard that lags must not take back what is newer.
        let (changed, anew) = futures_util::try_join!(self.cards.changed(since), anew)?;
        let mut held = self.held.write().await;
        if let Some((shard, cards)) = anew {
            held.index.forget_gone(now.saturating_sub(FAR_BACK * 2).unwrap_or(Timestamp::MIN));
            replace(&mut held.index, shard, cards);
        }
        for card in changed {
            held.index.put(card);
        }
        if let Some(known) = &mut held.looked {
            known.at = known.at.max(now);
            known.deep = if deep { known.deep.max(now) } else { known.deep };
            if let Some(shard) = shard {
                (known.shard_at, known.shard) = (now, (shard + 1) % CARD_SHARDS);
            }
        }
        Ok(())
    }

    /// Reads all cards. One at a time: who comes meanwhile waits, and finds them read.
    async fn fill(&self, now: Timestamp) -> Result<(), StorageError> {
        let mut held = self.held.write().await;
        if held.looked.is_some() {
            return Ok(());
        }
        let shards = (0..CARD_SHARDS).map(|shard| self.cards.in_shard(shard));
        let mut index = Index::new();
        try_join_all(shards).await?.into_iter().flatten().for_each(|card| index.put(card));
        // What was written while they were read is in neither, perhaps.
        let since = now.saturating_sub(BACK).unwrap_or(Timestamp::MIN);
        self.cards.changed(since).await?.into_iter().for_each(|card| index.put(card));
        *held = Held { index, looked: Some(Looked { at: now, deep: now, shard_at: now, shard: 0 }) };
        Ok(())
    }
}

/// Takes what was read of a shard for all that is in it.
fn replace(index: &mut Index, shard: u8, cards: Vec<Dealt>) {
    let there: std::collections::HashSet<CardId> = cards.iter().map(|card| card.id).collect();
    for card in cards {
        index.put(card);
    }
    index.retain(|id| card_shard(id) != shard || there.contains(&id));
}
