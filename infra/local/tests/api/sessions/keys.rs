//! `GET /.well-known/jwks.json`: what tokens are checked with.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use banister_domain::account::Role;
use banister_local::client::Client;
use banister_local::cloud::{Cloud, Keys, Options};
use banister_platform::config::Settings;
use banister_platform::identity::Issuer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::opens;
use crate::problems::refused;
use crate::support::{body, cloud, customer, session_of, stranger};

const PATH: &str = "/.well-known/jwks.json";

async fn keys(cloud: &Cloud) -> Vec<Value> {
    let answer = stranger(cloud).get(PATH).await.unwrap();
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    body(answer, 200)["keys"].as_array().unwrap().clone()
}

/// Whether the key that the token names is in the set and made its signature, as anybody would find out.
fn verifies(token: &str, keys: &[Value]) -> bool {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decode(signed.split_once('.').unwrap().0)).unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]);
    let point = key.map(|key| decode(key["x"].as_str().unwrap()));
    point.is_some_and(|point| {
        UnparsedPublicKey::new(&ED25519, point).verify(signed.as_bytes(), &decode(signature)).is_ok()
    })
}

#[tokio::test]
async fn a_token_verifies_with_the_key_that_it_names() {
    let cloud = cloud().await;
    let owner = customer(&cloud, "Customer One").await;
    let keys = keys(&cloud).await;
    assert_eq!(keys.len(), 1);
    let names: Vec<_> = keys[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names.into_iter().collect::<std::collections::BTreeSet<_>>(),
        ["alg", "crv", "kid", "kty", "use", "x"].into()
    );
    let token = owner.token.unwrap();
    assert!(verifies(&token, &keys));
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert!(!verifies(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode([7; 64])), &keys));
}

/// A new pair of keys by another name: its private half and its public one.
fn pair(name: &str) -> (String, Value) {
    let keys = Keys::load(None).unwrap();
    let (_, private) =
        keys.access_private_key().split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let mut public: Value = serde_json::from_str(&keys.access_public_keys()).unwrap();
    let mut public = public["keys"][0].take();
    public["kid"] = name.into();
    // Nobody should put it there; nobody is told of it.
    public["d"] = "private".into();
    (format!("{name}:{private}"), public)
}

/// Tokens of the key before are good until they expire, and those of the next one at once.
#[tokio::test]
async fn while_keys_rotate_tokens_of_both_are_good() {
    let [(old, old_public), (next, next_public), (foreign, _)] = ["old", "next", "foreign"].map(pair);
    let overrides = BTreeMap::from([
        ("ACCESS_PRIVATE_KEY".to_owned(), old),
        ("ACCESS_PUBLIC_KEYS".to_owned(), json!({ "keys": [old_public, next_public] }).to_string()),
    ]);
    let options = Options { password_memory_kib: Some(16), overrides, ..Options::default() };
    let cloud = Cloud::start(options).await.unwrap();
    let owner = customer(&cloud, "Customer One").await;
    let keys = keys(&cloud).await;
    assert_eq!(keys.iter().map(|key| key["kid"].as_str().unwrap()).collect::<Vec<_>>(), ["old", "next"]);
    assert!(!Value::from(keys.clone()).to_string().contains("private"));
    let signed_with = |private: String| -> Client {
        let settings = [("ACCESS_PRIVATE_KEY", private), ("ACCESS_ISSUER", "banister-local".to_owned())];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        let issuer = Issuer::from_settings(&Settings::from_map(settings.into())).unwrap();
        let of = (owner.id.parse().unwrap(), session_of(&owner));
        let token = issuer.issue(of, (Role::Customer, 0), cloud.clock.now()).unwrap().text;
        let mut client = owner.clone();
        client.token = Some(token);
        client
    };
    for client in [&owner, &signed_with(next)] {
        assert!(verifies(client.token.as_deref().unwrap(), &keys));
        assert!(opens(client).await);
    }
    let foreign = signed_with(foreign);
    assert!(!verifies(foreign.token.as_deref().unwrap(), &keys));
    refused(&foreign.get("/v1/me").await.unwrap(), 401, "unauthenticated");
}
