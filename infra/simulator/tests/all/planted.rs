//! The checker is shown histories with one thing wrong in them.

use std::sync::Arc;

use banister_domain::availability::Seats;
use banister_domain::booking::{Actor, BookingType, Command};
use banister_domain::id::{BookingId, UserId};
use banister_domain::service::Service;
use banister_platform::store::{AccountRecord, RulesRecord, ServiceRecord};
use banister_simulator::ask::{Ask, Denied, Outcome, Shown, Wish};
use banister_simulator::client::{Client, Delivery};
use banister_simulator::dice::Dice;
use banister_simulator::gate::Gate;
use banister_simulator::model::{LINEAR, LOST, Model, ONCE, OVERLAP, Violation};
use banister_simulator::peer::{Commit, text};
use banister_simulator::run::table;
use banister_simulator::world::{World, id};
use jiff::{SignedDuration, Timestamp};

use super::support::through;

/// One provider's calendar, served by the real code without any trouble.
pub(crate) struct Stage {
    pub(crate) gate: Gate,
    pub(crate) client: Client,
    pub(crate) model: Model,
    pub(crate) world: World,
    dice: Dice,
}

impl Stage {
    /// With a service that is booked at once, for one.
    pub(crate) async fn new(name: &str) -> Self {
        let at_once = |service: &Service| service.terms.booking_type == BookingType::Instant;
        Self::with(name, |service| service.seats == Seats::MIN && at_once(service)).await
    }

    /// With a first service that fits.
    pub(crate) async fn with(name: &str, fits: impl Fn(&Service) -> bool) -> Self {
        let (gate, table) = table(name.to_owned()).unwrap();
        let mut dice = Dice::new(1);
        let mut world = World::new(&mut dice);
        while !fits(&world.services[0]) {
            world = World::new(&mut dice);
        }
        let stage = Self { client: Client::new(table.clone()), gate, model: Model::default(), world, dice };
        stage.furnished(&table).await
    }

    async fn furnished(mut self, table: &banister_platform::table::Table) -> Self {
        let gate = &self.gate;
        for account in &self.world.accounts {
            through(gate, table.put(&AccountRecord(account.clone()))).await.unwrap();
        }
        for service in &self.world.services {
            through(gate, table.put(&ServiceRecord(service.clone()))).await.unwrap();
        }
        for plan in &self.world.plans {
            let rules = plan.rules.clone();
            let record = RulesRecord { provider_id: plan.provider, rules, vacations: Vec::new() };
            through(gate, table.put(&record)).await.unwrap();
        }
        self.gate.take_commits().iter().for_each(|commit| self.model.furnish(commit).unwrap());
        self
    }

    pub(crate) fn customer(&self, number: usize) -> UserId {
        self.world.customers[number]
    }

    /// A booking of the first service by this customer, so many hours ahead.
    fn book(&self, customer: usize, hours: i64) -> Ask {
        Ask::Book(
            Wish {
                customer: self.customer(customer),
                service: self.world.services[0].id,
                starts_at: self.world.begins + SignedDuration::from_hours(hours),
                seats: Seats::MIN,
            },
            None,
        )
    }

    /// A request of an intention, and what it came to, with the commits that the checker has not seen.
    pub(crate) async fn ask(
        &mut self,
        intention: usize,
        ask: &Ask,
        now: Timestamp,
    ) -> (usize, Outcome, Vec<Commit>) {
        let dice = Dice::new(self.dice.next());
        let key = format!("intention-{intention:08}");
        let delivery = Delivery { ask: ask.clone(), subject: self.customer(0), key, now, dice };
        let attempt = self.model.begin(intention, &delivery);
        self.gate.speak_for(attempt);
        let told = through(&self.gate, self.client.clone().serve(delivery)).await;
        (attempt, told, self.gate.take_commits())
    }

    /// A place that can be had: what was asked for, its commit, the request and its answer.
    async fn booked(&mut self) -> (Ask, usize, usize, Outcome, Commit) {
        for hours in 20..60 {
            let ask = self.book(1, hours);
            let intention = self.model.intend(&ask);
            let (attempt, told, commits) = self.ask(intention, &ask, self.world.begins).await;
            if matches!(told, Outcome::Fresh(_)) {
                let [commit] = <[Commit; 1]>::try_from(commits).unwrap();
                return (ask, intention, attempt, told, commit);
            }
            self.model.answer(attempt, &told).unwrap();
        }
        panic!("nothing is to be had");
    }
}

