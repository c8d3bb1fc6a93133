//! A whole agent on the sandbox of processes: it mends a bug in a small repository, and may die at any
//! step.
//!
//! ```console
//! $ cargo run -p partita-sandbox --example coding_agent
//! $ cargo run -p partita-sandbox --example coding_agent -- --store DIR --stop-after 5   # dies
//! $ cargo run -p partita-sandbox --example coding_agent -- --store DIR                  # goes on
//! ```
//!
//! Roles plan, implement, review, and tell the users. A gate runs the tests by itself: on the change
//! before it is applied, and on the files after. A person is asked before the users are told. The
//! answers are recorded; `OPENAI_BASE_URL`, `OPENAI_API_KEY` and `PARTITA_MODEL` name a live model.

use std::error::Error;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use partita::context::{Dialect, Tool};
use partita::host::Command;
use partita::host::turn::{
    Ask, CallModel, Choice, DriverId, Effect, Gate, Policy, Question, Rule, RunSandbox, RunTool,
    Severity, Step, StepEnd, StepResult, ToolResult, Turn, run_gate,
};
use partita::interop::read_response;
use partita::{FilePath, Json, Memory, NewEntry, Result, Session, Store};
use partita_sandbox::ProcessSandbox;

type Fallible<T> = std::result::Result<T, Box<dyn Error>>;

/// What this machine's user lets a gate run. A gate is text out of a store, and never runs by itself.
const TESTS: &str = "sh tests.sh";

/// The repository that is mended, and what was answered about it.
const REPOSITORY: [(&str, &str); 3] = [
    ("README", include_str!("coding_agent/repository/README")),
    ("sum.sh", include_str!("coding_agent/repository/sum.sh")),
    ("tests.sh", include_str!("coding_agent/repository/tests.sh")),
];
const ANSWERS: &str = include_str!("coding_agent/answers.json");

fn main() -> Fallible<()> {
    let (mut room, mut stop_after) = (None, 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or("an option wants a value")?;
        match &*argument {
            "--store" => room = Some(PathBuf::from(value)),
            "--stop-after" => stop_after = value.parse()?,
            _ => return Err(format!("unexpected {argument}").into()),
        }
    }
    let fresh = tempfile::tempdir()?;
    let room = room.unwrap_or_else(|| fresh.path().to_owned());
    let session = Store::open(room.join("store"))?.session("mend-sum")?;

    // A turn that is open was left by a process that died: this one takes it over. All that it
    // needs is in the store, its policy too.
    let mut turn = match session.turns()?.pop() {
        Some(open) if open.is_open() => {
            println!("turn {:.10} goes on in round {}", open.id, open.progress.round);
            Turn::resume(&session, open.id, driver()?)?
        }
        Some(ended) => return Err(format!("turn {:.10} has ended", ended.id).into()),
        None => {
            prepare(&session)?;
            Turn::begin(&session, &policy(), driver()?)?
        }
    };
    let mut supplied = 0;
    // The loop. Each step is durable before it is handed out, each result before `supply` returns.
    while let Some(steps) = turn.next()? {
        for step in steps {
            let result = match &step {
                Step::CallModel(step) => call_model(&session, step),
                Step::RunTool(step) => run_tool(&turn, step, &room),
                Step::RunSandbox(step) => run_tests(&session, step, &room)?,
                Step::Ask(step) => ask(step)?,
                other => StepResult::failed(format!("this host knows no {}", other.name())),
            };
            turn.supply(step.id(), result)?;
            supplied += 1;
            if supplied == stop_after {
                std::process::abort(); // as a crash does: nothing is closed, nobody is told
            }
        }
    }
    session.checkout(None, room.join("sandbox"))?;
    for claim in session.claims()? {
        println!("claim: {} is {}", claim.text, claim.status);
    }
    println!("turn {:.10} has ended: {}", turn.id(), turn.ended()?.map_or("", |why| why.name()));
    Ok(())
}

/// What the session holds before anybody is asked: files, tools, the gate, and the request.
fn prepare(session: &Session) -> Result<()> {
    let tool = |name: &str, about: &str, fields: &[&str]| {
        let fields = fields.iter().map(|field| (*field, Json::object([("type", "string".into())])));
        let schema = [("type", "object".into()), ("properties", Json::object(fields))];
        Tool::new(name, about, Json::object(schema))
    };
    session.set_tools(&[
        tool("read_file", "Returns a file's text.", &["path"]),
        tool("edit_file", "Replaces `old`, which stands there once.", &["path", "old", "new"]),
        tool("announce", "Tells the users. It cannot be taken back.", &["text"]),
    ])?;
    // The claim is made by each run, and counts as long as the files are those that the run saw.
    let mut gate = Gate::shell(TESTS);
    gate.claims.push("all tests pass".to_owned());
    session.set_gate("tests", Some(&gate))?;
    session.set_instructions("You mend shell scripts. The files: README, sum.sh, tests.sh.")?;
    session.batch(|batch| {
        REPOSITORY.iter().try_for_each(|(path, text)| batch.write(*path, *text).map(drop))?;
        batch.remember(Memory::user("sum.sh forgets the last line if no newline ends it."))
    })?;
    session.hide("*")?; // a model reads what it needs, and pays for that alone
    Ok(())
}

