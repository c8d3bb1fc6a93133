//! What a request to OpenAI's models costs beside its texts.

use super::{Count, Encoding, TokenCounter};
use crate::json::Json;

/// The tokens that OpenAI's chat format adds to texts: around messages, for tool schemas, and once
/// a request.
///
/// Source: OpenAI's cookbook, "How to count tokens with tiktoken", as of 2024, whose sums for
/// gpt-4o, gpt-4 and gpt-3.5-turbo are what the API reported. OpenAI publishes no rules for newer
/// models, for nested schemas, or for tool calls inside messages.
///
/// ```
/// use partita::tokens::{Count, Encoding, Overhead, TokenCounter};
/// let (counter, overhead) = (Encoding::O200k, Overhead::of(Encoding::O200k));
/// let total = overhead.request()
///     + overhead.message(&counter, "user", None)
///     + counter.count("hello world");
/// assert_eq!(total, Count::exact(3 + 3 + 1 + 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Overhead {
    tool: u64,
}

const MESSAGE: u64 = 3;
const NAME: u64 = 1;
const PRIMING: u64 = 3;
const PROPERTIES: u64 = 3;
const PROPERTY: u64 = 3;
/// Taken off once for a list of choices, each of which costs as much.
const CHOICES: u64 = 3;
const CHOICE: u64 = 3;
const TOOLS_END: u64 = 12;

/// Tokens of JSON's own signs around a key or a value, at most: quotes, a colon, a comma, a bracket.
const JSON_SIGNS: u64 = 4;

impl Overhead {
    /// Returns the rules for the models of an encoding. They differ in one number: a tool costs 7
    /// with gpt-4o and later, 10 with gpt-4 and gpt-3.5-turbo.
    pub const fn of(encoding: Encoding) -> Overhead {
        match encoding {
            Encoding::O200k => Overhead { tool: 7 },
            Encoding::Cl100k => Overhead { tool: 10 },
        }
    }

    /// Counts what a request costs once: 3 tokens that prime the reply.
    pub const fn request(&self) -> Count {
        Count::exact(PRIMING)
    }

    /// Counts a message without its content: 3 tokens, those of the role, and with a name those of
    /// the name and 1 more.
    pub fn message(
        &self,
        counter: &(impl TokenCounter + ?Sized),
        role: &str,
        name: Option<&str>,
    ) -> Count {
        let name = name.map_or(Count::ZERO, |name| Count::exact(NAME) + counter.count(name));
        Count::exact(MESSAGE) + counter.count(role) + name
    }

    /// Counts what a list of tools costs once, on top of each [`tool`](Overhead::tool): 12 tokens,
    /// none for an empty list.
    pub const fn tools(&self, tools: usize) -> Count {
        Count::exact(if tools == 0 { 0 } else { TOOLS_END })
    }

    /// Counts a tool: 7 or 10 tokens, those of `name:description`, and for properties 3, then for
    /// each 3 and those of `name:type:description`, and for each choice of an enum 3, less 3. A
    /// description loses its final full stop.
    ///
    /// The count is exact where the published rule covers the schema: an object of properties that
    /// have a type, a description and perhaps an enum of texts. For any other JSON the same rule is
    /// applied to nested schemas too (a part without a name has an empty one, a missing type or
    /// description is empty) and the count is an estimate, between the rule's part alone and
    /// the schema spelt out as JSON.
    pub fn tool(
        &self,
        counter: &(impl TokenCounter + ?Sized),
        name: &str,
        description: &str,
        parameters: &Json,
    ) -> Count {
        let line = format!("{name}:{}", without_stop(description));
        let head = Count::exact(self.tool) + counter.count(&line);
        let mut rule = Rule { counter, tokens: head, covered: head, is_covered: true };
        rule.parameters(parameters);
        if rule.is_covered {
            return rule.tokens;
        }
        let spelt = head + spelt_out(counter, parameters);
        let high = rule.tokens.high().max(spelt.high());
        Count::estimated(rule.tokens.tokens(), rule.covered.low(), high)
    }
}

/// A walk over a schema that applies the rule, and knows what of it was published.
struct Rule<'a, C: ?Sized> {
    counter: &'a C,
    tokens: Count,
    covered: Count,
    is_covered: bool,
}

