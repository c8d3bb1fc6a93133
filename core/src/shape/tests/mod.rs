//! Shapes: what comes back, and what is written.

mod back;
mod rows;
#[cfg(unix)]
mod turns;

use serde::Serialize;

/// The JSON of a value on one line.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}
