//! Tokens that must be refused, each made from a good one and wrong in one way.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use banister_local::client::Client;
use banister_local::cloud::{Cloud, Keys};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{body, cloud, customer};

/// The parts of a token, to be changed and signed again.
struct Forge {
    key: Ed25519KeyPair,
    header: Value,
    claims: Value,
}

impl Forge {
    fn new(cloud: &Cloud, person: &Client) -> Self {
        let setting = cloud.settings("local-test").required("ACCESS_PRIVATE_KEY").expect("a key");
        let token = person.token.as_deref().expect("signed in");
        let part = |number: usize| {
            let text = token.split('.').nth(number).expect("three parts");
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64")).expect("JSON")
        };
        Self { key: pair(&setting), header: part(0), claims: part(1) }
    }

    fn signed(header: &Value, claims: &Value, key: &Ed25519KeyPair) -> String {
        let text = unsigned(header, claims);
        let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// With another claim.
    fn claim(&self, name: &str, value: impl Into<Value>) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value.into();
        Self::signed(&self.header, &claims, &self.key)
    }

    /// With another member of the header.
    fn header(&self, name: &str, value: impl Into<Value>) -> String {
        let mut header = self.header.clone();
        header[name] = value.into();
        Self::signed(&header, &self.claims, &self.key)
    }
}

fn pair(setting: &str) -> Ed25519KeyPair {
    let (_, der) = setting.split_once(':').expect("an id and a key");
    Ed25519KeyPair::from_pkcs8(&STANDARD.decode(der).expect("base64")).expect("a key")
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// Tokens in the name of `person`, by what is wrong with each.
pub(super) fn bad_tokens(cloud: &Cloud, person: &Client) -> Vec<(&'static str, String)> {
    let forge = Forge::new(cloud, person);
    let other = pair(&Keys::load(None).expect("keys").access_private_key());
    let mut none = forge.header.clone();
    none["alg"] = "none".into();
    let mut symmetric = forge.header.clone();
    symmetric["alg"] = "HS256".into();
    let text = unsigned(&symmetric, &forge.claims);
    // The public key as the secret of a symmetric signature: a classic.
    let secret = hmac::Key::new(hmac::HMAC_SHA256, forge.key.public_key().as_ref());
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&secret, text.as_bytes()).as_ref());
    let mut grown = forge.claims.clone();
    grown["role"] = "super_admin".into();
    let good = person.token.clone().expect("signed in");
    let signature = good.rsplit('.').next().expect("three parts").to_owned();
    vec![
        ("expired", forge.claim("exp", cloud.clock.now().as_second())),
        ("garbage", "garbage".into()),
        ("refresh token", person.refresh_token.clone().expect("signed in")),
        ("alg none", format!("{}.", unsigned(&none, &forge.claims))),
        ("alg hs256", format!("{text}.{tag}")),
        ("other key", Forge::signed(&forge.header, &forge.claims, &other)),
        ("other key id", forge.header("kid", "other")),
        ("other type", forge.header("typ", "JWT")),
        ("other issuer", forge.claim("iss", "elsewhere")),
        ("other audience", forge.claim("aud", "elsewhere")),
        ("old epoch", forge.claim("epoch", 7)),
        ("grown role", format!("{}.{signature}", unsigned(&forge.header, &grown))),
        (
            "signed role",
            forge.claim("role", if forge.claims["role"] == "admin" { "super_admin" } else { "admin" }),
        ),
    ]
}

/// What is refused above is refused for its one fault: a token signed again without one is taken.
#[tokio::test]
async fn a_token_signed_again_unchanged_is_taken() {
    let cloud = cloud().await;
    let mut person = customer(&cloud, "Customer One").await;
    let forge = Forge::new(&cloud, &person);
    assert_eq!(forge.header, json!({ "alg": "EdDSA", "kid": "local", "typ": "at+jwt" }));
    let mut names: Vec<_> = forge.claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "epoch", "exp", "iat", "iss", "role", "sid", "sub"]);
    let lifetime = forge.claims["exp"].as_i64().unwrap() - forge.claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 900);
    person.token = Some(Forge::signed(&forge.header, &forge.claims, &forge.key));
    body(person.get("/v1/me").await.unwrap(), 200);
}
