//! Pictures to text: PNG, JPEG or SVG in, the texts of the QR codes in it out.
//!
//! A photograph is looked at several times: at several sizes, with a local and a global threshold, with its contrast
//! stretched, blurred and inverted, turned by 20 and 45 degrees. The looks stop at the first that finds a code, and their
//! cost is bounded by the number of pixels looked at, not by a clock.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::imageops::{self, FilterType};
use image::{GrayImage, ImageFormat, ImageReader, Limits, Luma};
use rxing::common::{GlobalHistogramBinarizer, HybridBinarizer};
use rxing::qrcode::QRCodeReader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource, RXingResult, Reader};

use super::svg;
use crate::base::error::ParseError;

/// Longest picture file in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// Longest side in pixels that is decoded.
const MAX_SIDE: u32 = 12_000;
/// Most memory the picture decoder may take, in bytes: a 50-megapixel colour photograph.
const MAX_MEMORY: u64 = 200 << 20;
/// Pixels looked at over all tries for one picture.
const BUDGET: u64 = 24_000_000;
/// Codes read from one picture at most.
const MAX_CODES: usize = 8;

/// Reads the texts of all QR codes in a picture, each once, in the order found.
///
/// Fails with `picture_unknown`, `picture_too_large`, `picture_malformed`, `svg_refused`, `svg_malformed` or, when
/// there is no legible code, `qr_not_found`.
pub fn read(bytes: &[u8]) -> Result<Vec<String>, ParseError> {
    let picture = decode(bytes)?;
    let mut texts = Vec::new();
    let mut budget = BUDGET;
    look(&picture, &mut texts, &mut budget);
    if texts.is_empty() {
        return Err(ParseError::new("qr_not_found", "no legible QR code in the picture"));
    }
    Ok(texts)
}

fn decode(bytes: &[u8]) -> Result<GrayImage, ParseError> {
    if bytes.len() > MAX_BYTES {
        return Err(ParseError::new("picture_too_large", format!("{} bytes, limit {MAX_BYTES}", bytes.len())));
    }
    let format = match bytes {
        [0x89, b'P', b'N', b'G', ..] => ImageFormat::Png,
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat::Jpeg,
        _ => return decode_svg(bytes),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let decoded = catch_unwind(AssertUnwindSafe(|| reader.decode()));
    let malformed = |detail: String| ParseError::new("picture_malformed", detail);
    let picture = decoded.map_err(|_| malformed("the decoder gave up".into()))?.map_err(|error| {
        let code =
            if matches!(error, image::ImageError::Limits(_)) { "picture_too_large" } else { "picture_malformed" };
        ParseError::new(code, error.to_string())
    })?;
    Ok(flatten(&picture))
}

/// Grey on white: what is transparent is paper.
fn flatten(picture: &image::DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.to_luma8();
    }
    let source = picture.to_luma_alpha8();
    GrayImage::from_fn(source.width(), source.height(), |x, y| {
        let [grey, alpha] = source.get_pixel(x, y).0;
        let mixed = (u32::from(grey) * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255;
        Luma([u8::try_from(mixed).unwrap_or(255)])
    })
}

fn decode_svg(bytes: &[u8]) -> Result<GrayImage, ParseError> {
    let unknown = || ParseError::new("picture_unknown", "neither PNG, JPEG nor SVG");
    let text = std::str::from_utf8(bytes).map_err(|_| unknown())?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !(text.starts_with("<svg") || text.starts_with("<?xml") || text.starts_with("<!--")) {
        return Err(unknown());
    }
    let drawn = catch_unwind(|| svg::rasterise(text));
    drawn.unwrap_or_else(|_| Err(ParseError::new("svg_malformed", "the renderer gave up")))
}

/// Tries the views one after another until one shows a code, then looks in that view for the others.
fn look(picture: &GrayImage, texts: &mut Vec<String>, budget: &mut u64) {
    let long = picture.width().max(picture.height());
    for view in VIEWS {
        let Some(side) = view.size.of(long) else { continue };
        let Some(prepared) = view.apply(picture, side, budget) else { return };
        collect(prepared, view.binarize, texts);
        if !texts.is_empty() {
            return;
        }
    }
}

/// Reads one code after another from a view, painting over each that was read.
fn collect(mut picture: GrayImage, binarize: Binarize, texts: &mut Vec<String>) {
    while texts.len() < MAX_CODES {
        let Some(found) = find(&picture, binarize) else { return };
        let text = found.getText().to_owned();
        if !texts.contains(&text) {
            texts.push(text);
        }
        if !erase(&mut picture, &found) {
            return;
        }
    }
}

/// Paints the code's box white; false when its place is not known.
fn erase(picture: &mut GrayImage, found: &RXingResult) -> bool {
    let points = found.getPoints();
    let bounds = |of: fn(&rxing::Point) -> f32| {
        points.iter().map(of).fold((f32::MAX, f32::MIN), |(low, high), at| (low.min(at), high.max(at)))
    };
    let ((left, right), (top, bottom)) = (bounds(|p| p.x), bounds(|p| p.y));
    let margin = ((right - left).max(bottom - top) * 0.15).max(4.0);
    if points.len() < 3 || !margin.is_finite() {
        return false;
    }
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (x, y) = (to_f32(x), to_f32(y));
        if x >= left - margin && x <= right + margin && y >= top - margin && y <= bottom + margin {
            *pixel = Luma([255]);
        }
    }
    true
}

