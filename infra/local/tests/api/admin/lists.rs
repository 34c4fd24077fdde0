//! Staff find accounts.

use std::collections::BTreeSet;

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use serde_json::json;

use super::{because, path};
use crate::problems::{refused, refused_parameter};
use crate::support::invariants::items;
use crate::support::{body, cloud, customer, pass, spoil, stranger, super_admin, text};

/// The addresses on all pages of a list, in order.
async fn listed(who: &Client, query: &str, limit: u16) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = String::new();
    for _ in 0..100 {
        let page = body(who.get(&format!("/v1/admin/users?limit={limit}{query}{next}")).await.unwrap(), 200);
        let page_items = page["items"].as_array().unwrap();
        assert!(page_items.len() <= limit.into());
        found.extend(page_items.iter().map(|item| text(item, "email").replace("@example.com", "")));
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return found,
        }
    }
    panic!("{query} never ends");
}

/// Two customers, two providers, support and a super admin, made a minute after one another.
async fn crowd() -> (Cloud, Client, Vec<Client>) {
    let cloud = cloud().await;
    let mut people = Vec::new();
    for (role, name) in [
        ("customer", "Robin Smith"),
        ("provider", "Rosa Robinson"),
        ("customer", "Sam Robin"),
        ("provider", "Ann Lee"),
    ] {
        people.push(Client::join(&cloud, role, name).await.unwrap());
        pass(&cloud, 60).await;
    }
    people.push(Client::staff(&cloud, Role::Management, Permissions::NONE, "Robert Support").await.unwrap());
    pass(&cloud, 60).await;
    let admin = super_admin(&cloud, "Super Admin").await;
    (cloud, admin, people)
}

