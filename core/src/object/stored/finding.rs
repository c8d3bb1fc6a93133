//! Findings: what oversight reports as wrong.

use super::turn::Severity;
use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{LABEL_BYTES_MAX, PATH_BYTES_MAX};

/// Something that oversight reports as wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in a line.
    pub text: String,
    /// The path that it is about; empty where it is about none.
    pub path: Vec<u8>,
    /// The turn that it came of. It is no ref, as the next two are none.
    pub turn: Option<ObjectId>,
    /// The revision that it is about.
    pub revision: Option<ObjectId>,
    /// The step that it is about.
    pub step: Option<ObjectId>,
}

impl Finding {
    /// A finding that is about nothing in particular.
    pub fn new(rule: impl Into<String>, severity: Severity, text: impl Into<String>) -> Self {
        Finding {
            rule: rule.into(),
            severity,
            text: text.into(),
            path: Vec::new(),
            turn: None,
            revision: None,
            step: None,
        }
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it.
    pub fn validate(&self) -> Result<()> {
        if self.text.trim().is_empty() || self.rule.is_empty() {
            return Err(Error::invalid("a finding without words, or of no rule"));
        }
        let longest = self.rule.len().max(self.text.len());
        if longest > LABEL_BYTES_MAX || self.path.len() > PATH_BYTES_MAX {
            let message = format!("a finding has at most {LABEL_BYTES_MAX} bytes, its rule too");
            return Err(Error::invalid(message));
        }
        Ok(())
    }
}

impl Canonical for Finding {
    const KIND: Kind = Kind::FINDING;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let body = &mut *body.0;
        body.bytes(self.rule.as_bytes()).uint(self.severity.tag()).bytes(self.text.as_bytes());
        body.bytes(&self.path);
        for id in [self.turn, self.revision, self.step] {
            body.optional(id);
        }
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let body = &mut body.0;
        let rule = body.text(LABEL_BYTES_MAX, "a rule")?.to_owned();
        let severity = Severity::from_tag(body)?;
        let text = body.text(LABEL_BYTES_MAX, "a finding")?.to_owned();
        let path = body.bytes(PATH_BYTES_MAX, "a finding's path")?.to_vec();
        let (turn, revision, step) = (body.optional()?, body.optional()?, body.optional()?);
        Ok(Finding { rule, severity, text, path, turn, revision, step })
    }
}
