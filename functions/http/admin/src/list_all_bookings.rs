//! `GET /v1/admin/bookings`: staff list bookings across the market.

use axum::extract::State;
use banister_domain::booking::{Booking, Status};
use banister_domain::id::{ServiceId, UserId};
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Problem, Query, Staff, needs};
use banister_platform::store::{ListBookings, MarketPosition, Side};
use banister_platform::table::Position;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Admin;
use crate::booking_view::MarketBookingView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// The longest span of time in which the bookings of all are listed, in days.
const LONGEST: i64 = 366;

/// Which bookings.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MarketBookingsQuery {
    /// Only those that stand like this.
    status: Option<Status>,
    /// Only those of this customer.
    customer_id: Option<UserId>,
    /// Only those with this provider.
    provider_id: Option<UserId>,
    /// Only those of this service.
    service_id: Option<ServiceId>,
    /// Only those that start then or later. Of the whole market, from the beginning of today (UTC) if not
    /// given.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    from: Option<Timestamp>,
    /// Only those that start before. Of the whole market, 31 days after `from` if not given, and 366 at most.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00Z")]
    to: Option<Timestamp>,
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Where a page ended.
#[derive(Serialize, Deserialize)]
enum After {
    Side(Position),
    /// With the span of time that the first page was asked for.
    Market((Timestamp, Timestamp), MarketPosition),
}

/// List bookings of the market
///
/// Earliest start first: of one customer, of one provider, of one service, or of all. Without any of
/// the three, a page is of one UTC day at most, so that it can be short or empty and yet have a `next_cursor`.
#[utoipa::path(get, path = "/v1/admin/bookings", params(MarketBookingsQuery),
    responses((status = 200, description = "A page of bookings", body = ListOf<MarketBookingView>)))]
pub(crate) async fn list_all_bookings(
    State(admin): State<Admin>,
    caller: Staff<needs::BookingManagement>,
    Query(query): Query<MarketBookingsQuery>,
) -> Result<OkJson<ListOf<MarketBookingView>>, Problem> {
    let now = admin.clock.now();
    let MarketBookingsQuery { status, customer_id, provider_id, service_id, from, to, .. } = &query;
    let filters = (status, customer_id, provider_id, service_id, from, to);
    let scope = ("list_all_bookings", caller.identity.user_id, filters);
    let after: Option<After> =
        query.cursor.as_ref().map(|cursor| admin.cursors.read(cursor, &scope)).transpose()?;
    let limit = query.limit.get();
    let (bookings, last) = if let Some(side) = admin.side(&query).await? {
        let wanted = ListBookings { side, from: query.from, to: query.to };
        let after = after.and_then(After::of_side);
        let page = admin.bookings.list(wanted, limit, after).await?;
        let bookings: Vec<_> = page.items.into_iter().map(|(record, _)| record.value.0).collect();
        (bookings, page.last.map(After::Side))
    } else {
        let (span, after) = match after {
            Some(After::Market(span, position)) => (span, Some(position)),
            _ => (query.span(now)?, None),
        };
        let (bookings, last) = admin.bookings.list_market(span, limit, after).await?;
        (bookings, last.map(|position| After::Market(span, position)))
    };
    let next_cursor = last.and_then(|position| admin.cursors.write(&position, &scope));
    let fitting = bookings.into_iter().filter(|booking| query.fits(booking, now));
    let items = fitting.map(|booking| MarketBookingView::new(booking, now)).collect();
    Ok(OkJson(ListOf { items, next_cursor }))
}

impl Admin {
    /// In whose bookings all that fits lies; none where it may be anybody's. A service's lie in its provider's.
    async fn side(&self, query: &MarketBookingsQuery) -> Result<Option<Side>, Problem> {
        if let Some(customer) = query.customer_id {
            return Ok(Some(Side::Customer(customer)));
        }
        if let Some(provider) = query.provider_id {
            return Ok(Some(Side::Provider(provider)));
        }
        let Some(service) = query.service_id else { return Ok(None) };
        let service = self.services.get(service).await?;
        let service = service.ok_or(Problem::invalid_parameter("service_id", "there is no such service"))?;
        Ok(Some(Side::Provider(service.value.provider_id)))
    }
}

impl After {
    fn of_side(self) -> Option<Position> {
        if let Self::Side(position) = self { Some(position) } else { None }
    }
}

impl MarketBookingsQuery {
    fn fits(&self, booking: &Booking, now: Timestamp) -> bool {
        self.status.is_none_or(|status| booking.status_at(now) == status)
            && self.customer_id.is_none_or(|customer| booking.customer_id == customer)
            && self.provider_id.is_none_or(|provider| booking.provider_id == provider)
            && self.service_id.is_none_or(|service| booking.service_id == service)
    }

    /// The span of time in which to look for the bookings of all.
    fn span(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
        let day = |days: i64| SignedDuration::from_hours(24 * days);
        let today = now.to_zoned(TimeZone::UTC).start_of_day().map_err(Problem::internal)?;
        let from = self.from.unwrap_or(today.timestamp());
        let to = self.to.unwrap_or(from.saturating_add(day(31)).unwrap_or(Timestamp::MAX));
        if from < to && to.duration_since(from) <= day(LONGEST) {
            return Ok((from, to));
        }
        Err(Problem::invalid_parameter("to", "must be after `from`, and at most 366 days after it"))
    }
}
