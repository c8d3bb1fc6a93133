//! Repositories whose objects were written by hand: what git itself would never write.

use gix::ObjectId;
use partita::{ErrorKind, Store};

use super::super::limits::Limits;
use super::super::source::{Blob, Source};
use super::super::{History, Target, TooLarge};
use super::{Repository, compare, failure, import, run};

/// An entry of a tree: mode, name, id.
type Row<'a> = (&'a str, &'a [u8], &'a str);

impl Repository {
    /// Writes an object, however malformed it is.
    pub(super) fn write(&self, kind: &str, data: &[u8]) -> String {
        let args = ["hash-object", "-t", kind, "--literally", "-w", "--stdin"];
        let id = self.git(&args, data);
        String::from_utf8(id).unwrap().trim().to_owned()
    }

    pub(super) fn blob(&self, data: &[u8]) -> String {
        self.write("blob", data)
    }

    pub(super) fn write_tree(&self, rows: &[Row<'_>]) -> String {
        let mut data = Vec::new();
        for (mode, name, id) in rows {
            data.extend_from_slice(mode.as_bytes());
            data.push(b' ');
            data.extend_from_slice(name);
            data.push(0);
            data.extend_from_slice(ObjectId::from_hex(id.as_bytes()).unwrap().as_slice());
        }
        self.write("tree", &data)
    }

    pub(super) fn write_commit(&self, tree: &str, parent: Option<&str>) -> String {
        let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
        let who = "A <a@x> 1700000000 +0000";
        let text = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\nm\n");
        let id = self.write("commit", text.as_bytes());
        std::fs::write(self.path.join("refs/heads/main"), format!("{id}\n")).unwrap();
        id
    }

    /// Puts an object's file where another id says that it is.
    fn misplace(&self, id: &str, as_id: &str) {
        std::fs::create_dir_all(self.loose(as_id).parent().unwrap()).unwrap();
        std::fs::rename(self.loose(id), self.loose(as_id)).unwrap();
    }

    /// The file of an object that is not in a pack.
    fn loose(&self, id: &str) -> std::path::PathBuf {
        self.path.join("objects").join(&id[..2]).join(&id[2..])
    }
}

const OTHER: &str = "1234567890123456789012345678901234567890";

/// Makes an error of the second of three commits, whose neighbours are sound.
#[track_caller]
fn refused(tree: impl Fn(&Repository, &str) -> String) -> (String, String, ErrorKind, String) {
    let repository = Repository::new(b"");
    let x = repository.blob(b"x\n");
    let sound = repository.write_tree(&[("100644", b"ok", &x)]);
    let first = repository.write_commit(&sound, None);
    let tree = tree(&repository, &x);
    let second = repository.write_commit(&tree, Some(&first));
    repository.write_commit(&sound, Some(&second));
    let store = Store::in_memory().unwrap();
    let (kind, message) = failure(import(&repository, &store));
    assert!(message.contains(&second), "{message} does not name {second}");
    assert!(store.sessions().next().is_none(), "something is left");
    (second, tree, kind, message)
}

#[test]
fn a_malformed_tree_is_an_error_that_names_commit_tree_and_entry() {
    for (mode, name, why) in [
        ("100644", &b"a/b"[..], "has a slash"),
        ("100644", b"", "is empty"),
        ("40000", b".", "is `.`"),
        ("40000", b"..", "is `..`"),
        ("0", b"a", "of no known kind"),
        ("644", b"a", "of no known kind"),
        ("100644", b"ok", "comes twice"),
        ("40000", b"ok", "comes twice"),
    ] {
        let (_, tree, kind, message) = refused(|repository, x| {
            repository.write_tree(&[(mode, name, x), ("100644", b"ok", x)])
        });
        assert_eq!(kind, ErrorKind::Corrupt);
        assert!(message.contains(&tree), "{message} does not name tree {tree}");
        assert!(message.contains(why), "{message}: {why}");
        let name = String::from_utf8_lossy(name);
        assert!(name.is_empty() || message.contains(&format!("{name:?}")), "{message}");
    }
    let (_, tree, _, message) = refused(|repository, _| repository.write("tree", b"100644 x"));
    assert!(message.contains(&tree) && message.contains("no end"), "{message}");
}

#[test]
fn a_malformed_tree_deep_below_is_named_by_its_own_id_and_whole_path() {
    let repository = Repository::new(b"");
    let x = repository.blob(b"x\n");
    let bad = repository.write_tree(&[("100644", b"f/g", &x)]);
    let middle = repository.write_tree(&[("40000", b"e", &bad)]);
    let root = repository.write_tree(&[("40000", b"d", &middle), ("100644", b"z", &x)]);
    repository.write_commit(&root, None);
    let (_, message) = failure(import(&repository, &Store::in_memory().unwrap()));
    assert!(message.contains(&format!("tree {bad}: entry \"d/e/f/g\"")), "{message}");
}

#[test]
fn an_entry_whose_object_is_of_another_kind_or_missing_is_named() {
    type Made<'a> = &'a dyn Fn(&Repository, &str) -> String;
    let cases: [(&str, Made<'_>, &str); 6] = [
        ("40000", &|_, x| x.to_owned(), "is a blob where a tree is due"),
        (
            "100644",
            &|repository, x| repository.write_tree(&[("100644", b"n", x)]),
            "is a tree where",
        ),
        ("120000", &|repository, _| repository.write("commit", b"tree x\n"), "is a commit where"),
        ("40000", &|_, _| OTHER.to_owned(), "is missing"),
        ("100644", &|_, _| OTHER.to_owned(), "is missing"),
        ("100755", &|repository, _| repository.write("tag", b"object\n"), "is a tag where a blob"),
    ];
    for (mode, object, why) in cases {
        let (_, tree, _, message) = refused(|repository, x| {
            repository.write_tree(&[(mode, b"entry", &object(repository, x)), ("100644", b"ok", x)])
        });
        assert!(message.contains(&format!("tree {tree}: entry \"entry\"")), "{message}");
        assert!(message.contains(why), "{message}: {why}");
    }
    let (second, _, _, message) = refused(|_, x| x.to_owned());
    assert!(message.starts_with(&format!("git commit {second}: tree ")), "{message}");
}

#[test]
fn commits_that_lead_to_other_objects_are_errors() {
    let repository = Repository::new(b"");
    let x = repository.blob(b"x\n");
    let tree = repository.write_tree(&[("100644", b"ok", &x)]);
    for parent in [&x[..], &tree, OTHER] {
        repository.write_commit(&tree, Some(parent));
        let (_, message) = failure(import(&repository, &Store::in_memory().unwrap()));
        assert!(message.contains(parent), "{message}");
    }
}

#[test]
fn trees_that_are_not_sorted_import_as_git_reads_them() {
    let repository = Repository::new(b"");
    let ids: Vec<String> = (0..6).map(|at| repository.blob(format!("{at}\n").as_bytes())).collect();
    let inner = repository.write_tree(&[("100644", b"z", &ids[0]), ("100644", b"b", &ids[1])]);
    let mut parent: Option<String> = None;
    for rows in [
        &[
            ("100644", &b"a.b"[..], &ids[0][..]),
            ("40000", b"a", &inner),
            ("100644", b"a-b", &ids[1]),
        ][..],
        &[("40000", b"a", &inner), ("100644", b"a.b", &ids[0]), ("100644", b"a-b", &ids[1])],
        &[("100644", b"z", &ids[2]), ("40000", b"a", &inner), ("100644", b"a.b", &ids[3])],
        &[("100644", b"a", &ids[4]), ("100644", b"a.b", &ids[3]), ("100644", b"0", &ids[2])],
        &[("100644", b"a", &ids[4]), ("100644", b"a.b", &ids[5]), ("40000", b"0", &inner)],
    ] {
        let tree = repository.write_tree(rows);
        parent = Some(repository.write_commit(&tree, parent.as_deref()));
    }
    let store = Store::in_memory().unwrap();
    assert_eq!(import(&repository, &store).unwrap().commits, 5);
    compare(&repository, &store);
    let history = History::open(&repository.path, "HEAD").unwrap();
    let session = store.open_session("s").unwrap();
    assert_eq!(history.verify(&session, |_| {}).unwrap().checkpoints, 5);
}

/// Ten entries that are all one object, so many levels high.
fn bomb(repository: &Repository, levels: usize, bottom: &[Row<'_>]) -> String {
    let mut tree = repository.write_tree(bottom);
    for _ in 0..levels {
        let names: Vec<String> = (0..10).map(|at| at.to_string()).collect();
        let rows: Vec<Row<'_>> =
            names.iter().map(|name| ("40000", name.as_bytes(), &tree[..])).collect();
        tree = repository.write_tree(&rows);
    }
    tree
}

#[test]
fn a_tree_that_leads_to_too_much_is_refused_before_it_is_opened() {
    for bottom in [true, false] {
        let (second, _, kind, message) = refused(|repository, x| {
            let file = [("100644", &b"f"[..], x)];
            bomb(repository, 10, if bottom { &file } else { &[] })
        });
        assert_eq!(kind, ErrorKind::Corrupt);
        assert!(message.starts_with(&format!("git commit {second}: tree ")), "{message}");
        assert!(message.contains("more than 524288 files and directories"), "{message}");
    }
}

fn within(repository: &Repository, limits: Limits) -> partita::Result<super::Imported> {
    let history = History::of(Source::open_within(&repository.path, limits)?, "HEAD")?;
    let store = Store::in_memory()?;
    let target = Target { store: Some(store), create: &|| panic!("there is one"), name: "s" };
    history.import(&target, TooLarge::LeaveOut, |_| {})
}

#[test]
fn limits_hold_at_and_refuse_above() {
    let repository = Repository::new(b"");
    let x = repository.blob(b"x\n");
    let tree = bomb(&repository, 2, &[("100644", b"f", &x)]);
    repository.write_commit(&tree, None);
    // Ten directories, a hundred below, a hundred files.
    for (commit_entries, holds) in [(211, true), (210, true), (209, false)] {
        let limits = Limits { commit_entries, ..Limits::default() };
        assert_eq!(within(&repository, limits).is_ok(), holds, "{commit_entries}");
    }
    for (tree_entries, holds) in [(11, true), (10, true), (9, false)] {
        let limits = Limits { tree_entries, ..Limits::default() };
        assert_eq!(within(&repository, limits).is_ok(), holds, "{tree_entries}");
    }
    for (depth, holds) in [(3, true), (2, true), (1, false)] {
        let limits = Limits { depth, ..Limits::default() };
        assert_eq!(within(&repository, limits).is_ok(), holds, "{depth}");
    }
    // A tree of ten entries named by one digit has 280 bytes.
    for (object_bytes, holds) in [(281, true), (280, true), (279, false)] {
        let limits = Limits { object_bytes, ..Limits::default() };
        let outcome = within(&repository, limits);
        assert_eq!(outcome.is_ok(), holds, "{object_bytes}: {outcome:?}");
    }
    for sums in [1, 2] {
        let limits = Limits { sums, ..Limits::default() };
        assert!(within(&repository, limits).is_ok(), "what is forgotten is summed anew");
    }
}

#[test]
fn a_tree_that_holds_itself_is_nested_too_deep() {
    let repository = Repository::new(b"");
    let tree = repository.write_tree(&[("40000", b"d", OTHER)]);
    repository.misplace(&tree, OTHER);
    repository.write_commit(OTHER, None);
    let (_, message) = failure(import(&repository, &Store::in_memory().unwrap()));
    assert!(message.contains("too deep"), "{message}");
}

#[test]
fn a_commit_that_takes_too_much_for_renames_has_only_those_of_unchanged_files() {
    let repository = Repository::new(b"");
    let text = |at: usize, more: &str| -> Vec<u8> {
        let lines: String = (0..50).map(|line| format!("{at} {line}\n")).collect();
        (lines + more).into_bytes()
    };
    let [a, b, c] = [0, 1, 2].map(|at| repository.blob(&text(at, "")));
    let [a2, b2] = [0, 1].map(|at| repository.blob(&text(at, "more\n")));
    let before =
        repository.write_tree(&[("100644", b"a", &a), ("100644", b"b", &b), ("100644", b"c", &c)]);
    let after = repository.write_tree(&[
        ("100644", b"x", &a2),
        ("100644", b"y", &b2),
        ("100644", b"z", &c),
    ]);
    let first = repository.write_commit(&before, None);
    repository.write_commit(&after, Some(&first));
    let count = |similarity_bytes| {
        let limits = Limits { similarity_bytes, ..Limits::default() };
        let source = Source::open_within(&repository.path, limits).unwrap();
        let commit = source.commit(source.tip(None).unwrap()).unwrap();
        source.changes(&commit, false).unwrap().len()
    };
    assert_eq!(count(1 << 20), 3);
    assert_eq!(count(10), 5, "one rename, two removals, two new files");
}

/// A loose object that declares whatever size, its bytes stored without compression.
fn declare(repository: &Repository, id: &str, head: &str, data: &[u8]) {
    let mut raw = head.as_bytes().to_vec();
    raw.push(0);
    raw.extend_from_slice(data);
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in &raw {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let len = u16::try_from(raw.len()).unwrap();
    let mut file = vec![0x78, 0x01, 0x01];
    file.extend(len.to_le_bytes());
    file.extend((!len).to_le_bytes());
    file.extend(&raw);
    file.extend((b << 16 | a).to_be_bytes());
    let path = repository.path.join("objects").join(&id[..2]);
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join(&id[2..]), file).unwrap();
}

#[test]
fn a_blob_that_is_too_large_is_left_out_and_what_it_lacks_is_recorded() {
    let repository = Repository::new(b"");
    let (x, big) = (repository.blob(b"x\n"), OTHER);
    declare(&repository, big, &format!("blob {}", (1_u64 << 30) + 1), b"never read");
    let rows = |rows: &[Row<'_>]| repository.write_tree(rows);
    let mut parent: Option<String> = None;
    for tree in [
        rows(&[("100644", b"a", &x), ("100644", b"big", big), ("100644", b"ok", &x)]),
        rows(&[("100644", b"a", &x), ("100644", b"moved", big), ("100644", b"ok", &x)]),
        // A file grows beyond the limit, and the large one goes on under another mode.
        rows(&[("100644", b"a", big), ("100755", b"moved", big), ("100644", b"ok", &x)]),
        rows(&[("100644", b"a", &x), ("100644", b"ok", &x)]),
        rows(&[("100644", b"ok", big)]),
    ] {
        parent = Some(repository.write_commit(&tree, parent.as_deref()));
    }
    let store = Store::in_memory().unwrap();
    let imported = import(&repository, &store).unwrap();
    let names = |left_out: &[(partita::FilePath, u64)]| -> Vec<String> {
        left_out.iter().map(|(path, _)| path.to_string()).collect()
    };
    assert_eq!((imported.commits, names(&imported.left_out)), (5, vec!["ok".to_owned()]));
    assert_eq!(imported.left_out[0].1, (1 << 30) + 1);
    let session = store.open_session("s").unwrap();
    let files: Vec<Vec<String>> = session
        .log()
        .unwrap()
        .map(|entry| {
            let at = session.at(entry.unwrap().id).unwrap();
            at.files().map(|file| file.unwrap().path.to_string()).collect()
        })
        .collect();
    let expected: [&[&str]; 5] = [&[], &["a", "ok"], &["ok"], &["a", "ok"], &["a", "ok"]];
    assert_eq!(files, expected);
    let labels: Vec<Option<Vec<u8>>> = session
        .log()
        .unwrap()
        .map(|entry| entry.unwrap().labels.get("git.left-out").cloned())
        .collect();
    let big = |path: &str| Some(format!("1073741825 {path}").into_bytes());
    let both = Some(b"1073741825 a\x001073741825 moved".to_vec());
    assert_eq!(labels, [big("ok"), None, both, big("moved"), big("big")]);
    let history = History::open(&repository.path, "HEAD").unwrap();
    assert_eq!(history.verify(&session, |_| {}).unwrap().checkpoints, 5);
    // What is lacking is said again when there is nothing new.
    let again = import(&repository, &store).unwrap();
    assert_eq!((again.commits, names(&again.left_out)), (0, vec!["ok".to_owned()]));

    let refused = Store::in_memory().unwrap();
    let target = Target { store: Some(refused), create: &|| panic!("there is one"), name: "s" };
    let (kind, message) = failure(history.import(&target, TooLarge::Refuse, |_| {}));
    assert_eq!(kind, ErrorKind::Invalid);
    assert!(message.contains("entry \"big\": it has 1073741825 bytes"), "{message}");
}

#[test]
fn blobs_at_the_limit_are_read_and_above_it_are_not() {
    let repository = Repository::new(b"");
    let id = repository.blob(&[7; 1_000]);
    let id = ObjectId::from_hex(id.as_bytes()).unwrap();
    for small_bytes in [10, 2_000] {
        for (blob_bytes, large) in [(1_001, false), (1_000, false), (999, true)] {
            let limits = Limits { blob_bytes, small_bytes, ..Limits::default() };
            let blob = Source::open_within(&repository.path, limits).unwrap().blob(id).unwrap();
            // A small one is read in one go, whatever its limit.
            let expected = large && small_bytes == 10;
            assert_eq!(blob == Blob::TooLarge(1_000), expected, "{small_bytes} {blob_bytes}");
        }
    }
    let packed = Repository::new(&super::commit("1", 1, &super::put("644", "f", &[7; 1_000])));
    run(&packed.path, &["repack", "-adq"], b"");
    let limits = Limits { blob_bytes: 999, small_bytes: 500, ..Limits::default() };
    let source = Source::open_within(&packed.path, limits).unwrap();
    assert_eq!(source.blob(id).unwrap(), Blob::TooLarge(1_000));
}

#[test]
fn a_blob_that_git_keeps_as_a_change_takes_more_than_its_bytes_and_is_read() {
    let mut noise: u32 = 7;
    let mut random = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    };
    let old: Vec<u8> = std::iter::repeat_with(&mut random).take(1_000).collect();
    let mut new = old.clone();
    new[500..510].copy_from_slice(b"and so on.");
    let stream = [&old, &new].map(|bytes| super::commit("1", 1, &super::put("644", "f", bytes)));
    let repository = Repository::new(&stream.concat());
    repository.git(&["repack", "-adfq"], b"");
    // The one or the other is a change, which is made in twice its bytes.
    let limits = Limits { small_bytes: 1_200, object_bytes: 1_200, ..Limits::default() };
    let source = Source::open_within(&repository.path, limits).unwrap();
    for bytes in [old, new] {
        let id = ObjectId::from_hex(repository.blob(&bytes).as_bytes()).unwrap();
        std::fs::remove_file(repository.loose(&id.to_string())).ok();
        assert_eq!(source.blob(id).unwrap(), Blob::Bytes(bytes));
    }
}

#[test]
fn bytes_that_are_not_those_of_their_id_are_found_by_a_whole_comparison() {
    let repository = Repository::new(b"");
    let x = repository.blob(b"x\n");
    repository.misplace(&x, OTHER);
    let tree = repository.write_tree(&[("100644", b"f", OTHER)]);
    repository.write_commit(&tree, None);
    let store = Store::in_memory().unwrap();
    import(&repository, &store).unwrap();
    let history = History::open(&repository.path, "HEAD").unwrap();
    let (kind, message) = failure(history.verify(&store.open_session("s").unwrap(), |_| {}));
    assert_eq!(kind, ErrorKind::Corrupt);
    assert!(message.contains("has other bytes than its id says"), "{message}");
}
