//! Section 8 of `docs/format.md`, clause by clause, over segments made by hand.
//!
//! | clause | test |
//! |---|---|
//! | 8.1 `FORMAT`: another number is refused as newer | [`another_format_is_refused_as_newer`] |
//! | 8.1 a directory that has `FORMAT` and no log segment has lost its log | [`a_store_without_a_log_segment_has_lost_it`] |
//! | 8.1 names of segments | [`what_has_another_name_is_no_segment`], and in `segment.rs` |
//! | 8.1 a segment's name is given only where nothing has it | [`a_rotator_that_finds_the_name_taken_goes_on_there`](crate::survivors) |
//! | 8.1 `new.tmp`: whoever holds the lock may remove it | [`a_segment_without_a_name_is_nobodys`] |
//! | 8.1 a segment has a whole base frame | [`a_log_segment_without_its_base_frame_is_damage`] |
//! | 8.2 the header stands twice, either copy serves | in `segment.rs`, `any_flipped_bit_is_found_and_the_other_copy_serves` |
//! | 8.2 formats and flags that are unknown | in `segment.rs`, `newer_formats_and_unknown_flags_are_told_from_damage` |
//! | 8.2 fields that are 0 | [`fields_of_a_header_that_are_zero_must_be`] |
//! | 8.3 a header that says otherwise is none | [`a_frame_header_that_breaks_a_rule_is_none`] |
//! | 8.3 a frame continues sequence and tag | [`a_frame_counts_only_where_it_continues_sequence_and_tag`] |
//! | 8.3 objects and ref updates, whole or not at all | [`a_commit_is_whole_or_not_at_all`] |
//! | 8.3 payloads | in `bombs.rs`, and in `payload.rs` of the library |
//! | 8.3 behind the last frame stand zeros; how many says nothing | [`how_many_zeros_stand_behind_the_last_frame_says_nothing`] |
//! | 8.4 the segment that the commit stands in cannot be retired | [`a_commit_cannot_retire_the_segment_that_it_stands_in`] |
//! | 8.4 nor one that hosts the table of a segment that stays | [`an_index_whose_host_was_retired_is_made_anew_and_told`] |
//! | 8.4 a seal stands behind the frames before a commit retires them; files are removed after it, and those that are left later | [`a_segment_is_sealed_then_retired_then_removed_by_whoever_comes`] |
//! | 8.4 a reader at a seal goes on from the newest segment, if there is a newer one | [`a_reader_at_a_seal_goes_on_from_the_newest_segment`], [`a_seal_without_any_later_segment_is_a_lost_segment`] |
//! | 8.4 no snapshot follows before the files are gone for good | [`no_snapshot_follows_a_retirement_before_the_files_are_gone_for_good`] |
//! | 8.5 a pure function of the bytes; it never writes | [`opening_and_reading_and_checking_write_nothing`] |
//! | 8.5 the newest log segment is that with the highest number | [`the_newest_segment_is_that_with_the_highest_number`] |
//! | 8.5 frames are replayed from the last snapshot | [`what_is_before_the_last_snapshot_is_not_replayed`] |
//! | 8.5 zeros, the end of the file, a close marker: the end | [`zeros_the_end_of_the_file_and_a_marker_are_the_end`] |
//! | 8.5 a close marker: all before it is durable | [`a_marker_says_that_all_before_it_was_acknowledged`] |
//! | 8.5 a marker in which up to 16 bits are flipped is damage | [`a_marker_with_up_to_sixteen_flipped_bits_is_damage`] |
//! | 8.5 not one of which a crash has left one sector | [`a_marker_that_a_crash_tore_is_none`] |
//! | 8.5 whoever waits at either looks for a successor too | [`whoever_waits_at_an_end_looks_for_a_successor`] |
//! | 8.5 the predecessor's valid length rules: frames behind it are void, a gap is damage | [`frames_behind_the_valid_length_are_void`], [`a_gap_before_the_valid_length_is_damage`] |
//! | 8.5 a whole commit behind it is one that was lost | [`check_names_a_whole_commit_behind_the_valid_length`], [`check_takes_no_other_frame_there_for_a_lost_commit`] |
//! | 8.5 whoever took a void frame up reads the log anew | [`whoever_took_up_a_void_frame_reads_the_log_anew`], [`a_handle_whose_acknowledged_commit_is_void_says_so`] |
//! | 8.5 bytes that a later frame knew as synced are damage, others an unfinished commit | [`bytes_that_a_later_frame_knew_as_synced_are_damage`], [`bytes_that_nobody_vouches_for_are_an_unfinished_commit`] |
//! | 8.5 on damage nothing is written, refs not set later are in doubt, what is whole is read | [`on_damage_nothing_is_written_and_what_is_whole_is_read`] |
//! | 8.5 before its first commit a process verifies | [`a_process_verifies_before_its_first_commit`] |
//! | 8.5 it writes again frames that no one is known to have synced | [`frames_that_nobody_vouches_for_are_written_again`] |
//! | 8.5 behind anything but zeros or the marker it begins a new segment | [`behind_noise_a_new_segment_begins`] |
//! | 8.5 the mark is heeded at opening | [`a_mark_behind_the_last_frame_is_damage`] |

use std::ops::ControlFlow;
use std::sync::Arc;

