//! Passwords that are known from a breach, asked for by the range protocol of Pwned Passwords
//! (<https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange>): the service is told the first five of the 40
//! hexadecimal digits of a password's SHA-1, and answers with the rest of each hash it knows that begins so. Nothing else
//! leaves, and padding keeps the answer's size from telling which five they were.
//!
//! One connection a question: Lambda freezes between two, and a kept one would be dead by then.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1::handshake;
use hyper::header::{HOST, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long an answer may take, from looking up the name to the last octet: somebody waits for it.
pub const TIME_OUT: Duration = Duration::from_secs(1);

/// How long an answer may be, in octets. Those of the service have some 2,000 lines of 40.
const LONGEST: usize = 256 * 1024;

/// How many digits of a hash are told, and how many are not.
const TOLD: usize = 5;
const KEPT: usize = 35;

/// Why nobody says whether a password is known, or who would be asked. Never says a part of a password or of its hash,
/// nor what the service said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BreachError {
    /// No URL of such a service.
    #[error(
        "is neither off nor an https URL without user, query and fragment; http does for this machine only"
    )]
    InvalidUrl,
    /// No connection.
    #[error("not reached")]
    NotReached,
    /// No connection that only the service can read.
    #[error("TLS failed")]
    Tls,
    /// It hung up, does not speak HTTP, or says more than a range is long.
    #[error("no whole answer")]
    Broken,
    /// An answer of another status than 200.
    #[error("answered {0}")]
    Status(u16),
    /// An answer that is no range.
    #[error("the answer is no range of hashes")]
    NoRange,
    /// None in time.
    #[error("timed out")]
    TimedOut,
}

/// A service that knows passwords from breaches.
#[derive(Clone)]
pub struct Breaches {
    host: String,
    port: u16,
    /// As the header `Host` has it.
    authority: String,
    /// What stands before `/range/…`.
    path: String,
    /// None for this machine.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// What stands in the place of a URL where nobody is to be asked.
pub const OFF: &str = "off";

impl Breaches {
    /// What a setting names: the service at a URL, or none where it says [`OFF`]. Nothing that was merely left out
    /// switches the question off.
    pub fn named(setting: &str) -> Result<Option<Self>, BreachError> {
        if setting == OFF { Ok(None) } else { Self::new(setting).map(Some) }
    }

    /// The one at `url`, such as `https://api.pwnedpasswords.com`. Certificates are checked against Mozilla's roots.
    pub fn new(url: &str) -> Result<Self, BreachError> {
        let uri: Uri = url.parse().map_err(|_| BreachError::InvalidUrl)?;
        let authority = uri.authority().ok_or(BreachError::InvalidUrl)?;
        // `Uri` drops a fragment without a word.
        if authority.as_str().contains('@') || uri.query().is_some() || url.contains('#') {
            return Err(BreachError::InvalidUrl);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        let (tls, port) = match uri.scheme_str() {
            Some("https") => (Some(secured(&host)?), 443),
            Some("http") if here => (None, 80),
            _ => return Err(BreachError::InvalidUrl),
        };
        Ok(Self {
            port: authority.port_u16().unwrap_or(port),
            authority: authority.to_string(),
            path: uri.path().trim_end_matches('/').to_owned(),
            host,
            tls,
        })
    }

    /// Whether the service knows a password.
    pub async fn know(&self, password: &str) -> Result<bool, BreachError> {
        let hash = Sha1::digest(password);
        let hash = hash.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"));
        let (told, kept) = hash.split_at(TOLD);
        let range = tokio::time::timeout(TIME_OUT, self.range(told)).await;
        is_in(&range.map_err(|_| BreachError::TimedOut)??, kept)
    }

    async fn range(&self, told: &str) -> Result<Bytes, BreachError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|_| BreachError::NotReached)?;
        match &self.tls {
            None => self.ask(stream, told).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(|_| BreachError::Tls)?;
                self.ask(stream, told).await
            }
        }
    }

    async fn ask<S>(&self, stream: S, told: &str) -> Result<Bytes, BreachError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let broken = |_: hyper::Error| BreachError::Broken;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let request = Request::get(format!("{}/range/{told}", self.path))
            .header(HOST, &self.authority)
            .header(USER_AGENT, "banister")
            .header("add-padding", "true")
            .body(Empty::<Bytes>::new());
        let request = request.map_err(|_| BreachError::InvalidUrl)?;
        let answer = async move {
            let answer = sender.send_request(request).await.map_err(broken)?;
            match answer.status() {
                StatusCode::OK => whole(answer.into_body()).await,
                status => Err(BreachError::Status(status.as_u16())),
            }
        };
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            range = &mut answer => range,
            // What came before the end is still to be read.
            _ = connection => answer.await,
        }
    }
}

fn secured(host: &str) -> Result<(TlsConnector, ServerName<'static>), BreachError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let name = ServerName::try_from(host.to_owned()).map_err(|_| BreachError::InvalidUrl)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| BreachError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(config)), name))
}

async fn whole<B: Body<Data = Bytes>>(body: B) -> Result<Bytes, BreachError>
where
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let whole = Limited::new(body, LONGEST).collect().await.map_err(|_| BreachError::Broken)?;
    Ok(whole.to_bytes())
}

/// Whether a range has a hash, by its last digits, that was seen at least once: padding was seen never.
fn is_in(range: &[u8], kept: &str) -> Result<bool, BreachError> {
    let text = std::str::from_utf8(range).map_err(|_| BreachError::NoRange)?;
    let mut lines = text.lines().peekable();
    lines.peek().ok_or(BreachError::NoRange)?;
    let mut found = false;
    for line in lines {
        let (digits, count) = line.split_once(':').ok_or(BreachError::NoRange)?;
        let count: u64 = count.trim_end().parse().map_err(|_| BreachError::NoRange)?;
        if digits.len() != KEPT || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(BreachError::NoRange);
        }
        found |= count > 0 && digits.eq_ignore_ascii_case(kept);
    }
    Ok(found)
}
