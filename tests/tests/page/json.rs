//! The JSON on the page, held against what the command prints.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use partita::context::Tool;
use partita::host::turn::{DriverId, Effect, Finding, ModelAnswer, Policy, Severity, Turn};
use partita::{Body, FilePath, Json, Memory, NewEntry, Part, Store};
use partita_tests::command::{Partita, field};
use partita_tests::git::Git;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// Keys that are there *if any*.
const IF_ANY: [&str; 6] = ["commit", "kept", "last", "parted", "path_bytes", "why"];

/// The JSON of each section of the page, by its heading.
fn sections() -> BTreeMap<String, Vec<Value>> {
    let page = super::PAGE.split("\n## JSON\n").nth(1).unwrap();
    let sections = page.split("\n### ").skip(1).map(|section| {
        let (heading, text) = section.split_once('\n').unwrap();
        let blocks = text.split("```json\n").skip(1).map(|block| {
            let text = block.split("```").next().unwrap();
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{heading}: {error}"))
        });
        (heading.to_owned(), blocks.collect())
    });
    sections.collect()
}

/// Says where two values have not the same keys, as deep as both have any.
fn unlike(told: &Value, printed: &Value, at: &str) -> Option<String> {
    match (told, printed) {
        (Value::Object(told), Value::Object(printed)) => {
            let (keys, found) = (keys(told), keys(printed));
            if keys != found {
                return Some(format!("{at}: {keys:?} on the page, {found:?} printed"));
            }
            let both = printed.iter().filter_map(|(key, value)| Some((key, told.get(key)?, value)));
            both.into_iter()
                .find_map(|(key, told, value)| unlike(told, value, &format!("{at}.{key}")))
        }
        // The page has an element of each sort.
        (Value::Array(told), Value::Array(printed)) => printed.iter().find_map(|value| {
            let faults: Option<Vec<String>> =
                told.iter().map(|told| unlike(told, value, at)).collect();
            faults.filter(|faults| !faults.is_empty()).map(|faults| faults.join("; or "))
        }),
        (Value::Null, _) | (_, Value::Null) => None,
        (told, printed) => {
            let is_same = std::mem::discriminant(told) == std::mem::discriminant(printed);
            (!is_same).then(|| format!("{at}: {told} on the page, {printed} printed"))
        }
    }
}

/// The keys that are always there.
fn keys(map: &Map<String, Value>) -> Vec<&str> {
    let keys = map.keys().map(String::as_str).filter(|key| !IF_ANY.contains(key));
    let mut keys: Vec<&str> = keys.collect();
    keys.sort_unstable();
    keys
}

