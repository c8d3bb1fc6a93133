//! A store: its sessions.

use super::*;
use crate::limits::{DISPLAY_SESSIONS_MAX, DISPLAY_SESSIONS_READ_MAX};
use crate::store::Expected;

/// A store of so many sessions, all of them as they were when they began: one operation by many
/// names.
fn store_of(sessions: usize) -> Store {
    let store = Store::in_memory().unwrap();
    store.session("s00000").unwrap();
    let begun = store.sessions().next().unwrap().unwrap().operation();
    let mut batch = store.batch();
    for at in 1..sessions {
        batch.set_ref(format!("session/s{at:05}"), Expected::Absent, Some(begun.id()));
    }
    batch.commit().unwrap();
    store
}

#[test]
fn sessions_beyond_the_limit_are_counted() {
    for (number, left) in around(DISPLAY_SESSIONS_MAX) {
        let html = store_html(&store_of(number)).unwrap();
        assert!(html.contains(&format!(">{number} sessions<")));
        assert_eq!(html.matches("<tr><td").count(), number - left);
        let said: &[&str] = if left == 1 { &["1 more session is not shown"] } else { &[] };
        assert_eq!(notes(&html), said);
    }
}

#[test]
fn a_store_of_more_sessions_than_are_counted_says_so() {
    for (number, title, said) in [
        (DISPLAY_SESSIONS_READ_MAX - 1, "9,999 sessions", "9,799 more sessions are not shown"),
        (DISPLAY_SESSIONS_READ_MAX, "10,000 sessions", "9,800 more sessions are not shown"),
        (
            DISPLAY_SESSIONS_READ_MAX + 1,
            "more than 10,000 sessions",
            "at least 9,801 more sessions are not shown",
        ),
    ] {
        let store = store_of(number);
        let html = store_html(&store).unwrap();
        assert!(html.contains(&format!(">{title}</div>")), "{number}");
        assert_eq!(notes(&html), [said]);
        let session = store.open_session("s00000").unwrap();
        session.write("a", "1").unwrap();
        let said = "only 10,000 sessions of the store were asked whether they are forks";
        let all = number <= DISPLAY_SESSIONS_READ_MAX;
        let html = session_html(&session).unwrap();
        assert_eq!(notes(&html), if all { vec![] } else { vec![said] }, "{number}");
        let text = graph_text(&session, 9, Lines::Ascii).unwrap();
        assert_eq!(text.contains(said), !all, "{number}");
        assert_eq!(dag_svg(&session).unwrap().contains(said), !all, "{number}");
    }
}
