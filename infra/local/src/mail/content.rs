//! A mail as people read it, taken from its `.eml` file.

use jiff::Timestamp;
use mail_parser::{Message, MessageParser, PartType};

/// A received mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Sorts by arrival; the file's name without `.eml`.
    pub id: String,
    /// The recipients of the envelope, in order.
    pub to: Vec<String>,
    /// Empty when there is none.
    pub subject: String,
    /// The plain text, with LF at line ends; empty when there is none.
    pub text: String,
    /// The HTML as it was sent.
    pub html: Option<String>,
    /// The `Message-ID` header without its angle brackets.
    pub message_id: Option<String>,
    /// When it was received, by the clock given to the mailbox; precise to the millisecond.
    pub sent_at: Timestamp,
}

/// The header in front of a mail that names a recipient of the envelope.
pub(super) const RECIPIENT: &str = "Delivered-To";

impl Mail {
    /// Reads a file's content. What cannot be parsed is a mail without subject and text.
    pub(super) fn parse(id: &str, sent_at: Timestamp, content: &[u8]) -> Self {
        let message = MessageParser::default().parse(content);
        let mail = Self {
            id: id.to_owned(),
            to: Vec::new(),
            subject: String::new(),
            text: String::new(),
            html: None,
            message_id: None,
            sent_at,
        };
        message.as_ref().map_or(mail.clone(), |message| mail.filled(message))
    }

    fn filled(self, message: &Message<'_>) -> Self {
        let recipients = message.headers_raw().filter(|(name, _)| name.eq_ignore_ascii_case(RECIPIENT));
        // The parser offers the HTML as text where there is no text, and the other way round.
        let text = message.text_bodies().find_map(|part| match &part.body {
            PartType::Text(text) => Some(text.replace("\r\n", "\n")),
            _ => None,
        });
        let html = message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.to_string()),
            _ => None,
        });
        Self {
            to: recipients.map(|(_, value)| value.trim().to_owned()).collect(),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: text.unwrap_or_default(),
            html,
            message_id: message.message_id().map(str::to_owned),
            ..self
        }
    }

    /// Whether one of the recipients is `address`, in any case of letters.
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }
}
