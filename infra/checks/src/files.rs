//! The files of the repository that the rules read.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The repository's top folder.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of a file, by its path from the top.
pub fn read(path: &str) -> io::Result<String> {
    std::fs::read_to_string(root().join(path))
}

/// The texts of events/, by file name without `.json`.
pub fn events() -> io::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for path in list(&root().join("events"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(".json").unwrap_or(&name);
        texts.insert(name.to_owned(), std::fs::read_to_string(&path)?);
    }
    Ok(texts)
}

/// The texts of all Rust sources that go into functions, one after the other.
pub fn sources() -> io::Result<String> {
    let mut text = String::new();
    let mut folders = vec![root().join("functions"), root().join("shared")];
    while let Some(folder) = folders.pop() {
        for path in list(&folder)? {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(&path)?);
            }
        }
    }
    Ok(text)
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}
