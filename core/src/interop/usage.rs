//! What recorded requests cost: observations for a calibration, from a dialog and its model calls.

use std::collections::{HashMap, HashSet};

use crate::context::{Dialect, Prompt, PromptMemory};
use crate::object::{MemoryKind, ModelCall};
use crate::tokens::{Calibration, ContentClass, TokenCounter};

use super::transcript::Transcript;

/// The dialog of a recording, as far as it tells what its requests cost.
pub(crate) struct Recorded {
    /// What does not change, and the memories in order.
    pub(crate) prompt: Prompt,
    /// The call that made a memory, by its place among them.
    pub(crate) calls: HashMap<usize, ModelCall>,
}

impl Recorded {
    /// Takes the reports of its requests as those of `host`: each holds what stands before the
    /// memory that it made, from the newest summary on. What is before a summary and behind it are
    /// hosts of their own, `host/0`, `host/1`: what else was in the request is not the same. Returns
    /// how many were taken, and the last host's name.
    pub(crate) fn observe(
        self,
        calibration: &mut Calibration,
        host: &str,
        counter: &(impl TokenCounter + ?Sized),
    ) -> (u64, String) {
        let numbers: HashMap<u64, usize> =
            self.prompt.memories.iter().enumerate().map(|(at, entry)| (entry.number, at)).collect();
        let provider = self.calls.values().map(|call| call.provider.as_str()).next().unwrap_or("");
        let dialect = match provider {
            "anthropic" => Dialect::Anthropic,
            _ => Dialect::OpenAiChat,
        };
        let mut fixed: HashMap<ContentClass, u64> = HashMap::new();
        let mut parts: HashMap<usize, Vec<(ContentClass, u64)>> = HashMap::new();
        for item in self.prompt.items_for(dialect) {
            let own = item.parts(dialect, counter);
            match item.key.memory().and_then(|number| numbers.get(&number)) {
                Some(&at) => parts.entry(at).or_default().extend(own),
                None if item.is_placeholder() => {}
                None => own
                    .into_iter()
                    .for_each(|(class, tokens)| *fixed.entry(class).or_default() += tokens),
            }
        }
        let (mut taken, mut segment, mut seen) = (0, 0, HashSet::new());
        let mut sums = fixed.clone();
        let mut name = format!("{host}/{segment}");
        for (at, entry) in self.prompt.memories.iter().enumerate() {
            if entry.memory.kind == MemoryKind::Summary {
                segment += 1;
                sums.clone_from(&fixed);
                name = format!("{host}/{segment}");
            }
            if let Some(call) = self.calls.get(&at)
                && let Some(usage) = call.usage.prompt()
                && (call.response.is_empty() || seen.insert(call.response.clone()))
            {
                let known: Vec<(ContentClass, u64)> = ContentClass::ALL
                    .into_iter()
                    .map(|class| (class, sums.get(&class).copied().unwrap_or(0)))
                    .collect();
                taken += u64::from(calibration.observe_at(&call.model, &name, &known, usage));
            }
            for (class, tokens) in parts.remove(&at).unwrap_or_default() {
                *sums.entry(class).or_default() += tokens;
            }
        }
        (taken, name)
    }
}

impl Transcript {
    /// Takes what the recording's requests cost into a calibration, as those of `host`, and returns
    /// how many it took: each is what stands before the answer it led to, from the newest summary
    /// on. What the recording lacks, such as the system prompt and the tools, becomes the constant
    /// of the host.
    ///
    /// ```
    /// use partita::interop::read;
    /// use partita::tokens::{Calibration, Encoding};
    /// let line = |number: u64| format!(
    ///     r#"{{"type":"assistant","uuid":"{number}","parentUuid":null,"sessionId":"s",
    ///     "message":{{"id":"m{number}","role":"assistant","model":"claude-x","stop_reason":"end_turn",
    ///     "usage":{{"input_tokens":9000}},"content":[{{"type":"text","text":"Yes."}}]}}}}"#,
    /// ).replace('\n', " ");
    /// let user = r#"{"type":"user","uuid":"u","parentUuid":null,"sessionId":"s","message":{"role":"user","content":"Why?"}}"#;
    /// let source = read(format!("{user}\n{}\n", line(1)).as_bytes(), None)?;
    /// let mut calibration = Calibration::new(&Encoding::O200k);
    /// let taken = source.transcripts[0].observe(&mut calibration, "claude-code", &Encoding::O200k);
    /// assert_eq!((taken, calibration.models().next()), (1, Some(("claude-x", 1))));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn observe(
        &self,
        calibration: &mut Calibration,
        host: &str,
        counter: &(impl TokenCounter + ?Sized),
    ) -> u64 {
        let mut prompt = Prompt::new(self.instructions.clone().unwrap_or_default());
        let mut calls = HashMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            calls.extend(entry.call.clone().map(|call| (at, call)));
            prompt
                .memories
                .push(PromptMemory { number: at as u64 + 1, memory: entry.memory.clone() });
        }
        Recorded { prompt, calls }.observe(calibration, host, counter).0
    }
}
