//! The operations, behind the protocol that `s3s` speaks. Whatever is not here is answered as not implemented.

use std::io;
use std::sync::Arc;

use banister_platform::clock::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use md5::{Digest as _, Md5};
use s3s::auth::Credentials;
use s3s::checksum::ChecksumHasher;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, ETag, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::{Body, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use std::time::SystemTime;

use super::events::{Created, Notifier};
use super::serve::Peer;
use super::store::{Head, Store};
use super::{Bucket, MAX_BYTES, hex};
use crate::template::Lister;

/// The buckets. Clones are the same ones.
#[derive(Clone)]
pub(super) struct Objects {
    pub(super) store: Arc<Store>,
    pub(super) buckets: Arc<Vec<Bucket>>,
    pub(super) notifier: Arc<Notifier>,
    pub(super) clock: Clock,
}

impl Objects {
    /// The bucket of this name.
    fn bucket(&self, name: &str) -> S3Result<&Bucket> {
        self.buckets.iter().find(|bucket| bucket.name == name).ok_or_else(|| s3_error!(NoSuchBucket))
    }

    /// What is said of an object that is not there, to whoever is called by this access key: whoever may not list
    /// the bucket does not learn that it is missing. For the right's condition the key is the prefix
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>, permissions).
    fn missing(&self, bucket: &str, key: &str, caller: Option<&Credentials>) -> S3Error {
        let role = caller.and_then(|caller| caller.access_key.split_once('-')).map_or("", |(_, role)| role);
        let may_list = |lister: &Lister| {
            let function = lister.function.trim_end_matches("Function");
            function.eq_ignore_ascii_case(role) && key.starts_with(&lister.prefix)
        };
        match self.bucket(bucket) {
            Ok(found) if !found.definition.listers.iter().any(may_list) => {
                s3_error!(AccessDenied, "Access Denied")
            }
            _ => s3_error!(NoSuchKey),
        }
    }

    /// Does something with the files, off the threads that serve.
    async fn files<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Store) -> io::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || act(&store)).await;
        done.map_err(|error| s3_error!(error, InternalError))?
            .map_err(|error| s3_error!(error, InternalError, "The files of the buckets do not answer."))
    }

    /// Keeps the object, then tells the queues: an object that nobody was told of has no successful answer.
    async fn keep(self, bucket: String, head: Head, content: Bytes, who: (String, String)) -> S3Result<()> {
        let (name, copy) = (bucket.clone(), head.clone());
        self.files(move |store| store.put(&name, &copy, &content)).await?;
        let rules = &self.bucket(&bucket)?.definition.notifications;
        let created = Created { bucket: &bucket, head: &head, role: &who.0, address: &who.1 };
        let told = self.notifier.tell(rules, &created).await;
        told.map_err(|error| s3_error!(error, InternalError, "A queue was not told of the object."))
    }
}

