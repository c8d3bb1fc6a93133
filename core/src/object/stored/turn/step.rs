//! Steps: what a host is asked to do, written down before it is asked.

use super::policy::{Complexity, Effect};
use super::start::DriverId;
use crate::codec::{Reader, Writer};
use crate::error::Result;
use crate::id::{ContentId, ObjectId};
use crate::limits::LABEL_BYTES_MAX;
use crate::object::stored::{BodyReader, BodyWriter, Canonical, Kind, RefReader};

/// What a host is asked to do, as it stands in the store before the host hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepIntent {
    /// The turn.
    pub turn: ObjectId,
    /// The round of the turn.
    pub round: u64,
    /// Its place in the round.
    pub index: u64,
    /// Which attempt it is, counted from 1.
    pub attempt: u64,
    /// Who is asked.
    pub driver: DriverId,
    /// What is to be done.
    pub work: StepWork,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepWork {
    /// A model is to be called.
    Model {
        /// The role that it has.
        role: String,
        /// The model that is asked for.
        model: String,
        /// Why this one.
        why: String,
        /// How hard the task was held to be.
        complexity: Complexity,
        /// The id of the request's bytes in the policy's dialect. It is no ref.
        context: Option<ContentId>,
        /// What the answer is for.
        purpose: Purpose,
    },
    /// A tool is to be called.
    Tool {
        /// The memory that asks for it.
        memory: ObjectId,
        /// The call's name in the dialog.
        call: String,
        /// The tool.
        name: String,
        /// The id of the arguments' bytes. It is no ref: they stand in the memory.
        arguments: ContentId,
        /// The id of the tool's declaration at that time; none where it had none.
        schema: Option<ObjectId>,
        /// What it means to call it twice.
        effect: Effect,
    },
    /// A gate is to run.
    Gate {
        /// Its name.
        name: String,
        /// The [`Gate`](crate::object::Gate).
        gate: ObjectId,
        /// The revision on whose files it runs; none for the session's own.
        revision: Option<ObjectId>,
    },
    /// A person is to be asked.
    Ask {
        /// What.
        question: Question,
        /// The question in words.
        text: String,
    },
}

/// What a model's answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// It works on the stage.
    Stage(u64),
    /// It reviews a revision.
    Review(ObjectId),
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Whether a call may be done.
    Approve(QuestionCall),
    /// What came of a call of which nobody knows whether it was done.
    Unknown(QuestionCall),
    /// Whether a revision is accepted.
    Review {
        /// The revision.
        revision: ObjectId,
    },
}

/// The call that a person is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuestionCall {
    /// The call's place in the round.
    pub index: u64,
    /// The tool.
    pub tool: String,
    /// The id of the tool's declaration at that time; none where it had none.
    pub schema: Option<ObjectId>,
    /// The id of the arguments' bytes.
    pub arguments: ContentId,
}

impl StepWork {
    fn label(body: &mut Reader<'_>) -> Result<String> {
        Ok(body.text(LABEL_BYTES_MAX, "a label of a step")?.to_owned())
    }
}

impl Question {
    fn write(&self, body: &mut Writer) {
        let (tag, call) = match self {
            Question::Approve(call) => (0, call),
            Question::Unknown(call) => (1, call),
            Question::Review { revision } => {
                body.uint(2).raw(revision.as_bytes());
                return;
            }
        };
        body.uint(tag).uint(call.index).bytes(call.tool.as_bytes()).optional(call.schema);
        body.raw(call.arguments.id().as_bytes());
    }

    fn read(body: &mut Reader<'_>) -> Result<Self> {
        let tag = body.bounded(2, "a question")?;
        if tag == 2 {
            return Ok(Question::Review { revision: body.id()? });
        }
        let (index, tool) = (body.uint()?, StepWork::label(body)?);
        let (schema, arguments) = (body.optional()?, ContentId::new(body.id()?));
        let call = QuestionCall { index, tool, schema, arguments };
        Ok(if tag == 0 { Question::Approve(call) } else { Question::Unknown(call) })
    }
}

impl Canonical for StepIntent {
    const KIND: Kind = Kind::STEP;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let body = &mut *body.0;
        body.raw(self.turn.as_bytes()).uint(self.round).uint(self.index).uint(self.attempt);
        body.raw(self.driver.as_bytes());
        match &self.work {
            StepWork::Model { role, model, why, complexity, context, purpose } => {
                body.uint(0);
                for text in [role, model, why] {
                    body.bytes(text.as_bytes());
                }
                body.uint(complexity.tag());
                body.optional(context.map(|id| id.id()));
                match purpose {
                    Purpose::Stage(stage) => drop(body.uint(0).uint(*stage)),
                    Purpose::Review(revision) => drop(body.uint(1).raw(revision.as_bytes())),
                }
            }
            StepWork::Tool { memory, call, name, arguments, schema, effect } => {
                body.uint(1).raw(memory.as_bytes()).bytes(call.as_bytes()).bytes(name.as_bytes());
                body.raw(arguments.id().as_bytes());
                body.optional(*schema);
                body.uint(effect.tag());
            }
            StepWork::Gate { name, gate, revision } => {
                body.uint(2).bytes(name.as_bytes());
                refs.push(*gate);
                body.optional(*revision);
            }
            StepWork::Ask { question, text } => {
                body.uint(3);
                question.write(body);
                body.bytes(text.as_bytes());
            }
        }
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let turn = body.0.id()?;
        let (round, index, attempt) = (body.0.uint()?, body.0.uint()?, body.0.uint()?);
        let driver = DriverId::read(body)?;
        let body = &mut body.0;
        let work = match body.bounded(3, "what a step does")? {
            0 => StepWork::Model {
                role: StepWork::label(body)?,
                model: StepWork::label(body)?,
                why: StepWork::label(body)?,
                complexity: Complexity::from_tag(body)?,
                context: body.optional()?.map(ContentId::new),
                purpose: match body.bounded(1, "what an answer is for")? {
                    0 => Purpose::Stage(body.uint()?),
                    _ => Purpose::Review(body.id()?),
                },
            },
            1 => StepWork::Tool {
                memory: body.id()?,
                call: StepWork::label(body)?,
                name: StepWork::label(body)?,
                arguments: ContentId::new(body.id()?),
                schema: body.optional()?,
                effect: Effect::from_tag(body)?,
            },
            2 => StepWork::Gate {
                name: StepWork::label(body)?,
                gate: refs.next()?,
                revision: body.optional()?,
            },
            _ => StepWork::Ask { question: Question::read(body)?, text: StepWork::label(body)? },
        };
        Ok(StepIntent { turn, round, index, attempt, driver, work })
    }
}