#[expect(clippy::cast_precision_loss, reason = "picture sides are far below 2^24")]
fn to_f32(value: u32) -> f32 {
    value as f32
}

#[derive(Clone, Copy)]
enum Binarize {
    Local,
    Global,
}

#[derive(Clone, Copy)]
enum Touch {
    Plain,
    Stretch,
    Blur,
    Invert,
    Turn(f32),
}

/// The long side of a view, in pixels or as a multiple of the picture's own.
#[derive(Clone, Copy)]
enum Size {
    /// As it is, or 1,200 pixels when it is larger.
    Fit,
    /// That many pixels, for larger pictures only.
    Down(u32),
    /// So many times as large, for pictures whose long side is at most the second number.
    Up(u32, u32),
}

impl Size {
    fn of(self, long: u32) -> Option<u32> {
        match self {
            Self::Fit => Some(long.min(1200)),
            Self::Down(side) => (long > side).then_some(side),
            Self::Up(factor, limit) => (long <= limit).then_some(long * factor),
        }
    }
}

#[derive(Clone, Copy)]
struct View {
    touch: Touch,
    size: Size,
    binarize: Binarize,
}

const fn view(touch: Touch, size: Size, binarize: Binarize) -> View {
    View { touch, size, binarize }
}

/// In the order of what most often helps for the least work.
const VIEWS: [View; 15] = [
    view(Touch::Plain, Size::Fit, Binarize::Local),
    view(Touch::Plain, Size::Down(1800), Binarize::Local),
    view(Touch::Plain, Size::Down(800), Binarize::Local),
    view(Touch::Plain, Size::Up(2, 700), Binarize::Local),
    view(Touch::Plain, Size::Fit, Binarize::Global),
    view(Touch::Stretch, Size::Fit, Binarize::Local),
    view(Touch::Blur, Size::Fit, Binarize::Local),
    view(Touch::Blur, Size::Down(800), Binarize::Local),
    view(Touch::Turn(45.0), Size::Fit, Binarize::Local),
    view(Touch::Turn(20.0), Size::Fit, Binarize::Local),
    view(Touch::Invert, Size::Fit, Binarize::Local),
    view(Touch::Blur, Size::Fit, Binarize::Global),
    view(Touch::Plain, Size::Up(3, 400), Binarize::Local),
    view(Touch::Stretch, Size::Down(2600), Binarize::Local),
    view(Touch::Plain, Size::Down(500), Binarize::Local),
];

