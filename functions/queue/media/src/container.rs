//! The outside of a picture file: what it is, and whether all of it is there.
//!
//! Decoders fill up what is missing, with grey; a photo that is half grey is none.

use banister_domain::photo::{MAX_PIXELS, PhotoType};

/// A JPEG of more scans is refused: each is a walk over all pixels, and a small file can hold many
/// (<https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf>).
const MAX_SCANS: u64 = 100;
/// So is one whose scans walk over more pixels than those of the largest picture in twenty scans:
/// encoders make ten of three colours and eighteen of four.
const MAX_SCANNED: u64 = 20 * MAX_PIXELS;

/// Whether decoding a JPEG of so many scans and pixels ends in time; docs/photos.md says when.
pub(crate) fn is_soon_decoded(scans: usize, pixels: u64) -> bool {
    let scans = scans as u64;
    scans <= MAX_SCANS && scans.saturating_mul(pixels) <= MAX_SCANNED
}

/// What a file is by its first bytes, whatever its name or sender says.
pub(crate) fn kind(bytes: &[u8]) -> Option<PhotoType> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some(PhotoType::Jpeg)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(PhotoType::Png)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(PhotoType::Webp)
    } else {
        None
    }
}

/// Whether the end of the picture is there. What comes after it is not looked at.
pub(crate) fn is_whole(kind: PhotoType, bytes: &[u8]) -> bool {
    match kind {
        PhotoType::Jpeg => scans(bytes).is_some(),
        PhotoType::Png => png_ends(bytes),
        PhotoType::Webp => {
            word(bytes, 4, u32::from_le_bytes).is_some_and(|length| length as usize <= bytes.len() - 8)
        }
    }
}

fn word(bytes: &[u8], at: usize, read: fn([u8; 4]) -> u32) -> Option<u32> {
    Some(read(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Whether the chunks of a PNG (ISO/IEC 15948, 5.3) lead to its end.
fn png_ends(bytes: &[u8]) -> bool {
    let mut at = 8;
    while let (Some(length), Some(name)) = (word(bytes, at, u32::from_be_bytes), bytes.get(at + 4..at + 8)) {
        at = at.saturating_add(12).saturating_add(length as usize);
        if name == b"IEND" {
            return at <= bytes.len();
        }
    }
    false
}

/// The number of scans of a JPEG up to its end of image (ITU-T T.81, B.1); none where that is missing.
pub(crate) fn scans(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut scans) = (2, 0);
    loop {
        // Between segments there may be fill bytes, and in practice anything.
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            // Stuffed, restart and other markers without a length; fill bytes.
            0x00 | 0x01 | 0xd0..=0xd8 => at += 2,
            0xff => at += 1,
            0xd9 => return Some(scans),
            _ => {
                scans += usize::from(marker == 0xda);
                let length: [u8; 2] = bytes.get(at + 2..at + 4)?.try_into().ok()?;
                at += 2 + usize::from(u16::from_be_bytes(length));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_say_what_it_is() {
        for (bytes, wanted) in [
            (&b"\xff\xd8\xff\xe0"[..], Some(PhotoType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Some(PhotoType::Png)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(PhotoType::Webp)),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"RIFF", None),
            (b"GIF89a", None),
            (b"", None),
        ] {
            assert_eq!(kind(bytes), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn a_jpeg_ends_at_its_own_end() {
        let scan = b"\xff\xda\0\x02ab\xff\0c\xff\xd0d";
        let one = [&b"\xff\xd8\xff\xe1\0\x06\xff\xd9\xff\xd9"[..], scan, b"\xff\xff\xd9 more"].concat();
        assert_eq!(scans(&one), Some(1));
        let two = [&b"\xff\xd8"[..], scan, b"\xff\xc4\0\x02", scan, b"\xff\xd9"].concat();
        assert_eq!(scans(&two), Some(2));
        for end in 0..two.len() {
            assert_eq!(scans(&two[..end]), None, "{end}");
        }
    }

    #[test]
    fn the_longest_decoding_is_that_of_twenty_large_scans() {
        for (scans, pixels, soon) in [
            (1, MAX_PIXELS, true),
            (20, MAX_PIXELS, true),
            (21, MAX_PIXELS, false),
            (100, 10_000_000, true),
            (100, 10_000_001, false),
            (101, 1, false),
            (usize::MAX, u64::MAX, false),
        ] {
            assert_eq!(is_soon_decoded(scans, pixels), soon, "{scans} × {pixels}");
        }
    }

    #[test]
    fn lengths_that_lead_nowhere_are_no_end() {
        let long = b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT....\0\0\0\0IEND....";
        assert!(!is_whole(PhotoType::Png, long));
        assert!(!is_whole(PhotoType::Webp, b"RIFF\x05\0\0\0WEBP"));
        assert!(is_whole(PhotoType::Webp, b"RIFF\x04\0\0\0WEBP"));
    }
}
