//! Drawing and reading codes, clean and photographed badly.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixel arithmetic on small pictures"
)]

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, imageops};

use super::{Code, Correction, read};

/// As long as a presented code of 600 bytes: 904 characters of the alphanumeric set.
fn presented() -> String {
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let body: Vec<u8> = (0_u32..900).map(|i| alphabet[(i.wrapping_mul(2_654_435_761) >> 16) as usize % 45]).collect();
    format!("CL1:{}", String::from_utf8(body).unwrap())
}

fn png(picture: &GrayImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

fn jpeg(picture: &GrayImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture.clone()).write_to(&mut out, ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

/// Places the picture in the middle of a grey desk, so that nothing is cut off when it is turned.
fn on_desk(picture: &GrayImage, margin: u32) -> GrayImage {
    let mut desk = GrayImage::from_pixel(picture.width() + 2 * margin, picture.height() + 2 * margin, Luma([150]));
    imageops::overlay(&mut desk, picture, i64::from(margin), i64::from(margin));
    desk
}

fn turned(picture: &GrayImage, degrees: f32) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let middle = picture.width() as f32 / 2.0;
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (dx, dy) = (x as f32 - middle, y as f32 - middle);
        let (sx, sy) = (dx * cos + dy * sin + middle, dy * cos - dx * sin + middle);
        let inside = sx >= 0.0 && sy >= 0.0 && (sx as u32) < picture.width() && (sy as u32) < picture.height();
        if inside { *picture.get_pixel(sx as u32, sy as u32) } else { Luma([150]) }
    })
}

fn noisy(picture: &GrayImage, strength: i32) -> GrayImage {
    let mut state = 12345_u32;
    let mut out = picture.clone();
    for pixel in out.pixels_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 16) as i32 % (2 * strength + 1) - strength;
        pixel.0[0] = (i32::from(pixel.0[0]) + noise).clamp(0, 255) as u8;
    }
    out
}

fn faint(picture: &GrayImage) -> GrayImage {
    let mut out = picture.clone();
    for pixel in out.pixels_mut() {
        pixel.0[0] = 105 + pixel.0[0] / 8;
    }
    out
}

#[test]
fn a_presented_code_of_600_bytes_fits_version_20_and_reads_back() {
    let text = presented();
    let code = Code::new(&text, Correction::Low).unwrap();
    assert!(code.version() <= 17, "version {}", code.version());
    assert_eq!(code.width(), 17 + 4 * u32::from(code.version()));
    assert_eq!(read(&code.to_png(3).unwrap()).unwrap(), [text.as_str()]);
    assert_eq!(read(code.to_svg().as_bytes()).unwrap(), [text]);
}

#[test]
fn version_20_low_holds_830_bytes_and_no_more_than_1249_characters() {
    let fits = format!("CL1:{}", "A".repeat(1245));
    assert_eq!(Code::new(&fits, Correction::Low).unwrap().version(), 20);
    assert_eq!(Code::new(&format!("{fits}A"), Correction::Low).unwrap().version(), 21);
}

#[test]
fn mixed_segments_keep_a_link_with_base45_small() {
    let tail = "0123456789ABCDEF".repeat(20);
    let mixed = Code::new(&format!("https://w.example/v#{tail}"), Correction::Low).unwrap();
    let bytes = Code::new(&"x".repeat(20 + tail.len()), Correction::Low).unwrap();
    assert!(mixed.version() < bytes.version());
}

#[test]
fn the_quiet_zone_is_four_light_modules() {
    let picture = Code::new("HELLO", Correction::High).unwrap().to_picture(2);
    let edge = |x: u32, y: u32| picture.get_pixel(x, y).0[0];
    assert!((0..picture.width()).all(|at| (0..8).all(|depth| edge(at, depth) == 255 && edge(depth, at) == 255)));
    assert_eq!(edge(8, 8), 0, "the finder pattern begins right after it");
}

#[test]
fn terminal_text_has_one_line_for_two_rows() {
    let code = Code::new("HELLO", Correction::Low).unwrap();
    let text = code.to_terminal();
    assert_eq!(text.lines().count(), (code.width() as usize + 8).div_ceil(2));
    assert!(text.lines().all(|line| line.chars().count() == code.width() as usize + 8));
}

#[test]
fn chinese_text_reads_back() {
    let code = Code::new("望城区 受理回执单", Correction::Medium).unwrap();
    assert_eq!(read(&code.to_png(4).unwrap()).unwrap(), ["望城区 受理回执单"]);
}

#[test]
fn rotated_pictures_read() {
    let text = presented();
    let picture = on_desk(&Code::new(&text, Correction::Low).unwrap().to_picture(5), 160);
    for degrees in [3.0, 12.0, 30.0, 45.0, 90.0, 171.0, 270.0] {
        assert_eq!(read(&png(&turned(&picture, degrees))).unwrap(), [text.as_str()], "{degrees} degrees");
    }
}

