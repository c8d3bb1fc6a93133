//! A session: its timeline.

use super::*;
use crate::limits::{DISPLAY_CHECKPOINTS_MAX, DISPLAY_FORKS_MAX};

#[test]
fn checkpoints_beyond_the_limit_are_counted() {
    for (number, left) in around(DISPLAY_CHECKPOINTS_MAX) {
        let session = of_checkpoints(number);
        session.fork_at("early", session.checkpoint("1").unwrap()).unwrap();
        let html = session_html(&session).unwrap();
        assert_eq!(html.matches("<tr><td").count(), number - left);
        let said: &[&str] = match left {
            0 => &[],
            _ => &["1 older checkpoint is not shown", "1 fork that began there is not shown"],
        };
        assert_eq!(notes(&html), said);
        assert_eq!(html.contains("fork early"), left == 0);
    }
}

#[test]
fn forks_of_one_checkpoint_beyond_the_limit_are_counted() {
    for (number, left) in around(DISPLAY_FORKS_MAX) {
        let session = of_checkpoints(1);
        for at in 0..number {
            session.fork(&format!("fork {at:02}")).unwrap();
        }
        let html = session_html(&session).unwrap();
        assert_eq!(html.matches(">fork fork ").count(), number - left);
        assert_eq!(html.contains(">and 1 fork more<"), left == 1);
        assert_eq!(html.contains(" more<"), left == 1);
    }
}
