//! `/v1/me/dashboard`: what is next and what waits, by role.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::{Client, PASSWORD};
use serde_json::{Value, json};

use super::{booked, market};
use crate::support::counters::counters_agree;
use crate::support::{body, customer, each, open, pass, provider, service, stranger, text};

async fn dashboard(who: &Client) -> Value {
    body(who.get("/v1/me/dashboard").await.unwrap(), 200)
}

/// The ids in a list of a section.
fn ids(section: &Value, list: &str) -> Vec<String> {
    each(&json!({ "items": section[list] }), "id")
}

fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn both_sides_see_what_is_next_and_how_it_stands() {
    let (cloud, one, service, customer) = market().await;
    let mut made = Vec::new();
    for start in ["03T09:00", "03T11:00", "04T10:00", "05T10:00", "06T10:00", "07T10:00", "08T10:00"] {
        made.push(booked(&customer, &service, &format!("2026-03-{start}:00Z")).await);
    }
    for (number, command) in [(0, "confirm"), (1, "decline"), (2, "confirm"), (3, "cancel")] {
        body(one.act(&format!("{}/{command}", made[number])).await.unwrap(), 200);
    }
    let these = |numbers: &[usize]| numbers.iter().map(|number| id(&made[*number])).collect::<Vec<_>>();
    let counts = json!({ "requested": 3, "confirmed": 2, "declined": 1, "cancelled": 1, "expired": 0,
        "completed": 0, "no_show": 0 });
    let price = body(customer.get(&format!("/v1/services/{service}")).await.unwrap(), 200)["price"].take();
    let booked = json!([{ "amount": price["amount"].as_i64().unwrap() * 2, "currency": price["currency"] }]);
    cloud.quiet().await.unwrap();

    let shown = dashboard(&customer).await;
    assert_eq!(
        (text(&shown, "role"), &shown["provider"], &shown["staff"]),
        ("customer", &Value::Null, &Value::Null)
    );
    assert_eq!(ids(&shown["customer"], "next_bookings"), these(&[0, 2, 4, 5, 6]));
    assert_eq!(ids(&shown["customer"], "requests"), these(&[4, 5, 6]));
    assert_eq!((&shown["customer"]["bookings"], &shown["customer"]["booked"]), (&counts, &booked));

    let shown = dashboard(&one).await;
    assert_eq!(
        (text(&shown, "role"), &shown["customer"], &shown["staff"]),
        ("provider", &Value::Null, &Value::Null)
    );
    let section = &shown["provider"];
    assert_eq!(ids(section, "next_bookings"), these(&[0, 2]));
    assert_eq!(ids(section, "requests"), these(&[4, 5, 6]));
    assert_eq!((&section["bookings"], &section["today"]), (&counts, &json!(0)));
    assert_eq!(section["booked"], booked);
    assert_eq!(section["services"], json!({ "draft": 0, "published": 1, "archived": 0 }));

    // The next day at ten: the first one is over and still one of today; the requests have expired.
    pass(&cloud, 26 * 3_600).await;
    let (mut one, mut customer) = (one, customer);
    one.sign_in().await.unwrap();
    customer.sign_in().await.unwrap();
    cloud.quiet().await.unwrap();
    let section = dashboard(&one).await["provider"].take();
    assert_eq!(ids(&section, "next_bookings"), these(&[2]));
    assert_eq!((&section["requests"], &section["today"]), (&json!([]), &json!(1)));
    assert_eq!(section["bookings"]["expired"], 3);
    // Where the provider is, that day is over.
    open(&one, json!({ "time_zone": "Pacific/Kiritimati" })).await;
    assert_eq!(dashboard(&one).await["provider"]["today"], 0);
    let section = dashboard(&customer).await["customer"].take();
    assert_eq!((ids(&section, "next_bookings"), &section["requests"]), (these(&[2]), &json!([])));
}

