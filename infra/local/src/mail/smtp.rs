//! One SMTP session (RFC 5321), with SIZE (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), PIPELINING
//! (RFC 2920) and AUTH PLAIN (RFC 4954, 4616), which lets everyone in. No TLS.

use std::io::Result;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};

use super::inbox::{Inbox, Stage};
use super::lines::{Line, read_line};

/// Greatest size of a mail, in bytes.
pub(super) const MAX_MAIL: usize = 10 * 1024 * 1024;
/// Most octets of a command: the 512 of RFC 5321 (4.5.3.1.4) and room for the extensions' parameters.
const MAX_COMMAND: usize = 1024;
/// Most octets of a line of text, RFC 5321 (4.5.3.1.6).
const MAX_TEXT_LINE: usize = 1000;
/// RFC 5321 (4.5.3.1.8) wants at least as many recipients.
const MAX_RECIPIENTS: usize = 100;

/// Serves one connection until it ends.
pub(super) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, inbox: Arc<Inbox>) -> Result<()> {
    let mut session =
        Session { stream: BufReader::new(stream), inbox, greeted: false, mail: Envelope::default() };
    session.answer("220 localhost ESMTP").await?;
    while session.next().await? {}
    Ok(())
}

struct Session<S> {
    stream: BufReader<S>,
    inbox: Arc<Inbox>,
    greeted: bool,
    mail: Envelope,
}

#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

