//! JSON values themselves: written to any serializer, read from any that says what it has.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::json::Json;

/// The only key of what stands for a number, where a parser hands over its digits.
const DIGITS: &str = "$serde_json::private::Number";

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => to.serialize_unit(),
            Json::Bool(value) => to.serialize_bool(*value),
            Json::Number(digits) => number(digits, to),
            Json::String(text) => to.serialize_str(text),
            Json::Array(items) => to.collect_seq(items),
            Json::Object(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Writes a number as the integer or the double that it is; as text if it is neither.
fn number<S: Serializer>(digits: &str, to: S) -> Result<S::Ok, S::Error> {
    if digits == "-0" {
        return to.serialize_f64(-0.0);
    }
    if let Ok(number) = digits.parse() {
        return to.serialize_u64(number);
    }
    if let Ok(number) = digits.parse() {
        return to.serialize_i64(number);
    }
    match digits.parse::<f64>() {
        Ok(double) if decimal(&format!("{double:e}")) == decimal(digits) => {
            to.serialize_f64(double)
        }
        _ => to.serialize_str(digits),
    }
}

/// A number as its sign, its digits without zeros at either end, and the power of ten of the first;
/// none if it is no number, or beyond all doubles.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = all.trim_start_matches('0');
    if digits.is_empty() {
        return Some((is_negative, String::new(), 0));
    }
    let zeros = (all.len() - digits.len()) as i64;
    let power = power.parse::<i32>().ok()?;
    let first = i64::from(power) + whole.len() as i64 - 1 - zeros;
    Some((is_negative, digits.trim_end_matches('0').to_owned(), first))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Values)
    }
}

/// Takes whatever there is.
struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Json, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
        if !value.is_finite() {
            return Err(E::custom(format!("{value} is no number of JSON")));
        }
        Ok(Json::Number(format!("{value:?}")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut object = Json::Object(Vec::new());
        let mut is_first = true;
        while let Some((key, value)) = map.next_entry::<String, Json>()? {
            if is_first && key == DIGITS {
                let digits =
                    value.as_str().ok_or_else(|| A::Error::custom("a number has digits"))?;
                return Ok(Json::Number(digits.to_owned()));
            }
            is_first = false;
            object.set(&key, value);
        }
        Ok(object)
    }
}
