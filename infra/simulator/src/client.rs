//! What the functions do for one request, around the repositories: look for a receipt, act, and where an earlier
//! request with the same key was faster, give its answer.

use axum::extract::FromRequestParts as _;
use axum::http::Request as HttpRequest;
use banister_domain::availability::{Busy, NotOffered, Vacation};
use banister_domain::booking::{Actor, Booking, Command, Request};
use banister_domain::id::{HoldId, UserId};
use banister_platform::http::IdempotencyKey;
use banister_platform::store::{
    Act, BookingCommand, Bookings, Calendars, ChangeError, Claim, Due, ListBookings, MoveError, MoveWish,
    Once, ProposalAnswer, Race, Receipt, Replay, ReserveError, RulesRecord, Services, Side, VacationError,
};
use banister_platform::table::key::SHARDS;
use banister_platform::table::{CommitError, StorageError, Table};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ask::{Ask, Denied, Outcome, Plan, Shown, Wish};
use crate::dice::Dice;
use crate::world::id;

/// The repositories.
#[derive(Debug, Clone)]
pub struct Client {
    table: Table,
    bookings: Bookings,
    calendars: Calendars,
    services: Services,
}

/// One request as it is delivered; the same one may be delivered again, and at another time.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What is asked.
    pub ask: Ask,
    /// Whose request it is.
    pub subject: UserId,
    /// The idempotency key, visible ASCII.
    pub key: String,
    /// What the clock of whoever serves it shows.
    pub now: Timestamp,
    /// What new identifiers are thrown from.
    pub dice: Dice,
}

type Told = Result<Outcome, Outcome>;

impl From<StorageError> for Outcome {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(_) => Self::Unknown,
            StorageError::Rejected(what) | StorageError::Malformed(what) => Self::Broken(what),
        }
    }
}

impl From<ReserveError> for Outcome {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Taken(reason, _) | ReserveError::NotOffered(reason) => Self::Denied(denied(reason)),
            ReserveError::Gone | ReserveError::Unbookable(_) => Self::Broken(format!("{error:?}")),
            ReserveError::Seen => Self::Broken("an answer that was seen is not there".into()),
            ReserveError::Busy => Self::Unknown,
            ReserveError::Storage(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Outcome {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Missing => Self::Missing,
            ChangeError::WrongState(_) => Self::WrongState,
            ChangeError::ProposalChanged(_) => Self::ProposalChanged,
            ChangeError::RefundChanged(_) => Self::Broken("no refund was expected".into()),
            ChangeError::Seen => Self::Broken("an answer that was seen is not there".into()),
            ChangeError::Busy => Self::Unknown,
            ChangeError::Storage(error) => error.into(),
        }
    }
}

const fn denied(reason: NotOffered) -> Denied {
    match reason {
        NotOffered::TooSoon => Denied::TooSoon,
        NotOffered::TooFar => Denied::TooFar,
        // No service of the simulation needs a resource.
        NotOffered::OutsideHours | NotOffered::NoResource => Denied::OutsideHours,
        NotOffered::OffGrid => Denied::OffGrid,
        NotOffered::TooLong => Denied::TooLong,
        NotOffered::Taken => Denied::Taken,
        NotOffered::Full => Denied::Full,
        NotOffered::CapReached => Denied::CapReached,
    }
}

fn shown(booking: &Booking) -> Shown {
    Shown { id: booking.id.to_string(), revision: booking.revision, starts_at: Some(booking.starts_at) }
}

fn document(shown: &Shown) -> Value {
    json!({ "id": shown.id, "revision": shown.revision, "starts_at": shown.starts_at })
}

fn read(body: &str) -> Option<Shown> {
    let body: Value = serde_json::from_str(body).ok()?;
    Some(Shown {
        id: body["id"].as_str()?.to_owned(),
        revision: u32::try_from(body["revision"].as_u64()?).ok()?,
        starts_at: serde_json::from_value(body["starts_at"].clone()).ok()?,
    })
}

