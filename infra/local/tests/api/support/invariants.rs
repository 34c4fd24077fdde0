//! What must hold of a cloud at rest, whatever happened before: read from the table itself, from
//! everything its stream ever carried, and from the mailbox.

mod held;
pub(crate) mod ratings;
mod receipts;
mod resources;
mod series;
mod told;
mod waitlist;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use banister_domain::account::Account;
use banister_domain::availability::{Busy, Interval, Owner};
use banister_domain::booking::{Actor, Booking, HistoryEntry, Hold, Status};
use banister_domain::event::{Event, Payload};
use banister_domain::id::{BookingId, ServiceId, UserId, WaitlistEntryId};
use banister_domain::series::Series;
use banister_domain::service::Service;
use banister_domain::waitlist::WaitlistEntry;
use banister_local::cloud::Cloud;
use banister_platform::store::{
    AccountRecord, BookingRecord, DayRecord, HistoryRecord, HoldRecord, ReceiptRecord, ResourceDayRecord,
    RulesRecord, SeriesRecord, ServiceRecord, WaitlistPlaceRecord, WaitlistRecord,
};
use banister_platform::table::{Item, Record, from_item, key};
use jiff::Timestamp;
use serde_json::Value;

use told::{events, readers, subject};

const TABLE: &str = "banister";

/// How often a mail may have been sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mails {
    /// Once, and the mark that says so is there.
    Once,
    /// More than once under the same Message-ID, after a crash between sending and marking.
    AtLeastOnce,
}

/// What a cloud keeps, read directly.
pub(crate) struct Kept {
    pub(crate) accounts: Vec<Account>,
    pub(crate) services: Vec<Service>,
    pub(crate) bookings: BTreeMap<BookingId, Booking>,
    pub(crate) history: BTreeMap<BookingId, Vec<HistoryEntry>>,
    /// Every event that was ever written.
    pub(crate) events: Vec<Event>,
    /// How often each mail was sent, by the front part of its Message-ID: event and reader.
    pub(crate) mails: BTreeMap<String, usize>,
    days: Vec<DayRecord>,
    resource_days: Vec<ResourceDayRecord>,
    rules: Vec<RulesRecord>,
    /// The places that are held for customers.
    pub(crate) holds: Vec<Hold>,
    pub(crate) series: Vec<Series>,
    pub(crate) waits: Vec<WaitlistEntry>,
    /// The waits that have a place in a line, with whose line it is.
    places: BTreeSet<(UserId, WaitlistEntryId)>,
    /// Operation and body of each receipt.
    receipts: Vec<(String, Value)>,
    jobs: BTreeSet<String>,
    marks: BTreeSet<String>,
    /// Telephone numbers and addresses that are somebody's, with whose they are.
    phones: BTreeMap<String, String>,
    addresses: BTreeMap<String, String>,
    /// Records of the audit log, and those that are linked.
    audited: BTreeSet<String>,
    linked: BTreeSet<String>,
    /// Events that are not relayed yet.
    pub(crate) waiting: usize,
}

/// Waits until the cloud is at rest and checks it all; every mail was sent once.
pub(crate) async fn invariants(cloud: &Cloud) -> Kept {
    invariants_with(cloud, Mails::Once).await
}

/// Waits until the cloud is at rest and checks it all.
pub(crate) async fn invariants_with(cloud: &Cloud, mails: Mails) -> Kept {
    cloud.quiet().await.expect("the cloud comes to rest");
    let kept = Kept::read(cloud).await;
    kept.nobody_is_booked_twice();
    kept.calendars_agree(cloud.clock.now());
    kept.resources_agree(cloud.clock.now());
    kept.holds_agree(cloud.clock.now());
    kept.histories_are_whole();
    kept.receipts_are_true();
    kept.series_are_whole();
    kept.waits_agree(cloud.clock.now());
    kept.numbers_and_addresses_are_of_one();
    kept.events_are_told(cloud, mails);
    assert_eq!(kept.waiting, 0, "the outbox is not empty");
    assert_eq!(kept.audited, kept.linked, "records of the audit log and links of its chains");
    super::counters::counters_agree(cloud).await;
    ratings::agree(cloud).await;
    let dead = cloud.sqs.depth("EmailDeadLetterQueue").expect("the queue exists");
    assert!(dead.is_empty(), "dead letters: {dead:?}");
    kept
}

