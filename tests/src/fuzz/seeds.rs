//! Seeds of the log's targets, taken from small stores that the library made.

use std::collections::BTreeSet;
use std::sync::Arc;

use partita::object::Objects;
use partita::{Memory, ObjectId, Result, Store, Timestamp};

use crate::forge::{FRAMES_FROM, IdCode, Payload, commit};
use crate::random::Random;
use crate::vfs::Recorder;

/// An input of a target: the target's name, the seed's, and the bytes.
pub type Seed = (&'static str, String, Vec<u8>);

/// A frame as it stands in a segment: kind, payload.
type Frame = (u8, Vec<u8>);

/// Makes the seeds, the same on every run.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (name, fill) in [("files", files as Fill), ("dialog", dialog), ("refs", many)] {
        let medium = Recorder::new();
        let store = open(&medium, u64::MAX);
        fill(&store).expect("a medium in memory takes all");
        let raw = raw(&store);
        drop(store);
        let frames = frames(&medium, 1);
        let payloads = frames.iter().filter(|(kind, _)| *kind == 1).map(|(_, payload)| payload);
        seeds.push(("commits", format!("{name}-packed"), runs(payloads)));
        seeds.push(("commits", format!("{name}-raw"), runs(&raw)));
        seeds.push(("frames", format!("{name}-closed"), steps(&frames)));
    }
    let medium = Recorder::new();
    let store = open(&medium, 6 << 10);
    files(&store).and_then(|()| many(&store)).expect("a medium in memory takes all");
    drop(store);
    let mut bytes = Vec::new();
    for number in 1.. {
        let frames = frames(&medium, number);
        if frames.is_empty() {
            break;
        }
        if number > 1 {
            bytes.push(10);
        }
        bytes.extend(steps(&frames));
    }
    seeds.push(("frames", "segments".into(), bytes));
    seeds.extend(small());
    seeds
}

/// Seeds that are shorter to write than to explain.
fn small() -> Vec<Seed> {
    let run = |bytes: &[u8]| [&(bytes.len() as u16).to_le_bytes()[..], bytes].concat();
    let delta = |frame: u8, at: u8, depth: u8, head: u16, tail: u16, middle: &[u8]| {
        let ends = [head.to_le_bytes(), tail.to_le_bytes()].concat();
        [&[3, frame, at, depth][..], &ends, &[0], &run(middle)].concat()
    };
    let splice = |frame: u8, at: u8, depth: u8, head: u16, tail: u16, middle: &[u8]| {
        let ends = [head.to_le_bytes(), tail.to_le_bytes()].concat();
        [&[5, frame, at, depth][..], &ends, &run(middle)].concat()
    };
    let text = b"the same words again and again, until they end";
    let contents = [
        [&[1][..], &run(text)].concat(),
        [&[2][..], &run(b"a body apart")].concat(),
        delta(0, 0, 1, 9, 9, b"other words"),
        delta(0, 2, 2, 4, 9, b"!"),
    ];
    let long: Vec<u8> = (1..=32).flat_map(|at| delta(0, at - 1, at, 3, 3, b"-")).collect();
    let nodes =
        [&[0, 3][..], &run(text), &splice(0, 0, 1, 9, 9, b"other"), &splice(0, 1, 2, 1, 1, b"")];
    let mut across = [&[0x81][..], &run(text), &delta(1, 0, 1, 5, 5, b"next")].concat();
    across.extend([&[0x80, 1][..], &run(text), &splice(1, 0, 1, 2, 2, b"next")].concat());
    let set = |step: u8, name: &str| [&[step, name.len() as u8][..], name.as_bytes()].concat();
    let names = ["a", "b", "team/x", "team/y", "\u{e9}", "team/fix parser"];
    let mut listed: Vec<u8> = names.iter().flat_map(|name| set(5, name)).collect();
    listed.push(1);
    listed.extend([set(2, "session/a"), set(3, "pin/z"), set(5, "team/z"), vec![0]].concat());
    let many: Vec<u8> =
        (0..200).flat_map(|at| set(3, &format!("ref/{at:03}"))).chain([1]).collect();
    let gone = [set(3, "x"), vec![1], set(2, "x"), vec![1], set(2, "y"), set(3, "x")].concat();
    [
        ("deltas", "contents", contents.concat()),
        ("deltas", "chunks", [&contents.concat()[..], &[7], &run(&[0, 1, 2, 0])].concat()),
        ("deltas", "long", [&[1][..], &run(text), &long].concat()),
        ("deltas", "circle", [delta(0, 0, 1, 1, 1, b"x"), splice(0, 1, 1, 0, 0, b"")].concat()),
        ("deltas", "nodes", nodes.concat()),
        ("deltas", "across", across),
        ("refs", "sessions", listed),
        ("refs", "many", many),
        ("refs", "gone", gone),
    ]
    .map(|(target, name, bytes)| (target, name.to_owned(), bytes))
    .into()
}

