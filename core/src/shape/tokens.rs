//! Tokens: counts, and how good an estimate is.

use serde::ser::{Serialize, Serializer};

use super::fields::object;
use super::read::from_json;
use crate::tokens::{Calibration, Count, Quality};

object!(Count, count => {
    tokens: count.tokens(),
    exact: count.is_exact(),
    low: count.low(),
    high: count.high(),
});

object!(Quality, quality => {
    requests: quality.requests,
    within: quality.within,
    median_error: quality.median_error,
    median_margin: quality.median_margin,
    median_width: quality.median_width,
});

/// What [`Calibration::to_json`] writes.
impl Serialize for Calibration {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(to)
    }
}

from_json!(Calibration, json => Calibration::from_json(json));
