//! Promises of memories: what is encoded comes back, and what cannot be is refused.

use super::*;
use crate::id::{ContentId, IterationId};
use crate::object::stored::memory::{KINDS, ROLES};
use crate::object::{Canonical, Kind, Node};
use proptest::prelude::*;

fn an_id() -> impl Strategy<Value = ObjectId> {
    any::<[u8; 32]>().prop_map(ObjectId::from_bytes)
}

fn a_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Body::Inline),
        an_id().prop_map(|id| Body::Content(ContentId::new(id))),
    ]
}

fn a_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        a_body().prop_map(Part::Text),
        (a_body(), a_body()).prop_map(|(text, signature)| Part::Thinking { text, signature }),
        (".{0,9}", ".{0,9}", a_body()).prop_map(|(id, name, arguments)| Part::Call {
            id,
            name,
            arguments
        }),
        (".{0,9}", any::<bool>()).prop_map(|(call, error)| Part::Result { call, error, parts: 0 }),
        (".{0,9}", a_body()).prop_map(|(media_type, content)| Part::Media { media_type, content }),
        an_id().prop_map(|id| Part::File { iteration: IterationId::new(id) }),
        (".{0,9}", a_body()).prop_map(|(provider, content)| Part::Opaque { provider, content }),
    ]
}

prop_compose! {
    fn a_memory()(
        origin in ".{0,20}", actor in ".{0,9}", time: Option<i64>, role in 0..4usize,
        kind in 0..4usize, parts in proptest::collection::vec(a_part(), 0..6),
        links in proptest::collection::vec(an_id(), 0..4),
    ) -> Memory {
        let time = time.map(Timestamp::from_millis);
        Memory { origin, actor, time, role: ROLES[role], kind: KINDS[kind], parts, links }
    }
}

proptest! {
    #[test]
    fn a_memory_comes_back_from_its_node(memory in a_memory()) {
        prop_assert!(memory.validate().is_ok());
        prop_assert_eq!(Memory::from_node(&memory.to_node()).unwrap(), memory);
    }

    #[test]
    fn any_node_decodes_to_its_own_memory_or_fails_without_panic(
        body: Vec<u8>, refs in proptest::collection::vec(an_id(), 0..4),
    ) {
        let node = Node { kind: Kind::MEMORY, version: 1, refs, body };
        if let Ok(memory) = Memory::from_node(&node) {
            prop_assert_eq!(memory.to_node(), node);
        }
    }
}

#[test]
fn the_encoding_of_a_message_is_frozen() {
    let memory = Memory::user("hi").with_origin("git:ab").with_time(Timestamp::from_millis(-1));
    let node = memory.to_node();
    assert_eq!(node.body, b"\x01\x00\x00\x01\x01\x06git:ab\x01\x00\x00\x02hi\x00");
    assert!(node.refs.is_empty());
}

#[test]
fn numbers_of_roles_and_kinds_are_their_places() {
    for (at, role) in ROLES.iter().enumerate() {
        assert_eq!(*role as usize, at);
    }
    for (at, kind) in KINDS.iter().enumerate() {
        assert_eq!(*kind as usize, at);
    }
}

#[test]
fn results_that_overlap_or_run_over_the_end_are_refused() {
    let result = |parts| Part::Result { call: "1".into(), error: false, parts };
    let refused = |parts: Vec<Part>| {
        let memory = Memory { parts, ..Memory::tool("1", "") };
        memory.validate().is_err() && Memory::from_node(&memory.to_node()).is_err()
    };
    assert!(refused(vec![result(1)]));
    assert!(refused(vec![result(2), Part::text("a"), result(0)]));
    assert!(!refused(vec![result(1), Part::text("a"), result(0)]));
}

#[test]
fn inline_texts_at_the_limit_decode_and_beyond_it_are_refused() {
    for (len, holds) in [(1_023, true), (1_024, true), (1_025, false)] {
        let memory = Memory::user("x".repeat(len));
        assert_eq!(Memory::from_node(&memory.to_node()).is_ok(), holds, "{len}");
    }
}

#[test]
fn parts_and_links_beyond_the_limit_are_refused() {
    let mut memory = Memory::user("");
    memory.parts = vec![Part::text(""); MEMORY_PARTS_MAX];
    memory.links = vec![ObjectId::of_content(b""); MEMORY_PARTS_MAX];
    assert!(memory.validate().is_ok() && Memory::from_node(&memory.to_node()).is_ok());
    memory.links.push(ObjectId::of_content(b""));
    assert!(memory.validate().is_err() && Memory::from_node(&memory.to_node()).is_err());
    memory.links.clear();
    memory.parts.push(Part::text(""));
    assert!(memory.validate().is_err() && Memory::from_node(&memory.to_node()).is_err());
}
