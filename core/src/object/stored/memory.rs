//! The canonical form of a memory.

use crate::codec::{Reader, malformed};
use crate::error::Result;
use crate::id::{ContentId, IterationId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, MEMORY_PARTS_MAX, TEXT_INLINE_BYTES_MAX};
use crate::object::memory::misplaced_result;
use crate::object::{
    Body, BodyReader, BodyWriter, Canonical, Kind, Memory, MemoryKind, Node, Part, RefReader, Role,
    Timestamp,
};

// A number is a place in its table: both are frozen, new rows go to the end.
pub(in crate::object) const ROLES: [Role; 4] =
    [Role::System, Role::User, Role::Assistant, Role::Tool];
pub(in crate::object) const KINDS: [MemoryKind; 4] =
    [MemoryKind::Message, MemoryKind::Note, MemoryKind::Validation, MemoryKind::Summary];

impl Body {
    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        match self {
            Body::Inline(bytes) => {
                body.0.uint(0).bytes(bytes);
            }
            Body::Content(content) => {
                body.0.uint(1);
                refs.push(content.id());
            }
        }
    }

    fn decode(refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        Ok(match body.0.bounded(1, "a body's tag")? {
            0 => Body::Inline(body.0.bytes(TEXT_INLINE_BYTES_MAX, "an inline text")?.to_vec()),
            _ => Body::Content(ContentId::new(refs.next()?)),
        })
    }
}

impl Part {
    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        match self {
            Part::Text(text) => {
                body.0.uint(0);
                text.encode(refs, body);
            }
            Part::Thinking { text, signature } => {
                body.0.uint(1);
                text.encode(refs, body);
                signature.encode(refs, body);
            }
            Part::Call { id, name, arguments } => {
                body.0.uint(2).bytes(id.as_bytes()).bytes(name.as_bytes());
                arguments.encode(refs, body);
            }
            Part::Result { call, error, parts } => {
                body.0.uint(3).bytes(call.as_bytes()).uint(u64::from(*error)).uint(*parts);
            }
            Part::Media { media_type, content } => {
                body.0.uint(4).bytes(media_type.as_bytes());
                content.encode(refs, body);
            }
            Part::File { iteration } => {
                body.0.uint(5);
                refs.push(iteration.id());
            }
            Part::Opaque { provider, content } => {
                body.0.uint(6).bytes(provider.as_bytes());
                content.encode(refs, body);
            }
        }
    }

    fn decode(refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        Ok(match body.0.uint()? {
            0 => Part::Text(Body::decode(refs, body)?),
            1 => {
                let text = Body::decode(refs, body)?;
                Part::Thinking { text, signature: Body::decode(refs, body)? }
            }
            2 => {
                let id = body.0.text(LABEL_BYTES_MAX, "a call's id")?.to_owned();
                let name = body.0.text(LABEL_BYTES_MAX, "a tool's name")?.to_owned();
                Part::Call { id, name, arguments: Body::decode(refs, body)? }
            }
            3 => Part::Result {
                call: body.0.text(LABEL_BYTES_MAX, "a call's id")?.to_owned(),
                error: body.0.bounded(1, "a result's error flag")? == 1,
                parts: body.0.bounded(MEMORY_PARTS_MAX as u64, "a result's parts")?,
            },
            4 => {
                let media_type = body.0.text(LABEL_BYTES_MAX, "a media type")?.to_owned();
                Part::Media { media_type, content: Body::decode(refs, body)? }
            }
            5 => Part::File { iteration: IterationId::new(refs.next()?) },
            6 => {
                let provider = body.0.text(LABEL_BYTES_MAX, "a provider")?.to_owned();
                Part::Opaque { provider, content: Body::decode(refs, body)? }
            }
            tag => return Err(malformed(format!("part tag {tag}"))),
        })
    }
}

/// Reads what stands before the parts.
fn head(body: &mut BodyReader<'_>) -> Result<Memory> {
    let role = ROLES[body.0.count(ROLES.len() - 1, "a role")?];
    let kind = KINDS[body.0.count(KINDS.len() - 1, "a memory's kind")?];
    let actor = body.0.text(LABEL_BYTES_MAX, "an actor")?.to_owned();
    let time = match body.0.bounded(1, "the time flag")? {
        0 => None,
        _ => Some(Timestamp::from_millis(body.0.int()?)),
    };
    let origin = body.0.text(LABEL_BYTES_MAX, "an origin")?.to_owned();
    Ok(Memory { origin, actor, time, role, kind, parts: Vec::new(), links: Vec::new() })
}

/// Reads the origin of a memory's node, and nothing that stands behind it.
pub(crate) fn origin_of(node: &Node) -> Result<String> {
    node.check_holds::<Memory>()?;
    Ok(head(&mut BodyReader(Reader::new(&node.body)))?.origin)
}

impl Canonical for Memory {
    const KIND: Kind = Kind::MEMORY;
    const VERSION: u16 = 1;

    // What two memories of a dialog share stands at both ends, what differs in the middle: so a
    // delta of one from the other is one splice. Refs follow the parts, then the links.
    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.uint(self.role as u64).uint(self.kind as u64);
        body.0.bytes(self.actor.as_bytes());
        body.0.uint(u64::from(self.time.is_some()));
        if let Some(time) = self.time {
            body.0.int(time.as_millis());
        }
        body.0.bytes(self.origin.as_bytes());
        body.0.uint(self.parts.len() as u64);
        for part in &self.parts {
            part.encode(refs, body);
        }
        body.0.uint(self.links.len() as u64);
        refs.extend(&self.links);
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let Memory { role, kind, actor, time, origin, .. } = head(body)?;
        let count = body.0.count(MEMORY_PARTS_MAX, "the number of parts")?;
        // No capacity by a count that nobody vouches for: a part is a byte at the least.
        let mut parts = Vec::new();
        for _ in 0..count {
            parts.push(Part::decode(refs, body)?);
        }
        if let Some(at) = misplaced_result(&parts) {
            return Err(malformed(format!("part {at} is a result out of place")));
        }
        let links = body.0.count(MEMORY_PARTS_MAX, "the number of links")?;
        let links = refs.take(links)?;
        Ok(Memory { origin, actor, time, role, kind, parts, links })
    }
}