/// What came after DATA.
#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    /// The answer to content that is refused.
    refusal: Option<&'static str>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Takes one command; whether the session goes on.
    async fn next(&mut self) -> Result<bool> {
        let line = match read_line(&mut self.stream, MAX_COMMAND).await? {
            Line::Whole(line) => line,
            Line::TooLong => return self.answer("500 Line too long").await,
            Line::Bare => return self.answer("500 Lines end in CRLF").await,
            Line::Closed => return Ok(false),
        };
        let Ok(line) = String::from_utf8(line) else { return self.answer("500 Not UTF-8").await };
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "HELO" | "EHLO" if rest.trim().is_empty() => self.answer("501 Say who you are").await,
            "HELO" => self.greet("250 localhost").await,
            "EHLO" => {
                let size = format!("250-SIZE {MAX_MAIL}");
                let lines = ["250-localhost", &size, "250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING"];
                self.greet(&[&lines[..], &["250 AUTH PLAIN"]].concat().join("\r\n")).await
            }
            "NOOP" => self.answer("250 OK").await,
            "RSET" => {
                self.mail = Envelope::default();
                self.answer("250 OK").await
            }
            "QUIT" => self.answer("221 Bye").await.map(|_| false),
            "VRFY" => self.answer("252 Send some mail, and see").await,
            "AUTH" | "MAIL" | "RCPT" | "DATA" if !self.greeted => self.answer("503 Say EHLO first").await,
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail_from(rest).await,
            "RCPT" => self.rcpt_to(rest).await,
            "DATA" => self.data(rest).await,
            _ => self.answer("500 Unknown command").await,
        }
    }

    async fn greet(&mut self, answer: &str) -> Result<bool> {
        self.greeted = true;
        self.mail = Envelope::default();
        self.answer(answer).await
    }

    async fn auth(&mut self, rest: &str) -> Result<bool> {
        match rest.trim().split_once(' ').unwrap_or((rest.trim(), "")) {
            (method, _) if !method.eq_ignore_ascii_case("PLAIN") => self.answer("504 Only PLAIN").await,
            (_, "") => {
                self.answer("334 ").await?;
                match read_line(&mut self.stream, MAX_COMMAND).await? {
                    Line::Closed => Ok(false),
                    Line::Whole(line) if line != b"*" => self.answer("235 Welcome").await,
                    _ => self.answer("501 Cancelled").await,
                }
            }
            _ => self.answer("235 Welcome").await,
        }
    }

    async fn mail_from(&mut self, rest: &str) -> Result<bool> {
        if self.mail.from.is_some() {
            return self.answer("503 One mail at a time").await;
        }
        let Some((address, parameters)) = path(rest, "FROM:") else {
            return self.answer("501 No address").await;
        };
        for parameter in parameters.split_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" if value.parse::<usize>().is_ok_and(|size| size > MAX_MAIL) => {
                    return self.answer("552 Too big").await;
                }
                "SIZE" | "BODY" | "SMTPUTF8" | "AUTH" => {}
                _ => return self.answer("555 Unknown parameter").await,
            }
        }
        self.mail.from = Some(address.to_owned());
        self.answer("250 OK").await
    }

    async fn rcpt_to(&mut self, rest: &str) -> Result<bool> {
        if self.mail.from.is_none() {
            return self.answer("503 MAIL comes first").await;
        }
        if self.mail.to.len() == MAX_RECIPIENTS {
            return self.answer("452 Too many recipients").await;
        }
        match path(rest, "TO:") {
            Some((_, parameters)) if !parameters.trim().is_empty() => {
                self.answer("555 Unknown parameter").await
            }
            Some((address, _)) if address.contains('@') => self.recipient(address).await,
            _ => self.answer("501 No address").await,
        }
    }

    async fn recipient(&mut self, address: &str) -> Result<bool> {
        if let Some(code) = self.inbox.failure(Stage::Rcpt) {
            return self.answer(&format!("{code} As the test wishes")).await;
        }
        self.mail.to.push(address.to_owned());
        self.answer("250 OK").await
    }

    async fn data(&mut self, rest: &str) -> Result<bool> {
        if !rest.is_empty() {
            return self.answer("501 DATA stands alone").await;
        }
        if self.mail.to.is_empty() {
            return self.answer("503 RCPT comes first").await;
        }
        self.answer("354 Go ahead").await?;
        let Some(content) = self.content().await? else { return Ok(false) };
        let mail = std::mem::take(&mut self.mail);
        if let Some(refusal) = content.refusal {
            return self.answer(refusal).await;
        }
        if let Some(code) = self.inbox.failure(Stage::Data) {
            return self.answer(&format!("{code} As the test wishes")).await;
        }
        match self.inbox.deliver(&mail.from.unwrap_or_default(), &mail.to, &content.bytes) {
            Ok(_) if self.inbox.loses_answer() => Ok(false),
            Ok(id) => self.answer(&format!("250 OK {id}")).await,
            Err(error) => {
                tracing::error!(%error, "mail not stored");
                self.answer("451 Cannot store").await
            }
        }
    }

    /// Reads up to the line with a single dot; none when the peer went away.
    async fn content(&mut self) -> Result<Option<Content>> {
        let mut content = Content::default();
        // RFC 5321 (4.1.1.4): only CRLF before the dot makes it the end.
        let mut after_crlf = true;
        loop {
            let line = read_line(&mut self.stream, MAX_TEXT_LINE + 1).await?;
            let may_end = std::mem::replace(&mut after_crlf, line != Line::Bare);
            match line {
                Line::Whole(line) if line == b"." && may_end => return Ok(Some(content)),
                Line::Whole(line) => content.push(line.strip_prefix(b".").unwrap_or(&line)),
                Line::TooLong => content.refuse("500 Line too long"),
                Line::Bare => content.refuse("550 Lines end in CRLF"),
                Line::Closed => return Ok(None),
            }
        }
    }

    async fn answer(&mut self, text: &str) -> Result<bool> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await?;
        Ok(true)
    }
}

impl Content {
    fn push(&mut self, line: &[u8]) {
        if line.len() + 2 > MAX_TEXT_LINE {
            return self.refuse("500 Line too long");
        }
        if self.bytes.len() + line.len() + 2 > MAX_MAIL {
            return self.refuse("552 Too big");
        }
        self.bytes.extend_from_slice(line);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The first reason stays.
    fn refuse(&mut self, answer: &'static str) {
        self.refusal.get_or_insert(answer);
    }
}

/// The address and the parameters of `FROM:<address> parameters`.
fn path<'a>(text: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let (head, rest) = text.split_at_checked(keyword.len())?;
    let rest = head.eq_ignore_ascii_case(keyword).then(|| rest.trim_start())?;
    let (address, parameters) = rest.strip_prefix('<')?.split_once('>')?;
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '<';
    (address.len() <= 254 && address.chars().all(plain)).then_some((address, parameters))
}
