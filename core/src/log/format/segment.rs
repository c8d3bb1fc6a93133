//! Segments: the files that hold the log, their names and their headers.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 8 | `partita` and a line feed |
//! | 8 | 2 | format, 1 |
//! | 10 | 1 | role: 0 log, 1 data, 2 bundle |
//! | 11 | 1 | 0 |
//! | 12 | 4 | feature flags for reading |
//! | 16 | 4 | feature flags for writing |
//! | 20 | 4 | 0 |
//! | 24 | 16 | the store's uuid |
//! | 40 | 8 | the segment's number |
//! | 48 | 32 | salt |
//! | 80 | 8 | the predecessor's valid length, or 0 |
//! | 88 | 16 | the predecessor's last tag, or 0 |
//! | 104 | 4 | the epoch of a sealed segment's key, else 0 |
//! | 108 | 4 | 0 |
//! | 112 | 16 | check: tag under the salt over bytes 0..112 |
//!
//! The header stands twice, at 0 and at 128. Frames begin at 256.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::id::{Salt, Tag, Tagger};
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::vfs::VfsFile;

const MAGIC: &[u8; 8] = b"partita\n";
const FORMAT: u16 = 1;
const HEADER: usize = 128;

/// The flag for reading that says that what a segment holds is encrypted. It is reserved: no version
/// writes it yet.
const SEALED: u32 = 1;

/// Where the first frame of a segment begins.
pub(crate) const FRAMES_FROM: u64 = 2 * HEADER as u64;

/// The largest number of a log segment, so that a successor can be named.
const LOG_NUMBER_MAX: u64 = u32::MAX as u64;

/// The directory of the segments.
pub(crate) const DIRECTORY: &str = "segments";

/// What a segment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Log = 0,
    Data = 1,
}

/// A segment's name: the log's are numbered one after the other, data's are random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SegmentId {
    pub(crate) role_data: bool,
    pub(crate) number: u64,
}

impl SegmentId {
    pub(crate) fn log(number: u64) -> Self {
        SegmentId { role_data: false, number }
    }

    pub(crate) fn data(number: u64) -> Self {
        SegmentId { role_data: true, number }
    }

    pub(crate) fn role(self) -> Role {
        if self.role_data { Role::Data } else { Role::Log }
    }

    pub(crate) fn file_name(self) -> String {
        let suffix = if self.role_data { "data" } else { "log" };
        format!("{:016x}.{suffix}", self.number)
    }

    pub(crate) fn path(self) -> String {
        format!("{DIRECTORY}/{}", self.file_name())
    }

    pub(crate) fn from_file_name(name: &str) -> Option<Self> {
        let (number, suffix) = name.split_once('.')?;
        let lower = number.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        if number.len() != 16 || !lower {
            return None;
        }
        let number = u64::from_str_radix(number, 16).ok()?;
        match suffix {
            "log" if (1..=LOG_NUMBER_MAX).contains(&number) => Some(SegmentId::log(number)),
            "data" => Some(SegmentId::data(number)),
            _ => None,
        }
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file_name())
    }
}

/// The first bytes of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) id: SegmentId,
    pub(crate) store: [u8; 16],
    pub(crate) salt: Salt,
    pub(crate) predecessor_len: u64,
    pub(crate) predecessor_tag: Tag,
}

/// A header as it was found.
pub(crate) struct FoundHeader {
    pub(crate) header: SegmentHeader,
    /// Where a damaged copy stands, if one does.
    pub(crate) damaged_copy: Option<u64>,
}

impl SegmentHeader {
    /// Returns both copies.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 * HEADER);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.push(self.id.role() as u8);
        bytes.push(0);
        bytes.extend_from_slice(&[0; 12]);
        bytes.extend_from_slice(&self.store);
        bytes.extend_from_slice(&self.id.number.to_le_bytes());
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(&self.predecessor_len.to_le_bytes());
        bytes.extend_from_slice(&self.predecessor_tag);
        bytes.extend_from_slice(&[0; 8]);
        let check = Tagger::new(&self.salt).update(&bytes).tag();
        bytes.extend_from_slice(&check);
        bytes.extend_from_within(..);
        bytes
    }

    /// Returns the check, which the first frame's tag goes on from.
    pub(crate) fn check(&self) -> Tag {
        let bytes = self.encode();
        bytes[HEADER - 16..HEADER].try_into().expect("sixteen bytes")
    }

    pub(crate) fn read(file: &dyn VfsFile, id: SegmentId) -> Result<FoundHeader> {
        let mut bytes = [0; 2 * HEADER];
        let read = file
            .read_at(&mut bytes, 0)
            .map_err(|error| Error::io(format!("read the header of segment {id}"), error))?;
        let copies = [0, HEADER].map(|at| decode(&bytes[..read], at, id));
        match copies {
            [Ok(first), Ok(second)] if first == second => {
                Ok(FoundHeader { header: first, damaged_copy: None })
            }
            [Ok(header), _] => Ok(FoundHeader { header, damaged_copy: Some(HEADER as u64) }),
            [_, Ok(header)] => Ok(FoundHeader { header, damaged_copy: Some(0) }),
            [Err(first), Err(second)] => {
                let newer = first.kind() == ErrorKind::Unsupported
                    && second.kind() == ErrorKind::Unsupported;
                Err(if newer { first } else { damaged(id, 0) })
            }
        }
    }
}

