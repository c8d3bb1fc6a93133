//! What a model is sent: instructions, tools, sandbox state, the request, and what differs.

use pyo3::prelude::*;

use partita::Json;
use partita::context::{Dialect, Piece, RenderOptions, Tool};

use crate::batch::Batch;
use crate::error::{OrRaise as _, invalid};
use crate::history::Checkpoint;
use crate::json::{Dict, object, to_json};
use crate::session::Session;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::value::value;

pub(crate) fn dialect_of(name: &str) -> PyResult<Dialect> {
    Dialect::from_name(name).ok_or_else(|| {
        let names = Dialect::ALL.map(Dialect::name).join(", ");
        invalid(format!("a dialect is one of {names}; got {name:?}"))
    })
}

/// Hands a request over: a dict with more to say.
pub(crate) fn request<'py>(
    py: Python<'py>,
    request: &partita::context::Request,
) -> PyResult<Bound<'py, PyAny>> {
    let mends = request.mends.iter().map(|mend| Mend {
        memory: mend.memory,
        what: mend.what.clone(),
        shape: Shape::of(mend.clone()),
    });
    let mends: Vec<Mend> = mends.collect();
    let body = object(py, &request.body)?;
    let made = (body, request.dialect.name(), mends, request.cache_points.clone());
    py.import("partita._documents")?.getattr("Request")?.call1(made)
}

value! {
    /// What was done to a prompt so that an API takes it.
    Mend: shaped {
        /// The number of the memory that it was done to; 0 for what is no memory's.
        memory: u64,
        /// What was done, and why.
        what: String,
    }
}

value! {
    /// One thing in a prompt that tokens are spent on, and its texts.
    ContextItem: shaped {
        /// ``"instructions"``, ``"tools"``, ``"memories"``, ``"files"`` or ``"sandbox"``.
        source: String,
        /// Which one: ``instructions``, ``sandbox``, a tool's name, a memory's number,
        /// ``PATH@ITERATION`` of a file.
        key: String,
        /// The texts that are sent of it, in their order; of a tool its name, description and schema.
        texts: Vec<String>,
    }
}

impl From<partita::context::Item> for ContextItem {
    fn from(mut item: partita::context::Item) -> Self {
        let mut texts = Vec::new();
        // What only another dialect sends is shown as that sends it.
        let others = std::mem::take(&mut item.others).into_iter().map(|(_, pieces)| pieces);
        let sent = std::iter::once(std::mem::take(&mut item.pieces))
            .chain(others)
            .find(|pieces| !pieces.is_empty());
        for piece in sent.unwrap_or_default() {
            match piece {
                Piece::Message { texts: said, blocks, .. } => {
                    texts.extend(said);
                    texts.extend(blocks.into_iter().flat_map(|block| block.texts));
                }
                Piece::Tool { name, description, schema } => {
                    texts.extend([name, description, schema.to_string()]);
                }
                _ => {}
            }
        }
        ContextItem {
            source: item.source.name().to_owned(),
            key: item.key.to_word(),
            texts,
            shape: Shape::of(item),
        }
    }
}

value! {
    /// What a model sees otherwise from one state to another.
    ContextDiff: shaped {
        /// Items that came, in the order of the request.
        added: Vec<ContextItem>,
        /// Items that went.
        removed: Vec<ContextItem>,
        /// Items that changed, old and new.
        changed: Vec<(ContextItem, ContextItem)>,
        /// How many items stand unchanged at the beginning; none if nothing differs. From there on a
        /// prompt cache has nothing to offer.
        first_changed: Option<usize>,
    }
}

/// The same without the texts, of which its shape has none.
fn slim(diff: &partita::context::ContextDiff) -> partita::context::ContextDiff {
    let slim = |item: &partita::context::Item| partita::context::Item {
        source: item.source,
        key: item.key.clone(),
        pieces: Vec::new(),
        others: Vec::new(),
    };
    let all = |items: &[partita::context::Item]| items.iter().map(slim).collect();
    let mut slimmer = partita::context::ContextDiff::default();
    (slimmer.added, slimmer.removed) = (all(&diff.added), all(&diff.removed));
    slimmer.changed = diff.changed.iter().map(|(old, new)| (slim(old), slim(new))).collect();
    slimmer.first_changed = diff.first_changed;
    slimmer
}

