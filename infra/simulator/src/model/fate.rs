//! What a commit did, in the words of bookings.

use std::fmt;

use serde_json::Value;

use super::facts::{Booking, Hold, Rules, Status};
use super::{FORM, LOST, Violation, broken, read};
use crate::ask::Shown;
use crate::peer::{Commit, Item, number, text};

/// A line of a history.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) booking: String,
    pub(super) revision: i64,
    pub(super) actor: String,
    pub(super) from: Option<Status>,
    pub(super) to: Option<Status>,
    /// Step and wanted start of a move.
    pub(super) step: Option<(String, i64)>,
}

/// A booking before and after, and what its history says of that.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// None where it was made.
    pub(super) before: Option<Booking>,
    pub(super) after: Booking,
    pub(super) line: Line,
}

impl Turn {
    /// Whether time did it.
    pub(super) fn by_time(&self) -> bool {
        self.line.actor == "time"
    }
}

/// What a commit did.
#[derive(Debug, Default)]
pub(super) struct Fate {
    pub(super) turns: Vec<Turn>,
    pub(super) held: Vec<Hold>,
    pub(super) released: Vec<Hold>,
    pub(super) added: Vec<String>,
    pub(super) removed: Vec<String>,
    pub(super) rules: Option<String>,
    pub(super) receipts: Vec<Option<Shown>>,
    /// Booking and type.
    pub(super) events: Vec<(String, String)>,
    /// Lines that were written anew.
    pub(super) rewritten: Vec<Line>,
    /// Sort keys of what was deleted and was not there.
    pub(super) vain: Vec<String>,
}

impl Fate {
    pub(super) fn read(commit: &Commit) -> Result<Self, Violation> {
        let mut fate = Self::default();
        let mut lines = Vec::new();
        let mut books = Vec::new();
        for write in &commit.writes {
            let (before, after) = (write.before.as_ref(), write.after.as_ref());
            let kind = after.or(before).and_then(|item| text(item, "t")).unwrap_or_default();
            match (kind, before, after) {
                ("booking", before, Some(item)) => {
                    let before = before.map(|item| self::read(item, Booking::read)).transpose()?;
                    let after = self::read(item, Booking::read)?;
                    if number(item, "v") != Some(after.revision + 1) {
                        return broken(LOST, format!("{}: version and revision", after.id));
                    }
                    books.push((before, after));
                }
                ("booking_history", None, Some(item)) => lines.push(line(item)?),
                ("booking_history", Some(_), Some(item)) => fate.rewritten.push(line(item)?),
                ("hold", None, Some(item)) => fate.held.push(self::read(item, Hold::read)?),
                ("hold", Some(item), None) => {
                    fate.released.push(self::read(item, Hold::read)?);
                }
                (_, None, None) => fate.vain.push(write.place.1.clone()),
                ("calendar_rules", Some(before), Some(after)) => fate.rules(before, after)?,
                ("receipt", _, Some(item)) => fate.receipts.push(shown(item)),
                ("outbox", None, Some(item)) => fate.events.push(event(item)?),
                ("calendar_day" | "calendar_week" | "audit", _, Some(_)) => {}
                (kind, _, _) => return broken(LOST, format!("{kind} is written as it must not be")),
            }
        }
        for (before, after) in books {
            let at = lines.iter().position(|line| {
                (line.booking.as_str(), line.revision) == (after.id.as_str(), after.revision)
            });
            let Some(at) = at else {
                return broken(LOST, format!("{} changes without a line of its history", after.id));
            };
            fate.turns.push(Turn { before, after, line: lines.swap_remove(at) });
        }
        match lines.first() {
            None => Ok(fate),
            Some(line) => broken(LOST, format!("a line of a history without a change: {line:?}")),
        }
    }

    fn rules(&mut self, before: &Item, after: &Item) -> Result<(), Violation> {
        let ids = |item| -> Result<Vec<String>, Violation> {
            Ok(read(item, Rules::read)?.vacations.into_iter().map(|(id, _)| id).collect())
        };
        let (old, new) = (ids(before)?, ids(after)?);
        self.added = new.iter().filter(|id| !old.contains(id)).cloned().collect();
        self.removed = old.into_iter().filter(|id| !new.contains(id)).collect();
        self.rules = text(after, "provider_id").map(str::to_owned);
        Ok(())
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Turn { after, line, .. } in &self.turns {
            let step = line.step.as_ref().map(|(step, _)| step.as_str()).unwrap_or_default();
            write!(
                f,
                "{} of {} revision {} {step} by {} is {:?} {:?}; ",
                after.id, after.provider, after.revision, line.actor, after.status, after.place,
            )?;
        }
        for hold in &self.held {
            write!(f, "{} of {} holds {:?} until {}; ", hold.id, hold.provider, hold.place, hold.expires)?;
        }
        for hold in &self.released {
            write!(f, "{} of {} is gone; ", hold.id, hold.provider)?;
        }
        if let Some(provider) = &self.rules {
            write!(f, "rules of {provider}, vacations added {:?} removed {:?}", self.added, self.removed)?;
        }
        Ok(())
    }
}

fn line(item: &Item) -> Result<Line, Violation> {
    let status = |name| text(item, name).and_then(Status::read);
    let step = item.get("reschedule").and_then(|step| {
        let step = step.get("M")?.as_object()?;
        let to: jiff::Timestamp = text(step, "to")?.parse().ok()?;
        Some((text(step, "step")?.to_owned(), to.as_second()))
    });
    let read = || {
        Some(Line {
            booking: text(item, "booking_id")?.to_owned(),
            revision: number(item, "revision")?,
            actor: text(item, "actor")?.to_owned(),
            from: status("from"),
            to: status("to"),
            step,
        })
    };
    read().map_or_else(|| broken(FORM, format!("{item:?}")), Ok)
}

fn shown(item: &Item) -> Option<Shown> {
    let body: Value = serde_json::from_str(text(item, "body")?).ok()?;
    Some(Shown {
        id: body["id"].as_str()?.to_owned(),
        revision: u32::try_from(body["revision"].as_u64()?).ok()?,
        starts_at: serde_json::from_value(body["starts_at"].clone()).ok()?,
    })
}

fn event(item: &Item) -> Result<(String, String), Violation> {
    let read = || {
        let event: Value = serde_json::from_str(text(item, "event")?).ok()?;
        Some((event["data"]["booking_id"].as_str()?.to_owned(), event["type"].as_str()?.to_owned()))
    };
    read().map_or_else(|| broken(FORM, format!("{item:?}")), Ok)
}
