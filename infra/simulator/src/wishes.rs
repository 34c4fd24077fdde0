//! What is wanted next: mostly what others want, too.
#![expect(clippy::unnecessary_wraps, reason = "all kinds of wishes are thrown in the same way")]

use banister_domain::availability::Seats;
use banister_domain::booking::{Actor, Command};
use banister_domain::id::{BookingId, UserId};
use jiff::{SignedDuration, Timestamp};

use crate::ask::{Ask, Wish};
use crate::dice::Dice;
use crate::model::{Booking, Model, Status};
use crate::world::{self, World};

/// Throws one kind of wish; none where it cannot be had.
type Draw = fn(&mut Dice, &World, &Model, Timestamp) -> Option<Ask>;

/// How often each is wanted, of a thousand; what cannot be done becomes a booking.
const SHARES: [(Draw, usize); 13] = [
    (book, 330),
    (hold, 120),
    (book_hold, 70),
    (let_go, 40),
    (answer_request, 100),
    (cancel, 120),
    (reschedule, 90),
    (answer_proposal, 60),
    (conclude, 20),
    (sweep, 12),
    (vacation, 16),
    (rules, 12),
    (list, 10),
];

/// Throws what is wanted at `now`.
pub fn wish(dice: &mut Dice, world: &World, model: &Model, now: Timestamp) -> Ask {
    let throw = dice.below(1_000);
    let mut end = 0;
    let drawn = SHARES.iter().find(|(_, share)| {
        end += share;
        throw < end
    });
    let drawn = drawn.and_then(|(draw, _)| draw(dice, world, model, now));
    drawn.unwrap_or_else(|| Ask::Book(place(dice, world, now), None))
}

fn place(dice: &mut Dice, world: &World, now: Timestamp) -> Wish {
    let service = &world.services[dice.below(world.services.len())];
    Wish {
        customer: world.customers[dice.below(world.customers.len())],
        service: service.id,
        starts_at: world.start(dice, now),
        seats: world::seats(dice, service),
    }
}

fn book(dice: &mut Dice, world: &World, _: &Model, now: Timestamp) -> Option<Ask> {
    Some(Ask::Book(place(dice, world, now), None))
}

fn hold(dice: &mut Dice, world: &World, _: &Model, now: Timestamp) -> Option<Ask> {
    Some(Ask::Hold(place(dice, world, now)))
}

/// One of the holds that are kept, mostly the latest.
fn kept<'a>(dice: &mut Dice, model: &'a Model) -> Option<(&'a str, &'a str, &'a str, i64, i64)> {
    let holds: Vec<_> = model.holds().collect();
    let late = &holds[holds.len().saturating_sub(6)..];
    dice.pick(late).copied()
}

fn book_hold(dice: &mut Dice, _: &World, model: &Model, _: Timestamp) -> Option<Ask> {
    let (id, customer, service, start, seats) = kept(dice, model)?;
    let wish = Wish {
        customer: customer.parse().ok()?,
        service: service.parse().ok()?,
        starts_at: Timestamp::from_second(start).ok()?,
        seats: Seats::new(u16::try_from(seats).ok()?).ok()?,
    };
    Some(Ask::Book(wish, Some(id.parse().ok()?)))
}

fn let_go(dice: &mut Dice, _: &World, model: &Model, _: Timestamp) -> Option<Ask> {
    let (id, customer, ..) = kept(dice, model)?;
    Some(Ask::LetGo(customer.parse().ok()?, id.parse().ok()?))
}

/// One of the latest bookings that fit, or now and then any.
fn some(dice: &mut Dice, model: &Model, fits: impl Fn(&Booking) -> bool) -> Option<BookingId> {
    let any = dice.permille(100);
    let bookings: Vec<_> = model.bookings().filter(|booking| any || fits(booking)).collect();
    let late = &bookings[bookings.len().saturating_sub(12)..];
    dice.pick(late)?.id.parse().ok()
}

