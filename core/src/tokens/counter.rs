//! What counts tokens.

use std::sync::Arc;

use super::{Count, SafeCuts};
use crate::error::Result;

/// Counts the tokens of texts.
///
/// A counter is deterministic: one id, one text, one count, today and in another process. Whoever
/// keeps counts keeps them by id.
///
/// ```
/// use partita::tokens::{Count, TokenCounter};
///
/// struct Words;
///
/// impl TokenCounter for Words {
///     fn id(&self) -> &str {
///         "words"
///     }
///
///     fn count(&self, text: &str) -> Count {
///         Count::exact(text.split_whitespace().count() as u64)
///     }
/// }
///
/// let counter: Box<dyn TokenCounter> = Box::new(Words);
/// assert_eq!(counter.count("one two"), Count::exact(2));
/// ```
pub trait TokenCounter: Send + Sync {
    /// Returns the name of what is counted, such as `o200k_base`; kept beside counts, so it changes
    /// whenever a count may.
    fn id(&self) -> &str;

    /// Counts a text, all of it as ordinary text: what looks like a special token is none.
    fn count(&self, text: &str) -> Count;

    /// Tells where texts can be cut so that the counts of the parts add up to the count of the
    /// whole. `None` is always right, and makes every recount a full one.
    fn safe_cuts(&self) -> SafeCuts {
        SafeCuts::None
    }

    /// Returns the full name of the model that requests are for, where it knows one: it decides what
    /// a picture costs, and whose dialects they are in.
    fn model(&self) -> Option<&str> {
        None
    }

    /// Returns the [name](crate::context::Dialect::name) of the dialect that requests are in, where it knows
    /// one. Without it a count holds for every dialect of the model.
    fn dialect(&self) -> Option<&str> {
        None
    }

    /// Counts what every request costs beside what is known of it: a system prompt and tools that no
    /// recording holds.
    fn request(&self) -> Count {
        Count::ZERO
    }

    /// Tells whether all counts so far were made: of a counter that may fail, and then returns any
    /// number. What was counted is neither kept nor returned before this was asked.
    ///
    /// # Errors
    /// The counter's own.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Counts bytes; what is no UTF-8 counts as the replacement characters that a model would be
    /// sent in its place.
    fn count_bytes(&self, bytes: &[u8]) -> Count {
        self.count(&String::from_utf8_lossy(bytes))
    }
}

macro_rules! by_reference {
    ($pointer:ty) => {
        impl<T: TokenCounter + ?Sized> TokenCounter for $pointer {
            fn id(&self) -> &str {
                (**self).id()
            }

            fn count(&self, text: &str) -> Count {
                (**self).count(text)
            }

            fn safe_cuts(&self) -> SafeCuts {
                (**self).safe_cuts()
            }

            fn model(&self) -> Option<&str> {
                (**self).model()
            }

            fn dialect(&self) -> Option<&str> {
                (**self).dialect()
            }

            fn request(&self) -> Count {
                (**self).request()
            }

            fn check(&self) -> Result<()> {
                (**self).check()
            }

            fn count_bytes(&self, bytes: &[u8]) -> Count {
                (**self).count_bytes(bytes)
            }
        }
    };
}

by_reference!(&T);
by_reference!(Box<T>);
by_reference!(Arc<T>);
