mod parsers;

use std::collections::BTreeMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use banister_domain::account::Role;
use banister_domain::id::Id;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::code::Codes;
use super::refresh::{RefreshKey, RefreshToken};
use super::reset::ResetToken;
use super::{Claims, InvalidToken, Issuer, Verifier};
use crate::config::Settings;

struct Pair {
    private: String,
    public: Value,
}

#[expect(clippy::disallowed_methods, reason = "the key pair is made by the library itself")]
fn pair(key_id: &str) -> Pair {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    Pair {
        private: format!("{key_id}:{}", STANDARD.encode(der.as_ref())),
        public: json!({ "kty": "OKP", "crv": "Ed25519", "kid": key_id, "x": x }),
    }
}

fn settings(values: &[(&str, String)]) -> Settings {
    Settings::from_map(
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<BTreeMap<_, _>>(),
    )
}

fn issuer(pair: &Pair, issuer: &str) -> Issuer {
    Issuer::from_settings(&settings(&[
        ("ACCESS_PRIVATE_KEY", pair.private.clone()),
        ("ACCESS_ISSUER", issuer.into()),
    ]))
    .unwrap()
}

fn verifier(pairs: &[&Pair]) -> Verifier {
    let keys: Vec<_> = pairs.iter().map(|pair| &pair.public).collect();
    let keys = json!({ "keys": keys }).to_string();
    Verifier::from_settings(&settings(&[("ACCESS_PUBLIC_KEYS", keys), ("ACCESS_ISSUER", "here".into())]))
        .unwrap()
}

fn now() -> Timestamp {
    "2026-03-09T08:00:00Z".parse().unwrap()
}

fn claims() -> Claims {
    Claims {
        iss: "here".into(),
        aud: "banister".into(),
        sub: Id::from_parts(1, 1),
        sid: Id::from_parts(1, 2),
        role: Role::Customer,
        epoch: 0,
        iat: now().as_second(),
        exp: now().as_second() + 900,
    }
}

#[test]
fn a_token_is_good_until_its_end_with_any_of_the_keys() {
    let (old, new) = (pair("old"), pair("new"));
    let verifier = verifier(&[&old, &new]);
    for pair in [&old, &new] {
        let token = issuer(pair, "here").sign(&claims()).unwrap().text;
        assert_eq!(verifier.verify(&token, now()), Ok(claims()));
        let end = Timestamp::from_second(claims().exp).unwrap();
        assert_eq!(verifier.verify(&token, end), Err(InvalidToken));
    }
}

#[test]
fn foreign_tokens_are_refused() {
    let (ours, theirs) = (pair("k"), pair("k"));
    let verifier = verifier(&[&ours]);
    let refused = |token: &str| assert_eq!(verifier.verify(token, now()), Err(InvalidToken), "{token}");
    refused(&issuer(&theirs, "here").sign(&claims()).unwrap().text);
    refused(&issuer(&ours, "here").sign(&Claims { iss: "there".into(), ..claims() }).unwrap().text);
    refused(&issuer(&ours, "here").sign(&Claims { aud: "other".into(), ..claims() }).unwrap().text);
    refused("");
    refused("a.b.c");
}

#[test]
fn the_algorithm_and_the_kind_are_pinned() {
    let ours = pair("k");
    let verifier = verifier(&[&ours]);
    let good = issuer(&ours, "here").sign(&claims()).unwrap().text;
    let (_, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let public = URL_SAFE_NO_PAD.decode(ours.public["x"].as_str().unwrap()).unwrap();
    for header in [
        json!({ "alg": "none", "typ": "at+jwt", "kid": "k" }),
        json!({ "alg": "HS256", "typ": "at+jwt", "kid": "k" }),
        json!({ "alg": "EdDSA", "typ": "JWT", "kid": "k" }),
        json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "other" }),
        json!({ "alg": "EdDSA", "typ": "at+jwt" }),
    ] {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let signed = format!("{header}.{body}");
        // Signed with the public key as if it were a shared secret, and not signed at all.
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public);
        let mac = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes()));
        for end in [mac.as_str(), "", signature] {
            assert_eq!(verifier.verify(&format!("{signed}.{end}"), now()), Err(InvalidToken), "{header}");
        }
    }
}

