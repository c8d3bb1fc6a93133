//! A recording is imported while it grows: whatever the parts, it ends as one import of the whole.

use super::*;
use crate::budget::Budget;
use crate::context::Dialect;
use crate::interop::tests::growing::{cuts, recordings};
use crate::interop::{Format, read};
use crate::tokens::Encoding;
use crate::{Memory, Role, Selector};
use std::ops::ControlFlow;

/// Imports a part of a recording, or all of it. A part that shows no format yet adds nothing.
fn import(session: &Session, text: &[u8], format: Format, ended: bool) -> TranscriptImport {
    let Ok(source) = read(text, Some(format)) else { return TranscriptImport::default() };
    let source = if ended { source.ended() } else { source };
    let go_on = &mut |_| ControlFlow::Continue(());
    session.import_transcript(&source.transcripts[0], "t", go_on).unwrap()
}

fn roots(session: &Session) -> Vec<crate::map::Map> {
    let latest = session.latest().unwrap();
    let roots = latest.roots();
    vec![roots.memories(), roots.view().all, roots.view().recent]
}

/// What is in view, in order.
fn shown(session: &Session) -> Vec<String> {
    let latest = session.latest().unwrap();
    let memories = latest.view().memories().map(|memory| memory.unwrap().memory);
    memories.map(|memory| said(&memory)).collect()
}

fn said(memory: &Memory) -> String {
    match memory.text() {
        text if text.is_empty() => memory.origin.rsplit(':').next().unwrap_or_default().to_owned(),
        text => text.into_owned(),
    }
}

fn recording(name: &str) -> (Format, String) {
    let (_, format, text) = recordings().into_iter().find(|(found, ..)| *found == name).unwrap();
    (format, text)
}

#[test]
fn an_import_at_every_cut_ends_as_one_import_of_the_whole() {
    for (name, format, text) in recordings() {
        let whole = session();
        import(&whole, text.as_bytes(), format, false);
        let grown = session();
        for cut in cuts(&text) {
            let at_once = session();
            import(&at_once, &text.as_bytes()[..cut], format, false);
            import(&grown, &text.as_bytes()[..cut], format, false);
            assert_eq!(roots(&grown), roots(&at_once), "{name}: grown to {cut}");
            import(&at_once, text.as_bytes(), format, false);
            assert_eq!(roots(&at_once), roots(&whole), "{name}: cut at {cut}");
            let report = import(&at_once, text.as_bytes(), format, false);
            assert!(report.is_empty(), "{name}: cut at {cut}: {report:?}");
        }
        for session in [&whole, &grown] {
            import(session, text.as_bytes(), format, true);
            assert!(import(session, text.as_bytes(), format, true).is_empty(), "{name}");
        }
        assert_eq!((texts(&grown), roots(&grown)), (texts(&whole), roots(&whole)), "{name}");
    }
}

#[test]
fn what_was_given_up_is_recorded_in_order_and_out_of_view() {
    let (format, text) = recording("rewinds");
    let session = session();
    let report = import(&session, text.as_bytes(), format, true);
    assert_eq!((report.new, report.given_up), (15, 14));
    assert_eq!(session.latest().unwrap().memories().count(), 15);
    assert_eq!(shown(&session), ["another beginning", "yes"]);
    // What was given up goes in the checkpoint that brings the first memory of the new branch.
    let before = text.find("\"uuid\":\"new\"").unwrap();
    let line = text[..before].rfind('\n').unwrap() + 1;
    let after = line + text[line..].find('\n').unwrap() + 1;
    let grown = super::session();
    import(&grown, &text.as_bytes()[..line], format, false);
    assert_eq!(shown(&grown), ["a", "a2", "of c2", "of c1", "done", "not this"]);
    let report = import(&grown, &text.as_bytes()[..after], format, false);
    assert_eq!((report.new, report.given_up), (2, 2));
    assert_eq!(shown(&grown), ["a", "a2", "of c2", "of c1", "done", "but this"]);
    assert_eq!(grown.log().unwrap().count(), 2);
    grown.undo().unwrap();
    assert_eq!(shown(&grown), ["a", "a2", "of c2", "of c1", "done", "not this"]);
}

#[test]
fn a_recorded_compaction_is_laid_over_and_can_be_taken_off() {
    let (format, text) = recording("compacted");
    let end = |uuid: &str| {
        let at = text.find(&format!("\"uuid\":\"{uuid}\"")).unwrap();
        at + text[at..].find('\n').unwrap() + 1
    };
    let session = session();
    import(&session, &text.as_bytes()[..end("a3")], format, false);
    assert_eq!(shown(&session), ["so far", "on", "three"]);
    assert_eq!(texts(&session).len(), 7);
    session.expand(&Selector::Number(1)).unwrap();
    assert_eq!(shown(&session), ["go", "one", "more", "two", "so far", "on", "three"]);
    // What was expanded by hand is covered again only by the next summary.
    import(&session, &text.as_bytes()[..end("a4")], format, false);
    assert_eq!(shown(&session), ["so far and on", "four"]);
    import(&session, &text.as_bytes()[..end("u4")], format, false);
    assert_eq!(shown(&session), ["so far", "on", "three", "another way"]);
    import(&session, text.as_bytes(), format, true);
    assert_eq!(shown(&session), ["go", "one", "yet another"]);
    let latest = session.latest().unwrap();
    assert!(latest.context(Dialect::Anthropic).unwrap().body.to_string().contains("yet another"));
    session.capacity(&Budget::new(10_000), &Encoding::O200k).unwrap();
}

