//! What a shortfall lists, in words.

use std::fmt;

use super::together::Beside;
use crate::error::ShortfallItem;

/// Something that stays.
pub(super) fn held(key: &impl fmt::Display, tokens: u64, pinned: bool) -> ShortfallItem {
    ShortfallItem { what: shown(key), tokens, pinned }
}

/// What stands beside the groups.
pub(super) fn beside(beside: &Beside) -> [ShortfallItem; 2] {
    [
        held(&"tools that are called and not offered", beside.tools.high(), false),
        held(&"a placeholder for its beginning", beside.placeholder.high(), false),
    ]
}

/// A key on one line, and not a long one.
pub(super) fn shown(key: &impl fmt::Display) -> String {
    const LETTERS: usize = 80;
    let key = key.to_string();
    let mut line: String = key.chars().flat_map(char::escape_debug).take(LETTERS).collect();
    if line.len() < key.len() && line.chars().count() == LETTERS {
        line.push_str("...");
    }
    line
}
