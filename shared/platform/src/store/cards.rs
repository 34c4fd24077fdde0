//! Cards, by which services and providers are found. They are made from what they tell of, read anew each time, so
//! that it does not matter in which order changes come, or how often: a card is written only where what it says has
//! changed, and only if nobody else has written it since it was read.

mod rebuild;

pub use rebuild::RebuiltCards;

use banister_domain::id::{ServiceId, UserId};
use banister_domain::review::Tally;
use banister_domain::search::{Card, CardId, Dealt, ProviderCard, ServiceCard};
use banister_domain::statistics::Side;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp, Unit};
use serde::{Deserialize, Serialize};

use super::{AccountRecord, ServiceRecord, reviews};
use crate::table::key::{self, Index, IndexKey};
use crate::table::{Found, Item, Key, Page, Query, Record, StorageError, Table, Versioned, backoff};

/// How many are made anew at a time: of each, two things are read, of the 100 that one call takes.
const AT_ONCE: usize = 50;
/// How many are written side by side.
const WRITTEN_AT_ONCE: usize = 8;
/// How long it is told that something is not to be found any more: longer than anybody holds cards without looking
/// through all of them.
const TOLD_GONE: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A card as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRecord {
    id: CardId,
    /// Rises with each change, by a millisecond at least.
    changed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<Box<ServiceCard>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<Box<ProviderCard>>,
}

impl Record for CardRecord {
    const TYPE: &'static str = "card";

    fn key(&self) -> Key {
        key::card(self.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        vec![key::changed_card(self.id, self.changed_at)]
    }

    fn expires_at(&self) -> Option<Timestamp> {
        // A provider who is not to be found may be again, and keeps the card by which that is known.
        let gone = self.service.is_none() && matches!(self.id, CardId::Service(_));
        gone.then(|| self.changed_at.saturating_add(TOLD_GONE).unwrap_or(Timestamp::MAX))
    }
}

impl CardRecord {
    /// What is told of `id` since `now`, or just after the one before, of which it takes the place.
    fn new(id: CardId, card: Option<Card>, before: Option<&Self>, now: Timestamp) -> Self {
        // Keys have milliseconds.
        let now = now.round(Unit::Millisecond).unwrap_or(now);
        let next =
            before.and_then(|before| before.changed_at.checked_add(SignedDuration::from_millis(1)).ok());
        let (service, provider) = match card {
            Some(Card::Service(card)) => (Some(card), None),
            Some(Card::Provider(card)) => (None, Some(card)),
            None => (None, None),
        };
        Self { id, changed_at: next.map_or(now, |next| next.max(now)), service, provider }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (&self.service, &self.provider) == (&other.service, &other.provider)
    }

    /// As an index takes it.
    #[must_use]
    pub fn dealt(self) -> Dealt {
        let card = self.service.map(Card::Service).or(self.provider.map(Card::Provider));
        Dealt { id: self.id, at: self.changed_at, card }
    }
}

/// The card that a change of this item may change, if any.
#[must_use]
pub fn card_of(item: &Item) -> Option<CardId> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
    let (pk, sk) = (text("PK")?, text("SK")?);
    let service = |id: &str| id.parse().ok().map(CardId::Service);
    let provider = |id: &str| id.parse().ok().map(CardId::Provider);
    match (sk, pk.split_once('#')?) {
        ("SERVICE" | "RATING", ("SERVICE", id)) => service(id),
        ("USER", ("USER", id)) => provider(id),
        ("RATING", ("RATING", side)) => provider(side.strip_prefix("provider#")?),
        _ => None,
    }
}

/// A card as it was and as it is to be.
struct Made {
    before: Option<Versioned<CardRecord>>,
    after: CardRecord,
}

impl Made {
    /// Whose service this is that was not to be found before.
    fn offering(&self) -> Option<CardId> {
        let before = self.before.as_ref().and_then(|before| before.value.service.as_ref());
        let offered = self.after.service.as_ref().filter(|_| before.is_none());
        offered.map(|service| CardId::Provider(service.provider_id))
    }
}

/// All cards.
#[derive(Debug, Clone)]
pub struct Cards {
    table: Table,
}

