//! Every sample of `events/` is fed to its handler as Lambda would, in a marketplace in which the
//! things it names exist, and gets the right answer.

mod answers;

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::SqsEvent;
use axum::Router;
use banister_domain::account::{Account, Password, Role};
use banister_domain::availability::{Seats, Vacation, Zone};
use banister_domain::booking::Request as BookingRequest;
use banister_domain::id::{BookingId, ServiceId, SessionId, UserId};
use banister_domain::job::{Erasure, Job, Work};
use banister_domain::photo::{Photo, PhotoType};
use banister_domain::service::{Service, ServiceStatus};
use banister_local::cloud::Cloud;
use banister_platform::clock::Clock;
use banister_platform::identity::Issuer;
use banister_platform::identity::feed::FeedToken;
use banister_platform::identity::password::Passwords;
use banister_platform::identity::refresh::{RefreshKey, RefreshToken};
use banister_platform::identity::ticket::Ticket;
use banister_platform::objects::{self, Bucket};
use banister_platform::store::{self, AccountRecord, CredentialsRecord, ServiceRecord};
use banister_platform::table::Table;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use lambda_http::request::LambdaRequest;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use answers::{ANSWERS, WORKERS};

use crate::documents::document;
use crate::support;

const CUSTOMER: &str = "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
const PROVIDER: &str = "usr_01KB2Q8A4N7Y5V3T1R9QWXMCDF";
const SUPER_ADMIN: &str = "usr_01KB2Q9B5D7F9H1K3N5R7TWYAC";
const STAFF: &str = "usr_01KB2Q9C6E8G0J2M4P6S8VXZBD";
const SERVICE: &str = "svc_01KB2QB6Y2D5F8H1K4N7QSTVWX";
const BOOKING: &str = "bkg_01KB2QHZ3K6N9Q2T5W8YABCDEF";
const SESSION: &str = "ses_01KB2QK7P0S3V6X9ZBDFHJMNQR";
const PHOTO: &str = "pho_01KB2QJ0M4P7R0S3V6X9ZBDFHK";
const VACATION: &str = "vac_01KB2QN9T2V5X8Z1CFHJMPRTVY";
const FEED: &str = "Jv8mQ2xT5wB9cKfR3hYpL6nZ1sDgU4aE7iOqWtXbMzA";
/// Two bookings of it are asked for.
const SERIES: &str = "ser_01KB2QR0T3W6Z9CFJMPSVY1479";
const SERIES_BOOKING: &str = "bkg_01KB2QR1V4X7A0DGKNQTWZ258B";
const JOB: &str = "job_01KB2QM8R1T4W7Z0CEGJKMPSVX";
const NOW: &str = "2025-11-27T10:15:30Z";

