//! Statements about evidence.

use std::collections::BTreeMap;

use super::digest::{GitFile, git_object, git_tree, sha256};
use crate::error::Result;
use crate::json::Json;
use crate::object::{CommandLine, Entry, RunOutput, TestOutcome, Timestamp};
use crate::session::{EvidenceEntry, EvidenceOutcome, Snapshot};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// What a run is built by, in the words of provenance.
const BUILD_TYPE: &str = "urn:partita:run:1";

/// Says what tests showed: which passed, failed, or were not as expected.
///
/// # Errors
/// `Corrupt` if the evidence or its inputs cannot be read.
pub fn test_result(state: &Snapshot, entry: &EvidenceEntry) -> Result<Json> {
    let inputs = inputs(state, entry)?;
    let results = state.results(entry)?;
    let names = |is: fn(TestOutcome) -> bool| {
        let of = results.tests.iter().filter(|test| is(test.outcome));
        Json::Array(of.map(|test| Json::from(&test.name[..])).collect())
    };
    let is_warned = |outcome| {
        matches!(
            outcome,
            TestOutcome::Flaky | TestOutcome::ExpectedFailure | TestOutcome::UnexpectedPass
        )
    };
    let has_warned = results.tests.iter().any(|test| is_warned(test.outcome));
    let result = match (entry.result(), has_warned) {
        (EvidenceOutcome::Passed, false) => "PASSED",
        (EvidenceOutcome::Passed, true) => "WARNED",
        _ => "FAILED",
    };
    let predicate = Json::object([
        ("result", Json::from(result)),
        ("configuration", Json::Array(vec![configuration(entry)])),
        ("passedTests", names(|outcome| outcome == TestOutcome::Passed)),
        ("warnedTests", names(is_warned)),
        ("failedTests", names(TestOutcome::is_failure)),
    ]);
    Ok(statement(entry, &inputs, TEST_RESULT, predicate))
}

/// Says how a run came about: what ran, on which files, where and when, and what it wrote.
///
/// # Errors
/// As [`test_result`].
pub fn provenance(state: &Snapshot, entry: &EvidenceEntry) -> Result<Json> {
    let inputs = inputs(state, entry)?;
    let run = entry.run.as_ref();
    let mut external = Vec::new();
    if let Some(run) = run {
        external.push(("command", command(&run.command)));
        external.push(("directory", Json::from(&*String::from_utf8_lossy(&run.directory))));
    }
    let environment = &entry.evidence.environment;
    let tools = environment.tools.iter();
    let tools = tools.map(|(name, version)| (name.clone(), Json::from(&version[..])));
    let mut internal = vec![
        ("observer", Json::from(&entry.evidence.observer[..])),
        ("machine", Json::from(&environment.machine[..])),
        ("tools", Json::object(tools)),
    ];
    if let Some(run) = run {
        let names = run.environment.iter().map(|name| Json::from(&name[..]));
        internal.push(("provider", Json::from(&run.sandbox.provider[..])));
        internal.push(("image", Json::from(&run.sandbox.image[..])));
        internal.push(("system", Json::from(&run.sandbox.system[..])));
        internal.push(("variables", Json::Array(names.collect())));
    }
    let dependencies = inputs.files.iter().map(|file| {
        let mut descriptor = vec![("name", Json::from(&file.path[..]))];
        let digest = match (&file.sha256, &file.commit) {
            (Some(sum), _) => Json::object([("sha256", Json::from(&sum[..]))]),
            (None, Some(commit)) => Json::object([("gitCommit", Json::from(&commit[..]))]),
            (None, None) => Json::object([("blake3", Json::from(&file.id[..]))]),
        };
        descriptor.push(("digest", digest));
        descriptor
            .push(("annotations", Json::object([("partita:entry", Json::from(&file.id[..]))])));
        Json::object(descriptor)
    });
    let mut metadata = vec![("invocationId", Json::from(&entry.id.to_string()[..]))];
    metadata.extend(run.and_then(|run| Some(("startedOn", time(run.began)?))));
    let ended = entry.outcome.as_ref().and_then(|outcome| time(outcome.ended));
    metadata.extend(ended.map(|ended| ("finishedOn", ended)));
    let mut byproducts = Vec::new();
    if let Some(outcome) = &entry.outcome {
        byproducts.extend(output(state, "stdout", &outcome.stdout)?);
        byproducts.extend(output(state, "stderr", &outcome.stderr)?);
        byproducts.push(Json::object([
            ("name", Json::from("exit")),
            (
                "digest",
                Json::object([(
                    "sha256",
                    Json::from(&sha256(outcome.exit.to_string().as_bytes())[..]),
                )]),
            ),
            ("annotations", Json::object([("exit", Json::from(&outcome.exit.to_string()[..]))])),
        ]));
    }
    for report in &entry.evidence.reports {
        byproducts.extend(content(state, &report.name, report.content)?);
    }
    let predicate = Json::object([
        (
            "buildDefinition",
            Json::object([
                ("buildType", Json::from(BUILD_TYPE)),
                ("externalParameters", Json::object(external)),
                ("internalParameters", Json::object(internal)),
                ("resolvedDependencies", Json::Array(dependencies.collect())),
            ]),
        ),
        (
            "runDetails",
            Json::object([
                (
                    "builder",
                    Json::object([
                        (
                            "id",
                            Json::from(
                                &format!("urn:partita:observer:{}", entry.evidence.observer)[..],
                            ),
                        ),
                        (
                            "version",
                            Json::object([("partita", Json::from(env!("CARGO_PKG_VERSION")))]),
                        ),
                    ]),
                ),
                ("metadata", Json::object(metadata)),
                ("byproducts", Json::Array(byproducts)),
            ]),
        ),
    ]);
    Ok(statement(entry, &inputs, PROVENANCE, predicate))
}

