//! Patterns of secrets: a table of known ones, and those that a host gives.

use std::borrow::Cow;

use super::assignment;
use super::own::{Own, PATTERN_BYTES_MAX, is_word};
use crate::error::{Error, Result, quoted};

/// Bytes of a token that are looked at: every known one is shorter, or its beginning is enough, and
/// no line is read again and again.
const TOKEN_BYTES_MAX: usize = 256;

/// A pattern of a secret: a name, and how it is matched.
#[derive(Clone, Debug)]
pub(crate) struct SecretPattern {
    name: Cow<'static, str>,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Token(Token),
    PrivateKey,
    WebToken,
    Assignment,
    Own(Box<Own>),
}

/// One of some beginnings, and then so many bytes of a kind.
#[derive(Clone, Copy, Debug)]
struct Token {
    begins: &'static [&'static str],
    kind: Kind,
    least: usize,
    most: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Capital letters and digits.
    Capitals,
    /// Letters and digits.
    Letters,
    /// Letters, digits, `_` and `-`.
    Words,
    /// The same, and it has both letters and digits: names of things have words and dashes, too.
    Mixed,
}

/// The patterns that are always looked for.
pub(super) static BUILT_IN: [SecretPattern; 12] = [
    token("AWS access key id", &["AKIA", "ASIA"], Kind::Capitals, 16..=16),
    token(
        "GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        Kind::Letters,
        30..=usize::MAX,
    ),
    token("GitHub fine-grained token", &["github_pat_"], Kind::Words, 22..=usize::MAX),
    token(
        "Slack token",
        &["xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-"],
        Kind::Words,
        10..=usize::MAX,
    ),
    token("Anthropic API key", &["sk-ant-"], Kind::Words, 20..=usize::MAX),
    token("OpenAI API key", &["sk-"], Kind::Mixed, 20..=usize::MAX),
    token("Google API key", &["AIza"], Kind::Words, 35..=usize::MAX),
    token("Stripe live key", &["sk_live_", "rk_live_"], Kind::Letters, 10..=usize::MAX),
    token("npm token", &["npm_"], Kind::Letters, 36..=36),
    built_in("private key", How::PrivateKey),
    built_in("JSON web token", How::WebToken),
    built_in("secret in an assignment", How::Assignment),
];

const fn built_in(name: &'static str, how: How) -> SecretPattern {
    SecretPattern { name: Cow::Borrowed(name), how }
}

const fn token(
    name: &'static str,
    begins: &'static [&'static str],
    kind: Kind,
    length: std::ops::RangeInclusive<usize>,
) -> SecretPattern {
    let token = Token { begins, kind, least: *length.start(), most: *length.end() };
    built_in(name, How::Token(token))
}

impl SecretPattern {
    /// Reads a host's own pattern, which is found anywhere in a line: `?` is any one of letters,
    /// digits, `_` and `-`, `*` any run of these or none, and all else stands for itself.
    ///
    /// The pattern is its own name, unless it has no signs: it would be the secret.
    ///
    /// # Errors
    /// `Invalid` if it is empty, above [`PATTERN_BYTES_MAX`] bytes, has a line feed, or has nothing but
    /// signs and white space, and so would match everything.
    pub(crate) fn new(pattern: &str) -> Result<Self> {
        let fault = |what: &str| {
            Err(Error::invalid(format!("pattern of a secret {} {what}", quoted(pattern))))
        };
        if pattern.is_empty() || pattern.len() > PATTERN_BYTES_MAX {
            return fault(&format!("has no 1 to {PATTERN_BYTES_MAX} bytes"));
        }
        if pattern.contains('\n') {
            return fault("has a line feed, and lines are looked at one by one");
        }
        let is_sign = |sign: char| matches!(sign, '*' | '?');
        if pattern.chars().all(|sign| is_sign(sign) || sign.is_whitespace()) {
            return fault("would match everything; give it a character of its own");
        }
        let name = match pattern.contains(is_sign) {
            true => pattern.to_owned(),
            false => format!("own pattern of {} bytes", pattern.len()),
        };
        let how = How::Own(Box::new(Own::new(pattern.as_bytes())));
        Ok(SecretPattern { name: Cow::Owned(name), how })
    }