fn samples() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// A cloud at the samples' time, with the customer, the provider, the service and the booking that
/// they name.
async fn world() -> (Cloud, Table) {
    let cloud = support::cloud().await;
    let now: Timestamp = NOW.parse().unwrap();
    cloud.clock.advance(now.duration_since(cloud.clock.now()));
    let settings = cloud.settings("local-test");
    let table = Table::from_settings(&settings).unwrap();
    for (id, role, name) in [
        (CUSTOMER, Role::Customer, "customer"),
        (PROVIDER, Role::Provider, "provider"),
        (SUPER_ADMIN, Role::SuperAdmin, "admin"),
        (STAFF, Role::Management, "support"),
    ] {
        let email = format!("{name}.one@example.com").parse().unwrap();
        let names = (name.parse().unwrap(), "One".parse().unwrap());
        let account = Account {
            email_confirmed: true,
            second_factor: role == Role::SuperAdmin,
            ..Account::new(id.parse().unwrap(), email, role, names, now)
        };
        let password = Password::try_from("correct horse battery staple".to_owned()).unwrap();
        let password_hash = Passwords::from_settings(&settings).unwrap().hash(password).await.unwrap();
        let credentials = CredentialsRecord {
            email: account.email.clone(),
            user_id: account.id,
            password_hash: Some(password_hash),
        };
        table.put(&credentials).await.unwrap();
        table.put(&AccountRecord(account)).await.unwrap();
    }
    let service = service(now);
    table.put(&ServiceRecord(service.clone())).await.unwrap();
    let rules = json!({ "time_zone": "UTC", "weekly": [{ "day": "mon", "start": "08:00", "end": "20:00" }],
        "buffer_before_minutes": 0, "buffer_after_minutes": 0, "min_notice_minutes": 0, "horizon_days": 60,
        "slot_step_minutes": 60 });
    let rules = store::RulesRecord {
        provider_id: PROVIDER.parse().unwrap(),
        rules: serde_json::from_value(rules).unwrap(),
        vacations: Vec::new(),
    };
    let calendars = store::Calendars::new(table.clone());
    calendars.set_rules(&rules, 0).await.unwrap();
    let days = (date(2025, 12, 22), date(2025, 12, 28));
    let vacation = Vacation::new(VACATION.parse().unwrap(), days, None, &Zone::UTC).unwrap();
    let kept = calendars.rules(PROVIDER.parse().unwrap()).await.unwrap().unwrap();
    calendars.add_vacation(kept, &vacation, None, now).await.unwrap();
    let (provider_id, hash) = (PROVIDER.parse().unwrap(), FEED.parse::<FeedToken>().unwrap().hash());
    table.put(&store::FeedRecord { provider_id, hash: hash.clone(), created_at: now }).await.unwrap();
    table.put(&store::FeedLinkRecord { hash, provider_id }).await.unwrap();
    let request = BookingRequest {
        id: BOOKING.parse::<BookingId>().unwrap(),
        customer_id: CUSTOMER.parse().unwrap(),
        service,
        starts_at: "2025-12-01T15:00:00Z".parse().unwrap(),
        seats: Seats::MIN,
        extras: Vec::new(),
        price: None,
        location: Some("1 Example Street, Berlin".parse().unwrap()),
        note: None,
        series: None,
    };
    store::Bookings::new(table.clone())
        .reserve(&request, store::Claim::Booking(None), None, now)
        .await
        .unwrap();
    series(&table, now).await;
    let work = Work::EraseUser(Erasure::new(STAFF.parse().unwrap()));
    let job = Job::new(JOB.parse().unwrap(), work, SUPER_ADMIN.parse().unwrap(), None, now);
    table.put(&store::JobRecord(job)).await.unwrap();
    (cloud, table)
}

/// The series that the samples name.
async fn series(table: &Table, now: Timestamp) {
    let planned = |starts_at: &str, booking_id: &str, hold_id: &str| json!({ "starts_at": starts_at, "booking_id": booking_id, "hold_id": hold_id });
    let wanted = json!({ "duration": 60, "seats": 1, "price": { "amount": 9_000, "currency": "usd" },
        "location": "1 Example Street, Berlin" });
    let series = json!({ "id": SERIES, "customer_id": CUSTOMER, "provider_id": PROVIDER, "service_id": SERVICE,
        "rule": { "frequency": "weekly", "count": 2 }, "mode": "some", "changes": [], "created_at": now,
        "occurrences": [
            planned("2025-12-08T15:00:00Z", SERIES_BOOKING, "hld_01KB2QR1V4X7A0DGKNQTWZ258B"),
            planned("2025-12-15T15:00:00Z", "bkg_01KB2QR1V4X7A0DGKNQTWZ258C", "hld_01KB2QR1V4X7A0DGKNQTWZ258C"),
        ],
        "task": { "doing": { "book": wanted }, "actor": "customer", "actor_id": CUSTOMER, "at": now } });
    table.put(&store::SeriesRecord(serde_json::from_value(series).unwrap())).await.unwrap();
    Box::pin(store::SeriesStore::new(table.clone()).finish(SERIES.parse().unwrap(), now)).await.unwrap();
}

fn service(now: Timestamp) -> Service {
    let service = json!({ "id": SERVICE.parse::<ServiceId>().unwrap(), "provider_id": PROVIDER,
        "title": "Deep tissue massage", "description": "", "category": "massage",
        "price": { "amount": 9_000, "currency": "usd" }, "duration_minutes": 60, "location_kind": "at_customer",
        "status": ServiceStatus::Published, "created_at": now, "updated_at": now });
    serde_json::from_value(service).unwrap()
}