use partita::plumbing::Expected;
use partita::upkeep::{CheckReport, GcOptions};
use partita::vfs::{Vfs, VfsFile};
use partita::{ContentId, ErrorKind, ObjectId, Result, Store};
use partita_tests::forge::{
    FRAMES_FROM, Files, IdCode, Live, Payload, Segment, TableHead, commit, kind, retiring,
    snapshot, table,
};
use partita_tests::vfs::{Call, Crash, Disk, Fate, Fault, Recorder};

const CLOSE: usize = 48;

fn live(number: u64, len: u64) -> Live {
    Live { id: (false, number), len, tables: Vec::new() }
}

/// The payload of a base frame that names these segments and no refs.
fn base(segments: &[Live]) -> Vec<u8> {
    Payload::new(snapshot(IdCode::None, segments, None)).to_bytes()
}

/// A first segment with its base frame.
fn first() -> Segment {
    let mut segment = Segment::log(1);
    segment.push(kind::SNAPSHOT, &base(&[live(1, 0)]));
    segment
}

/// The payload of a commit that stores a text and lets a ref name it.
fn naming(name: &str, text: &str) -> Vec<u8> {
    let mut payload = Payload::new(commit(&[(name, IdCode::At(0))], &[]));
    payload.content(text.as_bytes());
    payload.to_bytes()
}

/// A first segment with commits that let `pin/1`, `pin/2` and so on name their numbers.
fn commits(count: usize) -> Segment {
    let mut segment = first();
    for number in 1..=count {
        segment.push(kind::COMMIT, &naming(&format!("pin/{number}"), &number.to_string()));
    }
    segment
}

/// The successor of one of [`commits`], which goes on behind the first `count` of them: a base frame
/// with the index of those.
fn successor(of: &Segment, count: usize) -> Segment {
    let valid = commits(count);
    let len = u64::from(valid.end());
    let mut next = Segment::after(2, len, valid.tag());
    let mut frames = vec![(0, vec![])];
    let mut before = FRAMES_FROM as u64;
    for number in 1..=count {
        let at = u64::from(commits(number - 1).end());
        frames.push((at - before, vec![ObjectId::of_content(number.to_string().as_bytes())]));
        before = at;
    }
    let ranges = vec![(len, of.range_tag(FRAMES_FROM, len as usize))];
    let head = TableHead { segment: (false, 1), from: FRAMES_FROM as u64, ranges };
    let index = table(&frames);
    let tables = vec![(false, 2, FRAMES_FROM as u64)];
    let segments = [Live { id: (false, 1), len, tables }, live(2, 0)];
    let mut payload = Payload::new(snapshot(IdCode::None, &segments, Some((&head, index.len()))));
    payload.table = index;
    next.push(kind::SNAPSHOT, &payload.to_bytes());
    next
}

fn open(medium: &Recorder) -> Result<Store> {
    Store::options().create(false).segment_bytes(8 << 10).open_vfs(Arc::new(medium.process()))
}

fn names(store: &Store) -> Result<Vec<String>> {
    let refs = store.references("pin/", None, 100)?;
    Ok(refs.into_iter().map(|(name, _)| name).collect())
}

fn set(store: &Store, name: &str) -> Result<()> {
    let mut batch = store.batch();
    let id = batch.put_content(name.as_bytes().to_vec(), None)?.id();
    batch.set_ref(name, Expected::Any, Some(id));
    batch.commit()
}

fn check(store: &Store) -> CheckReport {
    store.check(&mut |_| ControlFlow::Continue(())).unwrap()
}

fn text(store: &Store, of: &str) -> Result<Vec<u8>> {
    let id = ObjectId::of_content(of.as_bytes());
    Ok(store.read_content(ContentId::new(id))?.to_vec())
}

fn log(medium: &Recorder, number: u64) -> Box<dyn VfsFile> {
    medium.open(&format!("segments/{number:016x}.log"), true).unwrap()
}

fn bytes(medium: &Recorder, number: u64) -> Vec<u8> {
    medium.disk().file(&format!("store/segments/{number:016x}.log")).unwrap().to_vec()
}

/// Adds a segment to a medium that is in use.
fn add(medium: &Recorder, segment: &Segment) {
    let file = medium.create_new(&segment.path()).unwrap();
    file.write_at(segment.bytes(), 0).unwrap();
}

