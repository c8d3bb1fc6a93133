//! The bytes of a content, which exist once in memory however many hold them.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::error::{Error, Result};

/// The bytes of a content: cheap to clone, and taken over from a `Vec` without a copy.
///
/// ```
/// use partita::object::Bytes;
/// let bytes = Bytes::from(vec![1, 2, 3]);
/// assert_eq!(bytes[..], [1, 2, 3]);
/// assert_eq!(bytes.clone().into_vec()?, [1, 2, 3]);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone)]
pub struct Bytes {
    whole: Arc<Vec<u8>>,
    from: usize,
    to: usize,
}

impl Bytes {
    /// Copies bytes.
    ///
    /// # Errors
    /// `Io` where there is no memory for them.
    pub fn copy(bytes: &[u8]) -> Result<Self> {
        let mut copy = room(bytes.len())?;
        copy.extend_from_slice(bytes);
        Ok(copy.into())
    }

    /// Returns the bytes, without a copy where nobody else holds them.
    ///
    /// # Errors
    /// `Io` where somebody does and there is no memory for a copy.
    pub fn into_vec(self) -> Result<Vec<u8>> {
        if self.is_part() {
            return Bytes::copy(&self)?.into_vec();
        }
        match Arc::try_unwrap(self.whole) {
            Ok(bytes) => Ok(bytes),
            Err(shared) => {
                let mut copy = room(shared.len())?;
                copy.extend_from_slice(&shared);
                Ok(copy)
            }
        }
    }

    /// Returns a part, which keeps all of it in memory.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let (from, to) = (self.from + range.start, self.from + range.end);
        debug_assert!(from <= to && to <= self.to);
        Bytes { whole: self.whole.clone(), from, to }
    }

    /// Tells whether it is a part of more.
    pub(crate) fn is_part(&self) -> bool {
        self.to - self.from < self.whole.len()
    }
}

/// Makes room for so many bytes, or says that there is no memory for them.
pub(crate) fn room(bytes: usize) -> Result<Vec<u8>> {
    let mut room = Vec::new();
    match room.try_reserve_exact(bytes) {
        // An optimizer leaves out an allocation that nobody uses, and some are made to be tried.
        Ok(()) => Ok(std::hint::black_box(room)),
        Err(_) => {
            let error = std::io::Error::from(std::io::ErrorKind::OutOfMemory);
            Err(Error::io(format!("there is no memory for {bytes} bytes"), error))
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.whole[self.from..self.to]
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for Bytes {
    fn eq(&self, other: &T) -> bool {
        self[..] == *other.as_ref()
    }
}

impl Eq for Bytes {}

impl std::hash::Hash for Bytes {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self[..].hash(state);
    }
}

impl Default for Bytes {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes { from: 0, to: bytes.len(), whole: Arc::new(bytes) }
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Bytes {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.to_vec().into()
    }
}

impl<const N: usize> From<[u8; N]> for Bytes {
    fn from(bytes: [u8; N]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<Box<[u8]>> for Bytes {
    fn from(bytes: Box<[u8]>) -> Self {
        bytes.into_vec().into()
    }
}

impl From<Arc<[u8]>> for Bytes {
    fn from(bytes: Arc<[u8]>) -> Self {
        bytes.to_vec().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_taken_over_and_given_back_without_a_copy() {
        let vec = vec![7; 1_000];
        let at = vec.as_ptr();
        let bytes = Bytes::from(vec);
        let part = bytes.part(10..20);
        assert!(part.is_part() && !bytes.is_part());
        assert_eq!(part.into_vec().unwrap(), [7; 10]);
        let back = bytes.into_vec().unwrap();
        assert_eq!(back.as_ptr(), at);
    }

    #[test]
    fn no_memory_is_an_error() {
        let error = room(usize::MAX / 2).unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Io);
    }
}
