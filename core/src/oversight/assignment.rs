//! Assignments of what looks random to a name that says that it is secret.

/// Bytes of a literal from which on it can be a secret that is worth one.
const LITERAL_BYTES_MIN: usize = 16;

/// Bytes of a literal that are looked at: secrets are shorter, or their beginning is enough.
const LITERAL_BYTES_SEEN: usize = 256;

/// Bytes in parts of a literal that have both letters and digits, from which on it looks random: words
/// with a number, such as `login_token_v2`, have fewer.
const MIXED_BYTES_MIN: usize = 6;

/// Different bytes that a literal has at least: what people type to fill a place has fewer.
const DIFFERENT_BYTES_MIN: usize = 6;

/// What names of secrets end in, or have before another word.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "accesskey",
    "access-key",
    "secret_key",
    "secretkey",
    "secret-key",
    "private_key",
    "privatekey",
    "private-key",
    "auth_key",
    "authkey",
    "auth-key",
    "encryption_key",
    "signing_key",
    "credential",
    "credentials",
];

/// Words behind such a name that make it the name of something else.
const OTHERS: &[&str] = &[
    "name", "url", "uri", "path", "file", "type", "header", "field", "env", "prefix", "endpoint",
    "format", "pattern", "hash", "count", "limit",
];

/// What literals have that stand in the place of a secret, or say where it is.
const PLACEHOLDERS: &[&str] = &[
    "://",
    "${",
    "$(",
    "{{",
    "{}",
    "%s",
    "<",
    "xxx",
    "***",
    "...",
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "replace",
    "insert",
    "your-",
    "your_",
    "yourpass",
    "yourkey",
    "yourtoken",
    "yoursecret",
    "dummy",
    "fake",
    "sample",
    "redacted",
    "environ",
    "process.env",
    "getenv",
    "env.",
    "env:",
    "secrets.",
    "vault:",
];

/// Tells whether a line gives a secret name a literal that looks random.
pub(super) fn has_secret(line: &[u8]) -> bool {
    // Where the assignment begins at the earliest that the next literal belongs to.
    let mut begin = 0;
    let mut at = 0;
    // Quotes that have no partner in the rest of the line, so that none is searched twice.
    let mut lonely = Vec::new();
    while let Some(&byte) = line.get(at) {
        at += 1;
        match byte {
            b',' | b';' | b'{' | b'(' => begin = at,
            b'"' | b'\'' | b'`' if !lonely.contains(&byte) => {
                let Some(len) = end_of(&line[at..], byte) else {
                    lonely.push(byte);
                    continue;
                };
                let (before, literal) = (&line[begin..at - 1], &line[at..at + len]);
                let is_value = is_assigned(before);
                if is_value && looks_random(literal) && names_secret(before) {
                    return true;
                }
                // A literal that is no value may be a name, as in JSON.
                begin = if is_value { at + len + 1 } else { at - 1 };
                at += len + 1;
            }
            _ => {}
        }
    }
    false
}

/// Returns the length of a literal whose first quote is before this.
fn end_of(rest: &[u8], quote: u8) -> Option<usize> {
    let mut escaped = false;
    rest.iter().position(|&byte| {
        let ends = byte == quote && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Tells whether a literal behind this is assigned: there is a `=`, `:` or `=>`, and then at most the
/// letter that some languages put before a literal.
fn is_assigned(before: &[u8]) -> bool {
    let letters = before.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let sign = before[..before.len() - if letters <= 2 { letters } else { 0 }].trim_ascii_end();
    matches!(sign, [.., b'=' | b':'] | [.., b'=', b'>'])
}

fn names_secret(before: &[u8]) -> bool {
    (0..before.len()).any(|at| {
        let mut ends = NAMES.iter().filter_map(|name| after_word(&before[at..], name));
        ends.any(|rest| {
            // `tokenizer` is another word, and `tokenValue` is not.
            let goes_on = rest.first().is_some_and(u8::is_ascii_lowercase);
            let next = rest.strip_prefix(b"_").or(rest.strip_prefix(b"-")).unwrap_or(rest);
            !goes_on && !OTHERS.iter().any(|other| after_word(next, other).is_some())
        })
    })
}

/// Returns what comes after a word of small letters that the text begins with, in whatever case.
fn after_word<'a>(text: &'a [u8], word: &str) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word.as_bytes()).then_some(rest)
}

