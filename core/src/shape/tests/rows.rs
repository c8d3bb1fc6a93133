//! What is written: the keys of `docs/cli.md`.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::json;
use crate::budget::{Budget, Capacity, Plan};
use crate::history::RestoreScope;
use crate::log::Memory as MemoryVfs;
use crate::shape::{Brief, Listed, said};
use crate::tokens::{Count, Encoding};
use crate::upkeep::{GcProgress, PurgeOptions};
use crate::view::ItemKey;
use crate::{
    Body, Entry, Error, ErrorKind, FilePath, Memory, NewEntry, ObjectId, Part, Session, Store,
    Timestamp,
};

fn session() -> Session {
    let options = Store::options().clock(|| Timestamp::from_millis(1_500));
    let store = options.open_vfs(Arc::new(MemoryVfs::default())).unwrap();
    store.session("s").unwrap()
}

#[test]
fn times_are_rfc_3339_in_utc_or_null() {
    for (millis, text) in [
        (0, "\"1970-01-01T00:00:00Z\""),
        (1_500, "\"1970-01-01T00:00:01.5Z\""),
        (20, "\"1970-01-01T00:00:00.02Z\""),
        (-1, "\"1969-12-31T23:59:59.999Z\""),
        (-62_167_219_200_000, "\"0000-01-01T00:00:00Z\""),
        (-62_135_596_800_001, "\"0000-12-31T23:59:59.999Z\""),
        (253_402_300_799_999, "\"9999-12-31T23:59:59.999Z\""),
        (-62_167_219_200_001, "null"),
        (253_402_300_800_000, "null"),
        (i64::MIN, "null"),
        (i64::MAX, "null"),
    ] {
        assert_eq!(json(&Timestamp::from_millis(millis)), text);
    }
}

