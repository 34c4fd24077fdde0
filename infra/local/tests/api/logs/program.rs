//! The program as its own process, with everything it writes.

use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use super::story::Secret;

/// A running local cloud that writes JSON logs; it ends with the test at the latest.
pub(super) struct Program {
    child: Child,
    url: String,
    data: PathBuf,
    lines: Receiver<String>,
    before: Vec<String>,
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    /// With data in a folder of its own.
    pub(super) fn start(level: &str) -> Self {
        let name = banister_platform::random::bytes::<8>().map(|byte| format!("{byte:02x}")).concat();
        let data = std::env::temp_dir().join(format!("banister-{name}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_banister-local"));
        command.args(["--json-logs", "--port", "0", "--data"]).arg(&data);
        command.env("LOG_LEVEL", level).env("PASSWORD_MEMORY_KIB", "16");
        // Nobody listens there (RFC 863): what is logged where the service does not answer is looked at, too.
        command.env("BREACHED_PASSWORDS_URL", "http://127.0.0.1:9");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let read = |from: Box<dyn Read + Send>| {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(from).lines().map_while(Result::ok);
                // Nobody reads any more once the test has failed.
                lines.for_each(|line| drop(sender.send(line)));
            })
        };
        let readers =
            vec![read(Box::new(child.stdout.take().unwrap())), read(Box::new(child.stderr.take().unwrap()))];
        let mut before = Vec::new();
        let url = loop {
            let line = lines.recv().expect("it says where it listens");
            before.push(line.clone());
            if let Some(url) = line.strip_prefix("listening on ") {
                break url.to_owned();
            }
        };
        Self { child, url, data, lines, before, readers }
    }

    /// Where the API is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What the cloud itself keeps secret.
    pub(super) fn keys(&self) -> Vec<Secret> {
        let text = std::fs::read_to_string(self.data.join("keys.json")).unwrap();
        let keys: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
        // The name of the signing key, and the public ones before it, are told to everybody.
        let keys: Vec<_> = keys.into_iter().filter(|(name, _)| !name.contains("access_key_")).collect();
        let keys: Vec<_> = keys.into_iter().filter(|(name, _)| name != "access_keys_before").collect();
        assert_eq!(keys.len(), 3, "{keys:?}");
        keys.into_iter().map(|(name, value)| Secret::new(name, value.as_str().unwrap())).collect()
    }

    /// Lets it finish what it is at, and stop; all that it wrote.
    pub(super) fn stop(mut self) -> Vec<String> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let mut lines = std::mem::take(&mut self.before);
        lines.extend(self.lines.try_iter());
        lines
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.data));
    }
}