#[test]
fn another_format_is_refused_as_newer() {
    let mut files = Files::of([&first()]);
    files.put("FORMAT", b"partita store, format 2\n".to_vec());
    assert_eq!(open(&files.medium()).unwrap_err().kind(), ErrorKind::Unsupported);
    files.put("FORMAT", b"partita store, format x\n".to_vec());
    assert_eq!(open(&files.medium()).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_store_without_a_log_segment_has_lost_it() {
    assert_eq!(open(&Files::new().medium()).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn what_has_another_name_is_no_segment() {
    let mut files = Files::of([&commits(1)]);
    for name in ["2.log", "000000000000000A.log", "0000000000000002.LOG", "ffffffffffffffff.log"] {
        files.put(&format!("segments/{name}"), vec![0xff; 300]);
    }
    let store = open(&files.medium()).unwrap();
    assert_eq!(names(&store).unwrap(), ["pin/1"]);
    assert_eq!(check(&store).faults, vec![]);
}

#[test]
fn a_segment_without_a_name_is_nobodys() {
    let mut files = Files::of([&commits(1)]);
    files.put("segments/new.tmp", commits(7).bytes().to_vec());
    let medium = files.medium();
    let store = open(&medium).unwrap();
    assert_eq!(names(&store).unwrap(), ["pin/1"]);
    set(&store, "pin/2").unwrap();
    store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(names(&open(&medium).unwrap()).unwrap(), ["pin/1", "pin/2"]);
    assert!(medium.disk().file("store/segments/new.tmp").is_none());
}

#[test]
fn a_log_segment_without_its_base_frame_is_damage() {
    let mut segment = commits(2);
    segment.bytes_mut()[FRAMES_FROM] ^= 1;
    let medium = Files::of([&segment]).medium();
    let store = open(&medium).unwrap();
    assert_eq!(names(&store).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(set(&store, "pin/3").unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(!check(&store).is_ok());
}

#[test]
fn fields_of_a_header_that_are_zero_must_be() {
    for at in [11, 20, 23, 104, 111] {
        let mut segment = Segment::log_with(1, |header| header[at] = 1);
        segment.push(kind::SNAPSHOT, &base(&[live(1, 0)]));
        let error = open(&Files::of([&segment]).medium()).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{at}");
    }
}

#[test]
fn a_frame_header_that_breaks_a_rule_is_none() {
    let payload = naming("pin/2", "2");
    let breaks: [fn(&mut Segment, u8) -> u8; 5] = [
        |segment, kind| {
            segment.snapshot = segment.end() + 1;
            kind
        },
        |segment, kind| {
            segment.durable = segment.end() + 1;
            kind
        },
        |segment, kind| {
            segment.sequence = 0;
            kind
        },
        |segment, kind| {
            segment.sequence = segment.end() + 1;
            kind
        },
        |_, _| 6,
    ];
    for (at, breaks) in breaks.into_iter().enumerate() {
        let mut segment = commits(1);
        let kind = breaks(&mut segment, kind::COMMIT);
        segment.push(kind, &payload);
        let store = open(&Files::of([&segment]).medium()).unwrap();
        assert_eq!(names(&store).unwrap(), ["pin/1"], "{at}");
        assert_eq!(check(&store).faults, vec![], "{at}");
        assert!(check(&store).unfinished.is_some(), "{at}");
    }
}

#[test]
fn a_frame_counts_only_where_it_continues_sequence_and_tag() {
    let mut skips = commits(1);
    skips.sequence += 1;
    skips.push(kind::COMMIT, &naming("pin/2", "2"));
    let mut forks = commits(1);
    let other = commits(2);
    let end = forks.end() as usize;
    // The frame is whole under the segment's keys, but stands behind another frame than it did.
    let behind = first().end() as usize;
    let stray = other.bytes()[behind..end].to_vec();
    forks.bytes_mut().extend_from_slice(&stray);
    for segment in [skips, forks] {
        let store = open(&Files::of([&segment]).medium()).unwrap();
        assert_eq!(names(&store).unwrap(), ["pin/1"]);
    }
}

#[test]
fn a_commit_is_whole_or_not_at_all() {
    let whole = commits(2);
    let from = commits(1).bytes().len();
    for len in from..whole.bytes().len() {
        let mut segment = whole.clone();
        segment.bytes_mut().truncate(len);
        let store = open(&Files::of([&segment]).medium()).unwrap();
        assert_eq!(names(&store).unwrap(), ["pin/1"], "{len}");
        assert!(text(&store, "2").is_err(), "{len}");
    }
    assert_eq!(names(&open(&Files::of([&whole]).medium()).unwrap()).unwrap(), ["pin/1", "pin/2"]);
}

#[test]
fn how_many_zeros_stand_behind_the_last_frame_says_nothing() {
    for zeros in [0, 1, 47, 48, 4_096, 300_000] {
        let mut segment = commits(2);
        let len = segment.bytes().len();
        segment.bytes_mut().resize(len + zeros, 0);
        let medium = Files::of([&segment]).medium();
        let store = open(&medium).unwrap();
        set(&store, "pin/3").unwrap();
        assert_eq!(names(&open(&medium).unwrap()).unwrap(), ["pin/1", "pin/2", "pin/3"]);
        assert!(medium.disk().file("store/segments/0000000000000002.log").is_none(), "{zeros}");
    }
}

#[test]
fn a_commit_cannot_retire_the_segment_that_it_stands_in() {
    let mut segment = commits(2);
    let none: [(&str, IdCode); 0] = [];
    segment.push(kind::COMMIT, &Payload::new(retiring(&none, &[], &[(false, 1)])).to_bytes());
    let medium = Files::of([&segment]).medium();
    let store = open(&medium).unwrap();
    set(&store, "pin/3").unwrap();
    for store in [store, open(&medium).unwrap()] {
        assert_eq!(names(&store).unwrap(), ["pin/1", "pin/2", "pin/3"]);
        assert_eq!(text(&store, "1").unwrap(), b"1");
        assert_eq!(check(&store).faults, vec![]);
    }
}

#[test]
fn an_index_whose_host_was_retired_is_made_anew_and_told() {
    let one = commits(1);
    let two = successor(&one, 1);
    let whole = Files::of([&one, &two]).medium();
    assert_eq!(text(&open(&whole).unwrap(), "1").unwrap(), b"1");
    // The third knows the first by the index in the second, and a commit in it retires that one.
    let len = u64::from(two.end());
    let mut three = Segment::after(3, len, two.tag());
    let tables = vec![(false, 2, FRAMES_FROM as u64)];
    let first = Live { id: (false, 1), len: one.end().into(), tables };
    three.push(kind::SNAPSHOT, &base(&[first, live(2, len), live(3, 0)]));
    let none: [(&str, IdCode); 0] = [];
    three.push(kind::COMMIT, &Payload::new(retiring(&none, &[], &[(false, 2)])).to_bytes());
    let medium = Files::of([&one, &two, &three]).medium();
    let store = open(&medium).unwrap();
    medium.remove(&two.path()).unwrap();
    assert_eq!(text(&store, "1").unwrap(), b"1");
    assert!(!check(&store).is_ok());
    assert_eq!(set(&store, "pin/2").unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_segment_is_sealed_then_retired_then_removed_by_whoever_comes() {
    let medium = Files::of([&commits(2)]).medium();
    let process = medium.process();
    let collector = Store::options().open_vfs(Arc::new(process.clone())).unwrap();
    let reader = open(&medium).unwrap();
    set(&open(&medium).unwrap(), "pin/3").unwrap();
    assert_eq!(names(&reader).unwrap().len(), 3);
    let end = {
        let all = bytes(&medium, 1);
        all.iter().rposition(|&byte| byte != 0).unwrap() + 1 - CLOSE
    };
    // Killed at the first file that it removes of those that it retired.
    let plain = Recorder::on(medium.disk());
    let trial = plain.process();
    let store = Store::options().open_vfs(Arc::new(trial.clone())).unwrap();
    let before = trial.calls().len();
    store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).unwrap();
    let removes = trial.calls()[before..].iter().rposition(|call| *call == Call::Remove).unwrap();
    process.fail_own(removes, Fault::Killed);
    collector.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    let left = bytes(&medium, 1);
    assert_eq!(left[end + 4], kind::SEAL, "no seal at {end}");
    assert_eq!(names(&reader).unwrap().len(), 3);
    set(&open(&medium).unwrap(), "pin/4").unwrap();
    assert!(medium.disk().file("store/segments/0000000000000001.log").is_none());
    assert_eq!(names(&reader).unwrap().len(), 4);
    assert_eq!(check(&reader).faults, vec![]);
}

/// The directory's sync fails after the files were removed. The commit stands; but as long as the
/// names may come back, somebody must know that they are to go.
#[test]
fn no_snapshot_follows_a_retirement_before_the_files_are_gone_for_good() {
    let medium = Recorder::new();
    let process = medium.process();
    let store = Store::options().open_vfs(Arc::new(process.clone())).unwrap();
    set(&store, "pin/1").unwrap();
    let collect =
        |store: &Store| store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).map(drop);
    let sync = {
        let trial = Recorder::on(medium.disk()).process();
        let store = Store::options().open_vfs(Arc::new(trial.clone())).unwrap();
        let before = trial.calls().len();
        collect(&store).unwrap();
        let calls = &trial.calls()[before..];
        calls.iter().rposition(|call| *call == Call::SyncDirectory).unwrap()
    };
    // Another handle is further on than the trial's: it may have fewer calls to make.
    let is_removal = |calls: &[Call]| {
        let end = calls.len() - 1;
        calls[end] == Call::SyncDirectory && calls[..end].last() == Some(&Call::Remove)
    };
    let hit = (0..=sync).rev().find(|&at| {
        let trial = Recorder::on(medium.disk());
        let of = trial.process();
        let store = Store::options().open_vfs(Arc::new(of.clone())).unwrap();
        of.fail_own(at, Fault::Refused(std::io::ErrorKind::Other));
        let before = of.calls().len();
        let failed = collect(&store).is_err();
        failed && is_removal(&of.calls()[before..])
    });
    let again = Store::options().open_vfs(Arc::new(process.clone())).unwrap();
    process.fail_own(hit.unwrap(), Fault::Refused(std::io::ErrorKind::Other));
    assert_eq!(collect(&again).unwrap_err().kind(), ErrorKind::Io);
    for number in 2..8 {
        let mut batch = again.batch();
        batch.put_content(noise(number, 90_000), None).unwrap();
        batch.commit().unwrap();
    }
    let actions = medium.actions();
    let crash = Crash::after(&Disk::default(), &actions);
    let image = crash.image(Fate::WritesAlone);
    assert!(image.file("store/segments/0000000000000002.log").is_some());
    assert!(image.file("store/segments/0000000000000001.log").is_none(), "it came back for good");
}

#[test]
fn a_reader_at_a_seal_goes_on_from_the_newest_segment() {
    let one = commits(2);
    let medium = Files::of([&one]).medium();
    let reader = open(&medium).unwrap();
    assert_eq!(names(&reader).unwrap().len(), 2);
    // All that the first held was copied to the third, and the first two are gone.
    let mut three = Segment::after(3, 256, [7; 16]);
    three.push(kind::SNAPSHOT, &base(&[live(3, 0)]));
    three.push(kind::COMMIT, &naming("pin/9", "9"));
    add(&medium, &three);
    let mut sealed = one.clone();
    sealed.durable = one.end();
    sealed.push(kind::SEAL, b"");
    let seal = &sealed.bytes()[one.end() as usize..];
    log(&medium, 1).write_at(seal, u64::from(one.end())).unwrap();
    medium.remove(&one.path()).unwrap();
    assert_eq!(names(&reader).unwrap(), ["pin/9"]);
}

#[test]
fn a_seal_without_any_later_segment_is_a_lost_segment() {
    let mut segment = commits(2);
    segment.durable = segment.end();
    segment.push(kind::SEAL, b"");
    let error = open(&Files::of([&segment]).medium()).expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("0000000000000002.log is missing"), "{error}");
}

#[test]
fn opening_and_reading_and_checking_write_nothing() {
    let mut torn = commits(3);
    let len = torn.bytes().len();
    torn.bytes_mut().truncate(len - 5);
    for segment in [commits(3), torn] {
        let medium = Files::of([&segment]).medium();
        let before = medium.disk().hash();
        let store = open(&medium).unwrap();
        names(&store).unwrap();
        text(&store, "1").unwrap();
        check(&store);
        drop(store);
        assert_eq!(medium.disk().hash(), before);
    }
}

#[test]
fn the_newest_segment_is_that_with_the_highest_number() {
    let one = commits(2);
    let mut nine = Segment::after(9, 0, [0; 16]);
    nine.push(kind::SNAPSHOT, &base(&[live(9, 0)]));
    nine.push(kind::COMMIT, &naming("pin/9", "9"));
    let store = open(&Files::of([&one, &nine]).medium()).unwrap();
    assert_eq!(names(&store).unwrap(), ["pin/9"]);
}

#[test]
fn what_is_before_the_last_snapshot_is_not_replayed() {
    let mut segment = commits(2);
    let id = ObjectId::of_content(b"2");
    segment.push(kind::SNAPSHOT, &base(&[live(1, 0)]));
    segment.push(kind::COMMIT, &naming("pin/3", "3"));
    let mut payload = Payload::new(commit(&[("pin/4", IdCode::Id(id))], &[]));
    payload.content(b"2");
    segment.push(kind::COMMIT, &payload.to_bytes());
    // The snapshot's refs are none: what the commits before it said is history.
    let store = open(&Files::of([&segment]).medium()).unwrap();
    assert_eq!(names(&store).unwrap(), ["pin/3", "pin/4"]);
    // Damage before it is none of opening's business, but of `check`'s.
    let at = first().end() as usize + 40;
    segment.bytes_mut()[at] ^= 1;
    let store = open(&Files::of([&segment]).medium()).unwrap();
    assert_eq!(names(&store).unwrap(), ["pin/3", "pin/4"]);
    assert!(!check(&store).is_ok());
}

/// Ways in which a log may end behind its last frame.
fn ends() -> Vec<(&'static str, Segment)> {
    let zeros = |count: usize| {
        let mut segment = commits(2);
        let len = segment.bytes().len();
        segment.bytes_mut().resize(len + count, 0);
        segment
    };
    let mut closed = commits(2);
    closed.durable = closed.end();
    closed.push(kind::CLOSE, b"");
    let mut torn = closed.clone();
    let cut = torn.bytes().len() - 10;
    torn.bytes_mut()[cut..].fill(0);
    let mut noise = zeros(0);
    noise.bytes_mut().extend_from_slice(&[0x55; 60]);
    vec![
        ("the end of the file", zeros(0)),
        ("zeros", zeros(5_000)),
        ("a marker", closed),
        ("a marker torn behind its header", torn),
        ("noise", noise),
    ]
}

#[test]
fn zeros_the_end_of_the_file_and_a_marker_are_the_end() {
    for (what, segment) in ends().into_iter().take(3) {
        let medium = Files::of([&segment]).medium();
        let store = open(&medium).unwrap();
        assert_eq!(names(&store).unwrap(), ["pin/1", "pin/2"], "{what}");
        let report = check(&store);
        assert_eq!((report.faults, report.unfinished), (vec![], None), "{what}");
        set(&store, "pin/3").unwrap();
        assert!(medium.disk().file("store/segments/0000000000000002.log").is_none(), "{what}");
    }
}

#[test]
fn a_marker_says_that_all_before_it_was_acknowledged() {
    let (_, mut closed) = ends().swap_remove(2);
    let last = commits(1).end() as usize + 40;
    closed.bytes_mut()[last] ^= 1;
    let store = open(&Files::of([&closed]).medium()).unwrap();
    assert!(!check(&store).is_ok());
    assert_eq!(set(&store, "pin/3").unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_marker_with_up_to_sixteen_flipped_bits_is_damage() {
    let (_, closed) = ends().swap_remove(2);
    let from = commits(2).end() as usize;
    for (flips, is_damage) in [(1, true), (16, true), (17, false)] {
        let mut segment = closed.clone();
        for bit in 0..flips {
            segment.bytes_mut()[from + 4 + bit * 2] ^= 1;
        }
        let store = open(&Files::of([&segment]).medium()).unwrap();
        assert_eq!(!check(&store).is_ok(), is_damage, "{flips}");
        assert_eq!(set(&store, "pin/3").is_err(), is_damage, "{flips}");
    }
}

#[test]
fn a_marker_that_a_crash_tore_is_none() {
    // A commit of a length that lets the marker stand across two sectors.
    let segment = (1..512).find_map(|len| {
        let mut segment = commits(1);
        segment.push(kind::COMMIT, &naming("pin/2", &"x".repeat(len)));
        let left = 512 - segment.end() as usize % 512;
        (left == 20).then_some(segment)
    });
    let mut segment = segment.unwrap();
    let end = segment.end() as usize;
    segment.durable = segment.end();
    segment.push(kind::CLOSE, b"");
    for range in [end..end + 20, end + 20..end + 48] {
        let mut torn = segment.clone();
        torn.bytes_mut()[range].fill(0);
        let medium = Files::of([&torn]).medium();
        let store = open(&medium).unwrap();
        assert_eq!(check(&store).faults, vec![]);
        set(&store, "pin/3").unwrap();
        assert_eq!(names(&open(&medium).unwrap()).unwrap().len(), 3);
    }
}

#[test]
fn whoever_waits_at_an_end_looks_for_a_successor() {
    for (what, segment) in ends() {
        let medium = Files::of([&segment]).medium();
        let [reader, writer, collector] = [(); 3].map(|()| open(&medium).unwrap());
        for handle in [&reader, &writer, &collector] {
            assert_eq!(names(handle).unwrap(), ["pin/1", "pin/2"], "{what}");
        }
        let mut next = successor(&segment, 2);
        next.push(kind::COMMIT, &naming("pin/3", "3"));
        add(&medium, &next);
        assert_eq!(names(&reader).unwrap().last().unwrap(), "pin/3", "{what}");
        set(&writer, "pin/4").unwrap();
        assert_eq!(names(&reader).unwrap().last().unwrap(), "pin/4", "{what}");
        assert_eq!(names(&open(&medium).unwrap()).unwrap(), names(&reader).unwrap(), "{what}");
        collector.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).unwrap();
        for store in [reader, writer, collector, open(&medium).unwrap()] {
            assert_eq!(names(&store).unwrap().last().unwrap(), "pin/4", "{what}");
        }
        assert_eq!(check(&open(&medium).unwrap()).faults, vec![], "{what}");
    }
}

#[test]
fn frames_behind_the_valid_length_are_void() {
    for (_, segment) in ends().into_iter().take(3) {
        let mut next = successor(&segment, 1);
        next.push(kind::COMMIT, &naming("pin/9", "9"));
        let medium = Files::of([&segment]).medium();
        let reader = open(&medium).unwrap();
        assert_eq!(names(&reader).unwrap(), ["pin/1", "pin/2"]);
        add(&medium, &next);
        for store in [reader, open(&medium).unwrap()] {
            assert_eq!(names(&store).unwrap(), ["pin/9"]);
            assert!(text(&store, "2").is_err());
        }
    }
}

#[test]
fn a_gap_before_the_valid_length_is_damage() {
    let whole = commits(2);
    let mut short = commits(1);
    let len = whole.bytes().len();
    short.bytes_mut().resize(len, 0);
    let medium = Files::of([&short]).medium();
    let reader = open(&medium).unwrap();
    assert_eq!(names(&reader).unwrap(), ["pin/1"]);
    add(&medium, &successor(&whole, 2));
    assert!(!check(&reader).is_ok());
    assert_eq!(set(&reader, "pin/3").unwrap_err().kind(), ErrorKind::Corrupt);
    let fault = check(&open(&medium).unwrap()).faults.swap_remove(0);
    assert_eq!(fault.segment.as_deref(), Some("0000000000000001.log"));
    assert_eq!(fault.offset, Some(commits(1).end().into()));
}

#[test]
fn check_names_a_whole_commit_behind_the_valid_length() {
    let valid = commits(1);
    let segment = commits(3);
    let medium = Files::of([&segment, &successor(&segment, 1)]).medium();
    let store = open(&medium).unwrap();
    let faults = check(&store).faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].segment.as_deref(), Some("0000000000000001.log"));
    assert_eq!(faults[0].offset, Some(valid.end().into()));
    assert!(faults[0].what.starts_with("2 whole commits"), "{}", faults[0].what);
    // A collection would take the last that is left of them.
    let refused = store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(medium.disk().file("store/segments/0000000000000001.log").is_some());
}

#[test]
fn check_takes_no_other_frame_there_for_a_lost_commit() {
    let valid = commits(1);
    let mut sealed = valid.clone();
    sealed.durable = valid.end();
    sealed.push(kind::SEAL, b"");
    let mut closed = valid.clone();
    closed.durable = valid.end();
    closed.push(kind::CLOSE, b"");
    let mut torn = commits(2);
    let len = torn.bytes().len();
    torn.bytes_mut().truncate(len - 1);
    let mut foreign = valid.clone();
    foreign.sequence += 1;
    let mut other = foreign.clone();
    other.push(kind::COMMIT, &naming("pin/7", "7"));
    foreign.push(kind::COMMIT, &naming("pin/2", "2"));
    let end = valid.end() as usize;
    let stray = other.bytes()[end..].to_vec();
    foreign.bytes_mut().truncate(end);
    foreign.bytes_mut().extend_from_slice(&[0; 3]);
    foreign.bytes_mut().extend_from_slice(&stray);
    for segment in [sealed, closed, torn, foreign] {
        let next = successor(&valid, 1);
        let store = open(&Files::of([&segment, &next]).medium()).unwrap();
        assert_eq!(check(&store).faults, vec![]);
    }
    // One that a recovery began goes on from nothing.
    let mut anew = Segment::after(2, 0, [0; 16]);
    anew.push(kind::SNAPSHOT, &base(&[live(2, 0)]));
    let store = open(&Files::of([&commits(2), &anew]).medium()).unwrap();
    assert_eq!(check(&store).faults, vec![]);
}

/// A writer takes a commit back whose sync failed, and another's stands in its place. Whoever had
/// seen the first sees the other, however long either is.
#[test]
fn whoever_took_up_a_void_frame_reads_the_log_anew() {
    for (len, other) in [(10, 10), (10, 3_000), (6_000, 10), (150_000, 10), (150_000, 150_000)] {
        take_back_and_go_on(&noise(1, len), &noise(2, other));
    }
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    partita_tests::random::Random::new(seed).bytes(len)
}

fn take_back_and_go_on(void: &[u8], instead: &[u8]) {
    let medium = Files::of([&commits(2)]).medium();
    let opened = |process: &Recorder| Store::options().open_vfs(Arc::new(process.clone())).unwrap();
    let reader = opened(&medium.process());
    let writer = opened(&medium.process());
    set(&writer, "pin/3").unwrap();
    let process = medium.process();
    let fails = opened(&process);
    let put = |store: &Store, name: &str, bytes: &[u8]| {
        let mut batch = store.batch();
        let id = batch.put_content(bytes.to_vec(), None)?.id();
        batch.set_ref(name, Expected::Any, Some(id));
        batch.commit()
    };
    let sync = {
        let trial = Recorder::on(medium.disk()).process();
        let store = opened(&trial);
        let before = trial.calls().len();
        put(&store, "pin/4", void).unwrap();
        trial.calls()[before..].iter().position(|call| *call == Call::Sync).unwrap()
    };
    // The reader looks between the write and the sync, and sees what will not last.
    let looks = reader.clone();
    process.meanwhile(sync, move || {
        assert_eq!(names(&looks).unwrap().last().unwrap(), "pin/4");
    });
    process.fail_own(sync, Fault::LostSync);
    assert_eq!(put(&fails, "pin/4", void).unwrap_err().kind(), ErrorKind::Indeterminate);
    put(&writer, "pin/5", instead).unwrap();
    let id = ContentId::new(ObjectId::of_content(instead));
    for store in [&reader, &writer, &fails, &opened(&medium.process())] {
        assert_eq!(names(store).unwrap(), ["pin/1", "pin/2", "pin/3", "pin/5"]);
        assert_eq!(store.read_content(id).unwrap().to_vec(), instead);
    }
    // What it commits then, all see.
    set(&reader, "pin/6").unwrap();
    for store in [&reader, &writer, &opened(&medium.process())] {
        assert_eq!(names(store).unwrap().last().unwrap(), "pin/6");
        assert_eq!(store.read_content(id).unwrap().to_vec(), instead);
        assert_eq!(check(store).faults, vec![]);
    }
}

/// Somebody without the lock, or of an earlier version, began the next segment before the end of
/// what this handle had acknowledged.
#[test]
fn a_handle_whose_acknowledged_commit_is_void_says_so() {
    let medium = Files::of([&commits(2)]).medium();
    let handle = open(&medium).unwrap();
    let reader = open(&medium).unwrap();
    set(&handle, "pin/3").unwrap();
    assert_eq!(names(&reader).unwrap().len(), 3);
    let mut next = successor(&commits(2), 2);
    next.push(kind::COMMIT, &naming("pin/9", "9"));
    add(&medium, &next);
    for _ in 0..2 {
        let error = names(&handle).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("had acknowledged are lost"), "{error}");
        assert_eq!(set(&handle, "pin/4").unwrap_err().kind(), ErrorKind::Corrupt);
    }
    // Others never promised it, and `check` tells everybody.
    assert_eq!(names(&reader).unwrap(), ["pin/9"]);
    let faults = check(&open(&medium).unwrap()).faults;
    assert!(faults[0].what.starts_with("a whole commit stands"), "{faults:?}");
}

#[test]
fn bytes_that_a_later_frame_knew_as_synced_are_damage() {
    let mut segment = commits(2);
    segment.durable = segment.end();
    segment.push(kind::COMMIT, &naming("pin/3", "3"));
    segment.bytes_mut()[commits(1).end() as usize + 40] ^= 1;
    let store = open(&Files::of([&segment]).medium()).unwrap();
    assert!(!check(&store).is_ok());
    assert_eq!(store.reference("pin/2").unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn bytes_that_nobody_vouches_for_are_an_unfinished_commit() {
    // The frame behind says only that what is before the torn one was synced.
    let mut segment = commits(2);
    segment.durable = commits(1).end();
    segment.push(kind::COMMIT, &naming("pin/3", "3"));
    segment.bytes_mut()[commits(1).end() as usize + 40] ^= 1;
    let medium = Files::of([&segment]).medium();
    let store = open(&medium).unwrap();
    assert_eq!(names(&store).unwrap(), ["pin/1"]);
    let report = check(&store);
    assert_eq!(report.faults, vec![]);
    assert!(report.unfinished.is_some());
    set(&store, "pin/4").unwrap();
    assert_eq!(names(&open(&medium).unwrap()).unwrap(), ["pin/1", "pin/4"]);
}

#[test]
fn on_damage_nothing_is_written_and_what_is_whole_is_read() {
    let mut segment = commits(3);
    segment.durable = segment.end();
    segment.push(kind::COMMIT, &naming("pin/1", "one more"));
    segment.bytes_mut()[commits(1).end() as usize + 40] ^= 1;
    let medium = Files::of([&segment]).medium();
    let before = medium.disk().hash();
    let store = open(&medium).unwrap();
    assert_eq!(set(&store, "pin/5").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(medium.disk().hash(), before);
    // Set again behind the damage, so it is certain; the others are in doubt.
    let one = ObjectId::of_content(b"one more");
    assert_eq!(store.reference("pin/1").unwrap(), Some(one));
    assert_eq!(store.reference("pin/2").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(text(&store, "1").unwrap(), b"1");
    assert_eq!(text(&store, "3").unwrap(), b"3");
}

#[test]
fn a_process_verifies_before_its_first_commit() {
    // A header's second copy; and bytes that only a table's range vouches for.
    let mut copy = commits(2);
    copy.bytes_mut()[200] ^= 1;
    let store = open(&Files::of([&copy]).medium()).unwrap();
    assert_eq!(names(&store).unwrap(), ["pin/1", "pin/2"]);
    assert_eq!(set(&store, "pin/3").unwrap_err().kind(), ErrorKind::Corrupt);
    let medium = Recorder::new();
    let store = Store::options().open_vfs(Arc::new(medium.process())).unwrap();
    set(&store, "pin/1").unwrap();
    store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).unwrap();
    set(&store, "pin/2").unwrap();
    drop(store);
    let data = medium.disk().files().find_map(|(name, _)| {
        Some(name.strip_prefix("store/")?.to_owned()).filter(|name| name.ends_with(".data"))
    });
    medium.open(&data.unwrap(), true).unwrap().write_at(&[0xee], 300).unwrap();
    let store = open(&medium).unwrap();
    assert_eq!(names(&store).unwrap(), ["pin/1", "pin/2"]);
    assert_eq!(set(&store, "pin/3").unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn frames_that_nobody_vouches_for_are_written_again() {
    let segment = commits(2);
    let medium = Files::of([&segment]).medium();
    set(&open(&medium).unwrap(), "pin/3").unwrap();
    let from = first().end();
    let wrote_again = medium.actions().iter().any(|action| {
        matches!(action, partita_tests::vfs::Action::Write { offset, bytes, .. }
            if *offset <= u64::from(from)
                && bytes[..] == segment.bytes()[*offset as usize..]
                && *offset > 0)
    });
    assert!(wrote_again, "the frames of a process that may not have synced");
}

#[test]
fn behind_noise_a_new_segment_begins() {
    for (what, noise) in [("noise", 0), ("noise behind zeros", 700)] {
        let mut segment = commits(2);
        let len = segment.bytes().len();
        segment.bytes_mut().resize(len + noise, 0);
        segment.bytes_mut().extend_from_slice(&[0x77; 90]);
        let medium = Files::of([&segment]).medium();
        let store = open(&medium).unwrap();
        set(&store, "pin/3").unwrap();
        assert!(medium.disk().file("store/segments/0000000000000002.log").is_some(), "{what}");
        assert_eq!(names(&open(&medium).unwrap()).unwrap(), ["pin/1", "pin/2", "pin/3"]);
    }
}

/// A handle that has committed, and so is ready, meets what a killed writer left.
#[test]
fn a_handle_that_is_ready_writes_nothing_over_what_a_killed_writer_left() {
    let medium = Files::of([&commits(2)]).medium();
    let handle = open(&medium).unwrap();
    set(&handle, "pin/3").unwrap();
    let all = bytes(&medium, 1);
    let end = all.iter().rposition(|&byte| byte != 0).unwrap() as u64 + 1;
    let torn = [&commits(3).bytes()[commits(2).end() as usize..][..40], &[0x33; 700]].concat();
    log(&medium, 1).write_at(&torn, end).unwrap();
    set(&handle, "pin/4").unwrap();
    let left = bytes(&medium, 1);
    assert_eq!(left[end as usize..][..torn.len()], torn);
    assert_eq!(names(&open(&medium).unwrap()).unwrap().len(), 4);
}

#[test]
fn a_mark_behind_the_last_frame_is_damage() {
    let medium = Recorder::new();
    let store = Store::options().open_vfs(Arc::new(medium.process())).unwrap();
    set(&store, "pin/1").unwrap();
    set(&store, "pin/2").unwrap();
    drop(store);
    let whole = bytes(&medium, 1);
    let end = whole.iter().rposition(|&byte| byte != 0).unwrap() + 1 - CLOSE;
    medium.cut("segments/0000000000000001.log", end - 20);
    let store = open(&medium).unwrap();
    assert!(!check(&store).is_ok());
    assert_eq!(set(&store, "pin/3").unwrap_err().kind(), ErrorKind::Corrupt);
}
