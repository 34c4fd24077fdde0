//! Who there is in a round: a few providers with a few services each, and customers who all want the same hours.

use banister_domain::account::{Account, Email, Role};
use banister_domain::availability::{CalendarRules, Seats, Vacation};
use banister_domain::id::{Id, Kind, ServiceId, UserId};
use banister_domain::service::Service;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ask::Plan;
use crate::dice::Dice;

/// Zones whose clocks never change, with their minutes from UTC: the checker adds and is done.
pub const ZONES: [(&str, i64); 3] = [("UTC", 0), ("Asia/Kolkata", 330), ("America/Phoenix", -420)];

/// A provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Who.
    pub id: UserId,
    /// The services.
    pub services: Vec<ServiceId>,
    /// Which of [`ZONES`].
    pub zone: usize,
    /// Whether the plan is open day and night, so that places lie over midnight.
    pub always: bool,
}

/// Everybody and everything of a round, as it begins.
#[derive(Debug)]
pub struct World {
    /// The providers.
    pub providers: Vec<Provider>,
    /// Their accounts.
    pub accounts: Vec<Account>,
    /// Their plans.
    pub plans: Vec<Plan>,
    /// All services.
    pub services: Vec<Service>,
    /// The customers.
    pub customers: Vec<UserId>,
    /// A member of staff.
    pub staff: UserId,
    /// The first moment.
    pub begins: Timestamp,
}

/// An identifier made at `now`.
pub fn id<K: Kind>(dice: &mut Dice, now: Timestamp) -> Id<K> {
    let random = u128::from(dice.next()) << 64 | u128::from(dice.next());
    Id::from_parts(u64::try_from(now.as_millisecond()).unwrap_or(0), random)
}

impl World {
    /// Throws a round's world.
    #[must_use]
    pub fn new(dice: &mut Dice) -> Self {
        // Some Monday and some days; weeks matter to limits.
        let day = 20_500 + dice.between(0, 13);
        let begins = Timestamp::from_second(day * 86_400 + 6 * 3_600).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut world = Self {
            providers: Vec::new(),
            accounts: Vec::new(),
            plans: Vec::new(),
            services: Vec::new(),
            customers: (0..12).map(|_| id(dice, begins)).collect(),
            staff: id(dice, begins),
            begins,
        };
        for number in 0..dice.between(2, 4) {
            world.add_provider(dice, number);
        }
        world
    }

    fn add_provider(&mut self, dice: &mut Dice, number: i64) {
        let begins = self.begins;
        let zone = dice.below(ZONES.len());
        let provider = id(dice, begins);
        let name = |text: &str| text.parse().expect("a name");
        let email: Email = format!("p{number}@example.com").parse().expect("an address");
        let account = Account::new(provider, email, Role::Provider, (name("Pat"), name("Provider")), begins);
        let always = dice.permille(500);
        let services: Vec<Service> =
            (0..dice.between(2, 3)).map(|_| service(dice, provider, begins)).collect();
        self.plans.push(plan(dice, provider, zone, always));
        let ids = services.iter().map(|service| service.id).collect();
        self.providers.push(Provider { id: provider, services: ids, zone, always });
        self.services.extend(services);
        self.accounts.push(account);
    }

    /// A start that is likely to be wanted by others, too.
    pub fn start(&self, dice: &mut Dice, now: Timestamp) -> Timestamp {
        let hot = dice.permille(600);
        let step = *dice.pick(&[15, 30, 60]).unwrap_or(&30);
        let minutes =
            if hot { dice.between(0, 8 * 60 / step) } else { dice.between(-4, 40 * 60 / step) } * step;
        let odd = if dice.permille(30) { dice.between(1, 14) } else { 0 };
        let hour = now.as_second().div_euclid(3_600) * 3_600;
        // The hot hours stay the same for six hours at a time.
        let from = if hot { now.as_second().div_euclid(6 * 3_600) * 6 * 3_600 + 14 * 3_600 } else { hour };
        let at = Timestamp::from_second(from).unwrap_or(now);
        at + SignedDuration::from_mins(minutes + odd)
    }

    /// The service of this id.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }
}

fn service(dice: &mut Dice, provider: UserId, now: Timestamp) -> Service {
    let seats = if dice.permille(300) { 3 } else { 1 };
    let duration = *dice.pick(&[30, 45, 60, 90]).unwrap_or(&60);
    let kind = if dice.permille(500) { "instant" } else { "on_request" };
    let moving = if dice.permille(500) { "free" } else { "consent" };
    let mut own = json!({});
    if dice.permille(300) {
        own["buffer_after_minutes"] = dice.between(0, 2).saturating_mul(15).into();
    }
    if dice.permille(150) {
        own["max_bookings_per_day"] = dice.between(2, 4).into();
    }
    read(json!({
        "id": id::<banister_domain::id::ServiceKind>(dice, now), "provider_id": provider, "title": "Massage",
        "description": "", "category": "massage", "price": { "amount": 1_000, "currency": "eur" },
        "duration_minutes": duration, "location_kind": "online", "seats": seats, "calendar": own,
        "terms": { "booking_type": kind, "reschedule": moving }, "status": "published",
        "created_at": now, "updated_at": now,
    }))
}

/// A provider's plan, as it is or becomes.
pub fn plan(dice: &mut Dice, provider: UserId, zone: usize, always: bool) -> Plan {
    let (open, close) = if always { ("00:00", "24:00") } else { ("08:00", "20:00") };
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly: Vec<_> = days.iter().map(|day| json!({ "day": day, "start": open, "end": close })).collect();
    let mut rules = json!({
        "time_zone": ZONES[zone].0, "weekly": weekly, "horizon_days": 60,
        "buffer_before_minutes": dice.between(0, 2) * 10, "buffer_after_minutes": dice.between(0, 2) * 15,
        "min_notice_minutes": dice.between(0, 1) * 60,
        "slot_step_minutes": dice.between(1, 2) * 15,
    });
    if dice.permille(150) {
        rules["max_bookings_per_day"] = dice.between(3, 8).into();
    }
    if dice.permille(100) {
        rules["max_bookings_per_week"] = dice.between(8, 20).into();
    }
    let rules: CalendarRules = read(rules);
    Plan { provider, rules }
}

/// What was just written as JSON, as what it is.
fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the world is thrown in the form of the domain")
}

/// How many seats somebody wants of a service.
pub fn seats(dice: &mut Dice, service: &Service) -> Seats {
    let most = i64::from(service.seats.get()).min(2);
    let wanted = u16::try_from(dice.between(1, most)).unwrap_or(1);
    Seats::new(wanted).unwrap_or(Seats::MIN)
}

/// A vacation of one or two days that begins soon.
pub fn vacation(dice: &mut Dice, provider: &Provider, now: Timestamp) -> Option<Vacation> {
    let zone: banister_domain::availability::Zone = ZONES[provider.zone].0.parse().ok()?;
    let today = now.to_zoned(zone.rules().clone()).date();
    let from = today.checked_add(jiff::Span::new().days(dice.between(1, 4))).ok()?;
    let to = from.checked_add(jiff::Span::new().days(dice.between(0, 1))).ok()?;
    Vacation::new(id(dice, now), (from, to), None, &zone).ok()
}