#[tokio::test]
async fn lists_are_whole_in_order_and_filtered() {
    let (_cloud, admin, people) = crowd().await;
    body(admin.post(&path(&people[1], "/disable"), &because("A test.")).await.unwrap(), 200);
    let made = ["robin.smith", "rosa.robinson", "sam.robin", "ann.lee", "robert.support", "super.admin"];
    let newest: Vec<_> = made.into_iter().rev().collect();
    let at = |number: usize| {
        let admin = &admin;
        let path = path(&people[number], "");
        async move { text(&body(admin.get(&path).await.unwrap(), 200), "created_at").to_owned() }
    };
    let span = format!("&sort=created_at&created_from={}&created_to={}", at(1).await, at(3).await);
    for limit in [1, 2, 100] {
        assert_eq!(listed(&admin, "", limit).await, newest);
        assert_eq!(listed(&admin, "&sort=-created_at", limit).await, newest);
        assert_eq!(listed(&admin, "&sort=created_at", limit).await, made);
        assert_eq!(listed(&admin, "&role=customer", limit).await, ["sam.robin", "robin.smith"]);
        assert_eq!(
            listed(&admin, "&role=customer&sort=created_at", limit).await,
            ["robin.smith", "sam.robin"]
        );
        assert_eq!(listed(&admin, "&status=disabled", limit).await, ["rosa.robinson"]);
        assert_eq!(listed(&admin, "&role=provider&status=active", limit).await, ["ann.lee"]);
        assert_eq!(listed(&admin, "&confirmed=false", limit).await, Vec::<String>::new());
        assert_eq!(listed(&admin, &span, limit).await, ["rosa.robinson", "sam.robin"]);
        assert_eq!(listed(&admin, &format!("{span}&role=customer"), limit).await, ["sam.robin"]);
        assert_eq!(listed(&admin, "&email=Ann.Lee%40example.com", limit).await, ["ann.lee"]);
        assert_eq!(
            listed(&admin, "&email=ann.lee%40example.com&role=customer", limit).await,
            Vec::<String>::new()
        );
        assert_eq!(listed(&admin, "&email=nobody%40example.com", limit).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn accounts_are_found_by_how_their_texts_begin() {
    let (cloud, admin, people) = crowd().await;
    body(people[3].patch("/v1/me", &json!({ "phone": "+1 201 555 0123" })).await.unwrap(), 200);
    // Each stands once, in the order of what was found, whatever the page: "rob" begins two texts of one.
    for limit in [1, 2, 100] {
        let found = listed(&admin, "&q=ROB", limit).await;
        assert_eq!(found, ["robert.support", "sam.robin", "robin.smith", "rosa.robinson"]);
        assert_eq!(listed(&admin, "&q=rob&role=provider", limit).await, ["rosa.robinson"]);
        assert_eq!(listed(&admin, "&q=robin%20sm", limit).await, ["robin.smith"]);
        assert_eq!(listed(&admin, "&q=sam.r", limit).await, ["sam.robin"]);
        assert_eq!(listed(&admin, "&q=le", limit).await, ["ann.lee"]);
        for phone in ["%2B1201", "201555", "(201)%20555-01"] {
            assert_eq!(listed(&admin, &format!("&q={phone}"), limit).await, ["ann.lee"], "{phone}");
        }
        assert_eq!(listed(&admin, "&q=nobody", limit).await, Vec::<String>::new());
    }
    // What an account says no more finds it no more.
    let ask = json!({ "first_name": "Maria", "phone": null });
    body(people[3].patch("/v1/me", &ask).await.unwrap(), 200);
    let ask = json!({ "last_name": "Sanders" });
    body(admin.patch_over(&path(&people[3], ""), &ask).await.unwrap(), 200);
    for (q, wanted) in
        [("201555", None), ("lee", None), ("maria%20s", Some("ann.lee")), ("sanders", Some("ann.lee"))]
    {
        assert_eq!(
            listed(&admin, &format!("&q={q}"), 2).await,
            wanted.into_iter().collect::<Vec<_>>(),
            "{q}"
        );
    }
    terms_agree(&cloud).await;
}

/// Every account is found by its texts and by no other.
async fn terms_agree(cloud: &Cloud) {
    let kept = crate::support::invariants::invariants(cloud).await;
    let of = |account: &banister_domain::account::Account| {
        let id = account.id;
        let terms = banister_domain::account::Term::of(account).into_iter();
        terms.map(move |term| format!("{}#{id}", term.as_str())).collect::<Vec<_>>()
    };
    let wanted: BTreeSet<_> = kept.accounts.iter().flat_map(of).collect();
    let terms =
        items(cloud).await.into_iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == "user_term"));
    let found: BTreeSet<_> = terms.map(|item| item["SK"].as_s().unwrap().clone()).collect();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn staff_are_listed_for_those_who_manage_them_only() {
    let (cloud, _, _) = crowd().await;
    let users: Permissions = [Permission::UserManagement].into_iter().collect();
    let clerk = Client::staff(&cloud, Role::Admin, users, "Robina Clerk").await.unwrap();
    let everybody = ["ann.lee", "sam.robin", "rosa.robinson", "robin.smith"];
    for limit in [1, 100] {
        assert_eq!(listed(&clerk, "", limit).await, everybody);
        assert_eq!(listed(&clerk, "&q=rob", limit).await, ["sam.robin", "robin.smith", "rosa.robinson"]);
    }
    assert_eq!(listed(&clerk, "&email=super.admin%40example.com", 1).await, Vec::<String>::new());
    let staff = body(clerk.get("/v1/admin/users?role=management&limit=1").await.unwrap(), 200);
    assert_eq!(staff, json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_and_its_reader() {
    let (cloud, admin, _) = crowd().await;
    let other = super_admin(&cloud, "Other Admin").await;
    let first = "/v1/admin/users?q=rob&limit=1";
    let page = body(admin.get(first).await.unwrap(), 200);
    let cursor = text(&page, "next_cursor");
    body(admin.get(&format!("{first}&cursor={cursor}")).await.unwrap(), 200);
    body(admin.get(&format!("/v1/admin/users?q=Rob&limit=2&cursor={cursor}")).await.unwrap(), 200);
    refused(&other.get(&format!("{first}&cursor={cursor}")).await.unwrap(), 400, "invalid_cursor");
    for query in ["q=robi", "role=customer", "q=rob&status=active", "q=rob&confirmed=true"] {
        let answer = admin.get(&format!("/v1/admin/users?{query}&cursor={cursor}")).await.unwrap();
        refused(&answer, 400, "invalid_cursor");
    }
}

/// What comes and goes between two pages makes nobody else be left out or stand twice.
#[tokio::test]
async fn pages_are_stable_while_accounts_are_made() {
    let (cloud, admin, _) = crowd().await;
    let first = body(admin.get("/v1/admin/users?limit=2").await.unwrap(), 200);
    customer(&cloud, "Robin Newcomer").await;
    let next = format!("/v1/admin/users?limit=2&cursor={}", text(&first, "next_cursor"));
    let second = body(admin.get(&next).await.unwrap(), 200);
    let emails: Vec<_> = second["items"].as_array().unwrap().iter().map(|item| text(item, "email")).collect();
    assert_eq!(emails, ["ann.lee@example.com", "sam.robin@example.com"]);
}

#[tokio::test]
async fn what_is_asked_for_must_make_sense() {
    let cloud = cloud().await;
    let admin = super_admin(&cloud, "Super Admin").await;
    for (query, parameter) in [
        ("role=owner", "role"),
        ("status=gone", "status"),
        ("confirmed=maybe", "confirmed"),
        ("email=nobody", "email"),
        ("q=a", "q"),
        ("q=%20a%20", "q"),
        ("created_from=yesterday", "created_from"),
        ("sort=name", "sort"),
        ("limit=101", "limit"),
        ("q=rob&sort=created_at", "sort"),
        ("email=a%40example.com&sort=created_at", "sort"),
        ("email=a%40example.com&q=rob", "q"),
    ] {
        let answer = admin.get(&format!("/v1/admin/users?{query}")).await.unwrap();
        refused_parameter(&answer, parameter, "invalid");
    }
    let nothing = "/v1/admin/users?created_from=2030-01-02T00:00:00Z&created_to=2030-01-01T00:00:00Z";
    let empty = json!({ "items": [], "next_cursor": null });
    assert_eq!(body(admin.get(nothing).await.unwrap(), 200), empty);
    refused(&stranger(&cloud).get("/v1/admin/users").await.unwrap(), 401, "unauthenticated");
}

#[tokio::test]
async fn an_account_that_does_not_read_hides_no_other() {
    let (cloud, admin, people) = crowd().await;
    spoil(&cloud, &people[2].id).await;
    for limit in [1, 100] {
        let all = ["super.admin", "robert.support", "ann.lee", "rosa.robinson", "robin.smith"];
        assert_eq!(listed(&admin, "", limit).await, all);
        assert_eq!(listed(&admin, "&role=customer", limit).await, ["robin.smith"]);
        assert_eq!(listed(&admin, "&q=ro&role=customer", limit).await, ["robin.smith"]);
        assert_eq!(listed(&admin, "&q=sam", limit).await, Vec::<String>::new());
        assert_eq!(listed(&admin, "&email=sam.robin%40example.com", limit).await, Vec::<String>::new());
    }
}
