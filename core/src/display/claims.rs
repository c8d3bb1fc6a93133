//! Claims as a table: how each stands, and why.

use super::table::Table;
use crate::error::Result;
use crate::session::{ClaimEntry, ClaimStatus, Integrity, Snapshot};

/// Claims that a display shows; those that are not supported come first.
const CLAIMS_MAX: usize = 200;

/// Lists the claims of a state with how they stand and why, as a table that shows itself as text or
/// HTML. Those that are not supported come first.
///
/// # Errors
/// `Corrupt` if a claim or its evidence cannot be read.
///
/// ```
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.claim("it works", [])?;
/// let table = partita::display::claims_table(&session.latest()?)?;
/// assert!(table.text().contains("unsupported"));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn claims_table(state: &Snapshot) -> Result<Table> {
    let mut claims = state.claims()?;
    let total = claims.len() as u64;
    claims.sort_by_key(|claim| claim.status.is_supported());
    let mut table =
        Table::new("Claims", ["claim", "claims"], &["number", "status", "because", "claim"]);
    for claim in claims.iter().take(CLAIMS_MAX) {
        let status = claim.status.name().to_owned();
        table.row([claim.number.to_string(), status, because(claim), claim.text.clone()]);
    }
    table.count(total, false);
    Ok(table)
}

/// Why a claim stands as it does, in words.
fn because(claim: &ClaimEntry) -> String {
    let by = claim.decided_by.map(|number| format!("evidence {number}"));
    let by = by.unwrap_or_else(|| "no evidence".to_owned());
    let mut said = match (claim.status, &claim.stale_since) {
        (ClaimStatus::Stale, Some(since)) => {
            let iteration = since.iteration.map(|number| format!(" iteration {number}"));
            format!("{by} is stale since {}{}", since.path, iteration.unwrap_or_default())
        }
        (ClaimStatus::Stale, None) => format!("{by} is of other files"),
        (ClaimStatus::Supported, _) => format!("{by} passed"),
        (ClaimStatus::Refuted, _) => format!("{by} failed"),
        (ClaimStatus::Unsupported, _) => match claim.outcome {
            Some(outcome) => format!("its evidence is {outcome}"),
            None => by,
        },
    };
    if claim.integrity == Integrity::Lost {
        said.push_str("; what it kept is not whole any more");
    }
    said
}
