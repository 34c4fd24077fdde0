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
