//! What memories may refer to.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{ErrorKind, Result};
use crate::id::{IterationId, ObjectId};
use crate::object::{Canonical, ENCODED, Memory, ModelCall, Node, Objects, Part};
use crate::session::Session;
use crate::session::line::keys::memory_key;
use crate::session::read::prompt::prompt_memory;
use crate::store::{GcOptions, Store};

#[test]
fn a_memory_refers_to_nothing_that_the_store_does_not_hold() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    let absent = ObjectId::of_content(b"nowhere");
    let file = Part::File { iteration: IterationId::new(absent) };
    for memory in [Memory::user("a").with_link(absent), Memory::user("b").with_part(file)] {
        let error = session.remember(memory.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&absent.short()), "{error}");
        let error = session.remember_with_call(memory, ModelCall::new("m")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    assert_eq!(session.latest().unwrap().memories().count(), 0);

    // What is here, what comes in the same batch, and what was written before may be referred to.
    let written = session.write("a", "1").unwrap().id;
    let first = Memory::user("first");
    let second = Memory::user("second")
        .with_link(first.to_node().id())
        .with_part(Part::File { iteration: written });
    session
        .batch(|b| {
            b.remember(first)?;
            b.remember(second)
        })
        .unwrap();
    session.remember_with_call(Memory::assistant("third"), ModelCall::new("m")).unwrap();
    store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(store.check(&mut |_| ControlFlow::Continue(())).unwrap().is_ok());
}

#[test]
fn a_batch_of_memories_that_link_to_each_other_encodes_each_of_them_once() {
    let encoded = |count: u64| {
        let session = Store::in_memory().unwrap().session("s").unwrap();
        let mut batch = session.begin().unwrap();
        let mut last = None;
        let before = ENCODED.get();
        for number in 0..count {
            let memory = Memory::user(number.to_string());
            let memory = last.into_iter().fold(memory, Memory::with_link);
            last = Some(batch.remember_kept(memory).unwrap().0.id());
        }
        batch.commit().unwrap();
        ENCODED.get() - before - count
    };
    let beside = encoded(4);
    assert!(beside < 8, "{beside}");
    assert_eq!(encoded(4_000), beside);
}

#[test]
fn a_memory_in_view_comes_into_a_prompt_without_a_copy() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.remember(Memory::user("hello")).unwrap();
    let latest = session.latest().unwrap();
    let in_view = latest.view().memories().next().unwrap().unwrap();
    let at = |memory: &Memory| match &memory.parts[0] {
        Part::Text(body) => body.as_inline().unwrap().as_ptr(),
        part => panic!("{part:?}"),
    };
    let before = at(&in_view.memory);
    assert_eq!(at(&prompt_memory(session.store(), in_view, None).unwrap().memory), before);
}

/// Counts the nodes that are read through it.
struct Counting<'a>(&'a Store, AtomicU64);

impl Objects for Counting<'_> {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.get_node(id)
    }
}

#[test]
fn a_hundred_thousand_memories_cost_a_few_nodes_more_than_a_thousand() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    for (count, new_max, read_max) in [(1_000, 12, 3), (100_000, 13, 4)] {
        let newest = |session: &Session| -> u64 {
            session.latest().unwrap().memories_back().next().map_or(0, |row| row.unwrap().number)
        };
        while newest(&session) < count {
            let from = newest(&session);
            session
                .batch(|b| {
                    (from..from + 1_000).try_for_each(|n| b.remember(Memory::user(n.to_string())))
                })
                .unwrap();
        }
        let made = newest(&session);
        let memories = session.latest().unwrap().roots().memories();
        let read = |call: &dyn Fn(&Counting<'_>)| {
            let counting = Counting(&store, AtomicU64::new(0));
            call(&counting);
            counting.1.into_inner()
        };
        // By number: one node a level.
        let one = read(&|objects| {
            memories.get(objects, &memory_key(count / 2)).unwrap().unwrap();
        });
        assert!(one <= read_max, "{one} nodes for one of {count}");
        // The last page: one node a level and the neighbours that it reaches into.
        let page = read(&|objects| {
            let from = memory_key(made - 49);
            let rows = memories.range(objects, Bound::Included(&from[..]), Bound::Unbounded);
            assert_eq!(rows.count(), 50);
        });
        assert!(page <= read_max + 4, "{page} nodes for a page of {count}");
        let before = store.stats().unwrap().objects;
        session.remember(Memory::user("one more")).unwrap();
        let new = store.stats().unwrap().objects - before;
        assert!(new <= new_max, "{new} objects for one more than {count}");
    }
}
