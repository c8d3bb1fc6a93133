//! Every limit, with its reason. Each is tested at, below and above.

use std::time::Duration;

/// Bytes of a content. A content is held in memory whole while it is written or read.
pub const CONTENT_BYTES_MAX: usize = 1 << 30;

/// Bytes of a node's canonical form. The largest map node (256 entries of long keys) stays below.
pub const NODE_BYTES_MAX: usize = 4 << 20;

/// Ids that one node may refer to.
pub const NODE_REFS_MAX: usize = 4_096;

/// Bytes of a file path: what Linux accepts (`PATH_MAX`).
pub const PATH_BYTES_MAX: usize = 4_096;

/// Bytes of a session name, so that a ref name fits a row of a listing.
pub const NAME_BYTES_MAX: usize = 255;

/// Bytes of a ref name: a namespace and a session name.
pub const REF_NAME_BYTES_MAX: usize = 320;

/// Bytes of a map key: the longest key is a file path.
pub const KEY_BYTES_MAX: usize = PATH_BYTES_MAX;

/// Bytes that a map value may hold beside its ids.
pub const VALUE_BYTES_MAX: usize = 4_096;

/// Ids that one map value may hold.
pub const VALUE_REFS_MAX: usize = 16;

/// Levels that JSON may nest: as deep as the parsers that most programs have read it.
pub const JSON_DEPTH_MAX: usize = 127;

/// Fewest entries of a map node that is not the last of its level.
pub const MAP_ENTRIES_MIN: usize = 16;

/// Most entries of a map node.
pub const MAP_ENTRIES_MAX: usize = 256;

/// Levels of a map: 16 entries a node at the least, so 2^64 entries fit.
pub const MAP_HEIGHT_MAX: usize = 16;

/// Parents of a checkpoint or an iteration: a merge of this many sessions.
pub const PARENTS_MAX: usize = 64;

/// Roots of a checkpoint: eight are known today.
pub const ROOTS_MAX: usize = 64;

/// Labels of a checkpoint.
pub const LABELS_MAX: usize = 64;

/// Bytes of one label, root name, actor or message line stored in a node.
pub const LABEL_BYTES_MAX: usize = 4_096;

/// Bytes of a text held inside a memory's node; a longer one is a content of its own.
pub const TEXT_INLINE_BYTES_MAX: usize = 1_024;

/// Parts and links of a memory.
pub const MEMORY_PARTS_MAX: usize = 1_024;

/// Bytes of a model call's parameters: a response's JSON schema is the longest of them.
pub const PARAMETERS_BYTES_MAX: usize = 64 << 10;

/// Bytes of one line of a transcript: a few screenshots in base64, which agents do write.
pub const LINE_BYTES_MAX: usize = 32 << 20;

/// Bytes of a transcript of lines: its memories are held until it is read wholly.
pub const TRANSCRIPT_BYTES_MAX: u64 = 512 << 20;

/// Bytes of a transcript that is one JSON document, which is held whole: some ten times that in
/// memory.
pub const DOCUMENT_BYTES_MAX: usize = 64 << 20;

/// Bytes from which a transcript's format is guessed.
pub const DETECT_BYTES: usize = 64 << 10;

/// Remarks that a report lists of each sort; beyond it they are counted.
pub const REPORT_ITEMS_MAX: usize = 64;

/// Bytes of the buffers in which large contents are compressed, framed and read: some frames of
/// four mebibytes and their copies. Where there is no memory for them nothing is begun.
pub const BUFFERS_BYTES: usize = 48 << 20;

/// Contents from this size on are placed as content-defined chunks.
pub const CHUNKED_FROM_BYTES: usize = 1 << 20;

/// Links of a delta chain, of contents and of nodes alike: the bound of a read.
pub const DELTA_CHAIN_MAX: u8 = 32;

/// Bytes of a frame's payload: what one commit may add to a log segment.
pub const FRAME_BYTES_MAX: usize = 96 << 20;

/// Objects of one frame.
pub const FRAME_OBJECTS_MAX: usize = 1 << 20;

/// Bytes at which a segment gives way to its successor.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// Raw bytes from which a batch goes into a data segment of its own.
pub const BULK_BYTES: usize = 16 << 20;

/// Least hexadecimal digits of a short id: fewer say nothing.
pub const PREFIX_DIGITS_MIN: usize = 4;