/// A session of the role's person: its access token and its refresh token.
async fn session(cloud: &Cloud, table: &Table, role: Role) -> (String, String) {
    let user = match role {
        Role::Customer => CUSTOMER,
        Role::Provider => PROVIDER,
        _ => SUPER_ADMIN,
    };
    let user: UserId = user.parse().unwrap();
    let session: SessionId = SESSION.parse().unwrap();
    let refresh = RefreshToken::issue(user, session);
    let now = cloud.clock.now();
    let account = store::Accounts::new(table.clone()).get(user).await.unwrap().unwrap();
    store::Sessions::new(table.clone())
        .begin(&refresh, store::SignIn::to(&account), store::Place::default(), "test".into(), now)
        .await
        .unwrap();
    let issuer = Issuer::from_settings(&cloud.settings("local-test")).unwrap();
    let key = RefreshKey::from_settings(&cloud.settings("local-test")).unwrap();
    (issuer.issue((user, session), (role, 0), now).unwrap().text, key.expose(&refresh))
}

/// The router of the area that an operation belongs to, as its function has it.
fn function(cloud: &Cloud, operation: &str) -> Router {
    let (settings, clock) = (cloud.settings("local-http"), cloud.clock.clone());
    let area = banister_local::api::operations().into_iter().find(|known| known.id == operation);
    match area.map_or("docs", |operation| operation.area) {
        "accounts" => banister_http_accounts::area()
            .into_router(banister_http_accounts::Accounts::from_settings(&settings, clock).unwrap()),
        "sessions" => banister_http_sessions::area()
            .into_router(banister_http_sessions::Sessions::from_settings(&settings, clock).unwrap()),
        "catalog" => banister_http_catalog::area()
            .into_router(banister_http_catalog::Catalog::from_settings(&settings, clock).unwrap()),
        "availability" => banister_http_availability::area()
            .into_router(banister_http_availability::Availability::from_settings(&settings, clock).unwrap()),
        "bookings" => banister_http_bookings::area()
            .into_router(banister_http_bookings::Bookings::from_settings(&settings, clock).unwrap()),
        "reviews" => banister_http_reviews::area()
            .into_router(banister_http_reviews::Reviews::from_settings(&settings, clock).unwrap()),
        "search" => banister_http_search::area()
            .into_router(banister_http_search::Search::from_settings(&settings, clock).unwrap()),
        "files" => banister_http_files::area()
            .into_router(banister_http_files::Files::from_settings(&settings, clock).unwrap()),
        "chat" => banister_http_chat::area()
            .into_router(banister_http_chat::Chat::from_settings(&settings, clock).unwrap()),
        "admin" => banister_http_admin::area()
            .into_router(banister_http_admin::Admin::from_settings(&settings, clock).unwrap()),
        "docs" => banister_http_docs::service(),
        other => panic!("no function for area {other}"),
    }
}

/// Whether the document says that such an answer has an `ETag`.
fn declares_tag(operation: &str, status: u16) -> bool {
    let operations = banister_local::api::operations();
    operations.iter().find(|known| known.id == operation).is_some_and(|known| {
        let described = &document()["paths"][&known.path][known.method.to_lowercase()];
        described["responses"][status.to_string()]["headers"]["ETag"].is_object()
    })
}

#[test]
fn every_sample_has_its_answer() {
    let known = ANSWERS.iter().map(|row| row.0).chain(WORKERS.iter().copied());
    let mut known: Vec<_> = known.map(ToOwned::to_owned).collect();
    known.sort();
    assert_eq!(samples().into_keys().collect::<Vec<_>>(), known);
}

#[tokio::test]
async fn http_samples_get_the_right_answer() {
    let samples = samples();
    for (operation, role, status) in ANSWERS {
        let (cloud, table) = world().await;
        let (access, refresh) = session(&cloud, &table, role.unwrap_or(Role::Customer)).await;
        let text = samples[*operation].replace("ACCESS_TOKEN", &access).replace("REFRESH_TOKEN", &refresh);
        let event: LambdaRequest = serde_json::from_str(&text).unwrap();
        let request: lambda_http::Request = event.into();
        let response = function(&cloud, operation).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let shown = String::from_utf8_lossy(&body[..body.len().min(500)]).into_owned();
        assert_eq!(parts.status.as_u16(), *status, "{operation}: {shown}");
        assert!(parts.headers.contains_key("x-request-id"), "{operation}");
        assert_eq!(parts.headers.contains_key("etag"), declares_tag(operation, *status), "{operation}");
        cloud.stop().await;
    }
}

