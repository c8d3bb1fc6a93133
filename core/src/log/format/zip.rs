//! Compression and chunking. The only module that knows zstd and fastcdc.

use std::cell::RefCell;
use std::ops::Range;

use fastcdc::v2020::FastCDC;
use zstd::zstd_safe::{CCtx, CParameter, DCtx, DParameter, FrameFormat, compress_bound};

use crate::codec::malformed;
use crate::error::Result;
use crate::limits::CONTENT_BYTES_MAX;
use crate::object::room;

/// How much time compression may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// For what is short and has a prefix: most of the time goes into taking that in, and a longer
    /// search finds a twentieth more.
    Swift = 1,
    /// For the write path: from here up, time grows faster than size falls.
    Quick = 3,
    /// For the texts of dialogs, which are most of what a session keeps: they gain by it as files,
    /// whose next versions lean on them, do not.
    Text = 6,
    /// For what is packed once and kept.
    Tight = 9,
}

/// Bytes up to which what has a prefix is short.
const SHORT_BYTES_MAX: usize = 1 << 10;

/// Tells whether bytes are so few that taking a prefix in is most of the work.
pub(crate) fn is_short(len: usize) -> bool {
    len <= SHORT_BYTES_MAX
}

/// Bytes of a zstd frame's magic number.
const MAGIC_BYTES: usize = 4;

/// Sizes of content-defined chunks in bytes: least, average, most.
const CHUNK: (usize, usize, usize) = (16 << 10, 64 << 10, 256 << 10);

/// Bytes of a chunk at the most.
pub(crate) const CHUNK_BYTES_MAX: usize = CHUNK.2;

/// Chunks of a content: all but the last have the least size, or more.
pub(crate) const CHUNKS_MAX: usize = CONTENT_BYTES_MAX / CHUNK.0 + 1;

thread_local! {
    static SWIFT: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static QUICK: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static TEXT: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static TIGHT: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static DECODER: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

/// Compresses into a frame without magic number and checksum, with a prefix that the decoder must
/// know. Returns none where the result would not be smaller.
pub(crate) fn compress(bytes: &[u8], prefix: &[u8], level: Level) -> Option<Vec<u8>> {
    let is_swift = level == Level::Quick && !prefix.is_empty() && is_short(bytes.len());
    let level = if is_swift { Level::Swift } else { level };
    let encoder_of = match level {
        Level::Swift => &SWIFT,
        Level::Quick => &QUICK,
        Level::Text => &TEXT,
        Level::Tight => &TIGHT,
    };
    encoder_of.with_borrow_mut(|slot| {
        let context = match slot {
            Some(context) => context,
            None => slot.insert(encoder(level)?),
        };
        let mut out = Vec::with_capacity(compress_bound(bytes.len()));
        if prefix.is_empty() {
            context.compress2(&mut out, bytes).ok()?;
        } else {
            // A prefix by reference would have to outlive the context. As a dictionary it need not,
            // but then a magic number is written whatever the context's format.
            context.compress_using_dict(&mut out, bytes, prefix, level as i32).ok()?;
            out.drain(..MAGIC_BYTES.min(out.len()));
        }
        out.shrink_to_fit();
        (out.len() < bytes.len()).then_some(out)
    })
}

fn encoder(level: Level) -> Option<CCtx<'static>> {
    let mut context = CCtx::try_create()?;
    let parameters = [
        CParameter::CompressionLevel(level as i32),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
        CParameter::Format(FrameFormat::Magicless),
    ];
    for parameter in parameters {
        context.set_parameter(parameter).ok()?;
    }
    Some(context)
}

/// Reverses [`compress`]; the result has exactly `raw_len` bytes, which the caller has bounded.
pub(crate) fn decompress(bytes: &[u8], prefix: &[u8], raw_len: usize) -> Result<Vec<u8>> {
    DECODER.with_borrow_mut(|slot| {
        let context = match slot {
            Some(context) => context,
            None => {
                let mut context =
                    DCtx::try_create().ok_or_else(|| malformed("no memory for a decoder"))?;
                context
                    .set_parameter(DParameter::Format(FrameFormat::Magicless))
                    .map_err(|_| malformed("a decoder without magicless frames"))?;
                slot.insert(context)
            }
        };
        // A hostile length is not believed before the bytes are there: zstd expands at most
        // 128 KiB from a block of three bytes.
        if raw_len / (128 << 10) > bytes.len() {
            return Err(malformed("a compressed length beyond what its bytes can hold"));
        }
        let mut out = room(raw_len)?;
        let decoded = if prefix.is_empty() {
            context.decompress(&mut out, bytes)
        } else {
            context.decompress_using_dict(&mut out, bytes, prefix)
        };
        match decoded {
            Ok(len) if len == raw_len && out.len() == raw_len => Ok(out),
            Ok(_) => Err(malformed("compressed bytes of another length")),
            Err(_) => Err(malformed("compressed bytes that do not decode")),
        }
    })
}

/// Cuts a large content where its own bytes say so.
pub(crate) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    FastCDC::new(bytes, CHUNK.0, CHUNK.1, CHUNK.2)
        .map(|chunk| chunk.offset..chunk.offset + chunk.length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_bytes_come_back_with_and_without_a_prefix() {
        let text = "a line of some text, and another one\n".repeat(50).into_bytes();
        for prefix in [&b""[..], b"and another one\n"] {
            for level in [Level::Quick, Level::Text, Level::Tight] {
                let packed = compress(&text, prefix, level).unwrap();
                assert_eq!(decompress(&packed, prefix, text.len()).unwrap(), text);
                assert!(decompress(&packed, prefix, text.len() - 1).is_err());
                assert!(decompress(&packed, prefix, text.len() + 1).is_err());
            }
        }
    }

    #[test]
    fn a_prefix_that_looks_like_a_dictionary_is_not_used() {
        let prefix = [0x37, 0xa4, 0x30, 0xec, 1, 2, 3, 4, 5];
        assert_eq!(compress(&[7; 1_000], &prefix, Level::Quick), None);
        assert!(
            decompress(&compress(&[7; 1_000], &[], Level::Quick).unwrap(), &prefix, 1_000).is_err()
        );
    }

    #[test]
    fn a_bomb_is_refused_before_memory_is_taken() {
        assert!(decompress(&[1, 2, 3], b"", 1 << 30).is_err());
    }

    #[test]
    fn an_insertion_moves_few_chunk_boundaries() {
        let mut seed = 7u64;
        let mut bytes: Vec<u8> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as u8
        })
        .take(2 << 20)
        .collect();
        let cut = |bytes: &[u8]| -> std::collections::HashSet<Vec<u8>> {
            chunks(bytes).map(|range| bytes[range].to_vec()).collect()
        };
        let before = cut(&bytes);
        bytes.splice(1 << 20..1 << 20, *b"inserted");
        let after = cut(&bytes);
        assert!(after.difference(&before).count() <= 3);
    }
}