/// Candidates that an ambiguous short id lists.
pub const CANDIDATES_MAX: usize = 8;

/// Bytes of a file that is compared by lines; a larger one is called binary, as git does from 512
/// MiB on.
pub const DIFF_BYTES_MAX: usize = 128 << 20;

/// Lines or words, of both sides together, that one run of the diff algorithm takes: its cost grows
/// with their number times its root.
pub const DIFF_GAP_TOKENS_MAX: usize = 1 << 17;

/// Lines or words that all runs for one diff take together; beyond it the old part is said to be
/// replaced by the new one.
pub const DIFF_TOKENS_MAX: usize = 1 << 20;

/// Bytes of one component of a path in a checkout: what Linux file systems accept (`NAME_MAX`).
pub const COMPONENT_BYTES_MAX: usize = 255;

/// Bytes of a symlink's target in a checkout: `PATH_MAX` less the closing NUL.
pub const TARGET_BYTES_MAX: usize = 4_095;

/// How long garbage collection leaves deleted sessions, and what checkouts put aside, unless told
/// otherwise: a month in which a mistake is noticed.
pub const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Times that a checkout plans anew where somebody else changed the directory's record in between.
pub const CHECKOUT_ATTEMPTS_MAX: u32 = 5;

/// Bytes of a message's name, which OpenAI Chat limits.
pub const MESSAGE_NAME_BYTES_MAX: usize = 64;

/// Bytes of a tool's name in a request: what the `OpenAI` APIs take.
pub const TOOL_NAME_BYTES_MAX: usize = 64;

/// Bytes of a tool's name in a request for the Anthropic API, which says so in its errors:
/// "tools.0.custom.name: String should have at most 128 characters".
pub const TOOL_NAME_ANTHROPIC_BYTES_MAX: usize = 128;

/// Bytes of a tool's name in a request for the Gemini API: its errors say 64, and Gemini CLI, which
/// tried, cuts at 63.
pub const TOOL_NAME_GEMINI_BYTES_MAX: usize = 63;

/// Bytes of a call's id in a request: what `OpenAI` Chat takes, the least of the APIs.
pub const CALL_ID_BYTES_MAX: usize = 40;

/// Cache points of a request: what the Anthropic API takes.
pub const CACHE_POINTS_MAX: usize = 4;

/// Bytes of a block that is counted at once where a count may stop early: a thousand tokens.
pub const COUNT_BLOCK_BYTES: usize = 4_096;

/// Bytes of a text that the tokenizer's crate is given at once, cut at a safe place: its pattern
/// gives up, and panics, on a million white-space characters in a row.
pub const ENCODE_BLOCK_BYTES: usize = 64 << 10;

/// Bytes of a text without a safe cut up to which the tokenizer's crate counts it; a longer one is
/// split and merged here, in memory that does not grow with it.
pub const ENCODE_BYTES_MAX: usize = 128 << 10;

/// Bytes of a piece that are merged into tokens at once. The longest token has 128.
pub const MERGE_BYTES: usize = 4_096;

/// Hosts of requests that a calibration tells apart; it keeps their names.
pub const CALIBRATED_HOSTS_MAX: usize = 1_024;

/// Models that one calibration knows; the one observed longest ago gives way to a new one.
pub const CALIBRATED_MODELS_MAX: usize = 64;

/// Observations kept of a model, newest last: models drift, and a fit stays under a millisecond.
pub const OBSERVATIONS_MAX: usize = 256;

/// Tokens of one observed request: far beyond any context window, and exact as a float.
pub const OBSERVED_TOKENS_MAX: u64 = 1 << 32;

/// Tokens of a budget: a million times the longest context window there is. Up to here every sum
/// and price of a plan is exact in 128 bits.
pub const BUDGET_TOKENS_MAX: u64 = (1 << 40) - 1;

/// Nano-units that a token may cost: four units of a currency.
pub const PRICE_MAX: u64 = 1 << 32;

/// Turns over which a plan may be paid off.
pub const HORIZON_TURNS_MAX: u64 = 1 << 16;

/// Groups of a plan: ten times the memories and files of a large session.
pub const PLAN_GROUPS_MAX: usize = 1 << 20;

/// Modes of one group of a plan: a few ways to refresh, trim, compact and forget.
pub const PLAN_MODES_MAX: usize = 16;