#[tokio::test]
async fn the_relay_sample_reaches_the_queue() {
    let (cloud, _table) = world().await;
    cloud.quiet().await.unwrap();
    let relay =
        banister_stream_relay::Relay::from_settings(&cloud.settings("local-relay"), cloud.clock.clone());
    let event = serde_json::from_str(&samples()["relay"]).unwrap();
    assert!(relay.unwrap().handle(event, Timestamp::MAX).await.batch_item_failures.is_empty());
    // The request is the one that the world's booking told of already; its mail goes out again
    // under the sample's own event.
    let subject = |mail: &banister_local::mail::Mail| {
        mail.message_id.as_ref().is_some_and(|id| id.contains("evt_01KB2QJ0M4P7R0S3V6X9ZBDFHK"))
    };
    let mail = cloud.mailbox.wait_for(subject).await.unwrap();
    assert!(mail.is_to("provider.one@example.com"), "{mail:?}");
}

#[tokio::test]
async fn the_projections_sample_is_linked_once_and_counted_no_more_than_once() {
    let (cloud, table) = world().await;
    cloud.quiet().await.unwrap();
    let today = cloud.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let told = store::Statistics::new(table.clone()).tell(today, today).await.unwrap();
    let settings = cloud.settings("local-projections");
    let projections =
        banister_stream_projections::Projections::from_settings(&settings, cloud.clock.clone()).unwrap();
    for _ in 0..2 {
        let event = serde_json::from_str(&samples()["projections"]).unwrap();
        assert!(projections.handle(event, Timestamp::MAX).await.batch_item_failures.is_empty());
    }
    // The service is counted already, as a later version.
    assert_eq!(store::Statistics::new(table.clone()).tell(today, today).await.unwrap(), told);
    let verified = store::Audit::new(table).verify(today, cloud.clock.now()).await.unwrap();
    // The sample's record is not in the table.
    let removed = store::Finding::Removed { audit_id: "aud_01KB2QJ0M4P7R0S3V6X9ZBDFHK".into() };
    assert_eq!((verified.links, verified.findings), (1, vec![removed]));
}

#[tokio::test]
async fn the_email_sample_is_mailed() {
    let (cloud, _table) = world().await;
    cloud.quiet().await.unwrap();
    let provider = "provider.one@example.com";
    let many = || (cloud.mailbox.list(None).len(), cloud.mailbox.list(Some(provider)).len());
    let before = many();
    let worker =
        banister_queue_email::EmailWorker::from_settings(&cloud.settings("local-email"), cloud.clock.clone());
    let event = serde_json::from_str(&samples()["email"]).unwrap();
    assert!(worker.unwrap().handle(event, None).await.batch_item_failures.is_empty());
    assert_eq!(many(), (before.0 + 1, before.1 + 1));
}