/// Leaves what a person looks at in the session `agents`.
fn agents(store: &Path) {
    let session = Store::open(store).unwrap().open_session("agents").unwrap().with_actor("me");
    let schema = Json::parse(r#"{"type":"object"}"#).unwrap();
    session.set_tools(&[Tool::new("deploy", "", schema)]).unwrap();
    session.remember(Memory::user("Deploy it.")).unwrap();
    let path = FilePath::new("a").unwrap();
    session.propose("count on", [(path, Some(NewEntry::file("2\n")))].into()).unwrap();
    session.find(Finding::new("acme/style", Severity::Warning, "tabs in a.rs")).unwrap();
    let mut policy = Policy::new();
    policy.effect("deploy", Effect::Irreversible).route("", "large");
    let mut turn = Turn::begin(&session, &policy, DriverId::new([1; 16])).unwrap();
    let step = turn.next().unwrap().unwrap().remove(0);
    let (id, name, arguments) = ("1".into(), "deploy".into(), Body::new("{}"));
    let memory = Memory::assistant("I do.").with_part(Part::Call { id, name, arguments });
    turn.supply(step.id(), ModelAnswer::new(memory)).unwrap();
    turn.next().unwrap();
}

/// What commands print, each to be held against a block of a section.
struct Printed {
    _dir: TempDir,
    partita: Partita,
    files: PathBuf,
    all: Vec<(&'static str, usize, Value)>,
}

impl Printed {
    fn new() -> Printed {
        let dir = tempfile::tempdir().unwrap();
        let partita = Partita::at(dir.path().join("store"));
        let files = dir.path().join("files");
        fs::create_dir(&files).unwrap();
        Printed { _dir: dir, partita, files, all: Vec::new() }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let file = self.files.join(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Runs a command line whose JSON is the block of this number below a heading.
    #[track_caller]
    fn nth(&mut self, heading: &'static str, block: usize, line: &str) -> Value {
        let printed = self.partita.json(line.split(' '));
        self.all.push((heading, block, printed.clone()));
        printed
    }

    #[track_caller]
    fn first(&mut self, heading: &'static str, line: &str) -> Value {
        self.nth(heading, 0, line)
    }

    fn sessions(&mut self) {
        self.first("init", "init");
        for line in ["new t", "rename t u", "fork u v", "sessions", "sessions --sizes"] {
            self.first("sessions", line);
        }
        let deleted = self.first("sessions --deleted, delete", "delete u");
        self.first("sessions --deleted, delete", "sessions --deleted");
        self.first("sessions", &format!("undelete {}", field(&deleted, "id")));
    }

    fn files(&mut self) {
        const HISTORY: &str = "history, write, remove, restore of a file";
        let file = self.file("a.txt", "one\n");
        for line in ["a.txt", "a.txt", "b.txt"].map(|path| format!("write s {path} {file}")) {
            self.first(HISTORY, &line);
        }
        for line in ["history s a.txt", "remove s b.txt", "restore s b.txt --iteration 1"] {
            self.first(HISTORY, line);
        }
        self.first("files", "files s");
        self.first("log", "log s");
        self.first("undo, redo", "undo s");
        self.first("undo, redo", "redo s");
        for line in ["restore s --at 1 --plan", "restore s --at 1", "restore s --at 3 --all"] {
            self.first("restore of a checkpoint", line);
        }
        let out = self.files.join("out").to_str().unwrap().to_owned();
        self.first("checkout", &format!("checkout s {out}"));
        fs::write(self.files.join("out/a.txt"), "by hand\n").unwrap();
        self.first("checkout", &format!("checkout s {out}"));
        self.first("kept", "kept");
    }

    fn work(&mut self) {
        let room = self.files.join("work");
        fs::create_dir(&room).unwrap();
        let (a, b) = (room.join("a"), room.join("b"));
        fs::write(&a, "one line\n".repeat(9)).unwrap();
        fs::write(&b, "1").unwrap();
        let dir = room.to_str().unwrap().to_owned();
        self.first("capture", &format!("capture work {dir}"));
        fs::rename(&a, room.join("c")).unwrap();
        fs::write(&b, "2").unwrap();
        fs::write(room.join(".gitignore"), "d\n").unwrap();
        fs::write(room.join("d"), "").unwrap();
        self.first("status, pause", &format!("status work {dir}"));
        self.first("capture", &format!("capture work {dir} --plan"));
        self.first("capture", &format!("capture work {dir}"));
        let ran = ["run", "work", "--dir", &dir, "--setup", "--json", "--", "true"];
        let ran = self.partita.text(ran);
        self.all.push(("run", 0, serde_json::from_str(&ran).unwrap()));
        let report = self.file("report.tap", "ok 1 - it parses\n1..1\n");
        self.first("evidence-import", &format!("evidence-import work {report}"));
        let line = "ok 1 - it prints; echo 1..1";
        let script = format!("echo {line}");
        let ran = [
            "run", "work", "--dir", &dir, "--claim", "it works", "--json", "--", "sh", "-c",
            &script,
        ];
        let ran = self.partita.text(ran);
        self.all.push(("run", 0, serde_json::from_str(&ran).unwrap()));
        self.first("evidence", "evidence work");
        fs::write(&b, "3").unwrap();
        self.first("capture", &format!("capture work {dir}"));
        self.nth("evidence", 1, "evidence work 3");
        let claims = self.first("claims, claim, rerun", "claims work");
        let claim = self.partita.json(["claim", "work", "it works", "--by", "2", "3"]);
        assert_eq!(unlike(&claims[0], &claim, "claim"), None);
        self.first("claims, claim, rerun", &format!("rerun work --dir {dir}"));
        let bench = [
            "bench", "work", "--before", "2", "--after", "latest", "--pairs", "6", "--json", "--",
            "true",
        ];
        let bench = self.partita.text(bench);
        self.all.push(("bench", 0, serde_json::from_str(&bench).unwrap()));
        self.first("blame", "blame work b");
        let paused = self.partita.json(["pause", "work", "--reason", "the weekend"]);
        let told = &sections()["status, pause"][0]["session"];
        assert_eq!(unlike(told, &paused, "pause"), None);
        self.first("status, pause", &format!("status work {dir}"));
        self.first("resume", &format!("resume work {dir}-elsewhere"));
    }

    fn dialog(&mut self) {
        let said = self.file("said", "Look at the parser.\n");
        for role in ["user", "assistant", "user"] {
            self.first("say", &format!("say s --role {role} {said}"));
        }
        let tools = r#"[{"name":"ls","description":"lists","parameters":{"type":"object"}}]"#;
        let tools = self.file("tools.json", tools);
        self.first("set", &format!("set s tools {tools}"));
        self.first("set", &format!("set s instructions {said}"));
        for line in ["memories s", "search s parser", "memories s --limit 1"] {
            self.first("memories, search", line);
        }
        for line in [
            "forget s 1",
            "recall s 1",
            "hide s a.txt",
            "show s *",
            "refresh s",
            "pin s --memory 1",
            "unpin s --memory 1",
            "pin s --files a.txt",
            "unpin s --files a.txt",
            &format!("compact s 1..2 --summary {said}"),
        ] {
            self.first(
                "forget, recall, hide, show, refresh, compact, expand, pin and unpin in view",
                line,
            );
        }
        self.first("view", "view s");
        self.first("capacity", "capacity s --limit 1000");
        self.first("plan", "plan s --limit 60");
        self.first("context", "context s --diff 1..latest");
        self.partita.ok(["fork", "s", "trial"]);
        self.partita.write("trial", "c", b"1\n").success();
        self.first("log --graph", "log s --graph");
    }

    fn merges(&mut self) {
        let file = self.file("merged", "1\n");
        self.partita.ok(["write", "parser", "a.rs", &file]);
        self.partita.ok(["write", "parser", "b.rs", &file]);
        self.partita.ok(["fork", "parser", "lexer"]);
        for (session, said) in [("parser", "2\n"), ("lexer", "3\n")] {
            let file = self.file("merged", said);
            for path in ["a.rs", "b.rs"] {
                self.partita.ok(["write", session, path, &file]);
            }
            self.partita.ok(["say", session, "--role", "user", &file]);
            self.partita.ok(["set", session, "instructions", &file]);
        }
        self.partita.ok(["pin", "lexer", "--memory", "1"]);
        self.first("overlap", "overlap parser lexer");
        self.first("learned", "learned parser lexer");
        self.first("merge", "merge parser lexer --plan");
        let merged = self.partita.run(["merge", "parser", "lexer", "--json"]);
        assert_eq!(merged.code, Some(1), "{merged:?}");
        self.all.push(("merge", 0, serde_json::from_slice(&merged.stdout).unwrap()));
        self.first("conflicts", "conflicts parser");
        self.first("resolve", "resolve parser a.rs --side 1");
    }

    /// What agents left that a person looks at.
    fn turns(&mut self) {
        self.partita.write("agents", "a", b"1\n").success();
        agents(self.partita.store());
        self.first("proposals, review", "review agents 1 --reject");
        self.all.pop();
        self.first("proposals, review", "proposals agents");
        self.nth("proposals, review", 1, "proposals agents 1");
        self.nth("proposals, review", 2, "review agents 1 --accept --revision 1");
        self.first("findings", "findings agents");
        self.first("calls", "calls agents");
        self.nth("calls", 1, "calls agents --by role");
        self.first("approve", "approve agents");
        let status = self.partita.json(["status", "agents"]);
        assert_eq!(field(&status["session"], "state"), "requires-action");
        let asked = self.partita.rows(["approve", "agents"]);
        let step = field(&asked[0], "id");
        let told = &sections()["approve"][0];
        let answered = self.partita.json(["approve", "agents", &step[..8], "--allow-once"]);
        assert_eq!(unlike(&told[0], &answered, "approve"), None);
        self.first("findings", "findings agents --resolve 1");
    }

    fn plain(&mut self) {
        let text = self.file("text", "hello\n");
        let messages = json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello ".repeat(200)},
            {"role": "assistant", "content": "hi ".repeat(200)},
            {"role": "user", "content": "Once more."},
        ]);
        let messages = self.file("messages.json", &messages.to_string());
        self.first("count", &format!("count {text}"));
        self.nth("count", 1, &format!("count {messages} --messages"));
        self.first("budget", &format!("budget {messages} --limit 100"));
        let line = format!("import transcript {messages} --session chat");
        self.first("import transcript", &line);
    }

    fn git(&mut self) {
        let git = Git::init(&self.files.join("repository"));
        fs::write(git.dir().join("a"), "1\n").unwrap();
        git.run(["add", "a"]);
        let who = ["-c", "user.name=a", "-c", "user.email=a@b"];
        git.run(who.into_iter().chain(["commit", "--quiet", "-m", "first"]));
        let line = format!("import git {} --session project", git.dir().display());
        self.first("import git", &line);
    }

    fn upkeep(&mut self) {
        let page = self.files.join("page.html");
        self.first("report, man", &format!("report s -o {}", page.display()));
        let man = self.files.join("man1");
        self.nth("report, man", 1, &format!("man {}", man.display()));
        self.first("purge", "purge s a.txt --reason key --everywhere");
        self.first("trim", "trim s --keep 2");
        self.first("gc", "gc --dry-run --keep 0");
        self.first("gc", "gc --keep 0");
        self.first("check", "check");
        self.first("stats", "stats");
        self.first("recover", "recover");
    }
}

#[test]
fn every_json_output_has_the_keys_that_the_page_tells() {
    let mut printed = Printed::new();
    printed.sessions();
    printed.files();
    printed.work();
    printed.dialog();
    printed.merges();
    printed.turns();
    printed.plain();
    printed.git();
    printed.upkeep();
    let sections = sections();
    let mut seen = Vec::new();
    for (heading, block, printed) in &printed.all {
        let blocks = sections.get(*heading).unwrap_or_else(|| panic!("no section {heading}"));
        // A listing is an array of what a command for one prints.
        let told = match (&blocks[*block], printed) {
            (Value::Array(rows), Value::Object(_)) => &rows[0],
            (told, _) => told,
        };
        let unlike = unlike(told, printed, heading);
        assert!(unlike.is_none(), "{unlike:?}");
        seen.push((heading.to_string(), *block));
    }
    for (heading, blocks) in &sections {
        for block in 0..blocks.len() {
            assert!(seen.contains(&(heading.clone(), block)), "nothing printed for {heading}");
        }
    }
}

#[test]
fn a_key_that_is_missing_new_or_of_another_kind_is_seen() {
    let told = json!({"a": [{"b": 1}, {"c": "x", "why": ""}], "d": null});
    let same = json!({"a": [{"c": "y"}, {"b": 2}, {"b": 3}], "d": {"e": 1}});
    assert_eq!(unlike(&told, &same, ""), None);
    for printed in [
        json!({"a": []}),
        json!({"a": [], "d": 1, "e": 1}),
        json!({"a": [{"b": 1, "c": "x"}], "d": 1}),
        json!({"a": [{"b": "1"}], "d": 1}),
        json!({"a": {}, "d": 1}),
    ] {
        assert!(unlike(&told, &printed, "").is_some(), "{printed}");
    }
}

#[test]
fn a_listing_has_one_element_per_line_and_anything_else_several_lines() {
    super::says("A listing is one array, with each element on a line of its own.");
    super::says("Anything else is one object, printed over several lines");
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    for path in ["a", "b"] {
        partita.write("s", path, b"1\n").success();
    }
    for line in ["sessions --json", "files s --json", "log s --json", "history s a --json"] {
        let text = partita.text(line.split(' '));
        let elements: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(text.lines().count(), elements.len() + 2, "{line}: {text}");
    }
    for line in ["stats --json", "check --json", "new t --json", "log s --graph --json"] {
        let text = partita.text(line.split(' '));
        assert!(text.starts_with("{\n") && text.lines().count() > 2, "{line}: {text}");
    }
}
