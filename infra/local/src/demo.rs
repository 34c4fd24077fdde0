//! A small marketplace to look at, made over the API like any other.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, ClientError, PASSWORD};
use crate::cloud::Cloud;

struct Offer {
    provider: &'static str,
    time_zone: &'static str,
    hours: (&'static str, &'static str),
    services: &'static [(&'static str, &'static str, &'static str, i64, &'static str, u16, &'static str)],
}

const OFFERS: &[Offer] = &[
    Offer {
        provider: "Provider One",
        time_zone: "Europe/Lisbon",
        hours: ("09:00", "18:00"),
        services: &[
            ("Deep tissue massage", "One hour, oil included.", "massage", 6_500, "eur", 60, "at_provider"),
            (
                "Back and neck massage",
                "Half an hour for desk workers.",
                "massage",
                3_800,
                "eur",
                30,
                "at_provider",
            ),
        ],
    },
    Offer {
        provider: "Provider Two",
        time_zone: "America/New_York",
        hours: ("08:00", "16:00"),
        services: &[
            (
                "Home cleaning, up to 80 m²",
                "Two hours; we bring everything.",
                "cleaning",
                9_000,
                "usd",
                120,
                "at_customer",
            ),
            (
                "Window cleaning",
                "Up to ten windows, inside and out.",
                "cleaning",
                7_500,
                "usd",
                90,
                "at_customer",
            ),
        ],
    },
    Offer {
        provider: "Provider Three",
        time_zone: "Asia/Tokyo",
        hours: ("10:00", "20:00"),
        services: &[(
            "Japanese conversation",
            "Fifty minutes over video.",
            "lessons",
            4_000,
            "jpy",
            50,
            "online",
        )],
    },
];

/// Fills an empty marketplace; on one that was filled before, does nothing but say so. Answers what
/// to try.
pub async fn fill(cloud: &Cloud) -> Result<String, ClientError> {
    let mut first = Client::stranger(&cloud.url())?;
    first.email = "customer.one@example.com".into();
    if first.sign_in().await.is_err() {
        let mut services = Vec::new();
        for offer in OFFERS {
            services.push(open(cloud, offer).await?);
        }
        let customers = [
            Client::join(cloud, "customer", "Customer One").await?,
            Client::join(cloud, "customer", "Customer Two").await?,
        ];
        bookings(cloud, &services, &customers).await?;
    }
    Ok(format!(
        "The demo is ready. Sign in as customer.one@example.com, customer.two@example.com or\n\
         provider.one@example.com, provider.two@example.com, provider.three@example.com,\n\
         password: {PASSWORD}"
    ))
}

/// A provider with open hours on weekdays and published services.
async fn open(cloud: &Cloud, offer: &Offer) -> Result<(Client, Vec<String>), ClientError> {
    let provider = Client::join(cloud, "provider", offer.provider).await?;
    provider
        .patch("/v1/me", &json!({ "time_zone": offer.time_zone }))
        .await?
        .expect(StatusCode::OK, "zone")?;
    let weekly: Vec<_> = ["mon", "tue", "wed", "thu", "fri"]
        .map(|day| json!({ "day": day, "start": offer.hours.0, "end": offer.hours.1 }))
        .into();
    let rules = json!({ "time_zone": offer.time_zone, "weekly": weekly, "buffer_before_minutes": 0,
        "buffer_after_minutes": 15, "min_notice_minutes": 120, "horizon_days": 60, "slot_step_minutes": 30 });
    provider.put("/v1/me/calendar", &rules).await?.expect(StatusCode::OK, "calendar")?;
    let mut ids = Vec::new();
    for (title, description, category, amount, currency, minutes, location_kind) in offer.services {
        let ask = json!({ "title": title, "description": description, "category": category,
            "price": { "amount": amount, "currency": currency }, "duration_minutes": minutes,
            "location_kind": location_kind });
        let service = provider.post("/v1/services", &ask).await?.expect(StatusCode::CREATED, "service")?;
        let id = service["id"].as_str().unwrap_or_default().to_owned();
        provider.act(&format!("/v1/services/{id}/publish")).await?.expect(StatusCode::OK, "publish")?;
        ids.push(id);
    }
    provider.upload_photo("image/png", picture(offer.provider)).await?;
    Ok((provider, ids))
}

/// A photo in the colours of a name: a disc before a background that fades.
fn picture(name: &str) -> Vec<u8> {
    const SIDE: u32 = 256;
    let hue = name.bytes().fold(0_u8, |hue, byte| hue.wrapping_mul(31).wrapping_add(byte));
    let image = image::RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let disc = x.abs_diff(SIDE / 2).pow(2) + y.abs_diff(SIDE / 2).pow(2) < (SIDE / 4).pow(2);
        let light = u8::try_from((x + y) / 4).unwrap_or(u8::MAX) + if disc { 96 } else { 0 };
        image::Rgb([light, hue, 255 - hue])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, image::ImageFormat::Png).expect("a PNG of plain pixels is written to memory");
    file.into_inner()
}

/// Some bookings: one that waits, one agreed, one declined, one called off.
async fn bookings(
    cloud: &Cloud,
    services: &[(Client, Vec<String>)],
    customers: &[Client; 2],
) -> Result<(), ClientError> {
    let today = cloud.clock.now().to_zoned(TimeZone::UTC).date();
    let plans =
        [(0, 0, 0, None), (0, 1, 1, Some("confirm")), (1, 0, 0, Some("decline")), (2, 0, 1, Some("confirm"))];
    for (number, (provider, service, customer, answer)) in plans.into_iter().enumerate() {
        let (owner, ids) = &services[provider];
        let (id, customer) = (&ids[service], &customers[customer]);
        let Some(start) = some_slot(customer, id, today, number).await? else { continue };
        let mut ask = json!({ "service_id": id, "starts_at": start, "note": "Looking forward to it." });
        if provider == 1 {
            ask["location"] = "12 Harbour Street, Springfield".into();
        }
        let key = format!("demo-booking-{number}");
        let headers = [("idempotency-key", key.as_str())];
        let made = customer.call(reqwest::Method::POST, "/v1/bookings", &headers, Some(&ask)).await?;
        let booking = made.expect(StatusCode::CREATED, "book")?;
        let path = format!("/v1/bookings/{}", booking["id"].as_str().unwrap_or_default());
        if let Some(answer) = answer {
            owner.act(&format!("{path}/{answer}")).await?.expect(StatusCode::OK, answer)?;
        }
        if number == 3 {
            let reason = json!({ "reason": "Something came up." });
            customer.post(&format!("{path}/cancel"), &reason).await?.expect(StatusCode::OK, "cancel")?;
        }
    }
    Ok(())
}

/// A free slot of the coming ten days, a later one for a higher number.
async fn some_slot(
    customer: &Client,
    service: &str,
    today: Date,
    number: usize,
) -> Result<Option<Value>, ClientError> {
    let last = today.saturating_add(10.days());
    let path = format!("/v1/services/{service}/slots?from={today}&to={last}");
    let slots = customer.get(&path).await?.expect(StatusCode::OK, "slots")?;
    let items = slots["items"].as_array().cloned().unwrap_or_default();
    let start = items.get(number * 7).or(items.first()).map(|slot| slot["starts_at"].clone());
    Ok(start)
}
