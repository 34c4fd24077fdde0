//! `cargo run`: the local cloud.
#![expect(clippy::print_stdout, reason = "this is the program that speaks to a person")]

use std::path::PathBuf;
use std::process::ExitCode;

use banister_local::cloud::{Cloud, CloudError, Options};
use banister_local::{api, demo};
use banister_platform::config::Settings;
use banister_platform::telemetry;
use tokio::signal::unix::{Signal, SignalKind, signal};

const USAGE: &str = "\
Runs Banister on this machine: the API and everything behind it, in one process.

Usage: cargo run [-- [COMMAND] [OPTIONS]]

Commands:
  (none)          start
  demo            start with a small marketplace to look at
  openapi         print the OpenAPI document and stop

Options:
  --port N        port on 127.0.0.1; 0 takes a free one (default 8000)
  --data DIR      keep data there (default .banister)
  --ephemeral     keep data in memory only
  --demo          the same as the command
  --json-logs     write the log as on AWS: one JSON object a line
  --help          this text
";

/// What a developer may set otherwise, from `env.example`; where things are is the cloud's to say.
const OVERRIDABLE: [&str; 10] = [
    "ACCESS_ISSUER",
    "ACCESS_PRIVATE_KEY",
    "ACCESS_PUBLIC_KEYS",
    "APP_URL",
    "BREACHED_PASSWORDS_URL",
    "CODE_KEY",
    "CURSOR_KEY",
    "MAIL_FROM",
    "PASSWORD_MEMORY_KIB",
    "SMTP_URL",
];

enum Command {
    Start { options: Options, demo: bool, json_logs: bool },
    OpenApi,
    Help,
}

fn parse() -> Result<Command, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let environment = Settings::from_env();
    let overrides =
        OVERRIDABLE.iter().filter_map(|name| Some(((*name).to_owned(), environment.optional(name)?)));
    let mut options = Options {
        port: 8_000,
        data: Some(PathBuf::from(".banister")),
        overrides: overrides.collect(),
        ..Options::default()
    };
    let (mut demo, mut json_logs) = (false, false);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => options.port = arguments.value()?.parse()?,
            Long("data") => options.data = Some(arguments.value()?.into()),
            Long("ephemeral") => options.data = None,
            Long("demo") => demo = true,
            Long("json-logs") => json_logs = true,
            Long("help") | Short('h') => return Ok(Command::Help),
            Value(word) if word == "demo" => demo = true,
            Value(word) if word == "openapi" => return Ok(Command::OpenApi),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Start { options, demo, json_logs })
}

async fn run(options: Options, with_demo: bool) -> Result<(), CloudError> {
    let mut signals = Signals::listen()?;
    let cloud = Cloud::start(options).await?;
    let url = cloud.url();
    println!("listening on {url}");
    println!("  {url}/docs         the API, to read and to try");
    println!("  {}             the WebSocket, opened by a ticket", cloud.socket_url());
    println!("  {url}/local/mails  every mail that was sent");
    println!("  {url}/local/clock  the time, which can be moved");
    if with_demo {
        match demo::fill(&cloud).await {
            Ok(guide) => println!("\n{guide}"),
            Err(error) => println!("the demo could not be filled in: {error}"),
        }
    }
    signals.next().await;
    println!("stopping");
    tokio::select! {
        () = cloud.stop() => {}
        () = signals.next() => println!("not waiting any longer"),
    }
    Ok(())
}

/// Ctrl-C and the signal by which services are stopped.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match parse() {
        Ok(Command::Help) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Ok(Command::OpenApi) => {
            print!("{}", api::document_text());
            return ExitCode::SUCCESS;
        }
        Ok(Command::Start { options, demo, json_logs }) => {
            let settings = Settings::from_env();
            if json_logs {
                telemetry::start_json(&settings);
            } else {
                telemetry::start_plain(&settings);
            }
            run(options, demo).await.map_err(|error| error.to_string())
        }
        Err(error) => Err(format!("{error}\n\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
