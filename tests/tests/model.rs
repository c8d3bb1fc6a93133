//! The whole store against plain maps, see `partita_tests::model`.

use partita_tests::model::{Plain, World, ops};
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
            let expected = plain.run(op);
            let done = world.run(op);
            prop_assert_eq!(done.is_ok(), expected, "{:?}: {:?}", op, done);
            world.assert_latest(&plain);
        }
        world.assert_all(&plain);
    }
}
