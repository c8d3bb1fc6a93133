//! Writes requests as JSON lines `{dialect, source, body}` for judges in other languages: of each
//! transcript whole, with exchanges taken out and at budgets, of generated dialogs, and of hostile
//! prompts.

use std::io::{self, BufWriter, Write};

use partita::context::{Dialect, Prompt};
use partita_tests::dialogs::dialog;
use partita_tests::hostile::any_prompt;
use partita_tests::judge::{at_budgets, transcripts};
use partita_tests::random::Random;
use partita_tests::transcripts::{all_files, samples, thinned};
use partita_tests::validate::violations;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const HOSTILE: usize = 500;
const THINNED: usize = 2;
const GENERATED: u64 = 1_000;
const BUDGETS: u64 = 20;
/// Every so manieth budget is written.
const SHARE: u64 = 5;

#[derive(Default)]
struct Counts {
    bodies: [usize; Dialect::ALL.len()],
    violations: usize,
    mends: usize,
}

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut counts, mut dialogs) = (Counts::default(), 0);
    let mut random = Random::new(1);
    for file in all_files() {
        for sample in samples(&file) {
            dialogs += 1;
            write(&mut out, &mut counts, &sample.source, &sample.prompt)?;
            for at in 0..THINNED {
                let source = format!("{}, thinned {at}", sample.source);
                write(&mut out, &mut counts, &source, &thinned(&sample.prompt, &mut random))?;
            }
        }
    }
    for file in all_files() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        for transcript in transcripts(&file) {
            let mut left = Vec::new();
            let made = at_budgets(&transcript, BUDGETS, &mut |step, prompt| {
                if step.is_multiple_of(SHARE) {
                    left.push((step, prompt.clone()));
                }
            });
            for fault in made.faults {
                counts.violations += 1;
                eprintln!("violation in {name}: {fault}");
            }
            for (step, prompt) in left {
                let source = format!("{name} {}, budget {step} of {BUDGETS}", transcript.name);
                write(&mut out, &mut counts, &source, &prompt)?;
            }
        }
    }
    for number in 0..GENERATED {
        write(&mut out, &mut counts, &format!("dialog {number}"), &dialog(number).prompt)?;
    }
    let mut runner = TestRunner::deterministic();
    let strategy = any_prompt();
    for at in 0..HOSTILE {
        let tree =
            strategy.new_tree(&mut runner).map_err(|reason| io::Error::other(reason.message()))?;
        write(&mut out, &mut counts, &format!("hostile prompt {at}"), &tree.current())?;
    }
    out.flush()?;
    let (bodies, mends): (usize, _) = (counts.bodies.iter().sum(), counts.mends);
    eprintln!(
        "{dialogs} dialogs, {GENERATED} generated ones and {HOSTILE} hostile prompts: {bodies} \
         bodies, {mends} mends, {} violations found by the judge in Rust",
        counts.violations
    );
    if counts.violations > 0 {
        return Err(io::Error::other("requests that break a rule of an API"));
    }
    Ok(())
}

fn write(
    out: &mut impl Write,
    counts: &mut Counts,
    source: &str,
    prompt: &Prompt,
) -> io::Result<()> {
    for (at, dialect) in Dialect::ALL.into_iter().enumerate() {
        let request = prompt.render(dialect);
        let body: Value = serde_json::from_str(&request.body.to_string())?;
        for violation in violations(dialect.name(), &body) {
            counts.violations += 1;
            eprintln!("violation in {}, {source}: {violation}", dialect.name());
        }
        counts.bodies[at] += 1;
        counts.mends += request.mends.len();
        writeln!(out, "{}", json!({"dialect": dialect.name(), "source": source, "body": body}))?;
    }
    Ok(())
}
