//! A service of breached passwords: it answers as Pwned Passwords does, and can be told to answer otherwise.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use sha1::{Digest as _, Sha1};

/// How many lines an answer has at least (<https://haveibeenpwned.com/API/v3#PwnedPasswordsPadding>).
const PADDED: usize = 800;

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Well,
    /// With this status.
    Status(u16),
    /// Never.
    Silent,
    /// With this text.
    Says(&'static str),
    /// With so many lines of padding.
    Lines(usize),
}

/// What it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the path ends in.
    pub prefix: String,
    /// All headers.
    pub headers: HeaderMap,
}

struct Inner {
    known: Vec<(String, u64)>,
    mood: Mood,
    asked: Vec<Asked>,
}

/// The service, until the test ends.
#[derive(Clone)]
pub struct BreachService {
    url: String,
    inner: Arc<Mutex<Inner>>,
}

impl BreachService {
    /// One that saw these passwords so many times.
    ///
    /// # Panics
    /// Where no port is to be had.
    pub async fn start(known: &[(&str, u64)]) -> Self {
        let known = known.iter().map(|(password, count)| (digits(password), *count)).collect();
        let inner = Arc::new(Mutex::new(Inner { known, mood: Mood::Well, asked: Vec::new() }));
        let router = Router::new().route("/range/{prefix}", get(range)).with_state(Arc::clone(&inner));
        Self { url: super::serve(router).await, inner }
    }

    /// Where it is, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// From now on it answers like this.
    pub fn be(&self, mood: Mood) {
        lock(&self.inner).mood = mood;
    }

    /// What it was asked, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.inner).asked.clone()
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SHA-1 in hexadecimal digits.
#[must_use]
pub fn digits(password: &str) -> String {
    Sha1::digest(password).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"))
}

async fn range(
    State(inner): State<Arc<Mutex<Inner>>>,
    Path(prefix): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, String) {
    let (mood, known) = {
        let mut inner = lock(&inner);
        inner.asked.push(Asked { prefix: prefix.clone(), headers: headers.clone() });
        (inner.mood, inner.known.clone())
    };
    let lines = match mood {
        Mood::Well => PADDED,
        Mood::Lines(lines) => lines,
        Mood::Status(status) => {
            return (StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT), String::new());
        }
        Mood::Says(text) => return (StatusCode::OK, text.to_owned()),
        Mood::Silent => pending().await,
    };
    if prefix.len() != 5 || !prefix.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return (StatusCode::BAD_REQUEST, String::new());
    }
    if !headers.contains_key("user-agent") {
        return (StatusCode::FORBIDDEN, String::new());
    }
    let found =
        known.iter().filter_map(|(hash, count)| Some((hash.strip_prefix(&prefix)?.to_owned(), *count)));
    let padding = (0..lines).map(|line| (digits(&format!("{prefix}{line}"))[5..].to_owned(), 0));
    let mut range: Vec<_> = found.chain(padding).collect();
    range.sort();
    let range: Vec<_> = range.iter().map(|(hash, count)| format!("{hash}:{count}")).collect();
    (StatusCode::OK, range.join("\r\n"))
}
