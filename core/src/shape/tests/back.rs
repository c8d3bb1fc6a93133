//! What a host wrote, it reads back.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::json;
use crate::budget::{Budget, Prices};
use crate::tokens::{Calibration, ContentClass, Encoding};
use crate::{
    Body, CheckpointId, ContentId, FilePath, IterationId, Json, Memory, MemoryKind, ObjectId, Part,
    Role, Timestamp,
};

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = json(value);
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    let value_of = serde_json::to_value(value).unwrap();
    assert_eq!(&serde_json::from_value::<T>(value_of).unwrap(), value, "{text}");
}

fn id() -> ObjectId {
    ObjectId::of_content(b"x")
}

fn bodies() -> [Body; 4] {
    let content = Body::Content(ContentId::new(id()));
    [Body::new(""), Body::new("a \u{e4}\0\n"), Body::new([0xff, 0, b'a']), content]
}

fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    for body in bodies() {
        let (name, content) = (String::from("n"), body.clone());
        parts.push(Part::Text(body.clone()));
        parts.push(Part::Thinking { text: body.clone(), signature: Body::new([1, 0xfe]) });
        parts.push(Part::Call { id: "c".into(), name: name.clone(), arguments: body.clone() });
        parts.push(Part::Media { media_type: "image/png".into(), content });
        parts.push(Part::Opaque { provider: name, content: body });
    }
    parts.push(Part::Result { call: "c".into(), error: true, parts: 2 });
    parts.push(Part::File { iteration: IterationId::new(id()) });
    parts
}

#[test]
fn ids_paths_times_and_names_come_back() {
    comes_back(&id());
    comes_back(&CheckpointId::new(id()));
    for path in [&b"a"[..], b"src/\xff", "\u{e4} b".as_bytes()] {
        comes_back(&FilePath::new(path).unwrap());
    }
    for millis in [0, 1, -1, 1_767_789_367_647, -62_167_219_200_000, 253_402_300_799_999] {
        comes_back(&Timestamp::from_millis(millis));
    }
    for role in [Role::System, Role::User, Role::Assistant, Role::Tool] {
        comes_back(&role);
    }
    for kind in [MemoryKind::Message, MemoryKind::Validation, MemoryKind::Summary] {
        comes_back(&kind);
    }
}

#[test]
fn a_path_is_read_from_text_too() {
    let path: FilePath = serde_json::from_str(r#""src/lib.rs""#).unwrap();
    assert_eq!(path, FilePath::new("src/lib.rs").unwrap());
}

#[test]
fn memories_come_back_with_all_their_parts() {
    bodies().iter().for_each(comes_back);
    parts().iter().for_each(comes_back);
    comes_back(&Memory::user("hi"));
    let memory = Memory {
        origin: "git:1".into(),
        actor: "a".into(),
        time: Some(Timestamp::from_millis(1_500)),
        role: Role::Tool,
        kind: MemoryKind::Note,
        parts: parts(),
        links: vec![id()],
    };
    comes_back(&memory);
}

#[test]
fn a_memory_needs_a_role_alone() {
    let memory: Memory = serde_json::from_str(r#"{"role":"user","parts":[]}"#).unwrap();
    assert_eq!(memory, Memory { parts: Vec::new(), ..Memory::user("") });
}

#[test]
fn what_is_no_such_value_is_refused_with_a_reason() {
    let refused = |text: &str| serde_json::from_str::<Memory>(text).unwrap_err().to_string();
    for (text, why) in [
        ("{}", "no key \"role\""),
        (r#"{"role":"nobody"}"#, "no role \"nobody\""),
        (r#"{"role":"user","time":"now"}"#, "\"now\" is no time"),
        (r#"{"role":"user","parts":[{"kind":"x"}]}"#, "no kind of a part \"x\""),
        (r#"{"role":"user","parts":[{"kind":"text","text":{"base64":"?"}}]}"#, "base64"),
        (r#"{"role":"user","links":["12"]}"#, "short id"),
    ] {
        assert!(refused(text).contains(why), "{text}: {}", refused(text));
    }
    assert!(serde_json::from_str::<FilePath>(r#"{"path":"a/../b"}"#).is_err());
    assert!(serde_json::from_str::<FilePath>(r#"{"path":"a","path_bytes":[256]}"#).is_err());
}

#[test]
fn budgets_and_calibrations_come_back() {
    let prices = Prices { input: 3_000, cache_read: 300, cache_write: 3_750 };
    for budget in [
        Budget::new(1_000),
        Budget::new(1_000).reserve(10).high(900).low(800).horizon(3).prices(prices),
    ] {
        comes_back(&budget);
    }
    let mut calibration = Calibration::new(&Encoding::O200k);
    assert!(calibration.observe("m", &[(ContentClass::Prose, 100)], 130));
    comes_back(&calibration);
}

#[test]
fn json_comes_back_and_numbers_are_numbers_where_they_are_exact() {
    for text in [
        "null",
        "[true,false,[]]",
        r#"{"a":{"x":1.5},"b":"\u00e4"}"#,
        "0",
        "18446744073709551615",
        "-9223372036854775808",
        "0.1",
    ] {
        comes_back(&Json::parse(text).unwrap());
    }
    // A host's own values may sort keys; a text has them in our order.
    let ordered = r#"{"b":1,"a":2}"#;
    assert_eq!(json(&Json::parse(ordered).unwrap()), ordered);
    assert_eq!(serde_json::from_str::<Json>(ordered).unwrap().to_string(), ordered);
    for (digits, written) in [
        ("1.50", "1.5"),
        ("-0", "-0.0"),
        ("1E3", "1000.0"),
        ("100000000000000000000", "1e20"),
        ("18446744073709551617", "\"18446744073709551617\""),
        ("1e400", "\"1e400\""),
        ("0.1000000000000000000001", "\"0.1000000000000000000001\""),
        ("1e-400", "\"1e-400\""),
    ] {
        let written = written.to_owned();
        assert_eq!(json(&Json::Number(digits.to_owned())).replace("e+", "e"), written, "{digits}");
    }
}

proptest! {
    #[test]
    fn a_double_is_written_as_itself(bits: u64) {
        let double = f64::from_bits(bits);
        prop_assume!(double.is_finite());
        for digits in [format!("{double:?}"), format!("{double:e}")] {
            let value = serde_json::to_value(Json::Number(digits)).unwrap();
            prop_assert_eq!(value.as_f64(), Some(double));
        }
    }

    #[test]
    fn a_number_of_any_digits_does_not_panic(
        digits in "-?[0-9]{0,30}\\.?[0-9]{0,30}(e-?[0-9]{0,30})?"
    ) {
        let _ = serde_json::to_value(Json::Number(digits));
    }
}
