use lettre::transport::smtp::Error;

use super::super::Stage;
use super::{mailbox, send, subjects};

fn code(error: &Error) -> Option<String> {
    error.status().map(|code| code.to_string())
}

#[tokio::test]
async fn so_many_answers_fail_as_told() {
    let mailbox = mailbox().await;
    mailbox.fail_next(Stage::Rcpt, 1, 550);
    mailbox.fail_next(Stage::Data, 2, 451);
    let error = send(&mailbox, "one@example.com", "refused").await.unwrap_err();
    assert!(error.is_permanent());
    assert_eq!(code(&error).as_deref(), Some("550"));
    for _ in 0..2 {
        let error = send(&mailbox, "one@example.com", "later").await.unwrap_err();
        assert!(error.is_transient());
        assert_eq!(code(&error).as_deref(), Some("451"));
    }
    assert!(mailbox.list(None).is_empty());
    send(&mailbox, "one@example.com", "kept").await.unwrap();
    assert_eq!(subjects(&mailbox, None), ["kept"]);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_mail() {
    let mailbox = mailbox().await;
    mailbox.lose_answers(1);
    let error = send(&mailbox, "one@example.com", "twice").await.unwrap_err();
    assert_eq!(code(&error), None);
    send(&mailbox, "one@example.com", "twice").await.unwrap();
    let mails = mailbox.list(None);
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].message_id, mails[1].message_id);
}
