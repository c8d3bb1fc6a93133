//! What listings show of themselves: their first rows and how many there are. Nothing is taken out of
//! an iterator that is shown.

use partita::display::Table;

use crate::handle::Handle;

/// Rows that are shown.
const SHOWN: usize = 10;

/// Rows that are counted; of more it is said that there are more.
const COUNTED: u64 = 1_000;

/// Fills a table from the rows of a listing, each told by `texts`.
pub(crate) fn fill<T, R: IntoIterator<Item = String>>(
    mut table: Table,
    mut rows: impl Iterator<Item = partita::Result<T>>,
    texts: impl Fn(T) -> partita::Result<R>,
) -> partita::Result<Table> {
    for row in rows.by_ref().take(SHOWN) {
        table.row(texts(row?)?);
    }
    let mut total = SHOWN as u64;
    for row in rows {
        row?;
        if total == COUNTED {
            table.count(total, true);
            return Ok(table);
        }
        total += 1;
    }
    if total > SHOWN as u64 {
        table.count(total, false);
    }
    Ok(table)
}

/// A listing that shows itself.
pub(crate) trait Shows {
    /// What it is called.
    const NAME: &'static str;

    /// What the core is asked by.
    type Asked: Sync;

    fn asked(&self) -> &Handle<Self::Asked>;

    fn table(&self, of: &Self::Asked) -> partita::Result<Table>;
}

/// Shows a listing as text; one of a store that is closed says so.
pub(crate) fn text<S: Shows + Sync>(py: pyo3::Python<'_>, listing: &S) -> pyo3::PyResult<String> {
    match listing.asked().shown(S::NAME) {
        Ok(_) => listing.asked().run(py, |of| Ok(listing.table(of)?.text())),
        Err(gone) => Ok(gone),
    }
}

/// Shows a listing as HTML.
pub(crate) fn html<S: Shows + Sync>(py: pyo3::Python<'_>, listing: &S) -> pyo3::PyResult<String> {
    listing.asked().run(py, |of| Ok(listing.table(of)?.html()))
}