/// The rules that the turn goes by. They are stored with it.
fn policy() -> Policy {
    let mut policy = Policy::of_stages([
        ("plan", "Read what you need, and say in a few lines what is to be done. Edit nothing."),
        ("implement", "Do what was planned, with as few edits as it takes."),
        ("announce", "Tell the users in one line, with the tool `announce`."),
    ]);
    policy.role("verify", "You review shell scripts. Each bug that is mended has a test.");
    // What it means to do a thing twice: what is lost in a crash is done again, or asked about.
    policy.effect("read_file", Effect::Read);
    policy.effect("edit_file", Effect::Idempotent); // it only says what the file would be
    policy.effect("announce", Effect::Irreversible); // a person is asked before it is done
    policy.review.model = Some("verify".to_owned());
    policy.review.tests = true;
    // A model that edits what it is no longer shown is told to read it again.
    policy.rules.push(Rule::new(Policy::UNSEEN, Severity::Error));
    policy.route("", std::env::var("PARTITA_MODEL").unwrap_or_else(|_| "recorded".to_owned()));
    policy
}

/// Answers a step from the recording, or asks a server. What fails is said: the turn asks again, and
/// ends when nothing comes three times.
fn call_model(session: &Session, step: &CallModel) -> StepResult {
    println!("{} is asked", step.role);
    let mut request = step.render(Dialect::OpenAiChat).body;
    request.set("model", Json::from(&*step.model));
    let answer = match std::env::var("OPENAI_BASE_URL") {
        Ok(url) => post(&format!("{}/chat/completions", url.trim_end_matches('/')), &request),
        // The session knows how many answers were taken: the next one is due.
        Err(_) => session.calls().map_err(Box::from).and_then(|calls| {
            let taken = calls.iter().filter(|call| call.end == Some(StepEnd::Done)).count();
            Ok(Json::parse(ANSWERS)?.at(taken).cloned().ok_or("no answer is left")?)
        }),
    };
    match answer.and_then(|body| Ok(read_response(Dialect::OpenAiChat, &body)?)) {
        Ok(response) => response.into(),
        Err(error) => StepResult::failed(error.to_string()),
    }
}

/// Posts a request by `curl`, which reads all of it from its standard input: no other user of the
/// machine sees the key.
fn post(url: &str, request: &Json) -> Fallible<Json> {
    let key = std::env::var("OPENAI_API_KEY").unwrap_or_default();
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let config = format!(
        "url = \"{}\"\nheader = \"Content-Type: application/json\"\n\
         header = \"Authorization: Bearer {}\"\ndata-binary = \"{}\"\n",
        quoted(url),
        quoted(&key),
        quoted(&request.to_string())
    );
    let mut curl = std::process::Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "300", "--config", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    curl.stdin.take().ok_or("curl has no input")?.write_all(config.as_bytes())?;
    // Where it fails it says why on the terminal, and nothing here.
    Ok(Json::parse(curl.wait_with_output()?.stdout)?)
}

/// Does a call. An edit is no change of the session: it goes into the turn's proposal.
fn run_tool(turn: &Turn, step: &RunTool, room: &Path) -> StepResult {
    println!("{} {}", step.name, step.arguments);
    let done = || -> Fallible<ToolResult> {
        let arguments = Json::parse(&step.arguments)?;
        let field = |name| arguments.get(name).and_then(Json::as_str);
        let text = |name| field(name).ok_or_else(|| format!("the argument {name:?} is missing"));
        match &*step.name {
            "read_file" => Ok(ToolResult::text(turn.read(text("path")?)?)),
            "edit_file" => {
                let (path, old) = (FilePath::new(text("path")?)?, text("old")?);
                let before = String::from_utf8(turn.read(&path)?)?;
                if before.matches(old).count() != 1 {
                    return Err(format!("{old:?} does not stand once in {path}").into());
                }
                let after = before.replacen(old, text("new")?, 1);
                Ok(ToolResult::text("done").with_file(path, NewEntry::file(after)))
            }
            _ => {
                // Out in the world, where no undo reaches. The key tells one call from another.
                let users = room.join("announced.txt");
                let mut users = File::options().append(true).create(true).open(users)?;
                writeln!(users, "{} {}", step.id, text("text")?)?;
                Ok(ToolResult::text("The users are told."))
            }
        }
    };
    done().unwrap_or_else(|error| ToolResult::error(error.to_string())).into()
}

/// Runs the gate: on files that are proposed in a scratch directory, on the session's own in its
/// sandbox, where what is shown becomes evidence.
fn run_tests(session: &Session, step: &RunSandbox, room: &Path) -> Fallible<StepResult> {
    let scratch = tempfile::tempdir()?;
    let mut sandbox = match step.revision {
        Some(_) => ProcessSandbox::new(scratch.path())?,
        None => ProcessSandbox::new(room.join("sandbox"))?,
    };
    let approve = &mut |command: &Command| command.line().line() == TESTS;
    let result = run_gate(session, &mut sandbox, step, approve)?;
    println!("gate {}: {}", step.name, if result.passed { "passed" } else { "failed" });
    Ok(result.into())
}

/// Asks the person at the terminal. Without a terminal the first choice is taken: a yes.
fn ask(step: &Ask) -> std::io::Result<StepResult> {
    let names: Vec<&str> = step.choices.iter().map(|choice| choice.name()).collect();
    println!("a person is asked: {} [{}]", step.text, names.join(", "));
    if !std::io::stdin().is_terminal() {
        let is_lost = matches!(step.question, Question::Unknown(_)); // nobody knows what became of it
        return Ok(StepResult::choice(if is_lost { Choice::GiveUp } else { step.choices[0] }));
    }
    while let Some(line) = std::io::stdin().lines().next().transpose()? {
        if let Some(choice) = step.choices.iter().find(|choice| choice.name() == line.trim()) {
            return Ok(StepResult::choice(*choice));
        }
    }
    std::process::exit(1) // nobody answers: the question stays open, for whoever comes next
}

/// Who drives: random bytes, so that no two processes take each other for themselves.
fn driver() -> std::io::Result<DriverId> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(DriverId::new(bytes))
}