impl Kept {
    /// Reads all there is, at rest or not.
    pub(crate) async fn read(cloud: &Cloud) -> Self {
        let mut kept = Self {
            accounts: Vec::new(),
            services: Vec::new(),
            bookings: BTreeMap::new(),
            history: BTreeMap::new(),
            events: events(cloud),
            mails: BTreeMap::new(),
            days: Vec::new(),
            resource_days: Vec::new(),
            rules: Vec::new(),
            holds: Vec::new(),
            series: Vec::new(),
            waits: Vec::new(),
            places: BTreeSet::new(),
            receipts: Vec::new(),
            jobs: BTreeSet::new(),
            marks: BTreeSet::new(),
            phones: BTreeMap::new(),
            addresses: BTreeMap::new(),
            audited: BTreeSet::new(),
            linked: BTreeSet::new(),
            waiting: 0,
        };
        for mail in cloud.mailbox.list(None) {
            let id = mail.message_id.expect("a mail has a Message-ID");
            let id = id.split('@').next().unwrap_or_default().to_owned();
            *kept.mails.entry(id).or_default() += 1;
        }
        for item in items(cloud).await {
            kept.take(item);
        }
        for lines in kept.history.values_mut() {
            lines.sort_by_key(|line| line.revision);
        }
        kept
    }

    /// Of one booking by the id in its JSON.
    pub(crate) fn booking(&self, id: &str) -> &Booking {
        let id: BookingId = id.parse().expect("a booking's id");
        self.bookings.get(&id).unwrap_or_else(|| panic!("{id} does not exist"))
    }

    /// The statuses that a booking has gone through.
    pub(crate) fn path(&self, id: &str) -> Vec<Status> {
        let id: BookingId = id.parse().expect("a booking's id");
        self.history[&id].iter().map(|line| line.to).collect()
    }

    /// How many changes of a booking staff made.
    pub(crate) fn by_staff(&self, id: &str) -> usize {
        let id: BookingId = id.parse().expect("a booking's id");
        self.history[&id].iter().filter(|line| line.actor == Actor::Staff).count()
    }

    fn take(&mut self, item: Item) {
        fn read<R: Record>(item: Item) -> R {
            from_item(item).expect("the item reads as its type").value
        }
        let text =
            |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        match text("t").as_str() {
            "user" => self.accounts.push(read::<AccountRecord>(item).0),
            "phone" => drop(self.phones.insert(text("phone"), text("user_id"))),
            "credentials" => drop(self.addresses.insert(text("email"), text("user_id"))),
            "service" => self.services.push(read::<ServiceRecord>(item).0),
            "booking" => {
                let record = from_item::<BookingRecord>(item).expect("a booking");
                let booking = record.value.0;
                assert_eq!(record.version, u64::from(booking.revision) + 1, "{}: version", booking.id);
                self.bookings.insert(booking.id, booking);
            }
            "booking_history" => {
                let HistoryRecord { booking_id, entry, .. } = read(item);
                self.history.entry(booking_id).or_default().push(entry);
            }
            "series" => self.series.push(read::<SeriesRecord>(item).0),
            "hold" => self.holds.push(read::<HoldRecord>(item).0),
            "waitlist_entry" => self.waits.push(read::<WaitlistRecord>(item).0),
            "waitlist_place" => {
                let place = read::<WaitlistPlaceRecord>(item);
                self.places.insert((place.provider_id, place.entry_id));
            }
            "calendar_rules" => self.rules.push(read(item)),
            "calendar_day" => self.days.push(read(item)),
            "resource_day" => self.resource_days.push(read(item)),
            "receipt" => {
                let body = serde_json::from_str(&text("body")).expect("a receipt's body is JSON");
                self.receipts.push((text("operation"), body));
                read::<ReceiptRecord>(item);
            }
            "job" => drop(self.jobs.insert(text("id"))),
            "handled" => drop(self.marks.insert(text("PK"))),
            "outbox" => self.waiting += 1,
            "audit" => drop(self.audited.insert(text("id"))),
            "audit_link" => drop(self.linked.insert(text("audit_id"))),
            _ => {}
        }
    }

