//! SVG to pixels, for the drawings that hold codes: shapes only, nothing that refers to anything else.
//!
//! A drawing of a code needs rectangles and paths. Whatever could load a file, repeat itself or cost much (`use`,
//! `image`, `filter`, `pattern`, document types) is refused by name before the renderer sees it.

use image::{GrayImage, Luma};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

use crate::base::error::ParseError;

/// Longest document in bytes: a version 40 code drawn as one rectangle per module fits.
const MAX_SVG: usize = 4 << 20;
/// Groups can nest, so their number bounds the depth.
const MAX_GROUPS: usize = 256;
/// The side of the square that the drawing is fitted into, in pixels.
const SIDE: f32 = 1400.0;

const ALLOWED: [&str; 11] =
    ["svg", "g", "rect", "path", "polygon", "circle", "line", "title", "desc", "metadata", "defs"];

/// Draws the document into a grey picture on white; `svg_refused` or `svg_malformed` otherwise.
pub(super) fn rasterise(text: &str) -> Result<GrayImage, ParseError> {
    check(text)?;
    let mut options = Options { image_href_resolver: ImageHrefResolver::default(), ..Options::default() };
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    options.image_href_resolver.resolve_data = Box::new(|_, _, _| None);
    let tree = Tree::from_str(text, &options).map_err(|error| ParseError::new("svg_malformed", error.to_string()))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = SIDE / width.max(height);
    let side = |length: f32| pixels((length * scale).ceil());
    let mut canvas = Pixmap::new(side(width), side(height))
        .ok_or_else(|| ParseError::new("svg_malformed", "the drawing has no usable size"))?;
    canvas.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut canvas.as_mut());
    let (width, height) = (canvas.width(), canvas.height());
    Ok(GrayImage::from_fn(width, height, |x, y| {
        let pixel = canvas.pixel(x, y).map_or([255; 3], |p| [p.red(), p.green(), p.blue()]);
        let sum: u16 = pixel.iter().copied().map(u16::from).sum();
        Luma([u8::try_from(sum / 3).unwrap_or(255)])
    }))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=SIDE just before")]
fn pixels(length: f32) -> u32 {
    length.clamp(1.0, SIDE) as u32
}

fn check(text: &str) -> Result<(), ParseError> {
    let refused = |what: &str| Err(ParseError::new("svg_refused", what));
    if text.len() > MAX_SVG {
        return refused("the drawing is too long");
    }
    let mut groups = 0_usize;
    for piece in text.split('<').skip(1) {
        let piece = piece.trim_start_matches('/');
        if piece.starts_with('?') || piece.starts_with("!--") {
            continue;
        }
        let name = piece.split(|c: char| !(c.is_alphanumeric() || c == ':' || c == '!')).next().unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or_default();
        if !ALLOWED.contains(&local) {
            return refused("the drawing has an element other than plain shapes");
        }
        groups += usize::from(local == "g" || local == "svg");
    }
    if groups > 2 * MAX_GROUPS { refused("the drawing has too many groups") } else { Ok(()) }
}
