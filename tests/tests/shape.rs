//! The JSON shape: which public types have one, and why the others have none.

use std::collections::BTreeSet;
use std::path::Path;

use partita_tests::source::{code_of, files_below, word_at, words};

/// Public types without a shape, and why.
const WITHOUT: &[(&str, &str)] = &[
    (
        "a handle or an iterator, which reads as it goes: its rows have shapes",
        "Batch Diff FileChanges Files ForkGuard FoundMemories History Import ImportStep \
         LogEntries Memories Range Session Sessions Snapshot State StateEntries StateSnapshot \
         Store StoreBatch ViewFiles ViewMemories Workspace Turn",
    ),
    (
        "what a caller hands over, and nobody tells back",
        "BenchOptions MergeOptions MergedDialog Resolution CaptureOptions Collector Command Durability Expected GcOptions LockWait NewEntry PlanGroup PlanMode PlanOptions \
         Draw JunitSuite Options PurgeOptions TIME RenderOptions Selector StoreOptions Trim \
         ChangeSet GateResult ModelAnswer Policy Review RolePolicy Route Routed Rule Stage StepResult \
         ToolPolicy ToolResult TurnLimits",
    ),
    (
        "what a turn hands to its host, or says to it at once: what is recorded of it has a shape as \
         `StepEntry`",
        "Ask CallModel RunTool Step Supplied",
    ),
    ("what a host's own code is shown", "Measures RouteRequest Seen SeenFile"),
    (
        "what a sandbox says to its driver: what is recorded of it has a shape as `RunEntry`, what it is \
         doing stands in the command's `status`",
        "Activity BenchProgress Benched Description ListedKind Output Ran Replayed SandboxFile SandboxStatus Stream",
    ),
    (
        "a trait, or what implements one",
        "Sandbox AsPath Overseer PolicyRouter Router CalibratedCounter Canonical CheckSite CounterFor DefaultValues Makeup Objects Overhead \
         SafeCuts Summarizer SyncSite TokenCounter Values Vfs VfsFile VfsLock",
    ),
    (
        "what a request is made of: the request has its body",
        "Detail Medium Piece Prompt PromptMemory ProviderBlock ViewedFile",
    ),
    (
        "what is read of a transcript, or written: memories and reports in it have shapes",
        "Export Messages ReadReport Transcript Transcripts",
    ),
    (
        "what stands in a store: canonical bytes are its form",
        "BodyReader BodyWriter Bytes Checkout Checkpoint Claim Directory Environment Evidence EvidenceRun Inputs \
         Scope Series Edited Horizon Iteration Kind MergeConflict \
         Map MapChange Merge MergeChange MergeOutcome NameFault NewNode Node Operation RefReader Trace Value CommandLine Run RunOutcome \
         RunOutput RunSandbox StepIntent TurnStart",
    ),
    (
        "a picture or a patch: text by itself; the command says in JSON what its graph is drawn from",
        "Change ChangeKind CheckpointGraph DiffStats FileDiff GraphCheckpoint GraphSession Lines \
         Table TextConflict TextMerge Unified",
    ),
    ("a name for another type", "Progress Result"),
];

fn core() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src")
}

fn code(file: &str) -> String {
    code_of(&std::fs::read_to_string(core().join(file)).unwrap())
}

/// The types that a host can name: what the root and the public modules make or pass on.
fn public_types() -> BTreeSet<String> {
    let root = code("lib.rs");
    let modules =
        root.match_indices("pub mod ").map(|(at, start)| word_at(&root, at + start.len()));
    let files = modules.filter(|module| *module != "limits").flat_map(|module| {
        let file = format!("{module}.rs");
        if core().join(&file).exists() {
            return vec![code(&file)];
        }
        let face = code(&format!("{module}/mod.rs"));
        let below = face.match_indices("pub mod ").map(|(at, start)| {
            code(&format!("{module}/{}/mod.rs", word_at(&face, at + start.len())))
        });
        let below: Vec<String> = below.collect();
        below.into_iter().chain([face]).collect()
    });
    let mut types = BTreeSet::new();
    for code in files.chain([root.clone()]) {
        for (at, start) in code.match_indices("pub use ") {
            let list = code[at + start.len()..].split(';').next().unwrap();
            let names = list.split([',', '{', '}']).map(|name| name.rsplit("::").next().unwrap());
            types.extend(names.map(|name| name.rsplit(" as ").next().unwrap().trim().to_owned()));
        }
        for start in ["pub struct ", "pub enum ", "pub trait "] {
            let made = code.match_indices(start).map(|(at, _)| word_at(&code, at + start.len()));
            types.extend(made.map(str::to_owned));
        }
    }
    types.retain(|name| name.starts_with(|letter: char| letter.is_ascii_uppercase()));
    types
}

/// Tells whether a type has a shape, as the sources of `shape` write one.
fn has_shape(sources: &str, name: &str) -> bool {
    words(sources, name).any(|at| {
        let behind = sources[at + name.len()..].trim_start();
        let behind = match behind.strip_prefix('<') {
            Some(rest) => rest.split_once('>').map_or("", |(_, rest)| rest),
            None => behind,
        };
        let before = sources[..at].trim_end();
        let row = behind.strip_prefix(", ").and_then(|rest| rest.split_once(" =>"));
        row.is_some_and(|(value, _)| value.bytes().all(|byte| byte.is_ascii_lowercase()))
            || before.ends_with("Serialize for")
            || before.rsplit_once("ids!(").is_some_and(|(_, list)| !list.contains(')'))
    })
}

#[test]
fn every_public_type_has_a_shape_or_a_reason_to_have_none() {
    let types = public_types();
    assert!(types.len() > 120, "the public types were not found: {types:?}");
    let shape = core().join("shape");
    let files = files_below(&shape);
    let sources = files.iter().filter(|file| !file.starts_with(shape.join("tests")));
    let sources: String =
        sources.map(|file| code_of(&std::fs::read_to_string(file).unwrap())).collect();
    let without: BTreeSet<&str> = WITHOUT.iter().flat_map(|(_, names)| names.split(' ')).collect();
    let mut faults = Vec::new();
    for name in &types {
        match (has_shape(&sources, name), without.contains(name.as_str())) {
            (false, false) => faults.push(format!("`{name}` has no shape and no reason")),
            (true, true) => faults.push(format!("`{name}` has a shape and a reason to have none")),
            _ => {}
        }
    }
    let gone = without.iter().filter(|name| !types.contains(**name));
    faults.extend(gone.map(|name| format!("`{name}` is no public type")));
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
