//! Providers' calendars: their rules and their days.

mod beside;
mod free;

pub use beside::ResourceDayRecord;

use std::collections::BTreeSet;

use banister_domain::account::AccountStatus;
use banister_domain::availability::{Busy, CalendarRules, Day, Joint, Vacation};
use banister_domain::id::{ResourceId, UserId};
use banister_domain::resource::ResourceIds;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountRecord, ResourceRecord};
use crate::table::{
    CommitError, Found, Key, Query, Record, StorageError, Table, Transaction, Versioned, key,
};

/// The rules of a provider as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesRecord {
    /// Whose.
    pub provider_id: UserId,
    /// The rules.
    pub rules: CalendarRules,
    /// When the provider is away, by start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vacations: Vec<Vacation>,
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

/// A week of a provider in which the number of bookings is limited: every new booking of it writes this
/// item, so that no two are counted side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekRecord {
    /// Whose.
    pub provider_id: UserId,
    /// Its first day.
    pub monday: Date,
}

impl Record for WeekRecord {
    const TYPE: &'static str = "calendar_week";

    fn key(&self) -> Key {
        key::calendar_week(self.provider_id, self.monday)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        // Long after the last booking of that week can have been made, in whatever zone.
        let over = self.monday.checked_add(Span::new().weeks(3)).ok()?;
        Some(over.to_zoned(TimeZone::UTC).ok()?.timestamp())
    }
}

/// What a decision about a provider's time is made from.
#[derive(Debug)]
pub struct Loaded {
    /// The rules for new bookings; none where none were set, or where the provider takes none.
    pub rules: Option<CalendarRules>,
    /// When the provider is away, by start.
    pub vacations: Vec<Vacation>,
    /// Those of the resources asked for that the provider may take.
    pub usable: BTreeSet<ResourceId>,
    /// The days asked for, in that order.
    pub days: Joint<Vec<Day>>,
}

impl Loaded {
    /// Whether the provider may take all of these.
    #[must_use]
    pub fn has(&self, resources: &ResourceIds) -> bool {
        resources.as_slice().iter().all(|id| self.usable.contains(id))
    }
}

/// All calendars.
#[derive(Debug, Clone)]
pub struct Calendars {
    pub(super) table: Table,
}

impl Calendars {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// A provider's rules and vacations; none where none were ever set.
    pub async fn rules(&self, provider: UserId) -> Result<Option<Versioned<RulesRecord>>, StorageError> {
        self.table.get(&key::calendar_rules(provider)).await
    }

    /// Sets a provider's rules if those that are have this version, 0 where there are none; bookings made
    /// before stand.
    pub async fn set_rules(&self, rules: &RulesRecord, version: u64) -> Result<(), CommitError<()>> {
        let mut transaction = Transaction::new();
        transaction.create_or_replace(rules, version, ());
        transaction.commit(&self.table).await
    }

    /// The version of a week in which the number of bookings is limited, 0 where it was never written. To be read
    /// before the days that are counted: whoever writes one of them later writes the week, too.
    pub async fn week(&self, provider: UserId, monday: Date) -> Result<u64, StorageError> {
        let found = self.table.get::<WeekRecord>(&key::calendar_week(provider, monday)).await?;
        Ok(found.map_or(0, |record| record.version))
    }

    /// A provider's account and rules, these resources, and the given days of all of them, in one strong read, not
    /// all of one moment; days never stored are empty.
    pub async fn load(
        &self,
        provider: UserId,
        resources: &BTreeSet<ResourceId>,
        dates: &[Date],
    ) -> Result<Loaded, StorageError> {
        let (user_key, rules_key) = (key::user(provider), key::calendar_rules(provider));
        let mut keys = vec![user_key.clone(), rules_key.clone()];
        keys.extend(dates.iter().map(|date| key::calendar_day(provider, *date)));
        keys.extend(resources.iter().map(|id| key::resource(*id)));
        let beside = resources.iter().flat_map(|id| dates.iter().map(|date| key::resource_day(*id, *date)));
        keys.extend(beside);
        let mut found = self.table.get_all(&keys).await?;
        let account = found.take::<AccountRecord>(&user_key)?.map(|record| record.value.0);
        let kept = found.take::<RulesRecord>(&rules_key)?.map(|record| record.value);
        let (rules, vacations) = kept.map(|kept| (kept.rules, kept.vacations)).unzip();
        let mut days = Joint { provider: own_days(&mut found, provider, dates)?, ..Joint::default() };
        let mut usable = BTreeSet::new();
        for id in resources.iter().copied() {
            let resource = found.take::<ResourceRecord>(&key::resource(id))?;
            usable.extend(resource.filter(|kept| kept.value.0.serves(provider)).map(|_| id));
            days.resources.insert(id, beside::days(&mut found, id, dates)?);
        }
        // A provider who was switched off takes no new bookings.
        let active = account.is_some_and(|account| account.status == AccountStatus::Active);
        let vacations = vacations.unwrap_or_default();
        Ok(Loaded { rules: rules.filter(|_| active), vacations, usable, days })
    }

    /// The given days of a provider, read strongly.
    pub async fn days(&self, provider: UserId, dates: &[Date]) -> Result<Vec<Day>, StorageError> {
        Ok(self.load(provider, &BTreeSet::new(), dates).await?.days.provider)
    }

    /// What is taken on the UTC days from `first` to `last`, both included.
    pub async fn busy(&self, provider: UserId, first: Date, last: Date) -> Result<Vec<Busy>, StorageError> {
        let whole = Query::all(None, key::calendar(provider), 500);
        let mut query = Query { from: key::day(first), to: key::day(last), ..whole };
        let mut busy = Vec::new();
        // A page is at most 1 MB, some ten thousand bookings; a month rarely needs a second one.
        loop {
            let page = self.table.query_attribute::<DayRecord, Vec<Busy>>(query.clone(), "busy").await?;
            busy.extend(page.0.into_iter().flatten());
            match page.1 {
                Some(position) => query.after = Some(position),
                None => return Ok(busy),
            }
        }
    }
}

fn own_days(found: &mut Found, provider: UserId, dates: &[Date]) -> Result<Vec<Day>, StorageError> {
    let day = |date: &Date| {
        let stored = found.take::<DayRecord>(&key::calendar_day(provider, *date))?;
        Ok(stored.map_or(Day::empty(*date), |record| Day {
            date: *date,
            version: record.version,
            busy: record.value.busy,
        }))
    };
    dates.iter().map(day).collect()
}
