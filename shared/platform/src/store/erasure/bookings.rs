//! What a person said in bookings, and where they live. The bookings stay: they are the other side's too.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::booking::{Actor, Booking, HistoryEntry, Status};
use banister_domain::id::{BookingId, UserId};
use banister_domain::job::ErasureStep;
use banister_domain::review::Author;
use jiff::Timestamp;

use super::{ANSWERS_KEPT, Erasures, MOST_NAMED, count, whole};
use crate::store::{
    BookingRecord, ChangeError, HistoryRecord, ListBookings, Piece, PieceError, ReviewsRecord, Side,
};
use crate::table::{Position, Query, StorageError, Transaction, Versioned, key};

/// Bookings written in a piece, each with its history.
const BOOKINGS: u16 = 10;
/// Lines of history written in a piece; a booking has three or four.
const LINES: usize = 65;

impl Erasures {
    /// Up to [`MOST_NAMED`] bookings of either side that are requested or confirmed and still to come.
    pub(super) async fn open_bookings(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<BookingId>, StorageError> {
        let mut open = Vec::new();
        for side in [Side::Customer(user), Side::Provider(user)] {
            let wanted = ListBookings { side, from: Some(now), to: None };
            let mut after = None;
            loop {
                let page = self.bookings.list(wanted, 100, after.take()).await?;
                let bookings = page.items.into_iter().map(|(record, _)| record.value.0);
                let stands = |booking: &Booking| {
                    matches!(booking.status_at(now), Status::Requested | Status::Confirmed)
                };
                open.extend(bookings.filter(stands).map(|booking| booking.id));
                if open.len() >= MOST_NAMED {
                    open.truncate(MOST_NAMED);
                    return Ok(open);
                }
                match page.last {
                    Some(last) => after = Some(last),
                    None => break,
                }
            }
        }
        Ok(open)
    }

    /// Takes the words of one side out of bookings and their history, and out of the answers that the
    /// other side and staff got of late.
    pub(super) async fn words_in_bookings(
        &self,
        user: UserId,
        step: ErasureStep,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Piece, StorageError> {
        let (side, actor, author) = if step == ErasureStep::BookingsMade {
            (Side::Customer(user), Actor::Customer, Author::Customer)
        } else {
            (Side::Provider(user), Actor::Provider, Author::Provider)
        };
        let wanted = ListBookings { side, from: None, to: None };
        let page = whole(self.bookings.list(wanted, BOOKINGS, Position::kept(after)?).await?)?;
        let mut transaction = Transaction::new();
        let (mut answers, mut items, mut lines) = (BTreeMap::<UserId, BTreeSet<String>>::new(), 0, 0);
        let (mut last, mut rest) = (None, page.last);
        for (record, place) in page.items {
            let booking = self.settled(record.value.0.id, actor, now).await?;
            let history = self.history(booking.value.id).await?;
            if items > 0 && lines + history.len() > LINES {
                // What comes behind the last one has no room in this piece.
                rest = last;
                break;
            }
            lines += history.len();
            items += 1;
            last = Some(place);
            let said = self.table.get::<ReviewsRecord>(&key::reviews(booking.value.id)).await?;
            let last_said = said.as_ref().and_then(|said| said.value.0.last_touched());
            let touched = last_said.max(Some(booking.value.updated_at)).unwrap_or(now);
            if now.duration_since(touched) < ANSWERS_KEPT {
                let other = if actor == Actor::Customer {
                    booking.value.provider_id
                } else {
                    booking.value.customer_id
                };
                answers.entry(other).or_default().insert(booking.value.id.to_string());
            }
            let without = booking.value.clone().without_words_of(actor);
            if without != booking.value {
                let booking = Versioned { version: booking.version, value: BookingRecord(without) };
                transaction.replace(&booking, PieceError::Stale);
            }
            let of_late = |line: &HistoryEntry| now.duration_since(line.at) < ANSWERS_KEPT;
            for line in history.iter().map(|line| &line.value.entry).filter(|line| of_late(line)) {
                if let Some(staff) = line.actor_id.filter(|_| line.actor == Actor::Staff) {
                    answers.entry(staff).or_default().insert(booking.value.id.to_string());
                }
            }
            if let Some(said) = said {
                let without = said.value.0.clone().without_words_of(author);
                if without != said.value.0 {
                    let said = Versioned { version: said.version, value: ReviewsRecord(without) };
                    transaction.replace(&said, PieceError::Stale);
                }
            }
            for line in history {
                let entry = line.value.entry.clone().without_words_of(user);
                if entry != line.value.entry {
                    let line = line.map(|line| HistoryRecord { entry, ..line });
                    transaction.replace(&line, PieceError::Stale);
                }
            }
        }
        for (other, ids) in answers {
            let ids: Vec<_> = ids.into_iter().collect();
            self.forget_answers(&other.to_string(), &ids).await?;
        }
        Ok(Piece { transaction, items: count(items), cursor: Position::keep(rest.as_ref())? })
    }

    /// A booking that waits for nothing any more: one that was made while the account was switched off is
    /// called off, with all that this tells the other side.
    async fn settled(
        &self,
        id: BookingId,
        side: Actor,
        now: Timestamp,
    ) -> Result<Versioned<Booking>, StorageError> {
        let missing = || StorageError::Malformed("a booking that is listed is not there".into());
        let found = self.bookings.get(id).await?.ok_or_else(missing)?;
        let Some(command) = found.value.settled_for(side, now) else { return Ok(found) };
        match self.bookings.change(id, command, None, now).await {
            Ok(_)
            | Err(
                ChangeError::WrongState(_)
                | ChangeError::RefundChanged(_)
                | ChangeError::ProposalChanged(_)
                | ChangeError::Missing
                | ChangeError::Seen,
            ) => {}
            Err(ChangeError::Busy) => return Err(StorageError::Unavailable("contention".into())),
            Err(ChangeError::Storage(error)) => return Err(error),
        }
        self.bookings.get(id).await?.ok_or_else(missing)
    }

    async fn history(&self, id: BookingId) -> Result<Vec<Versioned<HistoryRecord>>, StorageError> {
        let query = Query::beginning(key::booking(id).pk, key::HISTORY, 100);
        let page = whole(self.table.query::<HistoryRecord>(query).await?)?;
        Ok(page.items.into_iter().map(|(line, _)| line).collect())
    }
}
