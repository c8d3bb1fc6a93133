//! A thread that panics while it commits, as a fault in a host's own code may make it do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use partita::{ErrorKind, Store, StoreOptions};
use partita_tests::random::Random;
use partita_tests::vfs::Recorder;

static PANICS: AtomicBool = AtomicBool::new(false);

/// Random bytes are needed under the writer lock when a segment is full.
fn options() -> StoreOptions {
    Store::options().segment_bytes(8 << 10).entropy(|bytes| {
        assert!(!PANICS.load(Ordering::Relaxed), "no random bytes");
        static TIMES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let seed = TIMES.fetch_add(1, Ordering::Relaxed);
        bytes.copy_from_slice(&Random::new(seed).bytes(bytes.len()));
        Ok(())
    })
}

#[test]
fn a_handle_whose_commit_panicked_reads_on_and_asks_to_be_reopened() {
    let medium = Recorder::new();
    let one = options().open_vfs(Arc::new(medium.process())).unwrap();
    let two = options().open_vfs(Arc::new(medium.process())).unwrap();
    let session = one.session("s").unwrap();
    let mut random = Random::new(1);
    let mut written = 0;
    PANICS.store(true, Ordering::Relaxed);
    let outcome = loop {
        let write = || session.write("a", random.bytes(1_000)).map(drop);
        match catch_unwind(AssertUnwindSafe(write)) {
            Ok(done) => done.unwrap(),
            Err(_) => break session.write("a", "refused"),
        }
        written += 1;
        assert!(written < 100, "the segment is never full");
    };
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Poisoned);
    PANICS.store(false, Ordering::Relaxed);

    // Another process goes on, and the handle sees it.
    two.open_session("s").unwrap().write("a", "by another").unwrap();
    assert_eq!(session.read("a").unwrap(), b"by another");
    assert_eq!(session.history("a").unwrap().count(), written + 1);
    assert_eq!(session.write("a", "x").unwrap_err().kind(), ErrorKind::Poisoned);
    drop((one, session));
    let again = options().open_vfs(Arc::new(medium.process())).unwrap();
    again.open_session("s").unwrap().write("a", "again").unwrap();
    assert_eq!(two.open_session("s").unwrap().read("a").unwrap(), b"again");
}
