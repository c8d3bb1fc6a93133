//! Merges in the graph, whether what they merged is shown or not.

use super::*;
use crate::id::{CheckpointId, OperationId};
use crate::object::{Checkpoint, Operation, Timestamp, read};
use crate::store::Expected;

/// Adds a checkpoint that also came from others, as a host of later versions may; at a time, or now.
fn merge(session: &Session, others: &[CheckpointId], time: Option<i64>) -> CheckpointId {
    let (store, name) = (session.store(), format!("session/{}", session.name()));
    let head = store.reference(&name).unwrap().unwrap();
    let operation: Operation = read(store, head).unwrap();
    let before = operation.checkpoint.unwrap();
    let checkpoint: Checkpoint = read(store, before.id()).unwrap();
    let mut batch = store.batch();
    let merged = Checkpoint {
        number: checkpoint.number + 1,
        parents: [&[before], others].concat(),
        jump: None,
        time: time.map(Timestamp::from_millis),
        ..checkpoint
    };
    let merged = CheckpointId::new(batch.put(&merged, None));
    let operation = Operation {
        number: operation.number + 1,
        session: Some(session.id()),
        previous: Some(OperationId::new(head)),
        jump: None,
        checkpoint: Some(merged),
        forked_from: None,
        message: "merge".to_owned(),
        nonce: Vec::new(),
        ..operation
    };
    let operation = batch.put(&operation, None);
    batch.set_ref(name, Expected::Id(head), Some(operation));
    batch.commit().unwrap();
    merged
}

fn newest(session: &Session) -> CheckpointId {
    session.checkpoint("latest").unwrap()
}

/// The lanes of a graph, and what stands right of them where that is no checkpoint.
fn lanes(session: &Session, most: usize, lines: Lines) -> Vec<String> {
    let text = graph_text(session, most, lines).unwrap();
    let lanes = text.lines().map(|line| match line.ends_with("not shown") {
        true => line.to_owned(),
        false => line.chars().take(5).collect::<String>().trim_end().to_owned(),
    });
    lanes.collect()
}

#[test]
fn a_merge_of_a_checkpoint_that_is_shown_has_an_edge_to_it() {
    let session = of_checkpoints(1);
    let trial = session.fork("trial").unwrap();
    checkpoints(&trial, 1);
    merge(&session, &[newest(&trial)], None);
    let text = lanes(&session, 9, Lines::Ascii);
    assert_eq!(text, ["@", "|-.", "| o", "|-'", "o"]);
    assert!(!dag_svg(&session).unwrap().contains("not shown"));
}

#[test]
fn a_merge_of_what_is_not_shown_says_so_below_it() {
    let session = of_checkpoints(1);
    let stranger = session.store().session("stranger").unwrap();
    checkpoints(&stranger, 3);
    let elsewhere = newest(&stranger);
    merge(&session, &[elsewhere], None);
    checkpoints(&session, 1);
    let short = elsewhere.id().short();
    let said = format!("merged {short}, not shown");
    let row = format!("| ~  {said}");
    let text = lanes(&session, 9, Lines::Ascii);
    assert_eq!(text, ["@", "o", "|-.", &row, "o"]);
    let text = lanes(&session, 9, Lines::Unicode);
    let row = format!("\u{2502} ~  {said}");
    assert_eq!(text[2..4], ["\u{251c}\u{2500}\u{256e}".to_owned(), row]);

    let svg = dag_svg(&session).unwrap();
    assert_eq!(svg.matches("<circle").count(), 3);
    // From the merge over to the second lane, and down to a bar that ends it.
    assert!(svg.contains("<path d=\"M16 45C16 58 34 58 34 71V71\" class=\"p-edge p-l1 p-dash\"/>"));
    assert!(svg.contains("<path class=\"p-edge p-l1\" d=\"M30 71h8\"/>"), "{svg}");
    let title = format!("<title>merged checkpoint {elsewhere}\n</title>");
    assert!(svg.contains(&format!("{title}{said}</text>")), "{svg}");
    assert!(report(&session).contains(&said));
}

#[test]
fn what_a_merge_came_from_and_nobody_sees_is_counted() {
    let session = of_checkpoints(1);
    let strangers = [1, 2, 3].map(|at| {
        let stranger = session.store().session(&format!("stranger {at}")).unwrap();
        stranger.write(format!("file {at}"), "1").unwrap();
        newest(&stranger)
    });
    let trial = session.fork("trial").unwrap();
    checkpoints(&trial, 1);
    merge(&session, &[&strangers[..], &[newest(&trial)]].concat(), None);
    let row = format!("| | ~  merged {} and 2 more, not shown", strangers[0].id().short());
    let text = lanes(&session, 9, Lines::Ascii);
    assert_eq!(text, ["@", "|-.-.", &row, "| o", "|-'", "o"]);
    for stranger in strangers {
        assert!(dag_svg(&session).unwrap().contains(&format!("merged checkpoint {stranger}\n")));
    }
}

#[test]
fn a_merge_of_a_checkpoint_that_is_left_out_is_told_above_those_left_out() {
    let session = of_checkpoints(4);
    let old = session.checkpoint("2").unwrap();
    merge(&session, &[old], None);
    checkpoints(&session, 1);
    let row = format!("| ~  merged {}, not shown", old.id().short());
    let text = lanes(&session, 2, Lines::Ascii);
    assert_eq!(text, ["@", "o", "|-.", &row, ":    4 checkpoints, not shown"]);
    assert!(!lanes(&session, 9, Lines::Ascii).iter().any(|line| line.contains("not shown")));
    // The oldest that is shown: the line ends in the mark.
    let whole = of_checkpoints(1);
    let stranger = newest(&session);
    merge(&whole, &[stranger], None);
    let text = lanes(&whole, 1, Lines::Ascii);
    let row = format!("| ~  merged {}, not shown", stranger.id().short());
    assert_eq!(text, ["@", "|-.", &row, ":    1 checkpoint, not shown"]);
}

#[test]
fn a_merge_stands_above_what_it_merged_whatever_the_clocks_say() {
    let session = of_checkpoints(1);
    let trial = session.fork("trial").unwrap();
    checkpoints(&trial, 1);
    let late = merge(&trial, &[], Some(i64::from(u32::MAX) * 1_000));
    merge(&session, &[late], Some(5));
    let text = lanes(&session, 99, Lines::Ascii);
    assert_eq!(text, ["@", "|-.", "| o", "| o", "|-'", "o"]);
}
