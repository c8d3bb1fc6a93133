use super::*;
use std::time::Duration;

#[test]
fn limits_stop_new_files_and_say_so() {
    let bench = Bench::new();
    bench.write("grows", "1");
    bench.capture();
    bench.write("grows", [b'x'; 100]);
    bench.write("large", [b'x'; 100]);
    bench.write("small", [b'x'; 10]);
    let capture = bench.with(CaptureOptions::new().file_bytes_max(10)).capture().unwrap();
    assert_eq!(
        (paths(capture.added()), paths(capture.changed())),
        (vec!["small".into()], vec!["grows".into()])
    );
    assert_eq!(reasons(&capture), [("large".to_owned(), LeftOutReason::TooLarge)]);
    assert_eq!(capture.left_out()[0].why.as_deref(), Some("100 bytes, at most 10 are taken"));
    assert!(!capture.is_whole());
    for at in 0..5 {
        bench.write(&format!("n{at}"), "1");
    }
    let capture = bench.with(CaptureOptions::new().new_paths_max(3)).capture().unwrap();
    assert_eq!(paths(capture.added()), ["large", "n0", "n1"]);
    assert_eq!(capture.count_left_out(LeftOutReason::TooMany), 3);
    let capture = bench.with(CaptureOptions::new().new_bytes_max(2)).capture().unwrap();
    assert_eq!(paths(capture.added()), ["n2", "n3"]);
    assert_eq!(paths(bench.capture().added()), ["n4"]);
    assert!(bench.session().latest().unwrap().left_out().unwrap().is_empty());
}

#[test]
fn a_capture_whose_time_ran_out_is_partial_and_the_next_goes_on() {
    let bench = Bench::new();
    for at in 0..30 {
        bench.write(&format!("d{}/f{at}", at % 3), format!("{at}"));
    }
    bench.capture();
    for at in 0..30 {
        bench.write(&format!("d{}/f{at}", at % 3), format!("changed {at}"));
    }
    let none = bench.with(CaptureOptions::new().within(Duration::ZERO)).capture().unwrap();
    assert!(none.is_partial() && !none.is_whole() && !none.is_new());
    assert!(none.removed().is_empty());
    let mut options = CaptureOptions::new();
    options.within = Some(Duration::from_millis(40));
    let workspace = bench.with(options);
    let some = workspace
        .capture_with(&mut |progress| {
            if progress.read == 10 {
                std::thread::sleep(Duration::from_millis(60));
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert!(some.is_partial() && some.removed().is_empty());
    assert_eq!(some.changed().len() + some.count_left_out(LeftOutReason::Late), 30);
    let rest = bench.capture();
    assert_eq!(rest.changed().len() + some.changed().len(), 30);
    assert!(rest.is_whole() && rest.left_out().is_empty());
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
}

#[test]
fn much_is_taken_with_little_memory_held() {
    let bench = Bench::new();
    let mut block = vec![0_u8; 1 << 20];
    for at in 0..40_u8 {
        block
            .iter_mut()
            .enumerate()
            .for_each(|(place, byte)| *byte = (place as u8).wrapping_mul(at));
        bench.write(&format!("f{at}"), &block);
    }
    assert_eq!(bench.capture().added().len(), 40);
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
}

/// Files enough to be stored ahead of their capture, three times.
fn many(bench: &Bench) {
    for at in 0..3_000 {
        bench.write(&format!("d{}/f{at}", at % 30), format!("file {at}"));
    }
}

#[test]
fn many_files_that_are_stored_ahead_are_captured_beside_another_writer() {
    let bench = Bench::new();
    many(&bench);
    bench.session().write("before", "1").unwrap();
    let mut batch = bench.session().begin().unwrap();
    let objects = bench.store.stats().unwrap().objects;
    let capture = batch.capture(&bench.workspace()).unwrap();
    assert_eq!(capture.added().len(), 3_000);
    assert!(bench.store.stats().unwrap().objects > objects + 3_000, "nothing was stored ahead");
    bench.store.session("s").unwrap().write("meanwhile", "2").unwrap();
    batch.commit().unwrap();
    let mut expected = on_disk(&bench.dir());
    expected.insert(b"before".to_vec(), ('f', b"1".to_vec()));
    expected.insert(b"meanwhile".to_vec(), ('f', b"2".to_vec()));
    assert_same(&now(&bench.session()), &expected);
    let report = bench.store.check(&mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert!(bench.capture().is_unchanged());
    // And what is recorded leads back to it.
    std::fs::remove_dir_all(bench.dir()).unwrap();
    bench.workspace().checkout(None).unwrap();
    assert_same(&on_disk(&bench.dir()), &expected);
}

#[test]
fn what_was_stored_ahead_and_collected_is_a_conflict_and_captured_anew() {
    let bench = Bench::new();
    many(&bench);
    let mut batch = bench.session().begin().unwrap();
    batch.capture(&bench.workspace()).unwrap();
    let options = crate::store::GcOptions::new().keep(Duration::ZERO);
    bench.store.gc(&options, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert_eq!(kind(batch.commit()), ErrorKind::Conflict);
    assert_eq!(bench.session().latest().unwrap().files().count(), 0);
    assert_eq!(bench.capture().added().len(), 3_000);
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
}

#[test]
fn a_large_file_that_was_moved_is_no_new_one() {
    let bench = Bench::new();
    bench.write("large", [b'x'; 100]);
    bench.capture();
    fs::rename(bench.at("large"), bench.at("moved")).unwrap();
    bench.write("other", [b'y'; 100]);
    let capture = bench.with(CaptureOptions::new().file_bytes_max(10)).capture().unwrap();
    assert_eq!((capture.renamed().len(), capture.removed().len()), (1, 0));
    assert_eq!(reasons(&capture), [("other".to_owned(), LeftOutReason::TooLarge)]);
}

/// Nothing was looked at, so all is as the capture before said.
#[test]
fn a_capture_without_any_time_is_none() {
    let bench = Bench::new();
    bench.write(".gitignore", "*.log\n");
    bench.write("x.log", "");
    let first = bench.capture();
    assert_eq!(first.left_out().len(), 1);
    let late = bench.with(CaptureOptions::new().within(Duration::ZERO)).capture().unwrap();
    assert!(late.is_partial() && late.is_unchanged());
    assert_eq!(bench.session().latest().unwrap().left_out().unwrap(), first.left_out());
    assert_eq!(bench.session().log().unwrap().count(), 1);
}
