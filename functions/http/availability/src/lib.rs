//! Availability: providers' calendars, links to them, and the free slots of services.

mod create_calendar_feed;
mod create_vacation;
mod delete_calendar_feed;
mod delete_vacation;
mod get_calendar;
mod get_calendar_feed;
mod list_slots;
mod list_vacations;
mod set_calendar;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::availability::{Busy, CalendarRules, is_open};
use banister_domain::id::UserId;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Code, HasGate, Problem};
use banister_platform::identity::Gate;
use banister_platform::store::{self, RulesRecord};
use banister_platform::table::{Table, Versioned};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::view::{BookedTime, MOST_NAMED};

/// Further ahead nothing is booked: the longest horizon is 365 days, and a zone's date may be another.
const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * 368);

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Availability {
    gate: Gate,
    clock: Clock,
    accounts: store::Accounts,
    services: store::Services,
    bookings: store::Bookings,
    feeds: store::Feeds,
    table: Table,
    store: store::Calendars,
}

impl Availability {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            accounts: store::Accounts::new(table.clone()),
            services: store::Services::new(table.clone()),
            bookings: store::Bookings::new(table.clone()),
            feeds: store::Feeds::new(table.clone()),
            store: store::Calendars::new(table.clone()),
            table,
            clock,
        })
    }
}

impl Availability {
    /// A provider's rules; of whoever has set none, those of a calendar that is never open, at version 0.
    async fn rules(&self, provider_id: UserId) -> Result<Versioned<RulesRecord>, Problem> {
        if let Some(rules) = self.store.rules(provider_id).await? {
            return Ok(rules);
        }
        let account = self.accounts.get(provider_id).await?.ok_or(Problem::new(Code::Unauthenticated))?;
        let rules = CalendarRules::closed(account.value.time_zone);
        Ok(Versioned { value: RulesRecord { provider_id, rules, vacations: Vec::new() }, version: 0 })
    }

    /// What is booked to come, asked for or agreed, and is not inside the open hours of `rules`: the first of it.
    async fn outside(&self, provider: UserId, rules: &CalendarRules) -> Result<Vec<BookedTime>, Problem> {
        let now = self.clock.now();
        let last = now.saturating_add(FURTHEST).unwrap_or(Timestamp::MAX);
        let date = |instant| Offset::UTC.to_datetime(instant).date();
        let mut busy = self.store.busy(provider, date(now), date(last)).await?;
        let time = |busy: &Busy| busy.service_time().unwrap_or(busy.interval);
        busy.retain(|busy| busy.is_live(now) && time(busy).to() > now && busy.owner.booking().is_some());
        busy.sort_unstable_by_key(|busy| (busy.interval, busy.owner));
        // What goes over midnight stands in two days.
        busy.dedup();
        let given = busy.iter().filter_map(|busy| busy.given.map(|given| given.service));
        let services: Vec<_> = given.collect::<BTreeSet<_>>().into_iter().collect();
        let services = self.services.get_all(&services).await?.into_iter();
        let rules_of: BTreeMap<_, _> =
            services.map(|service| (service.id, rules.clone().for_service(&service.calendar))).collect();
        let outside = busy.iter().filter(|busy| {
            let own = busy.given.and_then(|given| rules_of.get(&given.service));
            !is_open(own.unwrap_or(rules), time(busy))
        });
        Ok(outside.filter_map(BookedTime::of).take(MOST_NAMED).collect())
    }
}

impl HasGate for Availability {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Availability> {
    banister_platform::area!("availability": Availability; get_calendar, set_calendar, list_slots, list_vacations,
        create_vacation, delete_vacation, create_calendar_feed, delete_calendar_feed, get_calendar_feed)
}
