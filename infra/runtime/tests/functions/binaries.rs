//! Where the functions' binaries are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use banister_checks::files::root;
use serde_json::Value;

/// The binary of an area.
pub(crate) fn binary(area: &str) -> PathBuf {
    static BUILT: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(build);
    if let Some(folder) = std::env::var_os("BANISTER_LAMBDA") {
        return root().join(folder).join(area).join("bootstrap");
    }
    BUILT.get(area).unwrap_or_else(|| panic!("no package under functions/ makes {area}")).clone()
}

/// Builds all functions; area and binary of each. With tests and the whole workspace, so that all
/// dependencies have the features with which `cargo test --workspace` has just built them.
fn build() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--workspace", "--bins", "--tests", "--message-format=json-render-diagnostics"]);
    let output = cargo.current_dir(root()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the functions do not build");
    let messages = String::from_utf8(output.stdout).unwrap();
    messages.lines().filter_map(executable).collect()
}

fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    let is_function = folder.ancestors().nth(2)?.file_name()? == "functions";
    let is_program = message["target"]["kind"][0] == "bin" && message["profile"]["test"] == false;
    let file = message["executable"].as_str().filter(|_| is_function && is_program)?;
    Some((folder.file_name()?.to_str()?.to_owned(), file.into()))
}
