use super::*;

fn in_view(session: &Session) -> Vec<String> {
    let latest = session.latest().unwrap();
    let view = latest.view();
    let files = view.files().map(|file| {
        let file = file.unwrap();
        format!("{}:{}", file.path, file.number)
    });
    files.collect()
}

fn spent(session: &Session) -> u64 {
    let budget = crate::budget::Budget::new(100_000);
    session.capacity(&budget, &crate::tokens::Encoding::O200k).unwrap().total().high()
}

#[test]
fn no_file_comes_into_view_by_itself() {
    let bench = Bench::new();
    let session = bench.session();
    session.write("seen", "by the model").unwrap();
    bench.workspace().checkout(None).unwrap();
    let (before, tokens) = (in_view(&session), spent(&session));
    bench.write("new", "text ".repeat(500));
    bench.capture();
    assert_eq!((in_view(&session), spent(&session)), (before, tokens));
    // What is in view goes on there, also under another name.
    bench.write("seen", "changed");
    bench.capture();
    assert_eq!(in_view(&session), ["seen:1", "seen:2"]);
    fs::rename(bench.at("seen"), bench.at("moved")).unwrap();
    bench.capture();
    assert_eq!(in_view(&session), ["seen:1", "seen:2", "moved:3"]);
    session.hide("moved").unwrap();
    bench.write("moved", "hidden by now");
    bench.capture();
    assert!(!in_view(&session).iter().any(|file| file == "moved:4"));
}

#[test]
fn what_is_asked_to_be_shown_comes() {
    let bench = Bench::new();
    let session = bench.session();
    bench.write("src/a.rs", "1");
    bench.write("b.txt", "2");
    let options = CaptureOptions::new().show("src/**").unwrap();
    bench.with(options).capture().unwrap();
    assert_eq!(in_view(&session), ["src/a.rs:1"]);
}