fn tools_of(tools: &Bound<'_, PyAny>) -> PyResult<Vec<Tool>> {
    Tool::parse_list(&to_json(tools, "tools")?).or_raise()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn dicts(tools: Vec<Tool>) -> Vec<Dict> {
    tools.iter().map(|tool| Dict(Tool::to_json(tool))).collect()
}

fn checkpoint(info: Option<partita::history::CheckpointInfo>) -> Option<Checkpoint> {
    info.as_ref().map(Checkpoint::from)
}

#[pymethods]
impl Session {
    /// The latest system instructions; empty where none are set.
    #[getter]
    fn instructions(&self, py: Python<'_>) -> PyResult<String> {
        Ok(text(self.0.run(py, |session| session.latest()?.instructions())?))
    }

    /// The latest tools that the model may call, each ``{name, description, schema}``.
    #[getter]
    fn tools(&self, py: Python<'_>) -> PyResult<Vec<Dict>> {
        Ok(dicts(self.0.run(py, |session| session.latest()?.tools())?))
    }

    /// What the model is told of its sandbox; empty where nothing is set.
    #[getter]
    fn sandbox_state(&self, py: Python<'_>) -> PyResult<String> {
        Ok(text(self.0.run(py, |session| session.latest()?.sandbox_state())?))
    }

    /// Sets the system instructions; an empty text takes them away. Returns the newest checkpoint.
    fn set_instructions(&self, py: Python<'_>, text: String) -> PyResult<Option<Checkpoint>> {
        Ok(checkpoint(self.0.run(py, |session| session.set_instructions(text))?))
    }

    /// Sets the tools that the model may call, as any provider writes them; none take them away.
    ///
    /// Raises ``Invalid``, saying which tool and why.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> tool = {"name": "ls", "description": "Lists files.", "input_schema": {"type": "object"}}
    /// >>> session.set_tools([tool]).number
    /// 1
    /// >>> session.tools
    /// [{'name': 'ls', 'description': 'Lists files.', 'schema': {'type': 'object'}}]
    #[pyo3(signature = (tools: "list[dict[str, typing.Any]]") -> "Checkpoint | None")]
    fn set_tools(&self, py: Python<'_>, tools: &Bound<'_, PyAny>) -> PyResult<Option<Checkpoint>> {
        let tools = tools_of(tools)?;
        Ok(checkpoint(self.0.run(py, |session| session.set_tools(&tools))?))
    }

    /// Sets what the model is told of its sandbox; an empty text takes it away.
    fn set_sandbox_state(&self, py: Python<'_>, text: String) -> PyResult<Option<Checkpoint>> {
        Ok(checkpoint(self.0.run(py, |session| session.set_sandbox_state(text))?))
    }

    /// Renders the request for a provider's model from the newest state: valid by construction,
    /// whatever was forgotten, hidden or compacted, and whatever a crash left open.
    ///
    /// ``dialect`` is ``"anthropic"``, ``"openai-chat"``, ``"openai-responses"`` or ``"gemini"``. What is
    /// returned is the part of the body that is of messages, instructions and tools, as a dict to
    /// which the host adds the model; ``cache_points`` marks Anthropic's with ``cache_control``.
    /// ``end_with_user`` puts a user's text behind a last turn of the model's, which newer models of
    /// Anthropic's and Gemini refuse; without it ``mends`` tells of such a turn.
    /// ``without_stale`` leaves out the claims whose evidence is stale.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.remember("Hello.")
    /// >>> session.context("openai-chat")
    /// {'messages': [{'role': 'user', 'content': 'Hello.'}]}
    #[pyo3(signature = (dialect, *, cache_points = true, end_with_user = false, without_stale = false) -> "partita._documents.Request")]
    fn context<'py>(
        &self,
        py: Python<'py>,
        dialect: &str,
        cache_points: bool,
        end_with_user: bool,
        without_stale: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (dialect, options) = (dialect_of(dialect)?, options(cache_points, end_with_user));
        let made = self
            .0
            .run(py, |session| rendered(&session.latest()?, dialect, &options, without_stale))?;
        request(py, &made)
    }
}

