//! Decisions: what somebody said to a question, and about which very bytes.

use super::word::words;
use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::error::{Error, Result};
use crate::id::{ContentId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, NONCE_BYTES_MAX};

words! {
    /// What was decided.
    "choice" pub enum Choice {
        /// A call may be done, this once.
        AllowOnce = "allow-once",
        /// Calls of the tool may be done, in this session, as long as its declaration is the same.
        AllowAlways = "allow-always",
        /// A call may not be done, this once.
        RejectOnce = "reject-once",
        /// Calls of the tool may not be done, in this session.
        RejectAlways = "reject-always",
        /// A revision is to be applied.
        Accept = "accept",
        /// A revision is not to be applied.
        Reject = "reject",
        /// A call of which nobody knew whether it was done was done.
        WasDone = "was-done",
        /// A call of which nobody knew whether it was done is to be done again.
        DoAgain = "do-again",
        /// A call of which nobody knew whether it was done is given up.
        GiveUp = "give-up",
        /// A finding needs nothing more.
        Resolve = "resolve",
    }

    /// Who decided.
    "judge" pub enum DecidedBy {
        /// A person.
        Person = "person",
        /// A model.
        Model = "model",
        /// The gates.
        Tests = "tests",
        /// The policy: nobody was to be asked.
        Policy = "policy",
    }
}

/// A decision. It names what it is about by the id of its very bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The nonce of the session that it holds in.
    pub session: Vec<u8>,
    /// What it is about.
    pub about: DecisionAbout,
    /// What was decided.
    pub choice: Choice,
    /// Who decided.
    pub by: DecidedBy,
    /// Their name; may be empty.
    pub actor: String,
    /// Why; may be empty.
    pub reason: String,
}

/// What a decision is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DecisionAbout {
    /// A step, with these arguments.
    Step {
        /// The step's id.
        step: ObjectId,
        /// The id of its arguments' bytes.
        arguments: ContentId,
    },
    /// A tool, with this declaration.
    Tool {
        /// The tool.
        name: String,
        /// The id of its declaration; none where it has none.
        schema: Option<ObjectId>,
    },
    /// A revision of a proposal.
    Revision(ObjectId),
    /// A finding.
    Finding(ObjectId),
}

impl Decision {
    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it.
    pub fn validate(&self) -> Result<()> {
        let name = match &self.about {
            DecisionAbout::Tool { name, .. } => name.len(),
            _ => 0,
        };
        let longest = self.actor.len().max(self.reason.len()).max(name);
        if longest > LABEL_BYTES_MAX || self.session.len() > NONCE_BYTES_MAX {
            return Err(Error::invalid(format!(
                "the reason of a decision has at most {LABEL_BYTES_MAX} bytes, its actor too"
            )));
        }
        Ok(())
    }
}

impl Canonical for Decision {
    const KIND: Kind = Kind::DECISION;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let body = &mut *body.0;
        body.bytes(&self.session).uint(self.choice.tag()).uint(self.by.tag());
        body.bytes(self.actor.as_bytes()).bytes(self.reason.as_bytes());
        match &self.about {
            DecisionAbout::Step { step, arguments } => {
                body.uint(0).raw(step.as_bytes()).raw(arguments.id().as_bytes());
            }
            DecisionAbout::Tool { name, schema } => {
                body.uint(1).bytes(name.as_bytes()).optional(*schema);
            }
            DecisionAbout::Revision(id) => drop(body.uint(2).raw(id.as_bytes())),
            DecisionAbout::Finding(id) => drop(body.uint(3).raw(id.as_bytes())),
        }
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let body = &mut body.0;
        let session = body.bytes(NONCE_BYTES_MAX, "a session's nonce")?.to_vec();
        let (choice, by) = (Choice::from_tag(body)?, DecidedBy::from_tag(body)?);
        let actor = body.text(LABEL_BYTES_MAX, "who decided")?.to_owned();
        let reason = body.text(LABEL_BYTES_MAX, "a reason")?.to_owned();
        let about = match body.bounded(3, "what a decision is about")? {
            0 => DecisionAbout::Step { step: body.id()?, arguments: ContentId::new(body.id()?) },
            1 => DecisionAbout::Tool {
                name: body.text(LABEL_BYTES_MAX, "a tool's name")?.to_owned(),
                schema: body.optional()?,
            },
            2 => DecisionAbout::Revision(body.id()?),
            _ => DecisionAbout::Finding(body.id()?),
        };
        Ok(Decision { session, about, choice, by, actor, reason })
    }
}