impl<C: TokenCounter + ?Sized> Rule<'_, C> {
    fn parameters(&mut self, schema: &Json) {
        self.is_covered &= schema.get("properties").is_some_and(|it| it.as_object().is_some());
        self.is_covered &= has_only(schema, &["type", "properties", "required"]);
        // Nested schemas wait here, so that no depth of nesting can exhaust the stack.
        let mut waiting = Vec::new();
        self.parts(schema, true, &mut waiting);
        while let Some((name, schema)) = waiting.pop() {
            self.is_covered = false;
            self.property(name, schema, false);
            self.parts(schema, false, &mut waiting);
        }
    }

    /// Counts the properties of a schema, and lets the other schemas inside it wait.
    fn parts<'j>(
        &mut self,
        schema: &'j Json,
        is_top: bool,
        waiting: &mut Vec<(&'j str, &'j Json)>,
    ) {
        for (key, value) in schema.as_object().unwrap_or_default() {
            match (key.as_str(), value) {
                ("properties", Json::Object(properties)) if !properties.is_empty() => {
                    self.add(Count::exact(PROPERTIES), is_top);
                    for (name, property) in properties {
                        if is_top {
                            self.property(name, property, true);
                            self.parts(property, false, waiting);
                        } else {
                            waiting.push((name, property));
                        }
                    }
                }
                ("$defs" | "definitions" | "patternProperties", Json::Object(schemas)) => {
                    waiting.extend(schemas.iter().map(|(name, schema)| (name.as_str(), schema)));
                }
                ("anyOf" | "oneOf" | "allOf" | "prefixItems" | "items", Json::Array(schemas)) => {
                    waiting.extend(schemas.iter().map(|schema| ("", schema)));
                }
                ("items" | "additionalProperties" | "not", Json::Object(_)) => {
                    waiting.push(("", value));
                }
                _ => {}
            }
        }
    }

    fn property(&mut self, name: &str, schema: &Json, is_top: bool) {
        let kind = schema.get("type");
        let description = schema.get("description").and_then(Json::as_str);
        self.is_covered &= kind.is_some_and(|kind| kind.as_str().is_some());
        self.is_covered &= description.is_some();
        self.is_covered &= has_only(schema, &["type", "description", "enum"]);
        let kind = match kind {
            Some(Json::Array(kinds)) => {
                kinds.iter().filter_map(Json::as_str).collect::<Vec<_>>().join("|")
            }
            Some(Json::String(kind)) => kind.clone(),
            _ => String::new(),
        };
        let line = format!("{name}:{kind}:{}", without_stop(description.unwrap_or("")));
        self.add(Count::exact(PROPERTY) + self.counter.count(&line), is_top);
        match schema.get("enum") {
            None => {}
            Some(Json::Array(choices)) if !choices.is_empty() => {
                let texts: Count = choices
                    .iter()
                    .map(|choice| {
                        self.is_covered &= choice.as_str().is_some();
                        let texts = texts(choice).map(|text| self.counter.count(text));
                        Count::exact(CHOICE) + texts.sum()
                    })
                    .sum();
                // Each costs 3 and the list takes 3 off, so that nothing is negative on the way.
                self.add(less(texts, CHOICES), is_top);
            }
            Some(_) => self.is_covered = false,
        }
    }

    fn add(&mut self, count: Count, is_top: bool) {
        self.tokens += count;
        if is_top {
            self.covered += count;
        }
    }
}

fn less(count: Count, tokens: u64) -> Count {
    let [middle, low, high] =
        [count.tokens(), count.low(), count.high()].map(|count| count.saturating_sub(tokens));
    if count.is_exact() { Count::exact(middle) } else { Count::estimated(middle, low, high) }
}

fn without_stop(description: &str) -> &str {
    description.strip_suffix('.').unwrap_or(description)
}

fn has_only(schema: &Json, keys: &[&str]) -> bool {
    schema.as_object().is_some_and(|fields| fields.iter().all(|(key, _)| keys.contains(&&**key)))
}

/// What a value has as JSON at most: the sum over its keys and values.
fn spelt_out(counter: &(impl TokenCounter + ?Sized), json: &Json) -> Count {
    texts(json).map(|text| counter.count(text) + Count::exact(JSON_SIGNS)).sum()
}

