//! What reads texts of clients: any text is read or refused without panic, what is read is written as it is
//! read, and what is refused does not come in by another spelling.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::{
    Email, InvalidPassword, Locale, NewPassword, Password, Phone, Role, SecondFactorCode, WrittenPhone,
};
use banister_domain::availability::Zone;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any text, and such as is nearly an address.
fn near_email() -> impl Strategy<Value = String> {
    prop_oneof![".{0,60}", " ?[a-zA-Z0-9.+\"(@é -]{0,12}@[a-zA-Z0-9.\\[\\]-]{0,12}\\.?[a-z]{0,4}\\r?\\n?"]
}

/// Any text, and such as is nearly a number.
fn near_phone() -> impl Strategy<Value = String> {
    prop_oneof![".{0,40}", "[+＋]?[0-9٠-٩() .;ext=-]{0,24}", "\\+1[2-9][0-9]{2}[2-9][0-9]{6}"]
}

proptest! {
    #[test]
    fn any_text_is_an_address_in_its_one_spelling_or_refused(text in near_email()) {
        if let Ok(email) = text.parse::<Email>() {
            let kept = email.as_str();
            prop_assert_eq!(kept.parse::<Email>(), Ok(email.clone()));
            prop_assert_eq!(email.to_string(), kept);
            prop_assert_eq!(kept, text.trim().to_lowercase());
            prop_assert!(kept.len() <= 254 && kept.bytes().all(|byte| byte.is_ascii_graphic()), "{kept}");
            prop_assert!(!kept.contains(['"', '(', ')', '<', '>', ',', ';']), "{kept}");
            prop_assert_eq!(kept.matches('@').count(), 1);
            let json = serde_json::to_value(&email).unwrap();
            prop_assert_eq!(serde_json::from_value::<Email>(json).unwrap(), email);
        }
    }

    #[test]
    fn an_address_is_one_in_any_case(
        local in "[a-z0-9]{1,20}([.+_-][a-z0-9]{1,10})?", domain in "[a-z0-9]{1,20}(-[a-z0-9]{1,5})?",
        top in "[a-z]{2,6}",
    ) {
        let text = format!("{local}@{domain}.{top}");
        let email = text.parse::<Email>();
        prop_assert_eq!(email.as_ref().map(Email::as_str), Ok(text.as_str()));
        prop_assert_eq!(format!(" {}\n", text.to_uppercase()).parse::<Email>(), email);
    }

    #[test]
    fn any_text_is_a_number_of_the_plan_or_refused(text in near_phone()) {
        if let Ok(written) = text.parse::<WrittenPhone>() {
            let kept = String::from(written.clone());
            prop_assert!(kept.len() == 12 && kept.starts_with("+1"), "{kept}");
            prop_assert_eq!(kept.parse::<WrittenPhone>(), Ok(written));
            prop_assert_eq!(Phone::try_from(kept.clone()).map(String::from), Ok(kept));
        }
    }

    #[test]
    fn any_text_is_a_number_as_it_is_kept_or_refused(text in near_phone()) {
        if let Ok(phone) = Phone::try_from(text.clone()) {
            prop_assert_eq!(phone.as_str(), &text);
            let digits = text.strip_prefix('+').unwrap_or_default();
            prop_assert!((8..=15).contains(&digits.len()), "{text}");
            prop_assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
        }
    }

    #[test]
    fn any_text_is_a_password_as_typed_or_refused_for_its_length(
        text in prop_oneof![".{0,140}", "[ a\u{301}é]{0,12}"],
    ) {
        let fits = (8..=128).contains(&text.chars().count());
        match Password::try_from(text.clone()) {
            Ok(password) => prop_assert_eq!((password.expose(), fits), (text.as_str(), true)),
            Err(error) => prop_assert_eq!((error, fits), (InvalidPassword::Length, false)),
        }
        let new = NewPassword::try_from(text).err();
        if fits {
            prop_assert!(matches!(new, None | Some(InvalidPassword::Common)));
        } else {
            prop_assert_eq!(new, Some(InvalidPassword::Length));
        }
    }

    #[test]
    fn any_text_is_one_kind_of_second_factor_code_or_refused(
        text in prop_oneof![".{0,20}", "[0-9٠-٩ -]{4,10}", "[a-zA-Z0-9 -]{10,16}"],
    ) {
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let is_totp = plain.len() == 6 && plain.bytes().all(|byte| byte.is_ascii_digit());
        let base32 = |byte: u8| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte);
        let is_recovery = plain.len() == 12 && plain.bytes().all(base32);
        match text.parse::<SecondFactorCode>() {
            Ok(SecondFactorCode::Totp(code)) => prop_assert!(is_totp && code.digits() == plain, "{text}"),
            Ok(SecondFactorCode::Recovery(code)) => {
                prop_assert!(is_recovery && code.expose() == plain.to_lowercase(), "{text}");
                prop_assert_eq!(code.shown().parse::<SecondFactorCode>(), Ok(SecondFactorCode::Recovery(code)));
            }
            Err(_) => prop_assert!(!is_totp && !is_recovery, "{text}"),
        }
    }

    #[test]
    fn permissions_are_read_as_they_are_written(
        chosen in prop::sample::subsequence(Permission::ALL.to_vec(), 0..=9),
    ) {
        let set: Permissions = chosen.iter().copied().collect();
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), chosen.clone());
        let json = serde_json::to_value(set).unwrap();
        prop_assert_eq!(&json, &json!(chosen));
        prop_assert_eq!(serde_json::from_value::<Permissions>(json).unwrap(), set);
    }

    #[test]
    fn any_text_is_the_name_of_what_it_names_or_refused(
        text in prop_oneof![".{0,30}", "(user|admin)_management.?", "[a-z]{2}"],
    ) {
        let named = |value: &Value| {
            let permission = serde_json::from_value::<Permission>(value.clone()).map(|read| json!(read));
            let role = serde_json::from_value::<Role>(value.clone()).map(|read| json!(read));
            let locale = serde_json::from_value::<Locale>(value.clone()).map(|read| json!(read));
            [permission, role, locale]
        };
        let value = json!(text);
        for written in named(&value).into_iter().flatten() {
            prop_assert_eq!(&written, &value);
        }
        // A set of what is unknown is empty, and nothing is granted by a name that is nearly one.
        let set = serde_json::from_value::<Permissions>(json!([text])).unwrap();
        let known = Permission::ALL.iter().any(|permission| permission.as_str() == text);
        prop_assert_eq!(set.is_empty(), !known);
    }

    #[test]
    fn any_text_is_a_zone_or_refused(
        text in prop_oneof![".{0,30}", "(Europe|US|Etc|\\.\\.)/[A-Za-z/.-]{0,12}"],
    ) {
        if let Ok(zone) = text.parse::<Zone>() {
            prop_assert!(zone.name().eq_ignore_ascii_case(&text));
            prop_assert_eq!(zone.name().parse::<Zone>(), Ok(zone.clone()));
        }
    }
}

#[test]
fn every_zone_is_read_as_it_is_written_in_any_case() {
    let mut count = 0;
    for name in TimeZoneDatabase::bundled().available().filter(|name| name.as_str() != "Factory") {
        let zone = name.as_str().parse::<Zone>().unwrap();
        assert_eq!(zone.to_string(), name.as_str());
        assert_eq!(
            name.as_str().to_uppercase().parse::<Zone>().map(|zone| zone.to_string()),
            Ok(zone.to_string())
        );
        assert_eq!(serde_json::from_value::<Zone>(json!(zone)).unwrap(), zone);
        count += 1;
    }
    assert!(count > 400, "{count} zones");
}
