//! Profile photos: from the wish to upload one to the photo that everybody sees.
//!
//! A photo has two lives: the latest upload, which waits, is being examined or was rejected, and
//! the current photo, which stays until a newer one is accepted or its owner takes it away. What is
//! neither any more is retired until its files are gone, so that none is forgotten.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::PhotoId;

/// The largest upload in bytes, 10 MiB.
pub const MAX_BYTES: u32 = 10 * 1024 * 1024;
/// The most pixels a picture may have.
pub const MAX_PIXELS: u64 = 50_000_000;
/// The most pixels either side may have.
pub const MAX_SIDE: u32 = 16_384;
/// The fewest pixels either side may have.
pub const MIN_SIDE: u32 = 64;
/// How long after it was asked for an upload that is not done with is given up.
pub const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// An examination that was begun so long ago and is still open has stopped whoever was at it: longer
/// than the function at work may take.
pub const EXAMINED_WITHIN: SignedDuration = SignedDuration::from_secs(30);
/// An upload that stopped so many examinations is not examined again.
pub const MAX_STOPPED: usize = 2;
/// With so many retired photos waiting to be tidied away, no new one is begun.
pub const MAX_RETIRED: usize = 8;

/// The formats that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = "image/jpeg")]
pub enum PhotoType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
}

impl PhotoType {
    /// The media type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// Why a number is no size of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of bytes from 1 to {MAX_BYTES}")]
pub struct InvalidSize;

/// The size of an upload in bytes, 1 to [`MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct PhotoSize(u32);

impl PhotoSize {
    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        self.0
    }
}

impl TryFrom<u64> for PhotoSize {
    type Error = InvalidSize;
    fn try_from(bytes: u64) -> Result<Self, InvalidSize> {
        let size = u32::try_from(bytes).ok().filter(|size| (1..=MAX_BYTES).contains(size));
        size.map(Self).ok_or(InvalidSize)
    }
}
impl From<PhotoSize> for u64 {
    fn from(size: PhotoSize) -> Self {
        size.0.into()
    }
}
impl utoipa::PartialSchema for PhotoSize {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .description(Some("The exact size in bytes."))
            .minimum(Some(1))
            .maximum(Some(MAX_BYTES))
            .examples([482_133])
            .into()
    }
}
impl utoipa::ToSchema for PhotoSize {}

/// Why an upload does not become a photo. The codes are stable; `docs/photos.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PhotoRejection, example = "damaged")]
pub enum Rejection {
    /// There is nothing in it.
    Empty,
    /// It is not what it was said to be, or of no type that is taken.
    WrongType,
    /// Too many pixels, or bytes.
    TooLarge,
    /// Too few pixels.
    TooSmall,
    /// It moves.
    Animated,
    /// It ends too early, cannot be read, or stops whoever examines it.
    Damaged,
    /// It uses a rare part of its format.
    Unsupported,
}

impl Rejection {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Empty,
        Self::WrongType,
        Self::TooLarge,
        Self::TooSmall,
        Self::Animated,
        Self::Damaged,
        Self::Unsupported,
    ];

    /// The code in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::WrongType => "wrong_type",
            Self::TooLarge => "too_large",
            Self::TooSmall => "too_small",
            Self::Animated => "animated",
            Self::Damaged => "damaged",
            Self::Unsupported => "unsupported",
        }
    }

    /// What to tell people, in English.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Empty => "The file is empty.",
            Self::WrongType => "The file is not the JPEG, PNG or WebP picture that it was said to be.",
            Self::TooLarge => {
                "The picture is too large: at most 50 million pixels, 16,384 a side and 10 MiB are taken."
            }
            Self::TooSmall => "The picture is too small: each side needs at least 64 pixels.",
            Self::Animated => "The picture moves; send a still one.",
            Self::Damaged => "The picture is damaged or incomplete.",
            Self::Unsupported => "The picture uses a rare variant of its format; save it as a plain JPEG.",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Waits to be uploaded and examined.
    Pending,
    /// Does not become a photo.
    Rejected(Rejection),
}

/// An upload that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// What the photo will be called.
    pub id: PhotoId,
    /// What it is said to be.
    pub content_type: PhotoType,
    /// How large it is said to be.
    pub size: PhotoSize,
    /// From when on it is given up if it is still pending.
    pub expires_at: Timestamp,
    /// How far it has come.
    pub outcome: Outcome,
    /// When examinations were begun that have not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examinations: Vec<Timestamp>,
}

impl Upload {
    fn is_pending(&self, now: Timestamp) -> bool {
        self.outcome == Outcome::Pending && now < self.expires_at
    }

    /// How many examinations it has stopped.
    fn stopped(&self, now: Timestamp) -> usize {
        let is_over = |begun: &&Timestamp| now.duration_since(**begun) >= EXAMINED_WITHIN;
        self.examinations.iter().filter(is_over).count()
    }
}

/// Why a change of a photo is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhotoRefused {
    /// The upload is not the pending one: replaced, taken back, given up or done with.
    #[error("the upload is not pending")]
    NotPending,
    /// The upload has stopped whoever examined it too often.
    #[error("the upload stops whoever examines it")]
    StopsExaminations,
    /// The files of too many earlier photos have not been removed yet.
    #[error("earlier photos are still being removed")]
    TooManyRetired,
}

