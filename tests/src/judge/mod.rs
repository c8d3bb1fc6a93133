//! Judges of what a prompt is sent as: valid, nothing lost in silence, counted whole, and read again
//! as it was.

mod budgets;
mod counts;
mod losses;
mod plans;
mod rounds;

use partita::context::{Dialect, Prompt, RenderOptions};
use serde_json::Value;

pub use self::budgets::{Budgets, at_budgets, transcripts};
pub use self::counts::uncounted;
pub use self::losses::{Bodies, lost_lines, lost_words};
pub use self::plans::{wrong_plans, wrong_plans_of};
pub use self::rounds::changed;
use crate::dialogs::{Dialog, dialog};
use crate::validate::violations;

/// Returns the bodies of a dialect under each option that matters there.
pub fn bodies(prompt: &Prompt, dialect: Dialect) -> Vec<Bodies> {
    let (marks, ends): (&[bool], &[bool]) = match dialect {
        Dialect::Anthropic => (&[false, true], &[false, true]),
        Dialect::Gemini => (&[false], &[false, true]),
        _ => (&[false], &[false]),
    };
    let options = marks.iter().flat_map(|mark| ends.iter().map(move |end| (*mark, *end)));
    options
        .map(|(mark, end)| {
            let options = RenderOptions::default().with_cache_points(mark).with_end_with_user(end);
            Bodies::of(prompt.render_with(dialect, &options))
        })
        .collect()
}

/// Returns how many bodies a prompt is sent as, and what is wrong with them: rules that they break, and
/// what they lack in silence.
pub fn sent(prompt: &Prompt) -> (usize, Vec<String>) {
    sent_and(prompt, |made| lost_lines(prompt, made))
}

/// As [`sent`], with another judge of what is lost.
fn sent_and(prompt: &Prompt, lost: impl Fn(&Bodies) -> Vec<String>) -> (usize, Vec<String>) {
    let (mut count, mut found) = (0, Vec::new());
    for dialect in Dialect::ALL {
        for made in bodies(prompt, dialect) {
            count += 1;
            let of = |what, fault| format!("{}: {what}: {fault}", dialect.name());
            let broken = violations(dialect.name(), &made.body).into_iter();
            found.extend(broken.map(|fault| of("violation", fault)));
            found.extend(lost(&made).into_iter().map(|fault| of("lost", fault)));
        }
    }
    (count, found)
}

/// Returns what is wrong with a prompt's requests in each dialect: as [`sent`], and in their counts,
/// and when they are read again.
pub fn faults(prompt: &Prompt) -> Vec<String> {
    let (_, mut found) = sent(prompt);
    found.extend(counted_and_read(prompt));
    found
}

/// As [`faults`], of a generated dialog, each of whose words is looked for.
pub fn faults_of(dialog: &Dialog) -> Vec<String> {
    let (_, mut found) = sent_and(&dialog.prompt, |made| {
        let mut lost = lost_lines(&dialog.prompt, made);
        lost.extend(lost_words(dialog, made));
        lost
    });
    found.extend(counted_and_read(&dialog.prompt));
    found
}

fn counted_and_read(prompt: &Prompt) -> Vec<String> {
    let mut found = Vec::new();
    for dialect in Dialect::ALL {
        let of = |what, fault| format!("{}: {what}: {fault}", dialect.name());
        found.extend(uncounted(prompt, dialect).into_iter().map(|fault| of("count", fault)));
        found.extend(changed(prompt, dialect).into_iter().map(|fault| of("round", fault)));
    }
    found
}

/// Judges dialogs one after another: so many, 10,000 unless told otherwise, from a number on; of each
/// tenth the plans, too.
///
/// # Errors
/// What is wrong with the first dialog that is wrong.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    const LIMITS: u64 = 12;
    let number = |at: usize, otherwise| match arguments.get(at) {
        Some(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
        None => Ok(otherwise),
    };
    let (many, first): (u64, u64) = (number(0, 10_000)?, number(1, 0)?);
    for at in first..first.saturating_add(many) {
        let made = dialog(at);
        let mut found = faults_of(&made);
        if at % 10 == 0 {
            let plans = Dialect::ALL.into_iter();
            found.extend(plans.flat_map(|it| wrong_plans(&made.prompt, it, LIMITS)));
        }
        if !found.is_empty() {
            return Err(format!("dialog {at}: {found:#?}"));
        }
    }
    println!("{many} dialogs: no fault");
    Ok(())
}

/// Iterates over all texts of a value, with the key that each stands under.
fn texts_of(value: &Value) -> Vec<(&str, &str)> {
    let (mut texts, mut waiting) = (Vec::new(), vec![("", value)]);
    while let Some((key, value)) = waiting.pop() {
        match value {
            Value::String(text) => texts.push((key, text.as_str())),
            Value::Array(items) => waiting.extend(items.iter().map(|item| (key, item))),
            Value::Object(fields) => {
                waiting.extend(fields.iter().map(|(key, value)| (key.as_str(), value)));
            }
            _ => {}
        }
    }
    texts
}
