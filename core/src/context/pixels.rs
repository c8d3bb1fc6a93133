//! The size of a picture and the pages of a document, read from their first bytes: no decoder, no
//! allocation, and nothing that is trusted.
//!
//! Sources: the PNG specification (IHDR), ITU T.81 (SOF segments of JPEG), the GIF89a
//! specification, RFC 9649 (WebP: VP8, VP8L, VP8X), ISO 32000 (PDF).

/// Bytes of a JPEG that are looked through for its size: pictures may have a preview ahead of it.
const JPEG_BYTES: usize = 1 << 20;

/// Returns width and height in pixels of a PNG, JPEG, GIF or WebP; none for anything else.
pub(super) fn pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    let size = match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, rest @ ..] => png(rest),
        [0xff, 0xd8, rest @ ..] => jpeg(&rest[..rest.len().min(JPEG_BYTES)]),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', rest @ ..] => {
            Some((u32::from(little(rest, 0)?), u32::from(little(rest, 2)?)))
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', rest @ ..] => webp(rest),
        _ => None,
    };
    size.filter(|(width, height)| *width > 0 && *height > 0)
}

fn png(rest: &[u8]) -> Option<(u32, u32)> {
    let is_header = rest.get(4..8)? == b"IHDR";
    let number = |at: usize| Some(u32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?));
    is_header.then_some((number(8)?, number(12)?))
}

/// Walks the segments to the first that begins a frame.
fn jpeg(mut rest: &[u8]) -> Option<(u32, u32)> {
    loop {
        // Any number of 0xff may stand before a marker.
        let at = rest.iter().position(|byte| *byte != 0xff).filter(|at| *at > 0)?;
        let marker = rest[at];
        rest = &rest[at + 1..];
        if matches!(marker, 0x01 | 0xd0..=0xd8) {
            continue;
        }
        let len = usize::from(big(rest, 0)?);
        if is_frame(marker) {
            return Some((u32::from(big(rest, 5)?), u32::from(big(rest, 3)?)));
        }
        if len < 2 || matches!(marker, 0xd9 | 0xda) {
            return None;
        }
        rest = rest.get(len..)?;
    }
}

/// SOF0 to SOF15, without the tables (DHT, JPG, DAC) among their numbers.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn webp(rest: &[u8]) -> Option<(u32, u32)> {
    let data = rest.get(8..)?;
    match rest.get(..4)? {
        b"VP8X" => {
            let number = |at: usize| {
                let [low, middle, high] = data.get(at..at + 3)?.try_into().ok()?;
                Some(u32::from_le_bytes([low, middle, high, 0]) + 1)
            };
            Some((number(4)?, number(7)?))
        }
        b"VP8L" => {
            let bits = u32::from_le_bytes(data.get(1..5)?.try_into().ok()?);
            let is_sound = data.first() == Some(&0x2f);
            is_sound.then_some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => {
            let is_sound = data.get(3..6)? == [0x9d, 0x01, 0x2a];
            let number = |at| Some(u32::from(little(data, at)? & 0x3fff));
            is_sound.then_some((number(6)?, number(8)?))
        }
        _ => None,
    }
}

fn big(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn little(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Pages that no API takes more of.
pub(super) const PAGES_MAX: u64 = 1_000;

/// Bytes that a page takes at least, also where a stream holds a thousand of them compressed.
const PAGE_BYTES: u64 = 16;

/// Returns how many pages a PDF has, at least and at most. They are known where its objects are
/// not compressed, or where it says so at its beginning.
pub(super) fn pages(bytes: &[u8]) -> (u64, u64) {
    let (mut pages, mut told, mut packed) = (0u64, 0u64, false);
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'/') {
        at += found + 1;
        let rest = &bytes[at..];
        if let Some(value) = value(rest, b"Type") {
            match value {
                [b'/', b'P', b'a', b'g', b'e', next, ..] if !next.is_ascii_alphabetic() => {
                    pages += 1
                }
                [b'/', b'P', b'a', b'g', b'e'] => pages += 1,
                [b'/', b'O', b'b', b'j', b'S', b't', b'm', ..] => packed = true,
                _ => {}
            }
        } else if let Some(value) = value(rest, b"Count") {
            told = told.max(number(value));
        } else if rest.starts_with(b"Linearized") {
            told = told.max(linearized(rest));
        }
    }
    let most = PAGES_MAX.min((bytes.len() as u64 / PAGE_BYTES).max(1));
    let (pages, told) = (pages.min(most), told.min(most));
    match packed {
        false if pages > 0 => (pages, pages.max(told)),
        _ if told > 0 => (1, told.max(pages)),
        _ => (pages.max(1), most),
    }
}

/// What stands behind a key.
fn value<'a>(rest: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let rest = rest.strip_prefix(key)?;
    let first = rest.iter().take(8).position(|byte| !byte.is_ascii_whitespace())?;
    let value = &rest[first..];
    (first > 0 || !value.first()?.is_ascii_alphanumeric()).then_some(value)
}

