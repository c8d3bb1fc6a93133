//! The whole store against plain maps, see `partita_tests::model`.

use std::sync::Arc;

use partita::Store;
use partita_tests::model::{Op, Plain, World, ops};
use partita_tests::random::Random;
use partita_tests::vfs::{Disk, Recorder};
use proptest::prelude::*;

/// Cases of an ordinary run; `PROPTEST_CASES` asks for more.
const CASES: u32 = 384;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn sessions_are_what_plain_maps_say_across_handles_reopens_and_crashes(ops in ops(120)) {
        let (mut world, mut plain) = (World::new(), Plain::default());
        for op in &ops {
            let before = plain.clone();
            let expected = plain.run(op);
            let done = world.run(op);
            if matches!(op, Op::Die(..)) {
                // One that acknowledged before it died has done it; else it may have, or not.
                prop_assert!(expected || done.is_err(), "{:?}: {:?}", op, done);
                if done.is_err() && !world.agrees(&plain) {
                    plain = before;
                }
            } else {
                prop_assert_eq!(done.is_ok(), expected, "{:?}: {:?}", op, done);
            }
            world.assert_latest(&plain);
        }
        world.assert_all(&plain);
    }
}

const SEGMENT: &str = "store/segments/0000000000000001.log";

/// A closed store whose marker of closing lost what stands in its second sector, as a power cut may
/// leave it.
fn torn_marker() -> Disk {
    for len in 0..512 {
        let medium = Recorder::new();
        let store = Store::options().open_vfs(Arc::new(medium.clone())).unwrap();
        let session = store.session("s").unwrap();
        session.write("a", Random::new(3).bytes(len)).unwrap();
        session.write("a", "1").unwrap();
        drop((session, store));
        let mut disk = medium.disk();
        let mut bytes = disk.file(SEGMENT).unwrap().to_vec();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let sector = end / 512 * 512;
        // The header of 32 bytes stays whole, a part of the 16 of the tag is lost.
        if (1..=14).contains(&(end - sector)) {
            bytes[sector..end].fill(0);
            disk.put(SEGMENT, bytes);
            return disk;
        }
    }
    panic!("no length puts the marker across two sectors");
}

#[test]
fn a_handle_before_a_torn_marker_of_closing_sees_what_another_commits() {
    let medium = Recorder::on(torn_marker());
    let open = |read_only| {
        let options = Store::options().read_only(read_only);
        options.open_vfs(Arc::new(medium.process())).unwrap()
    };
    let (reader, idle, writer) = (open(true), open(false), open(false));
    writer.open_session("s").unwrap().write("a", "2").unwrap();
    for store in [&reader, &idle, &writer] {
        assert_eq!(store.open_session("s").unwrap().read("a").unwrap(), b"2");
    }
    idle.open_session("s").unwrap().write("a", "3").unwrap();
    assert_eq!(reader.open_session("s").unwrap().read("a").unwrap(), b"3");
}
