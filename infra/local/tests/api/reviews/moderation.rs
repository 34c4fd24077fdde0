//! What staff hide, and what is left when somebody is erased.

use banister_domain::access::Permissions;
use banister_domain::account::Role;

use super::*;
use crate::erasure::{erase, traces};
use crate::support::{settle, super_admin};

#[tokio::test]
async fn what_staff_hide_is_read_by_its_writer_only() {
    let world = World::new(2).await;
    for number in [0, 1] {
        world.by_customer(number, if number == 0 { 1 } else { 5 }).await;
        world.by_provider(number, 4).await;
    }
    let admin = super_admin(&world.cloud, "Super Admin").await;
    let path = world.over[0].replace("/v1/", "/v1/admin/") + "/reviews/moderate";
    let ask = |hidden, reason: &str| json!({ "author": "customer", "hidden": hidden, "reason": reason });
    let hidden = body(admin.post(&path, &ask(true, "It names somebody.")).await.unwrap(), 200);
    assert_eq!(
        (&hidden["hidden"], &hidden["moderation_reason"]),
        (&json!(true), &json!("It names somebody."))
    );
    // It is so already, with the first reason.
    let again = body(admin.post(&path, &ask(true, "Another reason.")).await.unwrap(), 200);
    assert_eq!(again, hidden);
    let page = world.page().await;
    assert_eq!(
        (&page["rating"], page["items"].as_array().unwrap().len()),
        (&json!({ "count": 1, "average": 5.0 }), 1)
    );
    let (own, other) =
        (reviews(&world.customer, &world.over[0]).await, reviews(&world.provider, &world.over[0]).await);
    assert_eq!(
        (&own["by_customer"]["hidden"], &own["by_customer"]["hidden_reason"]),
        (&json!(true), &json!("It names somebody."))
    );
    assert_eq!((&other["by_customer"], &other["by_provider"]["rating"]), (&Value::Null, &json!(4)));
    let answer =
        world.provider.post(&format!("{}/reviews/answer", world.over[0]), &json!({ "text": "No." })).await;
    refused(&answer.unwrap(), 404, "not_found");

    let shown = body(admin.post(&path, &ask(false, "It names nobody.")).await.unwrap(), 200);
    assert_eq!((&shown["hidden"], &shown["moderation_reason"]), (&json!(false), &json!("It names nobody.")));
    assert_eq!(world.page().await["rating"], json!({ "count": 2, "average": 3.0 }));
    let audit = body(admin.get("/v1/admin/audit?limit=10").await.unwrap(), 200);
    let entries: Vec<_> = audit["items"].as_array().unwrap().iter().map(|line| text(line, "entry")).collect();
    let about: Vec<_> = entries.iter().filter(|entry| entry.starts_with("review_")).collect();
    assert_eq!(about, [&"review_shown", &"review_hidden"], "the second hiding did nothing");
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn what_is_hidden_before_it_could_be_read_never_counts() {
    let mut world = World::new(1).await;
    world.by_customer(0, 1).await;
    let admin = super_admin(&world.cloud, "Super Admin").await;
    let path = world.over[0].replace("/v1/", "/v1/admin/") + "/reviews/moderate";
    let ask = |author: &str| json!({ "author": author, "hidden": true, "reason": "A threat." });
    refused(&admin.post(&path, &ask("provider")).await.unwrap(), 404, "not_found");
    let hidden = body(admin.post(&path, &ask("customer")).await.unwrap(), 200);
    assert_eq!(hidden["published_at"], Value::Null);
    world.later(16 * DAY).await;
    assert_eq!(world.page().await["rating"]["count"], 0);
    assert!(!news(&world.cloud, &world.provider.email).await.iter().any(|it| it.contains("review")));
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn staff_need_the_permission() {
    let world = World::new(1).await;
    let staff =
        Client::staff(&world.cloud, Role::Management, Permissions::NONE, "Support Two").await.unwrap();
    let path = world.over[0].replace("/v1/", "/v1/admin/") + "/reviews/moderate";
    let ask = json!({ "author": "customer", "hidden": true, "reason": "A test." });
    refused(&staff.post(&path, &ask).await.unwrap(), 403, "forbidden");
}

/// What one side of a booking has of its reviews in the export of its own data.
async fn exported(who: &Client) -> Value {
    let export = crate::own_export::export(who).await;
    let of = |list: &str| export[list][0]["reviews"].clone();
    if of("bookings_made").is_null() { of("bookings_taken") } else { of("bookings_made") }
}

/// Neither what is sealed nor what is hidden comes to the other side by way of the export.
#[tokio::test]
async fn the_export_tells_no_more_than_the_booking() {
    let world = World::new(1).await;
    world.by_customer(0, 1).await;
    for (side, written) in [(&world.customer, true), (&world.provider, false)] {
        let reviews = exported(side).await;
        assert_eq!((reviews["by_customer"].is_object(), &reviews["published_at"]), (written, &Value::Null));
    }
    world.by_provider(0, 5).await;
    assert_eq!(exported(&world.provider).await["by_customer"]["rating"], 1);
    let admin = super_admin(&world.cloud, "Super Admin").await;
    let path = world.over[0].replace("/v1/", "/v1/admin/") + "/reviews/moderate";
    let ask = json!({ "author": "customer", "hidden": true, "reason": "A threat." });
    body(admin.post(&path, &ask).await.unwrap(), 200);
    assert_eq!(exported(&world.provider).await["by_customer"], Value::Null);
    assert_eq!(exported(&world.customer).await["by_customer"]["moderation"]["reason"], "A threat.");
}

/// The own words go, and those of staff; those of the other side are its own, and the ratings stay, so that the sums
/// stay true. Also where the other side was answered long after the booking, which is in its receipts.
#[tokio::test]
async fn an_erased_customer_leaves_a_rating_without_words() {
    let mut world = World::new(1).await;
    let admin = super_admin(&world.cloud, "Super Admin").await;
    world.later(9 * DAY).await;
    let ask = json!({ "rating": 2, "text": "My name is Quillfeather." });
    body(review(&world.customer, &world.over[0], "customer-says", &ask).await, 201);
    let ask = json!({ "rating": 3, "text": "They were late." });
    body(review(&world.provider, &world.over[0], "provider-says", &ask).await, 201);
    let path = format!("{}/reviews/answer", world.over[0]);
    let ask = json!({ "text": "Thank you!" });
    body(world.provider.post_once(&path, &ask, "answer-it-once").await.unwrap(), 200);
    let mut admin = admin;
    admin.sign_in().await.unwrap();
    let path = world.over[0].replace("/v1/", "/v1/admin/") + "/reviews/moderate";
    for hidden in [true, false] {
        let ask = json!({ "author": "provider", "hidden": hidden, "reason": "It is about Quillfeather." });
        body(admin.post(&path, &ask).await.unwrap(), 200);
    }
    assert_eq!(erase(&world.customer).await.status.as_u16(), 202);
    for _ in 0..4 {
        settle(&world.cloud).await;
    }
    assert_eq!(traces(&world.cloud, &["quillfeather"]).await, Vec::<String>::new());
    let page = world.page().await;
    let item = &page["items"][0];
    assert_eq!(
        (&item["rating"], &item["text"], &item["author_name"]),
        (&json!(2), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&item["answer"]["text"], &page["rating"]),
        (&json!("Thank you!"), &json!({ "count": 1, "average": 2.0 }))
    );
    world.provider.sign_in().await.unwrap();
    assert_eq!(reviews(&world.provider, &world.over[0]).await["by_provider"]["text"], "They were late.");
}

#[tokio::test]
async fn nobody_reads_about_an_erased_provider() {
    let world = World::new(1).await;
    world.by_customer(0, 2).await;
    let ask = json!({ "rating": 3, "text": "My name is Widdershins." });
    body(review(&world.provider, &world.over[0], "provider-says", &ask).await, 201);
    let ask = json!({ "text": "Yours, Widdershins." });
    body(world.provider.post(&format!("{}/reviews/answer", world.over[0]), &ask).await.unwrap(), 200);
    assert_eq!(world.page().await["items"].as_array().unwrap().len(), 1);
    assert_eq!(erase(&world.provider).await.status.as_u16(), 202);
    for _ in 0..4 {
        settle(&world.cloud).await;
    }
    assert_eq!(traces(&world.cloud, &["widdershins"]).await, Vec::<String>::new());
    assert_eq!(world.page().await["items"], json!([]));
}
