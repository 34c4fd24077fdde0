//! Each kind of file that somebody may upload, with the answer it gets.

use banister_domain::photo::{PhotoType, Rejection};
use banister_queue_media::picture::{Encoded, squares};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage, RgbaImage};
use proptest::prelude::*;

use crate::pictures::*;

use PhotoType::{Jpeg, Png, Webp};
use Rejection::{Animated, Damaged, Empty, TooLarge, TooSmall, Unsupported, WrongType};

const CMYK: &[u8] = include_bytes!("../samples/cmyk.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../samples/progressive.jpg");
const LOSSY: &[u8] = include_bytes!("../samples/lossy.webp");

/// The squares, decoded, after a look at what may not be in them.
fn shown(bytes: &[u8], kind: PhotoType) -> [RgbImage; 3] {
    let squares = squares(bytes, kind).expect("a photo");
    for (square, side) in squares.iter().zip([96, 256, 512]) {
        assert_eq!((square.square.side(), plain(square)), (side, (side, side)));
    }
    squares.map(|square| {
        image::load_from_memory_with_format(&square.bytes, ImageFormat::Jpeg).expect("a JPEG").into_rgb8()
    })
}

/// The dimensions of a square that has no segments but those that a decoder needs.
fn plain(square: &Encoded) -> (u32, u32) {
    let bytes = &square.bytes;
    let (mut at, mut size) = (2, (0, 0));
    loop {
        let [0xff, marker] = bytes[at..at + 2] else { panic!("no marker at {at}") };
        let number = |at: usize| u32::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        match marker {
            0xc0 => size = (number(at + 7), number(at + 5)),
            // JFIF, tables.
            0xe0 | 0xdb | 0xc4 => {}
            0xda => break,
            other => panic!("segment {other:x}"),
        }
        at += 2 + usize::try_from(number(at + 2)).expect("an offset");
    }
    assert!(bytes.ends_with(&[0xff, 0xd9]));
    assert_eq!(bytes.windows(2).filter(|pair| *pair == [0xff, 0xd9]).count(), 1);
    size
}

/// The colours in the middle of the quadrants, row by row.
fn colors(image: &RgbImage) -> [[u8; 3]; 4] {
    let (near, far) = (image.width() / 4, image.width() * 3 / 4);
    [(near, near), (far, near), (near, far), (far, far)].map(|(x, y)| image.get_pixel(x, y).0)
}

fn is_like(one: [u8; 3], two: [u8; 3], tolerance: u8) -> bool {
    one.iter().zip(two).all(|(one, two)| one.abs_diff(two) <= tolerance)
}

#[track_caller]
fn looks(bytes: &[u8], kind: PhotoType, wanted: [[u8; 3]; 4], tolerance: u8) {
    for image in shown(bytes, kind) {
        for (seen, wanted) in colors(&image).into_iter().zip(wanted) {
            assert!(is_like(seen, wanted, tolerance), "{}: {seen:?} is not {wanted:?}", image.width());
        }
    }
}

/// A progressive JPEG of so many scans, ten or more: each is a walk over all pixels.
fn with_scans(scans: usize) -> Vec<u8> {
    let at = PROGRESSIVE.windows(2).rposition(|pair| pair == [0xff, 0xda]).expect("a scan");
    let (start, scan) = PROGRESSIVE[..PROGRESSIVE.len() - 2].split_at(at);
    [start, &scan.repeat(scans - 9), b"\xff\xd9"].concat()
}

#[test]
fn as_many_scans_as_encoders_make_are_decoded() {
    assert!(squares(&with_scans(100), Jpeg).is_ok());
    // There is nothing in most of it, but it is decoded.
    let large = claiming(&with_scans(20), 7_000, 7_000);
    assert_ne!(squares(&large, Jpeg), Err(Unsupported));
}

