//! What to type instead of what git users type.

use std::ffi::OsString;

/// Words that are commands of git, and what does the same here.
const FROM_GIT: [(&str, &str); 24] = [
    (
        "add",
        "`partita capture NAME` takes in what changed, `partita write NAME PATH FILE` one file",
    ),
    ("branch", "`partita fork NAME NEW` begins a copy; `partita sessions` lists what there is"),
    ("cat-file", "`partita cat NAME PATH --at CHECKPOINT` prints a file"),
    ("clone", "`partita import git REPO --session NAME` records a git history"),
    ("commit", "`partita capture NAME` records what changed in a directory"),
    ("fsck", "`partita check` verifies the store"),
    ("grep", "`partita search NAME TEXT` looks through the memories"),
    ("list", "`partita sessions` lists the sessions, `partita files NAME` the files of one"),
    ("ls", "`partita files NAME` lists the files of a session, `partita sessions` the sessions"),
    ("ls-files", "`partita files NAME` lists the files of a session"),
    ("ls-tree", "`partita files NAME --at CHECKPOINT` lists the files of a checkpoint"),
    ("pull", "`partita import git REPO --session NAME` records what is new in a git repository"),
    ("reflog", "`partita log NAME` lists everything that happened"),
    (
        "reset",
        "`partita restore NAME --at CHECKPOINT` brings a state back, `partita undo NAME` takes back",
    ),
    ("revert", "`partita undo NAME` takes back what was done last"),
    ("rm", "`partita remove NAME PATH` removes a file"),
    ("stash", "`partita fork NAME NEW` keeps a state under another name"),
    ("switch", "`partita checkout NAME DIR` writes a session's files into a directory"),
    ("tag", "`partita pin NAME --at CHECKPOINT` keeps a checkpoint"),
    ("verify", "`partita check` verifies the store"),
    ("annotate", "`partita blame NAME PATH` tells of each line where it came from"),
    ("mv", "`partita write` the new path, then `partita remove` the old one"),
    ("push", "the store is a directory: copy it, or open it there with `--store DIR`"),
    ("fetch", "`partita import git REPO --session NAME` records what is new in a git repository"),
];

/// Returns what was meant by a command line that cannot be understood, if that can be guessed.
pub(crate) fn hint(arguments: &[OsString]) -> Option<String> {
    let words: Vec<&str> =
        arguments.iter().skip(1).map(|word| word.to_str().unwrap_or("")).collect();
    let (command, rest) = command(&words)?;
    let name = rest.iter().find(|word| !word.starts_with('-')).copied().unwrap_or("NAME");
    match command {
        "log" => count_of(rest).map(|count| {
            let name = if rest.contains(&name) && name != count { name } else { "NAME" };
            format!("`partita log {name} --limit {count}` lists the newest {count}")
        }),
        "diff" => match rest {
            [name, from, to] => Some(format!(
                "`partita diff {name} --from {from} --to {to}` compares two checkpoints"
            )),
            [name, path, from, to] => Some(format!(
                "`partita diff {name} {path} --from {from} --to {to}` compares two iterations"
            )),
            [range] if range.contains("..") => {
                Some("`partita diff NAME --from A --to B` compares two checkpoints".into())
            }
            _ => None,
        },
        "show" => Some(
            "`partita cat NAME PATH --at CHECKPOINT` prints a file, `partita diff NAME --to \
             CHECKPOINT` what a checkpoint changed; `show NAME GLOB` puts files into the view"
                .into(),
        ),
        "checkout" if rest.iter().any(|word| matches!(*word, "-b" | "-B")) => {
            let mut words = rest.iter().filter(|word| !word.starts_with('-'));
            let new = words.next().copied().unwrap_or("NEW");
            let from = words.next().copied().unwrap_or("NAME");
            Some(format!("`partita fork {from} {new}` begins a copy of a session"))
        }
        "checkout" if rest.len() == 1 => {
            Some(format!("`partita checkout {name} DIR` writes the files into a directory"))
        }
        "init" | "new" => None,
        command => FROM_GIT
            .iter()
            .find(|(word, _)| *word == command)
            .map(|(_, instead)| (*instead).to_owned()),
    }
}

/// The first word that is no option of the whole command, and what follows it.
fn command<'a>(words: &'a [&'a str]) -> Option<(&'a str, &'a [&'a str])> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match *word {
            "--store" | "--color" | "--wait" => at += 2,
            word if word.starts_with('-') => at += 1,
            word => return Some((word, &words[at + 1..])),
        }
    }
    None
}

/// The number that git takes as `-n 5`, `-n5` or `-5`.
fn count_of<'a>(rest: &[&'a str]) -> Option<&'a str> {
    let is_number =
        |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    rest.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("-n") {
        Some("") => rest.get(at + 1).copied().filter(|text| is_number(text)),
        Some(count) => Some(count).filter(is_number),
        None => word.strip_prefix('-').filter(is_number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hinted(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        hint(&words).unwrap_or_default()
    }

    #[test]
    fn what_git_users_type_is_answered_with_the_right_command() {
        for (line, instead) in [
            ("partita log s -n 5", "`partita log s --limit 5`"),
            ("partita log -n 5 s", "`partita log NAME --limit 5`"),
            ("partita log s -5", "`partita log s --limit 5`"),
            ("partita --store d log s -n5", "`partita log s --limit 5`"),
            ("partita --wait 5 log s -n5", "`partita log s --limit 5`"),
            ("partita diff s 1 2", "`partita diff s --from 1 --to 2`"),
            ("partita diff s p 1 2", "`partita diff s p --from 1 --to 2`"),
            ("partita show s", "`partita cat NAME PATH"),
            ("partita ls", "`partita files NAME`"),
            ("partita checkout -b new old", "`partita fork old new`"),
            ("partita checkout -b new", "`partita fork NAME new`"),
            ("partita checkout s", "`partita checkout s DIR`"),
            ("partita commit -m x", "`partita capture NAME`"),
        ] {
            assert!(hinted(line).contains(instead), "{line}: {:?}", hinted(line));
        }
        for line in ["partita", "partita frobnicate", "partita log s --limit x", "partita diff s"] {
            assert_eq!(hinted(line), "", "{line}");
        }
    }
}
