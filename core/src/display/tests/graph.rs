//! The graph: forks in lanes, and what is left out.

use super::*;
use crate::limits::{DISPLAY_FORK_SHARE, DISPLAY_FORKS_MAX, DISPLAY_GRAPH_ROWS_MAX};

#[test]
fn a_fork_is_told_at_the_checkpoint_where_it_began() {
    let session = session();
    session.write("a", "1").unwrap();
    let at = session.checkpoint("latest").unwrap();
    session.write("a", "2").unwrap();
    session.fork_at("trial", at).unwrap().write("a", "3").unwrap();
    session.fork("bare").unwrap();
    let html = session_html(&session).unwrap();
    let rows: Vec<&str> = html.split("<tr>").skip(2).collect();
    assert!(rows[0].contains("fork bare") && !rows[0].contains("fork trial"));
    assert!(rows[1].contains("fork trial"));
    let text = graph_text(&session, 9, Lines::Ascii).unwrap();
    let line = |of: &str| text.lines().find(|line| line.contains(of)).unwrap();
    assert!(
        line("[trial]").starts_with("  o  2") || line("[trial]").starts_with("| o  2"),
        "{text}"
    );
    // Which of them stands above the other depends on the clock.
    let main = line("[fix-parser] [bare]");
    assert!(main.starts_with("@    2") || main.starts_with("@ |  2"), "{text}");
    let trial = session.store().open_session("trial").unwrap();
    assert!(session_html(&trial).unwrap().contains("fork of fix-parser"));
}

#[test]
fn what_is_left_out_of_a_graph_is_counted() {
    let session = session();
    for number in 0..20 {
        session.write("a", number.to_string()).unwrap();
    }
    let trial = session.fork("trial").unwrap();
    for number in 0..5 {
        trial.write("b", number.to_string()).unwrap();
    }
    session.fork_at("early", session.checkpoint("3").unwrap()).unwrap();
    let text = graph_text(&session, 8, Lines::Ascii).unwrap();
    // A fork has an eighth of the rows and one more: two of five.
    assert!(text.contains(" :  3 checkpoints, not shown"), "{text}");
    assert!(text.contains("  12 checkpoints, not shown"), "{text}");
    assert!(text.ends_with("1 fork of older checkpoints, not shown\n"), "{text}");
    let whole = graph_text(&session, usize::MAX, Lines::Ascii).unwrap();
    assert!(!whole.contains("not shown") && whole.contains("[early]"), "{whole}");
}

/// What a graph says it does not show, as text and as SVG.
fn left_out(session: &Session) -> [Vec<String>; 2] {
    let text = graph_text(session, DISPLAY_GRAPH_ROWS_MAX, Lines::Ascii).unwrap();
    let text = text.lines().filter(|line| line.contains("not shown"));
    let text = text.map(|line| line.trim_start_matches([' ', '|', ':']).replace(',', ""));
    let svg = dag_svg(session).unwrap();
    let svg = svg.split('>').filter(|piece| piece.contains("not shown"));
    let svg = svg.map(|piece| piece.replace("</text", "").replace(',', ""));
    [text.collect(), svg.collect()]
}

#[test]
fn checkpoints_beyond_the_limit_of_a_graph_are_counted() {
    for (number, left) in around(DISPLAY_GRAPH_ROWS_MAX) {
        let session = of_checkpoints(number);
        session.fork_at("early", session.checkpoint("1").unwrap()).unwrap();
        assert_eq!(dag_svg(&session).unwrap().matches("<circle").count(), number - left);
        let said: &[&str] = match left {
            0 => &[],
            _ => &["1 checkpoint not shown", "1 fork of older checkpoints not shown"],
        };
        assert_eq!(left_out(&session), [said, said]);
    }
}

#[test]
fn checkpoints_of_a_fork_beyond_its_share_are_counted() {
    for (number, left) in around(DISPLAY_GRAPH_ROWS_MAX / DISPLAY_FORK_SHARE + 1) {
        let session = of_checkpoints(1);
        checkpoints(&session.fork("trial").unwrap(), number);
        assert_eq!(dag_svg(&session).unwrap().matches("<circle").count(), 1 + number - left);
        let said: &[&str] = if left == 1 { &["1 checkpoint not shown"] } else { &[] };
        assert_eq!(left_out(&session), [said, said]);
    }
}

#[test]
fn forks_beyond_the_limit_of_a_graph_are_counted() {
    for (number, left) in around(DISPLAY_FORKS_MAX) {
        let session = of_checkpoints(1);
        for at in 0..number {
            session.fork(&format!("fork {at:02}")).unwrap().write("a", "1").unwrap();
        }
        let text = graph_text(&session, 9, Lines::Ascii).unwrap();
        assert_eq!(text.matches("[fork ").count(), number - left);
        let said: &[&str] = if left == 1 { &["1 fork more not shown"] } else { &[] };
        assert_eq!(left_out(&session), [said, said]);
    }
}
