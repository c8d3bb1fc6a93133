//! Values that stand alone: ids, times, errors.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::fields::{object, texts};
use super::read::{from_json, text_of};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{
    CheckpointId, ContentId, IterationId, MapId, MemoryId, ObjectId, OperationId, Prefix,
};
use crate::object::Timestamp;
use crate::object::clock;

texts! {
    ObjectId, id => id;
    Prefix, prefix => prefix;
    ErrorKind, kind => kind.code();
}

from_json!(ObjectId, json => text_of(json, "an id")?.parse());
from_json!(Prefix, json => text_of(json, "a short id")?.parse());

/// The ids that say what they are of.
macro_rules! ids {
    ($($name:ident),*) => {$(
        texts!($name, id => id;);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                ObjectId::deserialize(from).map($name::new)
            }
        }
    )*};
}

ids!(CheckpointId, ContentId, IterationId, MapId, MemoryId, OperationId);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        clock::rfc3339(*self).serialize(to)
    }
}

object!(Error, error => {
    kind: error.kind(),
    message: error.to_string(),
    cause?: cause(error),
    shortfall?: error.shortfall(),
});

/// What an error and its causes say, in a line.
#[cfg(feature = "store")]
pub(super) fn in_words(error: &Error) -> String {
    match cause(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// What the causes of an error say, one behind the other; none if it has none.
fn cause(error: &Error) -> Option<String> {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    (!causes.is_empty()).then(|| causes.join(": "))
}