    /// A history counts from 0 without gaps, each line goes on where the last one ended, and the
    /// booking is where the last line leads.
    fn histories_are_whole(&self) {
        assert!(self.bookings.keys().eq(self.history.keys()), "a booking without history, or the reverse");
        for (id, booking) in &self.bookings {
            let lines = &self.history[id];
            let revisions: Vec<_> = lines.iter().map(|line| line.revision).collect();
            assert_eq!(revisions, (0..=booking.revision).collect::<Vec<_>>(), "{id}");
            let before: Vec<_> = lines.iter().map(|line| line.from).collect();
            let after: Vec<_> = lines.iter().map(|line| Some(line.to)).collect();
            assert_eq!(before[0], None, "{id}");
            assert_eq!(before[1..], after[..after.len() - 1], "{id}");
            assert_eq!(after.last(), Some(&Some(booking.status)), "{id}");
        }
    }

    /// The days hold exactly the bookings that are requested or agreed, each on every day it
    /// touches, a request as a hold until its deadline, what was agreed for good; the places held for moves that
    /// can still be agreed to; and the vacations to come.
    fn calendars_agree(&self, now: Timestamp) {
        let expected = self.bookings.values().filter_map(|booking| {
            let until = match booking.status {
                Status::Requested => booking.answer_by,
                Status::Confirmed | Status::Completed | Status::NoShow => None,
                Status::Declined | Status::Cancelled | Status::Expired => return None,
            };
            let busy = Busy { until, ..booking.place() };
            Some(booking.occupies.utc_days().map(move |date| (booking.provider_id, date, busy.to_text())))
        });
        let away = self.rules.iter().flat_map(|rules| {
            rules.vacations.iter().filter(move |vacation| vacation.time.to() > now).flat_map(
                move |vacation| {
                    let text = vacation.busy().to_text();
                    vacation.time.utc_days().map(move |date| (rules.provider_id, date, text.clone()))
                },
            )
        });
        let held = self.bookings.values().filter_map(|booking| {
            let busy = booking.proposed(booking.open_proposal(now)?);
            Some(busy.interval.utc_days().map(move |date| (booking.provider_id, date, busy.to_text())))
        });
        let expected: BTreeSet<_> = expected.flatten().chain(away).chain(held.flatten()).collect();
        let stored = self
            .days
            .iter()
            .flat_map(|day| day.busy.iter().map(move |busy| (day, busy)))
            // Those that are over are forgotten sooner or later, and stay in their days.
            .filter(|(_, busy)| busy.owner.booking().is_some() || busy.interval.to() > now)
            .filter(|(_, busy)| match busy.owner {
                Owner::Proposal(_) => busy.is_live(now),
                // See below.
                Owner::Hold(_) => false,
                Owner::Booking(_) | Owner::Vacation(_) => true,
            })
            .map(|(day, busy)| (day.provider_id, day.date, busy.to_text()));
        let stored: Vec<_> = stored.collect();
        let once: BTreeSet<_> = stored.iter().cloned().collect();
        assert_eq!(once.len(), stored.len(), "a booking stands twice in a day");
        let extra: Vec<_> = once.difference(&expected).collect();
        let missing: Vec<_> = expected.difference(&once).collect();
        assert!(
            extra.is_empty() && missing.is_empty(),
            "calendars have {extra:?} too much, lack {missing:?}"
        );
    }

    /// No two bookings that hold their place overlap, buffers included, but for those who share one and
    /// are no more than its seats. A request holds its place up to its deadline even where nobody has written
    /// down that it has passed.
    fn nobody_is_booked_twice(&self) {
        // The place of all who share one: buffers may have changed between them.
        let mut shared: BTreeMap<(UserId, ServiceId, Timestamp), (Interval, u16)> = BTreeMap::new();
        for booking in self.bookings.values() {
            if !matches!(booking.status, Status::Declined | Status::Cancelled | Status::Expired) {
                let place = (booking.provider_id, booking.service_id, booking.starts_at);
                let (whole, taken) = shared.entry(place).or_insert((booking.occupies, 0));
                let (from, to) =
                    (whole.from().min(booking.occupies.from()), whole.to().max(booking.occupies.to()));
                *whole = Interval::new(from, to).expect("the longer of two");
                *taken += booking.seats.get();
            }
        }
        let mut places: BTreeMap<UserId, Vec<(Interval, ServiceId)>> = BTreeMap::new();
        for ((provider, id, _), (whole, taken)) in shared {
            let service = self.services.iter().find(|service| service.id == id).expect("a booked service");
            assert!(taken <= service.seats.get(), "{taken} seats of {id} are taken");
            places.entry(provider).or_default().push((whole, id));
        }
        for (provider, taken) in &mut places {
            taken.sort_unstable();
            let twice: Vec<_> = taken.windows(2).filter(|pair| pair[0].0.overlaps(&pair[1].0)).collect();
            let (many, first) = (twice.len(), twice.first());
            assert!(twice.is_empty(), "{provider} is booked twice {many} times, first {first:?}");
        }
    }

