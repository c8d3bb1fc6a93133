//! Memories: all of one, to be read back.

use super::fields::object;
use super::part::part_of;
use super::read::{field, from_json, given, items_of, text_of, text_or_empty};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::clock;
use crate::object::{Memory, MemoryKind, ModelCall, Role, Timestamp, Usage};

object!(Memory, memory => {
    role: memory.role,
    kind: memory.kind,
    time: memory.time,
    actor: memory.actor,
    origin: memory.origin,
    parts: memory.parts,
    links: memory.links,
});

from_json!(Memory, json => {
    let links = items_of(json, "links")?.iter().map(|link| text_of(link, "a link")?.parse());
    Ok(Memory {
        origin: text_or_empty(json, "origin")?,
        actor: text_or_empty(json, "actor")?,
        time: given(json, "time").map(time_of).transpose()?,
        role: role_of(field(json, "role")?)?,
        kind: given(json, "kind").map_or(Ok(MemoryKind::Message), kind_of)?,
        parts: items_of(json, "parts")?.iter().map(part_of).collect::<Result<_>>()?,
        links: links.collect::<Result<_>>()?,
    })
});

from_json!(Role, json => role_of(json));

fn role_of(json: &Json) -> Result<Role> {
    let name = text_of(json, "a role")?;
    let all = [Role::System, Role::User, Role::Assistant, Role::Tool];
    let role = all.into_iter().find(|role| role.name() == name);
    role.ok_or_else(|| Error::invalid(format!("no role {name:?}")))
}

from_json!(MemoryKind, json => kind_of(json));

fn kind_of(json: &Json) -> Result<MemoryKind> {
    use MemoryKind::{Message, Note, Summary, Validation};
    let name = text_of(json, "a kind")?;
    let kind = [Message, Note, Validation, Summary].into_iter().find(|kind| kind.name() == name);
    kind.ok_or_else(|| Error::invalid(format!("no kind of a memory {name:?}")))
}

from_json!(Timestamp, json => time_of(json));

fn time_of(json: &Json) -> Result<Timestamp> {
    let text = text_of(json, "a time")?;
    clock::parse(text).ok_or_else(|| Error::invalid(format!("{text:?} is no time of RFC 3339")))
}

object!(ModelCall, call => {
    provider: call.provider,
    model: call.model,
    response: call.response,
    request: call.request,
    stop: call.stop,
    parameters: call.parameters,
    context: call.context,
    usage: call.usage,
});

object!(Usage, usage => {
    input: usage.input,
    output: usage.output,
    cache_read: usage.cache_read,
    cache_write: usage.cache_write,
    reasoning: usage.reasoning,
});
