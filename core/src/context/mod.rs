//! What a model is sent: messages without a store, and the request in each provider's dialect, valid by construction.

mod exchange;
mod pair;

pub use exchange::exchanges;
