//! Directories: a checkpoint's files written where a person or a program can work on them.

mod checkout;
mod directory;
mod draft;
mod entries;
mod fault;
mod lock;
mod part;
mod plan;
mod prepared;
mod record;
mod site;
#[cfg(test)]
#[cfg(unix)]
mod tests;

pub use plan::{CheckoutAction, CheckoutPlan, CheckoutReason, CheckoutStep};
