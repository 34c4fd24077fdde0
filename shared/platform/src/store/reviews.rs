//! Reviews of bookings, and what their ratings add up to.
//!
//! All that is said of one booking is one item, so that two sides who speak at the same time cannot both believe to
//! be the first. What counts is added to the sums of the service and of the users in the transaction that shows it
//! or takes it away: the sums are never counted anew, and never wrong.

use axum::http::StatusCode;
use banister_domain::booking::Booking;
use banister_domain::id::{BookingId, ServiceId, UserId};
use banister_domain::review::{self, Author, Moderated, Rating, ReviewRefusal, Tally};
use banister_domain::statistics::Side;
use banister_domain::text::{Reason, ReviewText};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Act, AuditEntry, AuditRecord, Once, OutboxRecord, Race};
use crate::http::{Code, Problem};
use crate::table::key::{self, Index, IndexKey};
use crate::table::{
    CommitError, Found, Item, Key, Page, Position, Query, Record, StorageError, Table, Transaction,
};

/// `t` of a sum of ratings.
const RATING: &str = "rating";

/// The reviews of a booking as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReviewsRecord(pub review::Reviews);

impl Record for ReviewsRecord {
    const TYPE: &'static str = "reviews";

    fn key(&self) -> Key {
        key::reviews(self.0.booking_id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        let reviews = &self.0;
        match reviews.published {
            None => vec![key::reviews_sealed(reviews.open_until, reviews.booking_id)],
            Some(at) if reviews.tally(Author::Customer).count > 0 => {
                key::review_lists(reviews.service_id, reviews.provider_id, at, reviews.booking_id)
            }
            Some(_) => Vec::new(),
        }
    }
}

/// Whose reviews by customers, or ratings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Reviewed {
    /// Of a service.
    Service(ServiceId),
    /// Of a provider.
    Provider(UserId),
}

impl Reviewed {
    fn rating(self) -> Key {
        match self {
            Self::Service(id) => key::service_rating(id),
            Self::Provider(id) => key::user_rating(Side::Provider(id)),
        }
    }
}

/// Why nothing became of what was to be done with a review.
#[derive(Debug)]
pub enum ReviewError {
    /// It may not be.
    Refused(ReviewRefusal),
    /// The request was answered before.
    Seen,
    /// Too many others at once.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<ReviewRefusal> for ReviewError {
    fn from(refusal: ReviewRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StorageError> for ReviewError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Self {
        let refusal = match error {
            ReviewError::Refused(refusal) => refusal,
            ReviewError::Seen | ReviewError::Busy => return Self::busy(),
            ReviewError::Storage(error) => return error.into(),
        };
        let code = match refusal {
            ReviewRefusal::NotCompleted | ReviewRefusal::Closed(_) => Code::NotReviewable,
            ReviewRefusal::AlreadyReviewed => Code::AlreadyReviewed,
            ReviewRefusal::AlreadyAnswered => Code::AlreadyAnswered,
            ReviewRefusal::Missing => return Self::new(Code::NotFound),
        };
        Self::new(code).detail(refusal.to_string())
    }
}

/// A request that is answered once, with its status and how its answer shows.
pub type ReviewReceipt<'a> = (&'a Once, StatusCode, &'a (dyn Fn(&review::Reviews) -> Value + Sync));

/// What staff do with one review of a booking.
#[derive(Debug, Clone)]
pub struct Moderation {
    /// Whose words it is about.
    pub author: Author,
    /// Whether they are to be hidden, or shown again.
    pub hide: bool,
    /// Why.
    pub reason: Reason,
}

/// All reviews.
#[derive(Debug, Clone)]
pub struct Reviews {
    table: Table,
}

/// Why a transaction was not taken.
enum Lost {
    Race,
    Seen,
}

impl Reviews {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// What is said of a booking.
    pub async fn get(&self, id: BookingId) -> Result<Option<review::Reviews>, StorageError> {
        let found = self.table.get::<ReviewsRecord>(&key::reviews(id)).await?;
        Ok(found.map(|record| record.value.0))
    }