#[test]
fn refresh_tokens_read_back_and_match_their_hash_only() {
    let (one, two) = (
        RefreshToken::issue(Id::from_parts(1, 1), Id::from_parts(1, 2)),
        RefreshToken::issue(Id::from_parts(1, 1), Id::from_parts(1, 2)),
    );
    let key =
        |secret: &str| RefreshKey::from_settings(&settings(&[("CODE_KEY", secret.repeat(32))])).unwrap();
    let text = key("a").expose(&one);
    let read = key("a").read(&text).unwrap();
    assert_eq!((read.user_id, read.session_id), (one.user_id, one.session_id));
    assert!(read.matches(&one.hash()) && !read.matches(&two.hash()));
    assert!(!text.contains(&one.hash()));
    assert!(key("b").read(&text).is_none(), "a token of another deployment");
    let (body, mac) = text.rsplit_once('.').unwrap();
    let invented = key("a").expose(&two).rsplit_once('.').unwrap().0.to_owned();
    for bad in ["", "rft_", "rft_usr_x.ses_y.z", "rft_usr_x.ses_y.z.", &text[4..], &text[..80], body]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("{invented}.{mac}"), format!("{body}.{}", &mac[1..]), format!("{text}A")])
    {
        assert!(key("a").read(&bad).is_none(), "{bad}");
    }
}

#[test]
fn codes_are_eight_digits_of_one_id_and_one_secret() {
    let codes = |key: &str| Codes::from_settings(&settings(&[("CODE_KEY", key.repeat(32))])).unwrap();
    let (a, b) = (Id::from_parts(1, 1), Id::from_parts(1, 2));
    let digits = codes("a").digits(a);
    assert!(digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(codes("a").digits(a), digits);
    assert_ne!(codes("a").digits(b), digits);
    assert_ne!(codes("b").digits(a), digits);
    assert!(codes("a").is(a, &format!(" {}-{} ", &digits[..4], &digits[4..])));
    for wrong in ["", "00000000", &digits[..7], &format!("{digits}0")] {
        assert!(wrong == digits || !codes("a").is(a, wrong), "{wrong}");
    }
}

#[test]
fn reset_tokens_are_256_bits_of_one_id_and_one_secret() {
    let codes = |key: &str| Codes::from_settings(&settings(&[("CODE_KEY", key.repeat(32))])).unwrap();
    let (a, b) = (Id::from_parts(1, 1), Id::from_parts(1, 2));
    let token = codes("a").reset_token(a);
    assert_eq!(token.expose().len(), 43);
    assert_eq!(codes("a").reset_token(a).expose(), token.expose());
    for other in [codes("a").reset_token(b), codes("b").reset_token(a)] {
        assert_ne!(other.expose(), token.expose());
        assert_ne!(other.hash(), token.hash());
    }
    // Neither the code of the same id nor a seal of what is typed makes one.
    assert_ne!(codes("a").seal(&a.to_string()), token.expose());
    assert_ne!(codes("a").seal(&format!("reset:{a}")), token.expose());
    assert_ne!(token.hash(), token.expose());
    let read = ResetToken::parse(&format!(" {}\n", token.expose())).map(|token| token.hash());
    assert_eq!(read, Some(token.hash()));
    for bad in ["", "token", &token.expose()[1..], &format!("{}A", token.expose()), &"é".repeat(43)] {
        assert!(ResetToken::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_key_that_cannot_sign_is_refused() {
    let broken = settings(&[("ACCESS_PRIVATE_KEY", "k:AAAA".into()), ("ACCESS_ISSUER", "here".into())]);
    assert!(Issuer::from_settings(&broken).is_err());
}

#[test]
fn short_secrets_are_refused() {
    assert!(Codes::from_settings(&settings(&[("CODE_KEY", "x".repeat(31))])).is_err());
    assert!(Codes::from_settings(&settings(&[])).is_err());
}
