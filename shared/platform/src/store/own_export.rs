//! All that is kept of a person, read for the person: first what is one item each, then list by list. What is
//! not here and names the person all the same is listed in docs/api-design.md, with why.

use std::collections::HashMap;

use banister_domain::account::{Account, Email, Role};
use banister_domain::booking::{Booking, HistoryEntry};
use banister_domain::id::UserId;
use banister_domain::review::Reviews;
use banister_domain::service::Service;
use banister_domain::waitlist::WaitlistEntry;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::accounts::{FormerEmailRecord, GrantsRecord};
use super::{
    AccountRecord, AuditEntry, AuditRecord, CodeRecord, FeedRecord, Grant, HistoryRecord, ReviewsRecord,
    RulesRecord, SecondFactorRecord, SecurityRecord, ServiceRecord, SessionRecord, SocketRecord,
    WaitlistRecord,
};
use super::{BookingRecord, Bookings, ListBookings, Side};
use crate::table::key::{self, Index};
use crate::table::{Page, Position, Query, Record, StorageError, Table};

/// Items read at once. A page of the table is 1 MB at most, whatever this says.
const AT_ONCE: u16 = 100;
/// Bookings read at once: each with its history and what was said of it.
const BOOKINGS: u16 = 30;

/// What is one item each.
pub struct Belongings {
    /// The account.
    pub account: Account,
    /// Its second factor, also one that waits to be confirmed.
    pub second_factor: Option<SecondFactorRecord>,
    /// Whether its role demands one.
    pub second_factor_required: bool,
    /// What was granted to it, in the order of the permissions.
    pub grants: Vec<Grant>,
    /// Its calendar.
    pub calendar: Option<RulesRecord>,
    /// The link to its calendar.
    pub feed: Option<FeedRecord>,
    /// Codes that were mailed to it.
    pub codes: Vec<CodeRecord>,
}

/// An address that an account had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerEmail {
    /// Which.
    pub email: Email,
    /// Until when it is kept.
    pub kept_until: Timestamp,
}

/// The lists, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Sessions, also those that do not stand any more.
    Sessions,
    /// Open WebSocket connections.
    Connections,
    /// Former addresses.
    FormerEmails,
    /// Services offered.
    Services,
    /// Bookings made, by their start.
    BookingsMade,
    /// Bookings taken, by their start.
    BookingsTaken,
    /// Waits for a place, oldest first.
    Waits,
    /// What the audit log says was done to the account, oldest first.
    AuditAbout,
    /// What it says the person did to others.
    AuditBy,
}

impl Held {
    /// Every list, in order.
    pub const ALL: [Self; 9] = [
        Self::Sessions,
        Self::Connections,
        Self::FormerEmails,
        Self::Services,
        Self::BookingsMade,
        Self::BookingsTaken,
        Self::Waits,
        Self::AuditAbout,
        Self::AuditBy,
    ];

    fn next(self) -> Option<Self> {
        let place = Self::ALL.iter().position(|held| *held == self)?;
        Self::ALL.get(place + 1).copied()
    }
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPosition {
    held: Held,
    after: Option<Position>,
}

impl ExportPosition {
    /// Where the first list begins.
    #[must_use]
    pub const fn first() -> Self {
        Self { held: Held::ALL[0], after: None }
    }
}

/// All that is kept of a booking.
pub struct BookingFile {
    /// The booking.
    pub booking: Booking,
    /// Its history, oldest line first.
    pub history: Vec<HistoryEntry>,
    /// What was said of it.
    pub reviews: Option<Reviews>,
}

/// A part of one list.
pub enum ExportPage {
    /// Of [`Held::Sessions`].
    Sessions(Vec<SessionRecord>),
    /// Of [`Held::Connections`].
    Connections(Vec<SocketRecord>),
    /// Of [`Held::FormerEmails`].
    FormerEmails(Vec<FormerEmail>),
    /// Of [`Held::Services`].
    Services(Vec<Service>),
    /// Of [`Held::BookingsMade`].
    BookingsMade(Vec<BookingFile>),
    /// Of [`Held::BookingsTaken`], likewise.
    BookingsTaken(Vec<BookingFile>),
    /// Of [`Held::Waits`].
    Waits(Vec<WaitlistEntry>),
    /// Of [`Held::AuditAbout`].
    AuditAbout(Vec<AuditRecord>),
    /// Of [`Held::AuditBy`].
    AuditBy(Vec<AuditRecord>),
}

/// Reads what is kept of people.
#[derive(Debug, Clone)]
pub struct Exports {
    table: Table,
    bookings: Bookings,
}

impl Exports {
    /// From this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { bookings: Bookings::new(table.clone()), table }
    }