#[test]
fn scaled_pictures_read() {
    let text = presented();
    let picture = Code::new(&text, Correction::Low).unwrap().to_picture(8);
    for (width, filter) in [
        (280, imageops::FilterType::Triangle),
        (333, imageops::FilterType::Triangle),
        (500, imageops::FilterType::Nearest),
        (1900, imageops::FilterType::CatmullRom),
    ] {
        let scaled = imageops::resize(&picture, width, width, filter);
        assert_eq!(read(&png(&scaled)).unwrap(), [text.as_str()], "{width} pixels");
    }
}

#[test]
fn noisy_blurred_and_faint_pictures_read() {
    let text = presented();
    let picture = on_desk(&Code::new(&text, Correction::Low).unwrap().to_picture(6), 60);
    let cases = [
        ("noise", noisy(&picture, 60)),
        ("blur", imageops::blur(&picture, 1.8)),
        ("faint", faint(&picture)),
        ("faint, noisy and turned", noisy(&faint(&turned(&on_desk(&picture, 150), 7.0)), 4)),
    ];
    for (name, case) in cases {
        assert_eq!(read(&jpeg(&case)).unwrap(), [text.as_str()], "{name}");
    }
}

#[test]
fn an_inverted_code_reads() {
    let mut picture = Code::new("HELLO", Correction::Low).unwrap().to_picture(5);
    imageops::invert(&mut picture);
    assert_eq!(read(&png(&picture)).unwrap(), ["HELLO"]);
}

#[test]
fn a_large_photograph_with_a_small_code_reads() {
    let text = presented();
    let code = Code::new(&text, Correction::Low).unwrap().to_picture(5);
    let mut photo = noisy(&GrayImage::from_pixel(3000, 2200, Luma([180])), 20);
    imageops::overlay(&mut photo, &code, 1400, 900);
    assert_eq!(read(&jpeg(&photo)).unwrap(), [text]);
}

#[test]
fn two_codes_in_one_picture_are_both_read() {
    let mut sheet = GrayImage::from_pixel(900, 450, Luma([255]));
    imageops::overlay(&mut sheet, &Code::new("FIRST", Correction::Low).unwrap().to_picture(8), 40, 60);
    imageops::overlay(&mut sheet, &Code::new("SECOND", Correction::Low).unwrap().to_picture(8), 520, 60);
    let mut texts = read(&png(&sheet)).unwrap();
    texts.sort();
    assert_eq!(texts, ["FIRST", "SECOND"]);
}

#[test]
fn transparent_ground_is_paper() {
    let code = Code::new("HELLO", Correction::Low).unwrap().to_picture(6);
    let clear = image::GrayAlphaImage::from_fn(code.width(), code.height(), |x, y| {
        let dark = code.get_pixel(x, y).0[0] == 0;
        image::LumaA([0, if dark { 255 } else { 0 }])
    });
    let mut out = Cursor::new(Vec::new());
    clear.write_to(&mut out, ImageFormat::Png).unwrap();
    assert_eq!(read(&out.into_inner()).unwrap(), ["HELLO"]);
}

#[test]
fn pictures_without_a_code_and_files_that_are_none_are_told_apart() {
    let code = |bytes: &[u8]| read(bytes).expect_err("nothing to read").code;
    assert_eq!(code(&png(&GrayImage::from_pixel(300, 200, Luma([90])))), "qr_not_found");
    assert_eq!(code(&png(&noisy(&GrayImage::from_pixel(600, 500, Luma([128])), 127))), "qr_not_found");
    assert_eq!(code(b"GIF89a"), "picture_unknown");
    assert_eq!(code(b"\x89PNG\r\n\x1a\nnot a picture"), "picture_malformed");
    assert_eq!(code(&[]), "picture_unknown");
}

#[test]
fn a_picture_that_claims_a_huge_size_is_refused_before_memory_is_taken() {
    let mut bytes = png(&GrayImage::from_pixel(8, 8, Luma([0])));
    // Width and height stand in the IHDR chunk at offsets 16 and 20; its checksum follows at 29.
    bytes[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(read(&bytes).expect_err("65,536 pixels a side").code, "picture_too_large");
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

#[test]
fn drawings_that_refer_or_repeat_are_refused() {
    let svg = |body: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">{body}</svg>");
    for body in [
        "<image href=\"/etc/passwd\"/>",
        "<use href=\"#a\"/>",
        "<filter id=\"f\"/>",
        "<style>@import url(x)</style>",
        "<foreignObject/>",
        "<svg:use/>",
    ] {
        assert_eq!(read(svg(body).as_bytes()).expect_err(body).code, "svg_refused", "{body}");
    }
    let bomb = format!("<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY a \"b\">]>{}", svg("&a;"));
    assert_eq!(read(bomb.as_bytes()).expect_err("entities").code, "svg_refused");
    assert_eq!(read(svg(&"<g>".repeat(100_000)).as_bytes()).expect_err("deep").code, "svg_refused");
    assert_eq!(read(b"<svg").expect_err("cut off").code, "svg_malformed");
    assert_eq!(read(svg("<rect width=\"3\" height=\"3\"/>").as_bytes()).expect_err("no code").code, "qr_not_found");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), kind in 0_usize..4) {
        let heads: [&[u8]; 4] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"<svg "];
        let _ = read(&[heads[kind], &bytes].concat());
    }
}
