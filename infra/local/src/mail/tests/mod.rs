//! The mailbox as SMTP clients and browsers see it.

mod faulty;
mod pages;
mod protocol;
mod receiving;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lettre::message::{Mailbox as Address, MultiPart};
use lettre::transport::smtp::Error;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::{Clock, Mailbox};

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// 2027-01-15T08:00:00Z and one second more at each look.
fn clock() -> Clock {
    let time = AtomicI64::new(1_800_000_000_000);
    Arc::new(move || time.fetch_add(1000, Ordering::SeqCst))
}

async fn mailbox() -> Mailbox {
    Mailbox::start(None, clock()).await.unwrap()
}

/// The real client, one connection per mail.
fn transport(mailbox: &Mailbox) -> Transport {
    let address = mailbox.address();
    Transport::builder_dangerous(address.ip().to_string()).port(address.port()).build()
}

fn message(to: &str, subject: &str, text: &str) -> Message {
    let from: Address = "Banister <no-reply@example.com>".parse().unwrap();
    let builder = Message::builder().from(from).to(to.parse().unwrap()).subject(subject);
    let html = format!("<p>{text}</p>");
    builder
        .message_id(Some("<1@example.com>".into()))
        .multipart(MultiPart::alternative_plain_html(text.to_owned(), html))
        .unwrap()
}

async fn send(mailbox: &Mailbox, to: &str, subject: &str) -> Result<(), Error> {
    transport(mailbox).send(message(to, subject, "Hello")).await.map(drop)
}

fn subjects(mailbox: &Mailbox, to: Option<&str>) -> Vec<String> {
    mailbox.list(to).into_iter().map(|mail| mail.subject).collect()
}