    /// Leaves the audit line of an export, from `address`, before anything is read for it: none goes
    /// without.
    pub async fn begin(&self, user: UserId, address: String, now: Timestamp) -> Result<(), StorageError> {
        self.table.put(&AuditRecord::new(AuditEntry::DataExported, Some(user), address, now)).await
    }

    /// What of a user is one item each, in one read; none where there is no such account.
    pub async fn belongings(&self, user: UserId, role: Role) -> Result<Option<Belongings>, StorageError> {
        let codes = [key::email_code(user), key::phone_code(user), key::email_change_code(user)];
        let (own, factor, grants) = (key::user(user), key::second_factor(user), key::grants(user));
        let (rules, feed) = (key::calendar_rules(user), key::calendar_feed(user));
        let security = key::security_settings();
        let mut keys = vec![own.clone(), factor.clone(), grants.clone(), rules.clone(), feed.clone()];
        keys.extend(codes.clone());
        keys.extend(role.is_staff().then(|| security.clone()));
        let mut found = self.table.get_all(&keys).await?;
        let Some(account) = found.take::<AccountRecord>(&own)? else { return Ok(None) };
        let account = account.value.0;
        let security = found.take::<SecurityRecord>(&security)?.map(|record| record.value);
        let codes = codes.iter().filter_map(|key| found.take::<CodeRecord>(key).transpose());
        let codes = codes.map(|code| code.map(|code| code.value)).collect::<Result<_, _>>()?;
        let grants = found.take::<GrantsRecord>(&grants)?.map(|record| record.value);
        Ok(Some(Belongings {
            second_factor: found.take::<SecondFactorRecord>(&factor)?.map(|factor| factor.value),
            second_factor_required: security.unwrap_or_default().second_factor_roles.demand(role),
            grants: GrantsRecord::behind(grants, &account),
            calendar: found.take::<RulesRecord>(&rules)?.map(|record| record.value),
            feed: found.take::<FeedRecord>(&feed)?.map(|record| record.value),
            codes,
            account,
        }))
    }

