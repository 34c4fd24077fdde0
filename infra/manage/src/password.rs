//! A password from the terminal, without showing it, or from the standard input. Never from an argument:
//! those are seen by everybody on the machine.

use std::io::{BufRead as _, IsTerminal as _, StdinLock, Write as _, stderr, stdin};

use banister_domain::account::NewPassword;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use crate::ManageError;

/// Asks twice at a terminal; elsewhere the first line is it.
pub(crate) fn read() -> Result<NewPassword, ManageError> {
    let input = stdin().lock();
    let unread = |error: &dyn std::fmt::Display| ManageError::Password(format!("cannot be read: {error}"));
    let text = if input.is_terminal() {
        let mut quiet = Quiet::start(input).map_err(|error| unread(&error))?;
        let first = quiet.ask("Password: ").map_err(|error| unread(&error))?;
        let again = quiet.ask("Once more: ").map_err(|error| unread(&error))?;
        if first != again {
            return Err(ManageError::Password("was not the same twice".into()));
        }
        first
    } else {
        let mut input = input;
        line(&mut input).map_err(|error| unread(&error))?
    };
    NewPassword::try_from(text).map_err(|error| ManageError::Password(error.to_string()))
}

fn line(input: &mut StdinLock<'_>) -> std::io::Result<String> {
    let mut text = String::new();
    input.read_line(&mut text)?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// A terminal that does not show what is typed, as long as this lives.
struct Quiet<'a> {
    input: StdinLock<'a>,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn start(input: StdinLock<'a>) -> std::io::Result<Self> {
        let before = tcgetattr(&input)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&input, SetArg::TCSAFLUSH, &quiet)?;
        Ok(Self { input, before })
    }

    fn ask(&mut self, prompt: &str) -> std::io::Result<String> {
        let mut terminal = stderr();
        write!(terminal, "{prompt}")?;
        let text = line(&mut self.input)?;
        // The return key was not shown either.
        writeln!(terminal)?;
        Ok(text)
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Nothing more can be done about a terminal that does not take it.
        let _ = tcsetattr(&self.input, SetArg::TCSAFLUSH, &self.before);
    }
}