    /// Whether the event is of what anybody may ask for any address: there may be no such account, or
    /// nothing to confirm.
    fn is_for_nobody(&self, payload: &Payload) -> bool {
        let account = |id: &UserId| self.accounts.iter().find(|account| account.id == *id);
        match payload {
            Payload::ConfirmationRequested { user_id, .. } => {
                account(user_id).is_none_or(|account| account.email_confirmed)
            }
            Payload::PasswordResetRequested { user_id, .. } | Payload::RegistrationRepeated { user_id } => {
                account(user_id).is_none()
            }
            // Another one may have taken its place before it was mailed.
            Payload::PhoneConfirmationRequested { .. } | Payload::EmailChangeRequested { .. } => true,
            _ => false,
        }
    }

    /// A number is held by the account that it says, and by no other; whoever is confirmed signs in with the
    /// own address.
    fn numbers_and_addresses_are_of_one(&self) {
        let held = self.accounts.iter().filter_map(|account| Some((account.held_phone()?, account.id)));
        let held: Vec<_> = held.map(|(phone, id)| (phone.as_str().to_owned(), id.to_string())).collect();
        assert_eq!(self.phones, held.iter().cloned().collect(), "claims (left) and accounts (right)");
        assert_eq!(self.phones.len(), held.len(), "a number is held twice: {held:?}");
        for account in self.accounts.iter().filter(|account| account.email_confirmed) {
            let owner = self.addresses.get(account.email.as_str());
            assert_eq!(owner, Some(&account.id.to_string()), "{}", account.email);
        }
        for (email, id) in &self.addresses {
            let owner = self.accounts.iter().find(|account| account.id.to_string() == *id);
            assert_eq!(owner.map(|owner| owner.email.as_str()), Some(email.as_str()));
        }
    }

    /// Each line of a history and each account has its one event; each event has its mails, unless
    /// they would no longer be true.
    fn events_are_told(&self, cloud: &Cloud, mails: Mails) {
        let mut told: Vec<_> = self.events.iter().filter_map(|event| subject(&event.payload)).collect();
        let lines = self.history.iter().flat_map(|(id, lines)| lines.iter().map(|line| (*id, line.to)));
        let mut lines: Vec<_> = lines.collect();
        told.sort_unstable();
        lines.sort_unstable();
        assert_eq!(told, lines, "events (left) and histories (right) disagree");
        let now = cloud.clock.now();
        let mut known = BTreeSet::new();
        for event in &self.events {
            let moved_on = subject(&event.payload)
                .is_some_and(|(id, status)| self.bookings[&id].status_at(now) != status)
                || self.is_for_nobody(&event.payload)
                || self.series_has_moved_on(&event.payload, now)
                || self.wait_has_moved_on(&event.payload, now);
            for reader in readers(&event.payload) {
                let id = format!("{}.{reader}", event.id);
                let sent = self.mails.get(&id).copied().unwrap_or(0);
                assert!(sent > 0 || moved_on, "lost: {reader} was not told of {event:?}");
                if mails == Mails::Once {
                    assert!(sent <= 1, "doubled: {reader} was told {sent} times of {event:?}");
                    let mark = key::handled(&format!("email:{reader}"), event.id).pk;
                    assert_eq!(self.marks.contains(&mark), sent == 1, "mark of {event:?} for {reader}");
                }
                known.insert(id);
            }
        }
        let strange: Vec<_> = self.mails.keys().filter(|id| !known.contains(*id)).collect();
        assert!(strange.is_empty(), "mails of no event: {strange:?}");
    }
}

/// Everything in the table.
#[expect(clippy::disallowed_methods, reason = "the whole table is what is checked")]
pub(crate) async fn items(cloud: &Cloud) -> Vec<HashMap> {
    let client = cloud.table.client("local-check");
    let scan = client.scan().table_name(TABLE).consistent_read(true).into_paginator().items().send();
    scan.collect::<Result<_, _>>().await.expect("the table can be read")
}

pub(crate) type HashMap = std::collections::HashMap<String, AttributeValue>;
