//! One upload: from the file to the photo that is shown, or to the reason why not.

use std::time::Duration;

use banister_domain::id::{PhotoId, UserId};
use banister_domain::photo::{MAX_BYTES, Photo, PhotoRefused, PhotoType, Rejection, Stage};
use banister_platform::objects::ObjectError;
use banister_platform::objects::key::{self, Square};
use banister_platform::store::PhotoError;
use banister_platform::telemetry::user_tag;
use banister_platform::worker::WorkError;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use crate::MediaWorker;
use crate::picture::{Encoded, squares};

/// Browsers may keep a square for ever, since a new photo has new addresses; the copies near the
/// reader go within a day of the photo.
const CACHE_CONTROL: &str = "public, max-age=31536000, s-maxage=86400, immutable";

/// So long after the deadline squares may be put into storage; then there is just time to record
/// that it was not the picture's fault.
const PUBLISHED_WITHIN: SignedDuration = SignedDuration::from_secs(1);

impl MediaWorker {
    /// Does what is to be done about a file in the private bucket.
    pub(crate) async fn uploaded(
        &self,
        bucket: &str,
        key: &str,
        deadline: Option<Timestamp>,
    ) -> Result<(), WorkError> {
        if bucket != self.uploads.name() {
            return Err(WorkError::Poison("of another bucket".into()));
        }
        let (user, id) = key::read_uploaded_photo(key)
            .ok_or_else(|| WorkError::Poison("not the key of an upload".into()))?;
        let account = self.accounts.get(user).await?;
        let photo = account.map(|account| account.value.photo).unwrap_or_default();
        if let Stage::Pending(declared) = photo.stage(id, self.clock.now()) {
            self.examine(user, id, declared, deadline).await?;
        }
        self.tidy(user, Some(id)).await?;
        // Last: while it is there, the message that comes again finds what to do.
        Ok(self.uploads.remove(key).await?)
    }

