//! What a shell and the manual are told: completion, man.

use std::fs;
use std::path::Path;

use partita::{Error, ErrorKind};

use crate::args::{self, Man, Page, Shell};
use crate::failure::{Failure, Result};
use crate::output::{Output, counted, json, quote};

/// Prints the script that completes command lines in a shell.
pub(super) fn completion(out: &mut Output, shell: Shell) -> Result<()> {
    out.bytes(&args::completion(shell))
}

/// Writes the pages of the manual into a directory, or prints the first one.
pub(super) fn man(out: &mut Output, args: &Man) -> Result<()> {
    let pages = args::pages()?;
    let Some(dir) = &args.dir else {
        if args.json.json {
            return Err(Failure::Usage("give DIR with --json".to_owned()));
        }
        return pages.first().map_or(Ok(()), |page| out.bytes(&page.roff));
    };
    fs::create_dir_all(dir).map_err(|error| unwritten(dir, error))?;
    for Page { file, roff } in &pages {
        let path = dir.join(file);
        fs::write(&path, roff).map_err(|error| unwritten(&path, error))?;
    }
    if args.json.json {
        let files = pages.into_iter().map(|page| page.file).collect();
        return out.json(&json::Pages::new(dir, files));
    }
    let shown = quote::path(dir.as_os_str().as_encoded_bytes());
    out.line(format_args!("{shown}: {}", counted(pages.len() as u64, "page", "pages")))
}

fn unwritten(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot write {}", path.display())).with_source(error)
}
