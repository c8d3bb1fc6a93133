//! What is printed: text for people, JSON for scripts.

pub(crate) mod json;
pub(crate) mod patch;
pub(crate) mod quote;
pub(crate) mod said;
pub(crate) mod table;
pub(crate) mod time;

use std::fmt;
use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write};

pub(crate) use anstyle::{AnsiColor, Style};
pub(crate) use partita::display::{counted, grouped};
use partita::{Error, ErrorKind};
use serde::Serialize;

use crate::args::Color;
use crate::failure::{Failure, Result};

impl From<serde_json::Error> for Failure {
    /// What is not the output's fault is that of the store, which a shape could not read.
    fn from(error: serde_json::Error) -> Failure {
        match error.is_io() {
            true => Failure::Output(error.into()),
            false => Failure::Refused(Error::new(ErrorKind::Corrupt, error.to_string())),
        }
    }
}

/// The standard output.
pub(crate) struct Output {
    out: BufWriter<StdoutLock<'static>>,
    terminal: bool,
    colored: bool,
}

impl Output {
    pub(crate) fn new(color: Color) -> Output {
        let out = io::stdout().lock();
        let terminal = out.is_terminal();
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                terminal && !refused && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Output { out: BufWriter::new(out), terminal, colored }
    }

    /// Tells whether a person looks on, whom stored bytes must not fool.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, line: impl fmt::Display) -> Result<()> {
        Ok(writeln!(self.out, "{line}")?)
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.out.write_all(bytes)?)
    }

    /// Writes a text in a style, where there is colour.
    pub(crate) fn styled(&mut self, style: Style, text: &[u8]) -> Result<()> {
        if self.colored {
            write!(self.out, "{style}")?;
            self.out.write_all(text)?;
            write!(self.out, "{style:#}")?;
        } else {
            self.out.write_all(text)?;
        }
        Ok(())
    }

    /// Writes one JSON value.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        self.json_text(&text)
    }

    /// Writes a line of JSON: as it is, but for what a terminal would obey, which shows as escapes.
    pub(crate) fn json_text(&mut self, text: &str) -> Result<()> {
        match self.terminal {
            true => self.line(quote::json(text)),
            false => self.line(text),
        }
    }

    /// Writes a JSON array, one item a line, as the items come.
    pub(crate) fn json_array<T: Serialize>(
        &mut self,
        items: impl IntoIterator<Item = Result<T>>,
    ) -> Result<()> {
        let mut before = "[";
        for item in items {
            let item = item?;
            write!(self.out, "{before}\n  ")?;
            let text = serde_json::to_string(&item)?;
            let shown = if self.terminal { quote::json(&text) } else { text.as_str().into() };
            self.out.write_all(shown.as_bytes())?;
            before = ",";
        }
        let end = if before == "[" { "[]\n" } else { "\n]\n" };
        Ok(self.out.write_all(end.as_bytes())?)
    }

    /// Writes a table, row by row as they come.
    pub(crate) fn table<const N: usize>(
        &mut self,
        align: [table::Align; N],
        rows: impl IntoIterator<Item = Result<[String; N]>>,
    ) -> Result<()> {
        let mut table = table::Table::new(align);
        for row in rows {
            match row {
                Ok(row) => table.row(&mut self.out, row)?,
                Err(failure) => {
                    table.finish(&mut self.out)?;
                    return Err(failure);
                }
            }
        }
        Ok(table.finish(&mut self.out)?)
    }

    /// Hands over what is buffered, and goes on.
    pub(crate) fn flush(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }

    /// Writes one JSON value on one line.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(value)?;
        self.json_text(&text)
    }

    /// Hands over what is buffered.
    pub(crate) fn finish(mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}

/// Says something beside the output, on the standard error.
pub(crate) fn note(note: &str) {
    // Nobody may listen there, which changes nothing.
    drop(writeln!(io::stderr(), "note: {note}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "memory", "memories"), "1 memory");
        assert_eq!(counted(2_000, "file", "files"), "2,000 files");
    }
}
