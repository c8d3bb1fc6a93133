//! Integration: a new session that begins as the union of several.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::id::OperationId;
use crate::object::OperationKind;
use crate::session::batch::Batch;
use crate::session::change::sessions::taken;
use crate::session::handle::{NewOperation, Session};
use crate::session::line::chain::Link;
use crate::session::line::info::CheckpointInfo;
use crate::session::line::names::check_name;
use crate::session::line::point::{Head, Point};
use crate::session::merge::join::{names, prepare};
use crate::session::merge::options::{MergeOptions, MergeReport};
use crate::store::refs::session_ref;
use crate::store::{Expected, Store};

impl Store {
    /// Begins a session that has everything several have, in one durable commit: a fork of the first
    /// into which the others are merged, as [`Session::merge`] does. Its checkpoint has all of them as
    /// parents.
    ///
    /// # Errors
    /// `AlreadyExists` if there is a session of this name, `Invalid` for a name that breaks a rule,
    /// else as [`Session::merge`].
    ///
    /// ```
    /// use partita::merge::MergeOptions;
    /// let store = partita::Store::in_memory()?;
    /// let parser = store.session("parser")?;
    /// parser.write("README.md", "A parser.\n")?;
    /// let (lexer, printer) = (parser.fork("lexer")?, parser.fork("printer")?);
    /// lexer.write("lexer.rs", "struct Lexer;\n")?;
    /// printer.write("printer.rs", "struct Printer;\n")?;
    /// let (both, report) = store.integrate("both", &[&lexer, &printer], MergeOptions::new())?;
    /// assert!(report.is_clean());
    /// assert_eq!(both.latest()?.files().count(), 3);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn integrate(
        &self,
        name: &str,
        sessions: &[&Session],
        options: MergeOptions<'_>,
    ) -> Result<(Session, MergeReport)> {
        check_name(name)?;
        let Some((first, others)) = sessions.split_first() else {
            return Err(Error::invalid("no session to integrate"));
        };
        if self.reference(&session_ref(name))?.is_some() {
            return Err(taken(name));
        }
        let mut batch = self.batch();
        let first = self.open_session(first.name())?.here(first)?;
        let head = first.head()?;
        let operation = first.fork_operation(&head, head.point())?;
        let id = batch.put(&operation, None);
        first.bequeath_horizon(&mut batch, OperationId::new(id), head.point())?;
        let begun = Link { id, value: Arc::new(operation) };
        let nonce = begun.value.nonce.clone();
        let point = head.point.clone();
        let head = Head { operation: begun, point };
        let mut fork = Session::new(self, name, head.clone()).with_actor(&first.actor);
        fork.nonce = nonce.into();
        let batch = Batch::of(fork.clone(), Arc::new(head), batch);
        let others = match others.is_empty() {
            true => Vec::new(),
            false => first.others(others)?,
        };
        let message = names(sessions);
        let prepared = prepare(&fork, first.name(), batch, others, options)?;
        let (mut batch, mut report) = (prepared.batch, prepared.report);
        let built = batch.draft.build(&mut batch.batch, batch.head.point(), false)?;
        let mut newest = batch.head.operation.id;
        if let Some(point) = &built.point {
            let new = NewOperation { message, ..NewOperation::new(OperationKind::Merge) };
            let operation = fork.next_operation(&batch.head, Some(point), new)?;
            newest = batch.batch.put(&operation, Some(newest));
        }
        batch.batch.set_ref(session_ref(name), Expected::Absent, Some(newest));
        if let Err(error) = batch.batch.commit() {
            let is_taken = error.kind() == ErrorKind::Conflict
                && self.reference(&session_ref(name))?.is_some();
            return Err(if is_taken { taken(name) } else { error });
        }
        let newest: Option<&Point> = built.point.as_ref().or(batch.head.point());
        report.checkpoint = newest.map(CheckpointInfo::of);
        report.changed = true;
        Ok((self.open_session(name)?.with_actor(&first.actor), report))
    }
}
