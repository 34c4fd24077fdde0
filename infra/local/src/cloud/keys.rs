//! The secrets of a local cloud: made at the first start, kept with its data.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::identity::SigningKey;
use banister_platform::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of the first key.
const KEY_ID: &str = "local";

/// The secrets. `cargo manage rotate-keys` writes the first three.
#[derive(Clone, Serialize, Deserialize)]
pub struct Keys {
    /// PKCS #8 DER of the Ed25519 key that signs access tokens, in base64.
    access_key: String,
    /// Its name.
    #[serde(default = "first")]
    access_key_id: String,
    /// The public keys that were good before it, as JWKs: those of one rotation ago.
    #[serde(default)]
    access_keys_before: Vec<Value>,
    /// What codes in mails are derived with.
    pub code_key: String,
    /// What cursors are encrypted with.
    pub cursor_key: String,
}

fn first() -> String {
    KEY_ID.to_owned()
}

impl Keys {
    /// Those in `keys.json` of the data folder, or new ones, which are then kept there.
    pub fn load(data: Option<&Path>) -> Result<Self, Error> {
        let Some(folder) = data else { return Self::generate() };
        let file = folder.join("keys.json");
        match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(Error::from),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let keys = Self::generate()?;
                write(&file, &serde_json::to_vec(&keys)?)?;
                Ok(keys)
            }
            Err(error) => Err(error),
        }
    }

    fn generate() -> Result<Self, Error> {
        let key = SigningKey::generate(KEY_ID).map_err(Error::other)?.expose();
        let access_key = key.split_once(':').map(|(_, key)| key.to_owned()).unwrap_or_default();
        let secret = || URL_SAFE_NO_PAD.encode(random::bytes::<32>());
        let (access_key_id, access_keys_before) = (first(), Vec::new());
        Ok(Self { access_key, access_key_id, access_keys_before, code_key: secret(), cursor_key: secret() })
    }

    /// As the setting `ACCESS_PRIVATE_KEY` has it.
    #[must_use]
    pub fn access_private_key(&self) -> String {
        format!("{}:{}", self.access_key_id, self.access_key)
    }

    /// As the setting `ACCESS_PUBLIC_KEYS` has it; without the key that signs where that is damaged.
    #[must_use]
    pub fn access_public_keys(&self) -> String {
        let key = SigningKey::parse(&self.access_private_key()).and_then(|key| key.public());
        let keys: Vec<_> = key.into_iter().chain(self.access_keys_before.iter().cloned()).collect();
        serde_json::json!({ "keys": keys }).to_string()
    }
}

/// Sets the clock to where the last run of this data left it.
pub(super) fn load_offset(data: Option<&Path>, clock: &Clock) -> Result<(), Error> {
    let Some(file) = data.map(|folder| folder.join("clock.json")) else { return Ok(()) };
    match std::fs::read(&file) {
        Ok(bytes) => clock.advance(SignedDuration::from_millis(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Keeps where the clock stands.
pub(super) fn save_offset(data: Option<&Path>, clock: &Clock) -> Result<(), Error> {
    let Some(folder) = data else { return Ok(()) };
    write(&folder.join("clock.json"), &serde_json::to_vec(&clock.offset_millis())?)
}

/// What `cargo manage` needs of a running cloud, in `endpoint.json` of its data folder.
pub(super) fn save_endpoint(data: Option<&Path>, settings: &Settings) -> Result<(), Error> {
    let Some(folder) = data else { return Ok(()) };
    let names = [
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "BREACHED_PASSWORDS_URL",
        "PASSWORD_MEMORY_KIB",
        "TABLE_NAME",
    ];
    let values = names.into_iter().filter_map(|name| Some((name, settings.optional(name)?)));
    let values: BTreeMap<_, _> = values.collect();
    write(&folder.join("endpoint.json"), &serde_json::to_vec(&values)?)
}

/// Takes it away: nobody is there any more.
pub(super) fn remove_endpoint(data: Option<&Path>) {
    // One that stays behind leads nowhere, and the next start writes another one.
    data.map(|folder| std::fs::remove_file(folder.join("endpoint.json")).ok());
}

/// Replaces a file whole; only its owner may read it.
fn write(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = file.with_extension("draft");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?.write_all(bytes)?;
    std::fs::rename(draft, file)
}
