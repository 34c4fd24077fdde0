//! One upload: from the file to the photo that is shown, or to the reason why not.

use banister_domain::id::{PhotoId, UserId};
use banister_domain::photo::{MAX_BYTES, Photo, PhotoRefused, PhotoType, Rejection, Stage};
use banister_platform::objects::ObjectError;
use banister_platform::objects::key::{self, Square};
use banister_platform::store::PhotoError;
use banister_platform::telemetry::user_tag;
use banister_platform::worker::WorkError;
use futures_util::future::try_join_all;

use crate::MediaWorker;
use crate::picture::{Encoded, squares};

/// Browsers may keep a square for ever, since a new photo has new addresses; the copies near the
/// reader go within a day of the photo.
const CACHE_CONTROL: &str = "public, max-age=31536000, s-maxage=86400, immutable";

/// A picture handed out so often is given up, so that its owner need not wait for what may never come:
/// it stopped the worker, or an outage did; the count does not say which.
const LAST_RECEIVE: u32 = 3;

impl MediaWorker {
    /// Does what is to be done about a file in the private bucket.
    pub(crate) async fn uploaded(&self, bucket: &str, key: &str, receives: u32) -> Result<(), WorkError> {
        if bucket != self.uploads.name() {
            return Err(WorkError::Poison("of another bucket".into()));
        }
        let (user, id) = key::read_uploaded_photo(key)
            .ok_or_else(|| WorkError::Poison("not the key of an upload".into()))?;
        let account = self.accounts.get(user).await?;
        let photo = account.map(|account| account.value.photo).unwrap_or_default();
        if let Stage::Pending(declared) = photo.stage(id, self.clock.now()) {
            self.examine(user, id, declared, receives).await?;
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
        receives: u32,
    ) -> Result<(), WorkError> {
        let examined = match self.uploads.get(&key::uploaded_photo(user, id), MAX_BYTES.into()).await {
            Ok(_) if receives >= LAST_RECEIVE => Err(Rejection::Damaged),
            Ok(bytes) => made(bytes, declared).await?,
            Err(ObjectError::TooLarge(_)) => Err(Rejection::TooLarge),
            // Done by another worker at this moment, or deleted by hand.
            Err(ObjectError::Missing) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match &examined {
            Ok(squares) => {
                self.publish(id, squares).await?;
                self.change(user, |photo| photo.accept(id, self.clock.now())).await?;
            }
            Err(reason) => self.change(user, |photo| photo.reject(id, *reason, self.clock.now())).await?,
        }
        let outcome = examined.err().map_or("accepted", Rejection::as_str);
        tracing::info!(user = user_tag(user), photo = %id, outcome, receives, "photo examined");
        Ok(())
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
            Err(PhotoError::Storage(error)) => Err(error.into()),
            Err(error @ PhotoError::Busy) => Err(WorkError::Retry(error.to_string())),
        }
    }
}

/// Makes the squares beside the other work of the process. A decoder that panics has met a picture
/// that is not as it should be.
async fn made(bytes: Vec<u8>, declared: PhotoType) -> Result<Result<[Encoded; 3], Rejection>, WorkError> {
    let made = tokio::task::spawn_blocking(move || squares(&bytes, declared)).await;
    match made {
        Ok(made) => Ok(made),
        Err(error) if error.is_panic() => {
            tracing::error!("a decoder panicked");
            Ok(Err(Rejection::Damaged))
        }
        Err(error) => Err(WorkError::Retry(error.to_string())),
    }
}
