//! The worker against a table, a mail server and a dead-letter queue over their protocols.

mod letters;
mod peers;

use banister_domain::account::{Account, AccountStatus};
use banister_domain::booking::{Actor, Booking, Command, Status};
use banister_domain::event::{BookingRef, Payload};
use banister_domain::id::{Id, UserId};
use banister_peers::hanging_up;
use banister_peers::people::{about, booking, customer, event, person, provider};
use banister_platform::config::Settings;
use banister_platform::identity::code::Codes;
use banister_platform::store::{AccountRecord, BookingRecord, CredentialsRecord, HistoryRecord};
use banister_queue_email::EmailWorker;
use jiff::SignedDuration;
use peers::{World, failures};

const CUSTOMER: &str = "customer@example.com";
const PROVIDER: &str = "provider@example.com";

async fn with_people() -> World {
    let world = World::start().await;
    for account in [person(customer(), CUSTOMER, "Robin"), person(provider(), PROVIDER, "Kim")] {
        world.peers.table.put(&AccountRecord(account)).await.expect("stored");
    }
    world
}

async fn with_booking(status: Status) -> World {
    let world = with_people().await;
    let booking = Booking { status, ..booking(world.peers.clock.now()) };
    world.peers.table.put(&BookingRecord(booking)).await.expect("stored");
    world
}

#[tokio::test]
async fn the_code_is_mailed_once() {
    let world = with_people().await;
    let unconfirmed = Account { email_confirmed: false, ..person(customer(), CUSTOMER, "Robin") };
    world.peers.table.put(&AccountRecord(unconfirmed)).await.expect("stored");
    let code_id = Id::from_parts(1, 5);
    let body = event(1, world.peers.clock.now(), Payload::AccountRegistered { user_id: customer(), code_id });
    assert!(world.deliver(&[&body, &body]).await.is_empty());
    // On another task, as the local cloud does.
    let (worker, again) = (world.worker.clone(), body.clone());
    let handled = tokio::spawn(async move { failures(&worker, &[&again], None).await });
    assert!(handled.await.expect("no panic").is_empty());
    let mails = world.mails();
    assert_eq!(world.recipients(), [CUSTOMER]);
    assert_eq!(
        mails[0].id,
        format!("{}.{}@example.org", Id::<banister_domain::id::EventKind>::from_parts(1, 1), customer())
    );
    let codes = Codes::from_settings(&world.peers.settings()).expect("codes");
    assert!(mails[0].text.lines().any(|line| line == codes.digits(code_id)), "{}", mails[0].text);
}

#[tokio::test]
async fn a_link_is_mailed_while_it_is_good_and_a_change_in_any_case() {
    let world = with_people().await;
    let (now, code_id) = (world.peers.clock.now(), Id::from_parts(1, 5));
    let asked = event(1, now, Payload::PasswordResetRequested { user_id: customer(), code_id });
    assert!(world.deliver(&[&asked, &asked]).await.is_empty());
    assert_eq!(world.recipients(), [CUSTOMER]);
    let codes = Codes::from_settings(&world.peers.settings()).expect("codes");
    let token = codes.reset_token(code_id);
    let link = format!("https://app.example.org/reset-password#token={}", token.expose());
    assert!(world.mails()[0].text.lines().any(|line| line == link), "{}", world.mails()[0].text);
    assert!(!asked.contains(token.expose()), "the event does not have it");

    let late = event(2, now, Payload::PasswordResetRequested { user_id: provider(), code_id });
    let nobody = event(3, now, Payload::PasswordResetRequested { user_id: Id::from_parts(1, 8), code_id });
    let confirmed = event(4, now, Payload::ConfirmationRequested { user_id: customer(), code_id });
    let changed = event(5, now, Payload::PasswordChanged { user_id: provider() });
    assert!(world.deliver(&[&nobody, &confirmed]).await.is_empty());
    world.peers.clock.advance(SignedDuration::from_mins(30));
    assert!(world.deliver(&[&late, &changed]).await.is_empty());
    assert_eq!(world.recipients(), [CUSTOMER, PROVIDER]);
    assert_eq!(world.mails()[1].subject, "Your password was changed");
    assert!(world.peers.dead().is_empty());
}

