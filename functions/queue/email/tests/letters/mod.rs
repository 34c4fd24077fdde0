//! The mails about accounts and services, each from its event to the mail server.

use banister_domain::account::{Email, Phone};
use banister_domain::availability::DurationMinutes;
use banister_domain::id::{CodeId, ServiceId};
use banister_domain::money::{Currency, Money, Price};
use banister_domain::service::{Category, Durations, Extras, LocationKind, Service};
use banister_platform::identity::refresh::RefreshToken;
use banister_platform::store::{
    Accounts, CodeRecord, CredentialsRecord, Place, Purpose, ServiceRecord, Sessions, SignIn,
};
use banister_platform::table::key;

use super::*;

const NEW: &str = "new@example.com";

fn subjects(world: &World) -> Vec<String> {
    let mut all: Vec<_> = world.mails().into_iter().map(|mail| mail.subject).collect();
    all.sort();
    all
}

fn digits(world: &World, code: CodeId) -> String {
    Codes::from_settings(&world.peers.settings()).expect("codes").digits(code)
}

async fn unconfirm(world: &World) {
    let account = Account { email_confirmed: false, ..person(customer(), CUSTOMER, "Robin") };
    world.peers.table.put(&AccountRecord(account)).await.expect("stored");
}

#[tokio::test]
async fn a_second_factor_and_its_recovery_codes_are_told() {
    let world = with_people().await;
    let (now, user_id) = (world.peers.clock.now(), customer());
    let news = [
        Payload::SecondFactorOn { user_id },
        Payload::SecondFactorOff { user_id },
        Payload::RecoveryCodeUsed { user_id },
        Payload::RecoveryCodesRenewed { user_id },
    ];
    let bodies = [1, 2, 3, 4].map(|number| event(number, now, news[number as usize - 1].clone()));
    for _ in 0..2 {
        assert!(world.deliver(&bodies.each_ref().map(String::as_str)).await.is_empty());
    }
    let told = [
        "A recovery code was used",
        "You have new recovery codes",
        "Your second factor is off",
        "Your second factor is on",
    ];
    assert_eq!(
        (subjects(&world), world.recipients()),
        (told.map(Into::into).into(), vec![CUSTOMER.into(); 4])
    );
    assert!(world.peers.dead().is_empty());
}

/// Whoever registers a stranger's address cannot have mail sent there again and again.
#[tokio::test]
async fn recovery_codes_are_told_to_confirmed_owners_only() {
    let world = with_people().await;
    unconfirm(&world).await;
    let (now, user_id) = (world.peers.clock.now(), customer());
    let used = event(1, now, Payload::RecoveryCodeUsed { user_id });
    let renewed = event(2, now, Payload::RecoveryCodesRenewed { user_id });
    assert!(world.deliver(&[&used, &renewed]).await.is_empty());
    assert!(world.mails().is_empty() && world.peers.dead().is_empty());
}

#[tokio::test]
async fn a_number_is_mailed_its_newest_code() {
    let world = with_people().await;
    let (now, user_id) = (world.peers.clock.now(), customer());
    let (old, id): (CodeId, CodeId) = (Id::from_parts(1, 5), Id::from_parts(1, 6));
    let phone = Phone::try_from("+12015550123".to_owned()).expect("a number");
    let expires_at = now.saturating_add(SignedDuration::from_mins(10)).expect("a moment");
    let purpose = Purpose::ConfirmPhone { phone };
    let code = CodeRecord { user_id, id, purpose, tries: 0, used: false, expires_at };
    world.peers.table.put(&code).await.expect("stored");
    let asked =
        |number, code_id| event(number, now, Payload::PhoneConfirmationRequested { user_id, code_id });
    assert!(world.deliver(&[&asked(1, old), &asked(2, id)]).await.is_empty());
    assert_eq!(world.recipients(), [CUSTOMER]);
    let mail = &world.mails()[0];
    assert_eq!(mail.subject, "Confirm your telephone number");
    assert!(mail.text.contains("+12015550123"), "{}", mail.text);
    assert!(mail.text.lines().any(|line| line == digits(&world, id)), "{}", mail.text);
    world.peers.clock.advance(SignedDuration::from_mins(10));
    assert!(world.deliver(&[&asked(3, id)]).await.is_empty());
    assert_eq!(world.mails().len(), 1);
}

/// Asks for another address of the customer's account; the code of it.
async fn wanted(world: &World, email: &str) -> CodeId {
    let accounts = Accounts::new(world.peers.table.clone());
    let email: Email = email.parse().expect("an address");
    let account = person(customer(), CUSTOMER, "Robin");
    let asked = accounts.request_email_change(&account, email, "test", world.peers.clock.now()).await;
    asked.expect("kept");
    let place = key::email_change_code(customer());
    world.peers.table.get::<CodeRecord>(&place).await.expect("an answer").expect("a code").value.id
}

