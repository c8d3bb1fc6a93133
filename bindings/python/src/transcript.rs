//! Transcripts: the dialogs of other agents into a session, and a session's for others.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use partita::interop::{ExportFormat, Format, Transcripts, read};
use partita::{Error, ErrorKind};

use crate::context::document;
use crate::convert::{Data, Whole};
use crate::error::{OrRaise as _, invalid};
use crate::path::DiskPath;
use crate::session::Session;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::upkeep::Attention;
use crate::value::value;

/// Bytes that are read at once.
const READ_BYTES: usize = 1 << 16;

/// How often signals are looked for while a transcript is taken apart.
const LOOK: Duration = Duration::from_millis(50);

value! {
    /// What was mended or refused of a source.
    Remarks: shaped {
        /// How many there are in all.
        count: u64,
        /// The first of them: where, and what was done or why it was not taken.
        first: Vec<(String, String)>,
    }
}

impl From<&partita::interop::Remarks> for Remarks {
    fn from(remarks: &partita::interop::Remarks) -> Self {
        let first = remarks.first.iter();
        let first = first.map(|remark| (remark.at.to_string(), remark.what.clone()));
        Remarks { count: remarks.count, first: first.collect(), shape: Shape::of(remarks.clone()) }
    }
}

value! {
    /// What became of everything in a source: nothing is dropped in silence.
    Report: shaped {
        /// Memories that were made.
        kept: u64,
        /// What was kept otherwise than it stood, or stands oddly.
        mended: Remarks,
        /// What was not taken though it should have been.
        refused: Remarks,
        /// What was left out on purpose, by kind: what, why, how many.
        skipped: Vec<(String, String, u64)>,
        /// Memories that wait for a response to end, which is the one that is named.
        waiting: Remarks,
    }
}

impl From<&partita::interop::Report> for Report {
    fn from(report: &partita::interop::Report) -> Self {
        let skipped = report.skipped.iter();
        let skipped = skipped.map(|row| (row.what.clone(), row.why.to_owned(), row.count));
        Report {
            kept: report.kept,
            mended: (&report.mended).into(),
            refused: (&report.refused).into(),
            skipped: skipped.collect(),
            waiting: (&report.waiting).into(),
            shape: Shape::of(report.clone()),
        }
    }
}

value! {
    /// What an import of a transcript did.
    TranscriptImport: shaped {
        /// How the source is written.
        format: String,
        /// Which of its conversations it was: empty for the only or main one.
        conversation: String,
        /// Memories that it added.
        new: u64,
        /// Memories that the session had, or that were purged from it.
        known: u64,
        /// Memories that it took out of the view, for the recording's writer gave them up.
        given_up: u64,
        /// Whether it set the instructions.
        instructions: bool,
        /// How many tools it set; none where it set no tools.
        tools: Option<u64>,
        /// Why tools were left out, one line each.
        tools_left_out: Vec<String>,
        /// What became of everything in the conversation.
        report: Report,
        /// The other conversations of the source: number, name, memories.
        others: Vec<(u64, String, u64)>,
    }
}

/// Where a transcript is read from.
enum Source<'a> {
    File(File),
    /// A file of Python's.
    Object(&'a Py<PyAny>),
}

/// A file that is read until somebody says stop.
struct Stoppable<R> {
    from: R,
    stopped: Arc<AtomicBool>,
}

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stopped.load(Ordering::Relaxed) {
            true => Err(io::Error::other("interrupted")),
            false => self.from.read(buffer),
        }
    }
}

/// What the thread that takes a transcript apart says to the one that waits for it.
enum Said {
    /// It has come to the end of what it was handed.
    More,
    Done(partita::Result<Transcripts>),
}

/// A file that is handed over piece by piece, whenever more is asked for; an empty one is its end.
struct Handed {
    ask: mpsc::Sender<Said>,
    pieces: mpsc::Receiver<Vec<u8>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for Handed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.piece.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        // Nobody waits any more, or hands anything over.
        let interrupted = || io::Error::other("interrupted");
        self.ask.send(Said::More).map_err(|_| interrupted())?;
        self.piece = io::Cursor::new(self.pieces.recv().map_err(|_| interrupted())?);
        self.piece.read(buffer)
    }
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Io, "interrupted; nothing was changed")
}