#[test]
fn what_is_refused_and_why() {
    let still = webp(&quadrants(96, 96));
    let good = jpeg(&quadrants(96, 96));
    let moving = raw_png((96, 96), (8, 0), &[chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0])], &[0; 97 * 96]);
    let bomb = |side| raw_png((side, side), (8, 6), &[], &[0; 100]);
    let html = b"<!doctype html><script>alert(1)</script>";
    let rows: Vec<(&str, Vec<u8>, PhotoType, Rejection)> = vec![
        ("no bytes", vec![], Jpeg, Empty),
        ("GIF", b"GIF89a\x60\0\x60\0\0\0\0;".to_vec(), Png, WrongType),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), Png, WrongType),
        ("HTML", html.to_vec(), Jpeg, WrongType),
        ("PDF", b"%PDF-1.7\n1 0 obj".to_vec(), Jpeg, WrongType),
        ("ZIP", b"PK\x03\x04\x14\0\0\0".to_vec(), Webp, WrongType),
        ("HTML that ends as a JPEG", [&html[..], &good].concat(), Jpeg, WrongType),
        ("JPEG named PNG", good.clone(), Png, WrongType),
        ("PNG named WebP", png(quadrants(96, 96)), Webp, WrongType),
        ("WebP named JPEG", still.clone(), Jpeg, WrongType),
        ("animated WebP", animated_webp(&still, 96), Webp, Animated),
        ("animated PNG", moving, Png, Animated),
        ("1 × 1", jpeg(&quadrants(1, 1)), Jpeg, TooSmall),
        ("63 × 63", png(quadrants(63, 63)), Png, TooSmall),
        ("16,000 × 63", webp(&quadrants(16_000, 63)), Webp, TooSmall),
        ("16,385 × 64", jpeg(&quadrants(16_385, 64)), Jpeg, TooLarge),
        ("50,000 × 50,000, PNG", bomb(50_000), Png, TooLarge),
        ("as large as a header can say", bomb(i32::MAX.unsigned_abs()), Png, TooLarge),
        ("just over 50 million pixels, PNG", bomb(7_072), Png, TooLarge),
        ("65,000 × 65,000, JPEG", claiming(&good, 65_000, 65_000), Jpeg, TooLarge),
        ("200 scans", with_scans(200), Jpeg, Unsupported),
        ("21 scans of 49 million pixels", claiming(&with_scans(21), 7_000, 7_000), Jpeg, Unsupported),
        ("data for a corner only", bomb(1_000), Png, Damaged),
        ("no pixels, JPEG", claiming(&good, 0, 0), Jpeg, Damaged),
        ("start of a JPEG", b"\xff\xd8\xff\xe0".to_vec(), Jpeg, Damaged),
        ("start of a PNG", b"\x89PNG\r\n\x1a\n".to_vec(), Png, Damaged),
        ("start of a WebP", b"RIFF\x04\0\0\0WEBP".to_vec(), Webp, Damaged),
    ];
    for (name, bytes, kind, wanted) in rows {
        assert_eq!(squares(&bytes, kind), Err(wanted), "{name}");
    }
}

#[test]
fn what_is_taken_looks_as_it_did() {
    let all = [RED, GREEN, BLUE, WHITE];
    let image = quadrants(96, 96);
    looks(&jpeg(&image), Jpeg, all, 4);
    looks(&png(image.clone()), Png, all, 4);
    looks(&webp(&image), Webp, all, 4);
    looks(PROGRESSIVE, Jpeg, all, 6);
    looks(LOSSY, Webp, all, 10);
    // From one colour space to the other by the plain formula.
    looks(CMYK, Jpeg, all, 12);
    looks(&png(DynamicImage::ImageRgb8(image.clone()).into_rgb16()), Png, all, 4);
    looks(&jpeg(&quadrants(3_001, 2_999)), Jpeg, all, 4);
    let grey = GrayImage::from_fn(64, 64, |x, _| Luma([if x < 32 { 10 } else { 250 }]));
    looks(&png(grey), Png, [[10; 3], [250; 3], [10; 3], [250; 3]], 4);
}

#[test]
fn the_middle_is_shown() {
    // The outer thirds are white.
    let wide = |x| if (15_936 / 2..15_936 / 2 + 64).contains(&x) { Rgb(RED) } else { Rgb(WHITE) };
    looks(&png(RgbImage::from_fn(16_000, 64, |x, _| wide(x))), Png, [RED; 4], 4);
    let tall = RgbImage::from_fn(64, 16_000, |_, y| wide(y));
    looks(&jpeg(&tall), Jpeg, [RED; 4], 6);
}

#[test]
fn what_can_be_seen_through_is_on_white() {
    let half = RgbaImage::from_fn(64, 64, |x, _| image::Rgba([200, 40, 40, if x < 32 { 0 } else { 128 }]));
    let pale = [227, 147, 147];
    looks(&png(half), Png, [[255; 3], pale, [255; 3], pale], 4);
    // Palette: the first colour is transparent, the second is not.
    let more = [chunk(b"PLTE", &[0, 0, 0, 200, 40, 40]), chunk(b"tRNS", &[0])];
    let row = [&[0_u8][..], &[0; 32], &[1; 32]].concat();
    let palette = raw_png((64, 64), (8, 3), &more, &row.repeat(64));
    looks(&palette, Png, [[255; 3], RED, [255; 3], RED], 4);
}

