//! Memories of every kind and part, each with a fact that nothing else says.

use partita::{Body, IterationId, Memory, MemoryKind, Part, Role};

/// A fact: a word that stands in no other text.
pub(super) fn fact(number: usize) -> String {
    format!("fact{number}x")
}

/// The fact in the middle of a long result, which a trimmed one leaves out.
pub(super) fn inner(number: usize) -> String {
    format!("inner{number}x")
}

/// A picture of so many pixels, as far as its head tells.
fn picture(width: u32, height: u32) -> Body {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(*b"\x08\x02\0\0\0");
    bytes.extend([0; 40]);
    Body::new(bytes)
}

fn opaque(provider: &str, block: impl AsRef<[u8]>) -> Part {
    Part::Opaque { provider: provider.to_owned(), content: Body::new(block) }
}

pub(super) fn call(id: impl Into<String>, tool: &str) -> Part {
    let arguments = Body::new(format!(r#"{{"path":"src/{tool}.rs"}}"#));
    Part::Call { id: id.into(), name: tool.to_owned(), arguments }
}

/// A result of a call: short, long enough to be trimmed, with a picture, failed.
pub(super) fn result(call: &str, number: usize, kind: usize) -> Memory {
    let mut text = format!("{} is what it says.", fact(number));
    if kind % 4 == 1 {
        let lines = "a line of output that goes on\n".repeat(30 + 9 * (kind % 5));
        text = format!("{text}\n{lines}{} in the middle\n{lines}", inner(number));
    }
    let mut memory = Memory::tool(call, text);
    let mut parts = 1;
    if kind % 4 == 2 {
        let content = picture(400, 300);
        memory.parts.push(Part::Media { media_type: "image/png".to_owned(), content });
        parts = 2;
    }
    memory.parts[0] = Part::Result { call: call.to_owned(), error: kind % 4 == 3, parts };
    memory
}

/// A turn that calls so many tools, ids counted from a number; with a block that its provider holds
/// to its place ahead, or without.
pub(super) fn turn(number: usize, calls: usize, bound: bool) -> Memory {
    let mut memory = Memory::assistant(format!("{} and I look.", fact(number)));
    if bound {
        let thinking = Part::Thinking { text: Body::new("Hm."), signature: Body::new("c2lnbmVk") };
        let block = match number % 3 {
            0 => opaque("anthropic", r#"{"type":"redacted_thinking","data":"c2VjcmV0"}"#),
            1 => opaque("openai-responses", r#"{"type":"reasoning","id":"rs_1","summary":[]}"#),
            _ => thinking,
        };
        memory.parts.insert(0, block);
    }
    for at in 0..calls {
        if number % 5 == 4 {
            memory.parts.push(opaque("gemini", r#"{"thoughtSignature":"c2lnbmVk"}"#));
        }
        memory.parts.push(call(format!("call_{number}_{at}"), ["ls", "cat", "grep"][at % 3]));
    }
    memory
}

/// What a saying may refer to.
#[derive(Clone, Debug, Default)]
pub(super) struct Near {
    /// Calls among the newest memories, answered or not.
    pub(super) calls: Vec<String>,
    /// Iterations of files.
    pub(super) files: Vec<IterationId>,
}

/// A memory of a kind. `n` chooses what it refers to.
pub(super) fn saying(kind: usize, n: usize, number: usize, near: &Near) -> Memory {
    let said = format!("{} is what I say.", fact(number));
    let text = |role| Memory::message(role, &said);
    let any_call = near.calls.get(n % near.calls.len().max(1)).cloned();
    let media = |media_type: &str, content: Body| Part::Media {
        media_type: media_type.to_owned(),
        content,
    };
    match kind {
        0..=2 => text(Role::User),
        3 => text(Role::Assistant),
        4 => text(Role::System),
        5 => text(Role::User).with_kind(MemoryKind::Note),
        6 => text(Role::User).with_kind(MemoryKind::Validation),
        // Long texts are contents of their own.
        7 => Memory::user(format!("{said}\n{}", "and more of the same\n".repeat(90))),
        8 => text(Role::User).with_part(media("image/png", picture(300, 200))),
        9 => text(Role::User).with_part(media("application/pdf", Body::new("%PDF-1.4 /Page"))),
        10 => {
            let signature = Body::new(if n.is_multiple_of(2) { "" } else { "c2lnbmVk" });
            let mut memory = text(Role::Assistant);
            memory.parts.insert(0, Part::Thinking { text: Body::new("Well."), signature });
            memory
        }
        // A server's own tool, all in one message.
        11 => {
            let id = format!("srvtoolu_{number}");
            let used = format!(
                r#"{{"type":"server_tool_use","id":"{id}","name":"web_search","input":{{}}}}"#
            );
            let found =
                format!(r#"{{"type":"web_search_tool_result","tool_use_id":"{id}","content":[]}}"#);
            let mut memory = text(Role::Assistant);
            memory.parts.insert(0, opaque("anthropic", used));
            memory.parts.insert(1, opaque("anthropic", found));
            memory
        }
        // A custom tool of one provider's, waiting; its output may come as 13.
        12 => {
            let call = format!(
                r#"{{"type":"custom_tool_call","call_id":"own_{number}","name":"sh","input":"ls"}}"#
            );
            text(Role::Assistant).with_part(opaque("openai-responses", call))
        }
        13 => match any_call {
            Some(id) if id.starts_with("own_") => {
                let output = format!(
                    r#"{{"type":"custom_tool_call_output","call_id":"{id}","output":"{}"}}"#,
                    fact(number)
                );
                let parts = vec![opaque("openai-responses", output)];
                Memory { parts, ..Memory::message(Role::Tool, "") }
            }
            // A result of a call that may have its result.
            Some(id) => result(&id, number, n),
            None => result(&format!("gone_{number}"), number, n),
        },
        14 => match near.files.get(n % near.files.len().max(1)) {
            Some(iteration) => text(Role::User).with_part(Part::File { iteration: *iteration }),
            None => text(Role::User).with_actor("ann").with_origin("openai-chat:1"),
        },
        // A result of nothing, or a turn under an id that was used before.
        _ => match any_call {
            Some(id) if n.is_multiple_of(2) && !id.starts_with("own_") => {
                Memory::assistant(said).with_part(call(id, "again"))
            }
            _ => result(&format!("gone_{number}"), number, n),
        },
    }
}
