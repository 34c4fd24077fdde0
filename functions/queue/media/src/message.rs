//! What the queue's messages say: S3 tells of uploads, and the relay of what people did.

use banister_domain::event::{Event, Payload};
use banister_domain::id::UserId;
use banister_platform::worker::WorkError;
use serde::Deserialize;

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    /// Nothing: S3 tries whether it can send.
    None,
    /// Examine what was uploaded: bucket and key of each.
    Examine(Vec<(String, String)>),
    /// Remove the files of a user's photos that are not needed any more.
    Tidy(UserId),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
    Notification {
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    Test {
        #[serde(rename = "Event")]
        event: String,
    },
    Event(Event),
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    name: String,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    /// As in a form: percent-encoded, with `+` for a space.
    key: String,
}

/// Reads a message. The reason why it makes no sense does not repeat what is in it.
pub(crate) fn read(body: &str) -> Result<Work, WorkError> {
    let poison = |reason: &str| WorkError::Poison(reason.to_owned());
    match serde_json::from_str(body) {
        Ok(Message::Notification { records }) if records.is_empty() => {
            Err(poison("a notification without records"))
        }
        Ok(Message::Notification { records }) => {
            let created = records.iter().all(|record| record.name.starts_with("ObjectCreated:"));
            let objects =
                records.into_iter().map(|record| (record.s3.bucket.name, decoded(&record.s3.object.key)));
            if created { Ok(Work::Examine(objects.collect())) } else { Err(poison("not of a new object")) }
        }
        Ok(Message::Test { event }) if event == "s3:TestEvent" => Ok(Work::None),
        Ok(Message::Event(Event { payload: Payload::PhotoRemoved { user_id }, .. })) => {
            Ok(Work::Tidy(user_id))
        }
        Ok(Message::Event(_)) => Err(poison("an event that is not for this queue")),
        Ok(Message::Test { .. }) | Err(_) => Err(poison("neither a notification nor an event")),
    }
}

fn decoded(key: &str) -> String {
    form_urlencoded::parse(key.as_bytes()).next().map(|(key, _)| key.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notification(event: &str, key: &str) -> String {
        let s3 = json!({ "bucket": { "name": "private" }, "object": { "key": key, "size": 5 } });
        json!({ "Records": [{ "eventVersion": "2.1", "eventName": event, "s3": s3 }] }).to_string()
    }

    fn refused(body: &str) -> String {
        match read(body) {
            Err(WorkError::Poison(reason)) => reason,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn uploads_tests_and_events_are_told_apart() {
        let work = |name, key| Ok::<_, ()>(Work::Examine(vec![(String::from(name), String::from(key))]));
        let told = notification("ObjectCreated:Put", "uploads/photos/a+b%2Fc%C3%A9");
        assert_eq!(read(&told).map_err(drop), work("private", "uploads/photos/a b/cé"));
        let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"private"}"#;
        assert_eq!(read(test).map_err(drop), Ok(Work::None));
        let user = "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
        let event = json!({ "id": "evt_01KB2QJ0M4P7R0S3V6X9ZBDFHK", "occurred_at": "2025-11-27T10:15:30Z",
            "type": "account.photo_removed", "data": { "user_id": user } });
        let wanted = Work::Tidy(user.parse().expect("a user"));
        assert_eq!(read(&event.to_string()).map_err(drop), Ok(wanted));
    }

    #[test]
    fn the_rest_is_poison_and_not_repeated() {
        let ended = json!({ "id": "evt_01KB2QJ0M4P7R0S3V6X9ZBDFHK", "occurred_at": "2025-11-27T10:15:30Z",
            "type": "account.sessions_ended", "data": { "user_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE" } });
        for body in [
            "",
            "secret",
            "{}",
            r#"{"Event":"secret"}"#,
            r#"{"Records":[]}"#,
            r#"{"Records":[{"secret":1}]}"#,
            &notification("ObjectRemoved:Delete", "secret"),
            &ended.to_string(),
        ] {
            let reason = refused(body);
            assert!(!reason.contains("secret") && !reason.is_empty(), "{reason}");
        }
    }
}
