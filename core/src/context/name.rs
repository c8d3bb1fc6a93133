//! Tool names and call ids that every API takes, made of those that it may not.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::dialect::Dialect;
use crate::id::ObjectId;
use crate::limits::{
    CALL_ID_BYTES_MAX, TOOL_NAME_ANTHROPIC_BYTES_MAX, TOOL_NAME_BYTES_MAX,
    TOOL_NAME_GEMINI_BYTES_MAX,
};
use crate::object::{Memory, Part, Role};

/// Digits of a hash that stand in for what was changed.
const DIGITS: usize = 8;

/// Returns a name that a dialect's API takes: itself where it is one, else with `_` for each foreign
/// letter, cut, and with digits of the name's hash at the end, so that two names stay two.
///
/// It depends on the name alone, so a tool and its calls agree.
pub(super) fn tool_name(dialect: Dialect, name: &str) -> String {
    let most = match dialect {
        Dialect::Anthropic => TOOL_NAME_ANTHROPIC_BYTES_MAX,
        Dialect::OpenAiChat | Dialect::OpenAiResponses => TOOL_NAME_BYTES_MAX,
        Dialect::Gemini => TOOL_NAME_GEMINI_BYTES_MAX,
    };
    let gemini = dialect == Dialect::Gemini;
    let allowed = |letter: char| plain(letter) || gemini && letter == '.';
    let begins = |first: char| !gemini || first.is_ascii_alphabetic() || first == '_';
    let fits = (1..=most).contains(&name.len()) && name.chars().all(allowed);
    if fits && name.chars().next().is_some_and(begins) {
        return name.to_owned();
    }
    let first = name.chars().next().filter(|first| !begins(*first)).map(|_| '_');
    let letters = name.chars().map(|letter| if allowed(letter) { letter } else { '_' });
    let letters = first.into_iter().chain(letters);
    let mut sent: String = letters.take(most - 1 - DIGITS).collect();
    sent.push('_');
    sent.push_str(&digits(name.as_bytes(), DIGITS));
    sent
}

/// Returns the tools that a memory calls, by every name under which a dialect is sent them.
pub(crate) fn called_tools(memory: &Memory) -> impl Iterator<Item = String> {
    let calls = memory.parts.iter().filter(|_| memory.role == Role::Assistant);
    calls.flat_map(|part| match part {
        Part::Call { name, .. } => {
            Dialect::ALL.map(|dialect| tool_name(dialect, name)).into_iter().collect()
        }
        _ => BTreeSet::new(),
    })
}

/// Gives each call an id of its own.
#[derive(Debug, Default)]
pub(super) struct CallIds<'a> {
    taken: HashSet<String>,
    /// How often each id had to be made anew.
    again: HashMap<&'a str, u64>,
}

impl<'a> CallIds<'a> {
    /// Returns the id itself where it is well formed and new, else one made of its hash. It depends
    /// on the calls before alone, so what is appended changes none.
    pub(super) fn assign(&mut self, id: &'a str) -> String {
        if is_plain(id, CALL_ID_BYTES_MAX) && self.taken.insert(id.to_owned()) {
            return id.to_owned();
        }
        let again = self.again.entry(id).or_default();
        loop {
            let seed = [&again.to_le_bytes()[..], id.as_bytes()].concat();
            *again += 1;
            let made = format!("call_{}", digits(&seed, 3 * DIGITS));
            if self.taken.insert(made.clone()) {
                return made;
            }
        }
    }
}

/// Tells whether an id can be sent as it is.
pub(super) fn is_call_id(id: &str) -> bool {
    is_plain(id, CALL_ID_BYTES_MAX)
}

pub(super) fn digits(bytes: &[u8], count: usize) -> String {
    let mut digits = ObjectId::of_content(bytes).to_string();
    digits.truncate(count);
    digits
}

fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(plain)
}

fn plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

#[cfg(test)]
mod tests {
    use super::{CallIds, Dialect, is_plain, tool_name};
    use crate::limits::{
        CALL_ID_BYTES_MAX, TOOL_NAME_ANTHROPIC_BYTES_MAX, TOOL_NAME_BYTES_MAX,
        TOOL_NAME_GEMINI_BYTES_MAX,
    };

    #[test]
    fn a_tool_name_is_kept_up_to_its_limit_and_made_anew_above() {
        for (dialect, most) in [
            (Dialect::Anthropic, TOOL_NAME_ANTHROPIC_BYTES_MAX),
            (Dialect::OpenAiChat, TOOL_NAME_BYTES_MAX),
            (Dialect::OpenAiResponses, TOOL_NAME_BYTES_MAX),
            (Dialect::Gemini, TOOL_NAME_GEMINI_BYTES_MAX),
        ] {
            for length in [1, most - 1, most] {
                assert_eq!(tool_name(dialect, &"n".repeat(length)), "n".repeat(length));
            }
            let long = tool_name(dialect, &"n".repeat(most + 1));
            assert!(long.len() == most && long != "n".repeat(most));
        }
    }

    #[test]
    fn foreign_names_become_plain_and_stay_apart() {
        let names = ["", "a.b", "a_b", "a b", "\u{e9}", "mcp::x/y", "a.b."];
        for dialect in Dialect::ALL {
            let sent: std::collections::HashSet<_> =
                names.iter().map(|name| tool_name(dialect, name)).collect();
            assert_eq!(sent.len(), names.len());
            let plain = |name: &String| is_plain(&name.replace('.', "_"), TOOL_NAME_BYTES_MAX);
            assert!(sent.iter().all(plain), "{sent:?}");
        }
    }

    #[test]
    fn an_id_is_kept_up_to_its_limit_and_given_once() {
        for length in [1, CALL_ID_BYTES_MAX - 1, CALL_ID_BYTES_MAX] {
            assert_eq!(CallIds::default().assign(&"i".repeat(length)), "i".repeat(length));
        }
        let (long, mut ids) = ("i".repeat(CALL_ID_BYTES_MAX + 1), CallIds::default());
        let given = ["a", "a", "a", "", "", "\u{e9}", &long].map(|id| ids.assign(id));
        let distinct: std::collections::HashSet<_> = given.iter().collect();
        assert_eq!(distinct.len(), given.len());
        assert!(given.iter().all(|id| is_plain(id, CALL_ID_BYTES_MAX)), "{given:?}");
        let mut hostile = CallIds::default();
        let taken = hostile.assign(&given[1]);
        hostile.assign("a");
        assert_ne!(hostile.assign("a"), taken);
    }
}
