//! Ignore files: which new paths are not taken. The only module that knows the matcher's crate.

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::workspace::directory::system_path;

/// Names of ignore files, those that outweigh the others last.
pub(super) const IGNORE_FILES: [&[u8]; 2] = [b".gitignore", b".partitaignore"];

/// The ignore files of a directory and of those above it.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// Those of outer directories first; of one directory those that outweigh the others last.
    levels: Vec<(usize, Gitignore)>,
}

impl Rules {
    /// Adds an ignore file of a directory that is so many directories deep. Lines that are no
    /// patterns ignore nothing, as git has it.
    pub(super) fn add(&mut self, depth: usize, directory: &[u8], text: &[u8]) {
        let mut builder = GitignoreBuilder::new(system_path(directory));
        for line in text.split(|&byte| byte == b'\n') {
            if let Ok(line) = std::str::from_utf8(line) {
                let line = line.strip_suffix('\r').unwrap_or(line);
                let _ = builder.add_line(None, line);
            }
        }
        if let Ok(rules) = builder.build()
            && !rules.is_empty()
        {
            self.levels.push((depth, rules));
        }
    }

    /// Forgets the ignore files of directories that are that deep, or deeper.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.levels.last().is_some_and(|(level, _)| *level >= depth) {
            self.levels.pop();
        }
    }

    /// Tells whether a path is ignored: the innermost file that says anything decides.
    pub(super) fn ignores(&self, path: &[u8], is_directory: bool) -> bool {
        for (_, rules) in self.levels.iter().rev() {
            match rules.matched(system_path(path), is_directory) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_file_and_the_last_line_decide() {
        let mut rules = Rules::default();
        rules.add(0, b"", b"# a comment\n*.log\n/build\ntarget/\n!keep.log\r\n\\#odd\n");
        for (path, is_directory, ignored) in [
            (&b"a.log"[..], false, true),
            (b"sub/a.log", false, true),
            (b"keep.log", false, false),
            (b"build", true, true),
            (b"build", false, true),
            (b"sub/build", true, false),
            (b"target", true, true),
            (b"target", false, false),
            (b"sub/target", true, true),
            (b"#odd", false, true),
            (b"a.rs", false, false),
        ] {
            assert_eq!(rules.ignores(path, is_directory), ignored, "{}", path.escape_ascii());
        }
        rules.add(1, b"sub", b"!a.log\n*.rs\n/x\n");
        assert!(!rules.ignores(b"sub/a.log", false));
        assert!(rules.ignores(b"sub/deep/a.rs", false));
        assert!(rules.ignores(b"sub/x", false));
        assert!(!rules.ignores(b"sub/deep/x", false));
        rules.leave(1);
        assert!(rules.ignores(b"sub/a.log", false));
        assert!(!rules.ignores(b"sub/deep/a.rs", false));
    }

    #[test]
    fn any_text_is_taken() {
        let mut rules = Rules::default();
        rules.add(0, b"", b"[\n\xff\xfe\n{a,b\n**\\\n!\n!!\n \n");
        rules.add(0, b"", &[b'*'; 5_000]);
        rules.add(0, b"\xff", b"a\n");
        let _ = rules.ignores(b"\xff/a", false);
    }
}
