use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lettre::AsyncTransport as _;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use tokio::time::timeout;

use super::super::{MailError, Mailbox};
use super::{Transport, clock, mailbox, message, send, subjects, transport};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_mail_is_parsed_in_any_script() {
    let mailbox = mailbox().await;
    let text = "Код подтверждения:\n\n.4321\n..\n.\n\nДо встречи";
    transport(&mailbox).send(message("one@example.com", "Подтвердите адрес", text)).await.unwrap();
    let mail = mailbox.list(None).remove(0);
    assert_eq!(mail.id, "1800000000000-000001");
    assert_eq!(mail.to, ["one@example.com"]);
    assert_eq!(mail.subject, "Подтвердите адрес");
    assert_eq!(mail.text, text);
    assert_eq!(mail.html.unwrap().replace("\r\n", "\n"), format!("<p>{text}</p>"));
    assert_eq!(mail.message_id.as_deref(), Some("1@example.com"));
    assert_eq!(mail.sent_at.to_string(), "2027-01-15T08:00:00Z");
}

#[tokio::test]
async fn dots_and_long_bodies_arrive_as_sent() {
    let mailbox = mailbox().await;
    let text = ".line\r\n..\r\n\r\n".repeat(2000);
    let mail = lettre::Message::builder()
        .from("a@example.com".parse().unwrap())
        .to("b@example.com".parse().unwrap())
        .subject("x")
        .body(text.clone())
        .unwrap();
    transport(&mailbox).send(mail).await.unwrap();
    let got = mailbox.list(None).remove(0);
    assert_eq!(got.text.trim_end(), text.replace("\r\n", "\n").trim_end());
    assert_eq!(got.html, None);
}

#[tokio::test]
async fn lists_are_by_recipient_of_the_envelope() {
    let mailbox = mailbox().await;
    send(&mailbox, "one@example.com", "first").await.unwrap();
    send(&mailbox, "two@example.com", "second").await.unwrap();
    let copied = lettre::Message::builder()
        .from("a@example.com".parse().unwrap())
        .to("one@example.com".parse().unwrap())
        .bcc("two@example.com".parse().unwrap())
        .subject("third")
        .body(String::new())
        .unwrap();
    transport(&mailbox).send(copied).await.unwrap();
    assert_eq!(subjects(&mailbox, None), ["first", "second", "third"]);
    assert_eq!(subjects(&mailbox, Some("ONE@example.com")), ["first", "third"]);
    assert_eq!(subjects(&mailbox, Some("two@example.com")), ["second", "third"]);
    assert_eq!(subjects(&mailbox, Some("none@example.com")), Vec::<String>::new());
}

#[tokio::test]
async fn one_connection_carries_many_mails_with_a_password() {
    let mailbox = mailbox().await;
    let address = mailbox.address();
    let transport = Transport::builder_dangerous(address.ip().to_string()).port(address.port());
    let transport = transport.credentials(Credentials::new("user".to_owned(), "password".to_owned()));
    let transport = transport.authentication(vec![Mechanism::Plain]).build();
    for n in 0..3 {
        transport.send(message("one@example.com", &n.to_string(), "x")).await.unwrap();
    }
    assert_eq!(subjects(&mailbox, None), ["0", "1", "2"]);
}

#[tokio::test]
async fn waiting_ends_with_the_mail_that_pleases() {
    let mailbox = mailbox().await;
    let waiting = mailbox.clone();
    let wait = tokio::spawn(async move { waiting.wait_for(|mail| mail.subject == "second").await });
    send(&mailbox, "one@example.com", "first").await.unwrap();
    assert!(!wait.is_finished());
    send(&mailbox, "one@example.com", "second").await.unwrap();
    assert_eq!(timeout(SOON, wait).await.unwrap().unwrap().unwrap().subject, "second");
    let there = mailbox.wait_for(|mail| mail.is_to("one@example.com"));
    assert_eq!(timeout(SOON, there).await.unwrap().unwrap().subject, "first");
}

#[tokio::test]
async fn stopping_ends_waits_and_connections() {
    let mailbox = mailbox().await;
    let transport = transport(&mailbox);
    transport.send(message("one@example.com", "kept", "x")).await.unwrap();
    let waiting = mailbox.clone();
    let wait = tokio::spawn(async move { waiting.wait_for(|mail| mail.subject == "never").await });
    tokio::task::yield_now().await;
    timeout(SOON, mailbox.stop()).await.unwrap();
    assert!(matches!(timeout(SOON, wait).await.unwrap().unwrap(), Err(MailError::Stopped)));
    assert!(transport.send(message("one@example.com", "late", "x")).await.is_err());
    assert_eq!(subjects(&mailbox, None), ["kept"]);
}

#[tokio::test]
async fn mails_are_files_and_read_again() {
    let folder: PathBuf = std::env::temp_dir().join(format!("banister-mail-{}", std::process::id()));
    let before = Mailbox::start(Some(folder.clone()), clock()).await.unwrap();
    send(&before, "one@example.com", "first").await.unwrap();
    send(&before, "two@example.com", "second").await.unwrap();
    // Not stopped: what was answered is there at once.
    fs::write(folder.join("half.new"), "x").unwrap();
    fs::write(folder.join("notes.eml"), "x").unwrap();
    let after = Mailbox::start(Some(folder.clone()), clock()).await.unwrap();
    assert_eq!(after.list(None), before.list(None));
    assert_eq!(subjects(&after, None), ["first", "second"]);
    send(&after, "one@example.com", "third").await.unwrap();
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    fs::remove_dir_all(&folder).unwrap();
    // The second clock begins at the same second; the counter goes on.
    let mails = ["1800000000000-000001.eml", "1800000000000-000003.eml", "1800000001000-000002.eml"];
    assert_eq!(names, [&mails[..], &["half.new", "notes.eml"]].concat());
}
