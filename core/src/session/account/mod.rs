//! What the tokens of a state are spent on, kept from one state to the next.

pub(crate) mod dialog;
pub(crate) mod known;
pub(crate) mod ledger;
pub(crate) mod told;