impl Client {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self {
            bookings: Bookings::new(table.clone()),
            calendars: Calendars::new(table.clone()),
            services: Services::new(table.clone()),
            table,
        }
    }

    /// Serves one request.
    pub async fn serve(self, delivery: Delivery) -> Outcome {
        self.try_serve(delivery).await.unwrap_or_else(|outcome| outcome)
    }

    async fn try_serve(&self, delivery: Delivery) -> Told {
        let Delivery { ask, now, .. } = &delivery;
        match ask {
            Ask::Book(wish, hold) => self.book(&delivery, wish, *hold).await,
            Ask::Hold(wish) => self.take_hold(&delivery, wish).await,
            Ask::LetGo(customer, hold) => {
                self.bookings.let_hold_go(*customer, *hold, *now).await?;
                Ok(Outcome::Nothing)
            }
            Ask::Command(booking, command, actor) => {
                let once = delivery.once("change").await?;
                let given = BookingCommand::from((*command, *actor));
                let show = |booking: &Booking| document(&shown(booking));
                let done = self.bookings.change(*booking, given, Some((&once, &show)), *now).await;
                self.changed(done, &once, *now).await
            }
            Ask::StaffCancel(booking) => {
                let once = delivery.once("cancel_any_booking").await?;
                let act = Act { by: Some(delivery.subject), address: "127.0.0.1".into(), at: *now };
                let show = |booking: &Booking| document(&shown(booking));
                let reason = "Both sides asked for it.".parse();
                let reason = reason.map_err(|_| Outcome::Broken("a reason".into()))?;
                let done = self.bookings.cancel_by_staff(*booking, &act, reason, Some((&once, &show))).await;
                self.changed(done, &once, *now).await
            }
            Ask::Move(..) | Ask::Answer(..) => self.move_or_answer(delivery).await,
            Ask::Sweep => self.sweep(*now).await,
            Ask::AddVacation(..) => self.go_away(&delivery).await,
            Ask::RemoveVacation(provider, vacation) => {
                let mut race = Race::new();
                while race.goes_on().await {
                    let Some(known) = self.calendars.rules(*provider).await? else {
                        return Ok(Outcome::Missing);
                    };
                    match self.calendars.remove_vacation(known, *vacation, *now).await {
                        Ok(()) => return Ok(Outcome::Nothing),
                        Err(VacationError::Missing) => return Ok(Outcome::Missing),
                        Err(VacationError::Storage(error)) => return Err(error.into()),
                        Err(VacationError::Race | VacationError::TooMany | VacationError::Seen) => {}
                    }
                }
                Ok(Outcome::Unknown)
            }
            Ask::SetRules(plan) => self.set_rules(plan).await,
            Ask::List(provider) => {
                let wanted = ListBookings { side: Side::Provider(*provider), from: Some(*now), to: None };
                self.bookings.list(wanted, 20, None).await?;
                Ok(Outcome::Nothing)
            }
        }
    }

    async fn book(&self, delivery: &Delivery, wish: &Wish, hold: Option<HoldId>) -> Told {
        let (once, now) = (delivery.once("create_booking").await?, delivery.now);
        if let Some(replay) = self.replay(&once, now).await? {
            return Ok(replay);
        }
        let request = self.request(delivery, wish).await?;
        if let Some(hold) = hold {
            let found = self.bookings.hold(wish.customer, hold).await?;
            if !found.is_some_and(|found| found.is_for(&request.service, wish.starts_at, wish.seats)) {
                // The same request may have made a booking of it meanwhile.
                return Ok(self.replay(&once, now).await?.unwrap_or(Outcome::Missing));
            }
        }
        let show = |booking: &Booking| document(&shown(booking));
        self.reserve(&request, Claim::Booking(hold), (&once, &show), now).await
    }

    async fn take_hold(&self, delivery: &Delivery, wish: &Wish) -> Told {
        let (once, now) = (delivery.once("create_hold").await?, delivery.now);
        if let Some(replay) = self.replay(&once, now).await? {
            return Ok(replay);
        }
        let request = self.request(delivery, wish).await?;
        let hold: HoldId = id(&mut Dice::new(delivery.dice.clone().next()), now);
        let shown = |booking: &Booking| Shown { id: hold.to_string(), revision: 0, ..shown(booking) };
        let show = |booking: &Booking| document(&shown(booking));
        match self.reserve(&request, Claim::Hold(hold), (&once, &show), now).await? {
            Outcome::Fresh(booking) => {
                Ok(Outcome::Fresh(Shown { id: hold.to_string(), revision: 0, ..booking }))
            }
            other => Ok(other),
        }
    }

    async fn request(&self, delivery: &Delivery, wish: &Wish) -> Result<Request, Outcome> {
        let service = self.services.get(wish.service).await?.ok_or(Outcome::Missing)?.value;
        let Wish { customer, starts_at, seats, .. } = *wish;
        let id = id(&mut delivery.dice.clone(), delivery.now);
        let (extras, price, location, note, series) = (Vec::new(), None, None, None, None);
        let customer_id = customer;
        Ok(Request { id, customer_id, service, starts_at, seats, extras, price, location, note, series })
    }

    async fn reserve(&self, request: &Request, claim: Claim, receipt: Receipt<'_>, now: Timestamp) -> Told {
        match self.bookings.reserve(request, claim, Some(receipt), now).await {
            Ok(booking) => Ok(Outcome::Fresh(shown(&booking))),
            Err(ReserveError::Seen) => Ok(self.replay(receipt.0, now).await?.unwrap_or(Outcome::Unknown)),
            Err(error) => Err(error.into()),
        }
    }

    async fn changed(&self, done: Result<Booking, ChangeError>, once: &Once, now: Timestamp) -> Told {
        match done {
            Ok(booking) => Ok(Outcome::Fresh(shown(&booking))),
            Err(
                error @ (ChangeError::Seen | ChangeError::WrongState(_) | ChangeError::ProposalChanged(_)),
            ) => Ok(self.replay(once, now).await?.unwrap_or_else(|| error.into())),
            Err(error) => Err(error.into()),
        }
    }

    async fn move_or_answer(&self, mut delivery: Delivery) -> Told {
        let once = delivery.once("move").await?;
        let (now, show) = (delivery.now, |booking: &Booking| document(&shown(booking)));
        if let Some(replay) = self.replay(&once, now).await? {
            return Ok(replay);
        }
        let receipt: Option<Receipt<'_>> = Some((&once, &show));
        let done = match &delivery.ask {
            Ask::Move(booking, starts_at, actor) => {
                let wish = MoveWish { starts_at: *starts_at, actor: *actor, reason: None, series: None };
                let proposal = id(&mut delivery.dice, now);
                self.bookings.reschedule(*booking, &wish, proposal, receipt, now).await
            }
            Ask::Answer(booking, actor, said) => {
                let said = said.map_or(ProposalAnswer::Decline(None), ProposalAnswer::Accept);
                Box::pin(self.bookings.answer_proposal(*booking, (*actor, &said), receipt, now)).await
            }
            other => return Err(Outcome::Broken(format!("{} is no move", other.name()))),
        };
        match done {
            Ok(booking) => Ok(Outcome::Fresh(shown(&booking))),
            Err(MoveError::Change(error)) => self.changed(Err(error), &once, now).await,
            Err(MoveError::There | MoveError::WentOn) => {
                Ok(self.replay(&once, now).await?.unwrap_or(Outcome::Stale))
            }
            Err(MoveError::Place(ReserveError::Seen)) => {
                Ok(self.replay(&once, now).await?.unwrap_or(Outcome::Unknown))
            }
            Err(MoveError::Place(error)) => Err(error.into()),
        }
    }

    async fn sweep(&self, now: Timestamp) -> Told {
        for due in Due::ALL {
            for shard in 0..SHARDS {
                let page = self.bookings.due((due, shard), now, None).await?;
                for (record, _) in page.items.into_iter().take(4) {
                    let booking = record.value.0;
                    let command = if due == Due::Answer { Command::Expire } else { Command::Complete };
                    match self.bookings.change(booking.id, (command, Actor::Time), None, now).await {
                        // The index lags behind: it may have been answered since.
                        Ok(_) | Err(ChangeError::WrongState(_)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Ok(Outcome::Nothing)
    }

    async fn go_away(&self, delivery: &Delivery) -> Told {
        let Ask::AddVacation(provider, vacation) = &delivery.ask else { return Ok(Outcome::Nothing) };
        let (once, now) = (delivery.once("create_vacation").await?, delivery.now);
        if let Some(replay) = self.replay(&once, now).await? {
            return Ok(replay);
        }
        let vacation = Vacation { id: id(&mut delivery.dice.clone(), now), ..vacation.clone() };
        let told = Shown { id: vacation.id.to_string(), revision: 0, starts_at: None };
        let mut race = Race::new();
        while race.goes_on().await {
            let Some(known) = self.calendars.rules(*provider).await? else { return Ok(Outcome::Missing) };
            let show = |_: &[Busy]| document(&told);
            match self.calendars.add_vacation(known, &vacation, Some((&once, &show)), now).await {
                Ok(_) => return Ok(Outcome::Fresh(told)),
                Err(VacationError::Seen) => {
                    return Ok(self.replay(&once, now).await?.unwrap_or(Outcome::Unknown));
                }
                Err(VacationError::TooMany) => return Ok(Outcome::Stale),
                Err(VacationError::Storage(error)) => return Err(error.into()),
                Err(VacationError::Race | VacationError::Missing) => {}
            }
        }
        Ok(Outcome::Unknown)
    }

    async fn set_rules(&self, plan: &Plan) -> Told {
        let Some(known) = self.calendars.rules(plan.provider).await? else { return Ok(Outcome::Missing) };
        let record = RulesRecord { rules: plan.rules.clone(), ..known.value };
        match self.calendars.set_rules(&record, known.version).await {
            Ok(()) => Ok(Outcome::Nothing),
            Err(CommitError::Refused(()) | CommitError::Contention) => Ok(Outcome::Stale),
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }

    async fn replay(&self, once: &Once, now: Timestamp) -> Result<Option<Outcome>, Outcome> {
        Ok(match once.replay(&self.table, now).await? {
            None => None,
            Some(Replay::Mismatch) => Some(Outcome::Broken("the same request counts as another one".into())),
            Some(Replay::Answer(_, body)) => {
                Some(read(&body).map_or_else(|| Outcome::Broken(body), Outcome::Replayed))
            }
        })
    }
}

impl Delivery {
    async fn once(&self, operation: &'static str) -> Result<Once, Outcome> {
        let broken = |what: String| Outcome::Broken(what);
        let request = HttpRequest::builder().header("idempotency-key", &self.key).body(());
        let (mut parts, ()) = request.map_err(|error| broken(error.to_string()))?.into_parts();
        let key = IdempotencyKey::from_request_parts(&mut parts, &()).await;
        let key = key.map_err(|_| broken("the key is refused".into()))?;
        // The key stands for the same words each time.
        Once::new(self.subject.to_string(), operation, &key, &self.key)
            .map_err(|error| broken(error.to_string()))
    }
}
