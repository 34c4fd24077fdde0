//! What can be booked or held, and what is told whose place is not free.

use banister_domain::availability::Seats;
use banister_domain::booking::Unbookable;
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
        ReserveError::TooDear => Problem::invalid("/seats", Unbookable::TooDear.to_string()),
        ReserveError::Gone => not_bookable(),
        ReserveError::Seen | ReserveError::Busy => Problem::busy(),
        ReserveError::Storage(error) => error.into(),
    }
}

impl Bookings {
    /// A service that customers book.
    pub(crate) async fn bookable(&self, id: ServiceId) -> Result<Service, Problem> {
        let found = self.services.get(id).await?.map(|found| found.value);
        found.filter(|service| service.status == ServiceStatus::Published).ok_or_else(not_bookable)
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
