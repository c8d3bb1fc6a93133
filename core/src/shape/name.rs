//! Kinds, by the words that listings show.

use super::fields::texts;
use crate::budget::{Material, PlanAction};
use crate::context::{Dialect, ItemKey, Source};
use crate::interop::{ExportFormat, Format};
use crate::object::{MemoryKind, Role};
#[cfg(feature = "store")]
use crate::object::{OperationKind, OperationName};
use crate::tokens::{ContentClass, Encoding, TokenCounter as _};

texts! {
    Role, role => role.name();
    MemoryKind, kind => kind.name();
    Dialect, dialect => dialect.name();
    Source, source => source.name();
    ItemKey, key => key.to_word();
    Format, format => format.name();
    ExportFormat, format => format.name();
    PlanAction, action => action.name();
    Material, material => material.name();
    ContentClass, class => class.code();
    Encoding, encoding => encoding.id();
}

#[cfg(feature = "store")]
texts! {
    OperationKind, kind => kind.name();
    OperationName, name => name.as_str();
}