type Fill = fn(&Store) -> Result<()>;

fn files(store: &Store) -> Result<()> {
    let session = store.session("files")?;
    let lines = |at: usize| format!("line\n{}\nlast of {at}\n", "the same line\n".repeat(at % 9));
    for at in 0..6 {
        session.write("src/lib.rs", lines(at))?;
    }
    session.rename("src/lib.rs", "src/main.rs")?;
    session.write("other", "text")?;
    session.restore("src/main.rs", 2)?;
    session.undo()?;
    session.fork("fork")?.remove("other").map(drop)
}

fn dialog(store: &Store) -> Result<()> {
    let session = store.session("dialog")?;
    for at in 0..4 {
        session.remember(Memory::user(format!("question {at}")))?;
        session.remember(Memory::assistant("a long answer. ".repeat(80 + at)))?;
    }
    session.state().put("plan", "look first")?;
    session.state().append("steps", "read")?;
    session.state().append("steps", "edit")
}

fn many(store: &Store) -> Result<()> {
    for at in 0..5 {
        store.session(&format!("team/{at}"))?;
    }
    store.rename_session("team/1", "other")?;
    store.delete_session("team/2")
}

fn open(medium: &Recorder, segment_bytes: u64) -> Store {
    let options = Store::options().segment_bytes(segment_bytes);
    let options = options.clock(|| Timestamp::from_millis(1_000)).entropy(|bytes| {
        bytes.copy_from_slice(&Random::new(bytes.len() as u64).bytes(bytes.len()));
        Ok(())
    });
    options.open_vfs(Arc::new(medium.clone())).expect("a medium in memory takes a store")
}

/// The frames of a log segment, none where there is no such segment.
fn frames(medium: &Recorder, number: u64) -> Vec<Frame> {
    let name = format!("segments/{number:016x}.log");
    let disk = medium.disk();
    let Some((_, bytes)) = disk.files().find(|(found, _)| *found == name) else {
        return Vec::new();
    };
    let (mut at, mut frames) = (FRAMES_FROM, Vec::new());
    while bytes.get(at).is_some_and(|byte| *byte != 0) {
        let len = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().expect("four bytes"));
        let from = at + 32;
        frames.push((bytes[at + 4], bytes[from..from + len as usize].to_vec()));
        at = from + len as usize + 16;
    }
    frames
}

fn run(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_le_bytes()[..], bytes].concat()
}

fn runs<'a>(payloads: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    payloads.into_iter().flat_map(|payload| run(payload)).collect()
}

fn steps(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(|(kind, payload)| [vec![*kind], run(payload)].concat()).collect()
}

/// The store's reachable objects and its refs as payloads that are not compressed, so that every
/// changed byte changes what is read.
fn raw(store: &Store) -> Vec<Vec<u8>> {
    let refs = store.references("", None, usize::MAX).expect("a listing");
    let mut pending: Vec<ObjectId> = refs.iter().map(|(_, id)| *id).collect();
    let (mut seen, mut payload) = (BTreeSet::new(), Payload::new(commit::<&str>(&[], &[])));
    while let Some(id) = pending.pop() {
        if !seen.insert(id) {
            continue;
        }
        if let Ok(Some(node)) = store.get_node(&id) {
            payload.node(&node);
            pending.extend(&node.refs);
        } else if let Ok(bytes) = store.read_content(partita::ContentId::new(id)) {
            payload.content(&bytes);
        }
    }
    let updates: Vec<_> = refs.into_iter().map(|(name, id)| (name, IdCode::Id(id))).collect();
    vec![payload.to_bytes(), Payload::new(commit(&updates, &[])).to_bytes()]
}