#[async_trait::async_trait]
impl s3s::S3 for Objects {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let mut input = request.input;
        self.bucket(&input.bucket)?;
        check_put(&input)?;
        let body = input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
        let content = collect(body).await?;
        let trailer = request.trailing_headers.and_then(|trailers| trailers.take());
        let trailer = trailer.as_ref().and_then(|it| it.get("x-amz-checksum-crc32")?.to_str().ok());
        check_crc32(&content, input.checksum_crc32.as_deref().or(trailer))?;
        let md5 = Md5::digest(&content);
        if input.content_md5.is_some_and(|sent| sent != STANDARD.encode(md5)) {
            return Err(s3_error!(BadDigest));
        }
        let head = Head {
            key: input.key,
            content_type: input.content_type,
            cache_control: input.cache_control,
            etag: hex(&md5),
            size: u64::try_from(content.len()).unwrap_or(u64::MAX),
            put_at: self.clock.now(),
        };
        let e_tag = Some(ETag::Strong(head.etag.clone()));
        let role = request.credentials.map(|credentials| credentials.access_key).unwrap_or_default();
        let peer = request.extensions.get::<Peer>().map(|peer| peer.0.ip().to_string()).unwrap_or_default();
        // A task of its own: whoever hangs up now does not leave an object that no queue was told of.
        let kept = tokio::spawn(self.clone().keep(input.bucket, head, content, (role, peer))).await;
        kept.map_err(|error| s3_error!(error, InternalError))??;
        Ok(S3Response::new(PutObjectOutput { e_tag, ..Default::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        self.bucket(&input.bucket)?;
        let conditions = [input.if_match.is_some(), input.if_none_match.is_some()];
        let conditions = conditions.contains(&true)
            || input.if_modified_since.is_some()
            || input.if_unmodified_since.is_some();
        if conditions || input.part_number.is_some() || input.version_id.is_some() {
            return Err(s3_error!(
                NotImplemented,
                "The local buckets know no conditions, parts and versions."
            ));
        }
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let found = self.files(move |store| store.get(&bucket, &key)).await?;
        let missing = || self.missing(&input.bucket, &input.key, request.credentials.as_ref());
        let (head, content) = found.ok_or_else(missing)?;
        let (content, content_range) = match input.range {
            None => (content, None),
            Some(range) => {
                let range = range.check(head.size)?;
                let shown = format!("bytes {}-{}/{}", range.start, range.end - 1, head.size);
                let at = |offset| usize::try_from(offset).map_err(|error| s3_error!(error, InternalError));
                (content.slice(at(range.start)?..at(range.end)?), Some(shown))
            }
        };
        Ok(S3Response::new(GetObjectOutput {
            content_length: i64::try_from(content.len()).ok(),
            body: Some(StreamingBlob::from(Body::from(content))),
            content_range,
            last_modified: Some(SystemTime::from(head.put_at).into()),
            content_type: head.content_type,
            cache_control: head.cache_control,
            e_tag: Some(ETag::Strong(head.etag)),
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        self.bucket(&input.bucket)?;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let found = self.files(move |store| store.head(&bucket, &key)).await?;
        let missing = || self.missing(&input.bucket, &input.key, request.credentials.as_ref());
        let head = found.ok_or_else(missing)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: i64::try_from(head.size).ok(),
            last_modified: Some(SystemTime::from(head.put_at).into()),
            content_type: head.content_type,
            cache_control: head.cache_control,
            e_tag: Some(ETag::Strong(head.etag)),
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        self.bucket(&input.bucket)?;
        self.files(move |store| store.remove(&input.bucket, &input.key)).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    /// Pages of at most 1,000 keys; a page's token is its last key.
    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let ListObjectsV2Input {
            bucket, prefix, max_keys, start_after, continuation_token, delimiter, ..
        } = request.input;
        self.bucket(&bucket)?;
        if delimiter.is_some() {
            return Err(s3_error!(NotImplemented, "The local buckets list without a delimiter."));
        }
        let (folder, begin) = (bucket.clone(), prefix.clone().unwrap_or_default());
        let heads = self.files(move |store| store.list(&folder, &begin)).await?;
        let after = continuation_token.clone().or_else(|| start_after.clone()).unwrap_or_default();
        let limit = usize::try_from(max_keys.unwrap_or(1_000)).unwrap_or_default().min(1_000);
        let mut heads = heads.into_iter().filter(|head| head.key > after);
        let contents: Vec<Object> = heads.by_ref().take(limit).map(listed).collect();
        let more = heads.next().is_some();
        Ok(S3Response::new(ListObjectsV2Output {
            next_continuation_token: contents.last().filter(|_| more).and_then(|last| last.key.clone()),
            key_count: i32::try_from(contents.len()).ok(),
            max_keys: i32::try_from(limit).ok(),
            name: Some(bucket),
            prefix,
            start_after,
            continuation_token,
            is_truncated: Some(more),
            contents: Some(contents),
            ..Default::default()
        }))
    }
}

fn listed(head: Head) -> Object {
    Object {
        last_modified: Some(SystemTime::from(head.put_at).into()),
        size: i64::try_from(head.size).ok(),
        e_tag: Some(ETag::Strong(head.etag)),
        key: Some(head.key),
        ..Default::default()
    }
}

/// Refuses what S3 would refuse, and what the local buckets would lose without a word.
fn check_put(input: &PutObjectInput) -> S3Result<()> {
    if input.content_length.and_then(|bytes| u64::try_from(bytes).ok()).is_some_and(|it| it > MAX_BYTES) {
        return Err(s3_error!(EntityTooLarge));
    }
    let granted =
        [&input.grant_full_control, &input.grant_read, &input.grant_read_acp, &input.grant_write_acp];
    if input.acl.is_some() || granted.iter().any(|grant| grant.is_some()) {
        // As with BucketOwnerEnforced.
        return Err(s3_error!(AccessControlListNotSupported, "The bucket does not allow ACLs"));
    }
    let lost = [&input.content_encoding, &input.content_disposition, &input.content_language];
    let sums = [&input.checksum_crc32c, &input.checksum_sha1, &input.checksum_sha256];
    let conditional = input.if_match.is_some() || input.if_none_match.is_some();
    let kept = lost.iter().chain(&sums).all(|it| it.is_none()) && input.checksum_crc64nvme.is_none();
    if conditional || !kept || input.metadata.is_some() || input.tagging.is_some() {
        return Err(s3_error!(NotImplemented, "The local buckets keep Content-Type and Cache-Control only."));
    }
    Ok(())
}

/// The content, up to [`MAX_BYTES`].
async fn collect(body: StreamingBlob) -> S3Result<Bytes> {
    let mut body = Body::from(body);
    let mut content = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?;
        if let Ok(bytes) = frame.into_data() {
            content.extend_from_slice(&bytes);
        }
        if u64::try_from(content.len()).is_ok_and(|bytes| bytes > MAX_BYTES) {
            return Err(s3_error!(EntityTooLarge));
        }
    }
    Ok(content.freeze())
}

fn check_crc32(content: &[u8], sent: Option<&str>) -> S3Result<()> {
    let Some(sent) = sent else { return Ok(()) };
    let mut hasher = ChecksumHasher { crc32: Some(s3s::crypto::Checksum::new()), ..Default::default() };
    hasher.update(content);
    if hasher.finalize().checksum_crc32.as_deref() == Some(sent) { Ok(()) } else { Err(s3_error!(BadDigest)) }
}
