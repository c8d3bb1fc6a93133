//! Model calls: which model made a memory, from what, at which cost.

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::error::{Error, Result};
use crate::id::{ContentId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, PARAMETERS_BYTES_MAX};

const HAS_CONTEXT: u64 = 1;
const FLAGS_MAX: u64 = 63;

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

    fn fields(&self) -> [Option<u64>; 5] {
        [self.input, self.output, self.cache_read, self.cache_write, self.reasoning]
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

impl Canonical for ModelCall {
    const KIND: Kind = Kind::MODEL_CALL;
    const VERSION: u16 = 1;

    // What differs from one call of a session to the next stands in the middle, so that a delta is
    // one splice.
    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let mut flags = if self.context.is_some() { HAS_CONTEXT } else { 0 };
        for (at, tokens) in self.usage.fields().iter().enumerate() {
            if tokens.is_some() {
                flags |= 2 << at;
            }
        }
        body.0.uint(flags).bytes(self.provider.as_bytes()).bytes(self.model.as_bytes());
        body.0.bytes(self.response.as_bytes()).bytes(self.request.as_bytes());
        if let Some(context) = self.context {
            body.0.raw(context.id().as_bytes());
        }
        for tokens in self.usage.fields().into_iter().flatten() {
            body.0.uint(tokens);
        }
        body.0.bytes(self.stop.as_bytes()).bytes(self.parameters.as_bytes());
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let flags = body.0.bounded(FLAGS_MAX, "model call flags")?;
        let mut label = |what| body.0.text(LABEL_BYTES_MAX, what).map(str::to_owned);
        let (provider, model) = (label("a provider")?, label("a model")?);
        let (response, request) = (label("a response's id")?, label("a request's id")?);
        let context =
            if flags & HAS_CONTEXT != 0 { Some(ContentId::new(body.0.id()?)) } else { None };
        let mut tokens = |at: u32| match flags & (2 << at) {
            0 => Ok(None),
            _ => body.0.uint().map(Some),
        };
        let usage = Usage {
            input: tokens(0)?,
            output: tokens(1)?,
            cache_read: tokens(2)?,
            cache_write: tokens(3)?,
            reasoning: tokens(4)?,
        };
        let stop = body.0.text(LABEL_BYTES_MAX, "a stop reason")?.to_owned();
        let parameters = body.0.text(PARAMETERS_BYTES_MAX, "parameters")?.to_owned();
        Ok(ModelCall { provider, model, response, request, stop, parameters, context, usage })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_the_sum_of_what_is_known_and_unknown_where_nothing_is() {
        let usage = |input, cache_read, cache_write| Usage {
            input,
            cache_read,
            cache_write,
            ..Usage::default()
        };
        assert_eq!(usage(None, None, None).prompt(), None);
        assert_eq!(usage(Some(0), None, None).prompt(), Some(0));
        assert_eq!(usage(Some(1), Some(20), Some(300)).prompt(), Some(321));
        assert_eq!(usage(Some(u64::MAX), Some(1), None).prompt(), Some(u64::MAX));
    }

    #[test]
    fn an_absent_count_is_not_a_zero() {
        let mut call = ModelCall::new("m");
        let absent = call.to_node();
        call.usage.output = Some(0);
        assert_ne!(call.to_node(), absent);
        assert_eq!(ModelCall::from_node(&call.to_node()).unwrap(), call);
    }

    #[test]
    fn names_and_parameters_at_the_limit_hold_and_beyond_it_are_refused() {
        type Set = fn(&mut ModelCall, String);
        let set: [(usize, Set); 6] = [
            (LABEL_BYTES_MAX, |call, text| call.provider = text),
            (LABEL_BYTES_MAX, |call, text| call.model = text),
            (LABEL_BYTES_MAX, |call, text| call.response = text),
            (LABEL_BYTES_MAX, |call, text| call.request = text),
            (LABEL_BYTES_MAX, |call, text| call.stop = text),
            (PARAMETERS_BYTES_MAX, |call, text| call.parameters = text),
        ];
        for (at, (max, set)) in set.into_iter().enumerate() {
            for (len, holds) in [(max - 1, true), (max, true), (max + 1, false)] {
                let mut call = ModelCall::default();
                set(&mut call, "x".repeat(len));
                assert_eq!(call.validate().is_ok(), holds, "field {at}, {len} bytes");
                assert_eq!(ModelCall::from_node(&call.to_node()).is_ok(), holds, "{at}, {len}");
            }
        }
    }
}