fn number(text: &[u8]) -> u64 {
    let digits = text.iter().take(9).take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

/// The pages that the dictionary of a linearized file names: `/N 12`.
fn linearized(rest: &[u8]) -> u64 {
    let rest = &rest[..rest.len().min(512)];
    let at = rest.windows(3).position(|word| word == b"/N ");
    at.map_or(0, |at| number(&rest[at + 3..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    #[test]
    fn each_kind_of_picture_tells_its_size() {
        assert_eq!(pixels(&png_of(640, 480)), Some((640, 480)));
        let gif = b"GIF89a\x80\x02\xe0\x01\0\0\0";
        assert_eq!(pixels(gif), Some((640, 480)));
        // An APP0 segment, a table, then a progressive frame.
        let mut jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
        jpeg.extend(b"\xff\xc4\0\x04ab\xff\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03");
        assert_eq!(pixels(&jpeg), Some((640, 480)));
        let webp =
            |kind: &[u8], data: &[u8]| [b"RIFF\0\0\0\0WEBP", kind, b"\0\0\0\0", data].concat();
        let lossy = webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01");
        assert_eq!(pixels(&lossy), Some((640, 480)));
        let bits: u32 = 639 | 479 << 14;
        let lossless = webp(b"VP8L", &[&[0x2f][..], &bits.to_le_bytes()].concat());
        assert_eq!(pixels(&lossless), Some((640, 480)));
        let extended = webp(b"VP8X", b"\0\0\0\0\x7f\x02\0\xdf\x01\0");
        assert_eq!(pixels(&extended), Some((640, 480)));
    }

    #[test]
    fn what_is_cut_short_or_of_no_size_has_none() {
        let whole = png_of(640, 480);
        for len in 0..whole.len() {
            assert_eq!(pixels(&whole[..len]), None, "{len}");
        }
        assert_eq!(pixels(&png_of(0, 480)), None);
        assert_eq!(pixels(b"\xff\xd8\xff\xda\0\x02"), None);
        assert_eq!(pixels(b"\xff\xd8\xff\xe0\0\0\xff\xc0"), None);
        assert_eq!(pixels(b"BM"), None);
    }

    #[test]
    fn pages_are_counted_or_bounded() {
        let plain =
            b"%PDF-1.4 <</Type/Pages/Count 2/Kids[]>> <</Type /Page>> <</Type/Page/Parent 1 0 R>>";
        assert_eq!(pages(plain), (2, 2));
        let linear = [&b"%PDF-1.5 <</Linearized 1/L 99/N 7 /O 3>> <</Type/ObjStm>>"[..], &[0; 900]];
        assert_eq!(pages(&linear.concat()), (1, 7));
        let packed = [&b"%PDF-1.5 <</Type /ObjStm /N 100>>"[..], &[0; 60_000]].concat();
        assert_eq!(pages(&packed), (1, PAGES_MAX));
        assert_eq!(pages(b""), (1, 1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            head in 0..6usize,
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let heads: [&[u8]; 6] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a",
                b"RIFF\0\0\0\0WEBPVP8", b"%PDF/Type/Page/Count "];
            let bytes = [heads[head], &bytes].concat();
            let _ = pixels(&bytes);
            let (least, most) = pages(&bytes);
            prop_assert!(1 <= least && least <= most && most <= PAGES_MAX);
        }
    }
}
