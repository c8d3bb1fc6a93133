use super::*;

fn before() -> Things {
    things([
        ("gone", text("old")),
        ("dir/gone", text("old")),
        ("dir/stays", text("old")),
        ("file to dir", text("old")),
        ("dir to file/x/y", text("old")),
        ("link", Link(b"old".to_vec())),
        ("module", Submodule),
    ])
}

fn after() -> Things {
    things([
        ("dir/stays", text("new")),
        ("file to dir/x", text("new")),
        ("dir to file", Program(b"new".to_vec())),
        ("link", Link(b"new".to_vec())),
        ("foreign", text("new")),
        ("fresh/new", text("new")),
    ])
}

#[test]
fn a_checkout_cut_short_anywhere_leaves_whole_files_and_can_be_made_again() {
    let mut cut = 0;
    loop {
        let bench = Bench::new();
        bench.checkout(&before()).unwrap();
        bench.write("foreign", "theirs");
        bench.write("dir/bystander", "theirs");
        let mut prepared = bench.prepare(&after()).unwrap();
        prepared.disk.as_mut().unwrap().changes_left = Some(cut);
        let plan = bench.plan(&after()).unwrap();
        let is_whole = apply(prepared).is_ok();
        for (path, thing) in bench.found() {
            let is_temporary = path.ends_with(b".tmp");
            let is_known = [b"old".to_vec(), b"new".to_vec(), b"theirs".to_vec()]
                .iter()
                .any(|bytes| matches!(&thing, Thing::File(found) | Program(found) | Link(found) if found == bytes));
            assert!(is_temporary || is_known || thing == Submodule, "{cut}: {thing:?}");
        }
        assert_eq!(bench.kept(&plan), [("foreign".to_owned(), b"theirs".to_vec())]);

        let target = if cut % 2 == 0 { after() } else { before() };
        bench.checkout(&target).unwrap();
        let mut expected = target;
        expected.insert(b"dir/bystander".to_vec(), text("theirs"));
        if cut % 2 == 1 && bench.found().contains_key(&b"foreign"[..]) {
            expected.insert(b"foreign".to_vec(), text("theirs"));
        }
        assert_eq!(bench.found(), expected, "{cut}");
        if is_whole {
            break;
        }
        cut += 1;
    }
    assert!(cut > 20, "{cut}");
}

#[test]
fn after_a_cut_nothing_foreign_is_taken_for_ours() {
    for cut in 0..40 {
        let bench = Bench::new();
        bench.checkout(&before()).unwrap();
        let mut prepared = bench.prepare(&after()).unwrap();
        prepared.disk.as_mut().unwrap().changes_left = Some(cut);
        let _ = apply(prepared);
        bench.write("dir/stays", "edited by hand");
        bench.checkout(&Things::new()).unwrap();
        assert_eq!(bench.found(), things([("dir/stays", text("edited by hand"))]), "{cut}");
    }
}
