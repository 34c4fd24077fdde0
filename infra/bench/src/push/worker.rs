//! The worker that pushes, without the queue and what is before it.

use std::time::Instant;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use banister_domain::id::EventId;
use banister_local::cloud::Cloud;
use banister_platform::random;
use serde_json::json;

use super::CONNECTIONS;
use crate::BenchError;
use crate::report::Figures;

/// Messages of a batch, as in the template.
const BATCH: usize = 10;

/// Posts a second of one worker that handles batch after batch: each message tells all connections of a user.
pub(super) async fn measure(
    cloud: &Cloud,
    bookings: &[(String, String)],
    provider: &str,
) -> Result<Figures, BenchError> {
    let settings = cloud.settings("local-socket");
    let worker = banister_queue_socket::SocketWorker::from_settings(&settings, cloud.clock.clone());
    let worker = worker.map_err(|error| BenchError::Unexpected(error.to_string()))?;
    let begun = Instant::now();
    for batch in bookings.chunks(BATCH) {
        let mut event = SqsEvent::default();
        event.records = batch.iter().map(|booking| message(cloud, booking, provider)).collect();
        let failed = worker.handle(event, None).await.batch_item_failures;
        if !failed.is_empty() {
            return Err(BenchError::Unexpected(format!("{} messages failed", failed.len())));
        }
    }
    let posts = f64::from(u32::try_from(bookings.len() * CONNECTIONS).unwrap_or(u32::MAX));
    Ok([("rate".to_owned(), posts / begun.elapsed().as_secs_f64())].into())
}

fn message(cloud: &Cloud, (booking, customer): &(String, String), provider: &str) -> SqsMessage {
    let id: EventId = random::id(cloud.clock.now());
    let event = json!({ "id": id, "occurred_at": cloud.clock.now(), "type": "booking.cancelled",
        "data": { "booking_id": booking, "customer_id": customer, "provider_id": provider, "actor": "provider" } });
    let mut message = SqsMessage::default();
    message.message_id = Some(id.to_string());
    message.body = Some(event.to_string());
    message
}
