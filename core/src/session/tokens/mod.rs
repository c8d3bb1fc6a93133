//! Tokens of the newest state: capacity, plans, calibration, the request.

pub(crate) mod calibrate;
pub(crate) mod capacity;
pub(crate) mod context;
pub(crate) mod key;
pub(crate) mod makeup;
pub(crate) mod naming;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod planned;
