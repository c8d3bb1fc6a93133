//! What a plan says is left is what the messages that are left count.

use partita::Json;
use partita::budget::{Budget, fit};
use partita::context::{Dialect, Prompt, RenderOptions};
use partita::interop::messages;
use partita::tokens::Encoding;
use serde_json::{Value, json};

/// The counter of all plans.
const COUNTER: Encoding = Encoding::O200k;

/// Plans a prompt's request in a dialect at so many limits, as a host does with its own messages;
/// returns where what is left counts otherwise than the plan says, or more than its limit.
pub fn wrong_plans(prompt: &Prompt, dialect: Dialect, limits: u64) -> Vec<String> {
    let options = RenderOptions::default().with_cache_points(false);
    let body = prompt.render_with(dialect, &options).body.to_string();
    let body: Value = serde_json::from_str(&body).expect("a body is JSON");
    wrong_plans_of(&body, dialect, limits)
}

/// As [`wrong_plans`], for a body.
pub fn wrong_plans_of(body: &Value, dialect: Dialect, limits: u64) -> Vec<String> {
    let read = |body: &Value| messages(&Json::parse(body.to_string()).expect("it is JSON"));
    let whole = match read(body) {
        Ok(whole) => whole,
        Err(error) => return vec![format!("refused: {error}")],
    };
    let Ok(prompt) = whole.prompt() else { return vec!["its tools are refused".to_owned()] };
    let counter = whole.counter(COUNTER);
    let most = prompt.count(&counter).high();
    let mut wrong = Vec::new();
    for step in 0..limits {
        let limit = (most - most * step / limits.max(1)).max(1);
        let Ok(made) = fit(&prompt, &whole.numbers, &Budget::new(limit), &counter) else { break };
        let left = left(body, dialect, &made.dropped(), &whole.others, made.beginning.as_deref());
        let counted = match read(&left) {
            Ok(read) => read.prompt().expect("its tools were read").count(&counter),
            Err(error) => {
                wrong.push(format!("at {limit}: what is left is refused: {error}"));
                continue;
            }
        };
        if counted != made.after || counted.high() > limit {
            let dropped = made.dropped();
            wrong.push(format!(
                "at {limit}: {} by the plan, {counted} counted; dropped {dropped:?}",
                made.after
            ));
        }
    }
    wrong
}

/// Leaves messages out of a body, and puts what stands for the beginning ahead of them.
fn left(
    body: &Value,
    dialect: Dialect,
    dropped: &[u64],
    others: &[u64],
    beginning: Option<&str>,
) -> Value {
    let key = match dialect {
        Dialect::OpenAiResponses => "input",
        Dialect::Gemini => "contents",
        _ => "messages",
    };
    let mut kept = Vec::new();
    let mut beginning = beginning;
    for (number, message) in (1..).zip(body[key].as_array().into_iter().flatten()) {
        if dropped.contains(&number) {
            continue;
        }
        let role = message["role"].as_str().unwrap_or_default();
        let is_instruction = others.contains(&number) || ["system", "developer"].contains(&role);
        if let Some(text) = beginning.take_if(|_| !is_instruction) {
            kept.push(match dialect {
                Dialect::Gemini => json!({"role": "user", "parts": [{"text": text}]}),
                _ => json!({"role": "user", "content": text}),
            });
        }
        kept.push(message.clone());
    }
    let mut left = body.clone();
    left[key] = Value::Array(kept);
    left
}