fn rendered(
    snapshot: &partita::Snapshot,
    dialect: Dialect,
    options: &RenderOptions,
    without_stale: bool,
) -> partita::Result<partita::context::Request> {
    let prompt =
        if without_stale { snapshot.prompt_without_stale()? } else { snapshot.prompt()? };
    Ok(prompt.render_with(dialect, options))
}

pub(crate) fn options(cache_points: bool, end_with_user: bool) -> RenderOptions {
    RenderOptions::default().with_cache_points(cache_points).with_end_with_user(end_with_user)
}

#[pymethods]
impl Snapshot {
    /// The system instructions; empty where none are set.
    #[getter]
    fn instructions(&self, py: Python<'_>) -> PyResult<String> {
        Ok(text(self.0.run(py, partita::Snapshot::instructions)?))
    }

    /// The tools that the model may call, each ``{name, description, schema}``.
    #[getter]
    fn tools(&self, py: Python<'_>) -> PyResult<Vec<Dict>> {
        Ok(dicts(self.0.run(py, partita::Snapshot::tools)?))
    }

    /// What the model is told of its sandbox; empty where nothing is set.
    #[getter]
    fn sandbox_state(&self, py: Python<'_>) -> PyResult<String> {
        Ok(text(self.0.run(py, partita::Snapshot::sandbox_state)?))
    }

    /// Renders the request for a provider's model, as ``Session.context()``.
    #[pyo3(signature = (dialect, *, cache_points = true, end_with_user = false, without_stale = false) -> "partita._documents.Request")]
    fn context<'py>(
        &self,
        py: Python<'py>,
        dialect: &str,
        cache_points: bool,
        end_with_user: bool,
        without_stale: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (dialect, options) = (dialect_of(dialect)?, options(cache_points, end_with_user));
        let made =
            self.0.run(py, |snapshot| rendered(snapshot, dialect, &options, without_stale))?;
        request(py, &made)
    }

    /// Tells what a model sees otherwise in another state than in this one.
    fn context_diff(&self, py: Python<'_>, other: &Snapshot) -> PyResult<ContextDiff> {
        let other = other.0.get()?;
        let diff = self.0.run(py, |snapshot| snapshot.context_diff(other))?;
        let items =
            |items: Vec<partita::context::Item>| items.into_iter().map(ContextItem::from).collect();
        Ok(ContextDiff {
            shape: Shape::of(slim(&diff)),
            added: items(diff.added),
            removed: items(diff.removed),
            changed: diff.changed.into_iter().map(|(old, new)| (old.into(), new.into())).collect(),
            first_changed: diff.first_changed,
        })
    }
}

#[pymethods]
impl Batch {
    /// Sets the system instructions; an empty text takes them away.
    fn set_instructions(&self, py: Python<'_>, text: String) -> PyResult<()> {
        self.edit(py, |batch| batch.set_instructions(text))
    }

    /// Sets the tools that the model may call, as any provider writes them.
    #[pyo3(signature = (tools: "list[dict[str, typing.Any]]") -> "None")]
    fn set_tools(&self, py: Python<'_>, tools: &Bound<'_, PyAny>) -> PyResult<()> {
        let tools = tools_of(tools)?;
        self.edit(py, |batch| batch.set_tools(&tools))
    }

    /// Sets what the model is told of its sandbox; an empty text takes it away.
    fn set_sandbox_state(&self, py: Python<'_>, text: String) -> PyResult<()> {
        self.edit(py, |batch| batch.set_sandbox_state(text))
    }
}

/// Hands an export over: a dict with more to say.
pub(crate) fn document<'py>(
    py: Python<'py>,
    document: &Json,
    report: impl IntoPyObject<'py>,
    purged: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let made = (object(py, document)?, report, purged);
    py.import("partita._documents")?.getattr("Export")?.call1(made)
}
