//! Lines of code without their comments and strings, and small patterns that are found in them.

/// How a language writes comments and strings, as far as one line can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syntax {
    /// Whether `//` begins a comment.
    pub(super) slashes: bool,
    /// Whether `#` begins a comment.
    pub(super) hash: bool,
    /// Bytes that begin and end a string.
    pub(super) quotes: &'static [u8],
}

/// Returns the code of a line: without the comment at its end, and with nothing between the quotes
/// of its strings.
///
/// A quote without its partner in the line is a byte like others, for strings of several lines are
/// not followed.
pub(super) fn code_of(line: &[u8], syntax: Syntax) -> Vec<u8> {
    let mut code = Vec::with_capacity(line.len());
    // Quotes that have no partner in the rest of the line, so that none is searched twice.
    let mut lonely: Vec<u8> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        let rest = &line[at..];
        if is_comment(rest, syntax, code.last().copied()) {
            break;
        }
        code.push(byte);
        at += 1;
        if let Some(len) = character(rest, syntax) {
            code.push(b'\'');
            at += len - 1;
        } else if syntax.quotes.contains(&byte) && !lonely.contains(&byte) {
            match end_of_string(&line[at..], byte) {
                Some(len) => {
                    code.push(byte);
                    at += len;
                }
                None => lonely.push(byte),
            }
        }
    }
    code
}

fn is_comment(rest: &[u8], syntax: Syntax, last: Option<u8>) -> bool {
    let slashes = syntax.slashes && rest.starts_with(b"//");
    // `#[` is an attribute of PHP, and in `a#b` it is none, such as in a Ruby pattern `/#x/`.
    let begins = last.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b')'));
    let php = syntax.slashes && rest.starts_with(b"#[");
    slashes || syntax.hash && begins && rest.starts_with(b"#") && !php
}

/// Returns the length of a character in single quotes, where those make no strings: `'"'` begins
/// none, and a lifetime is no character.
fn character(rest: &[u8], syntax: Syntax) -> Option<usize> {
    if syntax.quotes.contains(&b'\'') {
        return None;
    }
    match rest {
        [b'\'', b'\\', _, b'\'', ..] => Some(4),
        [b'\'', byte, b'\'', ..] if *byte != b'\\' => Some(3),
        _ => None,
    }
}

