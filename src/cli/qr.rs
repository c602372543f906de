//! `certless qr`: any text as a QR code, for a file or for the terminal.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::console::{Console, file_error};
use crate::base::error::ParseError;
use crate::domain::error::{Error, ErrorKind};
use crate::wire::qr::{Code, Correction};

/// Longest text that is read, bytes: beyond every QR code.
const MAX_INPUT: u64 = 8 << 10;

/// Options of `qr`.
#[derive(Args, Debug)]
pub struct QrArgs {
    /// A file that holds the text, `-` for the standard input, or the text itself.
    pub input: String,
    /// Where to draw it, .svg or .png; on the terminal otherwise.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How the code is drawn.
    #[command(flatten)]
    pub drawing: Drawing,
}

/// How a code is drawn.
#[derive(Args, Clone, Copy, Debug)]
pub struct Drawing {
    /// How much damage the code survives: low for screens, medium for paper.
    #[arg(long, value_enum, default_value_t = Level::Low)]
    pub correction: Level,
    /// Pixels per module of a PNG.
    #[arg(long, value_name = "PIXELS", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=32))]
    pub scale: u32,
}

/// Error correction levels.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Level {
    /// About 7 %.
    Low,
    /// About 15 %.
    Medium,
    /// About 25 %.
    Quartile,
    /// About 30 %.
    High,
}

impl From<Level> for Correction {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::Quartile => Self::Quartile,
            Level::High => Self::High,
        }
    }
}

/// Draws the text.
pub fn run(args: &QrArgs, out: &mut Console<'_>) -> Result<u8, Error> {
    let text = text(&args.input)?;
    draw(text.trim_end_matches(['\r', '\n']), args.out.as_deref(), args.drawing, out)?;
    Ok(0)
}

/// Draws a text into a file, or on the terminal without one.
pub(super) fn draw(text: &str, file: Option<&Path>, drawing: Drawing, out: &mut Console<'_>) -> Result<(), Error> {
    let code = Code::new(text, drawing.correction.into()).map_err(|error| too_long(&error))?;
    let Some(file) = file else {
        out.line(code.to_terminal().trim_end_matches('\n'))?;
        return Ok(());
    };
    let extension = file.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let bytes = match extension.as_deref() {
        Some("svg") => code.to_svg().into_bytes(),
        Some("png") => code.to_png(drawing.scale)?,
        _ => {
            return Err(Error::malformed("--out names neither .svg nor .png")
                .says("请把输出文件命名为 .svg 或 .png。", "Name the output file .svg or .png."));
        }
    };
    fs::write(file, bytes).map_err(|error| file_error(file, &error))?;
    let (name, version) = (file.display(), code.version());
    out.note(format!("已生成二维码（版本 {version}）：{name}"), format!("QR code (version {version}) drawn: {name}"))?;
    Ok(())
}

fn text(input: &str) -> Result<String, Error> {
    let path = Path::new(input);
    let mut text = String::new();
    if input == "-" {
        let read = io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text);
        read.map_err(|error| file_error(path, &error))?;
    } else if path.is_file() {
        let file = fs::File::open(path).map_err(|error| file_error(path, &error))?;
        file.take(MAX_INPUT).read_to_string(&mut text).map_err(|error| file_error(path, &error))?;
    } else {
        input.clone_into(&mut text);
    }
    if text.trim().is_empty() {
        return Err(Error::malformed("there is no text").says("没有可编码的文字。", "There is no text to encode."));
    }
    Ok(text)
}

fn too_long(error: &ParseError) -> Error {
    Error::new(ErrorKind::TooLarge, error.to_string())
        .says("文字过长，一个二维码放不下。", "The text is too long for one QR code.")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::base::text::Lang;
    use crate::wire::qr::read;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: QrArgs,
    }

    fn drawn(words: &[&str]) -> Result<String, Error> {
        let (mut answers, mut notes) = (Vec::new(), Vec::new());
        let mut console = Console { lang: Lang::Zh, answers: &mut answers, notes: &mut notes };
        run(&Line::try_parse_from([&["qr"], words].concat()).unwrap().args, &mut console)?;
        Ok(String::from_utf8(answers).unwrap())
    }

    #[test]
    fn a_text_or_a_file_of_text_is_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let (text, out) = (folder.path().join("code.txt"), folder.path().join("code.PNG"));
        fs::write(&text, "CL1:ABC\n").unwrap();
        for (input, expected) in
            [(text.to_str().unwrap(), "CL1:ABC"), ("https://city.example/r/1", "https://city.example/r/1")]
        {
            assert_eq!(
                drawn(&[input, "--out", out.to_str().unwrap(), "--correction", "high", "--scale", "3"]).unwrap(),
                ""
            );
            assert_eq!(read(&fs::read(&out).unwrap()).unwrap(), [expected]);
        }
        assert!(drawn(&["HELLO"]).unwrap().contains('█'));
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let kind = |words: &[&str]| drawn(words).unwrap_err().kind;
        assert_eq!(kind(&["x", "--out", "code.pdf"]), ErrorKind::Malformed);
        assert_eq!(kind(&["x", "--out", "/no/such/folder/code.svg"]), ErrorKind::NotFound);
        assert_eq!(kind(&[" \n"]), ErrorKind::Malformed);
        assert_eq!(kind(&[&"x".repeat(5000)]), ErrorKind::TooLarge);
    }
}
