//! A function's process.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::api::{Api, Invocation};

/// How long a process may take to end after SIGTERM, as Lambda gives it
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>, shutdown phase).
const SHUTDOWN: Duration = Duration::from_secs(2);

/// What Lambda sets itself, where the caller gives nothing else
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>).
const DEFAULTS: &[(&str, &str)] = &[
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_NAME", "function"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_REGION", "us-east-1"),
    ("LANG", "en_US.UTF-8"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("TZ", ":UTC"),
    ("_HANDLER", "bootstrap"),
];

/// A function's process did not start.
#[derive(Debug, thiserror::Error)]
#[error("{binary} did not start: {source}")]
pub struct StartError {
    binary: String,
    source: std::io::Error,
}

/// What became of an invocation, or of the process.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function answered.
    Answer(Value),
    /// The function reported an error: the document, with `errorType` and `errorMessage`.
    Error(Value),
    /// The process ended first. An error reported at its start is in the logs and in
    /// [`Function::init_error`].
    Ended(ExitStatus),
    /// The time was up, and the process was killed.
    TimedOut,
}

/// A running function. Its process is killed when this value is dropped.
pub struct Function {
    child: Child,
    pid: u32,
    api: Api,
    arn: String,
    given: u64,
    logs: Arc<Mutex<Vec<String>>>,
    readers: JoinSet<()>,
}

impl Function {
    /// Starts the binary with this environment and what Lambda adds to it; nothing of this process's
    /// own environment. Its folder is the working directory, as `/var/task` is on AWS.
    pub async fn start(
        binary: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StartError> {
        let failed = |source| StartError { binary: binary.display().to_string(), source };
        let binary = std::path::absolute(binary).map_err(failed)?;
        let folder = binary.parent().unwrap_or(Path::new("/"));
        let api = Api::start().await.map_err(failed)?;
        let mut command = Command::new(&binary);
        command.env_clear().envs(DEFAULTS.iter().copied()).env("LAMBDA_TASK_ROOT", folder);
        command.envs(environment).env("AWS_LAMBDA_RUNTIME_API", api.address.to_string());
        command.current_dir(folder).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (logs, mut readers) = (Arc::default(), JoinSet::new());
        if let Some(output) = child.stdout.take() {
            readers.spawn(read(output, Arc::clone(&logs)));
        }
        if let Some(output) = child.stderr.take() {
            readers.spawn(read(output, Arc::clone(&logs)));
        }
        let pid = child.id().unwrap_or_default();
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:function".to_owned();
        Ok(Self { child, pid, api, arn, given: 0, logs, readers })
    }

    /// Waits until the process asks for an event: after [`start`](Self::start) this is the end of
    /// INIT, later the end of the invocation before. From then on it waits and uses no CPU.
    ///
    /// # Errors
    /// [`Outcome::Ended`] or, after `limit`, [`Outcome::TimedOut`]; then the process is killed.
    pub async fn ready(&mut self, limit: Duration) -> Result<(), Outcome> {
        let (given, mut asked) = (self.given, self.api.asked.clone());
        let outcome = tokio::select! {
            _ = asked.wait_for(|asked| *asked > given) => return Ok(()),
            status = self.child.wait() => status.map(Outcome::Ended),
            () = tokio::time::sleep(limit) => Ok(Outcome::TimedOut),
        };
        Err(self.end(outcome).await)
    }

    /// Hands the event to the process as soon as it asks for one, and waits for what it says. The
    /// process is told to be done, and killed, after `limit`, INIT included.
    pub async fn invoke(&mut self, event: impl Into<Vec<u8>>, limit: Duration) -> Outcome {
        self.given += 1;
        let hear = self.api.invoke(Invocation {
            id: format!("00000000-0000-4000-8000-{:012x}", self.given),
            event: event.into().into(),
            deadline_ms: now().saturating_add(limit).as_millis(),
            arn: self.arn.clone(),
        });
        let outcome = tokio::select! {
            // An answer that was given counts, also if the process ended right after it.
            biased;
            Ok(said) = hear => return said.map_or_else(Outcome::Error, Outcome::Answer),
            status = self.child.wait() => status.map(Outcome::Ended),
            () = tokio::time::sleep(limit) => Ok(Outcome::TimedOut),
        };
        self.end(outcome).await
    }

    /// The process's id, as `/proc` has it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The lines that it wrote so far to standard output and standard error; all of them once it has
    /// ended.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the process reported of a failed start, if it did.
    #[must_use]
    pub fn init_error(&self) -> Option<Value> {
        self.api.init_error()
    }

    /// Ends the process with SIGTERM, or kills it two seconds later. How it ended.
    pub async fn stop(&mut self) -> std::io::Result<ExitStatus> {
        // None where it has ended: the id may be another process's by now.
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            kill(Pid::from_raw(pid), Signal::SIGTERM)?;
        }
        if tokio::time::timeout(SHUTDOWN, self.child.wait()).await.is_err() {
            self.child.start_kill()?;
        }
        let status = self.child.wait().await;
        while self.readers.join_next().await.is_some() {}
        status
    }

    /// Kills the process if it still runs, and reads the rest of its logs.
    async fn end(&mut self, outcome: std::io::Result<Outcome>) -> Outcome {
        drop(self.child.kill().await);
        while self.readers.join_next().await.is_some() {}
        outcome.unwrap_or(Outcome::TimedOut)
    }
}

/// The time that the process itself reads.
#[expect(clippy::disallowed_methods, reason = "the process has the machine's clock")]
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

async fn read(output: impl AsyncRead + Unpin, logs: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        logs.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
