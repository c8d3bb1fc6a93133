//! Ids: what an object is called. The only module that knows the hash function.

#[cfg(feature = "store")]
use std::collections::HashMap;
use std::fmt;
#[cfg(feature = "store")]
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::limits::PREFIX_DIGITS_MIN;

/// The 32-byte BLAKE3 name of a content or a node.
///
/// Prints as 64 hexadecimal digits; `{:.10}` gives the short form.
///
/// ```
/// let id = partita::ObjectId::of_content(b"");
/// assert!(id.to_string().starts_with("af1349b9f5f9a1a6")); // what `b3sum` prints
/// assert_eq!(id.to_string().parse::<partita::ObjectId>()?, id);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId([u8; 32]);

impl ObjectId {
    /// Bytes of an id.
    pub const LEN: usize = 32;

    /// Returns the id of a content: BLAKE3 over its bytes.
    pub fn of_content(bytes: &[u8]) -> Self {
        ObjectId(*blake3::hash(bytes).as_bytes())
    }

    /// Returns the id of a node's canonical bytes; the hash context names kind and version.
    #[cfg(feature = "store")]
    pub(crate) fn of_node(kind: u16, version: u16, canonical: &[u8]) -> Self {
        let mut context = [0u8; 32];
        let context = node_context(kind, version, &mut context);
        ObjectId(blake3::derive_key(context, canonical))
    }

    /// Takes 32 bytes as an id.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        ObjectId(bytes)
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the first ten hexadecimal digits, for prose.
    pub fn short(&self) -> String {
        format!("{self:.10}")
    }
}

/// Writes `partita node KIND VERSION`, the hash context of a node, without allocating.
#[cfg(feature = "store")]
fn node_context(kind: u16, version: u16, room: &mut [u8; 32]) -> &str {
    use std::io::Write as _;
    let mut rest = &mut room[..];
    write!(rest, "partita node {kind} {version}").expect("13 + 5 + 1 + 5 bytes fit into 32");
    let unused = rest.len();
    let used = room.len() - unused;
    std::str::from_utf8(&room[..used]).expect("ASCII was written")
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(64).min(64);
        for at in 0..digits {
            let nibble = (self.0[at / 2] >> (4 * (1 - at % 2))) & 15;
            write!(f, "{nibble:x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:.10}")
    }
}

impl FromStr for ObjectId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let prefix: Prefix = text.parse()?;
        if prefix.digits != 64 {
            return Err(Error::invalid(format!("an id has 64 hexadecimal digits, got {text:?}")));
        }
        Ok(ObjectId(prefix.low))
    }
}

/// The short form of an id: 4 to 64 hexadecimal digits.
///
/// ```
/// let id = partita::ObjectId::of_content(b"x");
/// let prefix: partita::object::Prefix = id.short().parse()?;
/// assert!(prefix.matches(&id));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix {
    low: [u8; 32],
    digits: usize,
}

impl Prefix {
    /// Tells whether the id begins with these digits.
    pub fn matches(&self, id: &ObjectId) -> bool {
        *id >= self.first() && *id <= self.last()
    }

    /// Returns the smallest id that matches.
    pub fn first(&self) -> ObjectId {
        ObjectId(self.low)
    }

    /// Returns the largest id that matches.
    pub fn last(&self) -> ObjectId {
        let mut high = self.low;
        for at in self.digits..64 {
            high[at / 2] |= 15 << (4 * (1 - at % 2));
        }
        ObjectId(high)
    }
}

impl FromStr for Prefix {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.len();
        if !(PREFIX_DIGITS_MIN..=64).contains(&digits) {
            return Err(Error::invalid(format!(
                "a short id has {PREFIX_DIGITS_MIN} to 64 hexadecimal digits, got {digits}"
            )));
        }
        let mut low = [0; 32];
        for (at, c) in text.bytes().enumerate() {
            let nibble = char::from(c)
                .to_digit(16)
                .ok_or_else(|| Error::invalid("an id is written in hexadecimal digits"))?;
            low[at / 2] |= (nibble as u8) << (4 * (1 - at % 2));
        }
        Ok(Prefix { low, digits })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", self.digits, self.first())
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes the error of a short form that matches several ids, listing them.
#[cfg(feature = "store")]
pub(crate) fn ambiguous(prefix: &Prefix, candidates: &[ObjectId], more: bool) -> Error {
    let mut list: Vec<String> = candidates.iter().map(|id| format!("{id:.16}")).collect();
    if more {
        list.push("...".into());
    }
    Error::new(
        crate::error::ErrorKind::Ambiguous,
        format!("{prefix} is ambiguous, candidates: {}", list.join(", ")),
    )
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ObjectId);

        impl $name {
            /// Takes an id on trust; a read tells if it names something else.
            pub const fn new(id: ObjectId) -> Self {
                $name(id)
            }

            /// Returns the untyped id.
            pub const fn id(&self) -> ObjectId {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// Takes 64 hexadecimal digits on trust, as [`new`](Self::new) does.
            ///
            /// # Errors
            /// `Invalid` for another text, short forms included.
            fn from_str(text: &str) -> Result<Self> {
                text.parse().map($name)
            }
        }

