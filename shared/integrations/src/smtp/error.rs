//! What can go wrong with a mail, told apart by whether trying again helps.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Category;

/// Why a mail was not sent, or a mailer not made. Never says an address, a password or the words
/// of the server, which may repeat them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// No URL that a mailer can be made of, or a password without TLS.
    #[error("is not an SMTP URL, or has a password and no TLS")]
    InvalidUrl,
    /// No sender's address.
    #[error("is not a mailbox such as Name <no-reply@example.com>")]
    InvalidSender,
    /// Not now: no connection, a time-out, a 4xx reply, or the server refuses this client. The same
    /// mail may go through later.
    #[error("the mail server is unavailable: {0}")]
    Unavailable(String),
    /// Never: the server refuses this mail for good (5xx), or no server takes such an address.
    #[error("the mail is refused: {0}")]
    Refused(String),
}

impl MailError {
    /// What the transport's error means for a mail whose address is ASCII or not.
    pub(super) fn from_reply(error: &Error, ascii_address: bool) -> Self {
        if let Some(code) = error.status() {
            let reply = format!("reply {code}");
            // 53x is about the log-in (RFC 4954, section 6): a fault of the settings, not of the mail.
            let login = code.category == Category::Unspecified3;
            return if error.is_permanent() && !login {
                Self::Refused(reply)
            } else {
                Self::Unavailable(reply)
            };
        }
        if error.is_client() && !ascii_address {
            return Self::Refused("the server takes ASCII addresses only".into());
        }
        Self::Unavailable(Self::kind(error).into())
    }

    fn kind(error: &Error) -> &'static str {
        if error.is_timeout() {
            "timed out"
        } else if error.is_tls() {
            "TLS failed"
        } else if error.is_response() {
            "no SMTP reply"
        } else if error.is_client() {
            "the server lacks an extension"
        } else {
            "not reached"
        }
    }
}