#[test]
fn what_is_pinned_stays_in_view_whatever_the_recording_gives_up_or_compacts() {
    let (format, text) = recording("compacted");
    let session = session();
    let at = text.find("compact_boundary").unwrap();
    import(&session, &text.as_bytes()[..at], format, false);
    assert_eq!(shown(&session), ["go", "one", "more"]);
    session.pin_memories(&Selector::Number(2)).unwrap();
    import(&session, text.as_bytes(), format, true);
    assert_eq!(shown(&session), ["go", "one", "yet another"]);
    let (format, text) = recording("rewinds");
    let session = super::session();
    let at = text.find("\"uuid\":\"new\"").unwrap();
    import(&session, &text.as_bytes()[..at], format, false);
    session.pin_memories(&Selector::Number(6)).unwrap();
    import(&session, text.as_bytes(), format, true);
    assert_eq!(shown(&session), ["not this", "another beginning", "yes"]);
}

#[test]
fn others_who_write_meanwhile_move_numbers_but_not_what_goes_out_of_view() {
    let (format, text) = recording("rewinds");
    let source = read(text.as_bytes(), Some(format)).unwrap().ended();
    let session = session();
    let mut said = false;
    let progress = &mut |told: TranscriptProgress| {
        if told.done == 0 && !std::mem::replace(&mut said, true) {
            session.remember(Memory::user("somebody else")).unwrap();
        }
        ControlFlow::Continue(())
    };
    session.import_transcript(&source.transcripts[0], "t", progress).unwrap();
    assert_eq!(shown(&session), ["somebody else", "another beginning", "yes"]);
}

#[test]
fn a_session_of_an_earlier_version_gets_what_that_left_out_and_nothing_twice() {
    let (format, text) = recording("rewinds");
    let source = read(text.as_bytes(), Some(format)).unwrap().ended();
    let session = session();
    // Earlier versions recorded the branch that ended newest, under the same origins.
    for entry in &source.transcripts[0].entries {
        if ["root", "h1"].contains(&entry.key.as_str()) {
            session.remember(entry.memory.clone()).unwrap();
        }
    }
    let report = import(&session, text.as_bytes(), format, true);
    assert_eq!((report.new, report.known, report.given_up), (13, 2, 14));
    assert_eq!(shown(&session), ["another beginning", "yes"]);
    assert!(import(&session, text.as_bytes(), format, true).is_empty());

    // They joined late pieces to the response that these belong to.
    let (format, text) = recording("odd");
    let source = read(text.as_bytes(), Some(format)).unwrap().ended();
    let entries = &source.transcripts[0].entries;
    let session = super::session();
    let late: Vec<_> = entries.iter().filter(|entry| entry.key == "a4").collect();
    session.remember(late[0].memory.clone()).unwrap();
    let report = import(&session, text.as_bytes(), format, true);
    assert_eq!((report.known, report.new), (3, entries.len() as u64 - 3));
    let assistants = |memory: &Memory| memory.role == Role::Assistant;
    let latest = session.latest().unwrap();
    let count = latest.memories().filter(|entry| assistants(&entry.as_ref().unwrap().memory));
    assert_eq!(
        count.count(),
        1 + entries.iter().filter(|entry| assistants(&entry.memory)).count() - 3
    );
}

#[test]
fn turns_that_codex_rolled_back_are_out_of_view_and_its_compactions_laid_over() {
    let context = "<environment_context>here</environment_context>";
    let (format, text) = recording("codex rolled back");
    let session = session();
    import(&session, text.as_bytes(), format, false);
    // The last rollback comes with the first memory behind it, or with the end.
    assert_eq!(shown(&session), [context, "e", "of e", "f"]);
    import(&session, text.as_bytes(), format, true);
    assert_eq!(shown(&session), [context, "e", "of e"]);
    assert!(import(&session, text.as_bytes(), format, true).is_empty());

    let (format, text) = recording("codex compacted");
    let at_once = super::session();
    import(&at_once, text.as_bytes(), format, true);
    assert_eq!(shown(&at_once), ["user: new question", "newest", "last"]);
    // What the provider keeps of it goes back to it.
    let body = at_once.context(Dialect::OpenAiResponses).unwrap().body.to_string();
    assert!(body.contains(r#"{"type":"compaction","encrypted_content":"qq=="}"#), "{body}");
    at_once.expand(&Selector::Number(1)).unwrap();
    let all = shown(&at_once);
    assert_eq!(all[0], "They asked something.");
    at_once.expand(&Selector::Number(1)).unwrap();
    assert_eq!(shown(&at_once).len(), 9);
    for dialect in [Dialect::OpenAiResponses, Dialect::Anthropic, Dialect::OpenAiChat] {
        at_once.context(dialect).unwrap();
    }

    // An earlier version knew no compactions: what came behind them is not covered afterwards.
    let source = read(text.as_bytes(), Some(format)).unwrap().ended();
    let session = super::session();
    for entry in source.transcripts[0].entries.iter().filter(|entry| entry.turn.is_none()) {
        session.remember(entry.memory.clone()).unwrap();
    }
    let before = shown(&session);
    let report = import(&session, text.as_bytes(), format, true);
    assert_eq!((report.new, report.known), (2, 7));
    assert_eq!(shown(&session), before);
    assert!(import(&session, text.as_bytes(), format, true).is_empty());
}