    /// What is said of a booking, and what the ratings of its customer and of its provider add up to.
    pub async fn around(
        &self,
        booking: &Booking,
    ) -> Result<(Option<review::Reviews>, Tally, Tally), StorageError> {
        let sides = [Side::Customer(booking.customer_id), Side::Provider(booking.provider_id)];
        let [customer, provider] = sides.map(key::user_rating);
        let said = key::reviews(booking.id);
        let mut found = self.table.get_all(&[said.clone(), customer.clone(), provider.clone()]).await?;
        let reviews = found.take::<ReviewsRecord>(&said)?.map(|record| record.value.0);
        Ok((reviews, taken(&mut found, &customer)?, taken(&mut found, &provider)?))
    }

    /// What the ratings of each of these add up to, in their order; at most 100.
    pub async fn ratings(&self, of: &[Reviewed]) -> Result<Vec<Tally>, StorageError> {
        let keys: Vec<_> = of.iter().map(|reviewed| reviewed.rating()).collect();
        let mut found = self.table.get_all(&keys).await?;
        keys.iter().map(|key| taken(&mut found, key)).collect()
    }

    /// One page of what customers say, newest first: at most `limit` are read.
    pub async fn list(
        &self,
        of: Reviewed,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Page<ReviewsRecord>, StorageError> {
        let (index, pk) = match of {
            Reviewed::Service(id) => (Index::Gsi1, key::reviews_of_service(id)),
            Reviewed::Provider(id) => (Index::Gsi2, key::reviews_of_provider(id)),
        };
        self.table.query(Query { ascending: false, after, ..Query::all(Some(index), pk, limit) }).await
    }

    /// A page of up to 25 bookings of one shard whose reviews time publishes at `now` or before, longest overdue
    /// first. The index lags behind: [`Reviews::publish`] decides on what is there.
    pub async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<Position>,
    ) -> Result<Page<ReviewsRecord>, StorageError> {
        let all = Query::all(Some(Index::Gsi3), key::reviews_sealed_in(shard), 25);
        self.table.query(Query { to: format!("{}~", key::moment(now)), after, ..all }).await
    }

    /// Writes the review of a booking by one of its sides, at `now`.
    pub async fn write(
        &self,
        booking: &Booking,
        (author, rating, text): (Author, Rating, Option<ReviewText>),
        receipt: ReviewReceipt<'_>,
        now: Timestamp,
    ) -> Result<review::Reviews, ReviewError> {
        let decide = |found: Option<review::Reviews>| {
            let reviews = found.map_or_else(|| review::Reviews::open(booking, now), Ok)?;
            Ok(Some((reviews.written(author, (rating, text.clone()), now)?, None)))
        };
        self.edit(booking.id, decide, Some(receipt), now).await
    }

    /// Writes the provider's answer to the review of a booking by its customer, at `now`.
    pub async fn answer(
        &self,
        id: BookingId,
        text: &ReviewText,
        receipt: Option<ReviewReceipt<'_>>,
        now: Timestamp,
    ) -> Result<review::Reviews, ReviewError> {
        let decide = |found: Option<review::Reviews>| {
            let reviews = found.ok_or(ReviewRefusal::Missing)?;
            Ok(Some((reviews.answered(text.clone(), now)?, None)))
        };
        self.edit(id, decide, receipt, now).await
    }

