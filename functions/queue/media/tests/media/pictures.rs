//! Pictures made byte by byte, good and bad ones.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder as _, ImageFormat, Rgb, RgbImage};

pub(crate) const RED: [u8; 3] = [200, 40, 40];
pub(crate) const GREEN: [u8; 3] = [40, 160, 60];
pub(crate) const BLUE: [u8; 3] = [50, 70, 190];
pub(crate) const WHITE: [u8; 3] = [240, 240, 240];

/// Red, green, blue and white from the top left, row by row.
pub(crate) fn quadrants(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb(RED),
        (false, true) => Rgb(GREEN),
        (true, false) => Rgb(BLUE),
        (false, false) => Rgb(WHITE),
    })
}

pub(crate) fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(image).expect("a JPEG");
    bytes
}

pub(crate) fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, ImageFormat::Png).expect("a PNG");
    bytes.into_inner()
}

pub(crate) fn webp(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = WebPEncoder::new_lossless(&mut bytes);
    let (width, height) = image.dimensions();
    encoder.write_image(image, width, height, image::ExtendedColorType::Rgb8).expect("a WebP");
    bytes
}

/// A JPEG with a segment right behind its start.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("a short segment").to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// EXIF with an orientation and, in its GPS part, a text.
pub(crate) fn exif(orientation: u8, gps: &[u8]) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let first = [
        2_u16.to_be_bytes().to_vec(),
        entry(0x0112, 3, 1, [0, orientation, 0, 0]),
        entry(0x8825, 4, 1, 38_u32.to_be_bytes()),
        vec![0; 4],
    ]
    .concat();
    let second =
        [1_u16.to_be_bytes().to_vec(), entry(0x001b, 2, 8, 56_u32.to_be_bytes()), vec![0; 4]].concat();
    [&b"Exif\0\0MM\0\x2a\0\0\0\x08"[..], &first, &second, gps].concat()
}

/// A chunk of a PNG.
pub(crate) fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let named = [name, content].concat();
    let length = u32::try_from(content.len()).expect("a short chunk").to_be_bytes();
    [&length[..], &named, &crc(&named).to_be_bytes()].concat()
}

/// A PNG of any header, with more chunks before its data, which is stored without compression.
pub(crate) fn raw_png(
    (width, height): (u32, u32),
    (depth, color): (u8, u8),
    more: &[Vec<u8>],
    data: &[u8],
) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, 0]].concat();
    let start = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header)];
    let end = [chunk(b"IDAT", &stored(data)), chunk(b"IEND", b"")];
    [start.concat(), more.concat(), end.concat()].concat()
}

/// A zlib stream of stored blocks (RFC 1950, RFC 1951 3.2.4).
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks: Vec<_> = data.chunks(65_535).collect();
    for (index, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len()).expect("a short block");
        out.push(u8::from(index + 1 == blocks.len()));
        out.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
        out.extend_from_slice(block);
    }
    let (a, b) = data.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// CRC-32 as in ISO/IEC 15948, annex D.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// A WebP of two frames, each the one of a lossless WebP.
pub(crate) fn animated_webp(still: &[u8], side: u32) -> Vec<u8> {
    let part = |name: &[u8], content: &[u8]| {
        let length = u32::try_from(content.len()).expect("a short part").to_le_bytes();
        let padding = &[0_u8][..content.len() % 2];
        [name, &length, content, padding].concat()
    };
    let side = &(side - 1).to_le_bytes()[..3];
    let extended = part(b"VP8X", &[&[2, 0, 0, 0][..], side, side].concat());
    let frame = part(b"ANMF", &[&[0; 6][..], side, side, &[100, 0, 0, 0], &still[12..]].concat());
    let parts = [extended, part(b"ANIM", &[0; 6]), frame.clone(), frame].concat();
    part(b"RIFF", &[&b"WEBP"[..], &parts].concat())
}

/// The same JPEG with other dimensions in its header.
pub(crate) fn claiming(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let is_frame = |pair: &[u8]| pair == [0xff, 0xc0] || pair == [0xff, 0xc2];
    let frame = jpeg.windows(2).position(is_frame).expect("a frame of a baseline or progressive JPEG");
    let mut bytes = jpeg.to_vec();
    bytes[frame + 5..frame + 9].copy_from_slice(&[height.to_be_bytes(), width.to_be_bytes()].concat());
    bytes
}