/// Returns how many bytes a string takes after its first quote, the last quote among them.
fn end_of_string(rest: &[u8], quote: u8) -> Option<usize> {
    let mut escaped = false;
    let end = rest.iter().position(|&byte| {
        let ends = byte == quote && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map(|end| end + 1)
}

/// Something to find in code, written as text: ` ` is any white space or none, `*` any bytes of a
/// name or none, `$` the end of the line. At the beginning, `^` asks that a statement begins here.
/// What begins or ends with a byte of a name is found only where that name begins or ends.
pub(super) type Pattern = &'static str;

/// Counts how often any of the patterns is in a line of code; each byte counts for one at most.
pub(super) fn count(code: &[u8], patterns: &[Pattern]) -> usize {
    let (mut found, mut at) = (0, 0);
    // The last byte before this one that is no white space.
    let mut last = None;
    while at < code.len() {
        let len = patterns.iter().find_map(|pattern| length_at(code, at, last, pattern));
        found += usize::from(len.is_some());
        let next = at + len.unwrap_or(1).max(1);
        let seen = code[at..next].iter().rfind(|byte| !byte.is_ascii_whitespace());
        last = seen.copied().or(last);
        at = next;
    }
    found
}

/// Returns how many bytes a pattern takes that is found here.
fn length_at(code: &[u8], at: usize, last: Option<u8>, pattern: &str) -> Option<usize> {
    let (begins, pattern) = match pattern.strip_prefix('^') {
        Some(pattern) => (true, pattern),
        None => (false, pattern),
    };
    let pattern = pattern.as_bytes();
    // Most patterns end here: their first byte is another one.
    if pattern.first().is_none_or(|first| Some(first) != code.get(at)) {
        return None;
    }
    let within = at > 0 && is_name(code[at - 1]);
    let is_statement = last.is_none_or(|byte| matches!(byte, b';' | b'{' | b'}' | b'>'));
    if begins && !is_statement || is_name(pattern[0]) && within {
        return None;
    }
    let mut end = at;
    for (index, &wanted) in pattern.iter().enumerate() {
        let before = (end > at).then(|| code[end - 1]);
        match wanted {
            b'*' => end += run(&code[end..], is_name),
            b' ' => {
                let len = run(&code[end..], |byte| byte.is_ascii_whitespace());
                let next = pattern.get(index + 1).copied();
                let parts = before.is_some_and(is_name)
                    && next.is_some_and(|next| is_name(next) || next == b'*');
                if len == 0 && parts {
                    return None;
                }
                end += len;
            }
            b'$' => return code[end..].trim_ascii().is_empty().then_some(end - at),
            wanted if code.get(end) == Some(&wanted) => end += 1,
            _ => return None,
        }
    }
    let goes_on = code.get(end).copied().is_some_and(is_name);
    let ends_in_name = pattern.last().copied().is_some_and(is_name);
    (!(ends_in_name && goes_on)).then_some(end - at)
}

fn run(bytes: &[u8], is_in: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|&&byte| is_in(byte)).count()
}

/// Tells whether names have this byte.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const C: Syntax = Syntax { slashes: true, hash: false, quotes: b"\"`" };
    const SCRIPT: Syntax = Syntax { slashes: false, hash: true, quotes: b"\"'" };
    const PHP: Syntax = Syntax { slashes: true, hash: true, quotes: b"\"'" };

    #[test]
    fn comments_and_strings_are_no_code() {
        for (line, syntax, code) in [
            ("a(); // b", C, "a(); "),
            ("// a", C, ""),
            ("a(\"// b\"); c // d", C, "a(\"\"); c "),
            ("a(\"\\\"// b\"); c", C, "a(\"\"); c"),
            ("if c == '\"' { a } // \"", C, "if c == '' { a } "),
            ("'\\'' b // c", C, "'' b "),
            ("fn f<'a>(x: &'a str) // b", C, "fn f<'a>(x: &'a str) "),
            ("a \"b // c", C, "a \"b "),
            ("# a", SCRIPT, ""),
            ("a('#') # b", SCRIPT, "a('') "),
            ("a // b", SCRIPT, "a // b"),
            ("#[Test] // b", PHP, "#[Test] "),
            ("#a", PHP, ""),
        ] {
            assert_eq!(code_of(line.as_bytes(), syntax), code.as_bytes(), "{line}");
        }
    }

    #[test]
    fn each_sign_of_a_pattern_means_what_it_says() {
        for (code, pattern, found) in [
            ("assert x", "assert", 1),
            ("asserted x", "assert", 0),
            ("reassert x", "assert", 0),
            ("assert_eq!(a); assert_ne!(b)", "assert*!", 2),
            ("assert  (x)", "assert (", 1),
            ("def test_a(", "def test*(", 1),
            ("deftest_a(", "def test*(", 0),
            ("def   test_a (", "def test* (", 1),
            ("it('')", "^it(", 1),
            ("  it('')", "^it(", 1),
            ("a(() => { it('') })", "^it(", 1),
            ("x = it('')", "^it(", 0),
            ("x.test(y)", "^test(", 0),
            ("skip  ", "skip$", 1),
            ("skip x", "skip$", 0),
            ("#[test]", "#[test]", 1),
            ("a.skip(", ".skip(", 1),
            ("", "a", 0),
        ] {
            assert_eq!(count(code.as_bytes(), &[pattern]), found, "{code} {pattern}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_code_and_counts(
            bytes in prop::collection::vec(prop_oneof![
                Just(b'\''), Just(b'"'), Just(b'\\'), Just(b'#'), Just(b'/'), Just(b'a'), any::<u8>()
            ], 0..200),
        ) {
            for syntax in [C, SCRIPT, PHP] {
                let code = code_of(&bytes, syntax);
                prop_assert!(code.len() <= bytes.len());
                count(&code, &["a* (", "^a", "# a", "a$", "*", ""]);
            }
        }
    }

    #[test]
    fn lines_without_end_take_time_in_proportion() {
        for unit in ["\"'", "a ", "assert", "\\\"", "'x", "#[", "x.skip "] {
            let line = unit.repeat(1 << 15);
            for syntax in [C, SCRIPT] {
                count(&code_of(line.as_bytes(), syntax), &["assert* (", "a  (", ".skip (", "^a a"]);
            }
        }
    }
}
