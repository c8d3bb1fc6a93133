//! Model calls: which model made a memory, from what, at which cost.

use crate::error::{Error, Result};
use crate::id::ContentId;
use crate::limits::{LABEL_BYTES_MAX, PARAMETERS_BYTES_MAX};

/// Tokens that a provider says it counted. What it did not say is absent, which is not zero.
///
/// Three of them add up to the prompt: [`input`](Self::input), [`cache_read`](Self::cache_read) and
/// [`cache_write`](Self::cache_write). Providers whose input includes the cached tokens are
/// converted by whoever reads their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Usage {
    /// Tokens of the prompt that were neither read from a cache nor written to one.
    pub input: Option<u64>,
    /// Tokens that the model wrote, its thoughts included.
    pub output: Option<u64>,
    /// Tokens of the prompt that came from a cache.
    pub cache_read: Option<u64>,
    /// Tokens of the prompt that were written to a cache.
    pub cache_write: Option<u64>,
    /// How many of the output's tokens were thoughts.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Returns the tokens of the whole prompt; none where the provider named none of the three.
    pub fn prompt(&self) -> Option<u64> {
        let named = [self.input, self.cache_read, self.cache_write];
        named.into_iter().flatten().reduce(u64::saturating_add)
    }
}

/// One call of a model: what answered, and what it counted. A memory that came of it links to it.
///
/// ```
/// use partita::object::{Canonical, ModelCall, Usage};
/// let usage = Usage { input: Some(10), cache_read: Some(90), ..Usage::default() };
/// let call = ModelCall { provider: "anthropic".into(), usage, ..ModelCall::new("claude-x") };
/// assert_eq!((call.usage.prompt(), call.usage.output), (Some(100), None));
/// assert_eq!(ModelCall::from_node(&call.to_node())?, call);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct ModelCall {
    /// Who serves the model, such as `anthropic`; may be empty.
    pub provider: String,
    /// The model, as the provider named it; may be empty.
    pub model: String,
    /// The provider's id of the response; may be empty.
    pub response: String,
    /// The provider's id of the request; may be empty.
    pub request: String,
    /// Why the model stopped, in the provider's word; may be empty.
    pub stop: String,
    /// What was asked for beside the context, as a JSON text; may be empty. At most
    /// [`PARAMETERS_BYTES_MAX`] bytes.
    pub parameters: String,
    /// The content id of the request's bytes, so that equal contexts are seen to be equal. It is no
    /// ref: the request need not be stored.
    pub context: Option<ContentId>,
    /// What the provider counted.
    pub usage: Usage,
}

impl ModelCall {
    /// Makes a call of a model of which nothing else is known.
    pub fn new(model: impl Into<String>) -> Self {
        ModelCall { model: model.into(), ..ModelCall::default() }
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn validate(&self) -> Result<()> {
        for (what, text, max) in [
            ("provider", &self.provider, LABEL_BYTES_MAX),
            ("model", &self.model, LABEL_BYTES_MAX),
            ("response id", &self.response, LABEL_BYTES_MAX),
            ("request id", &self.request, LABEL_BYTES_MAX),
            ("stop reason", &self.stop, LABEL_BYTES_MAX),
            ("parameters", &self.parameters, PARAMETERS_BYTES_MAX),
        ] {
            if text.len() > max {
                let len = text.len();
                return Err(Error::invalid(format!(
                    "model call: {what} of {len} bytes, at most {max} are allowed"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "store"))]
mod tests;
