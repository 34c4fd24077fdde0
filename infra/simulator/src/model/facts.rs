//! What items say, read without the code under test. All times are whole seconds of the Unix epoch.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::peer::{number, text};

/// The attributes of an item, or of a map inside.
type Attributes = Map<String, Value>;

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waits for an answer.
    Requested,
    /// Agreed.
    Confirmed,
    /// Turned down.
    Declined,
    /// Called off.
    Cancelled,
    /// Nobody answered.
    Expired,
    /// It took place.
    Completed,
    /// The customer did not come.
    NoShow,
}

impl Status {
    pub(super) fn read(name: &str) -> Option<Self> {
        Some(match name {
            "requested" => Self::Requested,
            "confirmed" => Self::Confirmed,
            "declined" => Self::Declined,
            "cancelled" => Self::Cancelled,
            "expired" => Self::Expired,
            "completed" => Self::Completed,
            "no_show" => Self::NoShow,
            _ => return None,
        })
    }
}

/// A place proposed for a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: String,
    /// The side that proposed it.
    pub by: String,
    /// The service's time.
    pub service: (i64, i64),
    /// With its buffers.
    pub place: (i64, i64),
    /// Until when it can be accepted.
    pub expires: i64,
}

/// A booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its id.
    pub id: String,
    /// Whose time.
    pub provider: String,
    /// Who comes.
    pub customer: String,
    /// For what.
    pub offer: String,
    /// Where it stands.
    pub status: Status,
    /// The service's time.
    pub service: (i64, i64),
    /// With its buffers.
    pub place: (i64, i64),
    /// Until when a request may be answered.
    pub answer_by: Option<i64>,
    /// How many seats.
    pub seats: i64,
    /// Where it may move.
    pub proposal: Option<Proposal>,
    /// How often it changed.
    pub revision: i64,
    /// Whether its customer may move it without asking.
    pub free: bool,
}

/// A place held for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hold {
    /// Its id.
    pub id: String,
    /// Whose time.
    pub provider: String,
    /// For whom.
    pub customer: String,
    /// For what.
    pub offer: String,
    /// The service's time.
    pub service: (i64, i64),
    /// With its buffers.
    pub place: (i64, i64),
    /// How many seats.
    pub seats: i64,
    /// Until when.
    pub expires: i64,
    /// Since when.
    pub created: i64,
}

/// What of a provider's rules decides, and the vacations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rules {
    /// The zone's name.
    pub zone: String,
    /// Minutes of the day at which each day opens and closes.
    pub hours: (i64, i64),
    /// Minutes before and after each booking.
    pub buffers: (i64, i64),
    /// Minutes.
    pub notice: i64,
    /// Minutes.
    pub step: i64,
    /// Most bookings of a day and of a week.
    pub caps: (Option<i64>, Option<i64>),
    /// Id and time of each vacation.
    pub vacations: Vec<(String, (i64, i64))>,
}

/// What of a service decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// Whose.
    pub provider: String,
    /// Minutes.
    pub duration: i64,
    /// How many share one time.
    pub seats: i64,
    /// Its own minutes after each booking.
    pub after: Option<i64>,
    /// Most bookings of it in a day.
    pub cap: Option<i64>,
    /// Whether it is booked at once.
    pub instant: bool,
}

/// One line of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Whose.
    pub owner: String,
    /// From when to when.
    pub place: (i64, i64),
    /// Before when it blocks; for good where none.
    pub until: Option<i64>,
    /// The service with its time and seats; none of a vacation.
    pub given: Option<Given>,
}

/// What is given in a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Given {
    /// Which service.
    pub offer: String,
    /// Its time.
    pub service: (i64, i64),
    /// How many seats.
    pub seats: i64,
}

fn time(item: &Attributes, name: &str) -> Option<i64> {
    text(item, name)?.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

fn inside<'a>(item: &'a Attributes, name: &str) -> Option<&'a Attributes> {
    item.get(name)?.get("M")?.as_object()
}

fn span(item: &Attributes, name: &str) -> Option<(i64, i64)> {
    let span = inside(item, name)?;
    Some((time(span, "from")?, time(span, "to")?))
}

fn owned(item: &Attributes, name: &str) -> Option<String> {
    text(item, name).map(str::to_owned)
}