impl Cards {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Makes these cards anew where what they tell of has changed. A provider has one from when there is a service of
    /// theirs to be found.
    pub async fn refresh(&self, ids: &[CardId], now: Timestamp) -> Result<(), StorageError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        for ids in ids.chunks(AT_ONCE) {
            let offering = self.refresh_part(ids, false, now).await?;
            for providers in offering.chunks(AT_ONCE) {
                self.refresh_part(providers, true, now).await?;
            }
        }
        Ok(())
    }

    /// The cards of the providers of those services among these that are to be found from now on; `offering` where
    /// these are such.
    async fn refresh_part(
        &self,
        ids: &[CardId],
        offering: bool,
        now: Timestamp,
    ) -> Result<Vec<CardId>, StorageError> {
        let mut left = ids.to_vec();
        let mut providers = Vec::new();
        for attempt in 0..8 {
            let mut lost = Vec::new();
            let made = self.make(&left, offering, now).await?;
            for part in made.chunks(WRITTEN_AT_ONCE) {
                let written = part.iter().map(|made| {
                    let version = made.before.as_ref().map_or(0, |before| before.version);
                    async move { self.table.put_if(&made.after, version).await }
                });
                let written = try_join_all(written).await?;
                lost.extend(
                    part.iter().zip(written).filter(|(_, done)| !done).map(|(made, _)| made.after.id),
                );
            }
            providers.extend(made.iter().filter_map(Made::offering));
            if lost.is_empty() {
                providers.sort_unstable();
                providers.dedup();
                return Ok(providers);
            }
            left = lost;
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(StorageError::Unavailable("contention".into()))
    }

    /// Those of these cards that do not say what they should.
    async fn make(&self, ids: &[CardId], offering: bool, now: Timestamp) -> Result<Vec<Made>, StorageError> {
        // Before what they tell of: whoever reads that earlier than somebody else and writes later has read
        // a card that is not there any more.
        let keys: Vec<_> = ids.iter().copied().map(key::card).collect();
        let mut cards = self.table.get_all(&keys).await?;
        let mut kept = Vec::with_capacity(ids.len());
        for (id, key) in ids.iter().zip(&keys) {
            let before = cards.take::<CardRecord>(key)?;
            // Most people who change something in their account offer nothing.
            if before.is_some() || offering || matches!(id, CardId::Service(_)) {
                kept.push((*id, before));
            }
        }
        let keys: Vec<_> = kept.iter().flat_map(|(id, _)| told_of(*id)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.table.get_all(&keys).await?;
        let mut made = Vec::new();
        for (id, before) in kept {
            let card = match id {
                CardId::Service(service) => service_card(&mut found, service),
                CardId::Provider(provider) => provider_card(&mut found, provider),
            };
            // One that cannot be read must not hold up all the others.
            let card = match card {
                Ok(card) => card,
                Err(error) => {
                    tracing::error!(%error, %id, "no card was made");
                    continue;
                }
            };
            let after = CardRecord::new(id, card, before.as_ref().map(|before| &before.value), now);
            let same = match &before {
                Some(before) => before.value.says_the_same(&after),
                // What never was to be found need not be told gone.
                None => after.service.is_none() && after.provider.is_none(),
            };
            if !same {
                made.push(Made { before, after });
            }
        }
        Ok(made)
    }

    /// All cards of a shard, as they were a moment ago.
    pub async fn in_shard(&self, shard: u8) -> Result<Vec<Dealt>, StorageError> {
        let all = Query::all(None, key::cards_in(shard), u16::MAX);
        self.read(Query { lagging: true, ..all }).await
    }

    /// The cards that changed at `since` or later, as far as the index tells.
    pub async fn changed(&self, since: Timestamp) -> Result<Vec<Dealt>, StorageError> {
        let all = Query::all(Some(Index::Gsi1), key::CHANGED_CARDS.into(), u16::MAX);
        self.read(Query { from: key::moment(since), ..all }).await
    }

    async fn read(&self, mut query: Query) -> Result<Vec<Dealt>, StorageError> {
        let mut cards = Vec::new();
        loop {
            let Page { items, last, .. } = self.table.query::<CardRecord>(query.clone()).await?;
            cards.extend(items.into_iter().map(|(record, _)| record.value.dealt()));
            match last {
                Some(last) => query.after = Some(last),
                None => return Ok(cards),
            }
        }
    }
}

/// The keys of what a card tells of: the thing, and its rating.
fn told_of(id: CardId) -> [Key; 2] {
    match id {
        CardId::Service(id) => [key::service(id), key::service_rating(id)],
        CardId::Provider(id) => [key::user(id), key::user_rating(Side::Provider(id))],
    }
}

fn rating(found: &mut Found, key: &Key) -> Result<Tally, StorageError> {
    reviews::taken(found, key)
}

fn service_card(found: &mut Found, id: ServiceId) -> Result<Option<Card>, StorageError> {
    let [thing, sum] = told_of(CardId::Service(id));
    let tally = rating(found, &sum)?;
    let Some(service) = found.take::<ServiceRecord>(&thing)? else { return Ok(None) };
    Ok(ServiceCard::of(&service.value.0, tally).map(|card| Card::Service(Box::new(card))))
}

fn provider_card(found: &mut Found, id: UserId) -> Result<Option<Card>, StorageError> {
    let [thing, sum] = told_of(CardId::Provider(id));
    let tally = rating(found, &sum)?;
    let Some(account) = found.take::<AccountRecord>(&thing)? else { return Ok(None) };
    Ok(ProviderCard::of(&account.value.0, tally).map(|card| Card::Provider(Box::new(card))))
}
