//! The received mails, their folder, and the faults that a test has ordered.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::Clock;
use super::content::{Mail, RECIPIENT};

/// Where in the SMTP dialogue a mail fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The answer to `RCPT TO`.
    Rcpt,
    /// The answer after the whole content, which is dropped.
    Data,
}

/// Shared by the sessions and the handle.
pub(super) struct Inbox {
    folder: Option<PathBuf>,
    clock: Clock,
    state: Mutex<State>,
    /// How many mails there are.
    arrivals: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    /// Of the latest mail, so that names differ and sort also within a millisecond and over restarts.
    counter: u64,
    failures: VecDeque<(Stage, u16)>,
    lost_answers: u32,
}

impl Inbox {
    /// Reads the mails of `folder`, which is made if absent.
    pub(super) fn open(folder: Option<PathBuf>, clock: Clock) -> io::Result<Self> {
        let mails = folder.as_deref().map_or_else(|| Ok(Vec::new()), read_folder)?;
        let counter = mails.iter().filter_map(|mail| name_parts(&mail.id)).map(|(_, counter)| counter).max();
        let arrivals = watch::Sender::new(mails.len());
        let state = State { mails, counter: counter.unwrap_or_default(), ..State::default() };
        Ok(Self { folder, clock, state: Mutex::new(state), arrivals })
    }

    /// Keeps a mail; on `Ok` it is in the folder. Returns its id.
    pub(super) fn deliver(&self, from: &str, to: &[String], content: &[u8]) -> io::Result<String> {
        let mut file = format!("Return-Path: <{from}>\r\n").into_bytes();
        for to in to {
            write!(file, "{RECIPIENT}: {to}\r\n")?;
        }
        file.extend_from_slice(content);
        let mut state = self.lock();
        let millis = (self.clock)().max(0);
        let id = format!("{millis:013}-{:06}", state.counter + 1);
        if let Some(folder) = &self.folder {
            let fresh = folder.join(format!("{id}.new"));
            fs::write(&fresh, &file)?;
            fs::rename(&fresh, folder.join(format!("{id}.eml")))?;
        }
        state.counter += 1;
        state.mails.push(Mail::parse(&id, timestamp(millis), &file));
        self.arrivals.send_replace(state.mails.len());
        Ok(id)
    }

    /// The mails in order of arrival.
    pub(super) fn mails(&self) -> Vec<Mail> {
        self.lock().mails.clone()
    }

    /// The first mail that pleases, from the `start`-th on; otherwise how many were looked at.
    pub(super) fn find(&self, start: usize, pleases: impl Fn(&Mail) -> bool) -> Result<Mail, usize> {
        let state = self.lock();
        state.mails[start..].iter().find(|mail| pleases(mail)).cloned().ok_or(state.mails.len())
    }

    pub(super) fn arrivals(&self) -> watch::Receiver<usize> {
        self.arrivals.subscribe()
    }

    pub(super) fn fail_next(&self, stage: Stage, times: usize, code: u16) {
        self.lock().failures.extend(std::iter::repeat_n((stage, code), times));
    }

    pub(super) fn lose_answers(&self, times: u32) {
        self.lock().lost_answers += times;
    }

    /// The code with which this stage is to fail, once.
    pub(super) fn failure(&self, here: Stage) -> Option<u16> {
        let failures = &mut self.lock().failures;
        let place = failures.iter().position(|(stage, _)| *stage == here)?;
        failures.remove(place).map(|(_, code)| code)
    }

    /// Whether this mail's answer is to be lost.
    pub(super) fn loses_answer(&self) -> bool {
        let mut state = self.lock();
        let loses = state.lost_answers > 0;
        state.lost_answers = state.lost_answers.saturating_sub(1);
        loses
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_folder(folder: &Path) -> io::Result<Vec<Mail>> {
    fs::create_dir_all(folder)?;
    let mut mails = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".eml"));
        // Other files are somebody else's, or of a delivery that was never answered.
        if let Some((id, (millis, _))) = name.and_then(|id| Some((id, name_parts(id)?))) {
            mails.push(Mail::parse(id, timestamp(millis), &fs::read(&path)?));
        }
    }
    mails.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(mails)
}

/// Milliseconds and counter of an id.
fn name_parts(id: &str) -> Option<(i64, u64)> {
    let (millis, counter) = id.split_once('-')?;
    Some((millis.parse().ok()?, counter.parse().ok()?))
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}
