//! Canonical bytes: how values become the bytes that are hashed. The only module that knows the
//! integer encoding's crate.
//!
//! An unsigned integer below 251 is one byte; else a marker byte 251, 252 or 253 and 2, 4 or 8
//! bytes little-endian, always the shortest that fits. A signed integer is first zigzagged. A byte
//! string is its length and its bytes. Nothing else exists; `docs/format.md` has the table.

use bincode::config::standard;

use crate::error::{Error, Result};
use crate::id::ObjectId;

/// Appends canonical values to a buffer.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Makes a writer that takes that many bytes before it grows.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Writer { bytes: Vec::with_capacity(bytes) }
    }

    pub(crate) fn uint(&mut self, value: u64) -> &mut Self {
        if value < 251 {
            self.bytes.push(value as u8);
        } else {
            bincode::encode_into_std_write(value, &mut self.bytes, standard())
                .expect("a vector takes any integer");
        }
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.uint(((value << 1) ^ (value >> 63)) as u64)
    }

    /// Appends the length and the bytes.
    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.uint(value.len() as u64);
        self.raw(value)
    }

    /// Appends the bytes alone; the reader must know their number.
    pub(crate) fn raw(&mut self, value: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(value);
        self
    }

    /// Appends whether there is an id, and the id.
    #[cfg(feature = "store")]
    pub(crate) fn optional(&mut self, id: Option<ObjectId>) -> &mut Self {
        self.uint(u64::from(id.is_some()));
        match id {
            Some(id) => self.raw(id.as_bytes()),
            None => self,
        }
    }

    /// Empties it, and keeps its room.
    #[cfg(feature = "store")]
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    #[cfg(feature = "store")]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes canonical values off a slice; every length is checked against what is left.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub(crate) fn uint(&mut self) -> Result<u64> {
        match self.rest.first() {
            Some(&byte) if byte < 251 => {
                self.rest = &self.rest[1..];
                Ok(u64::from(byte))
            }
            _ => {
                let (value, used): (u64, usize) = bincode::decode_from_slice(self.rest, standard())
                    .map_err(|_| malformed("an integer is cut short or unknown"))?;
                let shortest = match value {
                    0..251 => 1,
                    251..=0xffff => 3,
                    0x1_0000..=0xffff_ffff => 5,
                    _ => 9,
                };
                if used != shortest {
                    return Err(malformed("an integer that is not in its shortest form"));
                }
                self.rest = &self.rest[used..];
                Ok(value)
            }
        }
    }

    /// Takes an integer that must not exceed `max`.
    pub(crate) fn bounded(&mut self, max: u64, what: &str) -> Result<u64> {
        let value = self.uint()?;
        if value > max {
            return Err(malformed(format!("{what} is {value}, at most {max} are allowed")));
        }
        Ok(value)
    }

    /// Takes a bounded integer that counts or indexes.
    pub(crate) fn count(&mut self, max: usize, what: &str) -> Result<usize> {
        Ok(self.bounded(max as u64, what)? as usize)
    }

    pub(crate) fn int(&mut self) -> Result<i64> {
        let value = self.uint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.raw(1)?[0])
    }

    /// Takes a length of at most `max` and that many bytes.
    pub(crate) fn bytes(&mut self, max: usize, what: &str) -> Result<&'a [u8]> {
        let len = self.count(max, what)?;
        self.raw(len)
    }

    /// Takes a byte string that must be UTF-8.
    pub(crate) fn text(&mut self, max: usize, what: &str) -> Result<&'a str> {
        std::str::from_utf8(self.bytes(max, what)?)
            .map_err(|_| malformed(format!("{what} is not UTF-8")))
    }

    pub(crate) fn raw(&mut self, len: usize) -> Result<&'a [u8]> {
        if len > self.rest.len() {
            return Err(malformed("bytes are cut short"));
        }
        let (value, rest) = self.rest.split_at(len);
        self.rest = rest;
        Ok(value)
    }

    /// Takes whether there is an id, and the id.
    #[cfg(feature = "store")]
    pub(crate) fn optional(&mut self) -> Result<Option<ObjectId>> {
        match self.bounded(1, "the flag of an id")? {
            0 => Ok(None),
            _ => self.id().map(Some),
        }
    }

    pub(crate) fn id(&mut self) -> Result<ObjectId> {
        let bytes = self.raw(ObjectId::LEN)?;
        Ok(ObjectId::from_bytes(bytes.try_into().expect("raw gave 32 bytes")))
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn finish(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(malformed(format!("{} bytes are left over", self.rest.len())))
        }
    }
}

/// Makes the error of bytes that no encoder of ours wrote.
pub(crate) fn malformed(what: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("malformed object: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_and_bytes_come_back(values: Vec<u64>, signed: Vec<i64>, text: Vec<u8>) {
            let mut writer = Writer::new();
            for &value in &values { writer.uint(value); }
            for &value in &signed { writer.int(value); }
            writer.bytes(&text);
            let bytes = writer.into_bytes();
            let mut reader = Reader::new(&bytes);
            for &value in &values { prop_assert_eq!(reader.uint().unwrap(), value); }
            for &value in &signed { prop_assert_eq!(reader.int().unwrap(), value); }
            prop_assert_eq!(reader.bytes(text.len(), "text").unwrap(), &text[..]);
            prop_assert!(reader.finish().is_ok());
        }

        #[test]
        fn any_bytes_decode_or_fail_without_panic(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while reader.uint().is_ok() {}
            let _ = reader.bytes(usize::MAX, "any");
        }
    }

    #[test]
    fn the_table_of_the_format_holds() {
        let encode = |value| {
            let mut writer = Writer::new();
            writer.uint(value);
            writer.into_bytes()
        };
        assert_eq!(encode(0), [0]);
        assert_eq!(encode(250), [250]);
        assert_eq!(encode(251), [251, 251, 0]);
        assert_eq!(encode(65_535), [251, 255, 255]);
        assert_eq!(encode(65_536), [252, 0, 0, 1, 0]);
        assert_eq!(encode(1 << 32), [253, 0, 0, 0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn an_integer_has_one_form() {
        for long in
            [&[251, 250, 0][..], &[252, 255, 255, 0, 0], &[253, 255, 255, 255, 255, 0, 0, 0, 0]]
        {
            let error = Reader::new(long).uint().unwrap_err();
            assert!(error.to_string().contains("shortest"), "{error}");
        }
    }

    #[test]
    fn a_length_beyond_the_bytes_is_refused_before_anything_is_allocated() {
        let mut reader = Reader::new(&[253, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert!(reader.bytes(usize::MAX, "a string").is_err());
    }
}