fn decode(bytes: &[u8], at: usize, id: SegmentId) -> Result<SegmentHeader> {
    let bytes = bytes.get(at..at + HEADER).ok_or_else(|| damaged(id, at))?;
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    if &bytes[..8] != MAGIC {
        return Err(damaged(id, at));
    }
    let format = u16::from_le_bytes([bytes[8], bytes[9]]);
    if format != FORMAT {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "segment {id} has format {format}, this version reads format {FORMAT}; \
                 use a newer version"
            ),
        ));
    }
    let salt: Salt = bytes[48..80].try_into().expect("32 bytes");
    let due = Tagger::new(&salt).update(&bytes[..HEADER - 16]).tag();
    if !holds(CheckSite::SegmentHeader, due[..] == bytes[HEADER - 16..]) {
        return Err(damaged(id, at));
    }
    let reading = u32::from_le_bytes(bytes[12..16].try_into().expect("four bytes"));
    if reading & SEALED != 0 {
        let epoch = u32::from_le_bytes(bytes[104..108].try_into().expect("four bytes"));
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "segment {id} is encrypted (key of epoch {epoch}), which this version cannot read; \
                 use a newer version"
            ),
        ));
    }
    if bytes[12..20] != [0; 8] {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "segment {id} uses features unknown to this version (flags {:02x?}); \
                 use a newer version",
                &bytes[12..20]
            ),
        ));
    }
    let role_fits = bytes[10] == id.role() as u8;
    if !role_fits
        || word(40) != id.number
        || bytes[11] != 0
        || word(104) != 0
        || bytes[20..24] != [0; 4]
    {
        return Err(Error::corrupt(format!("segment {id} has the header of another file")));
    }
    Ok(SegmentHeader {
        id,
        store: bytes[24..40].try_into().expect("sixteen bytes"),
        salt,
        predecessor_len: word(80),
        predecessor_tag: bytes[88..104].try_into().expect("sixteen bytes"),
    })
}

fn damaged(id: SegmentId, at: usize) -> Error {
    Error::corrupt(format!("segment {id} is damaged at offset {at}: no valid header"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::vfs::Vfs;
    use crate::log::vfs::memory::Memory;

    fn sample() -> SegmentHeader {
        SegmentHeader {
            id: SegmentId::log(3),
            store: [7; 16],
            salt: [9; 32],
            predecessor_len: 1_000,
            predecessor_tag: [5; 16],
        }
    }

    fn read(bytes: &[u8]) -> Result<FoundHeader> {
        let file = Memory::default().create_new("x").unwrap();
        file.write_at(bytes, 0).unwrap();
        SegmentHeader::read(&*file, SegmentId::log(3))
    }

    #[test]
    fn any_flipped_bit_is_found_and_the_other_copy_serves() {
        let good = sample().encode();
        assert!(read(&good).unwrap().damaged_copy.is_none());
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = read(&bytes).unwrap();
            assert_eq!(found.header, sample());
            assert_eq!(found.damaged_copy, Some(if bit < HEADER * 8 { 0 } else { 128 }));
        }
    }

    #[test]
    fn newer_formats_and_unknown_flags_are_told_from_damage() {
        let mut newer = sample().encode();
        newer[8] = 2;
        newer[HEADER + 8] = 2;
        assert_eq!(read(&newer).err().unwrap().kind(), ErrorKind::Unsupported);
        for flag in [12, 19] {
            let mut flagged = sample().encode()[..HEADER].to_vec();
            flagged[flag] = 1;
            let check = Tagger::new(&[9; 32]).update(&flagged[..HEADER - 16]).tag();
            flagged[HEADER - 16..].copy_from_slice(&check);
            flagged.extend_from_within(..);
            assert_eq!(read(&flagged).err().unwrap().kind(), ErrorKind::Unsupported);
        }
        assert_eq!(read(&[]).err().unwrap().kind(), ErrorKind::Corrupt);
        assert_eq!(read(&[0; 256]).err().unwrap().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn names_come_back_and_nothing_else_is_a_segment() {
        for id in [SegmentId::log(1), SegmentId::data(u64::MAX)] {
            assert_eq!(SegmentId::from_file_name(&id.file_name()), Some(id));
        }
        for name in [
            "1.log",
            "00000000000000001.log",
            "000000000000000A.log",
            "ffffffffffffffff.log",
            "0000000000000000.log",
            "x",
            "lock",
        ] {
            assert_eq!(SegmentId::from_file_name(name), None);
        }
    }
}
