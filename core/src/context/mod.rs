//! What a model is sent: messages without a store, and the request in each provider's dialect,
//! valid by construction.
//!
//! A [`Prompt`] is repaired once, in one place, into a sequence that no API can refuse; each
//! dialect writes that sequence down in its own words. [`Prompt::items`] lists what tokens are spent
//! on, [`ContextDiff`] compares two prompts, and [`exchanges`] are the units in which memories may
//! be taken out.

mod anthropic;
mod block;
mod count;
#[cfg(test)]
mod count_tests;
mod dialect;
mod diff;
mod exchange;
mod fields;
mod foreign;
mod gemini;
mod gemini_part;
mod item;
mod key;
mod media;
mod medium;
mod name;
mod observe;
#[cfg(any(test, feature = "store"))]
mod open;
mod openai_chat;
mod openai_responses;
#[cfg(test)]
mod own_tests;
mod pair;
mod pixels;
mod prompt;
mod provider_block;
mod render;
mod repair;
mod request;
#[cfg(feature = "store")]
mod segment;
mod source;
mod spot;
mod target;
#[cfg(test)]
mod tests;
mod tool;
mod trim;
mod turn;

#[cfg(feature = "store")]
pub(crate) use count::message_count;
pub(crate) use count::{fixed_count, placeholder_count};
pub use dialect::Dialect;
pub use diff::ContextDiff;
pub use exchange::exchanges;
pub(crate) use fields::{Target, beside};
pub(crate) use gemini::NO_ID;
pub(crate) use gemini_part::DATA as GEMINI_DATA;
#[cfg(any(test, feature = "store"))]
pub(crate) use item::Beginning;
pub use item::{Item, Piece};
pub use key::ItemKey;
#[cfg(feature = "serde")]
pub(crate) use media::base64;
pub(crate) use media::{data_url, decode_base64};
pub use medium::Medium;
pub(crate) use name::called_tools;
#[cfg(feature = "store")]
pub(crate) use open::open_calls;
pub use prompt::{Prompt, PromptMemory, ViewedFile};
pub use provider_block::ProviderBlock;
pub use request::{Mend, RenderOptions, Request};
#[cfg(feature = "store")]
pub(crate) use segment::segments;
pub use source::Source;
pub use target::CounterFor;
pub use tool::Tool;
#[cfg(feature = "store")]
pub(crate) use trim::into_trimmed;
pub use trim::trimmed;
