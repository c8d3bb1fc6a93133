//! Blame against git's, on the first parents of a history.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use partita::{Entry, ErrorKind, Session, Store};

use crate::command::Partita;
use crate::git::Git;
use crate::history::import;

/// How the blame of a history's newest files compares with git's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    /// Lines that were compared.
    pub lines: u64,
    /// Lines of which another commit is said, because either may be it: an equal line was there.
    pub choices: u64,
    /// Of those, lines that came with a file of which an equal one was there.
    pub with_files: u64,
}

/// What one side says of a line: the commit, the path there, and whether the file began there.
struct Said {
    commit: String,
    path: Vec<u8>,
    before: Option<Vec<u8>>,
}

/// Compares each line of each text of `main` with what git says, and returns how many are alike.
///
/// # Errors
/// The first line of which another commit is said although no equal line was there.
pub fn compare(git: &Git, session: &Session) -> Result<Compared, String> {
    let commits = git.first_parents("HEAD");
    let place: HashMap<&str, usize> = commits.iter().map(|id| &id[..]).zip(0..).collect();
    let mut compared = Compared::default();
    let latest = session.latest().map_err(|error| error.to_string())?;
    let mut read: BTreeMap<(String, Vec<u8>), Vec<u8>> = BTreeMap::new();
    for file in latest.files() {
        let file = file.map_err(|error| error.to_string())?;
        if !matches!(file.entry, Entry::File { .. }) {
            continue;
        }
        let path = file.path.as_bytes();
        let blame = match session.blame(path) {
            Ok(blame) => blame,
            // A binary file has no lines.
            Err(error) if error.kind() == ErrorKind::Invalid => continue,
            Err(error) => return Err(format!("{}: {error}", file.path)),
        };
        let theirs = blamed_by_git(git, path);
        if theirs.len() != blame.lines.len() {
            return Err(format!(
                "{}: {} lines, {} by git",
                file.path,
                blame.lines.len(),
                theirs.len()
            ));
        }
        for (line, git_says) in blame.lines.iter().zip(&theirs) {
            compared.lines += 1;
            let origin = &blame.origins[line.origin];
            let we_say = Said {
                commit: origin.git_commit.clone().unwrap_or_default(),
                path: origin.iteration.path.as_bytes().to_vec(),
                before: match &origin.iteration.renamed_from {
                    Some(from) => Some(from.as_bytes().to_vec()),
                    None => (origin.iteration.number > 1)
                        .then(|| origin.iteration.path.as_bytes().to_vec()),
                },
            };
            if we_say.commit == git_says.commit {
                continue;
            }
            let place_of = |said: &Said| place.get(&said.commit[..]).copied();
            let (Some(ours), Some(gits)) = (place_of(&we_say), place_of(git_says)) else {
                return Err(format!("{} {}: not of the first parents", file.path, line.number));
            };
            let (older, newer) =
                if ours < gits { (&we_say, git_says) } else { (git_says, &we_say) };
            let parent = &commits[ours.max(gits) - 1];
            let paths = [Some(&newer.path), newer.before.as_ref(), Some(&older.path)];
            let has_equal = paths.into_iter().flatten().any(|path| {
                let key = (parent.clone(), path.clone());
                let bytes = read.entry(key).or_insert_with(|| at(git, parent, path));
                bytes.split_inclusive(|byte| *byte == b'\n').any(|other| other == line.text)
            });
            if !has_equal {
                return Err(format!(
                    "{} line {}: {} by git, {} here, and no equal line before the newer one: {:?}",
                    file.path,
                    line.number,
                    git_says.commit,
                    we_say.commit,
                    String::from_utf8_lossy(&line.text)
                ));
            }
            compared.choices += 1;
            compared.with_files += u64::from(newer.before.is_none());
        }
    }
    Ok(compared)
}

/// The bytes of a path in a commit; none where it has none.
fn at(git: &Git, commit: &str, path: &[u8]) -> Vec<u8> {
    let mut object = format!("{commit}:").into_bytes();
    object.extend_from_slice(path);
    let object = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&object);
    let output = git.command().args(["cat-file", "blob"]).arg(object).output();
    output.expect("git is installed").stdout
}

/// What `git blame` says of each line of a path in `HEAD`.
fn blamed_by_git(git: &Git, path: &[u8]) -> Vec<Said> {
    let path = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path);
    let words =
        ["-c", "core.quotePath=false", "blame", "--first-parent", "--line-porcelain", "HEAD", "--"];
    let output = git.command().args(words).arg(path).output().expect("git is installed");
    let (mut said, mut now) = (Vec::new(), None);
    for line in output.stdout.split(|byte| *byte == b'\n') {
        if line.starts_with(b"\t") {
            said.extend(now.take());
        } else if let Some(name) = line.strip_prefix(b"filename ") {
            if let Some(now) = now.as_mut() {
                let now: &mut Said = now;
                now.path = unquoted(name);
            }
        } else if let Some(previous) = line.strip_prefix(b"previous ") {
            if let Some(now) = now.as_mut() {
                now.before = previous.get(41..).map(unquoted);
            }
        } else if now.is_none() {
            let commit = line.get(..40).map(String::from_utf8_lossy);
            now = commit.map(|id| Said { commit: id.into_owned(), path: Vec::new(), before: None });
        }
    }
    said
}

/// A path as git's porcelain writes it, without the quotes that odd ones have.
fn unquoted(name: &[u8]) -> Vec<u8> {
    name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name).to_vec()
}

/// Imports a repository that was fetched by hand, and compares the blame of all its texts with git's.
///
/// # Errors
/// What is not alike, or that fewer than 99 of 100 lines are.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    let [repository] = arguments else {
        return Err("name one repository that was fetched by hand: ARGS=PATH".to_owned());
    };
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let partita = Partita::at(dir.path().join("store"));
    let git = Git::at(Path::new(repository));
    partita.ok(import(&git, "s"));
    let store = Store::open(dir.path().join("store")).map_err(|error| error.to_string())?;
    let session = store.open_session("s").map_err(|error| error.to_string())?;
    let compared = compare(&git, &session)?;
    let Compared { lines, choices, with_files } = compared;
    println!(
        "{lines} lines, of {choices} an equal one was there, {with_files} of those in an equal file"
    );
    enough(&compared)
}

/// Tells whether 99 of 100 lines are alike, those aside that came with a file of which an equal one
/// was there.
///
/// # Errors
/// How many are not.
pub fn enough(compared: &Compared) -> Result<(), String> {
    let lines = compared.lines - compared.with_files;
    let others = compared.choices - compared.with_files;
    match lines > 0 && others * 100 <= lines {
        true => Ok(()),
        false => Err(format!("{others} of {lines} lines are blamed otherwise than by git")),
    }
}
