//! Merges as tables: what is in conflict, what was learned, what overlaps.

use super::number::counted;
use super::table::Table;
use crate::error::Result;
use crate::session::{Learned, Overlap, Snapshot};

/// Rows that a display shows of a listing.
const ROWS_MAX: usize = 200;

/// Lists the merge conflicts of a state with their sides, as a table that shows itself as text or HTML.
///
/// # Errors
/// `Corrupt` if a conflict cannot be read.
///
/// ```
/// use partita::merge::MergeOptions;
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.write("a", "1\n")?;
/// let fork = session.fork("t")?;
/// session.write("a", "2\n")?;
/// fork.write("a", "3\n")?;
/// session.merge(&[&fork], MergeOptions::new())?;
/// let table = partita::display::conflicts_table(&session.latest()?)?;
/// assert!(table.text().contains("s@2 against t@2"));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn conflicts_table(state: &Snapshot) -> Result<Table> {
    let mut table = Table::new("Conflicts", ["conflict", "conflicts"], &["path", "sides"]);
    let mut total = 0;
    for conflict in state.conflicts() {
        let conflict = conflict?;
        total += 1;
        if total <= ROWS_MAX as u64 {
            let path = conflict.path.to_string();
            let words = conflict.in_words();
            let sides = words.strip_prefix(&format!("{path}: ")).unwrap_or(&words).to_owned();
            table.row([path, sides]);
        }
    }
    table.count(total, false);
    Ok(table)
}

/// Lists what sessions know that another does not, a row of each: files, decisions, claims, and what
/// their dialogs would cost.
pub fn learned_table(learned: &[Learned]) -> Table {
    let columns = ["session", "files", "memories", "tokens", "decisions and claims"];
    let mut table = Table::new("Learned", ["session", "sessions"], &columns);
    for one in learned.iter().take(ROWS_MAX) {
        let files = one.files.iter().map(|change| change.path.to_string());
        let decisions = one
            .decisions
            .iter()
            .map(|entry| entry.memory.text().lines().next().unwrap_or_default().to_owned());
        let claims = one.claims.iter().map(|claim| format!("{} ({})", claim.text, claim.status));
        let told = decisions.chain(claims).collect::<Vec<_>>().join("; ");
        let count = counted(one.files.len() as u64, "file", "files");
        let files = match one.files.len() {
            0 => count,
            _ => format!("{count}: {}", files.take(3).collect::<Vec<_>>().join(", ")),
        };
        let memories = one.memories.to_string();
        table.row([one.session.clone(), files, memories, one.tokens.to_string(), told]);
    }
    table.count(learned.len() as u64, false);
    table
}

/// Lists the paths that sessions both changed.
pub fn overlap_table(overlaps: &[Overlap]) -> Table {
    let columns = ["session", "path", "what stands there"];
    let mut table = Table::new("Overlap", ["path", "paths"], &columns);
    for overlap in overlaps.iter().take(ROWS_MAX) {
        let alike = if overlap.is_alike { "is alike" } else { "differs" };
        table.row([overlap.session.clone(), overlap.path.to_string(), alike.to_owned()]);
    }
    table.count(overlaps.len() as u64, false);
    table
}
