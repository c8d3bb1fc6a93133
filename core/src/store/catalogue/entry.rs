//! Keys and values of the catalogue's table.

use super::known::{KnownCount, Listing};
use super::signature::Signature;
use crate::codec::{Reader, Writer};
use crate::error::Result;
use crate::id::{ObjectId, Tagger};

/// Keys what values are checked by, and what stands for a counter's id.
const SALT: &[u8; 32] = b"partita catalogue entries, v1   ";

/// Bytes of a value's check. The table has checks of its own; an entry that is wrong would be worse
/// than none, so no value is believed for its sake alone.
const CHECK: usize = 8;

/// What an entry is, the first byte of its key.
#[derive(Clone, Copy, Debug)]
enum Sort {
    Count = 1,
    Signature = 2,
    Listing = 3,
}

pub(super) fn count_key(counter: &str, id: ObjectId) -> Vec<u8> {
    let counter = Tagger::new(SALT).update(counter.as_bytes()).tag();
    let mut key = vec![Sort::Count as u8];
    key.extend_from_slice(&counter);
    key.extend_from_slice(id.as_bytes());
    key
}

pub(super) fn signature_key(memory: ObjectId) -> Vec<u8> {
    key(Sort::Signature, memory)
}

pub(super) fn listing_key(operation: ObjectId) -> Vec<u8> {
    key(Sort::Listing, operation)
}

fn key(sort: Sort, id: ObjectId) -> Vec<u8> {
    let mut key = vec![sort as u8];
    key.extend_from_slice(id.as_bytes());
    key
}

/// Adds the check of a value that stands under a key.
pub(super) fn seal(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let check = check(key, &value);
    value.extend_from_slice(&check);
    value
}

/// Takes the check off; none if it does not fit.
pub(super) fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Option<&'a [u8]> {
    let (value, found) = sealed.split_last_chunk::<CHECK>()?;
    (check(key, value) == *found).then_some(value)
}

fn check(key: &[u8], value: &[u8]) -> [u8; CHECK] {
    let len = (key.len() as u64).to_le_bytes();
    let tag = Tagger::new(SALT).update(&len).update(key).update(value).tag();
    *tag.first_chunk().expect("a tag has sixteen bytes")
}

pub(super) fn count_value(count: KnownCount) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.uint(count.tokens);
    if let Some((low, high)) = count.bounds {
        writer.uint(low).uint(high);
    }
    writer.into_bytes()
}

pub(super) fn count_of(value: &[u8]) -> Option<KnownCount> {
    let read = || -> Result<KnownCount> {
        let mut reader = Reader::new(value);
        let tokens = reader.uint()?;
        let bounds = match reader.is_empty() {
            true => None,
            false => Some((reader.uint()?, reader.uint()?)),
        };
        reader.finish()?;
        Ok(KnownCount { tokens, bounds })
    };
    read().ok()
}

pub(super) fn listing_value(listing: Listing) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.uint(listing.files).uint(listing.memories);
    writer.into_bytes()
}

pub(super) fn listing_of(value: &[u8]) -> Option<Listing> {
    let read = || -> Result<Listing> {
        let mut reader = Reader::new(value);
        let listing = Listing { files: reader.uint()?, memories: reader.uint()? };
        reader.finish()?;
        Ok(listing)
    };
    read().ok()
}

pub(super) fn signature_value(signature: &Signature) -> Vec<u8> {
    signature.as_bytes().to_vec()
}

pub(super) fn signature_of(value: &[u8]) -> Option<Signature> {
    Signature::from_bytes(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_or_another_key_makes_a_value_unknown() {
        let id = ObjectId::of_content(b"text");
        let key = count_key("o200k", id);
        let count = KnownCount { tokens: 300, bounds: Some((250, 400)) };
        let sealed = seal(&key, count_value(count));
        assert_eq!(unseal(&key, &sealed).and_then(count_of), Some(count));
        for at in 0..sealed.len() {
            let mut wrong = sealed.clone();
            wrong[at] ^= 1;
            assert_eq!(unseal(&key, &wrong), None, "byte {at}");
            assert_eq!(unseal(&key, &sealed[..at]), None, "cut to {at}");
        }
        assert_eq!(unseal(&count_key("cl100k", id), &sealed), None);
        assert_eq!(unseal(&signature_key(id), &sealed), None);
    }

    #[test]
    fn values_of_another_form_are_unknown() {
        assert_eq!(count_of(&[]), None);
        assert_eq!(count_of(&[1, 2]), None);
        assert_eq!(count_of(&[1, 2, 3, 4]), None);
        assert_eq!(listing_of(&[1]), None);
        assert_eq!(listing_of(&[1, 2]), Some(Listing { files: 1, memories: 2 }));
        assert_eq!(listing_of(&[1, 2, 3]), None);
    }
}