#[tokio::test]
async fn requests_stand_in_the_order_of_their_deadlines() {
    let (cloud, one, service, customer) = market().await;
    let late = booked(&customer, &service, "2026-03-09T10:00:00Z").await;
    pass(&cloud, 60).await;
    let later = booked(&customer, &service, "2026-03-05T10:00:00Z").await;
    let soon = booked(&customer, &service, "2026-03-02T12:00:00Z").await;
    for (who, section) in [(&one, "provider"), (&customer, "customer")] {
        let shown = dashboard(who).await[section].take();
        assert_eq!(ids(&shown, "requests"), [id(&soon), id(&late), id(&later)]);
        assert_eq!(shown["requests"][0]["answer_by"], "2026-03-02T12:00:00Z");
    }
}

/// More than a page of them has.
#[tokio::test]
async fn all_are_counted_and_nobody_elses() {
    let (cloud, one, service, customer) = market().await;
    for number in 0..51 {
        let start = format!("2026-03-{:02}T{:02}:00:00Z", 3 + number / 10, 8 + number % 10);
        booked(&customer, &service, &start).await;
    }
    let other = self::customer(&cloud, "Customer Two").await;
    booked(&other, &service, "2026-03-09T10:00:00Z").await;
    cloud.quiet().await.unwrap();
    for (who, section, many) in [(&customer, "customer", 51), (&other, "customer", 1), (&one, "provider", 52)]
    {
        assert_eq!(dashboard(who).await[section]["bookings"]["requested"], many, "{section}");
    }
    counters_agree(&cloud).await;
}

/// It waits for the other side, and for nobody once it is answered.
#[tokio::test]
async fn a_proposed_time_waits_for_the_other_side() {
    let (_cloud, one, service, customer) = market().await;
    let terms = json!({ "terms": { "reschedule": "consent" } });
    body(one.patch(&format!("/v1/services/{service}"), &terms).await.unwrap(), 200);
    let path = booked(&customer, &service, "2026-03-04T10:00:00Z").await;
    body(one.act(&format!("{path}/confirm")).await.unwrap(), 200);
    let waits = async || {
        let of = async |who: &Client, section: &str| ids(&dashboard(who).await[section], "proposals");
        [of(&customer, "customer").await, of(&one, "provider").await]
    };
    let reschedule = format!("{path}/reschedule");
    let (nobody, this) = (Vec::<String>::new(), vec![id(&path)]);
    body(one.post(&reschedule, &json!({ "starts_at": "2026-03-05T15:00:00Z" })).await.unwrap(), 200);
    assert_eq!(waits().await, [this.clone(), nobody.clone()]);
    body(customer.post(&format!("{reschedule}/decline"), &json!({})).await.unwrap(), 200);
    assert_eq!(waits().await, [nobody.clone(), nobody.clone()]);
    body(customer.post(&reschedule, &json!({ "starts_at": "2026-03-05T15:00:00Z" })).await.unwrap(), 200);
    assert_eq!(waits().await, [nobody, this]);
}

#[tokio::test]
async fn what_of_the_account_waits_for_a_code() {
    let (cloud, _, _, customer) = market().await;
    let waits = async |who: &Client, section: &str| dashboard(who).await[section]["to_confirm"].take();
    assert_eq!(waits(&customer, "customer").await, json!([]));
    body(customer.patch("/v1/me", &json!({ "phone": "+12015550123" })).await.unwrap(), 200);
    assert_eq!(waits(&customer, "customer").await, json!(["phone"]));
    cloud.quiet().await.unwrap();
    let code = json!({ "code": customer.code_from_mail(&cloud).await.unwrap() });
    assert_eq!(customer.post("/v1/me/phone/confirm", &code).await.unwrap().status, 204);
    assert_eq!(waits(&customer, "customer").await, json!([]));
    for role in ["customer", "provider"] {
        let mut new = stranger(&cloud);
        new.email = format!("new.{role}@example.com");
        let ask = json!({ "email": new.email, "password": PASSWORD, "role": role, "first_name": "New",
            "last_name": "One", "phone": if role == "customer" { "+12015550124" } else { "+12015550125" } });
        body(new.post("/v1/accounts", &ask).await.unwrap(), 201);
        new.sign_in().await.unwrap();
        assert_eq!(waits(&new, role).await, json!(["email", "phone"]));
    }
}

