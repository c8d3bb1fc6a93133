//! What a request is for: a counter that knows model and dialect.

use super::dialect::Dialect;
use crate::error::Result;
use crate::tokens::{Count, Family, SafeCuts, TokenCounter, family_of};

/// A counter for requests of one model, in one dialect, or both.
///
/// Texts count as by the counter beneath. What differs by model is the cost of pictures and pages;
/// what differs by dialect is which blocks are sent at all. A count without a dialect holds for
/// every one: it is exact where all of them send the same.
///
/// ```
/// use partita::Memory;
/// use partita::context::{CounterFor, Dialect, Prompt};
/// use partita::tokens::{Count, Encoding, TokenCounter};
/// let prompt = Prompt::default().with_memory(Memory::assistant("Hello."));
/// let chat = CounterFor::new(Encoding::O200k).with_dialect(Dialect::OpenAiChat);
/// assert!(prompt.count(&chat).is_exact());
/// let anthropic = CounterFor::new(Encoding::O200k).with_dialect(Dialect::Anthropic);
/// // Which takes no dialog that the model begins: a placeholder goes ahead.
/// assert!(prompt.count(&anthropic).tokens() > prompt.count(&chat).tokens());
/// assert!(!prompt.count(&Encoding::O200k).is_exact());
/// ```
#[derive(Clone, Debug)]
pub struct CounterFor<C> {
    base: C,
    model: Option<String>,
    dialect: Option<Dialect>,
}

impl<C: TokenCounter> CounterFor<C> {
    /// Takes a counter, for whatever it is for itself.
    pub fn new(base: C) -> Self {
        CounterFor { base, model: None, dialect: None }
    }

    /// Sets the model, by its full name.
    #[must_use]
    pub fn with_model(self, model: impl Into<String>) -> Self {
        CounterFor { model: Some(model.into()), ..self }
    }

    /// Sets the dialect.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        CounterFor { dialect: Some(dialect), ..self }
    }

    /// Returns the counter beneath.
    pub fn base(&self) -> &C {
        &self.base
    }
}

impl<C: TokenCounter> TokenCounter for CounterFor<C> {
    fn id(&self) -> &str {
        self.base.id()
    }

    fn count(&self, text: &str) -> Count {
        self.base.count(text)
    }

    fn safe_cuts(&self) -> SafeCuts {
        self.base.safe_cuts()
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref().or_else(|| self.base.model())
    }

    fn dialect(&self) -> Option<&str> {
        self.dialect.map(Dialect::name).or_else(|| self.base.dialect())
    }

    fn request(&self) -> Count {
        self.base.request()
    }

    fn check(&self) -> Result<()> {
        self.base.check()
    }
}

/// The dialects that requests of a counter may be in: its own, those of its model, or all.
pub(super) fn dialects_of(counter: &(impl TokenCounter + ?Sized)) -> Vec<Dialect> {
    if let Some(dialect) = counter.dialect().and_then(Dialect::from_name) {
        return vec![dialect];
    }
    let family = counter.model().and_then(family_of);
    let may = |dialect: &Dialect| family.is_none_or(|family| dialect.family() == family);
    let dialects: Vec<Dialect> = Dialect::ALL.into_iter().filter(may).collect();
    // A model whose own dialect is none of these is spoken to in any.
    if dialects.is_empty() { Dialect::ALL.to_vec() } else { dialects }
}

/// The families of models that requests of a counter may be for, that of Chat first.
pub(super) fn families_of(dialects: &[Dialect]) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let chat_first = |dialect: &&Dialect| **dialect != Dialect::OpenAiChat;
    let mut sorted: Vec<&Dialect> = dialects.iter().collect();
    sorted.sort_by_key(chat_first);
    for dialect in sorted {
        if !families.contains(&dialect.family()) {
            families.push(dialect.family());
        }
    }
    families
}
