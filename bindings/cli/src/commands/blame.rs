//! Where the lines of a file came from.

use std::path::Path;

use partita::evidence::BlameOrigin;

use super::{Access, open_session};
use crate::failure::Result;
use crate::output::{Output, quote, time};

/// Characters of a message in a row.
const MESSAGE_CHARS: usize = 40;

/// Shows a file line by line, each with what brought it.
pub(super) fn blame(
    out: &mut Output,
    dir: &Path,
    name: &str,
    path: &[u8],
    (at, as_json): (Option<&str>, bool),
) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let blame = match at {
        Some(spec) => session.blame_at(path, session.checkpoint(spec)?)?,
        None => session.blame(path)?,
    };
    if as_json {
        return out.json(&blame);
    }
    let heads: Vec<[String; 4]> = blame.origins.iter().map(head).collect();
    let width = |column: usize| heads.iter().map(|head| head[column].chars().count()).max();
    let widths = [0, 1, 2, 3].map(|column| width(column).unwrap_or(0));
    let digits = blame.lines.len().to_string().len();
    for line in &blame.lines {
        let mut row = String::new();
        for (cell, width) in heads[line.origin].iter().zip(widths) {
            row.push_str(&format!("{cell:<width$}  "));
        }
        let text = String::from_utf8_lossy(&line.text);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        out.line(format_args!("{row}{:>digits$}  {}", line.number, quote::text(text)))?;
    }
    if !blame.claims.is_empty() {
        out.line("\nclaims that rest on the file:")?;
        super::evidence::rows(out, &blame.claims)?;
    }
    Ok(())
}

/// The columns of an origin: iteration, checkpoint, time, and what made it.
fn head(origin: &BlameOrigin) -> [String; 4] {
    let iteration = &origin.iteration;
    let said = match (&origin.prompt, &origin.message[..]) {
        (Some(prompt), _) => prompt.text.clone(),
        (None, "") => origin.kind.name().to_owned(),
        (None, message) => message.to_owned(),
    };
    let line = said.lines().next().unwrap_or_default();
    let said: String = line.chars().take(MESSAGE_CHARS).collect();
    let older = if origin.is_oldest { "<=" } else { "" };
    [
        format!("{older}{}", iteration.number),
        format!("checkpoint {}", iteration.checkpoint_number),
        time::human(Some(iteration.time)),
        quote::text(&said).into_owned(),
    ]
}
