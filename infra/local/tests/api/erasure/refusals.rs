//! Who and what is not erased.

use banister_local::client::PASSWORD;
use banister_platform::http::Code;
use reqwest::Method;
use serde_json::{Value, json};

use super::{erase, manager};
use crate::support::{body, cloud, customer, moment, provider, service, settle, super_admin, text};

#[tokio::test]
async fn open_bookings_are_settled_first_by_either_side() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let service = service(&provider, 60).await;
    let customer = customer(&cloud, "Customer One").await;
    let mut open = Vec::new();
    for (day, key) in [(2, "intention-1"), (3, "intention-2")] {
        let booked = customer.book(&service, &moment(&cloud, day, "10:00"), key).await.unwrap();
        open.push(text(&body(booked, 201), "id").to_owned());
    }
    body(provider.act(&format!("/v1/bookings/{}/confirm", open[1])).await.unwrap(), 200);
    cloud.quiet().await.unwrap();
    for side in [&customer, &provider] {
        let refused = erase(side).await;
        assert_eq!(refused.code(), Code::OpenBookings.as_str(), "{}", refused.body);
        assert_eq!(refused.body["booking_ids"], json!(open));
        body(side.get("/v1/me").await.unwrap(), 200);
    }
    for booking in &open {
        let path = format!("/v1/bookings/{booking}/cancel");
        body(customer.post(&path, &json!({ "reason": "Moving away." })).await.unwrap(), 200);
    }
    body(erase(&customer).await, 202);
    body(erase(&provider).await, 202);
}

#[tokio::test]
async fn the_password_is_asked_for() {
    let cloud = cloud().await;
    let customer = customer(&cloud, "Customer One").await;
    let wrong = json!({ "password": "another fine password" });
    let refused = customer.call(Method::DELETE, "/v1/me", &[], Some(&wrong)).await.unwrap();
    assert_eq!(refused.code(), Code::WrongPassword.as_str());
    let nothing = customer.delete("/v1/me").await.unwrap();
    assert!(nothing.status.is_client_error(), "{}", nothing.body);
    body(customer.get("/v1/me").await.unwrap(), 200);
}

#[tokio::test]
async fn the_last_super_admin_stays() {
    let cloud = cloud().await;
    let one = super_admin(&cloud, "Super One").await;
    assert_eq!(erase(&one).await.code(), Code::LastSuperAdmin.as_str());
    let two = super_admin(&cloud, "Super Two").await;
    let (first, second) = tokio::join!(erase(&one), erase(&two));
    let mut codes = [first.status.as_u16(), second.status.as_u16()];
    codes.sort_unstable();
    assert_eq!(codes, [202, 409], "{} {}", first.body, second.body);
}

#[tokio::test]
async fn staff_erase_whom_they_manage_and_nobody_comes_back() {
    let cloud = cloud().await;
    let admin = super_admin(&cloud, "Super Admin").await;
    let (manager, other) = (manager(&cloud, "Manager One").await, manager(&cloud, "Manager Two").await);
    let customer = customer(&cloud, "Customer One").await;
    let ask = json!({ "reason": "A test." });
    let delete = async |client: &banister_local::client::Client, id: &str| {
        client.call(Method::DELETE, &format!("/v1/admin/users/{id}"), &[], Some(&ask)).await.unwrap()
    };
    // Without the permission for staff, those are hidden; equals and oneself are only seen.
    assert_eq!(delete(&manager, &other.id).await.status, 404);
    assert_eq!(delete(&admin, &admin.id).await.status, 403);
    body(delete(&manager, &customer.id).await, 202);
    for _ in 0..2 {
        let again = delete(&manager, &customer.id).await;
        assert_eq!(again.code(), Code::AccountErased.as_str(), "{}", again.body);
        let path = format!("/v1/admin/users/{}", customer.id);
        for (method, rest, body) in [
            (Method::POST, "/enable", ask.clone()),
            (Method::POST, "/disable", ask.clone()),
            (Method::PATCH, "", json!({ "first_name": "Somebody" })),
            (Method::DELETE, "/totp", Value::Null),
            (Method::DELETE, "/sessions", Value::Null),
            (Method::POST, "/unlock", Value::Null),
            (Method::POST, "/confirmation-code", Value::Null),
        ] {
            let refused = manager
                .call(
                    method,
                    &format!("{path}{rest}"),
                    &[("if-match", "*")],
                    Some(&body).filter(|body| !body.is_null()),
                )
                .await
                .unwrap();
            assert_eq!(refused.code(), Code::AccountErased.as_str(), "{rest}: {}", refused.body);
        }
        // And the same when it is done.
        settle(&cloud).await;
    }
    let gone = json!({ "email": customer.email, "password": PASSWORD });
    let signed_in = crate::support::stranger(&cloud).post("/v1/sessions", &gone).await.unwrap();
    assert_eq!((signed_in.code(), &signed_in.body["user"]), (Code::WrongCredentials.as_str(), &Value::Null));
}