/// Reads a transcript in a thread of its own, so that signals are attended to while a large document
/// is taken apart. A thread that is not waited for comes to its end by itself and knows nothing of
/// Python: a file of Python's is read here, as the thread asks for more.
fn read_aside(
    source: Source<'_>,
    format: Option<Format>,
    attention: &Attention<'_>,
) -> partita::Result<Transcripts> {
    let stopped = Arc::new(AtomicBool::new(false));
    let (say, hear) = mpsc::channel();
    let (hand, pieces) = mpsc::channel();
    let (reader, object): (Box<dyn Read + Send>, _) = match source {
        Source::File(from) => (Box::new(Stoppable { from, stopped: stopped.clone() }), None),
        Source::Object(object) => {
            let piece = io::Cursor::default();
            (Box::new(Handed { ask: say.clone(), pieces, piece }), Some(object))
        }
    };
    std::thread::Builder::new()
        .spawn(move || {
            say.send(Said::Done(read(BufReader::with_capacity(READ_BYTES, reader), format)))
        })
        .map_err(|error| Error::new(ErrorKind::Io, "cannot begin a thread").with_source(error))?;
    loop {
        match (hear.recv_timeout(LOOK), object) {
            (Ok(Said::Done(result)), _) => return result,
            (Ok(Said::More), Some(object)) if attention.look().is_continue() => {
                // A thread that is gone says what it came to.
                let _ = hand.send(piece_of(object).map_err(|error| {
                    attention.raise(error);
                    interrupted()
                })?);
            }
            (Err(RecvTimeoutError::Timeout), _) if attention.look().is_continue() => {}
            _ => {
                stopped.store(true, Ordering::Relaxed);
                return Err(interrupted());
            }
        }
    }
}

/// Reads a piece of a file of Python's, as bytes or as text; an empty one is its end.
fn piece_of(object: &Py<PyAny>) -> PyResult<Vec<u8>> {
    Python::attach(|py| {
        let piece = object.bind(py).call_method1(intern!(py, "read"), (READ_BYTES,))?;
        let (bytes, len) = match piece.cast::<PyString>() {
            Ok(text) => {
                let utf8 = text.to_cow().map_err(|_| {
                    invalid("read() gave a text with a lone surrogate: open the file for bytes")
                })?;
                (utf8.into_owned().into_bytes(), text.len()?)
            }
            Err(_) => {
                let data = piece.extract::<Data>().map_err(|error| {
                    let what = error.value(py);
                    PyTypeError::new_err(format!("read() of a file that is open: {what}"))
                })?;
                (data.as_bytes().to_vec(), data.as_bytes().len())
            }
        };
        match len <= READ_BYTES {
            true => Ok(bytes),
            false => Err(invalid(format!(
                "read({READ_BYTES}) gave {len}: a file gives at most as much as it is asked for"
            ))),
        }
    })
}

fn open(path: &std::path::Path) -> partita::Result<File> {
    File::open(path).map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Error::new(kind, format!("cannot read {}", path.display())).with_source(error)
    })
}

