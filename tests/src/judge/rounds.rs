//! A request is read again as what it was made of: rendered anew it is the same.

use partita::Json;
use partita::context::{Dialect, Prompt, RenderOptions};
use partita::interop::{Messages, messages};

/// Returns how a prompt's request in a dialect changes when it is read and rendered again.
pub fn changed(prompt: &Prompt, dialect: Dialect) -> Vec<String> {
    let options = RenderOptions::default().with_cache_points(false);
    let first = prompt.render_with(dialect, &options).body.to_string();
    let read = match messages(&Json::parse(&first).expect("a body is JSON")) {
        Ok(read) => read,
        Err(error) => return vec![format!("it is refused: {error}")],
    };
    // A body of texts alone may be of several providers.
    if read.dialect != Some(dialect) && !is_between_texts(read.dialect, dialect) {
        return vec![format!("it is read as {:?}", read.dialect)];
    }
    let again = match read.prompt() {
        Ok(prompt) => prompt.render_with(dialect, &options).body.to_string(),
        Err(error) => return vec![format!("its tools are refused: {error}")],
    };
    if again == first || is_told(&read) {
        return Vec::new();
    }
    let at = first.bytes().zip(again.bytes()).take_while(|(one, other)| one == other).count();
    let around = |text: &str| {
        let bytes = &text.as_bytes()[at.saturating_sub(160)..text.len().min(at + 120)];
        String::from_utf8_lossy(bytes).into_owned()
    };
    vec![format!("...{}\n  becomes ...{}", around(&first), around(&again))]
}

fn is_between_texts(read: Option<Dialect>, dialect: Dialect) -> bool {
    dialect == Dialect::Anthropic && read == Some(Dialect::OpenAiChat)
}

/// Tells whether the report says that something is not as it stood.
fn is_told(read: &Messages) -> bool {
    let report = &read.report;
    report.mended.count + report.refused.count > 0 || !report.skipped.is_empty()
}