#[tokio::test]
async fn the_samples_of_a_connection_open_use_and_close_it() {
    let (cloud, table) = world().await;
    session(&cloud, &table, Role::Customer).await;
    let (user, now) = (CUSTOMER.parse().unwrap(), cloud.clock.now());
    let (store, ticket) = (store::Connections::new(table), Ticket::issue());
    store.keep(&ticket, (user, SESSION.parse().unwrap(), 0), now).await.unwrap();
    let settings = cloud.settings("local-connections");
    let routes = banister_socket_connections::Connections::from_settings(&settings, cloud.clock.clone());
    let routes = routes.unwrap();
    let handle = async |name: &str| {
        let text = samples()[name].replace("CHAT_TICKET", ticket.expose());
        json!(routes.handle(serde_json::from_str(&text).unwrap()).await)
    };
    assert_eq!(handle("connect").await["statusCode"], 200);
    assert_eq!(store.of_user(user).await.unwrap().len(), 1);
    let again = handle("connect").await;
    assert_eq!(again["statusCode"], 401, "{again}");
    assert!(again["body"].as_str().is_some_and(|body| body.contains("invalid_ticket")), "{again}");
    assert_eq!(handle("frame").await["body"], r#"{"type":"pong","id":"1"}"#);
    assert_eq!(handle("disconnect").await["statusCode"], 200);
    assert!(store.of_user(user).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_socket_sample_is_told_to_nobody_who_is_gone() {
    let (cloud, table) = world().await;
    session(&cloud, &table, Role::Provider).await;
    let (user, now) = (PROVIDER.parse().unwrap(), cloud.clock.now());
    let (store, ticket) = (store::Connections::new(table), Ticket::issue());
    store.keep(&ticket, (user, SESSION.parse().unwrap(), 0), now).await.unwrap();
    store.open(&ticket, "bm9ib2R5Cg==", now).await.unwrap();
    cloud.clock.advance(SignedDuration::from_mins(1));
    let settings = cloud.settings("local-socket");
    let worker = banister_queue_socket::SocketWorker::from_settings(&settings, cloud.clock.clone());
    let event = serde_json::from_str(&samples()["socket"]).unwrap();
    assert!(worker.unwrap().handle(event, None).await.batch_item_failures.is_empty());
    assert!(store.of_user(user).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_jobs_sample_does_the_first_piece() {
    let (cloud, table) = world().await;
    let worker =
        banister_queue_jobs::JobsWorker::from_settings(&cloud.settings("local-jobs"), cloud.clock.clone());
    let worker = worker.unwrap();
    let event: SqsEvent = serde_json::from_str(&samples()["jobs"]).unwrap();
    // Not while requests may be under way.
    assert_eq!(worker.handle(event.clone(), None).await.batch_item_failures.len(), 1);
    cloud.clock.advance(SignedDuration::from_mins(1));
    assert!(worker.handle(event, None).await.batch_item_failures.is_empty());
    let job = store::Jobs::new(table).get(JOB.parse().unwrap()).await.unwrap().unwrap().value;
    assert!(job.revision > 0, "{job:?}");
}

#[tokio::test]
async fn the_media_sample_becomes_the_photo() {
    let picture = include_bytes!("../../../../functions/queue/media/tests/samples/progressive.jpg");
    let (cloud, table) = world().await;
    let (accounts, settings) = (store::Accounts::new(table), cloud.settings("local-media"));
    let (user, id, now) = (CUSTOMER.parse().unwrap(), PHOTO.parse().unwrap(), cloud.clock.now());
    let size = u64::try_from(picture.len()).unwrap().try_into().unwrap();
    let request = |photo: &Photo| photo.request(id, PhotoType::Jpeg, size, now);
    accounts.change_photo(user, request, None, now).await.unwrap();
    let uploads = Bucket::from_settings(&settings, "PRIVATE_BUCKET").unwrap();
    let key = objects::key::uploaded_photo(user, id);
    uploads.put(&key, "image/jpeg", "no-store", picture.to_vec()).await.unwrap();
    let worker = banister_queue_media::MediaWorker::from_settings(&settings, cloud.clock.clone()).unwrap();
    let event = serde_json::from_str(&samples()["media"]).unwrap();
    // The bucket told the queue as well: who is first does the work, and the other one nothing more.
    assert!(worker.handle(event, None).await.batch_item_failures.is_empty());
    cloud.quiet().await.unwrap();
    assert_eq!(accounts.get(user).await.unwrap().unwrap().value.photo.current(), Some(id));
    assert!(uploads.get(&key, 1).await.is_err());
    cloud.stop().await;
}

#[tokio::test]
async fn the_schedules_run_on_their_samples() {
    let (cloud, table) = world().await;
    cloud.quiet().await.unwrap();
    cloud.clock.advance(SignedDuration::from_hours(25));
    let (settings, clock): (_, Clock) = (cloud.settings("local-test"), cloud.clock.clone());
    for name in ["expire", "sweep"] {
        let event: Value = serde_json::from_str(&samples()[name]).unwrap();
        assert_eq!(event["source"], "aws.events", "{name}");
    }
    let deadline = clock.now() + SignedDuration::from_secs(20);
    let expired = banister_schedule_expire::Expire::from_settings(&settings, clock.clone())
        .unwrap()
        .run(deadline)
        .await;
    assert_eq!(expired.unwrap().done, 3, "the booking, and two of the series");
    let booking = store::Bookings::new(table).get(BOOKING.parse().unwrap()).await.unwrap().unwrap().value;
    assert_eq!(booking.status.as_str(), "expired");
    let sweep = banister_schedule_sweep::Sweep::from_settings(&settings, clock).unwrap().run(deadline).await;
    assert_eq!(sweep.unwrap().failed, 0);
}