#[test]
fn every_orientation_is_turned_upright() {
    let picture = jpeg(&quadrants(200, 200));
    // EXIF 2.32, 4.6.5.1: where the first row and the first column of what is stored belong.
    let table = [
        [RED, GREEN, BLUE, WHITE],
        [GREEN, RED, WHITE, BLUE],
        [WHITE, BLUE, GREEN, RED],
        [BLUE, WHITE, RED, GREEN],
        [RED, BLUE, GREEN, WHITE],
        [BLUE, RED, WHITE, GREEN],
        [WHITE, GREEN, BLUE, RED],
        [GREEN, WHITE, RED, BLUE],
    ];
    for (orientation, wanted) in (1..).zip(table) {
        let exif = exif(orientation, b"N 52.51\0");
        looks(&with_segment(&picture, 0xe1, &exif), Jpeg, wanted, 4);
        let more = [chunk(b"eXIf", &exif[6..])];
        let rows: Vec<u8> = quadrants(64, 64)
            .rows()
            .flat_map(|row| std::iter::once(0).chain(row.flat_map(|pixel| pixel.0)).collect::<Vec<_>>())
            .collect();
        looks(&raw_png((64, 64), (8, 2), &more, &rows), Png, wanted, 4);
    }
    // What says nothing sensible turns nothing.
    looks(&with_segment(&picture, 0xe1, &exif(9, b"N 52.51\0")), Jpeg, table[0], 4);
    looks(&with_segment(&picture, 0xe1, b"Exif\0\0MM\0"), Jpeg, table[0], 4);
}

#[test]
fn nothing_but_pixels_gets_through() {
    let image = quadrants(96, 96);
    let place = exif(1, b"SECRET!\0");
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET!</x:xmpmeta>";
    let script = b"<script>/*SECRET!*/</script>";
    let zip = b"PK\x03\x04SECRET!PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let base = jpeg(&image);
    let mut tagged = with_segment(&with_segment(&base, 0xe1, &place), 0xe1, xmp);
    tagged = with_segment(&with_segment(&tagged, 0xfe, script), 0xed, b"Photoshop 3.0\0SECRET!");
    let plain = png(image.clone());
    let text = chunk(b"tEXt", &[&b"Comment\0"[..], script].concat());
    let texts = [&plain[..33], &text, &chunk(b"eXIf", &place[6..]), &plain[33..]].concat();
    for (name, bytes, kind) in [
        ("EXIF with GPS, XMP, comment, IPTC", tagged, Jpeg),
        ("JPEG and ZIP", [&base[..], zip].concat(), Jpeg),
        ("PNG with text", texts, Png),
        ("PNG and HTML", [&plain[..], script].concat(), Png),
        ("WebP and JavaScript", [&webp(&image)[..], script].concat(), Webp),
    ] {
        assert!(bytes.windows(7).any(|part| part == b"SECRET!"), "{name}");
        for square in squares(&bytes, kind).expect(name) {
            plain_of(&square, name);
        }
        looks(&bytes, kind, [RED, GREEN, BLUE, WHITE], 4);
    }
}

fn plain_of(square: &Encoded, name: &str) {
    plain(square);
    for trace in [&b"SECRET!"[..], b"Exif", b"xmp", b"PK\x03\x04", b"<script", b"ICC_PROFILE"] {
        assert!(!square.bytes.windows(trace.len()).any(|part| part == trace), "{name}: {trace:?}");
    }
}

#[test]
fn a_picture_of_nearly_fifty_million_pixels_is_taken() {
    let grey = GrayImage::from_pixel(7_071, 7_071, Luma([128]));
    let bytes = png(grey);
    assert!(bytes.len() < 1_000_000, "it grows a fiftyfold: {}", bytes.len());
    looks(&bytes, Png, [[128; 3]; 4], 2);
}

#[test]
fn what_ends_early_is_damaged() {
    let image = quadrants(96, 96);
    for (bytes, kind) in [
        (jpeg(&image), Jpeg),
        (PROGRESSIVE.to_vec(), Jpeg),
        (CMYK.to_vec(), Jpeg),
        (png(image.clone()), Png),
        (webp(&image), Webp),
        (LOSSY.to_vec(), Webp),
    ] {
        let first = bytes.len().min(16);
        for end in (first..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            assert_eq!(squares(&bytes[..end], kind), Err(Damaged), "{kind:?} {end} of {}", bytes.len());
        }
        assert!(squares(&bytes, kind).is_ok(), "{kind:?}");
    }
}

/// Good files to spoil.
fn good() -> Vec<(Vec<u8>, PhotoType)> {
    let image = quadrants(64, 64);
    let tagged = with_segment(&jpeg(&image), 0xe1, &exif(6, b"N 52.51\0"));
    vec![
        (tagged, Jpeg),
        (PROGRESSIVE.to_vec(), Jpeg),
        (CMYK.to_vec(), Jpeg),
        (png(image.clone()), Png),
        (webp(&image), Webp),
        (LOSSY.to_vec(), Webp),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn anything_gets_an_answer(start in 0..4_usize, rest in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let start: &[u8] = [b"\xff\xd8\xff".as_slice(), b"\x89PNG\r\n\x1a\n", b"RIFF\x64\0\0\0WEBP", b""][start];
        let bytes = [start, &rest].concat();
        for kind in [Jpeg, Png, Webp] {
            prop_assert!(squares(&bytes, kind).is_err());
        }
    }

    #[test]
    fn a_spoilt_picture_gets_an_answer(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let all = good();
        let (mut bytes, kind) = all[which.index(all.len())].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(squares) = squares(&bytes, kind) {
            for square in &squares {
                plain_of(square, "spoilt");
            }
        }
    }
}
