//! Bookings as an iCalendar file (RFC 5545): the same bookings give the same file, byte for byte.
//! Why it is written here and what is left out of it: docs/decisions/0034-calendar-files.md.

mod line;
#[cfg(test)]
mod tests;
mod zone;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::availability::Zone;
use crate::booking::{Booking, Status};
use crate::id::BookingId;
use line::Lines;

/// Who wrote the file (3.7.3).
const PRODUCT: &str = "-//Banister//Bookings 1//EN";

/// Where an event stands (3.8.1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Tentative,
    Confirmed,
    Cancelled,
}

impl Standing {
    const fn of(status: Status) -> Self {
        match status {
            Status::Requested => Self::Tentative,
            // What has taken place stays where it was; so does the time of whoever waited in vain.
            Status::Confirmed | Status::Completed | Status::NoShow => Self::Confirmed,
            Status::Declined | Status::Cancelled | Status::Expired => Self::Cancelled,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Tentative => "TENTATIVE",
            Self::Confirmed => "CONFIRMED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A booking as an event of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: BookingId,
    standing: Standing,
    /// Grows with each change (3.8.7.4).
    sequence: u32,
    starts_at: Timestamp,
    ends_at: Timestamp,
    zone: Zone,
    created_at: Timestamp,
    changed_at: Timestamp,
    title: String,
    place: Option<String>,
    words: Option<String>,
}

impl Event {
    /// The booking as it stands at `now`, with all that its two sides see of it.
    #[must_use]
    pub fn of(booking: &Booking, now: Timestamp) -> Self {
        let status = booking.status_at(now);
        // It changed when its time came, whether somebody has written that down yet or not.
        let lapsed = booking.due_at().filter(|_| status != booking.status);
        Self {
            id: booking.id,
            standing: Standing::of(status),
            sequence: booking.revision.saturating_add(lapsed.is_some().into()),
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            zone: booking.time_zone.clone(),
            created_at: booking.created_at,
            changed_at: lapsed.unwrap_or(booking.updated_at),
            title: booking.service_title.as_str().to_owned(),
            place: booking.location.as_ref().map(|place| place.as_str().to_owned()),
            words: booking.note.as_ref().map(|note| note.as_str().to_owned()),
        }
    }

    /// Without what the customer says to the provider.
    #[must_use]
    pub fn without_note(self) -> Self {
        Self { words: None, ..self }
    }

    /// Whether it takes place, as far as is known.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.standing != Standing::Cancelled
    }

    /// Start and end on the clock of the zone; none where that clock does not say which instants are meant: a
    /// time that comes twice means the first one (3.3.5).
    fn local(&self) -> Option<(DateTime, DateTime)> {
        let local = |at: Timestamp| {
            let shown = self.zone.rules().to_datetime(at);
            let meant = self.zone.rules().to_timestamp(shown).ok()?;
            (meant == at).then_some(shown)
        };
        if self.zone == Zone::UTC { None } else { Some((local(self.starts_at)?, local(self.ends_at)?)) }
    }

    fn write(&self, lines: &mut Lines) {
        lines.property("BEGIN", "VEVENT");
        lines.property("UID", &self.id.to_string());
        lines.property("DTSTAMP", &utc(self.changed_at));
        lines.property("CREATED", &utc(self.created_at));
        lines.property("LAST-MODIFIED", &utc(self.changed_at));
        lines.property("SEQUENCE", &self.sequence.to_string());
        lines.property("STATUS", self.standing.as_str());
        if let Some((start, end)) = self.local() {
            lines.property(&format!("DTSTART;TZID={}", self.zone), &civil(start));
            lines.property(&format!("DTEND;TZID={}", self.zone), &civil(end));
        } else {
            lines.property("DTSTART", &utc(self.starts_at));
            lines.property("DTEND", &utc(self.ends_at));
        }
        lines.text("SUMMARY", &self.title);
        if let Some(place) = &self.place {
            lines.text("LOCATION", place);
        }
        if let Some(words) = &self.words {
            lines.text("DESCRIPTION", words);
        }
        lines.property("TRANSP", if self.stands() { "OPAQUE" } else { "TRANSPARENT" });
        lines.property("END", "VEVENT");
    }
}

/// One booking as a file to be taken into a calendar.
#[must_use]
pub fn file(event: &Event) -> String {
    write(std::slice::from_ref(event), &[])
}

/// Bookings as a calendar to subscribe to, under a name, to be looked at once an hour (RFC 7986, 5.1 and 5.7).
#[must_use]
pub fn feed(name: &str, events: &[Event]) -> String {
    write(events, &[("NAME", name), ("X-WR-CALNAME", name)])
}

fn write(events: &[Event], names: &[(&str, &str)]) -> String {
    let mut lines = Lines::default();
    lines.property("BEGIN", "VCALENDAR");
    lines.property("VERSION", "2.0");
    lines.property("PRODID", PRODUCT);
    lines.property("CALSCALE", "GREGORIAN");
    for (property, name) in names {
        lines.text(property, name);
    }
    if !names.is_empty() {
        lines.property("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    }
    for (zone, first, last) in zones(events) {
        zone::write(&mut lines, &zone, first, last);
    }
    for event in events {
        event.write(&mut lines);
    }
    lines.property("END", "VCALENDAR");
    lines.into_text()
}

/// The zones that events name, by name, each with its first start and last end.
fn zones(events: &[Event]) -> impl Iterator<Item = (Zone, Timestamp, Timestamp)> {
    let mut zones = BTreeMap::<&str, (Zone, Timestamp, Timestamp)>::new();
    for event in events.iter().filter(|event| event.local().is_some()) {
        let new = || (event.zone.clone(), event.starts_at, event.ends_at);
        let (_, first, last) = zones.entry(event.zone.name()).or_insert_with(new);
        *first = event.starts_at.min(*first);
        *last = event.ends_at.max(*last);
    }
    zones.into_values().collect::<Vec<_>>().into_iter()
}

/// A moment in UTC (3.3.5, form 2), whole seconds.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A moment on a clock (3.3.5, forms 1 and 3), whole seconds.
fn civil(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}
