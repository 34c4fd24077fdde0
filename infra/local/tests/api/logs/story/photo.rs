//! What is uploaded as a photo and is none.

use std::time::Duration;

use banister_local::client::Client;
use serde_json::json;

use super::{PATIENCE, Story};
use crate::photos;
use crate::support::text;

/// Uploads what is no picture, and waits until that has been found out.
pub(super) async fn photo(story: &mut Story, client: &Client) {
    let file = story.secret("a file", "What was uploaded is no picture.");
    let ask = json!({ "content_type": "image/png", "size": file.len() });
    let begun = story.ask(client, "POST /v1/me/photo", ask, 201).await;
    let (_, signature) = text(&begun["upload"], "url").rsplit_once("X-Amz-Signature=").expect("a signature");
    story.secret("the signature of an upload", signature.split('&').next().expect("text"));
    assert_eq!(photos::send(&begun["upload"], file.as_bytes(), &[]).await, 200);
    let rejected = async {
        while story.get(client, "/v1/me", 200).await["photo"]["status"] != "rejected" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, rejected).await.expect("the photo is rejected");
}