/// Where the photo that an id names has come to at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The upload that is waited for.
    Pending(PhotoType),
    /// The photo that is shown.
    Current,
    /// Nothing that is needed: its files can go.
    Gone,
}

/// How a photo is doing, as its owner sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// An upload is waited for, or being examined.
    Processing,
    /// The photo is shown.
    Ready,
    /// The latest upload did not become a photo.
    Rejected(Rejection),
}

/// The photo of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Photo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upload: Option<Upload>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<PhotoId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retired: Vec<PhotoId>,
}

impl Photo {
    /// Whether nothing is kept: no upload, no photo, no files to remove.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.upload.is_none() && self.current.is_none() && self.retired.is_empty()
    }

    /// The photo that is shown.
    #[must_use]
    pub const fn current(&self) -> Option<PhotoId> {
        self.current
    }

    /// Photos whose files are to be removed.
    #[must_use]
    pub fn retired(&self) -> &[PhotoId] {
        &self.retired
    }

    /// How the photo is doing; none where there is none, nor an upload.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Option<Status> {
        match &self.upload {
            Some(Upload { outcome: Outcome::Rejected(reason), .. }) => Some(Status::Rejected(*reason)),
            Some(upload) if upload.is_pending(now) => Some(Status::Processing),
            _ => self.current.map(|_| Status::Ready),
        }
    }

    /// Where the photo `id` has come to.
    #[must_use]
    pub fn stage(&self, id: PhotoId, now: Timestamp) -> Stage {
        match &self.upload {
            Some(upload) if upload.id == id && upload.is_pending(now) => Stage::Pending(upload.content_type),
            _ if self.current == Some(id) => Stage::Current,
            _ => Stage::Gone,
        }
    }

    /// Waits for an upload instead of any earlier one.
    pub fn request(
        &self,
        id: PhotoId,
        content_type: PhotoType,
        size: PhotoSize,
        now: Timestamp,
    ) -> Result<Self, PhotoRefused> {
        if self.retired.len() >= MAX_RETIRED {
            return Err(PhotoRefused::TooManyRetired);
        }
        let expires_at = now.saturating_add(GIVEN_UP_AFTER).unwrap_or(Timestamp::MAX);
        let (outcome, examinations) = (Outcome::Pending, Vec::new());
        let upload = Upload { id, content_type, size, expires_at, outcome, examinations };
        Ok(Self { upload: Some(upload), ..self.clone() })
    }

    /// Records that an examination of the pending upload begins `now`, before it does: whatever ends
    /// whoever is at it cannot be recorded after. The same moment again is the same examination.
    pub fn begin_examination(&self, id: PhotoId, now: Timestamp) -> Result<Self, PhotoRefused> {
        let mut upload = self.pending(id, now)?;
        if upload.stopped(now) >= MAX_STOPPED {
            return Err(PhotoRefused::StopsExaminations);
        }
        if !upload.examinations.contains(&now) {
            upload.examinations.push(now);
        }
        Ok(Self { upload: Some(upload), ..self.clone() })
    }

    /// Records that the examination `begun` at a moment has ended, and that the upload is to be
    /// examined again: what went wrong is not the upload's fault.
    #[must_use]
    pub fn end_examination(&self, id: PhotoId, begun: Timestamp) -> Self {
        let mut photo = self.clone();
        if let Some(upload) = photo.upload.as_mut().filter(|upload| upload.id == id) {
            upload.examinations.retain(|other| *other != begun);
        }
        photo
    }

    /// Makes the pending upload the photo that is shown; the one before it is retired.
    pub fn accept(&self, id: PhotoId, now: Timestamp) -> Result<Self, PhotoRefused> {
        self.pending(id, now)?;
        Ok(Self { upload: None, current: Some(id), retired: self.with_current_retired() })
    }

    /// Records why the pending upload does not become a photo; the one that is shown stays.
    pub fn reject(&self, id: PhotoId, reason: Rejection, now: Timestamp) -> Result<Self, PhotoRefused> {
        let (outcome, examinations) = (Outcome::Rejected(reason), Vec::new());
        let upload = Upload { outcome, examinations, ..self.pending(id, now)? };
        Ok(Self { upload: Some(upload), ..self.clone() })
    }

    /// Takes the photo and any upload away.
    #[must_use]
    pub fn remove(&self) -> Self {
        Self { upload: None, current: None, retired: self.with_current_retired() }
    }

    /// Forgets retired photos whose files are gone.
    #[must_use]
    pub fn tidied(&self, gone: &[PhotoId]) -> Self {
        let retired = self.retired.iter().copied().filter(|id| !gone.contains(id)).collect();
        Self { retired, ..self.clone() }
    }

    fn pending(&self, id: PhotoId, now: Timestamp) -> Result<Upload, PhotoRefused> {
        let upload = self.upload.as_ref().filter(|upload| upload.id == id && upload.is_pending(now));
        upload.cloned().ok_or(PhotoRefused::NotPending)
    }

    fn with_current_retired(&self) -> Vec<PhotoId> {
        self.retired.iter().copied().chain(self.current).collect()
    }
}

#[cfg(test)]
mod tests;
