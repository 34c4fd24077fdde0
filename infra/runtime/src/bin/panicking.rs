//! A function that fails as its event says, for the tests of this crate: HTTP events, or messages of
//! a queue where the handler is called `messages`.

use std::process::ExitCode;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use banister_platform::config::Settings;
use banister_platform::http::finish;
use banister_platform::lambda::{LambdaEvent, end_if_overrun, serve, work};
use banister_platform::worker::{Processor, WorkError, guarded};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if Settings::from_env().optional("_HANDLER").as_deref() == Some("messages") {
        let handle = async |processor: &Processor, event: LambdaEvent<SqsEvent>| {
            let answer = batch(processor, event.payload).await;
            end_if_overrun(processor);
            answer
        };
        return work(|_| Ok(Processor::default()), handle).await;
    }
    serve(|_| Ok(finish(Router::new().route("/v1/things/{name}", get(thing))))).await
}

async fn thing(Path(name): Path<String>) -> String {
    match name.as_str() {
        "panic" => panic!("as asked"),
        "hang" => std::future::pending().await,
        "exit" => std::process::exit(3),
        _ => name,
    }
}

/// As long as a computation may take; one that is asked to takes for ever.
const LIMIT: Duration = Duration::from_millis(10);

async fn batch(processor: &Processor, event: SqsEvent) -> SqsBatchResponse {
    let mut answer = SqsBatchResponse::default();
    for record in event.records {
        let work = async {
            assert_ne!(record.body.as_deref(), Some("panic"), "as asked");
            if record.body.as_deref() == Some("spin") {
                let forever = processor.compute(|| {
                    loop {
                        std::hint::spin_loop();
                    }
                });
                let given_up = tokio::time::timeout(LIMIT, forever).await;
                given_up.map(drop).map_err(|_| WorkError::Retry("as asked".into()))?;
            }
            Ok(())
        };
        if guarded(work).await.is_err() {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id.unwrap_or_default();
            answer.batch_item_failures.push(failure);
        }
    }
    answer
}
