//! Drives the buckets through the real SDK and through plain HTTP.

mod events;
mod lifecycle;
mod objects;
mod pages;
mod signatures;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use banister_platform::clock::Clock;
use reqwest::StatusCode;

use super::{S3, Setup};
use crate::faults::Faults;
use crate::sqs::{QueueDefinition, Sqs};
use crate::template::{BucketDefinition, CorsRule, Expiration, Lister, Notification};

const PRIVATE: &str = "banister-local-private";
const PUBLIC: &str = "banister-local-public";
const ORIGIN: &str = "http://localhost:3000";

/// Buckets like those of the template, and the queue that is told.
struct Stage {
    s3: S3,
    sqs: Sqs,
    clock: Clock,
    faults: Faults,
    http: reqwest::Client,
}

impl Stage {
    async fn start() -> Self {
        let (clock, faults) = (Clock::system(), Faults::new());
        let millis = clock.clone();
        let queue = QueueDefinition {
            name: "MediaQueue".into(),
            visibility_timeout_seconds: 30,
            max_receive_count: None,
            dead_letter: None,
        };
        let now = Arc::new(move || millis.now().as_millisecond());
        let sqs = Sqs::start(&[queue], now, faults.clone(), None).await.expect("queues");
        let setup = Setup {
            buckets: vec![private(), BucketDefinition { logical_id: "PublicBucket".into(), ..empty() }],
            origins: vec![ORIGIN.into()],
            clock: clock.clone(),
            faults: faults.clone(),
            sqs: sqs.clone(),
            data: None,
        };
        let s3 = S3::start(setup).await.expect("buckets");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { s3, sqs, clock, faults, http }
    }

    /// A URL that lets its bearer put so many bytes of JPEG for ten minutes from now.
    async fn presigned(&self, key: &str, length: i64) -> PresignedRequest {
        let until = PresigningConfig::builder()
            .start_time(SystemTime::from(self.clock.now()))
            .expires_in(Duration::from_mins(10))
            .build()
            .expect("ten minutes");
        let put = self.s3.client("local-http").put_object().bucket(PRIVATE).key(key);
        let signed = put.content_type("image/jpeg").content_length(length).presigned(until).await;
        signed.expect("a signature needs no network")
    }

    async fn put(&self, url: &str, kind: &str, body: impl Into<reqwest::Body>) -> (StatusCode, String) {
        let sent = self.http.put(url).header("content-type", kind).body(body).send().await;
        let answer = sent.expect("an answer");
        (answer.status(), answer.text().await.expect("a body"))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.s3.endpoint())
    }

    fn queued(&self) -> usize {
        self.sqs.depth("MediaQueue").expect("a queue").visible
    }
}

fn empty() -> BucketDefinition {
    BucketDefinition {
        logical_id: String::new(),
        notifications: Vec::new(),
        cors: Vec::new(),
        expirations: Vec::new(),
        listers: Vec::new(),
    }
}

fn private() -> BucketDefinition {
    BucketDefinition {
        logical_id: "PrivateBucket".into(),
        notifications: vec![Notification {
            event: "s3:ObjectCreated:*".into(),
            queue: "MediaQueue".into(),
            prefix: "uploads/photos/".into(),
            suffix: String::new(),
        }],
        cors: vec![CorsRule {
            origins: None,
            methods: vec!["PUT".into()],
            headers: vec!["content-type".into()],
            max_age_seconds: Some(3_600),
        }],
        expirations: vec![Expiration { prefix: "uploads/".into(), days: 1 }],
        listers: vec![Lister { function: "MediaFunction".into(), prefix: "uploads/photos/".into() }],
    }
}
