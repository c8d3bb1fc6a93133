//! The public face: which types a host may write out or match whole, and how many names the root has.

use super::Source;

/// Names that the root of the crate may have, its modules aside.
pub const ROOT_NAMES_MAX: usize = 28;

/// Public types that a host may write out or match whole, each kind with its reason. All others with
/// public fields or variants are `#[non_exhaustive]`.
pub const WHOLE: &[(&str, &[&str])] = &[
    (
        "a stored format: a change of its fields is a new version of the kind",
        &[
            "Body",
            "CallAttempt",
            "Checkout",
            "Checkpoint",
            "Claim",
            "ConflictTerm",
            "Decision",
            "DecisionAbout",
            "Directory",
            "Entry",
            "Environment",
            "Evidence",
            "EvidenceRun",
            "Finding",
            "Gate",
            "Horizon",
            "Inputs",
            "Iteration",
            "Memory",
            "MergeConflict",
            "ModelCall",
            "Node",
            "Operation",
            "Policy",
            "Purpose",
            "Question",
            "QuestionCall",
            "Report",
            "Review",
            "Revision",
            "RolePolicy",
            "Route",
            "Rule",
            "Series",
            "Stage",
            "StepIntent",
            "StepOutcome",
            "StepWork",
            "Tombstone",
            "ToolPolicy",
            "Trace",
            "TurnLimits",
            "TurnProgress",
            "TurnStart",
            "UnreadReport",
            "Usage",
            "Value",
        ],
    ),
    (
        "a host writes it out, all of it",
        &[
            "AtifAgent",
            "Edited",
            "Expected",
            "Item",
            "Listed",
            "PlanMode",
            "Prices",
            "Prompt",
            "PromptMemory",
            "Routed",
            "Tool",
            "ViewedFile",
        ],
    ),
    (
        "a host that stored a capacity or a plan makes it again from its parts",
        &["CapacityItem", "PlanCost", "PlanStep"],
    ),
    ("the grammar of JSON does not grow", &["Json"]),
    ("two sides of a key agree, or they do not", &["MergeOutcome"]),
    ("a line is equal, gone or new, of one text or the other", &["Change", "ChangeKind"]),
    (
        "a counter says which of the proved cuts it has; an unknown one could not be used",
        &["SafeCuts"],
    ),
    ("for the tests of this package alone", &["CheckSite"]),
];

/// Public structs whose fields are all public, and public enums, that lack `#[non_exhaustive]`.
pub fn whole_types(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let mut is_open = false;
        let mut lines = source.code.lines().peekable();
        while let Some(line) = lines.next() {
            if line.starts_with("#[") {
                is_open |= line.starts_with("#[non_exhaustive]");
                continue;
            }
            let (is_enum, rest) =
                match (line.strip_prefix("pub enum "), line.strip_prefix("pub struct ")) {
                    (Some(rest), _) => (true, rest),
                    (_, Some(rest)) if line.ends_with('{') => (false, rest),
                    _ => {
                        is_open &= line.trim().is_empty();
                        continue;
                    }
                };
            let name: String = rest.chars().take_while(|at| at.is_alphanumeric()).collect();
            let body = lines.by_ref().take_while(|line| *line != "}");
            let fields: Vec<&str> = body.filter(|line| is_field(line)).collect();
            let is_whole = is_enum
                || !fields.is_empty() && fields.iter().all(|field| field.starts_with("    pub "));
            if is_whole && !std::mem::take(&mut is_open) {
                found.push(name);
            }
            is_open = false;
        }
    }
    found.sort();
    found
}

/// Tells whether a line of a struct's body begins a field.
fn is_field(line: &str) -> bool {
    let name = line.strip_prefix("    ").unwrap_or_default();
    let name = name.strip_prefix("pub ").or(name.strip_prefix("pub(crate) ")).unwrap_or(name);
    let end = name.find(|at: char| !at.is_alphanumeric() && at != '_').unwrap_or(0);
    end > 0 && name[end..].starts_with(':')
}

/// The names that the crate's root exports beside its modules.
pub fn root_names(lib: &str) -> Vec<String> {
    let mut names = Vec::new();
    for statement in lib.split(';').filter_map(|it| it.split("pub use ").nth(1)) {
        let list = statement.split_once('{').map_or(statement, |(_, list)| list);
        let of = |name: &str| name.rsplit("::").next().unwrap_or(name).trim().to_owned();
        names.extend(list.trim_end_matches('}').split(',').map(of).filter(|name| !name.is_empty()));
    }
    names
}