    /// Hides or shows a review, with an audit line of `act` about who wrote it; what is so already stays as it is.
    pub async fn moderate(
        &self,
        id: BookingId,
        act: &Act,
        Moderation { author, hide, reason }: &Moderation,
    ) -> Result<review::Reviews, ReviewError> {
        let decide = |found: Option<review::Reviews>| {
            let reviews = found.ok_or(ReviewRefusal::Missing)?;
            let what = Moderated { at: act.at, hidden: *hide, reason: Some(reason.clone()) };
            let (customer, provider) = (reviews.customer_id, reviews.provider_id);
            let Some(after) = reviews.moderated(*author, what)? else { return Ok(None) };
            let (entry, writer) = (
                if *hide { AuditEntry::ReviewHidden } else { AuditEntry::ReviewShown },
                if *author == Author::Customer { customer } else { provider },
            );
            // Not the reason, which is in the review: it may be about either side.
            let said = json!({ "booking_id": id, "author": author, "hidden": hide });
            let line = act.line(entry, writer).change(&json!({ "hidden": !hide }), &said);
            Ok(Some((after, Some(line))))
        };
        self.edit(id, decide, None, act.at).await
    }

    /// Publishes what time publishes at `now`, if it has not been.
    pub async fn publish(&self, id: BookingId, now: Timestamp) -> Result<(), ReviewError> {
        let decide = |found: Option<review::Reviews>| {
            let reviews = found.ok_or(ReviewRefusal::Missing)?;
            Ok(reviews.settled(now).map(|settled| (settled, None)))
        };
        match self.edit(id, decide, None, now).await {
            Ok(_) | Err(ReviewError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes of the reviews of a booking what `decide` says, with all that follows from it; nothing where it says
    /// `None`.
    async fn edit(
        &self,
        id: BookingId,
        decide: impl Fn(
            Option<review::Reviews>,
        ) -> Result<Option<(review::Reviews, Option<AuditRecord>)>, ReviewRefusal>,
        receipt: Option<ReviewReceipt<'_>>,
        now: Timestamp,
    ) -> Result<review::Reviews, ReviewError> {
        let mut race = Race::new();
        while race.goes_on().await {
            let found = self.table.get::<ReviewsRecord>(&key::reviews(id)).await?;
            let version = found.as_ref().map_or(0, |found| found.version);
            let before = found.map(|found| found.value.0);
            let Some((after, line)) = decide(before.clone())? else {
                return before.ok_or(ReviewError::Refused(ReviewRefusal::Missing));
            };
            let mut transaction = Transaction::new();
            transaction.create_or_replace(&ReviewsRecord(after.clone()), version, Lost::Race);
            add_up(&mut transaction, before.as_ref(), &after);
            for payload in after.news(before.as_ref()) {
                transaction.put_over(&OutboxRecord::new(payload, now)?);
            }
            if let Some(line) = line {
                transaction.put_over(&line);
            }
            if let Some((once, status, show)) = receipt {
                once.record(&mut transaction, status, &show(&after), now, Lost::Seen)?;
            }
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(after),
                Err(CommitError::Refused(Lost::Seen)) => return Err(ReviewError::Seen),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(Lost::Race) | CommitError::Contention) => {}
            }
        }
        Err(ReviewError::Busy)
    }
}

/// Adds what counts after a change and did not before to the sums, and takes away what does not any more.
fn add_up(transaction: &mut Transaction<Lost>, before: Option<&review::Reviews>, after: &review::Reviews) {
    for author in Author::ALL {
        let counted = before.map_or_else(Tally::default, |before| before.tally(author));
        let change = after.tally(author) - counted;
        if change.is_nothing() {
            continue;
        }
        let sums = match author {
            Author::Customer => vec![
                Reviewed::Service(after.service_id).rating(),
                Reviewed::Provider(after.provider_id).rating(),
            ],
            Author::Provider => vec![key::user_rating(Side::Customer(after.customer_id))],
        };
        for sum in sums {
            transaction.add(&sum, RATING, [("count", change.count), ("sum", change.sum)]);
        }
    }
}

/// The sum at `key`; nothing where there are no ratings.
pub(super) fn taken(found: &mut Found, key: &Key) -> Result<Tally, StorageError> {
    let read = |item: Item| {
        serde_dynamo::aws_sdk_dynamodb_1::from_item(item)
            .map_err(|error| StorageError::Malformed(format!("{RATING}: {error}")))
    };
    found.take_item(key).map_or_else(|| Ok(Tally::default()), read)
}
