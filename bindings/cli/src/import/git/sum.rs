//! Sums of states: what tells, at the price of a multiplication, that two states are one.
//!
//! A file counts as a number of its name, mode and id, on which each directory above it works as
//! `x -> factor * x + shift`; a state is the sum of its files. So what a tree's files count is worked
//! out once for all of them and remembered by the tree's id, while a change is counted from its
//! path alone: two ways to one number. The numbers come from a keyed hash, so nobody who writes a
//! repository can make two states meet.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use gix::hash::oid;

use super::value::{Value, ValueKind};

/// The field's prime: 2^61 - 1.
const PRIME: u64 = (1 << 61) - 1;

/// Bytes that are hashed as one piece; most names are shorter.
const PIECE_BYTES: usize = 96;

/// What a number is made of begins with what it stands for: a file's kind, or one of these.
const FACTOR: u8 = 4;
const SHIFT: u8 = 5;

/// The sum of a state, and how many files it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) files: u64,
    hash: u64,
}

impl Sum {
    pub(super) fn add(&mut self, other: Sum) {
        self.files = self.files.saturating_add(other.files);
        self.hash = (self.hash + other.hash) % PRIME;
    }

    pub(super) fn take(&mut self, other: Sum) {
        // A state that loses more than it has is not equal to any, for its hash is not.
        self.files = self.files.wrapping_sub(other.files);
        self.hash = (self.hash + PRIME - other.hash) % PRIME;
    }
}

/// Returns the remainder by the prime, of which 2^61 leaves one.
fn reduced(number: u128) -> u64 {
    let low = |number: u128| (number & u128::from(PRIME)) as u64;
    let once = low(number) + low(number >> 61) + low(number >> 122);
    once % PRIME
}

/// Makes sums; those of two makers cannot be compared.
#[derive(Clone, Debug)]
pub(super) struct Summer(pub(super) RandomState);

impl Summer {
    /// The sum of a directory's one file.
    pub(super) fn file(&self, name: &[u8], kind: ValueKind, id: &oid) -> Sum {
        let kind = match kind {
            ValueKind::File { executable: false } => 0_u8,
            ValueKind::File { executable: true } => 1,
            ValueKind::Symlink => 2,
            ValueKind::Submodule => 3,
        };
        Sum { files: 1, hash: self.number(kind, id.as_bytes(), name) }
    }

    /// The sum of what a directory holds, as its parent counts it.
    pub(super) fn within(&self, directory: &[u8], sum: Sum) -> Sum {
        let factor = u128::from(self.number(FACTOR, &[], directory));
        let shift = u128::from(self.number(SHIFT, &[], directory));
        let files = u128::from(sum.files % PRIME);
        let hash = reduced(factor * u128::from(sum.hash) + shift * files);
        Sum { files: sum.files, hash }
    }

    /// A number of the field. Ids of one repository have one length, so nothing else has the bytes
    /// that are hashed.
    fn number(&self, of: u8, id: &[u8], name: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        let len = 1 + id.len() + name.len();
        let mut piece = [0; PIECE_BYTES];
        if let Some(piece) = piece.get_mut(..len) {
            // A hasher takes one piece in half the time of three.
            piece[0] = of;
            piece[1..=id.len()].copy_from_slice(id);
            piece[1 + id.len()..].copy_from_slice(name);
            hasher.write(piece);
        } else {
            hasher.write_u8(of);
            hasher.write(id);
            hasher.write(name);
        }
        hasher.finish() % PRIME
    }

    /// The sum of the one file at a path.
    pub(super) fn path(&self, path: &[u8], value: &Value) -> Sum {
        let mut components = path.rsplit(|&byte| byte == b'/');
        let name = components.next().unwrap_or_default();
        components.fold(self.file(name, value.kind, &value.id), |sum, directory| {
            self.within(directory, sum)
        })
    }
}

#[cfg(test)]
mod tests {
    use gix::ObjectId;

    use super::*;

    #[test]
    fn a_sum_is_the_same_by_trees_and_by_paths_and_tells_places_modes_and_ids_apart() {
        let summer = Summer(RandomState::new());
        let id = ObjectId::from_hex(&[b'7'; 40]).unwrap();
        let file = |executable| Value { kind: ValueKind::File { executable }, id };
        let mut inner = summer.file(b"x", file(false).kind, &id);
        inner.add(summer.file(b"y", file(true).kind, &id));
        let outer = summer.within(b"a", summer.within(b"b", inner));
        let mut paths = summer.path(b"a/b/y", &file(true));
        paths.add(summer.path(b"a/b/x", &file(false)));
        assert_eq!(paths, outer);
        for (path, value) in [
            (&b"a/b/x"[..], file(true)),
            (b"a/x", file(false)),
            (b"b/a/x", file(false)),
            (b"a/b/z", file(false)),
            (b"a/b/x", Value { id: ObjectId::from_hex(&[b'8'; 40]).unwrap(), ..file(false) }),
        ] {
            let other = summer.path(path, &value);
            assert_ne!(other, summer.path(b"a/b/x", &file(false)), "{path:?}");
        }
        let long = [b'n'; 2 * PIECE_BYTES];
        assert_ne!(summer.path(&long, &file(false)), summer.path(&long[1..], &file(false)));
        assert_eq!(summer.path(&long, &file(false)), summer.file(&long, file(false).kind, &id));
        paths.take(summer.path(b"a/b/x", &file(false)));
        assert_eq!(paths, summer.path(b"a/b/y", &file(true)));
    }

    #[test]
    fn a_remainder_is_the_divisions() {
        let prime = u128::from(PRIME);
        for number in [0, 1, prime - 1, prime, prime + 1, prime * prime, 2 * prime * prime - 1] {
            assert_eq!(u128::from(reduced(number)), number % prime, "{number}");
        }
        for shift in 0..128 {
            let number = u128::MAX >> shift;
            assert_eq!(u128::from(reduced(number)), number % prime, "{number}");
        }
    }
}
