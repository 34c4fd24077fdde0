use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use mail_parser::MessageParser;

use super::*;

/// A server for one connection that answers the command beginning with `at` with `reply`, accepts
/// all others, and hands back all that it was told.
struct Peer {
    url: String,
    heard: JoinHandle<String>,
}

impl Peer {
    fn start(at: &'static str, reply: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let heard = std::thread::spawn(move || talk(listener.accept().expect("a connection").0, at, reply));
        Self { url, heard }
    }

    async fn takes(self, mail: Mail) -> (Result<(), MailError>, String) {
        let mailer = Mailer::new(&self.url, "Banister <no-reply@example.org>").expect("a mailer");
        let sent = mailer.send(mail).await;
        (sent, self.heard.join().expect("the peer is well"))
    }
}

fn talk(stream: TcpStream, at: &str, reply: &str) -> String {
    let mut writer = stream.try_clone().expect("a second handle");
    let mut reader = BufReader::new(stream);
    let mut heard = String::new();
    let mut data = false;
    writer.write_all(b"220 ready\r\n").expect("a client");
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return heard;
        }
        heard.push_str(&line);
        if data && line != ".\r\n" {
            continue;
        }
        let normal = if data {
            "250 queued"
        } else if line.starts_with("DATA") {
            "354 go on"
        } else {
            "250 ok"
        };
        data = line.starts_with("DATA") && !"DATA".starts_with(at);
        let answer = if line.starts_with(at) { reply } else { normal };
        // A client that is gone is what some tests are about.
        drop(writer.write_all(format!("{answer}\r\n").as_bytes()));
    }
}

fn mail() -> Mail {
    Mail {
        to: "robin@example.com".parse().expect("an address"),
        to_name: Some("Робин \"R\", младший".into()),
        subject: "Запись подтверждена".into(),
        text: "Здравствуйте!\n\n12345678\n".into(),
        html: "<p>Здравствуйте!</p>".into(),
        message_id: "evt_1.usr_2".into(),
        locale: Locale::Ru,
        date: SystemTime::UNIX_EPOCH + Duration::from_hours(492_538),
    }
}

#[tokio::test]
async fn a_mail_has_both_texts_and_the_headers_that_tell_it_apart() {
    let (sent, heard) = Peer::start("never", "").takes(mail()).await;
    assert_eq!(sent, Ok(()));
    assert!(heard.contains("MAIL FROM:<no-reply@example.org>\r\n"), "{heard}");
    assert!(heard.contains("RCPT TO:<robin@example.com>\r\n"), "{heard}");
    let data = heard.split_once("DATA\r\n").expect("data").1;
    assert!(data.is_ascii(), "needs no extension of the server");
    let parsed = MessageParser::default().parse(data).expect("a message");
    assert_eq!(parsed.message_id(), Some("evt_1.usr_2@example.org"));
    assert_eq!(parsed.subject(), Some("Запись подтверждена"));
    assert_eq!(parsed.body_text(0).as_deref(), Some("Здравствуйте!\r\n\r\n12345678\r\n"));
    assert_eq!(parsed.body_html(0).as_deref(), Some("<p>Здравствуйте!</p>"));
    let to = parsed.to().and_then(|to| to.first()).expect("a recipient");
    assert_eq!(to.name(), Some("Робин \"R\", младший"));
    assert_eq!(parsed.date().map(ToString::to_string).as_deref(), Some("2026-03-10T10:00:00Z"));
    for header in ["Auto-Submitted: auto-generated\r\n", "Content-Language: ru\r\n", "multipart/alternative"]
    {
        assert!(data.contains(header), "{header}");
    }
}

#[tokio::test]
async fn line_breaks_start_no_header() {
    let broken = Mail { subject: "One\r\nBcc: other@example.com".into(), ..mail() };
    let (sent, heard) = Peer::start("never", "").takes(broken).await;
    assert_eq!(sent, Ok(()));
    assert!(!heard.contains("\nBcc"), "{heard}");
}

#[tokio::test]
async fn replies_say_whether_trying_again_helps() {
    let unavailable = |code: &str| MailError::Unavailable(format!("reply {code}"));
    let refused = |code: &str| MailError::Refused(format!("reply {code}"));
    for (at, reply, expected) in [
        ("EHLO", "421 closing", unavailable("421")),
        ("MAIL", "451 robin@example.com later", unavailable("451")),
        ("MAIL", "530 log in first", unavailable("530")),
        ("RCPT", "450 busy", unavailable("450")),
        ("RCPT", "550 robin@example.com is not here", refused("550")),
        ("DATA", "554 no", refused("554")),
        (".", "452 full", unavailable("452")),
        (".", "552 too big", refused("552")),
    ] {
        let (sent, _) = Peer::start(at, reply).takes(mail()).await;
        assert_eq!(sent, Err(expected), "{at} {reply}");
    }
}

#[tokio::test]
async fn nobody_there_is_no_fault_of_the_mail() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let mailer = Mailer::new(&url, "no-reply@example.org").expect("a mailer");
    assert_eq!(mailer.send(mail()).await, Err(MailError::Unavailable("not reached".into())));
}

#[test]
fn settings_are_checked_and_never_repeated() {
    let sender = "Banister <no-reply@example.org>";
    for good in [
        "smtp://127.0.0.1:1025",
        "smtps://user:p%40ss@mail.example.org:465",
        "smtp://user:pass@mail.example.org:587?tls=required",
    ] {
        assert!(Mailer::new(good, sender).is_ok(), "{good}");
    }
    for bad in [
        "",
        "127.0.0.1:1025",
        "http://127.0.0.1",
        "smtp://user:secret@mail.example.org:587",
        "smtp://user:secret@mail.example.org?tls=opportunistic",
    ] {
        let error = Mailer::new(bad, sender).err();
        assert_eq!(error, Some(MailError::InvalidUrl), "{bad}");
        assert!(!error.map(|error| error.to_string()).unwrap_or_default().contains("secret"));
    }
    assert_eq!(Mailer::new("smtp://127.0.0.1:1025", "nobody").err(), Some(MailError::InvalidSender));
}
