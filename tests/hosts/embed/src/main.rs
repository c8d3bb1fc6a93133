//! A client of a provider's API as most are written. It calls nothing of partita, so nothing that
//! it prints may depend on whether partita is among its dependencies.

use std::fmt::{Debug, Display};

use serde::Deserialize;
use serde_json::{Value, from_str, json};

#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "only printed")]
enum Event {
    BlockStart { index: usize },
    Usage { input_tokens: u64 },
    Score { value: f64 },
}

#[derive(Deserialize, Debug)]
#[serde(untagged)]
#[expect(dead_code, reason = "only printed")]
enum Id {
    Number(u64),
    Text(String),
}

#[derive(Deserialize, Debug)]
#[expect(dead_code, reason = "only printed")]
struct Reply {
    id: String,
    #[serde(flatten)]
    rest: Limits,
}

#[derive(Deserialize, Debug)]
#[expect(dead_code, reason = "only printed")]
struct Limits {
    remaining: u32,
    ratio: f32,
}

fn show<T: Debug>(what: &str, result: Result<T, impl Display>) {
    match result {
        Ok(value) => println!("{what}: {value:?}"),
        Err(error) => println!("{what}: ERROR {error}"),
    }
}

fn main() {
    show("a tag and an index", from_str::<Event>(r#"{"type":"block_start","index":0}"#));
    show("a tag and a count", from_str::<Event>(r#"{"type":"usage","input_tokens":12}"#));
    show("a tag and a float", from_str::<Event>(r#"{"type":"score","value":0.5}"#));
    show("no tag and a number", from_str::<Id>("7"));
    show("no tag and a text", from_str::<Id>(r#""seven""#));
    show("fields of another", from_str::<Reply>(r#"{"id":"r","remaining":3,"ratio":0.5}"#));
    show("equal numbers", from_str::<Value>("1.50").map(|value| value == json!(1.5)));
    for text in ["1e2", "1.50", "12345678901234567890123", r#"{"b":1,"a":2}"#, "1e400"] {
        show(text, from_str::<Value>(text).map(|value| value.to_string()));
    }
}
