//! The import of a git history: one checkpoint a commit, along the first parents.

mod changes;
mod commit;
mod source;
#[cfg(test)]
mod tests;