#[tokio::test]
async fn staff_see_what_their_permissions_let_them_act_on() {
    let (cloud, one, consultation, anna) = market().await;
    let (two, bert) = (provider(&cloud, "Provider Two").await, customer(&cloud, "Customer Two").await);
    let other = service(&two, 60).await;
    // Deadlines: the start where it is within a day, else a day from now.
    let mut made = Vec::new();
    for (who, service, start) in [
        (&anna, &consultation, "2026-03-02T16:00:00Z"),
        (&bert, &other, "2026-03-02T12:00:00Z"),
        (&anna, &consultation, "2026-03-02T14:00:00Z"),
        (&bert, &consultation, "2026-03-02T10:00:00Z"),
    ] {
        made.push(booked(who, service, start).await);
    }
    body(one.act(&format!("{}/confirm", made[2])).await.unwrap(), 200);
    let soonest: Vec<_> = [3, 1, 0].iter().map(|number| id(&made[*number])).collect();
    let staff = async |permission: Option<Permission>, name: &str| {
        let granted: Permissions = permission.into_iter().collect();
        let client = Client::staff(&cloud, Role::Management, granted, name).await.unwrap();
        dashboard(&client).await
    };
    let nothing = staff(None, "Support None").await;
    assert_eq!((text(&nothing, "role"), &nothing["customer"]), ("management", &Value::Null));
    assert_eq!(
        nothing["staff"],
        json!({ "expiring_requests": null, "newest_services": null, "market": null })
    );
    let bookings = staff(Some(Permission::BookingManagement), "Support Bookings").await["staff"].take();
    assert_eq!((ids(&bookings, "expiring_requests"), &bookings["newest_services"]), (soonest, &Value::Null));
    assert!(bookings["expiring_requests"][0].get("location").is_none(), "{bookings}");
    let services = staff(Some(Permission::ServiceManagement), "Support Services").await["staff"].take();
    assert_eq!(
        (ids(&services, "newest_services"), &services["expiring_requests"]),
        (vec![other, consultation], &Value::Null)
    );
    // What has expired waits for nobody.
    pass(&cloud, 2 * 3_600 + 60).await;
    let later = staff(Some(Permission::BookingManagement), "Support Later").await["staff"].take();
    assert_eq!(ids(&later, "expiring_requests"), [id(&made[1]), id(&made[0])]);
    assert_eq!(stranger(&cloud).get("/v1/me/dashboard").await.unwrap().status, 401);
}

#[tokio::test]
async fn accountants_see_how_the_market_does() {
    let (cloud, one, service, customer) = market().await;
    let first = booked(&customer, &service, "2026-04-03T09:00:00Z").await;
    body(one.act(&format!("{first}/confirm")).await.unwrap(), 200);
    // The next month: what was made before counts in all only, what was made on its first day in the month too.
    pass(&cloud, 30 * 86_400).await;
    provider(&cloud, "Provider Three").await;
    pass(&cloud, 86_400).await;
    let reports: Permissions = [Permission::FinancialReports].into_iter().collect();
    let staff = Client::staff(&cloud, Role::Accountant, reports, "Accountant One").await.unwrap();
    provider(&cloud, "Provider Two").await;
    cloud.quiet().await.unwrap();
    let shown = dashboard(&staff).await["staff"].take();
    assert_eq!((&shown["expiring_requests"], &shown["newest_services"]), (&Value::Null, &Value::Null));
    let market = &shown["market"];
    for (span, from, to) in
        [("today", "2026-04-02", "2026-04-02"), ("month", "2026-04-01", "2026-04-02"), ("totals", "", "")]
    {
        let query = if from.is_empty() { String::new() } else { format!("from={from}&to={to}&group=month") };
        let told = body(staff.get(&format!("/v1/admin/statistics?{query}")).await.unwrap(), 200);
        let told = if from.is_empty() { &told["totals"] } else { &told["periods"][0] };
        for kind in ["users", "services", "bookings", "booked"] {
            assert_eq!(market[span][kind], told[kind], "{span} {kind}");
        }
    }
    assert_eq!(market["today"]["users"]["provider"]["active"], 1);
    assert_eq!(market["month"]["users"]["provider"]["active"], 2);
    assert_eq!(
        (&market["month"]["bookings"]["confirmed"], &market["month"]["booked"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(market["totals"]["bookings"]["confirmed"], 1);
    assert_ne!(market["totals"]["booked"], json!([]));
}
