//! The table at rest, read as a whole and compared with what the commits added up to.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Booking, Entry, day_number};
use super::{Checked, FORM, LOST, Model, broken, latest};
use crate::peer::{Peer, number, text};

impl Model {
    /// Every booking has its whole history and one event of each change, every day is as the commits left it, and
    /// nothing else is there.
    pub fn at_rest(&self, peer: &Peer) -> Checked {
        let mut bookings = BTreeSet::new();
        let mut lines: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        let mut events: BTreeMap<String, usize> = BTreeMap::new();
        for item in peer.items() {
            match text(item, "t") {
                Some("booking") => {
                    let Some(booking) = Booking::read(item) else {
                        return broken(FORM, format!("{item:?}"));
                    };
                    if latest(self.bookings.get(&booking.id)) != Some(&booking) {
                        return broken(LOST, format!("{booking:?} is not what was committed"));
                    }
                    bookings.insert(booking.id);
                }
                Some("booking_history") => {
                    let id = text(item, "booking_id").unwrap_or_default().to_owned();
                    lines.entry(id).or_default().extend(number(item, "revision"));
                }
                Some("outbox") => {
                    let event = text(item, "event").unwrap_or_default();
                    let event: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
                    let id = event["data"]["booking_id"].as_str().unwrap_or_default().to_owned();
                    *events.entry(id).or_default() += 1;
                }
                Some("calendar_day") => self.day_at_rest(item)?,
                _ => {}
            }
        }
        for booking in self.bookings() {
            let whole: BTreeSet<i64> = (0..=booking.revision).collect();
            let told = events.get(&booking.id).copied();
            if !bookings.contains(&booking.id)
                || lines.get(&booking.id) != Some(&whole)
                || told != Some(whole.len())
            {
                let lines = lines.get(&booking.id);
                return broken(LOST, format!("{booking:?} has lines {lines:?} and {told:?} events"));
            }
        }
        let acknowledged = self.intentions.iter().flat_map(|intention| &intention.effects);
        for (_, _, shown) in acknowledged.filter(|(_, _, shown)| shown.id.starts_with("bkg_")) {
            if !bookings.contains(&shown.id) {
                return broken(LOST, format!("{shown:?} was made and is not there"));
            }
        }
        Ok(())
    }

    fn day_at_rest(&self, item: &crate::peer::Item) -> Checked {
        let provider = text(item, "provider_id").unwrap_or_default().to_owned();
        let day = text(item, "date").and_then(day_number).map(|day| (provider, day));
        let known = day.as_ref().and_then(|day| self.days.get(day));
        if known.is_some() && known == Entry::of_day(item).as_ref() {
            return Ok(());
        }
        broken(LOST, format!("{day:?} is not what was committed"))
    }
}
