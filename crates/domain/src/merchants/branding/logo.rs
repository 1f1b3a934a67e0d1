//! Which files are a logo: pictures of three kinds that every browser and mail program shows, never a document that could hold a
//! script (SVG). What a file is and how large its picture is are read from its first bytes; nothing is decoded.

use crate::access::named;
use std::fmt;

/// Bytes that a logo may have.
pub const LARGEST_LOGO: usize = 256 << 10;
/// Pixels that a logo may have on either side. A PDF decodes it whole: with sixteen bits per color so many are 32 MB, and how few bytes its file has
/// says nothing of that.
pub const WIDEST_LOGO: i64 = 2_000;

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

named!(LogoKind { Png = "png", Jpeg = "jpeg", Webp = "webp" });

impl LogoKind {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// A picture as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What kind.
    pub kind: LogoKind,
    /// In pixels.
    pub width: i64,
    /// In pixels.
    pub height: i64,
}

/// Why a file is no logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLogo {
    /// More bytes than [`LARGEST_LOGO`].
    TooLarge,
    /// Neither PNG nor JPEG nor WebP, or damaged at its beginning.
    NoPicture,
    /// More pixels than [`WIDEST_LOGO`] on a side, or none.
    BadSize,
}

impl fmt::Display for NoLogo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "must have at most 256 KB",
            Self::NoPicture => "must be a picture: PNG, JPEG or WebP",
            Self::BadSize => "must have 1 to 2,000 pixels on each side",
        })
    }
}

impl Picture {
    /// Reads what a file is.
    ///
    /// # Errors
    /// [`NoLogo`] says why it is no logo.
    pub fn of(bytes: &[u8]) -> Result<Self, NoLogo> {
        if bytes.len() > LARGEST_LOGO {
            return Err(NoLogo::TooLarge);
        }
        let found = png(bytes).map(|size| (LogoKind::Png, size));
        let found = found.or_else(|| jpeg(bytes).map(|size| (LogoKind::Jpeg, size)));
        let found = found.or_else(|| webp(bytes).map(|size| (LogoKind::Webp, size)));
        let (kind, (width, height)) = found.ok_or(NoLogo::NoPicture)?;
        let (width, height) = (i64::from(width), i64::from(height));
        let fits = |side: i64| (1..=WIDEST_LOGO).contains(&side);
        if fits(width) && fits(height) { Ok(Self { kind, width, height }) } else { Err(NoLogo::BadSize) }
    }
}

fn big(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let part = bytes.get(at..at + length)?;
    Some(part.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

fn little(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let part = bytes.get(at..at + length)?;
    Some(part.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// Signature, then the header chunk: width and height (PNG specification, 11.2.1).
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    (header.get(4..8)? == b"IHDR").then_some(())?;
    Some((big(header, 8, 4)?, big(header, 12, 4)?))
}

/// Segments up to the first frame header (ITU T.81, B.2.2).
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    bytes.starts_with(b"\xff\xd8\xff").then_some(())?;
    let mut at = 2;
    loop {
        (*bytes.get(at)? == 0xff).then_some(())?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            // A fill byte before a marker.
            0xff => at += 1,
            // Frame headers; C4, C8 and CC are tables and an extension.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => return Some((big(bytes, at + 7, 2)?, big(bytes, at + 5, 2)?)),
            // The picture begins without a frame header.
            0xd8..=0xda => return None,
            _ => {
                let length = usize::try_from(big(bytes, at + 2, 2)?).ok()?;
                (length >= 2).then_some(())?;
                at += 2 + length;
            }
        }
    }
}

/// The first chunk of the container says how large the picture is (RFC 9649, 2.5 to 2.7).
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    (bytes.get(..4)? == b"RIFF" && bytes.get(8..12)? == b"WEBP").then_some(())?;
    match bytes.get(12..16)? {
        b"VP8X" => Some((little(bytes, 24, 3)? + 1, little(bytes, 27, 3)? + 1)),
        b"VP8 " => {
            (bytes.get(23..26)? == b"\x9d\x01\x2a").then_some(())?;
            Some((little(bytes, 26, 2)? & 0x3fff, little(bytes, 28, 2)? & 0x3fff))
        }
        b"VP8L" => {
            (*bytes.get(20)? == 0x2f).then_some(())?;
            let sizes = little(bytes, 21, 4)?;
            Some(((sizes & 0x3fff) + 1, (sizes >> 14 & 0x3fff) + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat()
    }

    fn size(bytes: &[u8]) -> Result<(LogoKind, i64, i64), NoLogo> {
        Picture::of(bytes).map(|picture| (picture.kind, picture.width, picture.height))
    }

    /// PLT-12
    #[test]
    fn kind_and_size_are_read_from_the_first_bytes() {
        assert_eq!(size(&png_of(320, 80)), Ok((LogoKind::Png, 320, 80)));
        let jpeg = [b"\xff\xd8\xff\xe0\x00\x04AB\xff\xc4\x00\x03T\xff\xff\xc2\x00\x0b\x08".as_slice(), &80_u16.to_be_bytes(), &320_u16.to_be_bytes()].concat();
        assert_eq!(size(&jpeg), Ok((LogoKind::Jpeg, 320, 80)));
        let extended = [b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0".as_slice(), &319_u32.to_le_bytes()[..3], &79_u32.to_le_bytes()[..3]].concat();
        assert_eq!(size(&extended), Ok((LogoKind::Webp, 320, 80)));
        let lossy = [b"RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a".as_slice(), &320_u16.to_le_bytes(), &80_u16.to_le_bytes()].concat();
        assert_eq!(size(&lossy), Ok((LogoKind::Webp, 320, 80)));
        let lossless = [b"RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f".as_slice(), &(319_u32 | 79 << 14).to_le_bytes()].concat();
        assert_eq!(size(&lossless), Ok((LogoKind::Webp, 320, 80)));
    }

    /// PLT-12
    #[test]
    fn whatever_is_no_picture_or_too_large_a_one_is_refused() {
        for wrong in [
            b"".as_slice(),
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"GIF89a\x01\0\x01\0",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xe0\0\0",
            b"RIFF",
        ] {
            assert_eq!(size(wrong), Err(NoLogo::NoPicture), "{wrong:?}");
        }
        let whole = png_of(320, 80);
        for cut in 0..24 {
            assert_eq!(size(&whole[..cut]), Err(NoLogo::NoPicture), "{cut}");
        }
        assert_eq!(size(&png_of(0, 80)), Err(NoLogo::BadSize));
        assert_eq!(size(&png_of(2_000, 2_000)), Ok((LogoKind::Png, 2_000, 2_000)));
        assert_eq!(size(&png_of(320, 2_001)), Err(NoLogo::BadSize));
        assert_eq!(size(&[png_of(1, 1), vec![0; LARGEST_LOGO]].concat()), Err(NoLogo::TooLarge));
    }
}
