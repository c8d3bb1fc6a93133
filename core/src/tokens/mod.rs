//! Tokens: how many a text has, exactly or said not to be.
//!
//! A [`TokenCounter`] counts texts. [`Encoding`] is the exact one for models whose tokenizer is
//! public; [`CalibratedCounter`] estimates for the others, with bounds learnt from reported usage.
//! [`recount()`] and [`count_within`] save counting what did not change and what no longer matters.
//! [`Overhead`] knows what a request costs beside its texts. Nothing here needs a store.

mod calibrate;
mod calibrated;
mod class;
mod count;
mod counter;
mod cut;
mod encoding;
mod fit;
mod merge;
mod overhead;
mod picture;
mod piece;
mod recount;
#[cfg(test)]
mod tests;

pub use calibrate::{Calibration, Quality};
pub use calibrated::CalibratedCounter;
pub use class::ContentClass;
pub use count::Count;
pub use counter::TokenCounter;
pub use cut::SafeCuts;
pub use encoding::Encoding;
pub use overhead::Overhead;
pub use picture::Detail;
pub(crate) use picture::{Family, family_of, pages_count, picture_count, picture_rules};
pub use recount::{count_within, recount};
