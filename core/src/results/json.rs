//! Numbers of JSON reports.

use crate::error::{Error, Result};
use crate::json::Json;

/// A finite number.
pub(super) fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(digits) => digits.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// All numbers of an array.
pub(super) fn numbers(value: Option<&Json>, what: &str) -> Result<Vec<f64>> {
    let items = value.and_then(Json::as_array);
    let items = items.ok_or_else(|| Error::invalid(format!("it has no {what}")))?;
    let all: Option<Vec<f64>> = items.iter().map(number).collect();
    all.ok_or_else(|| Error::invalid(format!("{what} that are no numbers")))
}

/// The objects of a report of one object a line. Other lines are somebody else's words.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Json>> + '_ {
    let is_object = |line: &&str| line.starts_with('{');
    text.lines().map(str::trim).filter(is_object).map(Json::parse)
}