/// The keys and values of a JSON value, at any depth, without recursion.
fn texts(json: &Json) -> impl Iterator<Item = &str> {
    let mut waiting = vec![(None, json)];
    std::iter::from_fn(move || {
        let (key, value) = waiting.pop()?;
        if let Some(key) = key {
            waiting.push((None, value));
            return Some(key);
        }
        Some(match value {
            Json::Null => "null",
            Json::Bool(true) => "true",
            Json::Bool(false) => "false",
            Json::Number(text) | Json::String(text) => text,
            Json::Array(items) => {
                waiting.extend(items.iter().rev().map(|item| (None, item)));
                ""
            }
            Json::Object(fields) => {
                let fields = fields.iter().rev();
                waiting.extend(fields.map(|(key, value)| (Some(key.as_str()), value)));
                ""
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::Overhead;
    use crate::json::Json;
    use crate::tokens::{Count, Encoding, TokenCounter};

    const WEATHER: &str = r#"{"type": "object", "properties": {
        "location": {"type": "string",
            "description": "The city and state, e.g. San Francisco, CA"},
        "unit": {"type": "string", "description": "The unit of temperature to return",
            "enum": ["celsius", "fahrenheit"]}
    }, "required": ["location"]}"#;

    fn tool(parameters: &str) -> Count {
        let parameters = Json::parse(parameters).unwrap();
        Overhead::of(Encoding::O200k).tool(&Encoding::O200k, "f", "Does it.", &parameters)
    }

    #[test]
    fn the_cookbooks_tool_request_has_the_tokens_that_the_api_reported() {
        for (encoding, expected) in [(Encoding::O200k, 101), (Encoding::Cl100k, 105)] {
            let overhead = Overhead::of(encoding);
            let message =
                |role, content| overhead.message(&encoding, role, None) + encoding.count(content);
            let total = overhead.request()
                + message(
                    "system",
                    "You are a helpful assistant that can answer to questions about the weather.",
                )
                + message("user", "What's the weather like in San Francisco?")
                + overhead.tool(
                    &encoding,
                    "get_current_weather",
                    "Get the current weather in a given location",
                    &Json::parse(WEATHER).unwrap(),
                )
                + overhead.tools(1);
            assert_eq!(total, Count::exact(expected), "{encoding}");
        }
    }

    #[test]
    fn a_name_costs_its_tokens_and_one_and_no_tools_cost_nothing() {
        let overhead = Overhead::of(Encoding::Cl100k);
        let bare = overhead.message(&Encoding::Cl100k, "user", None);
        let named = overhead.message(&Encoding::Cl100k, "user", Some("bob"));
        assert_eq!(named.tokens(), bare.tokens() + 1 + Encoding::Cl100k.count("bob").tokens());
        assert_eq!((overhead.tools(0), overhead.tools(3)), (Count::ZERO, Count::exact(12)));
    }

    #[test]
    fn a_schema_beyond_the_published_rule_is_an_estimate() {
        let exact = tool(r#"{"type": "object", "properties": {}}"#);
        assert_eq!(exact, Count::exact(7 + Encoding::O200k.count("f:Does it").tokens()));
        for schema in [
            "null",
            "3",
            "[]",
            "{}",
            r#"{"properties": 3}"#,
            r#"{"properties": {"a": true}}"#,
            r#"{"properties": {"a": {"type": "string"}}}"#,
            r#"{"properties": {"a": {"description": "x"}}}"#,
            r#"{"properties": {"a": {"type": ["string", "null"], "description": "x"}}}"#,
            r#"{"properties": {"a": {"type": "string", "description": "x", "enum": 3}}}"#,
            r#"{"properties": {"a": {"type": "string", "description": "x", "enum": [1, null]}}}"#,
            r#"{"properties": {"a": {"type": "string", "description": "x", "format": "date"}}}"#,
            r#"{"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}"#,
            r#"{"properties": {}, "anyOf": [{"properties": {"b": {}}}]}"#,
        ] {
            let count = tool(schema);
            assert!(!count.is_exact(), "{schema}");
            assert!(count.low() >= 7 && count.low() <= count.tokens(), "{schema}: {count}");
            assert!(count.high() >= count.tokens(), "{schema}: {count}");
        }
    }

    #[test]
    fn what_is_nested_counts_more_than_what_is_not_there() {
        let flat = tool(r#"{"properties": {"a": {"type": "array", "description": "x"}}}"#);
        let nested = tool(
            r#"{"properties": {"a": {"type": "array", "description": "x", "items":
                {"type": "object", "properties": {"b": {"type": "string", "enum": ["c"]}}}}}}"#,
        );
        assert!(flat.is_exact() && !nested.is_exact());
        assert!(nested.tokens() > flat.tokens() + 9, "{nested} {flat}");
        assert_eq!(nested.low(), flat.tokens());
    }

    #[test]
    fn no_depth_of_nesting_exhausts_the_stack() {
        let mut schema = Json::object([("type", Json::from("string"))]);
        for _ in 0..5_000 {
            schema = Json::object([("items", schema)]);
        }
        let count = Overhead::of(Encoding::O200k).tool(&Encoding::O200k, "f", "", &schema);
        assert!(count.tokens() > 5_000 && count.high() < 100_000, "{count}");
    }
}