    /// A page of one list of a user, and where to go on: in it or with the next one, nowhere behind the last
    /// one. At most [`AT_ONCE`] items and 1 MB, and the histories of as many bookings. Also says how many
    /// items did not read, and are left out.
    pub async fn page(
        &self,
        user: UserId,
        position: ExportPosition,
    ) -> Result<(ExportPage, usize, Option<ExportPosition>), StorageError> {
        let ExportPosition { held, after } = position;
        let own = |prefix| Query::beginning(key::user(user).pk, prefix, AT_ONCE);
        let listed = |index, pk| Query::all(Some(index), pk, AT_ONCE);
        let (page, (unreadable, last)) = match held {
            Held::Sessions => {
                let (sessions, rest) = self.read(own(key::SESSIONS), after).await?;
                (ExportPage::Sessions(sessions), rest)
            }
            Held::Connections => {
                let (connections, rest) = self.read(own(key::SOCKETS), after).await?;
                (ExportPage::Connections(connections), rest)
            }
            Held::FormerEmails => {
                let (former, rest) = self.read::<FormerEmailRecord>(own(key::FORMER_EMAILS), after).await?;
                let shown = |former: FormerEmailRecord| FormerEmail {
                    email: former.email,
                    kept_until: former.expires_at,
                };
                (ExportPage::FormerEmails(former.into_iter().map(shown).collect()), rest)
            }
            Held::Services => {
                let query = listed(Index::Gsi1, key::services_of(user));
                let (services, rest) = self.read::<ServiceRecord>(query, after).await?;
                let services = services.into_iter().map(|record| record.0).collect();
                (ExportPage::Services(services), rest)
            }
            Held::BookingsMade => {
                let (bookings, rest) = self.bookings(Side::Customer(user), after).await?;
                (ExportPage::BookingsMade(bookings), rest)
            }
            Held::BookingsTaken => {
                let (bookings, rest) = self.bookings(Side::Provider(user), after).await?;
                (ExportPage::BookingsTaken(bookings), rest)
            }
            Held::Waits => {
                let (waits, rest) = self.read::<WaitlistRecord>(own(key::WAITS), after).await?;
                (ExportPage::Waits(waits.into_iter().map(|record| record.0).collect()), rest)
            }
            Held::AuditAbout => {
                let (records, rest) = self.read(listed(Index::Gsi1, key::audited(user)), after).await?;
                (ExportPage::AuditAbout(records), rest)
            }
            Held::AuditBy => {
                let (records, rest) = self.read(listed(Index::Gsi2, key::acted(user)), after).await?;
                (ExportPage::AuditBy(records), rest)
            }
        };
        let next = match last {
            Some(last) => Some(ExportPosition { held, after: Some(last) }),
            None => held.next().map(|held| ExportPosition { held, after: None }),
        };
        Ok((page, unreadable, next))
    }

    async fn read<R: Record>(
        &self,
        query: Query,
        after: Option<Position>,
    ) -> Result<(Vec<R>, Rest), StorageError> {
        let page = self.table.query::<R>(Query { after, ..query }).await?;
        Ok(values(page))
    }

    async fn bookings(
        &self,
        side: Side,
        after: Option<Position>,
    ) -> Result<(Vec<BookingFile>, Rest), StorageError> {
        let wanted = ListBookings { side, from: None, to: None };
        let (records, rest) = values::<BookingRecord>(self.bookings.list(wanted, BOOKINGS, after).await?);
        // As many lines as the booking that is shown has, and what was said of it; a batch takes 100.
        let lines = |record: &BookingRecord| {
            let id = record.0.id;
            let history = (0..=record.0.revision).map(move |revision| key::booking_history(id, revision));
            history.chain([key::reviews(id)])
        };
        let keys: Vec<_> = records.iter().flat_map(lines).collect();
        let batches = try_join_all(keys.chunks(100).map(|keys| self.table.get_all(keys))).await?;
        let (mut histories, mut reviews) = (HashMap::<_, Vec<_>>::new(), HashMap::new());
        for (keys, mut found) in keys.chunks(100).zip(batches) {
            for key in keys {
                if key.sk == key::REVIEWS {
                    let said = found.take::<ReviewsRecord>(key)?.map(|record| record.value.0);
                    reviews.extend(said.map(|said| (said.booking_id, said)));
                } else if let Some(line) = found.take::<HistoryRecord>(key)? {
                    histories.entry(line.value.booking_id).or_default().push(line.value.entry);
                }
            }
        }
        let file = |BookingRecord(booking)| {
            let history = histories.remove(&booking.id).unwrap_or_default();
            BookingFile { reviews: reviews.remove(&booking.id), booking, history }
        };
        Ok((records.into_iter().map(file).collect(), rest))
    }
}

/// How many items did not read, and where a page ended.
type Rest = (usize, Option<Position>);

fn values<R>(page: Page<R>) -> (Vec<R>, Rest) {
    (page.items.into_iter().map(|(record, _)| record.value).collect(), (page.unreadable, page.last))
}