#[tokio::test]
async fn an_invitation_is_mailed_for_three_days_until_there_is_a_password() {
    let world = with_people().await;
    let credentials = |user_id, email: &str, hash: Option<&str>| CredentialsRecord {
        email: email.parse().expect("an address"),
        user_id,
        password_hash: hash.map(ToOwned::to_owned),
    };
    for record in
        [credentials(customer(), CUSTOMER, None), credentials(provider(), PROVIDER, Some("$argon2id$"))]
    {
        world.peers.table.put(&record).await.expect("stored");
    }
    let (now, code_id) = (world.peers.clock.now(), Id::from_parts(1, 5));
    let [invited, chosen, late] = [(1, customer()), (2, provider()), (3, customer())]
        .map(|(number, user_id)| event(number, now, Payload::AccountInvited { user_id, code_id }));
    world.peers.clock.advance(SignedDuration::from_mins(72 * 60 - 1));
    assert!(world.deliver(&[&invited, &invited, &chosen]).await.is_empty());
    world.peers.clock.advance(SignedDuration::from_mins(1));
    assert!(world.deliver(&[&late]).await.is_empty());
    assert_eq!(world.recipients(), [CUSTOMER]);
    let mail = &world.mails()[0];
    assert_eq!(mail.subject, "You are invited to Banister");
    let token = Codes::from_settings(&world.peers.settings()).expect("codes").reset_token(code_id);
    let link = format!("https://app.example.org/reset-password#token={}", token.expose());
    assert!(mail.text.lines().any(|line| line == link), "{}", mail.text);
    assert!(world.peers.dead().is_empty());
}

#[tokio::test]
async fn what_is_no_longer_true_is_not_mailed() {
    let world = with_booking(Status::Cancelled).await;
    let now = world.peers.clock.now();
    let code_id = Id::from_parts(1, 5);
    let disabled: UserId = Id::from_parts(1, 7);
    let off = Account { status: AccountStatus::Disabled, ..person(disabled, "off@example.com", "Off") };
    world.peers.table.put(&AccountRecord(off)).await.expect("stored");
    let missing: UserId = Id::from_parts(1, 8);
    let nowhere = BookingRef { booking_id: Id::from_parts(1, 9), ..about(Actor::Provider) };
    let bodies = [
        event(1, now, Payload::AccountRegistered { user_id: customer(), code_id }),
        event(2, now, Payload::RegistrationRepeated { user_id: disabled }),
        event(3, now, Payload::RegistrationRepeated { user_id: missing }),
        event(4, now, Payload::BookingRequested(about(Actor::Customer))),
        event(5, now, Payload::BookingConfirmed(nowhere)),
    ];
    assert!(world.deliver(&bodies.each_ref().map(String::as_str)).await.is_empty());
    assert!(world.mails().is_empty() && world.peers.dead().is_empty());
}

#[tokio::test]
async fn an_old_token_is_told_to_confirmed_owners_only() {
    let world = with_booking(Status::Requested).await;
    let (now, session_id) = (world.peers.clock.now(), Id::from_parts(1, 6));
    let unconfirmed = Account { email_confirmed: false, ..person(provider(), PROVIDER, "Kim") };
    world.peers.table.put(&AccountRecord(unconfirmed)).await.expect("stored");
    let bodies = [customer(), provider()]
        .map(|user_id| event(1, now, Payload::RefreshTokenReused { user_id, session_id }));
    for _ in 0..2 {
        assert!(world.deliver(&bodies.each_ref().map(String::as_str)).await.is_empty());
    }
    assert_eq!(world.recipients(), [CUSTOMER]);
}

#[tokio::test]
async fn a_request_confirmed_at_once_is_news_without_a_deadline() {
    let world = with_booking(Status::Confirmed).await;
    let body = event(1, world.peers.clock.now(), Payload::BookingRequested(about(Actor::Customer)));
    assert!(world.deliver(&[&body]).await.is_empty());
    assert_eq!(world.recipients(), [PROVIDER]);
    assert!(!world.mails()[0].text.contains("Please answer"), "{}", world.mails()[0].text);
}

#[tokio::test]
async fn a_request_or_code_past_its_time_is_not_mailed() {
    let world = with_booking(Status::Requested).await;
    let unconfirmed = Account { email_confirmed: false, ..person(customer(), CUSTOMER, "Robin") };
    world.peers.table.put(&AccountRecord(unconfirmed)).await.expect("stored");
    let now = world.peers.clock.now();
    let code_id = Id::from_parts(1, 5);
    let asked = event(1, now, Payload::BookingRequested(about(Actor::Customer)));
    let coded = event(2, now, Payload::AccountRegistered { user_id: customer(), code_id });
    world.peers.clock.advance(SignedDuration::from_hours(25));
    assert!(world.deliver(&[&asked, &coded]).await.is_empty());
    assert!(world.mails().is_empty());
}

#[tokio::test]
async fn of_two_mails_only_the_failed_one_is_sent_again() {
    let world = with_booking(Status::Expired).await;
    world.refuse(PROVIDER, "451 later");
    let body = event(1, world.peers.clock.now(), Payload::BookingExpired(about(Actor::Time)));
    assert_eq!(world.deliver(&[&body]).await, ["m0"]);
    assert_eq!(world.recipients(), [CUSTOMER]);
    world.accept(PROVIDER);
    assert!(world.deliver(&[&body]).await.is_empty());
    assert_eq!(world.recipients(), [CUSTOMER, PROVIDER]);
    assert!(world.peers.dead().is_empty());
}

