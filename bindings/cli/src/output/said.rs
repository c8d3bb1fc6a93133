//! What a memory says: its text, its calls and its results, and a line of them for a table.

use partita::{Body, ErrorKind, Memory, Part, Result, Store};

/// Letters of a memory that a table shows.
const LETTERS: usize = 100;

/// What a memory says.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The texts, a line break between them; what was purged is left out.
    pub(crate) text: String,
    /// The thoughts.
    pub(crate) thoughts: String,
    /// The calls: id and tool.
    pub(crate) calls: Vec<(String, String)>,
    /// The results: the call's id, and whether the tool failed.
    pub(crate) results: Vec<(String, bool)>,
    /// Media: type and size in bytes, where it is known.
    pub(crate) media: Vec<String>,
}

impl Said {
    /// Reads what a memory says.
    pub(crate) fn read(store: &Store, memory: &Memory) -> Result<Said> {
        let mut said = Said::default();
        for part in &memory.parts {
            match part {
                Part::Text(body) => append(&mut said.text, store, body)?,
                Part::Thinking { text, .. } => append(&mut said.thoughts, store, text)?,
                Part::Call { id, name, .. } => said.calls.push((id.clone(), name.clone())),
                Part::Result { call, error, .. } => said.results.push((call.clone(), *error)),
                Part::Media { media_type, .. } => said.media.push(media_type.clone()),
                _ => {}
            }
        }
        Ok(said)
    }

    /// Returns the beginning of it as one line, not yet fit for a terminal.
    pub(crate) fn line(&self) -> String {
        let mut pieces = Vec::new();
        for (call, error) in &self.results {
            pieces.push(format!("[{} of {call}]", if *error { "error" } else { "result" }));
        }
        let first = |text: &str| {
            let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
            Some(line.to_owned())
        };
        pieces.extend(first(&self.text));
        pieces.extend(self.calls.iter().map(|(_, name)| format!("[calls {name}]")));
        pieces.extend(self.media.iter().map(|media_type| format!("[{media_type}]")));
        if pieces.is_empty() {
            pieces.extend(first(&self.thoughts).map(|thought| format!("[thinks] {thought}")));
        }
        clip(&pieces.join(" "))
    }
}

/// Shortens a line to what a table shows.
pub(crate) fn clip(line: &str) -> String {
    let mut clipped: String = line.chars().take(LETTERS).collect();
    if clipped.len() < line.len() {
        clipped.push_str("...");
    }
    clipped
}

fn append(to: &mut String, store: &Store, body: &Body) -> Result<()> {
    let bytes = match store.read_body(body) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::Purged => return Ok(()),
        Err(error) => return Err(error),
    };
    if !to.is_empty() {
        to.push('\n');
    }
    to.push_str(&String::from_utf8_lossy(&bytes));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_results_texts_and_calls_and_is_short() {
        let store = Store::in_memory().unwrap();
        let line = |memory: &Memory| Said::read(&store, memory).unwrap().line();
        assert_eq!(line(&Memory::user("\n  one\ntwo")), "one");
        assert_eq!(line(&Memory::tool("c1", "done")), "[result of c1] done");
        let call = Part::Call { id: "c".into(), name: "ls".into(), arguments: Body::new("{}") };
        assert_eq!(line(&Memory::assistant("I look.").with_part(call)), "I look. [calls ls]");
        for (letters, end) in [(LETTERS, "x"), (LETTERS + 1, "x...")] {
            let shown = line(&Memory::user("x".repeat(letters)));
            assert!(shown.ends_with(end) && shown.len() <= LETTERS + 3, "{shown}");
        }
    }
}
