//! The JSON of tokens: counts and budgets.

use partita::budget::Fit;
use partita::context::Item;
use partita::tokens::Count;
use serde::Serialize;

/// A count: tokens, and the bounds of an estimate, which are the tokens themselves where they are
/// known.
#[derive(Debug, Serialize)]
pub(super) struct Tokens {
    tokens: u64,
    exact: bool,
    low: u64,
    high: u64,
}

impl From<Count> for Tokens {
    fn from(count: Count) -> Tokens {
        Tokens {
            tokens: count.tokens(),
            exact: count.is_exact(),
            low: count.low(),
            high: count.high(),
        }
    }
}

/// What `count` says of a text.
#[derive(Debug, Serialize)]
pub(crate) struct CountedText {
    counter: String,
    #[serde(flatten)]
    count: Tokens,
    bytes: u64,
}

impl CountedText {
    pub(crate) fn new(counter: &str, count: Count, bytes: usize) -> CountedText {
        CountedText { counter: counter.to_owned(), count: Tokens::from(count), bytes: bytes as u64 }
    }
}

/// An item of a request.
#[derive(Debug, Serialize)]
pub(crate) struct CountedItem {
    source: &'static str,
    key: String,
    message: Option<u64>,
    role: Option<&'static str>,
    #[serde(flatten)]
    count: Tokens,
}

impl CountedItem {
    pub(crate) fn new(
        item: &Item,
        message: Option<u64>,
        role: &'static str,
        count: Count,
    ) -> CountedItem {
        CountedItem {
            source: item.source.name(),
            key: item.key.to_word(),
            message,
            role: Some(role).filter(|role| !role.is_empty()),
            count: Tokens::from(count),
        }
    }
}

/// What `count` says of messages.
#[derive(Debug, Serialize)]
pub(crate) struct CountedMessages {
    counter: String,
    #[serde(flatten)]
    total: Tokens,
    overhead: u64,
    items: Vec<CountedItem>,
}

impl CountedMessages {
    pub(crate) fn new(
        counter: &str,
        items: Vec<CountedItem>,
        overhead: Count,
        total: Count,
    ) -> CountedMessages {
        CountedMessages {
            counter: counter.to_owned(),
            total: Tokens::from(total),
            overhead: overhead.tokens(),
            items,
        }
    }
}

#[derive(Debug, Serialize)]
struct Dropped {
    messages: Vec<u64>,
    #[serde(flatten)]
    count: Tokens,
}

/// What `budget` says.
#[derive(Debug, Serialize)]
pub(crate) struct Budgeted {
    counter: String,
    limit: u64,
    fits: bool,
    before: Tokens,
    after: Tokens,
    drop: Vec<Dropped>,
    keep: Vec<u64>,
    pinned: Vec<u64>,
}

impl Budgeted {
    /// What a fit says; `others` are the messages that became no memory, and stay.
    pub(crate) fn new(counter: &str, limit: u64, fit: &Fit, others: &[u64]) -> Budgeted {
        let dropped = fit.exchanges.iter().filter(|exchange| exchange.dropped);
        let numbers = |picks: &dyn Fn(bool, bool) -> bool| {
            let picked = fit.exchanges.iter();
            let picked = picked.filter(|exchange| picks(exchange.dropped, exchange.pinned));
            let picked = picked.flat_map(|exchange| exchange.messages.iter().copied());
            let mut numbers: Vec<u64> = others.iter().copied().chain(picked).collect();
            numbers.sort_unstable();
            numbers
        };
        Budgeted {
            counter: counter.to_owned(),
            limit,
            fits: fit.after.high() <= limit,
            before: Tokens::from(fit.before),
            after: Tokens::from(fit.after),
            drop: dropped
                .map(|exchange| Dropped {
                    messages: exchange.messages.clone(),
                    count: Tokens::from(exchange.tokens),
                })
                .collect(),
            keep: numbers(&|dropped, _| !dropped),
            pinned: numbers(&|_, pinned| pinned),
        }
    }
}
