//! From the bytes of an upload to the squares that are shown, or to the reason why not. Pure.
//!
//! Nothing of the upload goes into a square but its pixels: no EXIF (the place it was taken at, its
//! camera), no XMP, no colour profile, no text, and nothing that was put behind or between. Colours
//! are read as sRGB whatever profile comes with them; CMYK and YCCK become RGB, 16 bits become 8,
//! and what can be seen through is seen on white.
//!
//! The size is known from the header before anything is decoded, and nothing is decoded of more than
//! 50 million pixels. Measured peaks of the whole process with those: a progressive CMYK JPEG 563 MB
//! (coefficients of two bytes for each of four components, and the pixels), a progressive JPEG without
//! subsampling 452, a PNG of 16 bits with alpha 398, a lossy WebP 231, a baseline JPEG 161.

use std::io::Cursor;

use banister_domain::photo::{MAX_PIXELS, MAX_SIDE, MIN_SIDE, PhotoType, Rejection};
use banister_platform::objects::key::Square;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::ImageError;
use image::imageops::{FilterType, resize};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, GenericImageView as _, ImageDecoder, Limits, Rgb, RgbImage};

use crate::container;

/// What a decoder may take for its pixels: those of the largest picture at eight bytes each.
const MAX_DECODED: u64 = MAX_PIXELS * 8;
/// Reading is exact down to this side or less than twice as much; the rest is left to a filter.
const REDUCED_SIDE: u32 = 1_024;
/// Of the encoder's hundred.
const QUALITY: u8 = 85;

/// The file of a square.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Which one.
    pub square: Square,
    /// JPEG.
    pub bytes: Vec<u8>,
}

/// The squares of the picture in `bytes`, which must be what it was `declared` as.
///
/// # Errors
/// The reason why it does not become a photo.
pub fn squares(bytes: &[u8], declared: PhotoType) -> Result<[Encoded; 3], Rejection> {
    if bytes.is_empty() {
        return Err(Rejection::Empty);
    }
    if container::kind(bytes) != Some(declared) {
        return Err(Rejection::WrongType);
    }
    let (image, orientation) = match declared {
        PhotoType::Jpeg => jpeg(bytes),
        PhotoType::Png => png(bytes),
        PhotoType::Webp => webp(bytes),
    }?;
    let mut square = DynamicImage::ImageRgb8(reduced(&image));
    drop(image);
    square.apply_orientation(orientation);
    encode(&square.into_rgb8())
}

type Decoded = Result<(DynamicImage, Orientation), Rejection>;

fn jpeg(bytes: &[u8]) -> Decoded {
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(reason)?;
    fits(&decoder)?;
    let scans = container::scans(bytes).ok_or(Rejection::Damaged)?;
    if container::is_soon_decoded(scans, pixels(&decoder)) {
        decode(decoder)
    } else {
        Err(Rejection::Unsupported)
    }
}

fn png(bytes: &[u8]) -> Decoded {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(reason)?;
    fits(&decoder)?;
    if decoder.is_apng().map_err(reason)? {
        return Err(Rejection::Animated);
    }
    whole(PhotoType::Png, bytes)?;
    decode(decoder)
}

fn webp(bytes: &[u8]) -> Decoded {
    // Before the decoder, which does not see that the last part is short.
    whole(PhotoType::Webp, bytes)?;
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(reason)?;
    fits(&decoder)?;
    if decoder.has_animation() { Err(Rejection::Animated) } else { decode(decoder) }
}

fn whole(kind: PhotoType, bytes: &[u8]) -> Result<(), Rejection> {
    if container::is_whole(kind, bytes) { Ok(()) } else { Err(Rejection::Damaged) }
}

/// Whether a picture of the size in its header is taken.
fn fits(decoder: &impl ImageDecoder) -> Result<(), Rejection> {
    let (width, height) = decoder.dimensions();
    if width.max(height) > MAX_SIDE || pixels(decoder) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED {
        return Err(Rejection::TooLarge);
    }
    if width.min(height) < MIN_SIDE { Err(Rejection::TooSmall) } else { Ok(()) }
}

fn pixels(decoder: &impl ImageDecoder) -> u64 {
    let (width, height) = decoder.dimensions();
    u64::from(width) * u64::from(height)
}

fn decode(mut decoder: impl ImageDecoder) -> Decoded {
    // An upright picture with broken EXIF is a picture all the same.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(reason)?;
    Ok((image, orientation))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn reason(error: ImageError) -> Rejection {
    match error {
        ImageError::Limits(_) => Rejection::TooLarge,
        ImageError::Unsupported(_) => Rejection::Unsupported,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::IoError(_) => Rejection::Damaged,
    }
}

/// The square in the middle, on white, made smaller by a whole number: each pixel is the mean of a
/// block. Reads every pixel once and copies none, so that it is quick and takes no memory.
fn reduced(image: &DynamicImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let side = width.min(height);
    let block = (side / REDUCED_SIDE).max(1);
    let rest = side % block;
    let (left, top) = (u32::midpoint(width - side, rest), u32::midpoint(height - side, rest));
    RgbImage::from_fn(side / block, side / block, |x, y| {
        let mut sums = [0_u32; 3];
        for row in 0..block {
            for column in 0..block {
                let [r, g, b, a] = image.get_pixel(left + x * block + column, top + y * block + row).0;
                for (sum, channel) in sums.iter_mut().zip([r, g, b]) {
                    *sum += u32::from(channel) * u32::from(a) + 255 * u32::from(255 - a);
                }
            }
        }
        let whole = 255 * block * block;
        Rgb(sums.map(|sum| u8::try_from((sum + whole / 2) / whole).unwrap_or(u8::MAX)))
    })
}

fn encode(picture: &RgbImage) -> Result<[Encoded; 3], Rejection> {
    let [small, medium, large] = Square::ALL.map(|square| {
        let side = square.side();
        let pixels = resize(picture, side, side, FilterType::Lanczos3);
        let mut bytes = Vec::new();
        let encoder = &mut JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        encoder.encode(pixels.as_raw(), side, side, ExtendedColorType::Rgb8).map_err(reason)?;
        Ok(Encoded { square, bytes })
    });
    Ok([small?, medium?, large?])
}
