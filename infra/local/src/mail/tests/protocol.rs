use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::Mailbox;
use super::super::lines::{Line, read_line};
use super::{mailbox, subjects};

/// Sends all of `dialogue` at once, as a pipelining client may, and returns the codes of the answers.
async fn codes(mailbox: &Mailbox, dialogue: &[u8]) -> Vec<String> {
    let mut stream = TcpStream::connect(mailbox.address()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answers = String::new();
    let write = async {
        writer.write_all(dialogue).await.unwrap();
        writer.shutdown().await.unwrap();
    };
    let (read, ()) = tokio::join!(reader.read_to_string(&mut answers), write);
    read.unwrap();
    let last = |line: &&str| line.as_bytes().get(3) == Some(&b' ');
    answers.lines().filter(last).map(|line| line[..3].to_owned()).collect()
}

async fn after_ehlo(mailbox: &Mailbox, dialogue: &str) -> Vec<String> {
    codes(mailbox, format!("EHLO client\r\n{dialogue}").as_bytes()).await.split_off(2)
}

const MAIL: &str = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";

#[tokio::test]
async fn a_whole_dialogue_goes_through() {
    let mailbox = mailbox().await;
    let dialogue = format!("helo client\r\nnoop\r\n{MAIL}Subject: x\r\n\r\n..dot\r\n.\r\nVRFY b\r\nQUIT\r\n");
    let codes = codes(&mailbox, dialogue.as_bytes()).await;
    assert_eq!(codes, ["220", "250", "250", "250", "250", "354", "250", "252", "221"]);
    assert_eq!(mailbox.list(None)[0].text.trim_end(), ".dot");
}

#[tokio::test]
async fn commands_have_an_order() {
    let mailbox = mailbox().await;
    assert_eq!(codes(&mailbox, b"MAIL FROM:<a@example.com>\r\n").await, ["220", "503"]);
    assert_eq!(after_ehlo(&mailbox, "RCPT TO:<b@example.com>\r\n").await, ["503"]);
    assert_eq!(after_ehlo(&mailbox, "MAIL FROM:<>\r\nDATA\r\n").await, ["250", "503"]);
    assert_eq!(after_ehlo(&mailbox, "MAIL FROM:<>\r\nMAIL FROM:<>\r\n").await, ["250", "503"]);
    let reset = "MAIL FROM:<>\r\nRSET\r\nRCPT TO:<b@example.com>\r\n";
    assert_eq!(after_ehlo(&mailbox, reset).await, ["250", "250", "503"]);
    assert_eq!(after_ehlo(&mailbox, "STARTTLS\r\nEHLO\r\n").await, ["500", "501"]);
}

#[tokio::test]
async fn addresses_and_parameters_are_checked() {
    let mailbox = mailbox().await;
    for bad in ["a@example.com", "<a b@example.com>", "<a@example.com", "<a\t@example.com>"] {
        assert_eq!(after_ehlo(&mailbox, &format!("MAIL FROM:{bad}\r\n")).await, ["501"], "{bad}");
    }
    assert_eq!(after_ehlo(&mailbox, "MAIL FROM:<> SIZE=99999999\r\n").await, ["552"]);
    assert_eq!(after_ehlo(&mailbox, "MAIL FROM:<> SIZE=9 BODY=8BITMIME SMTPUTF8\r\n").await, ["250"]);
    assert_eq!(after_ehlo(&mailbox, "MAIL FROM:<> RET=FULL\r\n").await, ["555"]);
    assert_eq!(after_ehlo(&mailbox, "MAIL FROM:<>\r\nRCPT TO:<>\r\n").await, ["250", "501"]);
    let many = "RCPT TO:<b@example.com>\r\n".repeat(101);
    let codes = after_ehlo(&mailbox, &format!("MAIL FROM:<>\r\n{many}")).await;
    assert_eq!(codes[100..], ["250", "452"]);
}

#[tokio::test]
async fn lines_and_sizes_have_limits() {
    let mailbox = mailbox().await;
    assert_eq!(after_ehlo(&mailbox, &format!("NOOP {}\r\nNOOP\r\n", "x".repeat(1020))).await, ["500", "250"]);
    assert_eq!(after_ehlo(&mailbox, "NOOP\nNOOP\r\n").await, ["500", "250"]);
    assert_eq!(codes(&mailbox, b"NOOP \xff\r\nNOOP\r\n").await, ["220", "500", "250"]);
    let content = |line: &str| format!("{MAIL}{line}\r\n.\r\nNOOP\r\n");
    let fits = "x".repeat(998);
    let codes = after_ehlo(&mailbox, &content(&format!(".{fits}"))).await;
    assert_eq!(codes, ["250", "250", "354", "250", "250"]);
    let codes = after_ehlo(&mailbox, &content(&format!("{fits}x"))).await;
    assert_eq!(codes[3..], ["500", "250"]);
    let codes = after_ehlo(&mailbox, &content(&format!("{fits}\r\n").repeat(10_486))).await;
    assert_eq!(codes[3..], ["552", "250"]);
    assert_eq!(mailbox.list(None).len(), 1);
}

#[tokio::test]
async fn only_a_dot_between_whole_line_ends_ends_the_content() {
    let mailbox = mailbox().await;
    for smuggled in ["\n.\n", "\n.\r\n", "\r.\r\n"] {
        let inner = "MAIL FROM:<x@example.com>\r\nRCPT TO:<y@example.com>\r\nDATA\r\nSubject: smuggled\r\n";
        let dialogue = format!("{MAIL}Subject: x{smuggled}{inner}.\r\n");
        assert_eq!(after_ehlo(&mailbox, &dialogue).await, ["250", "250", "354", "550"], "{smuggled:?}");
    }
    assert_eq!(subjects(&mailbox, None), Vec::<String>::new());
}

#[tokio::test]
async fn a_mail_cut_short_is_not_kept() {
    let mailbox = mailbox().await;
    assert_eq!(after_ehlo(&mailbox, &format!("{MAIL}Subject: half\r\n")).await, ["250", "250", "354"]);
    assert!(mailbox.list(None).is_empty());
}

#[tokio::test]
async fn authentication_takes_both_forms() {
    let mailbox = mailbox().await;
    assert_eq!(after_ehlo(&mailbox, "AUTH PLAIN AHgAeQ==\r\n").await, ["235"]);
    assert_eq!(after_ehlo(&mailbox, "AUTH PLAIN\r\nAHgAeQ==\r\n").await, ["334", "235"]);
    assert_eq!(after_ehlo(&mailbox, "AUTH PLAIN\r\n*\r\nAUTH LOGIN\r\n").await, ["334", "501", "504"]);
}

#[tokio::test]
async fn lines_are_read_in_pieces() {
    let mut reader = tokio::io::BufReader::with_capacity(3, &b"hello\r\nlonger line\r\nhalf"[..]);
    assert_eq!(read_line(&mut reader, 7).await.unwrap(), Line::Whole(b"hello".to_vec()));
    assert_eq!(read_line(&mut reader, 7).await.unwrap(), Line::TooLong);
    assert_eq!(read_line(&mut reader, 7).await.unwrap(), Line::Closed);
}
