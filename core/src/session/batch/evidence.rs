//! Evidence and claims in a batch.

use crate::error::{Error, Result};
use crate::object::{Memory, MemoryKind};
use crate::session::batch::Batch;
use crate::session::draft::evidence::{By, NewClaim, NewEvidence};

impl Batch {
    /// Claims something, by the numbers of evidence of the session. A memory of the kind
    /// [`validation`](MemoryKind::Validation) says it to the model, and how it stands each time that
    /// the context is rendered.
    ///
    /// # Errors
    /// `Invalid` for a claim without words or beyond a limit; `NotFound` at the commit if the session
    /// has no such evidence: another session's is no evidence here.
    pub fn claim(&mut self, text: &str, by: impl IntoIterator<Item = u64>) -> Result<()> {
        self.claim_by(text, by.into_iter().map(By::Number).collect())
    }

    /// Claims something by evidence of the session, or of this batch.
    pub(crate) fn claim_by(&mut self, text: &str, by: Vec<By>) -> Result<()> {
        let actor = self.session.actor.to_string();
        let claim = crate::object::Claim { text: text.to_owned(), actor, evidence: Vec::new() };
        claim.validate()?;
        if by.len() > crate::limits::CLAIM_EVIDENCE_MAX {
            let most = crate::limits::CLAIM_EVIDENCE_MAX;
            let message = format!("a claim cites at most {most} pieces of evidence");
            return Err(Error::invalid(message));
        }
        let memory = Memory::user(text).with_kind(MemoryKind::Validation);
        self.remember(memory.with_actor(&*claim.actor))?;
        let memory = self.draft.memories.as_slice().len() - 1;
        let (text, actor) = (claim.text, claim.actor);
        self.draft.evidence.claims.push(NewClaim { text, actor, by, memory: Some(memory) });
        Ok(())
    }

    /// Adds evidence, and returns how claims of this batch cite it.
    pub(crate) fn add_evidence(&mut self, evidence: NewEvidence) -> By {
        self.draft.evidence.new.push(evidence);
        By::New(self.draft.evidence.new.len() - 1)
    }
}
