//! What a command finds above where it runs: the store, and a git repository.
//!
//! The search stops at a mount point and at the home directory, which are looked at themselves, and
//! takes nothing that another user owns: who may put a directory above ours must not decide where
//! our prompts go.

use std::io;
use std::path::{Path, PathBuf};

use partita::{Error, ErrorKind, Result};

use crate::import::git::is_own;

/// What the search asks the system.
pub(crate) trait Ground {
    /// The file system that a directory is on.
    fn device(&self, path: &Path) -> io::Result<u64>;
    /// Tells whether the user who runs this owns a path.
    fn is_own(&self, path: &Path) -> io::Result<bool>;
    /// The home directory.
    fn home(&self) -> Option<PathBuf>;
}

/// The system itself.
#[derive(Debug)]
pub(crate) struct System;

impl Ground for System {
    #[cfg(unix)]
    fn device(&self, path: &Path) -> io::Result<u64> {
        Ok(std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(path)?))
    }

    #[cfg(not(unix))]
    fn device(&self, _path: &Path) -> io::Result<u64> {
        Ok(0)
    }

    fn is_own(&self, path: &Path) -> io::Result<bool> {
        is_own(path)
    }

    fn home(&self) -> Option<PathBuf> {
        std::fs::canonicalize(std::env::home_dir()?).ok()
    }
}

/// Looks for a name in a directory and those above it; `what` it is, and `how` it is named, are for
/// an error. Returns the directory that holds it.
pub(crate) fn find(
    ground: &dyn Ground,
    from: &Path,
    name: &str,
    (what, how): (&str, &str),
) -> Result<Option<PathBuf>> {
    let home = ground.home();
    let device = ground.device(from).ok();
    for above in from.ancestors() {
        if device.is_none() || ground.device(above).ok() != device {
            return Ok(None);
        }
        let found = above.join(name);
        if std::fs::symlink_metadata(&found).is_ok() {
            // A link of ours may lead to what is not, and the other way round.
            let target = std::fs::canonicalize(&found).unwrap_or_else(|_| found.clone());
            let is_own = |path: &Path| ground.is_own(path).unwrap_or(false);
            if is_own(&found) && is_own(&target) {
                return Ok(Some(above.to_owned()));
            }
            let shown = found.display();
            let message = format!("{what} {shown} belongs to another user; {how} to use it");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if home.as_deref() == Some(above) {
            return Ok(None);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A system where some paths are on another file system, and some are another user's.
    #[derive(Default)]
    struct Told {
        home: Option<PathBuf>,
        elsewhere: Option<PathBuf>,
        theirs: Vec<PathBuf>,
    }

    impl Ground for Told {
        fn device(&self, path: &Path) -> io::Result<u64> {
            Ok(self.elsewhere.as_ref().is_some_and(|mount| path.starts_with(mount)).into())
        }

        fn is_own(&self, path: &Path) -> io::Result<bool> {
            Ok(!self.theirs.iter().any(|theirs| theirs == path))
        }

        fn home(&self) -> Option<PathBuf> {
            self.home.clone()
        }
    }

    fn look(told: &Told, from: &Path) -> Result<Option<PathBuf>> {
        find(told, from, ".partita", ("the store", "name it with --store"))
    }

    struct Room {
        _room: tempfile::TempDir,
        top: PathBuf,
        deep: PathBuf,
    }

    fn room() -> Room {
        let room = tempfile::tempdir().unwrap();
        let top = room.path().canonicalize().unwrap();
        let deep = top.join("project/src/deep");
        fs::create_dir_all(&deep).unwrap();
        Room { _room: room, top, deep }
    }

    #[test]
    fn the_nearest_one_above_is_found() {
        let room = room();
        let told = Told { home: Some(room.top.clone()), ..Told::default() };
        assert_eq!(look(&told, &room.deep).unwrap(), None);
        for holder in ["", "project", "project/src", "project/src/deep"] {
            let holder = room.top.join(holder);
            fs::create_dir(holder.join(".partita")).unwrap();
            let found = look(&told, &room.deep).unwrap().unwrap();
            assert_eq!(
                found.components().collect::<PathBuf>(),
                holder.components().collect::<PathBuf>()
            );
        }
    }

    #[test]
    fn the_search_ends_at_a_mount_point_and_at_home() {
        let room = room();
        fs::create_dir(room.top.join(".partita")).unwrap();
        let (project, src) = (room.top.join("project"), room.top.join("project/src"));
        for told in [
            Told { home: Some(project.clone()), ..Told::default() },
            Told { elsewhere: Some(project.clone()), ..Told::default() },
            Told { elsewhere: Some(src.clone()), ..Told::default() },
            Told { home: Some(room.deep.clone()), ..Told::default() },
        ] {
            assert_eq!(look(&told, &room.deep).unwrap(), None);
        }
        // The last directory that is looked at is the mount point, or home, itself.
        fs::create_dir(project.join(".partita")).unwrap();
        for told in [
            Told { home: Some(project.clone()), ..Told::default() },
            Told { elsewhere: Some(project.clone()), ..Told::default() },
        ] {
            assert_eq!(look(&told, &room.deep).unwrap(), Some(project.clone()));
        }
    }

    #[test]
    fn what_another_user_owns_is_never_taken_and_not_passed_over() {
        let room = room();
        let (outer, inner) = (room.top.join(".partita"), room.top.join("project/.partita"));
        fs::create_dir(&outer).unwrap();
        fs::create_dir(&inner).unwrap();
        let told = Told { theirs: vec![inner], ..Told::default() };
        let error = look(&told, &room.deep).unwrap_err();
        assert!(
            error.to_string().contains("another user") && error.to_string().contains("--store")
        );
        // A link that leads to another user's store is no better.
        #[cfg(unix)]
        {
            let link = room.deep.join(".partita");
            std::os::unix::fs::symlink(&outer, &link).unwrap();
            let told = Told { theirs: vec![outer], ..Told::default() };
            look(&told, &room.deep).unwrap_err();
            look(&Told { theirs: vec![link], ..Told::default() }, &room.deep).unwrap_err();
        }
    }
}
