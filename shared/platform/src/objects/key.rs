//! The keys of objects: every one is built and read here and nowhere else.
//!
//! | what | bucket | key |
//! |---|---|---|
//! | upload of a profile photo | private | `uploads/photos/user/photo` |
//! | file of an export of accounts | private | `exports/job/name.csv` |
//! | square of a profile photo | public | `photos/photo/square.jpg` |

use banister_domain::id::{JobId, PhotoId, UserId};

/// Keys of uploads of photos begin with this; the bucket's notification and the functions' rights in
/// template.yaml name it too.
pub const UPLOADED_PHOTOS: &str = "uploads/photos/";

/// Key of an upload that is to become a photo.
#[must_use]
pub fn uploaded_photo(user: UserId, photo: PhotoId) -> String {
    format!("{UPLOADED_PHOTOS}{user}/{photo}")
}

/// Whose upload a key names, and which; none where it is no such key.
#[must_use]
pub fn read_uploaded_photo(key: &str) -> Option<(UserId, PhotoId)> {
    let (user, photo) = key.strip_prefix(UPLOADED_PHOTOS)?.split_once('/')?;
    Some((user.parse().ok()?, photo.parse().ok()?))
}

/// Key of a file of an export; the bucket's lifecycle and the functions' rights in template.yaml name
/// `exports/` too.
#[must_use]
pub fn exported(job: JobId, name: &str) -> String {
    format!("exports/{job}/{name}.csv")
}

/// The squares that a photo is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Square {
    /// 96 pixels.
    Small,
    /// 256 pixels.
    Medium,
    /// 512 pixels.
    Large,
}

impl Square {
    /// Every square.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// Pixels a side.
    #[must_use]
    pub const fn side(self) -> u32 {
        match self {
            Self::Small => 96,
            Self::Medium => 256,
            Self::Large => 512,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// Key of a square of a photo; also its path below `PUBLIC_URL`.
#[must_use]
pub fn photo(id: PhotoId, square: Square) -> String {
    format!("photos/{id}/{}.jpg", square.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
    const PHOTO: &str = "pho_01KB2QJ0M4P7R0S3V6X9ZBDFHK";

    #[test]
    fn keys_are_as_written_down() {
        let (user, id) = (USER.parse().expect("a user"), PHOTO.parse().expect("a photo"));
        let upload = uploaded_photo(user, id);
        assert_eq!(upload, format!("uploads/photos/{USER}/{PHOTO}"));
        assert_eq!(read_uploaded_photo(&upload), Some((user, id)));
        let squares = Square::ALL.map(|square| photo(id, square));
        let named = ["small", "medium", "large"].map(|name| format!("photos/{PHOTO}/{name}.jpg"));
        assert_eq!(squares, named);
        let job = "job_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
        let file = exported(job.parse().expect("a job"), "1-0123456789abcdef");
        assert_eq!(file, format!("exports/{job}/1-0123456789abcdef.csv"));
    }

    #[test]
    fn other_keys_name_no_upload() {
        for key in [
            String::new(),
            format!("uploads/photos/{USER}"),
            format!("uploads/photos/{PHOTO}/{USER}"),
            format!("uploads/photos/{USER}/{PHOTO}/"),
            format!("uploads/photos/{USER}/{PHOTO}.jpg"),
            format!("/uploads/photos/{USER}/{PHOTO}"),
            format!("uploads/photos//{USER}/{PHOTO}"),
            format!("photos/{PHOTO}/small.jpg"),
        ] {
            assert_eq!(read_uploaded_photo(&key), None, "{key}");
        }
    }
}