    /// Returns what findings call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether a line has what looks like such a secret.
    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        match &self.how {
            How::Token(token) => token.is_in(line),
            How::PrivateKey => has_private_key(line),
            How::WebToken => has_web_token(line),
            How::Assignment => assignment::has_secret(line),
            How::Own(own) => own.is_in(line),
        }
    }
}

impl Token {
    fn is_in(self, line: &[u8]) -> bool {
        (0..line.len()).any(|at| {
            let begins = match &line[..at] {
                // The end of `\n` is a letter, and no part of a token.
                [.., b'\\', b'n' | b'r' | b't'] | [] => true,
                [.., last] => !is_word(*last) || *last == b'-',
            };
            let rest = &line[at..];
            begins && self.begins.iter().any(|begin| self.is_behind(begin, rest))
        })
    }

    fn is_behind(self, begin: &str, rest: &[u8]) -> bool {
        let Some(rest) = rest.strip_prefix(begin.as_bytes()) else { return false };
        // That one has a pattern of its own.
        if self.kind == Kind::Mixed && rest.starts_with(b"ant-") {
            return false;
        }
        let seen = &rest[..rest.len().min(TOKEN_BYTES_MAX)];
        let len = seen.iter().take_while(|&&byte| self.kind.has(byte)).count();
        let token = &seen[..len];
        let is_mixed = self.kind != Kind::Mixed
            || token.iter().any(u8::is_ascii_digit) && token.iter().any(u8::is_ascii_alphabetic);
        let goes_on = self.most != usize::MAX
            && rest.get(len).is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (self.least..=self.most).contains(&len) && is_mixed && !goes_on
    }
}

impl Kind {
    fn has(self, byte: u8) -> bool {
        match self {
            Kind::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Kind::Letters => byte.is_ascii_alphanumeric(),
            Kind::Words | Kind::Mixed => is_word(byte),
        }
    }
}

/// Looks for the first line of a private key: `BEGIN`, some capital words, `PRIVATE KEY`.
fn has_private_key(line: &[u8]) -> bool {
    let begin = b"-----BEGIN ";
    let mut begins = (0..line.len()).filter(|&at| line[at..].starts_with(begin));
    begins.any(|at| {
        let rest = &line[at + begin.len()..];
        let rest = &rest[..rest.len().min(TOKEN_BYTES_MAX)];
        let is_label =
            |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ';
        let len = rest.iter().take_while(|byte| is_label(byte)).count();
        let (label, end) = rest.split_at(len);
        let label = label.strip_suffix(b" BLOCK").unwrap_or(label);
        end.starts_with(b"-----") && label.ends_with(b"PRIVATE KEY")
    })
}