#[tokio::test]
async fn a_mail_refused_for_good_keeps_no_other_back() {
    let world = with_booking(Status::Expired).await;
    world.refuse(CUSTOMER, "550 nobody here");
    let now = world.peers.clock.now();
    let expired = event(1, now, Payload::BookingExpired(about(Actor::Time)));
    let other = event(2, now, Payload::RegistrationRepeated { user_id: provider() });
    assert!(world.deliver(&[&expired, &other]).await.is_empty());
    assert_eq!(world.recipients(), [PROVIDER, PROVIDER]);
    let dead = world.peers.dead();
    assert_eq!(dead.len(), 1);
    let text = |name: &str| dead[0][name].as_str().expect("text");
    assert!(
        text("MessageBody").contains("booking.expired") && text("QueueUrl").ends_with("/1/dead"),
        "{dead:?}"
    );
}

#[tokio::test]
async fn what_is_no_event_goes_to_the_dead_letters_at_once() {
    let world = with_people().await;
    let unknown = r#"{"id":"evt_01KB2Q7S3H8Z6W4V5N9RXTMCDE","occurred_at":"2026-03-10T10:00:00Z","type":"moon.rose","data":{}}"#;
    assert!(world.deliver(&["not JSON", unknown]).await.is_empty());
    assert_eq!(world.peers.dead().len(), 2);
}

#[tokio::test]
async fn without_a_dead_letter_queue_poison_is_a_failure() {
    let world = with_people().await;
    let settings = world.peers.settings_but("AWS_ENDPOINT_URL_SQS", hanging_up().await);
    let worker = EmailWorker::from_settings(&settings, world.peers.clock.clone()).expect("a worker");
    assert_eq!(failures(&worker, &["not JSON"], None).await, ["m0"]);
}

#[tokio::test]
async fn without_a_table_or_time_messages_come_again() {
    let world = with_booking(Status::Requested).await;
    let body = event(1, world.peers.clock.now(), Payload::BookingRequested(about(Actor::Customer)));
    let other = event(2, world.peers.clock.now(), Payload::RegistrationRepeated { user_id: provider() });
    assert_eq!(
        failures(&world.worker, &[&body, &other, &body], Some(world.peers.clock.now())).await,
        ["m0", "m1", "m2"]
    );
    let settings = world.peers.settings_but("AWS_ENDPOINT_URL_DYNAMODB", hanging_up().await);
    let worker = EmailWorker::from_settings(&settings, world.peers.clock.clone()).expect("a worker");
    assert_eq!(failures(&worker, &[&body], None).await, ["m0"]);
    assert!(world.mails().is_empty() && world.peers.dead().is_empty());
    let later = world.peers.clock.now().saturating_add(SignedDuration::from_mins(1)).expect("a moment");
    assert!(failures(&world.worker, &[&body], Some(later)).await.is_empty());
    assert_eq!(world.recipients(), [PROVIDER]);
}

#[tokio::test]
async fn a_cancelled_booking_is_told_with_its_reason() {
    let world = with_people().await;
    let now = world.peers.clock.now();
    let change = booking(now)
        .change(Command::Cancel, Actor::Customer, "I am ill.".parse().ok(), now)
        .expect("a change");
    world.peers.table.put(&HistoryRecord::of(change.booking.id, change.history)).await.expect("stored");
    world.peers.table.put(&BookingRecord(change.booking)).await.expect("stored");
    assert!(world.deliver(&[&event(1, now, change.payload)]).await.is_empty());
    let mails = world.mails();
    assert_eq!(world.recipients(), [PROVIDER]);
    assert_eq!(mails[0].subject, "Cancelled: Deep massage");
    for words in ["Hello Kim,", "Customer: Robin", "> I am ill."] {
        assert!(mails[0].text.contains(words), "{words}: {}", mails[0].text);
    }
}

#[test]
fn settings_are_named_when_they_are_wrong() {
    let good = [
        ("TABLE_NAME", "banister"),
        ("APP_URL", "https://app.example.org"),
        ("CODE_KEY", "a key of thirty-two characters or more"),
        ("SMTP_URL", "smtp://127.0.0.1:1"),
        ("MAIL_FROM", "no-reply@example.org"),
        ("EMAIL_DEAD_LETTER_QUEUE_URL", "http://127.0.0.1:1/1/dead"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let worker = |name: &str, value: &str| {
        let mut all: std::collections::BTreeMap<_, _> =
            good.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.insert(name.to_owned(), value.to_owned());
        EmailWorker::from_settings(&Settings::from_map(all), banister_platform::clock::Clock::system())
    };
    assert!(worker("LOG_LEVEL", "info").is_ok());
    for (name, value) in [
        ("SMTP_URL", "http://user:secret@mail.example.org"),
        ("MAIL_FROM", "secret"),
        ("CODE_KEY", "secret"),
        ("APP_URL", "app.secret.example"),
        ("APP_URL", "https://app.example.org/?token=secret"),
        ("EMAIL_DEAD_LETTER_QUEUE_URL", ""),
    ] {
        let error = worker(name, value).err().expect("an error").to_string();
        assert!(error.starts_with(name) && !error.contains("secret"), "{error}");
    }
}
