//! Progress of what takes long.

use std::ops::ControlFlow;

/// A function that is told how far a long call is, and ends it with `Break`. [`go_on`] is one that
/// never does.
///
/// ```
/// use std::ops::ControlFlow;
/// use partita::ErrorKind;
/// let store = partita::Store::in_memory()?;
/// store.session("s")?.write("a", "text")?;
/// let error = store.check(&mut |_| ControlFlow::Break(())).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Io);
/// # Ok::<(), partita::Error>(())
/// ```
pub type Progress<'a, P> = &'a mut (dyn FnMut(P) -> ControlFlow<()> + 'a);

/// Lets a long call go on to its end, however far it is.
///
/// ```
/// use partita::upkeep::go_on;
/// let store = partita::Store::in_memory()?;
/// assert!(store.check(&mut go_on)?.is_ok());
/// # Ok::<(), partita::Error>(())
/// ```
pub fn go_on<P>(_: P) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// How far a collection or a purge is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GcProgress {
    /// Objects read and objects copied.
    pub done: u64,
    /// Objects to read and to copy, as far as is known.
    pub total: u64,
}
