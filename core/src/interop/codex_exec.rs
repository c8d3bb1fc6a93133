//! The JSON lines that `codex exec --json` prints. Events as in `openai/codex`,
//! `codex-rs/exec/src/exec_events.rs`.
//!
//! Each item that is completed is what the model did, and what came of it. What the user asked is not
//! in the stream, nor the model's name; tokens are counted once a turn, and belong to its last
//! message.

use std::io::BufRead;

use super::dialog::{Dialog, Told, memory, result};
use super::input::Lines;
use super::report::{Place, clip};
use super::transcript::Transcript;
use super::value::{count, is_something, leave, owned, text, thinking};
use super::{Format, base, mcp, openai_chat};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Body, Memory, ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::CodexExec;
const PROVIDER: &str = "codex-exec";

/// Reads lines.
pub(super) fn read(input: impl BufRead) -> Result<Vec<Transcript>> {
    let mut reader = Reader { dialog: Dialog::new(FORMAT, ""), open: None, found: false };
    let mut lines = Lines::new(input);
    while let Some(line) = lines.next()? {
        let at = Place::Line(line.number);
        match line.json() {
            Ok(event) => reader.event(&event, at),
            Err(why) => reader.dialog.report().refuse(at, why),
        }
    }
    match reader.found {
        true => Ok(vec![reader.dialog.finish(false)]),
        false => Err(base::foreign(FORMAT, "no event of `codex exec --json` in it")),
    }
}

struct Reader {
    dialog: Dialog,
    /// The newest message, which the turn's tokens may be of.
    open: Option<usize>,
    found: bool,
}

impl Reader {
    fn event(&mut self, event: &Json, at: Place) {
        let Some(kind) = text(event, "type") else {
            return self.dialog.report().refuse(at, "no object with a `type`");
        };
        self.found = true;
        // One thread may be printed by several runs, which count their items anew.
        let key = self.dialog.key(None, event);
        let told = Told { key, at, time: None };
        match kind {
            "item.completed" => {
                self.close(None);
                self.item(told, event.get("item").unwrap_or(&Json::Null));
            }
            "turn.completed" => {
                let usage = event.get("usage").map(usage);
                self.close(usage);
            }
            "turn.failed" | "error" => {
                self.close(None);
                let error = event.get("error").unwrap_or(event);
                self.dialog.say(told, Memory::note(owned(error, "message")), None);
            }
            "turn.started" => {
                self.close(None);
                self.dialog.report().skip(kind, "tells how the run was getting on");
            }
            _ => self.dialog.report().skip(kind, "tells how the run was getting on"),
        }
    }

    fn close(&mut self, usage: Option<Usage>) {
        if let Some(slot) = self.open.take() {
            let call = usage.map(|usage| ModelCall {
                provider: openai_chat::SERVICE.to_owned(),
                usage,
                ..ModelCall::new("")
            });
            self.dialog.close(slot, call);
        }
    }

    fn item(&mut self, told: Told, item: &Json) {
        let id = owned(item, "id");
        let status = text(item, "status").unwrap_or("completed");
        let failed = matches!(status, "failed" | "declined");
        let own = |key: &str| item.get(key).cloned().unwrap_or(Json::Null);
        let kind = text(item, "type").or_else(|| text(item, "item_type")).unwrap_or_default();
        let (name, arguments, parts) = match kind {
            "agent_message" | "assistant_message" | "plan" => {
                let said = Memory::assistant(owned(item, "text"));
                self.open = Some(self.dialog.say_open(told, said, None));
                return;
            }
            "reasoning" => {
                match thinking(&owned(item, "text"), "") {
                    Some(part) => {
                        self.dialog.say(told, memory(Role::Assistant, vec![part]), None);
                    }
                    None => self.dialog.report().skip(kind, "is blank"),
                }
                return;
            }
            "error" => {
                self.dialog.say(told, Memory::note(owned(item, "message")), None);
                return;
            }
            "command_execution" => {
                let mut output = owned(item, "aggregated_output");
                if let Some(code) = item.get("exit_code").filter(|code| is_code(code)) {
                    output.push_str(&format!("\nexit code {code}"));
                }
                let arguments = Json::object([("command", own("command"))]);
                ("shell".to_owned(), arguments, vec![Part::text(output)])
            }
            "file_change" => {
                let arguments = Json::object([("changes", own("changes"))]);
                ("apply_patch".to_owned(), arguments, vec![Part::text(status)])
            }
            "mcp_tool_call" => {
                let name = format!("{}__{}", owned(item, "server"), owned(item, "tool"));
                let error = item.get("error").and_then(|error| text(error, "message"));
                let content = item.get("result").and_then(|result| result.get("content"));
                let parts = match error {
                    Some(error) => vec![Part::text(error)],
                    None => mcp::content(PROVIDER, content),
                };
                (name, own("arguments"), parts)
            }
            "collab_tool_call" => {
                let arguments = Json::object([("prompt", own("prompt"))]);
                let parts = vec![Part::text(own("agents_states").to_string())];
                (owned(item, "tool"), arguments, parts)
            }
            "web_search" => {
                let arguments = Json::object([("query", own("query"))]);
                ("web_search".to_owned(), arguments, vec![Part::text(status)])
            }
            "todo_list" => {
                let arguments = Json::object([("items", own("items"))]);
                ("update_plan".to_owned(), arguments, vec![Part::text(status)])
            }
            other => {
                let what =
                    format!("an item of type {}, which this version does not know", clip(other));
                return self.dialog.report().refuse(told.at, what);
            }
        };
        let known = [
            "id",
            "type",
            "status",
            "command",
            "aggregated_output",
            "exit_code",
            "changes",
            "server",
            "tool",
            "arguments",
            "result",
            "error",
            "query",
            "items",
            "prompt",
            "agents_states",
        ];
        leave(self.dialog.report(), kind, item, &known);
        let arguments = if is_something(&arguments) { arguments.to_string() } else { "{}".into() };
        let call = Part::Call { id: id.clone(), name, arguments: Body::new(arguments) };
        let failed = failed || item.get("error").is_some_and(is_something);
        let memories = vec![memory(Role::Assistant, vec![call]), result(&id, failed, parts)];
        self.dialog.say_all(told, memories, None);
    }
}

/// Tells whether an exit code tells of a failure.
fn is_code(code: &Json) -> bool {
    matches!(code, Json::Number(digits) if digits != "0")
}

fn usage(usage: &Json) -> Usage {
    let cache_read = count(usage, "cached_input_tokens");
    Usage {
        input: count(usage, "input_tokens").map(|all| all.saturating_sub(cache_read.unwrap_or(0))),
        output: count(usage, "output_tokens"),
        cache_read,
        cache_write: None,
        reasoning: count(usage, "reasoning_output_tokens"),
    }
}
