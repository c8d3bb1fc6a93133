use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::Json;
use crate::error::ErrorKind;
use crate::limits::JSON_DEPTH_MAX;

#[test]
fn order_digits_and_letters_come_back_as_they_were() {
    for text in [
        r#"{"z":1,"a":{"y":[],"b":{}}}"#,
        "12345678901234567890123",
        "1.50",
        "1e+400",
        "-0",
        r#""\u0000 \" \\ \n""#,
        "[null,true,false]",
    ] {
        assert_eq!(Json::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Json::parse("\"\u{e9}\u{1f600}\"").unwrap().as_str(), Some("\u{e9}\u{1f600}"));
}

#[test]
fn what_is_no_json_or_too_deep_is_refused_with_its_place() {
    let deep = "[".repeat(100_000);
    for text in ["", "{", "[1,]", "nul", "\"\\ud800\"", "1 2", "{\"a\" 1}", &deep] {
        let error = Json::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text:.20}");
        assert!(error.to_string().contains("line 1"), "{error}");
    }
    assert_eq!(Json::parse([0xff]).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn a_key_is_found_set_and_replaced_in_its_place() {
    let mut value = Json::parse(r#"{"a":1,"b":2}"#).unwrap();
    value.set("a", Json::from("x"));
    value.set("c", Json::Null);
    assert_eq!(value.to_string(), r#"{"a":"x","b":2,"c":null}"#);
    assert_eq!((value.get("b").and_then(Json::as_u64), value.get("d")), (Some(2), None));
}

#[test]
fn a_key_that_stands_twice_has_its_first_place_and_its_last_value() {
    let many: Vec<_> = (0..40).map(|at| format!("\"k{at}\":{at}")).collect();
    let text = format!("{{{},\"k7\":[]}}", many.join(","));
    let value = Json::parse(&text).unwrap();
    assert_eq!(value.as_object().unwrap().len(), 40);
    assert_eq!(value.as_object().unwrap()[7], ("k7".to_owned(), Json::Array(Vec::new())));
    assert_eq!(Json::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap().to_string(), r#"{"a":3,"b":2}"#);
    let made = Json::object([("a", Json::Null), ("b", Json::Null), ("a", Json::from(true))]);
    assert_eq!(made.to_string(), r#"{"a":true,"b":null}"#);
}

#[test]
fn a_fault_stands_at_its_line_and_its_column_in_characters() {
    for (text, place) in [
        (&b"{\n  \"\xc3\xa9\": tru}"[..], "line 2 column 8"),
        (b"[1,\n\n2 3]", "line 3 column 3"),
        (b"[\"\xc3\xa9\", \xff]", "line 1 column 7"),
        (b"", "line 1 column 1"),
        (b"\"a\\q\"", "line 1 column 4"),
        (b"\"\\ud83d\\u0041\"", "line 1 column 2"),
        (b"-", "line 1 column 2"),
        (b"\"a\nb\"", "line 1 column 3"),
    ] {
        let error = Json::parse(text).unwrap_err().to_string();
        assert!(error.ends_with(place), "{error}: {}", String::from_utf8_lossy(text));
    }
}

#[test]
fn the_deepest_value_is_read_and_one_level_more_is_refused() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for depth in [JSON_DEPTH_MAX - 1, JSON_DEPTH_MAX] {
        assert_eq!(Json::parse(nested(depth)).unwrap().to_string(), nested(depth));
    }
    let deeper = nested(JSON_DEPTH_MAX + 1);
    assert!(Json::parse(&deeper).unwrap_err().to_string().contains("too deep"));
    assert!(serde_json::from_str::<Value>(&nested(JSON_DEPTH_MAX)).is_ok());
    assert!(serde_json::from_str::<Value>(&deeper).is_err());
}

#[test]
fn digits_that_are_no_number_are_written_as_a_text() {
    for (digits, written) in [("NaN", "\"NaN\""), ("01", "\"01\""), ("", "\"\""), ("1.", "\"1.\"")]
    {
        assert_eq!(Json::Number(digits.to_owned()).to_string(), written);
    }
}

/// Texts of which many are JSON and many nearly.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("fals".to_owned()),
        "-?[0-9]{0,3}([.][0-9]{0,2})?([eE][+-]?[0-9]{0,1})?",
        r#""[a-c\u{e9}\u{1f600}]{0,3}""#,
        r#""(\\[bfnrtu"/\\x]|\\u[dD][89abAB0-9][0-9a-f]{2}|\\u00[0-9a-f]{2}|[ -z\t\n]){0,4}""#,
    ];
    let nested = word.prop_recursive(4, 32, 4, |inner| {
        let field = ("[ab]", inner.clone()).prop_map(|(key, value)| format!("\"{key}\" :{value}"));
        prop_oneof![
            vec(inner, 0..4).prop_map(|items| format!("[ {}]", items.join(","))),
            vec(field, 0..4).prop_map(|fields| format!("{{{}\n}}", fields.join(", "))),
        ]
    });
    let broken = (nested.clone(), any::<Index>(), r#"[\[\]{}:,"\\0-9a-z \u{0}]{0,2}"#);
    let broken = broken.prop_map(|(mut text, at, odd)| {
        let places: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        text.insert_str(*at.get(&places), &odd);
        text
    });
    prop_oneof![3 => nested, 1 => broken, 1 => ".{0,8}"]
}

fn of_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(number.as_f64().unwrap().to_string()),
        Value::String(text) => Json::from(text.as_str()),
        Value::Array(items) => Json::Array(items.iter().map(of_value).collect()),
        Value::Object(fields) => {
            Json::object(fields.iter().map(|(key, value)| (key, of_value(value))))
        }
    }
}

/// The value with its keys sorted and its numbers as floats, as the other reader has them.
fn plain(json: &Json) -> Json {
    match json {
        Json::Number(digits) => Json::Number(digits.parse::<f64>().unwrap().to_string()),
        Json::Array(items) => Json::Array(items.iter().map(plain).collect()),
        Json::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().map(|(key, it)| (key, plain(it))).collect();
            Json::object(sorted)
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn another_reader_takes_the_same_texts_for_the_same_values(text in nearly()) {
        let theirs = serde_json::from_str::<Value>(&text);
        let ours = Json::parse(&text);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?} {:?}", text, ours, theirs);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!(plain(&ours), plain(&of_value(&theirs)));
            prop_assert_eq!(&Json::parse(ours.to_string()).unwrap(), &ours);
            prop_assert_eq!(&Json::parse(ours.to_pretty_string()).unwrap(), &ours);
        }
    }

    #[test]
    fn another_writer_writes_the_same_bytes(text in nearly()) {
        if let Ok(theirs) = serde_json::from_str::<Value>(&text) {
            let written = theirs.to_string();
            let ours = Json::parse(&written).unwrap();
            prop_assert_eq!(ours.to_string(), written);
            let pretty = serde_json::to_string_pretty(&theirs).unwrap();
            prop_assert_eq!(ours.to_pretty_string(), pretty);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused_alike(bytes in vec(any::<u8>(), 0..16)) {
        for bytes in [bytes.clone(), [b"\"", &bytes[..], b"\""].concat()] {
            let theirs = serde_json::from_slice::<Value>(&bytes).is_ok();
            prop_assert_eq!(Json::parse(&bytes).is_ok(), theirs, "{:?}", bytes);
        }
    }
}
