//! What the page of the command says, held against what the command and the library do.

mod columns;
mod json;
mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use partita::Store;
use partita::context::Dialect;
use partita::interop::ExportFormat;
use partita::limits::{
    COMPONENT_BYTES_MAX, CONTENT_BYTES_MAX, DISPLAY_CHECKPOINTS_MAX, DISPLAY_FILES_MAX,
    DISPLAY_FORK_SHARE, DISPLAY_ITERATIONS_MAX, DISPLAY_MEMORIES_MAX, DISPLAY_PAGE_BYTES_MAX, KEEP,
    PREFIX_DIGITS_MIN, REPORT_ITEMS_MAX,
};
use partita_tests::command::Partita;

const PAGE: &str = include_str!("../../../docs/cli.md");

/// The page in one line, so that a sentence is found wherever its lines break.
fn page() -> String {
    PAGE.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(sentence: &str) {
    assert!(page().contains(sentence), "the page does not say: {sentence}");
}

/// What stands in single backquotes.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The text of a source file of the core.
fn source_of(path: &str) -> String {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    fs::read_to_string(core.join(path)).unwrap()
}

/// The names that a source gives to variants.
fn named(source: &str, variants: &str) -> BTreeSet<String> {
    let text = source_of(source);
    let code = text.split("#[cfg(test)]").next().unwrap().lines();
    let code = code.filter(|line| !line.trim_start().starts_with("//")).collect::<String>();
    // An arm `Kind::Name => "name",` or a row `(Kind::Name, "name"),` of a table.
    let rows = code.split(variants).skip(1).filter_map(|row| {
        let row = row.trim_start_matches(char::is_alphanumeric);
        row.strip_prefix(" => \"").or_else(|| row.strip_prefix(", \""))
    });
    rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn the_page_has_every_kind_of_operation_and_no_other() {
    let page = page();
    let from = page.split("`kind` is what the operation did:").nth(1).unwrap();
    let told = quoted(from.split("A name of two parts").next().unwrap());
    let known = named("object/stored/operation/kind.rs", "OperationKind::");
    assert!(known.len() > 25, "{known:?}");
    assert_eq!(told, known);
}

#[test]
fn the_page_has_every_name_of_kinds_actions_roles_and_formats() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    for (begin, subject, names) in [
        ("`kind` is `message`", "kind", named("object/memory.rs", "MemoryKind::")),
        ("`action` is `refresh`", "action", named("budget/group.rs", "PlanAction::")),
        ("R is `system`", "", named("object/memory.rs", "Role::")),
        ("D is `anthropic`", "", names(&Dialect::ALL.map(Dialect::name))),
        ("writes the dialog as `", "", names(&ExportFormat::ALL.map(ExportFormat::name))),
    ] {
        let page = page();
        let at = page.find(begin).unwrap_or_else(|| panic!("the page does not say: {begin}"));
        let sentence = page[at..].split(['.', ';', '|']).next().unwrap();
        let told: BTreeSet<String> =
            quoted(sentence).into_iter().filter(|word| word != subject).collect();
        assert!(names.len() > 1, "{begin}: {names:?}");
        assert_eq!(told, names, "{sentence}");
    }
}

#[test]
fn the_page_has_every_reason_of_a_checkout() {
    let table = PAGE.split("| `reason` | means |").nth(1).unwrap().split("\n\n").next().unwrap();
    let cells = table.lines().filter_map(|row| row.split('|').nth(1));
    let told: BTreeSet<String> = cells.flat_map(quoted).collect();
    assert_eq!(told, named("workspace/checkout/plan.rs", "CheckoutReason::"));
}

#[test]
fn the_limits_on_the_page_are_those_that_hold() {
    says(&format!("A file above {} GiB is left out", CONTENT_BYTES_MAX >> 30));
    says(&format!("a component above {COMPONENT_BYTES_MAX} bytes"));
    says(&format!(
        "{DISPLAY_CHECKPOINTS_MAX} checkpoints, {DISPLAY_FILES_MAX} files with \
         {DISPLAY_ITERATIONS_MAX} iterations, {DISPLAY_MEMORIES_MAX} memories, {} MiB",
        DISPLAY_PAGE_BYTES_MAX >> 20
    ));
    says(&format!("its `--keep`, {} days unless you say otherwise", KEEP.as_secs() / 86_400));
    says(&format!("the `count` of each and the `first` {REPORT_ITEMS_MAX}"));
    for (source, line, sentence) in [
        ("log/options.rs", "Duration::from_secs(30)", "writes or collects: 30 seconds"),
        ("session/import/transcript.rs", "BATCH_MEMORIES: usize = 512;", "brings 512 memories"),
        ("session/import/transcript.rs", "BATCH_BYTES: usize = 8 << 20;", "or 8 MiB at most"),
    ] {
        assert!(source_of(source).contains(line), "{source} has no {line}");
        says(sentence);
    }
    assert_eq!(PREFIX_DIGITS_MIN, 4);
    says("`id:PREFIX` (at least four digits of the id)");
    assert_eq!(DISPLAY_FORK_SHARE, 8);
    says("of each fork an eighth as many and one");
}

#[test]
fn the_page_has_one_row_for_each_exit_code_and_each_comes_about() {
    let table = PAGE.split("| code | means |").nth(1).unwrap().split("\n\n").next().unwrap();
    let codes = table.lines().filter_map(|row| row.split('|').nth(1)?.trim().parse().ok());
    assert_eq!(codes.collect::<Vec<i32>>(), [0, 1, 2]);
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    for (line, code) in [("log s", 1), ("init", 0), ("log s", 1), ("log", 2), ("help log", 0)] {
        assert_eq!(partita.run(line.split(' ')).code, Some(code), "{line}");
    }
}

#[test]
fn globs_take_the_files_that_the_page_says() {
    let files = ["run.log", "out/run.log", "out/b", "a/out/b", "target/x", "target", "a/target/x"];
    for (glob, taken, sentence) in [
        ("*.log", &["run.log", "out/run.log"][..], "`*.log` also takes `out/run.log`"),
        ("out/*", &["out/run.log", "out/b"], "`out/*` does not take `a/out/b`"),
        ("target", &["target"][..], "`target` takes no file below a directory of that name"),
        ("target/", &["target/x"], "`target/` and `target/**` do"),
        ("target/**", &["target/x"], "`target/` and `target/**` do"),
        ("**/out/b", &["out/b", "a/out/b"], "`**/` stands for any directories or none"),
        ("out/**", &["out/run.log", "out/b"], "`/**` at the end for everything below"),
        ("?un.log", &["run.log", "out/run.log"], "`*` and `?` stay within one component"),
    ] {
        says(sentence);
        let session = Store::in_memory().unwrap().session("s").unwrap();
        // A path is a file or a directory, not both.
        let not = if glob == "target" { "target/x" } else { "target" };
        for file in files.iter().filter(|file| **file != not) {
            session.write(*file, "1").unwrap();
        }
        let report = session.hide(glob).unwrap();
        let hidden = report.files_out.iter().map(|pair| pair.path.to_string_lossy().into_owned());
        let hidden: BTreeSet<String> = hidden.collect();
        let taken: BTreeSet<String> = taken.iter().map(|file| (*file).to_owned()).collect();
        assert_eq!(hidden, taken, "{glob}");
    }
}