fn side(dice: &mut Dice) -> Actor {
    if dice.permille(500) { Actor::Customer } else { Actor::Provider }
}

fn answer_request(dice: &mut Dice, _: &World, model: &Model, _: Timestamp) -> Option<Ask> {
    let booking = some(dice, model, |booking| booking.status == Status::Requested)?;
    let command = if dice.permille(700) { Command::Confirm } else { Command::Decline };
    Some(Ask::Command(booking, command, Actor::Provider))
}

fn cancel(dice: &mut Dice, _: &World, model: &Model, _: Timestamp) -> Option<Ask> {
    let stands = |booking: &Booking| matches!(booking.status, Status::Requested | Status::Confirmed);
    let booking = some(dice, model, stands)?;
    if dice.permille(150) {
        return Some(Ask::StaffCancel(booking));
    }
    Some(Ask::Command(booking, Command::Cancel, side(dice)))
}

fn reschedule(dice: &mut Dice, world: &World, model: &Model, now: Timestamp) -> Option<Ask> {
    let booking = some(dice, model, |booking| booking.status == Status::Confirmed)?;
    let actor = if dice.permille(150) { Actor::Staff } else { side(dice) };
    let mut start = world.start(dice, now);
    if dice.permille(300) {
        // Close to where it is: the old and the new place overlap.
        let known = model.bookings().find(|known| known.id == booking.to_string())?;
        let beside = Timestamp::from_second(known.service.0).ok()?;
        start = beside + SignedDuration::from_mins(dice.between(-3, 3) * 15);
    }
    Some(Ask::Move(booking, start, actor))
}

fn answer_proposal(dice: &mut Dice, _: &World, model: &Model, _: Timestamp) -> Option<Ask> {
    let id = some(dice, model, |booking| booking.proposal.is_some())?;
    let known = model.bookings().find(|known| known.id == id.to_string())?;
    let proposal = known.proposal.as_ref()?;
    let other = if proposal.by == "customer" { Actor::Provider } else { Actor::Customer };
    let said = dice.permille(700).then_some(proposal.service.0);
    let said = said.and_then(|start| Timestamp::from_second(start).ok());
    Some(Ask::Answer(id, if dice.permille(900) { other } else { side(dice) }, said))
}

fn conclude(dice: &mut Dice, _: &World, model: &Model, now: Timestamp) -> Option<Ask> {
    let begun =
        |booking: &Booking| booking.status == Status::Confirmed && booking.service.0 <= now.as_second() + 30;
    let booking = some(dice, model, begun)?;
    let command = if dice.permille(500) { Command::Complete } else { Command::MarkNoShow };
    Some(Ask::Command(booking, command, Actor::Provider))
}

fn sweep(_: &mut Dice, _: &World, _: &Model, _: Timestamp) -> Option<Ask> {
    Some(Ask::Sweep)
}

fn vacation(dice: &mut Dice, world: &World, model: &Model, now: Timestamp) -> Option<Ask> {
    let vacations: Vec<(&str, &str)> = model.vacations().collect();
    if vacations.len() >= world.providers.len() || dice.permille(400) {
        let (provider, id) = dice.pick(&vacations)?;
        return Some(Ask::RemoveVacation(provider.parse().ok()?, id.parse().ok()?));
    }
    let provider = &world.providers[dice.below(world.providers.len())];
    Some(Ask::AddVacation(provider.id, world::vacation(dice, provider, now)?))
}

fn rules(dice: &mut Dice, world: &World, _: &Model, _: Timestamp) -> Option<Ask> {
    let provider = &world.providers[dice.below(world.providers.len())];
    Some(Ask::SetRules(Box::new(world::plan(dice, provider.id, provider.zone, provider.always))))
}

fn list(dice: &mut Dice, world: &World, _: &Model, _: Timestamp) -> Option<Ask> {
    let provider: UserId = world.providers[dice.below(world.providers.len())].id;
    Some(Ask::List(provider))
}
