//! What can be booked or held, and what is told whose place is not free: the same for customers and for staff.

use banister_domain::availability::{DurationMinutes, Seats};
use banister_domain::booking::{InvalidExtra, Unbookable};
use banister_domain::id::ServiceId;
use banister_domain::service::{LocationKind, Service, ServiceStatus};
use banister_domain::text::Place;

use crate::http::{Code, Problem};
use crate::store::{ReserveError, Services};

/// What is wanted of a service that customers book.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Which service.
    pub service_id: ServiceId,
    /// How long; its usual duration if none is said.
    pub duration: Option<DurationMinutes>,
    /// How many seats.
    pub seats: Seats,
    /// Where, if it is to be booked; a hold does not say.
    pub location: Option<Option<&'a Place>>,
}

impl Wanted<'_> {
    /// The service as it is when it takes so long, or what is wrong with the wish.
    pub async fn find(&self, services: &Services) -> Result<Service, Problem> {
        let found = services.get(self.service_id).await?.map(|found| found.value);
        let published = found.filter(|service| service.status == ServiceStatus::Published);
        let service = published.ok_or_else(not_bookable)?;
        if let Some(location) = self.location {
            check_location(service.location_kind, location)?;
        }
        if self.seats > service.seats {
            let most = format!("must be at most {}, as the service has", service.seats.get());
            return Err(Problem::invalid("/seats", most));
        }
        let duration = self.duration.unwrap_or(service.duration_minutes);
        let never = || Problem::invalid("/duration_minutes", "is not a duration of the service");
        service.lasting(duration).ok_or_else(never)
    }
}

fn check_location(kind: LocationKind, location: Option<&Place>) -> Result<(), Problem> {
    match (kind, location) {
        (LocationKind::AtCustomer, None) => {
            Err(Problem::invalid("/location", "is required: the provider comes to the customer"))
        }
        (LocationKind::AtProvider | LocationKind::Online, Some(_)) => {
            Err(Problem::invalid("/location", "is only for services at the customer's place"))
        }
        _ => Ok(()),
    }
}

fn not_bookable() -> Problem {
    Problem::invalid("/service_id", "is not a service that can be booked")
}

impl From<Unbookable> for Problem {
    fn from(unbookable: Unbookable) -> Self {
        let why = unbookable.to_string();
        match unbookable {
            Unbookable::EndOfTime => Self::invalid("/starts_at", why),
            Unbookable::TooDear => Self::invalid("/seats", why),
            Unbookable::ExtrasTooDear => Self::invalid("/extras", why),
            Unbookable::Extra(at, InvalidExtra::TooMany(_)) => {
                Self::invalid(&format!("/extras/{at}/quantity"), why)
            }
            Unbookable::Extra(at, _) => Self::invalid(&format!("/extras/{at}/code"), why),
            Unbookable::PriceChanged(price) => Self::new(Code::PriceChanged).with("price", price),
        }
    }
}

impl From<ReserveError> for Problem {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Taken(reason, slots) => {
                Self::new(Code::SlotTaken).detail(reason.to_string()).with("next_slots", slots)
            }
            ReserveError::NotOffered(reason) => Self::new(Code::SlotNotOffered)
                .detail(reason.to_string())
                .field_at("/starts_at", reason.to_string()),
            ReserveError::Unbookable(unbookable) => unbookable.into(),
            ReserveError::Gone => not_bookable(),
            ReserveError::Seen | ReserveError::Busy => Self::busy(),
            ReserveError::Storage(error) => error.into(),
        }
    }
}
