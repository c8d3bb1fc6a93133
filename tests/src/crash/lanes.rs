//! All cores at once.

use std::thread;

/// Returns how many things are done at a time.
pub fn lanes() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// Does something with each item, on all cores; returns what came of it, or the first failure.
///
/// # Errors
/// The first one of the first lane that has any.
pub fn in_lanes<T: Sync, U: Send, E: Send>(
    items: &[T],
    each: impl Fn(&T) -> Result<Option<U>, E> + Sync,
) -> Result<Vec<U>, E> {
    let lanes = lanes();
    let results: Vec<Result<Vec<U>, E>> = thread::scope(|scope| {
        let walkers: Vec<_> = (0..lanes)
            .map(|lane| {
                let mine = items.iter().skip(lane).step_by(lanes);
                let each = &each;
                scope.spawn(move || mine.filter_map(|item| each(item).transpose()).collect())
            })
            .collect();
        walkers.into_iter().map(|walker| walker.join().expect("no walker panics")).collect()
    });
    let mut all = Vec::new();
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}
