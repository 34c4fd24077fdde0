//! What documents name exists.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

use banister_checks::{documents, files};

fn security() -> String {
    files::read("docs/security.md").unwrap()
}

#[test]
fn every_test_named_in_docs_security_exists() {
    let read = |path: &str| files::read(path).ok();
    let document = security();
    assert_eq!(documents::named_tests_exist(&document, read), Vec::<String>::new());
    for (from, to, fault) in [
        ("others_cannot_lock_an_owner_out", "others_can", "there is no test api/guards.rs::others_can"),
        ("api/guards.rs", "api/guard.rs", "there is no test api/guard.rs::others_cannot_lock_an_owner_out"),
        (
            "api/access.rs::every_operation_as_every_caller",
            "api/sessions.rs::refresh",
            "there is no test api/sessions.rs::refresh",
        ),
    ] {
        let changed = document.replacen(from, to, 1);
        assert_ne!(changed, document);
        assert_eq!(documents::named_tests_exist(&changed, read), [fault]);
    }
    assert_eq!(documents::named_tests_exist("`a.rs`", read), ["the document names no test"]);
}

#[test]
fn every_requirement_is_answered_once() {
    let document = security();
    assert_eq!(documents::requirements_are_answered(&document), Vec::<String>::new());
    for (from, to, faults) in [
        (
            "| 7.3.2 |",
            "| 7.3.1 |",
            vec!["7.3.1 is no requirement, or is answered twice", "7.3.2 is not answered"],
        ),
        ("| 9.2.4 | 2 |", "| 9.2.4 |", vec!["9.2.4 is not answered"]),
        ("| **met**: 8 to 128", "| 8 to 128", vec!["6.2.1 is answered with \"\""]),
    ] {
        let changed = document.replacen(from, to, 1);
        assert_ne!(changed, document);
        assert_eq!(documents::requirements_are_answered(&changed), faults);
    }
}

/// The one limit that is set by the rule of the domain.
fn sources() -> String {
    let limit = banister_platform::limit::SECOND_FACTOR;
    let numbers = format!("count: {}, seconds: {}", limit.count, limit.seconds);
    files::sources().unwrap().replace("count: MAX_FAILURES, seconds: LOCK.as_secs()", &numbers)
}

#[test]
fn every_rate_limit_is_told_as_it_is() {
    let (document, sources) = (files::read("docs/api-design.md").unwrap(), sources());
    assert_eq!(documents::limits_are_told(&document, &sources), Vec::<String>::new());
    let of_document = "\"book: 61 in 1 hour\" is in the document, not in the sources";
    let of_sources = "\"book: 60 in 1 hour\" is in the sources, not in the document";
    for (from, to, faults) in [
        ("`book` | 60 in", "`book` | 61 in", vec![of_document, of_sources]),
        ("| `book` | 60 in 1 hour |", "| book | 60 in 1 hour |", vec![of_sources]),
    ] {
        let changed = document.replacen(from, to, 1);
        assert_ne!(changed, document);
        assert_eq!(documents::limits_are_told(&changed, &sources), faults);
    }
    let changed = sources.replacen("\"book\", count: 60", "\"book\", count: MANY", 1);
    assert_ne!(changed, sources);
    assert_eq!(documents::limits_are_told(&document, &changed).len(), 2);
}
