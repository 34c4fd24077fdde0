//! Every kind of record is written by something that a test does.

use banister_domain::account::Role;
use banister_local::api;
use banister_local::client::PASSWORD;
use banister_platform::store::{AuditEntry, ListAudit};
use jiff::tz::TimeZone;
use reqwest::Method;
use serde_json::json;

use super::audit;
use crate::access::requests::World;
use crate::documents::document;
use crate::support::{body, pass, settle, stranger, text};

/// What leaves a record of some kind.
enum Story {
    /// An operation that succeeds, with what it needs; or what comes of it in the end.
    Operation(&'static str),
    /// See [`tell`].
    Own,
    /// A command: its tests are beside it.
    Command,
}

const fn story(entry: AuditEntry) -> Story {
    use AuditEntry as E;
    use Story::{Command, Operation, Own};
    match entry {
        E::AccountRegistered => Operation("register_account"),
        E::EmailConfirmed => Operation("confirm_email"),
        E::SessionCreated => Operation("create_session"),
        E::SessionEnded => Operation("end_current_session"),
        E::AllSessionsEnded => Operation("end_all_sessions"),
        E::PasswordChanged => Operation("change_password"),
        E::PasswordReset | E::PasswordResetRequested => Operation("complete_password_reset"),
        E::PhoneSet | E::PhoneConfirmed => Operation("confirm_phone"),
        E::EmailChangeRequested => Operation("request_email_change"),
        E::EmailChanged => Operation("confirm_email_change"),
        E::AccountUnlocked => Operation("unlock_user"),
        E::AccountDisabled => Operation("disable_user"),
        E::AccountEnabled => Operation("enable_user"),
        E::RoleSet => Operation("set_user_role"),
        E::AccountCreated => Operation("create_user"),
        E::PermissionsSet => Operation("set_user_permissions"),
        E::ServiceArchived => Operation("archive_any_service"),
        E::ServiceRestored => Operation("restore_service"),
        E::BookingCancelled => Operation("cancel_any_booking"),
        E::BookingRescheduled => Operation("reschedule_any_booking"),
        E::BookingMade => Operation("book_on_behalf"),
        E::ResourceMade => Operation("create_resource"),
        E::ResourceChanged => Operation("update_resource"),
        E::ReviewHidden => Operation("moderate_review"),
        E::SecondFactorOn => Operation("confirm_totp"),
        E::SecondFactorOff => Operation("remove_totp"),
        E::RecoveryCodesRenewed => Operation("renew_recovery_codes"),
        E::SecuritySettingsSet => Operation("set_security_settings"),
        E::UsersExported | E::UsersExportEnded => Operation("export_users"),
        E::DataExported => Operation("export_me"),
        E::CalendarFeedMade => Operation("create_calendar_feed"),
        E::CalendarFeedRevoked => Operation("delete_calendar_feed"),
        E::AccountErasing | E::AccountErased => Operation("delete_me"),
        E::BulkRequested => Operation("bulk_users"),
        E::RefreshTokenReused
        | E::SignInRefused
        | E::CodeRefused
        | E::ConfirmationRequested
        | E::PasswordRefused
        | E::AccountInvited
        | E::AccountChanged
        | E::SecondFactorRefused
        | E::RecoveryCodeUsed
        | E::ReviewShown => Own,
        E::KeysRotated
        | E::UsersReindexed
        | E::AuditLinked
        | E::CardsRebuilt
        | E::CountersRebuilt
        | E::JobContinued => Command,
    }
}

/// What no operation that succeeds leaves, or not with what the others need.
async fn tell(world: &mut World, entry: AuditEntry) {
    if entry == AuditEntry::ReviewShown {
        let path = world.reviewed().await.replace("/v1/", "/v1/admin/") + "/reviews/moderate";
        for hidden in [true, false] {
            let ask = json!({ "author": "customer", "hidden": hidden, "reason": "A test." });
            body(world.admin.post(&path, &ask).await.unwrap(), 200);
        }
        return;
    }
    let World { cloud, customer, admin, .. } = world;
    let wrong = json!({ "email": customer.email, "password": "wrong horse battery" });
    let path = format!("/v1/admin/users/{}", customer.id);
    match entry {
        AuditEntry::RefreshTokenReused => {
            let ask = json!({ "refresh_token": customer.refresh_token });
            body(customer.post("/v1/sessions/refresh", &ask).await.unwrap(), 200);
            pass(cloud, 60).await;
            body(stranger(cloud).post("/v1/sessions/refresh", &ask).await.unwrap(), 401);
        }
        AuditEntry::SignInRefused => {
            body(customer.post("/v1/sessions", &wrong).await.unwrap(), 401);
        }
        AuditEntry::CodeRefused => {
            let ask = json!({ "code": "00000000" });
            body(customer.post("/v1/me/phone/confirm", &ask).await.unwrap(), 422);
        }
        AuditEntry::ConfirmationRequested => {
            let ask = json!({ "email": "somebody.new@example.com", "password": PASSWORD, "role": "customer",
                "first_name": "A", "last_name": "Person" });
            body(stranger(cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
            let ask = json!({ "email": ask["email"] });
            body(stranger(cloud).post("/v1/email-confirmations/resend", &ask).await.unwrap(), 202);
        }
        AuditEntry::PasswordRefused => {
            let ask =
                json!({ "current_password": "wrong horse battery", "new_password": "another fine password" });
            body(customer.put("/v1/me/password", &ask).await.unwrap(), 422);
        }
        AuditEntry::AccountInvited => {
            let ask = json!({ "email": "somebody.new@example.com", "role": "customer", "first_name": "A",
                "last_name": "Person" });
            let made = admin.post_once("/v1/admin/users", &ask, "somebody-new").await.unwrap();
            let path = format!("/v1/admin/users/{}/confirmation-code", text(&body(made, 201), "id"));
            body(admin.act(&path).await.unwrap(), 202);
        }
        AuditEntry::AccountChanged => {
            body(admin.patch_over(&path, &json!({ "first_name": "Other" })).await.unwrap(), 200);
        }
        AuditEntry::SecondFactorRefused => {
            customer.turn_on_second_factor(cloud.clock.now()).await.unwrap();
            let ask = json!({ "email": customer.email, "password": PASSWORD, "code": "abcd-efgh-2345" });
            body(customer.call(Method::POST, "/v1/sessions", &[], Some(&ask)).await.unwrap(), 401);
        }
        AuditEntry::RecoveryCodeUsed => {
            customer.turn_on_second_factor(cloud.clock.now()).await.unwrap();
            customer.sign_in().await.unwrap();
        }
        other => panic!("{other:?} has no story"),
    }
}

/// How many records of a kind there are.
async fn count(world: &World, entry: AuditEntry) -> usize {
    let today = world.cloud.clock.now().to_zoned(TimeZone::UTC).date();
    let wanted = ListAudit::Days { from: today, to: today };
    let page = audit(&world.cloud).list(wanted, 1_000, None).await.unwrap();
    page.items.iter().filter(|record| record.entry == entry).count()
}

async fn operate(world: &mut World, id: &str) {
    let operations = api::operations();
    let operation = operations.iter().find(|operation| operation.id == id).expect("an operation");
    let request = world.of_customer(operation).await;
    let lets_in = |role| operation.access.roles.contains(&role);
    let caller = match () {
        () if lets_in(Role::Customer) => &world.customer,
        () if lets_in(Role::Provider) => &world.provider,
        () => &world.admin,
    };
    let answer = request.send(caller, operation).await;
    assert!(answer.status.is_success(), "{id}: {}", answer.body);
}

/// Whether everybody is still signed in, longer than an instance remembers it, and as at first.
async fn goes_on(world: &World) -> bool {
    pass(&world.cloud, 6).await;
    for client in [&world.customer, &world.provider, &world.admin] {
        let me = client.get("/v1/me").await.unwrap();
        if me.status != 200 || me.body["second_factor"]["on"] != (client.id == world.admin.id) {
            return false;
        }
    }
    true
}

/// What the tests of the commands are.
const COMMANDS: [&str; 2] = [
    include_str!("../../../../manage/tests/commands.rs"),
    include_str!("../../../../manage/tests/commands/logged.rs"),
];

#[tokio::test]
async fn every_kind_of_record_is_written() {
    let kinds = document()["components"]["schemas"]["AuditEntry"]["enum"].as_array().expect("the kinds");
    assert!(kinds.len() > 40, "{kinds:?}");
    let mut worlds: Vec<World> = Vec::new();
    for kind in kinds {
        let entry: AuditEntry = serde_json::from_value(kind.clone()).unwrap();
        if let Story::Command = story(entry) {
            let names = [format!("AuditEntry::{entry:?},"), kind.to_string()];
            let is_tested = |text: &&str| names.iter().any(|name| text.contains(name));
            assert!(COMMANDS.iter().any(is_tested), "no test of a command demands {kind}");
            continue;
        }
        let mut world = match worlds.pop() {
            Some(world) => world,
            None => World::new().await,
        };
        let before = count(&world, entry).await;
        match story(entry) {
            Story::Operation(id) => operate(&mut world, id).await,
            _ => tell(&mut world, entry).await,
        }
        if count(&world, entry).await == before {
            // A job writes it.
            settle(&world.cloud).await;
        }
        assert!(count(&world, entry).await > before, "{kind}");
        if goes_on(&world).await {
            worlds.push(world);
        } else {
            world.cloud.stop().await;
        }
    }
}
