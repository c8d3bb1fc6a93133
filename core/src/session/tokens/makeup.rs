//! Of what memories consist, as plans value it.

use crate::budget::{Makeup, Material};
use crate::object::{Body, Memory, MemoryKind, Part, Role};

/// Bytes of a user's text that count as asked. People write short; what is longer is pasted, and can
/// be had again as a file can.
const ASKED_BYTES: u64 = 4_096;

/// Tokens of a result that count in full by the default values; of more an eighth does. A result nine
/// times as long does not tell nine times as much, and to trim one of those is one step.
const RESULT_TOKENS: u64 = 512;

/// The tokens of a result that count by the default values.
pub(crate) fn told(tokens: u64) -> u64 {
    tokens.min(RESULT_TOKENS) + tokens.saturating_sub(RESULT_TOKENS) / 8
}

/// Of what a memory consists: its tokens, shared out by the bytes of its parts.
pub(crate) fn makeup(memory: &Memory, tokens: u64) -> Makeup {
    let mut bytes: Vec<(Material, u64)> = Vec::new();
    let mut returned = 0;
    for part in &memory.parts {
        let material = match part {
            Part::Result { parts, .. } => {
                returned = *parts;
                continue;
            }
            _ if returned > 0 => {
                returned -= 1;
                Material::Returned
            }
            Part::Call { .. } => Material::Called,
            Part::Thinking { .. } => Material::Thought,
            _ if memory.kind == MemoryKind::Summary => Material::Summary,
            _ => match memory.role {
                Role::System | Role::User => Material::Asked,
                Role::Assistant => Material::Said,
                Role::Tool => Material::Returned,
            },
        };
        let len: usize = part.bodies().filter_map(Body::as_inline).map(<[u8]>::len).sum();
        let len = len as u64 + 1;
        let kept = if material == Material::Asked { len.min(ASKED_BYTES) } else { len };
        bytes.push((material, kept));
        bytes.push((Material::File, len - kept));
    }
    let all: u64 = bytes.iter().map(|(_, len)| len).sum();
    let share = |len: u64| u128::from(len) * u128::from(tokens) / u128::from(all.max(1));
    bytes.into_iter().fold(Makeup::new(), |makeup, (material, len)| {
        makeup.with(material, u64::try_from(share(len)).unwrap_or(u64::MAX))
    })
}
