//! Text that reads, compresses and changes about as source code does.

use crate::random::Random;

const WORDS: &[&str] = &[
    "let", "fn", "return", "if", "else", "match", "for", "in", "pub", "self", "mut", "impl",
    "parser", "token", "reader", "buffer", "index", "length", "offset", "value", "result", "error",
    "length", "node", "entry", "segment", "frame", "commit", "branch", "session", "message",
    "quotient", "vector", "border", "cursor", "marker", "holder", "signal", "window", "bucket",
    "lexeme", "symbol", "import", "module", "export", "region", "thread", "worker", "budget",
];
const JOINTS: &[&str] = &[" ", " ", " ", " ", ".", "(", ") ", ", ", " = ", "::", "; ", " + "];
const FOLDERS: &[&str] = &["core", "core/util", "net", "net/http/server", "ui", "data", "data/sql"];
const KINDS: &[&str] = &["rs", "py", "md", "toml", "c"];

/// A line of up to 15 words, with its newline.
fn line(random: &mut Random) -> Vec<u8> {
    let mut line = " ".repeat(4 * random.below(4)).into_bytes();
    for _ in 0..random.below(16) {
        // The first words of the list are used most, as in any language.
        let at = random.below(WORDS.len()).min(random.below(WORDS.len()));
        line.extend_from_slice(WORDS[at].as_bytes());
        line.extend_from_slice(random.pick(JOINTS).as_bytes());
        if random.chance(1, 6) {
            line.extend_from_slice(random.below(10_000).to_string().as_bytes());
        }
    }
    line.push(b'\n');
    line
}

/// A text of that many lines.
pub fn text(random: &mut Random, lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|_| line(random)).collect()
}

/// The text after one edit: one to five lines changed, put in or taken out, at one place.
pub fn edited(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    let at = random.below(lines.len() + 1);
    let count = random.between(1, 5);
    let (gone, new) = match random.below(4) {
        0 => (0, count),
        // A text never shrinks to nothing: what is left can be edited again.
        1 if lines.len() > 10 => (count, 0),
        _ => (count, count),
    };
    let after = (at + gone).min(lines.len());
    let mut out = lines[..at].concat();
    out.extend(text(random, new.max(usize::from(gone == 0))));
    out.extend(lines[after..].concat());
    out
}

/// A name for a new text file, of which `number` makes it the only one.
pub(super) fn new_name(random: &mut Random, number: usize) -> Vec<u8> {
    let (folder, word, kind) = (random.pick(FOLDERS), random.pick(WORDS), random.pick(KINDS));
    format!("src/{folder}/{word}_{number}.{kind}").into_bytes()
}

/// A commit message: mostly a line, at times with a body, odd letters, odd bytes, or nothing.
pub(super) fn message(random: &mut Random, number: usize) -> Vec<u8> {
    let mut message = format!("{number}: ").into_bytes();
    message.extend(line(random).trim_ascii());
    match random.below(12) {
        0 => return Vec::new(),
        1 => message
            .extend_from_slice("\n\nFixes the caf\u{e9} \u{2603} issue \u{1f980}\n".as_bytes()),
        2 => message.extend_from_slice(b"\n\nSigned: caf\xe9, not UTF-8\n"),
        3 => message.extend_from_slice(b" no newline at the end"),
        4 | 5 => {
            message.extend_from_slice(b"\n\n");
            message.extend(text(random, 6));
        }
        _ => message.push(b'\n'),
    }
    message
}
