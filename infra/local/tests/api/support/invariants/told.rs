//! The events that there were: what each is about, and who is mailed of it.

use banister_domain::booking::{Actor, Status};
use banister_domain::event::{Event, Payload};
use banister_domain::id::BookingId;
use banister_local::cloud::Cloud;
use serde_json::json;

use super::TABLE;

/// The booking that an event is about and what became of it.
pub(super) fn subject(payload: &Payload) -> Option<(BookingId, Status)> {
    match payload {
        Payload::AccountRegistered { .. }
        | Payload::RegistrationRepeated { .. }
        | Payload::RefreshTokenReused { .. }
        | Payload::ConfirmationRequested { .. }
        | Payload::PasswordResetRequested { .. }
        | Payload::AccountInvited { .. }
        | Payload::PasswordChanged { .. }
        | Payload::SecondFactorOn { .. }
        | Payload::SecondFactorOff { .. }
        | Payload::RecoveryCodeUsed { .. }
        | Payload::RecoveryCodesRenewed { .. }
        | Payload::PhoneConfirmationRequested { .. }
        | Payload::EmailChangeRequested { .. }
        | Payload::EmailChanged { .. }
        | Payload::SessionsEnded { .. }
        | Payload::ConnectionReplaced { .. }
        | Payload::PhotoRemoved { .. }
        | Payload::ServiceArchivedByStaff { .. }
        | Payload::ReviewPublished(_)
        | Payload::ReviewAnswered(_)
        | Payload::SeriesChanged(_)
        | Payload::WaitlistOffered(_)
        | Payload::WaitlistEnded(_)
        | Payload::JobContinued { .. } => None,
        Payload::BookingRequested(about) => Some((about.booking_id, Status::Requested)),
        Payload::BookingConfirmed(about)
        | Payload::BookingRescheduled(about)
        | Payload::RescheduleProposed(about)
        | Payload::RescheduleDeclined(about) => Some((about.booking_id, Status::Confirmed)),
        Payload::BookingDeclined(about) => Some((about.booking_id, Status::Declined)),
        Payload::BookingCancelled(about) => Some((about.booking_id, Status::Cancelled)),
        Payload::BookingExpired(about) => Some((about.booking_id, Status::Expired)),
        Payload::BookingCompleted(about) => Some((about.booking_id, Status::Completed)),
        Payload::BookingNoShow(about) => Some((about.booking_id, Status::NoShow)),
    }
}

/// Who gets a mail: the other side, or both where staff or time acted.
pub(super) fn readers(payload: &Payload) -> Vec<String> {
    let readers = match payload {
        // To the new address and to the one that is.
        Payload::EmailChangeRequested { user_id, .. } => {
            return vec![format!("{user_id}.new"), user_id.to_string()];
        }
        Payload::AccountRegistered { user_id, .. }
        | Payload::RegistrationRepeated { user_id }
        | Payload::RefreshTokenReused { user_id, .. }
        | Payload::ConfirmationRequested { user_id, .. }
        | Payload::PasswordResetRequested { user_id, .. }
        | Payload::AccountInvited { user_id, .. }
        | Payload::PhoneConfirmationRequested { user_id, .. }
        | Payload::EmailChanged { user_id, .. }
        | Payload::PasswordChanged { user_id }
        | Payload::SecondFactorOn { user_id }
        | Payload::SecondFactorOff { user_id }
        | Payload::RecoveryCodeUsed { user_id }
        | Payload::RecoveryCodesRenewed { user_id }
        | Payload::ServiceArchivedByStaff { provider_id: user_id, .. } => vec![*user_id],
        Payload::SessionsEnded { .. }
        | Payload::ConnectionReplaced { .. }
        | Payload::PhotoRemoved { .. }
        | Payload::JobContinued { .. } => Vec::new(),
        Payload::WaitlistOffered(about) | Payload::WaitlistEnded(about) => vec![about.customer_id],
        Payload::SeriesChanged(about) if about.change == 0 => vec![about.customer_id, about.provider_id],
        Payload::SeriesChanged(about) if about.actor == Actor::Customer => vec![about.provider_id],
        Payload::SeriesChanged(about) => vec![about.customer_id],
        // The whole series is told of at once.
        Payload::BookingRequested(about)
        | Payload::BookingConfirmed(about)
        | Payload::BookingDeclined(about)
        | Payload::BookingCancelled(about)
        | Payload::BookingRescheduled(about)
        | Payload::RescheduleProposed(about)
        | Payload::RescheduleDeclined(about)
            if about.series_id.is_some() =>
        {
            Vec::new()
        }
        Payload::BookingConfirmed(about) if about.actor == Actor::Customer => {
            vec![about.customer_id, about.provider_id]
        }
        Payload::BookingCompleted(about) | Payload::BookingNoShow(about) => vec![about.customer_id],
        Payload::ReviewPublished(about)
        | Payload::ReviewAnswered(about)
        | Payload::BookingRequested(about)
        | Payload::BookingConfirmed(about)
        | Payload::BookingDeclined(about)
        | Payload::BookingRescheduled(about)
        | Payload::RescheduleProposed(about)
        | Payload::RescheduleDeclined(about)
        | Payload::BookingCancelled(about)
        | Payload::BookingExpired(about) => match about.actor {
            Actor::Customer => vec![about.provider_id],
            Actor::Provider => vec![about.customer_id],
            Actor::Staff | Actor::Time => vec![about.customer_id, about.provider_id],
        },
    };
    readers.into_iter().map(|reader| reader.to_string()).collect()
}

/// Every event that was ever put into the outbox, from the first record of the table's stream on.
pub(super) fn events(cloud: &Cloud) -> Vec<Event> {
    let database = cloud.table.database();
    let ask = serde_json::from_value(json!({ "TableName": TABLE })).expect("a request");
    let table = database.describe_table(ask).expect("the table exists");
    let table = serde_json::to_value(table).expect("JSON");
    let start = json!({ "StreamArn": table["Table"]["LatestStreamArn"],
        "ShardId": dynoxide::streams::shard_id(TABLE), "ShardIteratorType": "TRIM_HORIZON" });
    let start = serde_json::from_value(start).expect("a request");
    let mut next = database.get_shard_iterator(start).expect("the stream exists").shard_iterator;
    let mut events = Vec::new();
    while let Some(iterator) = next {
        let ask = serde_json::from_value(json!({ "ShardIterator": iterator })).expect("a request");
        let page = database.get_records(ask).expect("the stream can be read");
        for record in &page.records {
            let image = serde_json::to_value(&record.dynamodb).expect("JSON")["NewImage"].take();
            if image["t"]["S"] == "outbox" {
                let event = image["event"]["S"].as_str().expect("an event");
                events.push(serde_json::from_str(event).expect("an event"));
            }
        }
        next = page.next_shard_iterator.filter(|_| !page.records.is_empty());
    }
    events
}
