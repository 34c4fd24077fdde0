//! Mail over SMTP (RFC 5321), one connection a mail.
//!
//! There is no connection pool on purpose: lettre's puts a connection whose mail was given up
//! half-way back among the good ones, where its late replies are taken for those of the next mail,
//! and a pooled connection does not live through the pauses between two Lambda invocations.

mod error;
#[cfg(test)]
mod tests;

pub use error::MailError;

use std::time::{Duration, SystemTime};

use banister_domain::account::{Email, Locale};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

/// How long one mail may take, from connecting to the server's last reply.
pub const TIME_OUT: Duration = Duration::from_secs(10);

/// A mail to one person.
#[derive(Clone)]
pub struct Mail {
    /// The address.
    pub to: Email,
    /// The name beside the address; none leaves it out.
    pub to_name: Option<String>,
    /// The subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// What is left of the `@` in the Message-ID: letters, digits, `_`, `-`, `.`. The same for the
    /// same event and recipient, so that a mail sent twice can be recognised.
    pub message_id: String,
    /// The language of subject and texts.
    pub locale: Locale,
    /// When it is sent.
    pub date: SystemTime,
}

/// Sends mails from one address through one server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Through the server at `smtp_url`, from `from` (`Name <address>` or an address only).
    ///
    /// `smtps://user:password@host:465` is TLS from the start, `smtp://host:587?tls=required`
    /// STARTTLS, `smtp://127.0.0.1:1025` no TLS; user and password are percent-encoded, and
    /// refused without TLS. Certificates are checked against Mozilla's roots.
    pub fn new(smtp_url: &str, from: &str) -> Result<Self, MailError> {
        let encrypted = smtp_url.starts_with("smtps://") || smtp_url.contains("tls=required");
        if smtp_url.contains('@') && !encrypted {
            return Err(MailError::InvalidUrl);
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp_url);
        let transport = transport.map_err(|_| MailError::InvalidUrl)?.timeout(Some(TIME_OUT)).build();
        Ok(Self { transport, from: from.parse().map_err(|_| MailError::InvalidSender)? })
    }

    /// Sends one mail. After a time-out it may have been accepted all the same.
    pub async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let message = self.message(mail)?;
        let ascii = message.envelope().to().iter().all(|address| address.to_string().is_ascii());
        match tokio::time::timeout(TIME_OUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(MailError::from_reply(&error, ascii)),
            Err(_) => Err(MailError::Unavailable("timed out".into())),
        }
    }

    fn message(&self, mail: Mail) -> Result<Message, MailError> {
        let refused = |what: &str| MailError::Refused(what.to_owned());
        let address: Address =
            mail.to.as_str().parse().map_err(|_| refused("the address is not one for SMTP"))?;
        let language = match mail.locale {
            Locale::En => "en",
            Locale::Ru => "ru",
        };
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(mail.to_name, address))
            .subject(mail.subject)
            .date(mail.date)
            .message_id(Some(format!("<{}@{}>", mail.message_id, self.from.email.domain())))
            // RFC 3834: nobody's out-of-office reply is wanted.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", language))
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|_| refused("the mail cannot be built"))
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
