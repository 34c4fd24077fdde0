//! Replaces the key that signs access tokens, in the data of a local cloud.

use std::fs::OpenOptions;
use std::io::{Error, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use banister_platform::identity::SigningKey;
use serde_json::{Map, Value, json};

/// Makes a key named `id` in `keys.json` of the folder. The public key of the one before stays good beside it;
/// those of older ones go. Answers the names of both.
pub(crate) fn rotate(data: &Path, id: &str) -> Result<(String, String), Error> {
    let file = data.join("keys.json");
    let mut keys: Map<String, Value> = serde_json::from_slice(&std::fs::read(&file)?)?;
    let text = |name: &str| keys.get(name).and_then(Value::as_str);
    let old =
        format!("{}:{}", text("access_key_id").unwrap_or("local"), text("access_key").unwrap_or_default());
    let old = SigningKey::parse(&old).map_err(Error::other)?;
    let new = SigningKey::generate(id).map_err(Error::other)?;
    let secret = new.expose();
    let (_, access_key) = secret.split_once(':').unwrap_or_default();
    keys.insert("access_key".into(), access_key.into());
    keys.insert("access_key_id".into(), id.into());
    keys.insert("access_keys_before".into(), json!([old.public().map_err(Error::other)?]));
    write(&file, &serde_json::to_vec(&keys)?)?;
    Ok((new.id().to_owned(), old.id().to_owned()))
}

/// Replaces a file whole; only its owner may read it.
fn write(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = file.with_extension("draft");
    let mut options = OpenOptions::new();
    let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    std::fs::rename(draft, file)
}
