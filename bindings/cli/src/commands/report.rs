//! The page of a session.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use partita::budget::Budget;
use partita::display::report_html;
use partita::limits::BUDGET_TOKENS_MAX;
use partita::{Error, ErrorKind};

use super::{Access, counter, open_session};
use crate::args::Report;
use crate::failure::{Failure, Result};
use crate::output::{Output, json};

/// Writes the page of a session. A file that is there is replaced with `--force` alone, and then
/// whole or not at all.
pub(super) fn report(out: &mut Output, dir: &Path, args: &Report) -> Result<()> {
    let budget = Budget::new(args.limit.unwrap_or(BUDGET_TOKENS_MAX));
    let page = || -> Result<String> {
        let session = open_session(dir, Access::Read, &args.name)?;
        let counter = counter(dir, Some(&session), &args.counter)?;
        Ok(report_html(&session, &budget, &*counter)?)
    };
    let file = &*args.output;
    if file == Path::new("-") {
        if args.json.json {
            let message = "with -o - the page itself goes to the standard output: no --json";
            return Err(Failure::Usage(message.to_owned()));
        }
        return out.bytes(page()?.as_bytes());
    }
    // Said before the work is done.
    if !args.force && fs::symlink_metadata(file).is_ok() {
        return Err(taken(file).into());
    }
    let page = page()?;
    let written = if args.force { replace(file, &page) } else { create(file, &page) };
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !args.force => {
            Err(taken(file).into())
        }
        Err(error) => {
            let message = format!("cannot write {}", file.display());
            Err(Error::new(ErrorKind::Io, message).with_source(error).into())
        }
        Ok(()) if args.json.json => out.json(&json::Written::new(file, page.len())),
        Ok(()) => Ok(()),
    }
}

fn taken(file: &Path) -> Error {
    let message = format!("{} is there already; give --force to replace it", file.display());
    Error::new(ErrorKind::AlreadyExists, message)
}

fn create(file: &Path, page: &str) -> io::Result<()> {
    let mut created = OpenOptions::new().write(true).create_new(true).open(file)?;
    fill(&mut created, page).inspect_err(|_| drop(fs::remove_file(file)))
}

/// Writes beside the file, then over it: whoever reads it sees one page or the other.
fn replace(file: &Path, page: &str) -> io::Result<()> {
    let mut name = file.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_owned();
    name.push(format!(".{}.partita", std::process::id()));
    let beside: PathBuf = file.with_file_name(name);
    create(&beside, page)?;
    fs::rename(&beside, file).inspect_err(|_| drop(fs::remove_file(&beside)))
}

fn fill(file: &mut File, page: &str) -> io::Result<()> {
    file.write_all(page.as_bytes())?;
    file.flush()
}
