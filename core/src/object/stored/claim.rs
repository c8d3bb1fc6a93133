//! Claims: sentences that cite evidence.

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{CLAIM_EVIDENCE_MAX, LABEL_BYTES_MAX};

/// A sentence, and the evidence that it cites. What the evidence says of it now is computed, and
/// never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub text: String,
    /// Who claims it; may be empty.
    pub actor: String,
    /// The evidence that it cites: nodes of kind [`EVIDENCE`](Kind::EVIDENCE), none twice.
    pub evidence: Vec<ObjectId>,
}

impl Claim {
    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it.
    pub fn validate(&self) -> Result<()> {
        if self.text.trim().is_empty() {
            return Err(Error::invalid("a claim without words"));
        }
        if self.text.len() > LABEL_BYTES_MAX || self.actor.len() > LABEL_BYTES_MAX {
            let message = format!("a claim has at most {LABEL_BYTES_MAX} bytes, its actor too");
            return Err(Error::invalid(message));
        }
        if self.evidence.len() > CLAIM_EVIDENCE_MAX {
            let message = format!("a claim cites at most {CLAIM_EVIDENCE_MAX} pieces of evidence");
            return Err(Error::invalid(message));
        }
        Ok(())
    }
}

impl Canonical for Claim {
    const KIND: Kind = Kind::CLAIM;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.bytes(self.text.as_bytes()).bytes(self.actor.as_bytes());
        body.0.uint(self.evidence.len() as u64);
        refs.extend(&self.evidence);
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let text = body.0.text(LABEL_BYTES_MAX, "a claim")?.to_owned();
        let actor = body.0.text(LABEL_BYTES_MAX, "who claims")?.to_owned();
        let count = body.0.count(CLAIM_EVIDENCE_MAX, "the number of pieces of evidence")?;
        Ok(Claim { text, actor, evidence: refs.take(count)? })
    }
}
