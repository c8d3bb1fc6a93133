//! Few bytes that claim much: refused with little memory, in little time, without a panic.

use std::process::Command;

use partita::limits::{CONTENT_BYTES_MAX, DELTA_CHAIN_MAX, FRAME_BYTES_MAX, FRAME_OBJECTS_MAX};
use partita::object::{Kind, Node, Objects};
use partita::{ContentId, ErrorKind, ObjectId, Store};
use partita_tests::forge::{
    Bytes, Files, IdCode, Live, Payload, Row, Segment, TableHead, commit, kind, record, snapshot,
    table,
};
use partita_tests::fuzz::explore;

/// Kibibytes of address space that all bombs together may take: less than any of them claims.
const ADDRESS_SPACE_KIB: u64 = 900 << 10;

#[cfg(target_os = "linux")]
#[test]
fn every_bomb_goes_off_within_bounded_memory() {
    let own = std::env::current_exe().unwrap();
    let limited = format!("ulimit -v {ADDRESS_SPACE_KIB} && exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited])
        .arg(own)
        .args(["bombs::", "--skip", "bounded_memory", "--test-threads", "1"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("running 0 tests"), "{said}");
}

fn live(number: u64) -> Live {
    Live { id: (false, number), len: 0, tables: Vec::new() }
}

/// A segment with its base frame.
fn segment() -> Segment {
    let mut segment = Segment::log(1);
    segment
        .push(kind::SNAPSHOT, &Payload::new(snapshot(IdCode::None, &[live(1)], None)).to_bytes());
    segment
}

fn one_commit() -> Payload {
    Payload::new(commit::<&str>(&[], &[]))
}

fn id(seed: u8) -> ObjectId {
    ObjectId::from_bytes([seed; 32])
}

/// A store of one commit behind the base frame.
fn store_of(payload: &[u8]) -> Files {
    let mut segment = segment();
    segment.push(kind::COMMIT, payload);
    Files::of([&segment])
}

fn open(files: &Files) -> Store {
    Store::options().read_only(true).open_vfs(files.vfs()).unwrap()
}

/// The store reads everything else as if the object were damaged, and nothing panics.
#[track_caller]
fn assert_content_refused(files: &Files, id: ObjectId) {
    let error = open(files).read_content(ContentId::new(id)).expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    explore(files, &[id]);
}

#[track_caller]
fn assert_node_refused(files: &Files, id: ObjectId) {
    let error = open(files).get_node(&id).expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    explore(files, &[id]);
}

/// A frame of zstd without its magic number: some bytes as they are, then runs of one byte.
fn zstd(raw: &[u8], byte: u8, mut run: usize) -> Vec<u8> {
    // No content size; a window of 128 KiB.
    let mut frame = vec![0x00, 0x38];
    let mut block = |kind: u32, len: usize, bytes: &[u8], last: bool| {
        let header = (len as u32) << 3 | kind << 1 | u32::from(last);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.extend_from_slice(bytes);
    };
    block(0, raw.len(), raw, run == 0);
    while run > 0 {
        let len = run.min(128 << 10);
        run -= len;
        block(1, len, &[byte], run == 0);
    }
    frame
}

/// A payload with a compressed control block and nothing behind.
fn packed(control: &[u8], raw: u64) -> Vec<u8> {
    Bytes::new().uint(1).uint(raw).bytes(control).0
}

#[test]
fn a_store_made_from_the_format_page_is_whole() {
    let mut segment = segment();
    let mut payload = one_commit();
    let text = payload.content(b"a text");
    let node = Node { kind: Kind(40_000), version: 1, refs: vec![text], body: b"body".to_vec() };
    let node = payload.node(&node);
    payload.head = commit(&[("pin/x", IdCode::At(1))], &[]);
    let from = segment.end();
    let at = segment.push(kind::COMMIT, &payload.to_bytes());
    let bytes = table(&[(0, payload.ids.clone())]);
    assert_eq!(at, from);
    let range = (segment.end().into(), segment.range_tag(from as usize, segment.end() as usize));
    let head = TableHead { segment: (false, 1), from: from.into(), ranges: vec![range] };
    let tables = vec![(false, 1, segment.end().into())];
    let live = Live { id: (false, 1), len: 0, tables };
    let updates = snapshot(IdCode::None, &[live], Some((&head, bytes.len())));
    segment.push(kind::SNAPSHOT, &Payload { table: bytes, ..Payload::new(updates) }.to_bytes());
    segment
        .push(kind::COMMIT, &Payload::new(commit(&[("pin/y", IdCode::Id(node))], &[])).to_bytes());
    segment.push(kind::CLOSE, &[]);
    let files = Files::of([&segment]);
    let store = open(&files);
    assert_eq!(store.references("", None, 9).unwrap(), [("pin/y".to_owned(), node)]);
    assert_eq!(store.read_content(ContentId::new(text)).unwrap()[..], b"a text"[..]);
    assert_eq!(store.get_node(&node).unwrap().unwrap().refs, [text]);
    let report = store.check(&mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.frames, report.objects), (4, 2));
    explore(&files, &[text, node]);
}

#[test]
fn a_content_that_claims_a_gibibyte_of_a_few_bytes_is_refused() {
    for raw in [CONTENT_BYTES_MAX as u64, 1 << 20, 100] {
        let mut payload = one_commit();
        payload.body(id(1), Row::packed(9, raw), &zstd(b"", 0, 1 << 20)[..9]);
        assert_content_refused(&store_of(&payload.to_bytes()), id(1));
    }
    let mut payload = one_commit();
    payload.body(id(1), Row::packed(9, CONTENT_BYTES_MAX as u64 + 1), &[0; 9]);
    explore(&store_of(&payload.to_bytes()), &[id(1)]);
}

#[test]
fn a_content_that_unpacks_to_more_or_less_than_it_claims_is_refused() {
    for run in [99_999, 100_001, 10 << 20] {
        let body = zstd(b"", 7, run);
        let mut payload = one_commit();
        payload.body(id(1), Row::packed(body.len(), 100_000), &body);
        assert_content_refused(&store_of(&payload.to_bytes()), id(1));
    }
}

#[test]
fn control_blocks_that_claim_or_unpack_to_the_limit_are_refused() {
    let whole = zstd(&commit::<&str>(&[], &[]).0, 0, FRAME_BYTES_MAX - 4);
    assert!(whole.len() < 4 << 10);
    for (control, raw) in [
        (&whole[..], FRAME_BYTES_MAX as u64),
        (&whole[..], FRAME_BYTES_MAX as u64 + 1),
        (&whole[..20], FRAME_BYTES_MAX as u64),
        (&[][..], u64::MAX),
    ] {
        explore(&store_of(&packed(control, raw)), &[]);
    }
}

#[test]
fn blocks_beyond_what_a_stream_can_have_are_refused() {
    let head = commit::<&str>(&[], &[]).uint(0).uint(64 << 20).0;
    let control = zstd(&head, 0, FRAME_BYTES_MAX - head.len());
    explore(&store_of(&packed(&control, FRAME_BYTES_MAX as u64)), &[]);
}

#[test]
fn records_beyond_their_limits_are_refused() {
    // A node's record over itself, of many bytes, that a few bytes unpack to.
    let len = 64 << 20;
    let rows = Bytes::new().uint(0).uint(len).uint(1).0;
    let head = commit::<&str>(&[], &[]).uint(1).uint(1).uint(len).uint(8 << 10).uint(1).raw(&rows);
    let record = Bytes::new().uint(1).uint(0).uint(0).uint(0).uint(0).0;
    let block = zstd(&record, 0, len as usize - record.len());
    let head = Bytes(head.0).0;
    let control = [&head[..12], &Bytes::new().uint(block.len() as u64).0, &[1], &rows].concat();
    for control in [head, control] {
        let front = Bytes::new().uint(0).uint(control.len() as u64).bytes(&control).0;
        let payload = [&front[..], id(1).as_bytes(), &block].concat();
        explore(&store_of(&payload), &[id(1)]);
    }
}

#[test]
fn a_node_of_more_bytes_than_a_node_has_is_refused() {
    let body = vec![7; partita::limits::NODE_BYTES_MAX];
    let node = Node { kind: Kind(40_000), version: 1, refs: Vec::new(), body };
    let mut payload = one_commit();
    payload.node(&node);
    explore(&store_of(&payload.to_bytes()), &[node.id()]);
}

#[test]
fn chains_of_changes_beyond_the_limit_and_in_circles_are_refused() {
    let delta = |at: u64, depth: u64, len: u64| Row(vec![4, 1, len, depth, 0, at, len - 1, 0]);
    let mut payload = one_commit();
    payload.content(b"x");
    let mut text = b"x".to_vec();
    for at in 0..=u64::from(DELTA_CHAIN_MAX) {
        text.push(b'a');
        let depth = (at + 1).min(DELTA_CHAIN_MAX.into());
        payload.body(ObjectId::of_content(&text), delta(at, depth, at + 2), b"a");
    }
    let files = store_of(&payload.to_bytes());
    let last = ObjectId::of_content(&text);
    text.pop();
    assert_eq!(
        open(&files).read_content(ContentId::new(ObjectId::of_content(&text))).unwrap()[..],
        text[..]
    );
    assert_content_refused(&files, last);

    for (first, second) in [(0, 0), (1, 0), (1, 1)] {
        let mut payload = one_commit();
        for (seed, at) in [(1, first), (2, second)] {
            payload.body(id(seed), delta(at, u64::from(seed), 2), b"a");
        }
        assert_content_refused(&store_of(&payload.to_bytes()), id(1));
        let mut payload = one_commit();
        for (seed, at) in [(1, first), (2, second)] {
            let record = record::over(at, 0, 0, b"");
            payload.record(id(seed), Row::node(record.len(), seed.into()), &record);
        }
        assert_node_refused(&store_of(&payload.to_bytes()), id(1));
    }
}

#[test]
fn a_change_that_takes_its_base_twice_is_refused() {
    let mut payload = one_commit();
    payload.content(&[7; 1 << 10]);
    let mut len = 1 << 10;
    for at in 0..12 {
        len *= 2;
        let row = Row(vec![4, 0, len, at + 1, 0, at, len / 2, len / 2]);
        payload.body(ObjectId::of_content(&vec![7; len as usize]), row, b"");
    }
    let last = *payload.ids.last().unwrap();
    assert_content_refused(&store_of(&payload.to_bytes()), last);
}

#[test]
fn chunk_lists_beyond_what_a_content_can_have_are_refused() {
    for (count, raw) in [(1 << 20, 0), (1 << 20, CONTENT_BYTES_MAX as u64), (70_000, 70_000)] {
        let mut payload = one_commit();
        let empty = payload.content(b"");
        let record = vec![2; count];
        payload.record(id(1), Row::chunks(count, raw), &record);
        let files = store_of(&payload.to_bytes());
        explore(&files, &[empty, id(1)]);
        assert!(open(&files).read_content(ContentId::new(id(1))).is_err());
    }
    // A chunk that is a list of itself.
    let mut payload = one_commit();
    payload.record(id(1), Row::chunks(1, 10), &[2]);
    assert_content_refused(&store_of(&payload.to_bytes()), id(1));
}

#[test]
fn every_count_at_its_maximum_with_nothing_behind_is_refused() {
    let counts =
        [1 << 16, 1 << 20, (1 << 20) + 1, FRAME_OBJECTS_MAX as u64, u64::from(u32::MAX), u64::MAX];
    for count in counts {
        let commits = [
            Bytes::new().uint(count),
            Bytes::new().uint(1).uint(count),
            Bytes::new().uint(1).bytes(b"pin/x").uint(count),
            Bytes::new().uint(0).uint(count),
            Bytes::new().uint(0).uint(1).uint(0).uint(1).uint(0).uint(count),
            Bytes::new().uint(0).uint(1).uint(1).uint(count).uint(count).uint(0),
            Bytes::new().uint(0).uint(0).uint(count),
            Bytes::new().uint(0).uint(0).uint(0).uint(count),
            Bytes::new().uint(0).uint(0).uint(0).uint(1).uint(0).uint(7).uint(count),
            commit::<&str>(&[], &[]).uint(count),
            commit::<&str>(&[], &[]).uint(0).uint(count),
            commit::<&str>(&[], &[]).uint(0).uint(1).uint(count).uint(count).uint(1),
        ];
        let rows: Vec<Row> =
            [vec![0, count, 0], vec![0, 1, count], vec![2, count], vec![3, 1, count]]
                .into_iter()
                .chain((1..7).map(|field| {
                    let mut row = vec![4, 1, 10, 1, 0, 0, 0, 0];
                    row[field] = count;
                    row
                }))
                .chain([vec![6, count, 1], vec![6, 1, count], vec![count, 1, 1]])
                .map(Row)
                .collect();
        let rows = rows.into_iter().map(|row| {
            let mut payload = one_commit();
            payload.record(id(1), row, &[0xfa; 40]);
            payload.to_bytes()
        });
        let records = [
            Bytes::new().uint(0).uint(count),
            Bytes::new().uint(0).uint(1).uint(count),
            Bytes::new().uint(0).uint(1).uint(1).uint(count),
            Bytes::new().uint(1).uint(count),
            Bytes::new().uint(1).uint(0).uint(count),
            Bytes::new().uint(1).uint(0).uint(1).uint(0).uint(0).uint(count),
            Bytes::new().uint(1).uint(0).uint(0).uint(count).uint(0),
            Bytes::new().uint(2).uint(count).uint(count),
        ];
        let records = records.into_iter().map(|record| {
            let mut payload = one_commit();
            let node = Node { kind: Kind(40_000), version: 1, refs: Vec::new(), body: vec![1] };
            payload.node(&node);
            payload.record(id(1), Row::node(record.0.len(), 1), &record.0);
            payload.to_bytes()
        });
        let commits = commits.map(|control| Payload::default().with_control(&control.0));
        for payload in commits.into_iter().chain(rows).chain(records) {
            explore(&store_of(&payload), &[id(1)]);
        }
        let base = Bytes::new().uint(0);
        let snapshots = [
            Bytes::new().uint(count),
            base.clone().uint(count),
            base.clone().uint(1).uint(0).uint(count).uint(0).uint(0).uint(0),
            base.clone().uint(1).uint(0).uint(1).uint(count).uint(0).uint(0),
            base.clone().uint(1).uint(0).uint(1).uint(0).uint(count),
            base.clone().uint(0).uint(1).uint(0).uint(1).uint(count).uint(0).uint(0),
            base.clone().uint(0).uint(1).uint(0).uint(1).uint(0).uint(count),
            base.clone().uint(0).uint(1).uint(0).uint(1).uint(0).uint(0).uint(count),
        ];
        for head in snapshots {
            for payload in
                [Payload::default().with_control(&head.0), Payload::new(head.clone()).to_bytes()]
            {
                let mut segment = Segment::log(1);
                segment.push(kind::SNAPSHOT, &payload);
                explore(&Files::of([&segment]), &[]);
            }
        }
    }
}

/// A store whose last snapshot hosts that table, and tells of it so often.
fn store_with_table(head: &TableHead, bytes: &[u8], times: usize) -> Files {
    let mut segment = segment();
    let mut payload = one_commit();
    payload.content(b"a text");
    segment.push(kind::COMMIT, &payload.to_bytes());
    let tables = vec![(false, 1, segment.end().into()); times];
    let live = Live { id: (false, 1), len: 0, tables };
    let head = snapshot(IdCode::None, &[live], Some((head, bytes.len())));
    let payload = Payload { table: bytes.to_vec(), ..Payload::new(head) };
    segment.push(kind::SNAPSHOT, &payload.to_bytes());
    Files::of([&segment])
}

#[test]
fn index_tables_that_claim_millions_of_frames_or_of_themselves_are_refused() {
    let text = ObjectId::of_content(b"a text");
    let head = |from: u64, ends: &[u64]| TableHead {
        segment: (false, 1),
        from,
        ranges: ends.iter().map(|end| (*end, [7; 16])).collect(),
    };
    let sound = table(&[(0, vec![text])]);
    let claims = [
        Bytes::new().uint(FRAME_BYTES_MAX as u64).0,
        Bytes::new().uint(1 << 20).raw(&[0; 100]).0,
        Bytes::new().uint(2).uint(u32::MAX.into()).uint(1 << 20).uint(u32::MAX.into()).0,
        Bytes::new().uint(1).uint(0).uint(1 << 20).uint(0).uint(1 << 20).raw(&[0; 100]).0,
        Bytes::new().uint(1).uint(0).uint(1).uint(16).raw(&[0; 100]).0,
        Bytes::new().uint(0).uint(16).raw(&[0; 1 << 16]).0,
        sound.clone(),
    ];
    let froms = [0, 256, 300, 5_000, u64::from(u32::MAX), 1 << 40, u64::MAX - 1, u64::MAX];
    for bytes in &claims {
        for from in froms {
            for ends in [&[][..], &[from.saturating_add(1)], &[400, u64::MAX]] {
                explore(&store_with_table(&head(from, ends), bytes, 1), &[text]);
            }
        }
    }
    for times in [2, 300, 100_000] {
        explore(&store_with_table(&head(300, &[400]), &[0xff; 9], times), &[text]);
    }
}

#[test]
fn snapshots_that_name_a_segment_often_or_many_that_are_not_there_are_refused() {
    let many: Vec<Live> = (2..60_000).map(live).collect();
    let often = vec![live(1); 100_000];
    for segments in [many, often] {
        let mut segment = Segment::log(1);
        segment.push(
            kind::SNAPSHOT,
            &Payload::new(snapshot(IdCode::None, &segments, None)).to_bytes(),
        );
        explore(&Files::of([&segment]), &[]);
    }
}

#[test]
fn groups_of_control_blocks_nest_as_deep_as_their_bytes_allow_and_no_deeper() {
    // Each control block is a bulk frame's: no objects, no blocks.
    let mut segment = segment();
    let control = zstd(&[0, 0], 0, 0);
    let mut before = None;
    for _ in 0..9_000 {
        let front = match before {
            None => Bytes::new().uint(1),
            Some(before) => Bytes::new().uint(3).uint((segment.end() - before) as u64),
        };
        before = Some(segment.end());
        segment.push(kind::BULK, &front.uint(2).bytes(&control).0);
    }
    explore(&Files::of([&segment]), &[]);
    // A group that goes on with itself, with what is before the first frame, with what is no frame.
    for back in [0, 1, 50, 1_000, u64::from(u32::MAX)] {
        let mut segment = self::segment();
        segment.push(kind::COMMIT, &Bytes::new().uint(3).uint(back).uint(2).bytes(&control).0);
        explore(&Files::of([&segment]), &[]);
    }
}

#[test]
fn headers_at_the_ends_of_their_ranges_are_refused() {
    for number in [0, 1, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
        let mut segment = Segment::log(number);
        segment.push(
            kind::SNAPSHOT,
            &Payload::new(snapshot(IdCode::None, &[live(number)], None)).to_bytes(),
        );
        segment.push(kind::SEAL, &[]);
        explore(&Files::of([&segment]), &[]);
    }
    for word in [0, 1, 2, 255, 256, u32::MAX - 1, u32::MAX] {
        for field in 0..3 {
            for at in 0..3 {
                let mut segment = Segment::log(1);
                for frame in 0..3 {
                    if frame == at {
                        let fields =
                            [&mut segment.sequence, &mut segment.snapshot, &mut segment.durable];
                        *fields.into_iter().nth(field).unwrap() = word;
                    }
                    let head = snapshot(IdCode::None, &[live(1)], None);
                    let (kind, head) = match frame {
                        1 => (kind::COMMIT, commit(&[("pin/x", IdCode::Id(id(1)))], &[])),
                        _ => (kind::SNAPSHOT, head),
                    };
                    segment.push(kind, &Payload::new(head).to_bytes());
                }
                explore(&Files::of([&segment]), &[]);
            }
        }
    }
    for len in [0, 255, 256, 257, 1 << 20, u64::from(u32::MAX), 1 << 40, u64::MAX] {
        let first = segment();
        let mut second = Segment::after(2, len, first.tag());
        let lives = [live(1), live(2)];
        second.push(kind::SNAPSHOT, &Payload::new(snapshot(IdCode::None, &lives, None)).to_bytes());
        explore(&Files::of([&first, &second]), &[]);
        let lives = [Live { len, ..live(1) }, live(2)];
        let mut second = Segment::after(2, first.end().into(), first.tag());
        second.push(kind::SNAPSHOT, &Payload::new(snapshot(IdCode::None, &lives, None)).to_bytes());
        explore(&Files::of([&first, &second]), &[]);
    }
}
