//! `cargo manage`: what operators do by hand.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program speaks to a person")]

mod acts;
mod arguments;
mod keys;
mod password;
mod place;
mod rotation;

use std::process::ExitCode;

use acts::Outcome;
use arguments::{Arguments, USAGE};
use serde_json::{Value, json};

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
enum ManageError {
    /// There is no place to work on.
    #[error(transparent)]
    Place(#[from] place::PlaceError),
    /// A setting is missing or wrong.
    #[error(transparent)]
    Config(#[from] banister_platform::config::ConfigError),
    /// No password was given, or none that is good.
    #[error("the password {0}")]
    Password(String),
    /// The table did not answer.
    #[error(transparent)]
    Storage(#[from] banister_platform::table::StorageError),
    /// The act is not possible, for this reason.
    #[error("{0}")]
    Refused(&'static str),
    /// The keys of a local cloud cannot be replaced.
    #[error("keys.json cannot be replaced: {0}")]
    Keys(#[from] std::io::Error),
    /// A service of AWS, or the API, did not do as it was asked.
    #[error("{0}")]
    Aws(String),
    /// What is kept as a key is none.
    #[error("the key that signs {0}")]
    Key(#[from] banister_platform::identity::InvalidKey),
    /// Some accounts are done, and one is not.
    #[error("stopped at {0}, which is being changed by somebody else; the same command once more does all")]
    Stopped(banister_domain::id::UserId),
    /// The account is being changed by others all the time.
    #[error("the account is being changed by somebody else; try again")]
    Busy,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (arguments, json) = match arguments::read(lexopt::Parser::from_env()) {
        Ok(Arguments::Help) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Ok(Arguments::Run { command, data, json }) => ((command, data), json),
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let (command, data) = arguments;
    match acts::run(command, &data).await {
        Ok(outcome) => {
            say(&outcome, json);
            if outcome.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            if json {
                println!("{}", json!({ "error": error.to_string() }));
            } else {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// One JSON object, or a line for each of its members.
fn say(outcome: &Outcome, json: bool) {
    if json {
        println!("{}", outcome.result);
        return;
    }
    let members = outcome.result.as_object().into_iter().flatten();
    for (name, value) in members {
        match value {
            Value::String(text) => println!("{name}: {text}"),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                println!("{name}:");
                for item in items {
                    println!("  {item}");
                }
            }
            other => println!("{name}: {other}"),
        }
    }
}