#[test]
fn a_path_has_its_bytes_beside_it_only_where_it_is_not_utf_8() {
    assert_eq!(json(&FilePath::new("a/b").unwrap()), r#"{"path":"a/b"}"#);
    let path = json(&FilePath::new(b"\xff").unwrap());
    assert_eq!(path, "{\"path\":\"\u{fffd}\",\"path_bytes\":[255]}");
}

#[test]
fn a_checkpoint_inside_another_value_is_its_number_and_id() {
    let session = session();
    session.write("a", "1").unwrap();
    let latest = session.latest().unwrap();
    let info = latest.checkpoint().unwrap();
    let brief = format!("{{\"number\":1,\"id\":\"{}\"}}", info.id);
    assert_eq!(json(&Brief(info)), brief);
    let whole = json(info);
    assert!(whole.starts_with(brief.trim_end_matches('}')), "{whole}");
    assert!(whole.ends_with(r#""time":null,"source_commit":null,"parents":[],"labels":{}}"#));
    let plan = session.plan_restore(info.id, RestoreScope::All).unwrap();
    assert!(json(&plan).starts_with(&format!("{{\"from\":{brief},\"scope\":\"all\"")));
}

#[test]
fn files_and_iterations_have_the_keys_of_their_listings() {
    let session = session();
    session.write("a", "12").unwrap();
    let submodule = NewEntry::Submodule { commit: vec![0xab; 20] };
    session.batch(|batch| batch.write_entry("b", submodule)).unwrap();
    let latest = session.latest().unwrap();
    let rows: Vec<_> = latest.files().map(|file| file.unwrap()).collect();
    let (id, content) = (rows[0].iteration, ObjectId::of_content(b"12"));
    assert_eq!(
        json(&rows[0]),
        format!(
            "{{\"path\":\"a\",\"kind\":\"file\",\"executable\":false,\"content\":\"{content}\",\
             \"size\":2,\"iteration\":1,\"iteration_id\":\"{id}\"}}"
        )
    );
    let commit = "ab".repeat(20);
    let start = r#"{"path":"b","kind":"submodule","executable":false,"content":null,"commit":""#;
    assert!(json(&rows[1]).starts_with(&format!("{start}{commit}\",\"size\":null")));
    assert_eq!(json(&Entry::Removed), r#"{"kind":"removed","executable":false,"content":null}"#);
    let iteration = session.history("a").unwrap().next().unwrap().unwrap();
    let start = format!(r#"{{"path":"a","number":1,"id":"{id}","checkpoint":1,"checkpoint_id":""#);
    let end = format!(
        "\"size\":2,\"time\":\"1970-01-01T00:00:01.5Z\",\"kind\":\"file\",\"executable\":false,\
         \"content\":\"{content}\",\"renamed_from\":null}}"
    );
    let text = json(&iteration);
    assert!(text.starts_with(&start) && text.ends_with(&end), "{text}");
}

#[test]
fn a_row_of_memories_says_what_they_say() {
    let session = session();
    let call = Part::Call { id: "c".into(), name: "ls".into(), arguments: Body::new("{}") };
    let text = Part::text("x".repeat(5_000));
    session.remember(Memory::assistant("a").with_part(text).with_part(call)).unwrap();
    session.remember(Memory::tool("c", [0xff])).unwrap();
    let latest = session.latest().unwrap();
    let mut entry = latest.memory(1).unwrap();
    let end = r#""calls":[{"id":"c","name":"ls"}],"results":[],"media":[]}"#;
    // What is a content is not read by the shape.
    assert!(json(&entry).ends_with(&format!(r#""text":"a",{end}"#)), "{}", json(&entry));
    entry.memory = said(latest.store(), &entry.memory).unwrap();
    let long = "x".repeat(5_000);
    let row = json(&Listed {
        number: entry.number,
        id: entry.id,
        memory: Cow::Borrowed(&entry.memory),
        state: "covered",
        last: None,
        pinned: true,
    });
    assert!(row.contains(r#""kind":"message","state":"covered","pinned":true,"time":null"#));
    assert!(row.ends_with(&format!(r#""text":"a\n{long}",{end}"#)), "{row}");
    let view = json(&latest.view());
    assert!(view.starts_with(r#"{"memories":[{"number":1,"#), "{view}");
    assert!(view.contains(r#""state":"full","pinned":false"#) && view.contains(&long));
    assert!(view.contains(
        "\"text\":\"\u{fffd}\",\"calls\":[],\"results\":[{\"call\":\"c\",\"error\":false}]"
    ));
    assert!(view.ends_with(r#""files":[],"rules":[]}"#), "{view}");
}

#[test]
fn state_is_text_base64_or_a_number_of_items() {
    let session = session();
    let batch = |batch: &mut crate::Batch| {
        batch.state_put("t", "text")?;
        batch.state_put([0xfe], [0xff])
    };
    session.batch(batch).unwrap();
    let latest = session.latest().unwrap();
    let rows: Vec<_> = latest.state().under("").map(|row| json(&row.unwrap())).collect();
    assert_eq!(
        rows,
        [
            r#"{"key":"t","value":"text"}"#,
            "{\"key\":\"\u{fffd}\",\"key_bytes\":[254],\"value\":{\"base64\":\"/w==\"}}"
        ]
    );
}

#[test]
fn a_capacity_without_a_limit_has_no_headroom() {
    let session = session();
    session.remember(Memory::user("hi")).unwrap();
    let of = |limit| -> Capacity<ItemKey> {
        session.capacity(&Budget::new(limit), &Encoding::O200k).unwrap()
    };
    let limited = json(&of(1_000));
    assert!(limited.starts_with(r#"{"sources":{"instructions":0,"tools":0,"memories":"#));
    assert!(limited.contains(r#""limit":1000,"headroom":"#), "{limited}");
    assert!(limited.contains(r#""items":[{"source":"memories","key":"1","tokens":"#), "{limited}");
    let free = json(&of(crate::limits::BUDGET_TOKENS_MAX));
    assert!(free.contains(r#""limit":null,"headroom":null"#), "{free}");
}

#[test]
fn a_plan_has_a_cost_only_where_there_are_prices() {
    let of = |cost| {
        let count = Count::exact(1);
        json(&Plan::<String>::from_parts(Vec::new(), (count, count), 1, (1, 0), cost, true))
    };
    assert!(of(None).ends_with(r#""steps":[],"cached":1,"rewritten":0,"optimal":true}"#));
    let cost = crate::budget::PlanCost { rewriting: 5, saved: 7 };
    assert!(of(Some(cost)).ends_with(r#""cost":{"rewriting":5,"saved":7}}"#));
}

#[test]
fn an_error_has_its_kind_its_message_and_its_causes() {
    let plain = Error::new(ErrorKind::NotFound, "no file a");
    assert_eq!(json(&plain), r#"{"kind":"not-found","message":"no file a"}"#);
    let caused = plain.with_source(std::io::Error::other("disk on fire"));
    assert!(json(&caused).ends_with(r#","cause":"disk on fire"}"#));
}

fn purge(session: &Session, bytes: &[u8]) {
    let options = PurgeOptions::new("a key");
    let mut go_on = |_: GcProgress| ControlFlow::Continue(());
    let report = session.store().purge_matching(bytes, &options, &mut go_on).unwrap();
    assert_eq!(report.tombstones.len(), 1);
}

#[test]
fn what_a_shape_cannot_read_is_the_error_of_the_serializer() {
    let session = session();
    session.write("a", "secret").unwrap();
    let file = session.latest().unwrap().file("a").unwrap().unwrap();
    purge(&session, b"secret");
    // The size of what was purged is still known.
    assert!(json(&file).contains(r#""size":6"#), "{}", json(&file));
    session.state().put("k", "x".repeat(100_000)).unwrap();
    let row = session.latest().unwrap().state().entry("k").unwrap().unwrap();
    purge(&session, &[b'x'; 100_000]);
    let error = serde_json::to_string(&row).unwrap_err().to_string();
    assert!(error.contains("purged"), "{error}");
}