impl Booking {
    pub(super) fn read(item: &Attributes) -> Option<Self> {
        let proposal = inside(item, "proposal").map(|proposal| {
            let place = inside(proposal, "place")?;
            Some(Proposal {
                id: owned(proposal, "id")?,
                by: owned(proposal, "by")?,
                service: (time(place, "starts_at")?, time(place, "ends_at")?),
                place: span(place, "occupies")?,
                expires: time(proposal, "expires_at")?,
            })
        });
        Some(Self {
            id: owned(item, "id")?,
            provider: owned(item, "provider_id")?,
            customer: owned(item, "customer_id")?,
            offer: owned(item, "service_id")?,
            status: Status::read(text(item, "status")?)?,
            service: (time(item, "starts_at")?, time(item, "ends_at")?),
            place: span(item, "occupies")?,
            answer_by: time(item, "answer_by"),
            seats: number(item, "seats")?,
            proposal: proposal.map_or(Some(None), |proposal| proposal.map(Some))?,
            revision: number(item, "revision")?,
            free: text(inside(item, "terms")?, "reschedule") == Some("free"),
        })
    }
}

impl Hold {
    pub(super) fn read(item: &Attributes) -> Option<Self> {
        Some(Self {
            id: owned(item, "id")?,
            provider: owned(item, "provider_id")?,
            customer: owned(item, "customer_id")?,
            offer: owned(item, "service_id")?,
            service: (time(item, "starts_at")?, time(item, "ends_at")?),
            place: span(item, "occupies")?,
            seats: number(item, "seats")?,
            expires: time(item, "expires_at")?,
            created: time(item, "created_at")?,
        })
    }
}

impl Rules {
    pub(super) fn read(item: &Attributes) -> Option<Self> {
        let rules = inside(item, "rules")?;
        let weekly = rules.get("weekly")?.get("L")?.as_array()?;
        let range = weekly.first()?.get("M")?.as_object()?;
        let wall = |name| {
            let (hours, minutes) = text(range, name)?.split_once(':')?;
            Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
        };
        let kept = item.get("vacations").and_then(|list| list.get("L")?.as_array());
        let vacation = |vacation: &Value| {
            let vacation = vacation.get("M")?.as_object()?;
            Some((owned(vacation, "id")?, span(vacation, "time")?))
        };
        Some(Self {
            zone: owned(rules, "time_zone")?,
            hours: (wall("start")?, wall("end")?),
            buffers: (number(rules, "buffer_before_minutes")?, number(rules, "buffer_after_minutes")?),
            notice: number(rules, "min_notice_minutes")?,
            step: number(rules, "slot_step_minutes")?,
            caps: (number(rules, "max_bookings_per_day"), number(rules, "max_bookings_per_week")),
            vacations: kept.into_iter().flatten().map(vacation).collect::<Option<_>>()?,
        })
    }
}

impl Offer {
    pub(super) fn read(item: &Attributes) -> Option<Self> {
        let own = inside(item, "calendar")?;
        Some(Self {
            provider: owned(item, "provider_id")?,
            duration: number(item, "duration_minutes")?,
            seats: number(item, "seats")?,
            after: number(own, "buffer_after_minutes"),
            cap: number(own, "max_bookings_per_day"),
            instant: text(inside(item, "terms")?, "booking_type") == Some("instant"),
        })
    }
}

impl Entry {
    /// Reads `from/to/until/owner`, and `/service/lead/tail/seats` behind it.
    pub(super) fn read(line: &str) -> Option<Self> {
        let parts: Vec<&str> = line.split('/').collect();
        let number = |at: usize| parts.get(at)?.parse::<i64>().ok();
        let place = (number(0)?, number(1)?);
        let until = if parts.get(2)?.is_empty() { None } else { Some(number(2)?) };
        let given = match parts.len() {
            4 => None,
            8 => Some(Given {
                offer: parts[4].to_owned(),
                service: (place.0 + number(5)? * 60, place.1 - number(6)? * 60),
                seats: number(7)?,
            }),
            _ => return None,
        };
        Some(Self { owner: parts[3].to_owned(), place, until, given })
    }

    /// The lines of a day.
    pub(super) fn of_day(item: &Attributes) -> Option<Vec<Self>> {
        let lines = item.get("busy")?.get("L")?.as_array()?;
        lines.iter().map(|line| Self::read(line.get("S")?.as_str()?)).collect()
    }
}

/// The number of a date since 1970-01-01.
pub(super) fn day_number(date: &str) -> Option<i64> {
    let at: Timestamp = format!("{date}T00:00:00Z").parse().ok()?;
    Some(at.as_second().div_euclid(86_400))
}

/// The dates that a place touches.
pub(super) fn days_of((from, to): (i64, i64)) -> std::ops::RangeInclusive<i64> {
    from.div_euclid(86_400)..=(to - 1).div_euclid(86_400)
}
