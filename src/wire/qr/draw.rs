//! Text to QR: the matrix, and its three forms SVG, PNG and terminal text.

use std::fmt::Write as _;
use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::bits::Bits;
use qrcode::types::{QrError, Version};
use qrcode::{Color, EcLevel, QrCode};

use crate::base::error::ParseError;

/// Light modules around the code, on every side (ISO/IEC 18004 section 6.3.8).
const QUIET: u32 = 4;

/// How much damage a code survives: about 7, 15, 25 or 30 % of its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// About 7 %: for screens, where the densest code reads best.
    Low,
    /// About 15 %: for paper.
    Medium,
    /// About 25 %.
    Quartile,
    /// About 30 %.
    High,
}

/// A QR code: a square of dark and light modules, without its quiet zone.
#[derive(Clone, Debug)]
pub struct Code {
    modules: Vec<bool>,
    width: u32,
    version: u8,
}

impl Code {
    /// Encodes `text` in the smallest version that holds it, with mixed segments; `qr_too_long` when none does.
    pub fn new(text: &str, correction: Correction) -> Result<Self, ParseError> {
        let level = match correction {
            Correction::Low => EcLevel::L,
            Correction::Medium => EcLevel::M,
            Correction::Quartile => EcLevel::Q,
            Correction::High => EcLevel::H,
        };
        let too_long = |error: QrError| ParseError::new("qr_too_long", format!("{} bytes: {error}", text.len()));
        let code = if text.is_ascii() {
            QrCode::with_error_correction_level(text, level).map_err(too_long)?
        } else {
            QrCode::with_bits(utf8(text, level).map_err(too_long)?, level).map_err(too_long)?
        };
        let version = match code.version() {
            Version::Normal(number) | Version::Micro(number) => u8::try_from(number).unwrap_or(u8::MAX),
        };
        let width = u32::try_from(code.width()).unwrap_or(u32::MAX);
        let modules = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { modules, width, version })
    }

    /// The version, 1 to 40: its side has `17 + 4 × version` modules.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Modules along one side, without the quiet zone.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Whether the module in that column and row is dark; outside the code (the quiet zone) it is light.
    pub fn is_dark(&self, column: u32, row: u32) -> bool {
        let inside = column < self.width && row < self.width;
        let at = usize::try_from(row).ok().zip(usize::try_from(self.width).ok()).zip(usize::try_from(column).ok());
        let at = at.and_then(|((row, width), column)| row.checked_mul(width)?.checked_add(column));
        inside && at.and_then(|at| self.modules.get(at)).copied().unwrap_or(false)
    }

    /// A self-contained SVG document: one path, one unit per module, sharp edges.
    pub fn to_svg(&self) -> String {
        let side = self.width + 2 * QUIET;
        let mut path = String::new();
        for row in 0..self.width {
            let mut column = 0;
            while column < self.width {
                let run = (column..self.width).take_while(|&at| self.is_dark(at, row)).count();
                let run = u32::try_from(run).unwrap_or(0);
                if run > 0 {
                    // Writing to a String cannot fail.
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
                }
                column += run.max(1);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{px}\" height=\"{px}\" \
             shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
             <path fill=\"#000\" d=\"{path}\"/></svg>\n",
            px = side * 4,
        )
    }

    /// The code as pixels, `scale` pixels per module (1 to 32), quiet zone included.
    pub fn to_picture(&self, scale: u32) -> GrayImage {
        let scale = scale.clamp(1, 32);
        let side = (self.width + 2 * QUIET) * scale;
        GrayImage::from_fn(side, side, |x, y| {
            let dark = match ((x / scale).checked_sub(QUIET), (y / scale).checked_sub(QUIET)) {
                (Some(column), Some(row)) => self.is_dark(column, row),
                _ => false,
            };
            Luma([if dark { 0 } else { 255 }])
        })
    }

    /// The code as a PNG file; `qr_png` when the encoder refuses.
    pub fn to_png(&self, scale: u32) -> Result<Vec<u8>, ParseError> {
        let mut out = Cursor::new(Vec::new());
        let written = self.to_picture(scale).write_to(&mut out, ImageFormat::Png);
        written.map_err(|error| ParseError::new("qr_png", error.to_string()))?;
        Ok(out.into_inner())
    }

    /// The code as text for a terminal: two modules per character, light modules drawn as full blocks, so that it reads
    /// on a dark background.
    pub fn to_terminal(&self) -> String {
        let light = |column: u32, row: u32| match (column.checked_sub(QUIET), row.checked_sub(QUIET)) {
            (Some(column), Some(row)) => !self.is_dark(column, row),
            _ => true,
        };
        let side = self.width + 2 * QUIET;
        let mut out = String::new();
        for row in (0..side).step_by(2) {
            out.extend((0..side).map(|column| match (light(column, row), row + 1 < side && light(column, row + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }));
            out.push('\n');
        }
        out
    }
}

/// One byte segment marked as UTF-8 (ECI 26): the optimiser would take some Chinese characters for Shift JIS.
fn utf8(text: &str, level: EcLevel) -> Result<Bits, QrError> {
    for version in 1..=40 {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_eci_designator(26)?;
        let written = bits.push_byte_data(text.as_bytes()).and_then(|()| bits.push_terminator(level));
        match written {
            Ok(()) => return Ok(bits),
            Err(QrError::DataTooLong) => {}
            Err(other) => return Err(other),
        }
    }
    Err(QrError::DataTooLong)
}
