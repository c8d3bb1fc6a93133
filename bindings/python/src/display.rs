//! Displays: what notebooks show of stores, sessions and diffs.

use pyo3::prelude::*;

use partita::display;
use partita::limits::DISPLAY_GRAPH_ROWS_MAX;

use crate::budget::Capacity;
use crate::convert::Whole;
use crate::counter::{AnyCounter, counting_in};
use crate::diff::Diff;
use crate::session::Session;
use crate::store::Store;
use crate::value::value;

value! {
    /// The newest checkpoints of a session, and the forks that began from them, drawn: notebooks show
    /// it as SVG, ``print`` as text.
    Graph: drawn {
        /// The graph as SVG.
        svg: String,
        /// The graph as text, one checkpoint a line.
        text: String,
    }

    fn _repr_svg_(&self) -> &str {
        &self.svg
    }

    fn __str__(&self) -> &str {
        &self.text
    }

    fn __repr__(&self) -> String {
        format!("<Graph>\n{}", self.text.trim_end())
    }
}

#[pymethods]
impl Session {
    /// Draws the newest checkpoints and the forks that began from them.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("fix")
    /// >>> _ = session.write("a", "1")
    /// >>> str(session.graph()).split()[:2]
    /// ['@', '1']
    fn graph(&self, py: Python<'_>) -> PyResult<Graph> {
        self.0.run(py, |session| {
            let svg = display::dag_svg(session)?;
            let text =
                display::graph_text(session, DISPLAY_GRAPH_ROWS_MAX, display::Lines::Unicode)?;
            Ok(Graph { svg, text })
        })
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        self.0.run(py, display::session_html)
    }

    fn _repr_svg_(&self, py: Python<'_>) -> PyResult<String> {
        self.0.run(py, display::dag_svg)
    }

    /// Returns one page, complete in itself, that tells all of the session: graph, timeline, capacity
    /// beside a limit of tokens, files with their iterations, memories.
    #[pyo3(signature = (*, limit = None,
        counter: "str | Counter | collections.abc.Callable[[str], int | Count]" = AnyCounter::default()),
        text_signature = "($self, *, limit=None, counter='o200k')")]
    fn report_html(
        &self,
        py: Python<'_>,
        limit: Option<Whole>,
        counter: AnyCounter,
    ) -> PyResult<String> {
        let limit = limit.map_or(partita::limits::BUDGET_TOKENS_MAX, |limit| limit.0);
        counting_in(py, &self.0, &counter, |session, counter| {
            display::report_html(session, &partita::budget::Budget::new(limit), counter)
        })
    }
}

#[pymethods]
impl Diff {
    /// Returns both versions side by side as HTML, under names.
    #[pyo3(signature = (*, old_name = "a", new_name = "b"))]
    fn html(&self, py: Python<'_>, old_name: &str, new_name: &str) -> String {
        py.detach(|| display::diff_html(&self.diff, old_name, new_name))
    }

    fn _repr_html_(&self, py: Python<'_>) -> String {
        self.html(py, "old", "new")
    }
}

#[pymethods]
impl Capacity {
    fn _repr_html_(&self) -> String {
        display::capacity_html(&self.inner())
    }
}

#[pymethods]
impl Store {
    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        self.handle()?.run(py, display::store_html)
    }
}