/// Tells whether a literal looks like a secret: long, without spaces, letters and digits mixed, and
/// nothing that stands in the place of one.
fn looks_random(literal: &[u8]) -> bool {
    let seen = &literal[..literal.len().min(LITERAL_BYTES_SEEN)];
    if seen.len() < LITERAL_BYTES_MIN || !seen.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    let is_placeholder = |at: usize| {
        PLACEHOLDERS.iter().any(|placeholder| after_word(&seen[at..], placeholder).is_some())
    };
    if (0..seen.len()).any(is_placeholder) {
        return false;
    }
    let mut different = [false; 256];
    for &byte in seen {
        different[usize::from(byte)] = true;
    }
    let parts = seen.split(|byte| !byte.is_ascii_alphanumeric());
    let is_mixed = |part: &&[u8]| {
        part.iter().any(u8::is_ascii_digit) && part.iter().any(u8::is_ascii_alphabetic)
    };
    let mixed: usize = parts.filter(is_mixed).map(<[u8]>::len).sum();
    mixed >= MIXED_BYTES_MIN
        && different.iter().filter(|seen| **seen).count() >= DIFFERENT_BYTES_MIN
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A literal that looks random, made here so that this file has none.
    fn random() -> String {
        ["q7Zp", "2mX9", "vK4t", "8LwB", "n3Rd"].concat()
    }

    #[test]
    fn assignments_to_secret_names_are_found() {
        for line in [
            "password = \"@\"",
            "PASSWORD='@'",
            "  \"api_key\": \"@\",",
            "{\"user\": \"abc\", \"client_secret\": \"@\"}",
            "const API_KEY: &str = \"@\";",
            "String authToken = \"@\";",
            "let apiKey = `@`;",
            "secret_key := \"@\"",
            ":token => '@',",
            "token = b\"@\"",
            "f(user=\"a\", password=\"@\")",
            "tokenValue = '@'",
            "<add name=\"x\" password=\"@\" />",
            "it's password = \"@\"",
            "x = 1; db_passwd = \"@\" # it's",
        ] {
            let line = line.replace('@', &random());
            assert!(has_secret(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn other_names_and_calls_are_not_found() {
        for line in [
            "digest = \"@\"",
            "tokenizer = \"@\"",
            "token_name = \"@\"",
            "password_hash = \"@\"",
            "tokenUrl = \"@\"",
            "password = ask(\"@\")",
            "f(password, \"@\")",
            "password = x; digest = \"@\"",
            "print(\"password\", \"@\")",
            "password = @",
            "password = \"@",
            "{\"token\": null, \"digest\": \"@\"}",
        ] {
            let line = line.replace('@', &random());
            assert!(!has_secret(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn placeholders_and_words_are_no_secrets() {
        for literal in [
            "",
            "short1",
            "a1b2c3d4e5f6a7b",
            "changeme-1234-a1b2c3",
            "EXAMPLE-a1b2c3d4e5",
            "xxxxxxxxxxxx1234a",
            "<your-token-1a2b3c>",
            "${API_TOKEN_1A2B3C}",
            "{{ secrets.a1b2c3 }}",
            "os.environ['A1B2C3D4']",
            "process.env.A1B2C3D4E5",
            "https://a1b2c3d4e5f6.com",
            "a password of 16 letters1",
            "correct-horse-battery-staple",
            "user_login_token_v2",
            "1234567890123456",
            "aaaaaaaaaaaaaaa1",
            "a1a1a1a1a1a1a1a1a1",
        ] {
            let line = format!("password = \"{literal}\"");
            assert!(!has_secret(line.as_bytes()), "{literal}");
        }
        for literal in
            ["a1b2c3d4e5f6a7b8", "550e8400-e29b-41d4-a716-446655440000", "S3cr3t!Passw0rd+99"]
        {
            let line = format!("password = \"{literal}\"");
            assert!(has_secret(line.as_bytes()), "{literal}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            has_secret(&bytes);
        }

        #[test]
        fn any_signs_around_a_secret_name_never_panic(text in "[\"'`=: a1,{tokenx\\\\]{0,80}") {
            has_secret(text.as_bytes());
            has_secret(format!("token{text}").as_bytes());
        }
    }
}