impl View {
    /// The picture with its long side resized to `side` and touched; `None` when the budget is spent.
    fn apply(self, picture: &GrayImage, side: u32, budget: &mut u64) -> Option<GrayImage> {
        let long = picture.width().max(picture.height()).max(1);
        let scaled =
            |length: u32| u32::try_from(u64::from(length) * u64::from(side) / u64::from(long)).unwrap_or(1).max(1);
        let (width, height) = (scaled(picture.width()), scaled(picture.height()));
        *budget = budget.checked_sub(u64::from(width) * u64::from(height))?;
        let sized =
            if side == long { picture.clone() } else { imageops::resize(picture, width, height, FilterType::Triangle) };
        Some(match self.touch {
            Touch::Plain => sized,
            Touch::Stretch => stretch(sized),
            Touch::Blur => imageops::blur(&stretch(sized), 1.2),
            Touch::Invert => {
                let mut inverted = sized;
                imageops::invert(&mut inverted);
                inverted
            }
            Touch::Turn(degrees) => turn(&sized, degrees),
        })
    }
}

/// Spreads the grey levels between the second and the ninety-eighth hundredth over the whole range.
fn stretch(mut picture: GrayImage) -> GrayImage {
    let mut counts = [0_u64; 256];
    for pixel in picture.pixels() {
        if let Some(count) = counts.get_mut(usize::from(pixel.0[0])) {
            *count += 1;
        }
    }
    let total: u64 = counts.iter().sum();
    let level = |share: u64| {
        let mut seen = 0;
        let at = counts.iter().position(|count| {
            seen += count;
            seen * 100 >= total * share
        });
        u8::try_from(at.unwrap_or(255)).unwrap_or(255)
    };
    let (low, high) = (level(2), level(98));
    if high > low {
        for pixel in picture.pixels_mut() {
            let above = u32::from(pixel.0[0].clamp(low, high) - low);
            pixel.0 = [u8::try_from(above * 255 / u32::from(high - low)).unwrap_or(255)];
        }
    }
    picture
}

/// The picture turned about its middle on a white ground that holds all of it.
fn turn(picture: &GrayImage, degrees: f32) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (to_f32(picture.width()), to_f32(picture.height()));
    let new_width = floor(width * cos.abs() + height * sin.abs()).max(1);
    let new_height = floor(width * sin.abs() + height * cos.abs()).max(1);
    let (mid_x, mid_y) = (to_f32(new_width) / 2.0, to_f32(new_height) / 2.0);
    GrayImage::from_fn(new_width, new_height, |x, y| {
        let (dx, dy) = (to_f32(x) - mid_x, to_f32(y) - mid_y);
        let (sx, sy) = (dx * cos + dy * sin + width / 2.0, dy * cos - dx * sin + height / 2.0);
        let inside = sx >= 0.0 && sy >= 0.0 && sx < width && sy < height;
        if inside {
            *picture.get_pixel(floor(sx).min(picture.width() - 1), floor(sy).min(picture.height() - 1))
        } else {
            Luma([255])
        }
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of picture sides just before"
)]
fn floor(value: f32) -> u32 {
    value.clamp(0.0, 65_535.0) as u32
}

/// One look with both detectors; a detector that gives up on a hostile picture has found nothing.
fn find(picture: &GrayImage, binarize: Binarize) -> Option<RXingResult> {
    let (width, height) = picture.dimensions();
    let hints = DecodeHints {
        TryHarder: Some(true),
        PossibleFormats: Some(std::iter::once(BarcodeFormat::QR_CODE).collect()),
        ..DecodeHints::default()
    };
    let source = || Luma8LuminanceSource::new(picture.as_raw().clone(), width, height).ok();
    let attempt = || match binarize {
        Binarize::Local => {
            let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source()?));
            QrReader
                .decode_with_hints(&mut bitmap, &hints)
                .or_else(|_| QRCodeReader.decode_with_hints(&mut bitmap, &hints))
                .ok()
        }
        Binarize::Global => {
            let mut bitmap = BinaryBitmap::new(GlobalHistogramBinarizer::new(source()?));
            QrReader
                .decode_with_hints(&mut bitmap, &hints)
                .or_else(|_| QRCodeReader.decode_with_hints(&mut bitmap, &hints))
                .ok()
        }
    };
    catch_unwind(AssertUnwindSafe(attempt)).ok().flatten()
}
