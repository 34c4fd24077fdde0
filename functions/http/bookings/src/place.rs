//! What can be booked or held, and what is told whose place is not free.

use banister_domain::availability::{DurationMinutes, Seats};
use banister_domain::booking::{InvalidExtra, Unbookable};
use banister_domain::id::ServiceId;
use banister_domain::service::{Service, ServiceStatus};
use banister_platform::http::{Code, Problem};
use banister_platform::store::ReserveError;

use crate::Bookings;

/// The problem of a place that was not taken.
pub(crate) fn refusal(error: ReserveError) -> Problem {
    match error {
        ReserveError::Taken(reason, slots) => {
            Problem::new(Code::SlotTaken).detail(reason.to_string()).with("next_slots", slots)
        }
        ReserveError::NotOffered(reason) => Problem::new(Code::SlotNotOffered)
            .detail(reason.to_string())
            .field_at("/starts_at", reason.to_string()),
        ReserveError::Unbookable(unbookable) => unbookable_problem(unbookable),
        ReserveError::Gone => not_bookable(),
        ReserveError::Seen | ReserveError::Busy => Problem::busy(),
        ReserveError::Storage(error) => error.into(),
    }
}

fn unbookable_problem(unbookable: Unbookable) -> Problem {
    let why = unbookable.to_string();
    match unbookable {
        Unbookable::EndOfTime => Problem::invalid("/starts_at", why),
        Unbookable::TooDear => Problem::invalid("/seats", why),
        Unbookable::Extra(at, InvalidExtra::TooMany(_)) => {
            Problem::invalid(&format!("/extras/{at}/quantity"), why)
        }
        Unbookable::Extra(at, _) => Problem::invalid(&format!("/extras/{at}/code"), why),
        Unbookable::PriceChanged(price) => Problem::new(Code::PriceChanged).with("price", price),
    }
}

impl Bookings {
    /// A service that customers book, as it is when it takes so long; its usual duration if none is wanted.
    pub(crate) async fn bookable(
        &self,
        id: ServiceId,
        duration: Option<DurationMinutes>,
    ) -> Result<Service, Problem> {
        let found = self.services.get(id).await?.map(|found| found.value);
        let published = found.filter(|service| service.status == ServiceStatus::Published);
        let service = published.ok_or_else(not_bookable)?;
        let duration = duration.unwrap_or(service.duration_minutes);
        let never = || Problem::invalid("/duration_minutes", "is not a duration of the service");
        service.lasting(duration).ok_or_else(never)
    }
}

/// No more seats than the service has.
pub(crate) fn check_seats(service: &Service, seats: Seats) -> Result<(), Problem> {
    if seats > service.seats {
        let most = format!("must be at most {}, as the service has", service.seats.get());
        return Err(Problem::invalid("/seats", most));
    }
    Ok(())
}

fn not_bookable() -> Problem {
    Problem::invalid("/service_id", "is not a service that can be booked")
}
