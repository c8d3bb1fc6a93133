//! A store of encrypted segments, which a later version may write: refused as such, and left as it is.

use std::path::{Path, PathBuf};

use partita::{ErrorKind, Store};
use partita_tests::command::{Partita, bytes_of};
use partita_tests::forge::{Segment, kind};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stores/sealed")
}

/// A log segment as section 8.7 of the format says: a frame whose one unit is a nonce, bytes that
/// nobody can read, and a tag.
fn sealed() -> Segment {
    let mut segment = Segment::log_with(1, |header| {
        header[12] = 1;
        header[104..108].copy_from_slice(&7u32.to_le_bytes());
    });
    let (nonce, bytes, tag) = ([0x11; 24], [0x22; 64], [0x33; 16]);
    segment.push(kind::SNAPSHOT, &[&nonce[..], &bytes, &tag].concat());
    segment
}

#[test]
fn the_committed_store_is_what_the_format_says() {
    let files = bytes_of(&data());
    assert_eq!(files[Path::new("FORMAT")], b"partita store, format 1\n");
    assert_eq!(files[Path::new("segments/0000000000000001.log")], sealed().bytes());
}

#[test]
fn an_encrypted_store_is_refused_as_such_and_nothing_is_written() {
    let room = tempfile::tempdir().unwrap();
    let partita = Partita::at(data()).copy_to(room.path().join("store"));
    let store = room.path().join("store");
    let before = bytes_of(&store);
    for options in [Store::options(), Store::options().read_only(true)] {
        let error = options.open(&store).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("encrypted (key of epoch 7)"), "{error}");
    }
    for what in [&["sessions"][..], &["check"], &["recover"], &["gc"], &["write", "s", "f"]] {
        let error = partita.refused(what);
        assert!(error.contains("encrypted"), "{what:?}: {error}");
    }
    assert_eq!(bytes_of(&store), before);
}
