//! Capacity: the largest items.

use super::*;
use crate::limits::DISPLAY_ITEMS_MAX;

#[test]
fn items_beyond_the_limit_are_counted() {
    for (number, left) in around(DISPLAY_ITEMS_MAX) {
        let session = session();
        session
            .batch(|batch| {
                (0..number).try_for_each(|at| batch.write(format!("f{at}"), "1").map(drop))
            })
            .unwrap();
        let capacity = session.capacity(&Budget::new(1_000), &Encoding::O200k).unwrap();
        for html in [capacity_html(&capacity), section(&report(&session), "Capacity").to_owned()] {
            let items = html.split("largest items").nth(1).unwrap();
            assert_eq!(items.matches("<tr><td").count(), number - left);
            assert_eq!(items.contains("and 1 smaller item<"), left == 1);
            assert_eq!(items.contains("smaller item"), left == 1);
        }
    }
}
