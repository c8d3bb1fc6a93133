//! The five sources that a prompt's tokens come from.

use std::fmt;

/// What tokens of a prompt are spent on.
///
/// ```
/// use partita::context::Source;
/// assert_eq!(Source::Files.name(), "files");
/// assert_eq!(Source::ALL.len(), 5);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// What the host tells the model to be and to do.
    Instructions,
    /// Names, descriptions and schemas of the tools.
    Tools,
    /// The dialog in view.
    Memories,
    /// File iterations in view.
    Files,
    /// What the model is told of its sandbox.
    Sandbox,
}

impl Source {
    /// Every source, in the order of declaration.
    pub const ALL: [Source; 5] =
        [Source::Instructions, Source::Tools, Source::Memories, Source::Files, Source::Sandbox];

    /// Returns the name that listings and JSON show.
    pub fn name(self) -> &'static str {
        match self {
            Source::Instructions => "instructions",
            Source::Tools => "tools",
            Source::Memories => "memories",
            Source::Files => "files",
            Source::Sandbox => "sandbox",
        }
    }

    /// Returns the source of a name, or nothing for any other text.
    pub fn from_name(name: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.name() == name)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_sources_and_numbers_are_places() {
        for (at, source) in Source::ALL.into_iter().enumerate() {
            assert_eq!(Source::from_name(source.name()), Some(source));
            assert_eq!(source as usize, at);
        }
        assert_eq!(Source::from_name("Files"), None);
    }
}