fn rule(checked: Result<(), Violation>) -> &'static str {
    checked.expect_err("the checker sees nothing").rule
}

/// The same commit with `from` for `to` in everything it writes.
fn renamed(commit: &Commit, number: u64, by: usize, names: &[(String, String)]) -> Commit {
    let mut commit = Commit { number, by: Some(by), ..commit.clone() };
    for write in &mut commit.writes {
        for (from, to) in names {
            write.place.0 = write.place.0.replace(from, to);
            write.place.1 = write.place.1.replace(from, to);
            let item = write.after.as_ref().map(|item| {
                let text = serde_json::to_string(&**item).unwrap().replace(from, to);
                Arc::new(serde_json::from_str(&text).unwrap())
            });
            write.after = item;
        }
    }
    commit
}

fn shown(told: &Outcome) -> Shown {
    let Outcome::Fresh(shown) = told else { panic!("{told:?} shows nothing") };
    shown.clone()
}

/// The commit of a booking as another client would have made it, who saw nobody.
async fn beside(stage: &mut Stage, name: &str) -> Commit {
    let (ask, _, attempt, told, commit) = stage.booked().await;
    stage.model.commit(&commit).unwrap();
    stage.model.answer(attempt, &told).unwrap();
    let Ask::Book(wish, _) = ask else { panic!("it was a booking") };
    let other = Ask::Book(Wish { customer: stage.customer(2), ..wish.clone() }, None);
    let intention = stage.model.intend(&other);
    let delivery = Delivery {
        ask: other,
        subject: stage.customer(0),
        key: name.into(),
        now: stage.world.begins,
        dice: Dice::new(2),
    };
    let by = stage.model.begin(intention, &delivery);
    let second: BookingId = id(&mut Dice::new(3), stage.world.begins);
    let names = [
        (shown(&told).id, second.to_string()),
        (stage.customer(1).to_string(), stage.customer(2).to_string()),
    ];
    renamed(&commit, commit.number + 1, by, &names)
}

