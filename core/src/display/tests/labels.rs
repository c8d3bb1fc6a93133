//! Names, paths, messages and actors.

use super::*;
use crate::budget::CapacityItem;
use crate::context::Source;
use crate::limits::DISPLAY_LABEL_CHARS_MAX;
use crate::tokens::Count;

/// A text of so many characters, two bytes each but for some: a path's component has no room for all.
fn label_of(chars: usize) -> String {
    (1..=chars).map(|at| if at % 50 == 7 { '/' } else { '\u{e4}' }).collect()
}

/// A session whose every label has so many characters, two bytes each if there is room.
fn labelled(chars: usize) -> Session {
    let store = Store::in_memory().unwrap();
    let label = label_of(chars);
    let session = store.session(&"n".repeat(chars)).unwrap().with_actor(&label);
    session
        .batch(|batch| {
            batch.message(&label)?;
            batch.write(&label, "1")?;
            batch.remember(Memory { actor: label.clone(), ..Memory::user("u") })
        })
        .unwrap();
    session
}

#[test]
fn a_label_beyond_the_limit_is_cut_and_what_is_left_out_counted() {
    for (chars, left) in around(DISPLAY_LABEL_CHARS_MAX) {
        let session = labelled(chars);
        let report = report(&session);
        let (name, label) = ("n".repeat(chars), label_of(chars));
        let (source, count) = (Source::Files, Count::exact(1));
        let item = CapacityItem { key: (), source, label: label.clone(), count };
        let budget = Budget::new(1_000);
        let capacity =
            Capacity::from_parts([(source, count)], Count::ZERO, (vec![item], 1), &budget);
        for (what, names, labels, html) in [
            // The actor of the newest operation and of each in the timeline, and its message.
            ("session", 1, 3, session_html(&session).unwrap()),
            ("store", 1, 0, store_html(session.store()).unwrap()),
            ("capacity", 0, 1, capacity_html(&capacity)),
            // All there is to say of a checkpoint. What stands beside it is cut to fit.
            ("dag", 1, 2, dag_svg(&session).unwrap()),
            ("files", 0, 1, section(&report, "Files").split("<details>").next().unwrap().into()),
            ("memories", 0, 1, section(&report, "Memories").to_owned()),
            ("title", 1, 0, report.split("<style>").next().unwrap().to_owned()),
            ("text", 1, 1, graph_text(&session, 9, Lines::Unicode).unwrap()),
        ] {
            let all = html.matches(&name).count() + html.matches(&label).count();
            let cut = ["1 byte more", "2 bytes more"].map(|more| html.matches(more).count());
            let told = if left == 0 { [0, 0] } else { [names, labels] };
            assert_eq!(cut, told, "{what} of {chars}: {html}");
            assert_eq!(all > 0, left == 0, "{what} of {chars}");
        }
    }
}