/// Groups up to which a plan is looked for by exact search; longer prompts are planned by the
/// greedy sweep and an exact search among the closest decisions.
pub const PLAN_EXACT_GROUPS_MAX: usize = 256;

/// Partial plans that the exact search keeps at each group: the bound of its time and memory.
pub const PLAN_STATES_MAX: usize = 1_024;

/// Bytes of a glob that hides or shows files. Matching takes time in proportion to glob times path.
pub const GLOB_BYTES_MAX: usize = 1_024;

/// Files that a view holds apart from the others: in one node of the map, of which each write makes
/// a new version, and no longer than a chain of versions.
pub const RECENT_MAX: u64 = 32;

/// Rules of hiding and showing that a view holds: each file that is written or shown is held
/// against all of them.
pub const VIEW_RULES_MAX: usize = 1_024;

/// Bytes that stay of the beginning of a trimmed result: what a command says first.
pub const TRIMMED_HEAD_BYTES: usize = 384;

/// Bytes that stay of the end of a trimmed result: where the error usually stands.
pub const TRIMMED_TAIL_BYTES: usize = 256;

/// Bytes of a catalogue's files. It is read wholly when it is opened, a third of a second; one that
/// grows beyond is begun anew.
pub const CATALOGUE_BYTES_MAX: u64 = 512 << 20;

/// Characters of one line of a file or of a diff that a display shows: some twenty rows on a screen.
pub const DISPLAY_LINE_CHARS_MAX: usize = 2_000;

/// Characters of one text of a memory that a display shows: what a reader scrolls through.
pub const DISPLAY_TEXT_CHARS_MAX: usize = 8_000;

/// Bytes of the name of an operation's kind: a word that a column of a listing has room for.
pub const OPERATION_NAME_BYTES_MAX: usize = 64;

/// Characters of a name, a path, a message or an actor that a display shows.
pub const DISPLAY_LABEL_CHARS_MAX: usize = 240;

/// Rows of one diff that a display shows: beyond it nobody reads on, and a browser grows slow.
pub const DISPLAY_DIFF_ROWS_MAX: usize = 1_000;

/// Checkpoints of a timeline that a display shows, and that are searched for files changed lately.
pub const DISPLAY_CHECKPOINTS_MAX: usize = 100;

/// Checkpoints of the session itself that a drawn graph shows: about two screens.
pub const DISPLAY_GRAPH_ROWS_MAX: usize = 64;

/// A fork may take one row of a graph in so many of the session's, and one more.
pub const DISPLAY_FORK_SHARE: usize = 8;

/// Forks that a graph shows, each in a lane: more would leave no room for what happened.
pub const DISPLAY_FORKS_MAX: usize = 12;

/// Sessions that a display lists.
pub const DISPLAY_SESSIONS_MAX: usize = 200;

/// Sessions that are read to find forks, or counted: a tenth of a second.
pub const DISPLAY_SESSIONS_READ_MAX: usize = 10_000;

/// Items of a capacity that a display lists.
pub const DISPLAY_ITEMS_MAX: usize = 15;

/// Files that the page of a session shows.
pub const DISPLAY_FILES_MAX: usize = 200;

/// Iterations of one file that the page of a session shows.
pub const DISPLAY_ITERATIONS_MAX: usize = 20;

/// Memories that the page of a session shows.
pub const DISPLAY_MEMORIES_MAX: usize = 500;

/// Bytes from which on the page of a session takes no more memories, nor parts of one, and from half
/// of them on no more files, nor rows of a diff: browsers open such a page in a second or two.
pub const DISPLAY_PAGE_BYTES_MAX: usize = 8 << 20;

/// Bytes of the words of a path that a capture left out.
pub const LEFT_OUT_WHY_BYTES_MAX: usize = 256;

/// Bytes of a new file above which a capture leaves it out, unless the caller allows more: what
/// people write and build from is smaller, what they forgot to ignore is often larger.
pub const CAPTURE_FILE_BYTES_MAX: u64 = 64 << 20;

/// New paths that one capture takes: a directory of more is most often the wrong one.
pub const CAPTURE_NEW_PATHS_MAX: u64 = 200_000;

/// Bytes of new files that one capture takes.
pub const CAPTURE_NEW_BYTES_MAX: u64 = 2 << 30;

