//! Providers' calendars: their rules and their days.

use banister_domain::account::AccountStatus;
use banister_domain::availability::{Busy, CalendarRules, Day};
use banister_domain::id::UserId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::AccountRecord;
use crate::table::{CommitError, Key, Query, Record, StorageError, Table, Transaction, Versioned, key};

/// The rules of a provider as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesRecord {
    /// Whose.
    pub provider_id: UserId,
    /// The rules.
    pub rules: CalendarRules,
}

impl Record for RulesRecord {
    const TYPE: &'static str = "calendar_rules";

    fn key(&self) -> Key {
        key::calendar_rules(self.provider_id)
    }
}

/// One UTC day of a provider as kept; its version is the item's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRecord {
    /// Whose.
    pub provider_id: UserId,
    /// Which day.
    pub date: Date,
    /// What is taken.
    pub busy: Vec<Busy>,
}

impl Record for DayRecord {
    const TYPE: &'static str = "calendar_day";

    fn key(&self) -> Key {
        key::calendar_day(self.provider_id, self.date)
    }
}

/// What a decision about a provider's time is made from.
#[derive(Debug)]
pub struct Loaded {
    /// The rules for new bookings; none where none were set, or where the provider takes none.
    pub rules: Option<CalendarRules>,
    /// The days asked for, in that order.
    pub days: Vec<Day>,
}

/// All calendars.
#[derive(Debug, Clone)]
pub struct Calendars {
    table: Table,
}

impl Calendars {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// A provider's rules; none where none were ever set.
    pub async fn rules(&self, provider: UserId) -> Result<Option<Versioned<CalendarRules>>, StorageError> {
        let found = self.table.get::<RulesRecord>(&key::calendar_rules(provider)).await?;
        Ok(found.map(|record| record.map(|record| record.rules)))
    }

    /// Sets a provider's rules if those that are have this version, 0 where there are none; bookings made
    /// before stand.
    pub async fn set_rules(
        &self,
        provider_id: UserId,
        rules: CalendarRules,
        version: u64,
    ) -> Result<(), CommitError<()>> {
        let mut transaction = Transaction::new();
        transaction.create_or_replace(&RulesRecord { provider_id, rules }, version, ());
        transaction.commit(&self.table).await
    }

    /// A provider's account, rules and given days in one strong read; days never stored are empty.
    pub async fn load(&self, provider: UserId, dates: &[Date]) -> Result<Loaded, StorageError> {
        let (user_key, rules_key) = (key::user(provider), key::calendar_rules(provider));
        let mut keys = vec![user_key.clone(), rules_key.clone()];
        keys.extend(dates.iter().map(|date| key::calendar_day(provider, *date)));
        let mut found = self.table.get_all(&keys).await?;
        let account = found.take::<AccountRecord>(&user_key)?.map(|record| record.value.0);
        let rules = found.take::<RulesRecord>(&rules_key)?.map(|record| record.value.rules);
        let day = |date: &Date| {
            let stored = found.take::<DayRecord>(&key::calendar_day(provider, *date))?;
            Ok(stored.map_or(Day::empty(*date), |record| Day {
                date: *date,
                version: record.version,
                busy: record.value.busy,
            }))
        };
        let days = dates.iter().map(day).collect::<Result<_, StorageError>>()?;
        // A provider who was switched off takes no new bookings.
        let active = account.is_some_and(|account| account.status == AccountStatus::Active);
        Ok(Loaded { rules: rules.filter(|_| active), days })
    }

    /// What is taken on the UTC days from `first` to `last`, both included.
    pub async fn busy(&self, provider: UserId, first: Date, last: Date) -> Result<Vec<Busy>, StorageError> {
        let whole = Query::all(None, key::calendar(provider), 500);
        let mut query = Query { from: key::day(first), to: key::day(last), ..whole };
        let mut busy = Vec::new();
        // A page is at most 1 MB, some ten thousand bookings; a month rarely needs a second one.
        loop {
            let page = self.table.query::<DayRecord>(query.clone()).await?;
            busy.extend(page.items.into_iter().flat_map(|(record, _)| record.value.busy));
            match page.last {
                Some(position) => query.after = Some(position),
                None => return Ok(busy),
            }
        }
    }
}