    async fn examine(
        &self,
        user: UserId,
        id: PhotoId,
        declared: PhotoType,
        deadline: Option<Timestamp>,
    ) -> Result<(), WorkError> {
        let bytes = match self.uploads.get(&key::uploaded_photo(user, id), MAX_BYTES.into()).await {
            Ok(bytes) => bytes,
            Err(ObjectError::TooLarge(_)) => {
                return self.conclude(user, id, Err(Rejection::TooLarge), None).await;
            }
            // Done by another worker at this moment, or deleted by hand.
            Err(ObjectError::Missing) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let begun = self.clock.now();
        let record = |photo: &Photo| photo.begin_examination(id, begun);
        match self.accounts.change_photo(user, record, None, begun).await {
            Ok(_) => {}
            Err(PhotoError::Refused(PhotoRefused::StopsExaminations)) => {
                return self.conclude(user, id, Err(Rejection::Damaged), None).await;
            }
            Err(PhotoError::Refused(_) | PhotoError::NoAccount) => return Ok(()),
            // Perhaps it was recorded.
            Err(error) => return Err(self.end_examination(user, id, begun, retried(error)).await),
        }
        let left = deadline.map(|deadline| deadline.duration_since(self.clock.now()));
        if left.is_some_and(|left| left < SignedDuration::try_from(self.made_within).unwrap_or_default()) {
            let late = WorkError::Retry("too little time left to decode".into());
            return Err(self.end_examination(user, id, begun, late).await);
        }
        // Whoever ends in here, or gives up, leaves the examination open.
        let squares = self.made(bytes, declared).await?;
        match self.conclude(user, id, squares, deadline).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.end_examination(user, id, begun, error).await),
        }
    }

    /// Makes the squares beside the other work of the process. A decoder that panics has met a picture
    /// that is not as it should be.
    async fn made(
        &self,
        bytes: Vec<u8>,
        declared: PhotoType,
    ) -> Result<Result<[Encoded; 3], Rejection>, WorkError> {
        let made = self.processor.compute(move || squares(&bytes, declared));
        match tokio::time::timeout(self.made_within, made).await {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(error)) if error.is_panic() => {
                tracing::error!("a decoder panicked");
                Ok(Err(Rejection::Damaged))
            }
            Ok(Err(error)) => Err(WorkError::Retry(error.to_string())),
            Err(_) => Err(WorkError::Retry("the picture takes too long".into())),
        }
    }

    /// Shows the photo, or says why not.
    async fn conclude(
        &self,
        user: UserId,
        id: PhotoId,
        examined: Result<[Encoded; 3], Rejection>,
        deadline: Option<Timestamp>,
    ) -> Result<(), WorkError> {
        match &examined {
            Ok(squares) => {
                self.publish_by(id, squares, deadline).await?;
                self.change(user, |photo| photo.accept(id, self.clock.now())).await?;
            }
            Err(reason) => self.change(user, |photo| photo.reject(id, *reason, self.clock.now())).await?,
        }
        let outcome = examined.err().map_or("accepted", Rejection::as_str);
        tracing::info!(user = user_tag(user), photo = %id, outcome, "photo examined");
        Ok(())
    }

    /// Records that an examination came to nothing by no fault of the picture. Answers why; where that
    /// cannot be recorded either, it counts as one that the picture stopped.
    async fn end_examination(
        &self,
        user: UserId,
        id: PhotoId,
        begun: Timestamp,
        why: WorkError,
    ) -> WorkError {
        if let Err(error) = self.change(user, |photo| Ok(photo.end_examination(id, begun))).await {
            tracing::warn!(user = user_tag(user), photo = %id, %error, "the examination stays open");
        }
        why
    }

    async fn publish_by(
        &self,
        id: PhotoId,
        squares: &[Encoded],
        deadline: Option<Timestamp>,
    ) -> Result<(), ObjectError> {
        let Some(deadline) = deadline else { return self.publish(id, squares).await };
        let left = deadline.duration_since(self.clock.now()).saturating_add(PUBLISHED_WITHIN);
        let left = Duration::try_from(left).unwrap_or_default();
        let late = || ObjectError::Unavailable("too little time left".into());
        tokio::time::timeout(left, self.publish(id, squares)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn publish(&self, id: PhotoId, squares: &[Encoded]) -> Result<(), ObjectError> {
        let put = |encoded: &Encoded| {
            let (key, bytes) = (key::photo(id, encoded.square), encoded.bytes.clone());
            async move { self.public.put(&key, "image/jpeg", CACHE_CONTROL, bytes).await }
        };
        try_join_all(squares.iter().map(put)).await.map(drop)
    }

    /// Removes the squares of all photos of a user that are not needed any more: those retired, and
    /// `id` if it came to nothing.
    pub(crate) async fn tidy(&self, user: UserId, id: Option<PhotoId>) -> Result<(), WorkError> {
        let account = self.accounts.get(user).await?;
        let photo = account.map(|account| account.value.photo).unwrap_or_default();
        let gone = |id: &PhotoId| photo.stage(*id, self.clock.now()) == Stage::Gone;
        let others = id.into_iter().filter(gone).filter(|id| !photo.retired().contains(id));
        let retired = photo.retired().to_vec();
        for id in retired.iter().copied().chain(others) {
            let keys = Square::ALL.map(|square| key::photo(id, square));
            try_join_all(keys.iter().map(|key| self.public.remove(key))).await?;
        }
        if retired.is_empty() {
            return Ok(());
        }
        self.change(user, |photo| Ok(photo.tidied(&retired))).await
    }

    /// Changes a photo; what it does not allow any more is seen to by the tidying that follows.
    async fn change(
        &self,
        user: UserId,
        change: impl Fn(&Photo) -> Result<Photo, PhotoRefused>,
    ) -> Result<(), WorkError> {
        match self.accounts.change_photo(user, change, None, self.clock.now()).await {
            Ok(_) | Err(PhotoError::Refused(_) | PhotoError::NoAccount) => Ok(()),
            Err(error) => Err(retried(error)),
        }
    }
}

fn retried(error: PhotoError) -> WorkError {
    match error {
        PhotoError::Storage(error) => error.into(),
        error => WorkError::Retry(error.to_string()),
    }
}