/// The files that evidence is about, with the digests of their bytes.
struct InputFiles {
    files: Vec<InputFile>,
    /// None where the bytes of a file are gone.
    listing: Option<String>,
    tree: Option<String>,
}

struct InputFile {
    path: String,
    id: String,
    sha256: Option<String>,
    commit: Option<String>,
}

fn inputs(state: &Snapshot, entry: &EvidenceEntry) -> Result<InputFiles> {
    let (mut files, mut tree, mut listing) = (Vec::new(), BTreeMap::new(), String::new());
    let mut is_whole = true;
    for input in state.inputs(entry) {
        let (path, entry) = input?;
        let shown = path.to_string();
        let mode = match &entry {
            Entry::File { executable: true, .. } => "100755",
            Entry::Symlink { .. } => "120000",
            Entry::Submodule { .. } => "160000",
            _ => "100644",
        };
        let (mut file, mut id) =
            (InputFile { path: shown, id: String::new(), sha256: None, commit: None }, None);
        match entry {
            Entry::Submodule { commit } => {
                let digits: String = commit.iter().map(|byte| format!("{byte:02x}")).collect();
                listing.push_str(&format!("{mode} {digits}  {}\n", file.path));
                (file.id, file.commit, id) = (digits.clone(), Some(digits), Some(commit));
            }
            entry => {
                if let Some(content) = entry.content() {
                    file.id = content.to_string();
                    match state.store().read_content(content) {
                        Ok(bytes) => {
                            let sum = sha256(&bytes);
                            listing.push_str(&format!("{mode} {sum}  {}\n", file.path));
                            (file.sha256, id) = (Some(sum), Some(git_object("blob", &bytes)));
                        }
                        Err(error) if error.kind().is_absence() => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        match id {
            Some(id) => drop(tree.insert(path.as_bytes().to_vec(), GitFile { mode, id })),
            None => is_whole = false,
        }
        files.push(file);
    }
    Ok(InputFiles {
        files,
        listing: is_whole.then(|| sha256(listing.as_bytes())),
        tree: is_whole.then(|| git_tree(&tree)),
    })
}

fn statement(entry: &EvidenceEntry, inputs: &InputFiles, kind: &str, predicate: Json) -> Json {
    let mut digest = Vec::new();
    digest.extend(inputs.listing.as_ref().map(|sum| ("sha256", Json::from(&sum[..]))));
    digest.extend(inputs.tree.as_ref().map(|tree| ("gitTree", Json::from(&tree[..]))));
    if digest.is_empty() {
        let listing = entry.evidence.inputs.files;
        let id = listing.map_or_else(|| "0".repeat(64), |map| map.to_string());
        digest.push(("blake3", Json::from(&id[..])));
    }
    let subject = Json::object([("name", Json::from("inputs")), ("digest", Json::object(digest))]);
    Json::object([
        ("_type", Json::from(STATEMENT)),
        ("subject", Json::Array(vec![subject])),
        ("predicateType", Json::from(kind)),
        ("predicate", predicate),
    ])
}

/// What was run, as a resource.
fn configuration(entry: &EvidenceEntry) -> Json {
    let line = entry.command().unwrap_or_else(|| format!("imported: {}", reports(entry)));
    Json::object([
        ("name", Json::from("command")),
        ("digest", Json::object([("sha256", Json::from(&sha256(line.as_bytes())[..]))])),
        ("annotations", Json::object([("command", Json::from(&line[..]))])),
    ])
}

fn reports(entry: &EvidenceEntry) -> String {
    let names = entry.evidence.reports.iter().map(|report| &report.name[..]);
    names.collect::<Vec<_>>().join(", ")
}

fn command(line: &CommandLine) -> Json {
    match line {
        CommandLine::Shell(line) => Json::from(&line[..]),
        CommandLine::Arguments(arguments) => Json::Array(
            arguments.iter().map(|word| Json::from(&*String::from_utf8_lossy(word))).collect(),
        ),
    }
}

fn output(state: &Snapshot, name: &str, output: &RunOutput) -> Result<Vec<Json>> {
    let mut kept = Vec::new();
    if let Some(head) = output.head {
        kept.extend(content(state, name, head)?);
    }
    if let Some(tail) = output.tail {
        kept.extend(content(state, &format!("{name}, its end"), tail)?);
    }
    Ok(kept)
}

fn content(state: &Snapshot, name: &str, id: crate::id::ContentId) -> Result<Option<Json>> {
    match state.store().read_content(id) {
        Ok(bytes) => Ok(Some(Json::object([
            ("name", Json::from(name)),
            ("digest", Json::object([("sha256", Json::from(&sha256(&bytes)[..]))])),
            ("annotations", Json::object([("partita:content", Json::from(&id.to_string()[..]))])),
        ]))),
        Err(error) if error.kind().is_absence() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A time as RFC 3339 has it, where it can be written so.
fn time(at: Timestamp) -> Option<Json> {
    let text = at.to_string();
    text.starts_with(|first: char| first.is_ascii_digit()).then(|| Json::from(&text[..]))
}
