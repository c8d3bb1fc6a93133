//! What memories may refer to.

use std::ops::ControlFlow;

use crate::error::ErrorKind;
use crate::id::{IterationId, ObjectId};
use crate::object::{Canonical, Memory, ModelCall, Part};
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
