//! A booking to write about.

use super::*;

/// A request of somebody for an hour, under this title.
pub(super) fn massage(title: &str) -> Booking {
    let (starts_at, ends_at) = (at("2026-03-10T10:00:00Z"), at("2026-03-10T11:00:00Z"));
    Booking {
        id: Id::from_parts(1, 1),
        customer_id: Id::from_parts(1, 2),
        provider_id: Id::from_parts(1, 3),
        service_id: Id::from_parts(1, 4),
        service_title: title.parse().expect("a title"),
        price: Price::try_from(Money::new(12_500, Currency::Usd)).expect("a price"),
        extras: Vec::new(),
        location_kind: LocationKind::Online,
        location: None,
        seats: banister_domain::availability::Seats::MIN,
        note: None,
        starts_at,
        ends_at,
        time_zone: Zone::UTC,
        local_start: "2026-03-10T10:00:00".parse().expect("a local time"),
        occupies: Interval::new(starts_at, ends_at).expect("an interval"),
        resource_ids: banister_domain::resource::ResourceIds::NONE,
        status: Status::Requested,
        answer_by: Some(at("2026-03-10T08:15:00Z")),
        terms: banister_domain::booking::Terms::default(),
        refund: None,
        series_id: None,
        refund_at_most: None,
        proposal: None,
        created_at: at("2026-03-09T08:15:00Z"),
        updated_at: at("2026-03-09T08:15:00Z"),
        revision: 0,
    }
}
