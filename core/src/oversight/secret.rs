//! Secrets that a change adds.

use super::pattern::{BUILT_IN, SecretPattern};
use super::{ChangedText, Secret};
use crate::diff::{self, ChangeKind};

/// Findings in one file: who has seen these looks at the file, and a file of keys would be listed
/// whole.
pub(super) const SECRETS_MAX: usize = 100;

/// Returns what looks like a secret in the lines that a change adds, in their order, at most
/// [`SECRETS_MAX`]: by the known patterns and a host's own, each at most once in a line.
///
/// Binary texts have no lines, and so none.
pub(crate) fn secrets(change: &ChangedText<'_>, own: &[SecretPattern]) -> Vec<Secret> {
    let after = change.after.unwrap_or_default();
    let mut diff = diff::file(change.before.unwrap_or_default(), after);
    if diff.is_binary() {
        // It may be for the version before alone, and then all lines are added.
        diff = diff::file(b"", after);
    }
    let added = diff.lines().filter(|line| line.kind == ChangeKind::Insert);
    let found = added.flat_map(|line| {
        let number = line.new_line.and_then(|number| usize::try_from(number).ok());
        let has = BUILT_IN.iter().chain(own).filter(move |pattern| pattern.is_in(line.text));
        has.map(move |pattern| Secret {
            path: change.path.clone(),
            line: number.expect("an added line has a number, and is in memory"),
            pattern: pattern.name().to_owned(),
        })
    });
    found.take(SECRETS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::object::FilePath;

    fn found(before: Option<&[u8]>, after: Option<&[u8]>) -> Vec<(usize, String)> {
        let own = [SecretPattern::new("acme_????").unwrap()];
        let path = FilePath::new("a").unwrap();
        let secrets = secrets(&ChangedText { path: &path, before, after }, &own);
        secrets.into_iter().map(|secret| (secret.line, secret.pattern)).collect()
    }

    #[test]
    fn only_lines_that_the_change_adds_are_looked_at() {
        let hit = |line| (line, "acme_????".to_owned());
        let text: &[u8] = b"a\nx = acme_1234\nb\n";
        for (before, after, expected) in [
            (None, Some(text), vec![hit(2)]),
            (Some(&b"a\nb\n"[..]), Some(text), vec![hit(2)]),
            (Some(text), Some(text), vec![]),
            (Some(text), Some(b"c\na\nx = acme_1234\nb\n"), vec![]),
            (Some(text), Some(b"a\nx = acme_5678\nb\n"), vec![hit(2)]),
            (Some(text), None, vec![]),
            (None, None, vec![]),
            (None, Some(b"\0acme_1234"), vec![]),
            (Some(b"\0"), Some(text), vec![hit(2)]),
            (None, Some(b"acme_1234 acme_5678\r\nacme_1234"), vec![hit(1), hit(2)]),
        ] {
            assert_eq!(found(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_line_with_two_kinds_of_secrets_is_found_for_both() {
        let line = format!("acme_1234 AKIA{}", "A1B2".repeat(4));
        let expected = ["AWS access key id", "acme_????"].map(|name| (1, name.to_owned()));
        assert_eq!(found(None, Some(line.as_bytes())), expected);
    }

    #[test]
    fn findings_are_bounded() {
        for (count, expected) in [
            (SECRETS_MAX - 1, SECRETS_MAX - 1),
            (SECRETS_MAX, SECRETS_MAX),
            (SECRETS_MAX + 1, SECRETS_MAX),
        ] {
            let text = "acme_1234\n".repeat(count);
            assert_eq!(found(None, Some(text.as_bytes())).len(), expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(
            before in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
            after in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
        ) {
            found(before.as_deref(), after.as_deref());
        }
    }
}