/// Bytes of an ignore file that is read; a larger one ignores nothing.
pub const IGNORE_FILE_BYTES_MAX: u64 = 1 << 20;

/// Bytes of a stat cache above which it is not read, and begun anew.
pub const STAT_CACHE_BYTES_MAX: u64 = 512 << 20;

/// Bytes of contents that may wait for a name while a capture looks for renames.
pub const RENAMES_BYTES_MAX: usize = 32 << 20;

/// Pairs of a removed and a new file that a capture compares by their lines.
pub const RENAMES_COMPARED_MAX: usize = 10_000;

/// Arguments of a run's command, and variables of its environment.
pub const RUN_ARGUMENTS_MAX: usize = 4_096;

/// Bytes of a run's command: what a system hands to a program at the most, or less.
pub const RUN_BYTES_MAX: usize = 128 << 10;

/// Bytes that are kept of an output: the first half of them, and the last.
pub const OUTPUT_BYTES_MAX: usize = 2 << 20;

/// Runs that are looked through, newest first, for those without an outcome.
pub const OPEN_RUNS_LOOKED_AT: usize = 1_024;

/// Tests in one node of results; a report of more takes several nodes.
pub const RESULTS_TESTS_MAX: usize = 8_192;

/// Metrics in one node of results.
pub const RESULTS_SAMPLES_MAX: usize = 1_024;

/// Bytes from which on results go into another node: well below what a node may have.
pub const RESULTS_NODE_BYTES: usize = 1 << 20;

/// Samples of one metric.
pub const SAMPLE_VALUES_MAX: usize = 65_536;

/// Nodes of results of one piece of evidence: two million tests.
pub const EVIDENCE_RESULTS_MAX: usize = 256;

/// Reports of one run.
pub const EVIDENCE_REPORTS_MAX: usize = 64;

/// Globs that name the inputs of one run.
pub const EVIDENCE_GLOBS_MAX: usize = 256;

/// Paths that a host says a run read.
pub const EVIDENCE_READS_MAX: usize = 1_000_000;

/// Tools whose versions evidence holds.
pub const EVIDENCE_TOOLS_MAX: usize = 64;

/// Setup steps that evidence names.
pub const EVIDENCE_STEPS_MAX: usize = 256;

/// Pieces of evidence that a claim cites.
pub const CLAIM_EVIDENCE_MAX: usize = 64;

/// Terms of one merge conflict: what 64 sides have, and what each comes from, twice over.
pub const CONFLICT_TERMS_MAX: usize = 255;

/// Pairs of one benchmark.
pub const SERIES_PAIRS_MAX: usize = 1_000;

/// Bytes of a report that is read: a hundred times what a large project's has.
pub const REPORT_BYTES_MAX: usize = 64 << 20;

/// Elements of a report within one another.
pub const REPORT_DEPTH_MAX: usize = 64;

/// Tests and samples of one report: what evidence has room for.
pub const REPORT_ROWS_MAX: usize = 1_000_000;

/// Paths that are looked through for the one that made evidence stale first.
pub const STALE_PATHS_LOOKED_AT: usize = 256;

/// Bytes of the random part of a session's first operation.
pub const NONCE_BYTES_MAX: usize = 32;

/// Rows of one kind in a policy: stages, roles, tools, routes, rules.
pub const POLICY_ROWS_MAX: usize = 1_024;

/// Bytes of a role's instructions and of a stage's prompt in a policy.
pub const POLICY_TEXT_BYTES_MAX: usize = 256 << 10;

/// Calls of one answer that a turn does: each is a commit of its own, and a step in one round.
pub const TURN_PARALLEL_MAX: u64 = 1_024;

/// Attempts of one step, and as many late results of them: what a row has beyond
/// [`VALUE_REFS_MAX`] stands in a map of its own.
pub const STEP_ATTEMPTS_MAX: usize = 64;

/// Tries to get one answer from a model that a host tells.
pub const CALL_ATTEMPTS_MAX: usize = 64;

/// Claims that a gate makes.
pub const GATE_CLAIMS_MAX: usize = 64;

/// Paths of one proposal.
pub const PROPOSAL_PATHS_MAX: usize = 100_000;

/// Bytes of a tool's arguments that a turn hands to a host; a call with more is refused.
pub const TOOL_ARGUMENTS_BYTES_MAX: usize = 4 << 20;
