//! What becomes, in a crash, of everything that no sync covers.

use std::fmt;
use std::str::FromStr;

/// What becomes of everything that no sync covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// All of it is lost.
    Dropped,
    /// All of it is there.
    Kept,
    /// The writes are there, the names are not.
    WritesAlone,
    /// The names are there, the writes are not.
    NamesAlone,
    /// The names are there, the files have their lengths, and zeros for bytes.
    Zeros,
    /// The writes are there as far as the files' old lengths go.
    OldLengths,
    /// The newest write alone is there.
    NewestAlone,
    /// All but the newest write is there.
    AllButNewest,
    /// Of each write the first sectors are there.
    Heads,
    /// Of each write the last sectors are there.
    Tails,
    /// Of all sectors, lengths and halves of changes of names those whose bits are set.
    Subset(u64),
    /// Each sector, each length and each change of names by chance, from a seed.
    Chance(u64),
}

impl Fate {
    /// The fates that need no number.
    pub const FIXED: [Fate; 10] = [
        Fate::Dropped,
        Fate::Kept,
        Fate::WritesAlone,
        Fate::NamesAlone,
        Fate::Zeros,
        Fate::OldLengths,
        Fate::NewestAlone,
        Fate::AllButNewest,
        Fate::Heads,
        Fate::Tails,
    ];

    pub(super) fn keeps_names(self) -> bool {
        !matches!(self, Fate::Dropped | Fate::WritesAlone)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Subset(bits) => write!(f, "subset-{bits}"),
            Fate::Chance(seed) => write!(f, "chance-{seed}"),
            fixed => f.write_str(&format!("{fixed:?}").to_lowercase()),
        }
    }
}

impl FromStr for Fate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.parse().map_err(|_| format!("no number: {digits}"));
        if let Some(bits) = text.strip_prefix("subset-") {
            return number(bits).map(Fate::Subset);
        }
        if let Some(seed) = text.strip_prefix("chance-") {
            return number(seed).map(Fate::Chance);
        }
        let fixed = Fate::FIXED.into_iter().find(|fate| fate.to_string() == text);
        fixed.ok_or_else(|| format!("no fate {text:?}"))
    }
}
