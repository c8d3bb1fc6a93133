//! The canonical form of a model call.

use crate::error::Result;
use crate::id::{ContentId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, PARAMETERS_BYTES_MAX};
use crate::object::{BodyReader, BodyWriter, Canonical, Kind, ModelCall, RefReader, Usage};

const HAS_CONTEXT: u64 = 1;
const FLAGS_MAX: u64 = 63;

impl Usage {
    fn fields(&self) -> [Option<u64>; 5] {
        [self.input, self.output, self.cache_read, self.cache_write, self.reasoning]
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