/// Looks for a header and a body, both the base64 of what begins with `{"`, and a signature.
fn has_web_token(line: &[u8]) -> bool {
    let is_token = |text: &[u8]| {
        let mut parts = text.split(|&byte| byte == b'.');
        let is_json = |part: Option<&[u8]>| {
            part.is_some_and(|part| part.starts_with(b"eyJ") && part.len() >= 8)
        };
        // A pair is enough, and may stand behind other parts: `jwt.eyJ...`.
        let mut last = parts.next();
        while let Some(next) = parts.next() {
            if is_json(last) && is_json(Some(next)) && parts.next().is_some() {
                return true;
            }
            last = Some(next);
        }
        false
    };
    line.split(|&byte| !is_word(byte) && byte != b'.').any(is_token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the names of the patterns that a line has.
    fn found(line: &str) -> Vec<&'static str> {
        let has = BUILT_IN.iter().filter(|pattern| pattern.is_in(line.as_bytes()));
        has.map(SecretPattern::name).collect()
    }

    /// Writes a secret so that this file has none.
    fn secret(begin: &str, unit: &str, len: usize) -> String {
        begin.chars().chain(unit.chars().cycle().take(len)).collect()
    }

    #[test]
    fn each_known_token_is_found_and_shorter_ones_are_not() {
        for (begin, unit, len, name) in [
            ("AKIA", "A1B2", 16, "AWS access key id"),
            ("ASIA", "A1B2", 16, "AWS access key id"),
            ("ghp_", "a1B2", 36, "GitHub token"),
            ("gho_", "a1B2", 36, "GitHub token"),
            ("ghs_", "a1B2", 36, "GitHub token"),
            ("ghr_", "a1B2", 36, "GitHub token"),
            ("github_pat_", "a1_B2", 82, "GitHub fine-grained token"),
            ("xoxb-", "12-ab", 40, "Slack token"),
            ("sk-ant-", "a1-B2_", 95, "Anthropic API key"),
            ("sk-", "a1B2", 48, "OpenAI API key"),
            ("sk-proj-", "a1B2_", 300, "OpenAI API key"),
            ("AIza", "a1-B2_", 35, "Google API key"),
            ("sk_live_", "a1B2", 24, "Stripe live key"),
            ("npm_", "a1B2", 36, "npm token"),
        ] {
            let token = secret(begin, unit, len);
            for line in [
                token.clone(),
                format!("x = \"{token}\""),
                format!("\"\\n{token}"),
                format!("https://u:{token}@h/"),
            ] {
                assert_eq!(found(&line), [name], "{line}");
            }
            for line in [secret(begin, unit, 6), format!("x{token}")] {
                assert!(found(&line).is_empty(), "{line}");
            }
        }
        assert!(found(&secret("AKIA", "A1B2", 17)).is_empty());
        assert!(found(&secret("npm_", "a1B2", 37)).is_empty());
        assert!(found("sk-learn-with-a-long-name-of-words").is_empty());
        assert!(found("task-a1b2c3d4e5f6a7b8c9d0e1f2").is_empty());
    }

    #[test]
    fn private_keys_and_web_tokens_are_found() {
        for label in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
            let line = format!("key = \"-----BEGIN {label}PRIVATE{}", " KEY-----\\n");
            assert_eq!(found(&line), ["private key"], "{line}");
        }
        let line = format!("-----BEGIN PGP PRIVATE{}", " KEY BLOCK-----");
        assert_eq!(found(&line), ["private key"]);
        for line in ["-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "PRIVATE KEY"] {
            assert!(found(line).is_empty(), "{line}");
        }
        let [head, body] = ["hbGciOi", "zdWIiOi"].map(|rest| format!("eyJ{rest}"));
        for line in [format!("Bearer {head}.{body}.c2ln"), format!("a.{head}.{body}.c2ln")] {
            assert_eq!(found(&line), ["JSON web token"], "{line}");
        }
        for line in
            [head.clone(), format!("{head}.{body}"), format!("{head}.x.y"), "eyJ.eyJ.".into()]
        {
            assert!(found(&line).is_empty(), "{line}");
        }
    }

    #[test]
    fn patterns_that_match_everything_or_are_too_long_are_refused() {
        for bad in ["", "*", "?", "**", "?*?", " ", "* ?", "a\nb"] {
            assert!(SecretPattern::new(bad).is_err(), "{bad:?}");
        }
        for len in [PATTERN_BYTES_MAX - 1, PATTERN_BYTES_MAX] {
            let text = "a".repeat(len);
            assert!(SecretPattern::new(&text).unwrap().is_in(text.as_bytes()));
        }
        assert!(SecretPattern::new(&"a".repeat(PATTERN_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn a_pattern_is_its_name_unless_it_is_the_secret() {
        assert_eq!(SecretPattern::new("acme_????").unwrap().name(), "acme_????");
        assert_eq!(SecretPattern::new("hunter2").unwrap().name(), "own pattern of 7 bytes");
    }

    proptest! {
        #[test]
        fn any_pattern_and_any_bytes_never_panic(
            pattern in any::<String>(), line in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let own = SecretPattern::new(&pattern);
            for pattern in BUILT_IN.iter().chain(&own) {
                pattern.is_in(&line);
            }
        }
    }

    #[test]
    fn long_lines_take_time_in_proportion() {
        for unit in ["sk-", "eyJ", "eyJaaaaa.", "-----BEGIN ", "token=\"", "a='", "\"token\":", "x"]
        {
            let line = unit.repeat((1 << 18) / unit.len());
            found(&line);
        }
    }
}