#[tokio::test(start_paused = true)]
async fn what_really_took_place_is_right() {
    let mut stage = Stage::new("right").await;
    let (ask, intention, attempt, told, commit) = stage.booked().await;
    stage.model.commit(&commit).unwrap();
    stage.model.answer(attempt, &told).unwrap();
    let (again, replayed, commits) = stage.ask(intention, &ask, stage.world.begins).await;
    assert!(matches!(replayed, Outcome::Replayed(_)) && commits.is_empty(), "{replayed:?}");
    stage.model.answer(again, &replayed).unwrap();
    let Stage { gate, model, .. } = &stage;
    gate.peer(|peer| model.at_rest(peer)).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_place_given_twice_is_an_overlap() {
    let mut stage = Stage::new("overlap").await;
    let mut second = beside(&mut stage, "overlap-0001").await;
    // Both stand in the day, as if its version were no condition.
    for write in &mut second.writes {
        let Some(item) = write.after.as_mut().filter(|item| text(item, "t") == Some("calendar_day")) else {
            continue;
        };
        let lines = write.before.as_ref().and_then(|item| item["busy"]["L"].as_array().cloned());
        let item = Arc::make_mut(item);
        let busy = item["busy"]["L"].as_array_mut().unwrap();
        busy.extend(lines.into_iter().flatten());
    }
    assert_eq!(rule(stage.model.commit(&second)), LOST, "the first one stands in its day no more");
    let mut stage = Stage::new("overlap without its day").await;
    let mut second = beside(&mut stage, "overlap-0002").await;
    second
        .writes
        .retain(|write| write.after.as_ref().is_none_or(|item| text(item, "t") != Some("calendar_day")));
    assert_eq!(rule(stage.model.commit(&second)), LOST, "the second one stands in no day");
    let mut stage = Stage::new("overlap in the day").await;
    let second = beside(&mut stage, "overlap-0003").await;
    let first = stage.model.bookings().next().unwrap().id.clone();
    let mut both = second.clone();
    let kept = stage.gate.peer(|peer| {
        let day = |item: &&banister_simulator::peer::Item| text(item, "t") == Some("calendar_day");
        peer.items().filter(day).cloned().collect::<Vec<_>>()
    });
    for write in &mut both.writes {
        let old = kept.iter().find(|item| text(item, "SK") == Some(&write.place.1));
        if let (Some(old), Some(item)) = (old, write.after.as_mut()) {
            let lines = old["busy"]["L"].as_array().cloned().unwrap_or_default();
            let lines =
                lines.into_iter().filter(|line| line["S"].as_str().is_some_and(|line| line.contains(&first)));
            let lines: Vec<_> = lines.collect();
            Arc::make_mut(item)["busy"]["L"].as_array_mut().unwrap().extend(lines);
        }
    }
    assert_eq!(rule(stage.model.commit(&both)), OVERLAP);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_noticed() {
    for (missing, expected) in
        [("calendar_day", LOST), ("booking_history", LOST), ("outbox", LOST), ("receipt", ONCE)]
    {
        let mut stage = Stage::new(missing).await;
        let (.., mut commit) = stage.booked().await;
        commit
            .writes
            .retain(|write| write.after.as_ref().is_none_or(|item| text(item, "t") != Some(missing)));
        assert_eq!(rule(stage.model.commit(&commit)), expected, "without its {missing}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_effect_is_a_loss() {
    let mut stage = Stage::new("lost").await;
    let (_, _, attempt, told, _) = stage.booked().await;
    // The commit never comes.
    assert_eq!(rule(stage.model.answer(attempt, &told)), LOST);
}

#[tokio::test(start_paused = true)]
async fn a_second_effect_of_a_key_is_one_too_many() {
    let mut stage = Stage::new("twice").await;
    let (ask, intention, attempt, told, commit) = stage.booked().await;
    stage.model.commit(&commit).unwrap();
    stage.model.answer(attempt, &told).unwrap();
    let Ask::Book(wish, _) = &ask else { panic!("it was a booking") };
    // It is called off, so that its place is free, and made once more by the same key.
    let booking = shown(&told).id.parse().unwrap();
    let cancel = Ask::Command(booking, Command::Cancel, Actor::Customer);
    let off = stage.model.intend(&cancel);
    let (attempt, told, commits) = stage.ask(off, &cancel, stage.world.begins).await;
    commits.iter().for_each(|commit| stage.model.commit(commit).unwrap());
    stage.model.answer(attempt, &told).unwrap();
    let other = Ask::Book(wish.clone(), None);
    let (_, told, commits) = stage.ask(9_999_999, &other, stage.world.begins).await;
    assert!(matches!(told, Outcome::Fresh(_)), "{told:?}");
    let delivery = Delivery {
        ask,
        subject: stage.customer(0),
        key: "again".into(),
        now: stage.world.begins,
        dice: Dice::new(4),
    };
    let by = stage.model.begin(intention, &delivery);
    let second = Commit { by: Some(by), ..commits[0].clone() };
    assert_eq!(rule(stage.model.commit(&second)), ONCE);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_must_have_been_right_once() {
    let mut stage = Stage::new("stale").await;
    let (ask, _, _, _, _) = stage.booked().await;
    let refusals = [Denied::Taken, Denied::Full, Denied::CapReached, Denied::OutsideHours, Denied::TooSoon];
    for reason in refusals {
        let intention = stage.model.intend(&ask);
        let delivery = Delivery {
            ask: ask.clone(),
            subject: stage.customer(0),
            key: format!("stale-{reason:?}-0001"),
            now: stage.world.begins,
            dice: Dice::new(5),
        };
        let attempt = stage.model.begin(intention, &delivery);
        assert_eq!(rule(stage.model.answer(attempt, &Outcome::Denied(reason))), LINEAR, "{reason:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_must_fit_the_state() {
    let mut stage = Stage::new("state").await;
    let (_, _, attempt, told, commit) = stage.booked().await;
    stage.model.commit(&commit).unwrap();
    stage.model.answer(attempt, &told).unwrap();
    let booking: BookingId = shown(&told).id.parse().unwrap();
    let cancel = Ask::Command(booking, Command::Cancel, Actor::Customer);
    let intention = stage.model.intend(&cancel);
    let delivery = Delivery {
        ask: cancel,
        subject: stage.customer(0),
        key: "state-0001".into(),
        now: stage.world.begins,
        dice: Dice::new(6),
    };
    let attempt = stage.model.begin(intention, &delivery);
    assert_eq!(rule(stage.model.answer(attempt, &Outcome::WrongState)), LINEAR);
}