#[pymethods]
impl Session {
    /// Records what the session lacks of another agent's dialog, in batches: each is one durable
    /// checkpoint, so what ends an import halfway, a ``KeyboardInterrupt`` or what ``progress``
    /// raises, loses nothing, and another import goes on from there. The first import also takes
    /// over instructions and tools, into a session that has none.
    ///
    /// ``source`` is a path, or what is open for reading bytes or text: its ``read(size)`` is called
    /// from here, piece by piece, and what it raises is raised. Nothing is recorded before the source
    /// is read to its end. ``format`` is ``"amp"``, ``"anthropic"``, ``"atif"``, ``"bedrock"``,
    /// ``"chatgpt"``, ``"claude-code"``, ``"codex"`` (which is ``"openai-responses"``), ``"codex-exec"``,
    /// ``"copilot"``, ``"gemini"``, ``"goose"``, ``"langchain"``, ``"openai-chat"``, ``"openai-responses"``,
    /// ``"opencode"``, ``"openhands"``, ``"openhands-v0"``, ``"pi"``, ``"swe-agent"`` or ``"vercel"``; guessed
    /// unless given. ``conversation`` says which one of several, from 1. ``final`` says that nothing more
    /// comes: without it a response whose end the source does not show waits, with all behind it, for the
    /// next import. ``partial`` also takes a conversation of which more messages are refused than can be
    /// kept. ``name`` is what the checkpoints' messages call the source.
    /// ``progress(done, total)``, in memories, is called a few times a second.
    ///
    /// Raises ``Invalid``, with the place, for what is no transcript, and where several
    /// conversations are there to choose from.
    ///
    /// >>> import io, partita
    /// >>> session = partita.Store.in_memory().session("chat")
    /// >>> text = '[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]'
    /// >>> session.import_transcript(io.StringIO(text)).new
    /// 2
    /// >>> session.import_transcript(io.StringIO(text)).known
    /// 2
    #[pyo3(signature = (source: "str | os.PathLike[str] | typing.IO[bytes] | typing.IO[str]", *,
        format = "auto", conversation = None, r#final = false, partial = false, name = None,
        progress: "collections.abc.Callable[[int, int], object] | None" = None) -> "TranscriptImport")]
    fn import_transcript(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        format: &str,
        conversation: Option<Whole>,
        r#final: bool,
        partial: bool,
        name: Option<String>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<TranscriptImport> {
        let format: Option<Format> = match format {
            "auto" => None,
            name => Some(name.parse().or_raise()?),
        };
        let path: Option<PathBuf> = match source.hasattr(intern!(py, "read"))? {
            true => None,
            false => Some(source.extract::<DiskPath>()?.0),
        };
        let source = source.as_unbound();
        let shown = path.as_ref().map(|path| path.display().to_string());
        let name = name.unwrap_or_else(|| {
            let file = path.as_ref().and_then(|path| path.file_name());
            file.map_or_else(|| "a file".to_owned(), |name| name.to_string_lossy().into_owned())
        });
        let session = self.0.get()?;
        let attention = Attention::new(progress.as_ref());
        let result = py.detach(|| {
            let in_source = |error: Error| match &shown {
                Some(shown) => error.context(shown),
                None => error,
            };
            let source = match &path {
                Some(path) => Source::File(open(path)?),
                None => Source::Object(source),
            };
            let source = read_aside(source, format, &attention).map_err(in_source)?;
            let source = if r#final { source.ended() } else { source };
            let source = if partial { source.partial() } else { source };
            let chosen = source.choose(conversation.map(Whole::size)).map_err(in_source)?;
            let transcript = &source.transcripts[chosen];
            let done = session.import_transcript(transcript, &name, &mut |told| {
                attention.tell(told.done, told.total)
            })?;
            let others = source.transcripts.iter().enumerate().filter(|(at, _)| *at != chosen);
            let others =
                others.map(|(at, other)| (at as u64 + 1, other.name.clone(), other.report.kept));
            Ok(TranscriptImport {
                shape: Shape::of(done.clone()),
                format: source.format.name().to_owned(),
                conversation: transcript.name.clone(),
                new: done.new,
                known: done.known,
                given_up: done.given_up,
                instructions: done.instructions,
                tools: done.tools,
                tools_left_out: done.tools_left_out,
                report: (&transcript.report).into(),
                others: others.collect(),
            })
        });
        attention.end(result)
    }

    /// Writes the latest dialog as another tool reads it, as a dict: ``"openai-chat"`` messages, or
    /// ``"atif"``, harbor's trajectories. A record, not a request: calls and results stand as they
    /// were. ``report`` tells what had no place, ``purged`` how many memories are left out for that.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("chat")
    /// >>> _ = session.remember("hi")
    /// >>> session.export()
    /// {'messages': [{'role': 'user', 'content': 'hi'}]}
    #[pyo3(signature = (format = "openai-chat") -> "partita._documents.Export")]
    fn export<'py>(&self, py: Python<'py>, format: &str) -> PyResult<Bound<'py, PyAny>> {
        let format: ExportFormat = format.parse().or_raise()?;
        let (export, purged) =
            self.0.run(py, |session| session.latest()?.export(session.name(), format))?;
        document(py, &export.document, Report::from(&export.report), purged)
    }
}

#[pymethods]
impl Snapshot {
    /// Writes the dialog as another tool reads it, as ``Session.export()``; ``name`` is what an
    /// ``"atif"`` calls the session.
    #[pyo3(signature = (format = "openai-chat", *, name = "") -> "partita._documents.Export")]
    fn export<'py>(
        &self,
        py: Python<'py>,
        format: &str,
        name: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let format: ExportFormat = format.parse().or_raise()?;
        let (export, purged) = self.0.run(py, |snapshot| snapshot.export(name, format))?;
        document(py, &export.document, Report::from(&export.report), purged)
    }
}