#[tokio::test]
async fn another_address_is_mailed_a_code_and_the_old_one_the_news() {
    let world = with_people().await;
    let (now, user_id, table) = (world.peers.clock.now(), customer(), world.peers.table.clone());
    let credentials = CredentialsRecord {
        email: CUSTOMER.parse().expect("an address"),
        user_id,
        password_hash: Some("$argon2id$".to_owned()),
    };
    table.put(&credentials).await.expect("stored");
    let code_id = wanted(&world, NEW).await;
    let asked = event(1, now, Payload::EmailChangeRequested { user_id, code_id });
    assert!(world.deliver(&[&asked, &asked]).await.is_empty());
    assert_eq!(world.recipients(), [CUSTOMER, NEW]);
    let (to_new, to_old): (Vec<_>, Vec<_>) = world.mails().into_iter().partition(|mail| mail.to == NEW);
    assert_eq!(to_new[0].subject, "Confirm your new e-mail address");
    assert!(to_new[0].text.lines().any(|line| line == digits(&world, code_id)), "{}", to_new[0].text);
    assert!(!to_new[0].text.contains("Robin"), "it may be a stranger's: {}", to_new[0].text);
    assert_eq!(to_old[0].subject, "A new e-mail address was asked for");

    let accounts = Accounts::new(table.clone());
    let account = accounts.get(user_id).await.expect("an answer").expect("an account");
    let token = RefreshToken::issue(user_id, Id::from_parts(1, 7));
    let sessions = Sessions::new(table);
    let begun = sessions.begin(&token, SignIn::to(&account), Place::default(), "test".into(), now).await;
    begun.expect("a session");
    let session = (user_id, token.session_id);
    accounts.change_email(session, |code| code == code_id, "test".into(), now).await.expect("moved");
    let moved = event(2, now, Payload::EmailChanged { user_id, code_id });
    assert!(world.deliver(&[&moved]).await.is_empty());
    let mail = world.mails().pop().expect("a mail");
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (CUSTOMER, "Your e-mail address was changed"));
    // Used by now.
    let late = event(3, now, Payload::EmailChangeRequested { user_id: provider(), code_id });
    assert!(world.deliver(&[&late]).await.is_empty());
    assert!(
        world.mails().iter().all(|mail| mail.subject != "Confirm your new e-mail address" || mail.to == NEW)
    );
    assert!(world.peers.dead().is_empty());
}

#[tokio::test]
async fn the_owner_of_a_wanted_address_is_told_and_gets_no_code() {
    let world = with_people().await;
    let credentials = CredentialsRecord {
        email: PROVIDER.parse().expect("an address"),
        user_id: provider(),
        password_hash: Some("$argon2id$".to_owned()),
    };
    world.peers.table.put(&credentials).await.expect("stored");
    let code_id = wanted(&world, PROVIDER).await;
    let asked = Payload::EmailChangeRequested { user_id: customer(), code_id };
    assert!(world.deliver(&[&event(1, world.peers.clock.now(), asked)]).await.is_empty());
    assert_eq!(world.recipients(), [CUSTOMER, PROVIDER]);
    let told = world.mails().into_iter().find(|mail| mail.to == PROVIDER).expect("a mail");
    assert_eq!(told.subject, "Your address was given for another account");
    assert!(!told.text.contains(&digits(&world, code_id)), "{}", told.text);
}

#[tokio::test]
async fn a_customer_is_told_of_yes_and_no() {
    for (command, subject) in
        [(Command::Confirm, "Confirmed: Deep massage"), (Command::Decline, "Declined: Deep massage")]
    {
        let world = with_people().await;
        let now = world.peers.clock.now();
        let reason = (command == Command::Decline).then(|| "I am away.".parse().expect("a reason"));
        let change = booking(now).change(command, Actor::Provider, reason, now).expect("a change");
        let line = HistoryRecord::of(change.booking.id, change.history);
        world.peers.table.put(&line).await.expect("stored");
        world.peers.table.put(&BookingRecord(change.booking)).await.expect("stored");
        assert!(world.deliver(&[&event(1, now, change.payload)]).await.is_empty());
        let mail = &world.mails()[0];
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), (CUSTOMER, subject));
        assert_eq!(mail.text.contains("> I am away."), command == Command::Decline, "{}", mail.text);
    }
}

#[tokio::test]
async fn a_provider_is_told_what_staff_archived_and_why() {
    let world = with_people().await;
    let (now, service_id): (_, ServiceId) = (world.peers.clock.now(), Id::from_parts(1, 4));
    let service = Service {
        id: service_id,
        provider_id: provider(),
        title: "Deep massage".parse().expect("a title"),
        description: "An hour.".parse().expect("a text"),
        category: Category::Massage,
        price: Price::try_from(Money::new(12_500, Currency::Usd)).expect("a price"),
        duration_minutes: DurationMinutes::new(60).expect("a duration"),
        durations: Durations::default(),
        extras: Extras::default(),
        location_kind: LocationKind::Online,
        place: None,
        languages: banister_domain::account::Languages::default(),
        resource_ids: banister_domain::resource::ResourceIds::default(),
        seats: banister_domain::availability::Seats::MIN,
        terms: banister_domain::booking::Terms::default(),
        calendar: banister_domain::availability::ServiceRules::default(),
        status: banister_domain::service::ServiceStatus::Published,
        archived: None,
        created_at: now,
        updated_at: now,
    };
    let archived = service.clone().archived("Not what it says.".parse().expect("a reason"), now);
    world.peers.table.put(&ServiceRecord(archived)).await.expect("stored");
    let told = Payload::ServiceArchivedByStaff { service_id, provider_id: provider() };
    let body = event(1, now, told.clone());
    assert!(world.deliver(&[&body, &body]).await.is_empty());
    assert_eq!(world.recipients(), [PROVIDER]);
    let mail = &world.mails()[0];
    assert_eq!(mail.subject, "Service archived: Deep massage");
    assert!(mail.text.contains("Not what it says."), "{}", mail.text);
    // Restored before it is told.
    world.peers.table.put(&ServiceRecord(service)).await.expect("stored");
    assert!(world.deliver(&[&event(2, now, told)]).await.is_empty());
    assert_eq!(world.mails().len(), 1);
}
