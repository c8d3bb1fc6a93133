//! What a prompt cost, as its provider reported it.

use super::dialect::Dialect;
use super::prompt::Prompt;
use crate::object::ModelCall;
use crate::tokens::{Calibration, TokenCounter};

impl Prompt {
    /// Takes what a request of this prompt cost into a calibration, as a request of `host`, and
    /// returns whether it was taken: a call that names no model, or no tokens of its prompt, says
    /// nothing. What the request holds beside the prompt becomes the constant of the host.
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::context::{Dialect, Prompt};
    /// use partita::object::{ModelCall, Usage};
    /// use partita::tokens::{Calibration, Encoding};
    /// let prompt = Prompt::new("Be brief.").with_memory(Memory::user("Why?"));
    /// let usage = Usage { input: Some(19), ..Usage::default() };
    /// let call = ModelCall { usage, ..ModelCall::new("claude-x") };
    /// let mut calibration = Calibration::new(&Encoding::O200k);
    /// let dialect = Dialect::Anthropic;
    /// assert!(prompt.observe(&mut calibration, "my agent", dialect, &call, &Encoding::O200k));
    /// assert_eq!(calibration.models().next(), Some(("claude-x", 1)));
    /// ```
    pub fn observe(
        &self,
        calibration: &mut Calibration,
        host: &str,
        dialect: Dialect,
        call: &ModelCall,
        counter: &(impl TokenCounter + ?Sized),
    ) -> bool {
        let Some(usage) = call.usage.prompt() else { return false };
        let items = self.items_for(dialect);
        let parts: Vec<_> = items.iter().flat_map(|item| item.parts(dialect, counter)).collect();
        calibration.observe_at(&call.model, host, &parts, usage)
    }
}