        impl From<$name> for ObjectId {
            fn from(id: $name) -> ObjectId {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}

typed_id! {
    /// The id of a content: BLAKE3 of its bytes, what `b3sum` prints.
    ContentId;
    /// The id of a checkpoint.
    CheckpointId;
    /// The id of an operation; that of a session's first operation names the session for ever.
    OperationId;
    /// The id of an iteration of a file.
    IterationId;
    /// The id of a memory.
    MemoryId;
    /// The id of a map's root node.
    MapId;
}

/// The random bytes that key every check and tag of one segment.
#[cfg(feature = "store")]
pub(crate) type Salt = [u8; 32];

/// A 16-byte keyed digest of stored bytes.
#[cfg(feature = "store")]
pub(crate) type Tag = [u8; 16];

/// Computes keyed tags piece by piece.
#[cfg(feature = "store")]
#[derive(Clone)]
pub(crate) struct Tagger(blake3::Hasher);

#[cfg(feature = "store")]
impl Tagger {
    pub(crate) fn new(salt: &Salt) -> Self {
        Tagger(blake3::Hasher::new_keyed(salt))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(bytes);
        self
    }

    pub(crate) fn tag(&self) -> Tag {
        let mut tag = [0; 16];
        tag.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        tag
    }
}

/// Returns a hash of a map key for the boundary rule, salted by the level.
#[cfg(feature = "store")]
pub(crate) fn boundary_hash(level: u8, key: &[u8]) -> u32 {
    let mut hasher = blake3::Hasher::new_keyed(b"partita map boundary rule, v1   ");
    hasher.update(&[level]).update(key);
    let digest = hasher.finalize();
    u32::from_le_bytes(digest.as_bytes()[..4].try_into().expect("four bytes"))
}

/// A map by ids, or by other small keys, that nobody fills by design.
#[cfg(feature = "store")]
pub(crate) type IdMap<K, V> = HashMap<K, V, IdState>;

/// Begins hashes of keys for a map. An id is a hash already, so a product with what chance gave the
/// map is enough: whoever searches for ids that begin alike does not know where they fall.
#[cfg(feature = "store")]
#[derive(Clone, Debug)]
pub(crate) struct IdState(u64);

#[cfg(feature = "store")]
impl Default for IdState {
    fn default() -> Self {
        IdState(RandomState::new().hash_one(0u8) | 1)
    }
}

#[cfg(feature = "store")]
impl BuildHasher for IdState {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher { key: self.0, hash: self.0 }
    }
}

#[cfg(feature = "store")]
#[derive(Clone, Debug)]
pub(crate) struct IdHasher {
    key: u64,
    hash: u64,
}

#[cfg(feature = "store")]
impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            self.write_u64(u64::from_le_bytes(padded));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        let product = u128::from(self.hash ^ value) * u128::from(self.key);
        self.hash = product as u64 ^ (product >> 64) as u64;
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "store")]
    #[test]
    fn ids_that_begin_or_end_alike_fall_into_as_many_places_as_any() {
        let state = IdState::default();
        for at in [0, 12, 31] {
            let mut places = std::collections::HashSet::new();
            for low in 0..=u8::MAX {
                let mut bytes = [7; ObjectId::LEN];
                bytes[at] = low;
                // What a table of 4,096 places, and what its look-ups, go by.
                let hash = state.hash_one(ObjectId::from_bytes(bytes));
                places.insert((hash & 0xfff, hash >> 57));
            }
            assert!(places.len() > 250, "{at}: {}", places.len());
        }
    }
    use crate::error::ErrorKind;

    #[test]
    fn a_prefix_bounds_exactly_the_ids_that_begin_with_it() {
        let id = ObjectId::of_content(b"partita");
        let text = id.to_string();
        for digits in PREFIX_DIGITS_MIN..=64 {
            let prefix: Prefix = text[..digits].parse().unwrap();
            assert!(prefix.matches(&id));
            assert_eq!(prefix.to_string(), text[..digits]);
            let mut other = *id.as_bytes();
            other[(digits - 1) / 2] ^= 1 << (4 * (digits % 2));
            assert!(!prefix.matches(&ObjectId(other)), "{digits}");
        }
    }

    #[test]
    fn short_forms_of_wrong_length_or_alphabet_are_refused() {
        for text in ["", "abc", "abcg", "0x1234", &"a".repeat(65), "\u{e9}\u{e9}"] {
            assert_eq!(text.parse::<Prefix>().unwrap_err().kind(), ErrorKind::Invalid, "{text}");
        }
        assert!("abcd".parse::<Prefix>().is_ok());
        assert!("ABCD".parse::<Prefix>().is_ok());
        assert!("abcd".parse::<ObjectId>().is_err());
    }

    #[cfg(feature = "store")]
    #[test]
    fn every_typed_id_comes_back_from_its_text_and_from_no_other() {
        fn comes_back<T>(new: fn(ObjectId) -> T)
        where
            T: FromStr<Err = Error> + fmt::Display + PartialEq + fmt::Debug,
        {
            let id = new(ObjectId::of_content(b"partita"));
            assert_eq!(id.to_string().parse::<T>().unwrap(), id);
            let text = id.to_string();
            for text in ["", "abcd", "no", &text[..63], &format!("{text}0")] {
                assert_eq!(text.parse::<T>().unwrap_err().kind(), ErrorKind::Invalid, "{text}");
            }
        }
        comes_back(ContentId::new);
        comes_back(CheckpointId::new);
        comes_back(OperationId::new);
        comes_back(IterationId::new);
        comes_back(MemoryId::new);
        comes_back(MapId::new);
    }

    #[test]
    #[cfg(feature = "store")]
    fn kinds_versions_and_contents_never_share_an_id() {
        let bytes = b"same bytes";
        let ids = [
            ObjectId::of_content(bytes),
            ObjectId::of_node(1, 1, bytes),
            ObjectId::of_node(1, 2, bytes),
            ObjectId::of_node(11, 1, bytes),
        ];
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id));
        }
        assert_eq!(
            ObjectId::of_node(65_535, 65_535, bytes),
            ObjectId(blake3::derive_key("partita node 65535 65535", bytes))
        );
    }
}
