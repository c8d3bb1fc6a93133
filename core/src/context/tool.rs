//! Tools: what a model may call, as a host describes it.

use super::dialect::Dialect;
use crate::error::{Error, Result, quoted};
use crate::json::Json;

/// A tool that a model may call.
///
/// A tool that its provider runs (a search, a shell), and one that takes text instead of an object, is
/// kept as its provider declares it: the declaration is the [`schema`](Self::schema). It goes to
/// that provider's dialect as it is. Others are not sent a tool that the provider runs; a tool that
/// takes text is theirs as one with the argument `input`.
///
/// ```
/// use partita::Json;
/// use partita::context::Tool;
/// let list = Json::parse(r#"[{"name": "ls", "description": "Lists.", "schema": {"type": "object"}},
///     {"type": "web_search_20250305", "name": "web_search"}]"#)?;
/// let tools = Tool::parse_list(&list)?;
/// assert_eq!((tools[0].name.as_str(), tools[1].name.as_str()), ("ls", "web_search"));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tool {
    /// What the model calls it.
    pub name: String,
    /// What the model is told of it; may be empty.
    pub description: String,
    /// The JSON schema of its arguments, an object; or its provider's declaration.
    pub schema: Json,
    /// What else its declaration holds, such as `strict` or `cache_control`: the API's name and an
    /// object. It goes back to that API alone.
    pub beside: Option<(Dialect, Json)>,
}

impl Tool {
    /// Makes a tool.
    pub fn new(name: impl Into<String>, description: impl Into<String>, schema: Json) -> Self {
        Tool { name: name.into(), description: description.into(), schema, beside: None }
    }

    /// Reads a list of tools: `{name, description, schema}`, with `input_schema` or `parameters`
    /// for the schema, or wrapped as `{type: "function", function: {..}}`; and the tools that a
    /// provider runs, as it declares them.
    ///
    /// # Errors
    /// `Invalid`, naming the tool and what is wrong with it.
    pub fn parse_list(list: &Json) -> Result<Vec<Tool>> {
        let tools = list.as_array().ok_or_else(|| Error::invalid("tools are no JSON array"))?;
        let mut read = Vec::new();
        for (at, tool) in tools.iter().enumerate() {
            let Some(declared) = functions(tool) else {
                read.push(Tool::parse(at, tool)?);
                continue;
            };
            for function in declared {
                read.push(Tool::parse(at, &function_of(function))?);
            }
            // What the provider runs may stand beside them.
            let rest = tool.as_object().unwrap_or_default().iter();
            let rest = rest.filter(|(key, _)| !DECLARATIONS.contains(&key.as_str()));
            let rest = Json::Object(rest.cloned().collect());
            if owner(&rest).is_some() {
                read.push(Tool::parse(at, &rest)?);
            }
        }
        Ok(read)
    }

    fn parse(at: usize, json: &Json) -> Result<Tool> {
        if owner(json).is_some() {
            let inner = json.get("custom").unwrap_or(json);
            let text = |key| inner.get(key).and_then(Json::as_str).filter(|it| !it.is_empty());
            let key =
                json.as_object().and_then(|fields| fields.first()).map(|(key, _)| key.as_str());
            let name = text("name").or(text("server_label")).or(text("type")).or(key);
            let name = name.unwrap_or("tool");
            let description = text("description").unwrap_or_default();
            return Ok(Tool::new(name, description, json.clone()));
        }
        let (json, api) = match json.get("function") {
            Some(function) if function.as_object().is_some() => {
                (function, Some(Dialect::OpenAiChat))
            }
            _ => (json, api_of(json)),
        };
        let name = json.get("name").and_then(Json::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Error::invalid(format!("tool {}: no name", at + 1)))?;
        let fault = |what: &str| Err(Error::invalid(format!("tool {}: {what}", quoted(name))));
        let description = match json.get("description") {
            None | Some(Json::Null) => "",
            Some(Json::String(text)) => text,
            Some(_) => return fault("its description is no text"),
        };
        let mut schemas =
            ["schema", "input_schema", "parameters"].iter().filter_map(|key| json.get(key));
        let schema = match schemas.next() {
            Some(schema) if schema.as_object().is_some() => schema.clone(),
            Some(_) => return fault("its schema is no JSON object"),
            None => return fault("it has no schema"),
        };
        let beside = match json.get("beside") {
            Some(kept) if json.get("schema").is_some() => {
                let kept = kept.as_object().and_then(|kept| kept.first());
                kept.and_then(|(api, fields)| Some((Dialect::from_name(api)?, fields.clone())))
            }
            _ => api.and_then(|api| Some((api, beside(json)?))),
        };
        Ok(Tool { beside, ..Tool::new(name, description, schema) })
    }

    /// Returns it as `{name, description, schema}`, with `beside: {API: {..}}` if it has any, or as its
    /// provider declares it.
    pub fn to_json(&self) -> Json {
        if self.own_dialect().is_some() {
            return self.schema.clone();
        }
        let mut json = Json::object([
            ("name", Json::from(self.name.as_str())),
            ("description", Json::from(self.description.as_str())),
            ("schema", self.schema.clone()),
        ]);
        if let Some((api, fields)) = &self.beside {
            json.set("beside", Json::object([(api.name(), fields.clone())]));
        }
        json
    }

    /// Returns whose tool it is, where its provider's declaration is all that there is.
    pub(super) fn own_dialect(&self) -> Option<Dialect> {
        owner(&self.schema)
    }

    /// Tells whether the host runs it all the same: it takes any text.
    pub(super) fn is_custom(&self) -> bool {
        self.schema.get("type").and_then(Json::as_str) == Some("custom")
    }
}

/// Where Gemini's tools hold the functions that the host runs.
const DECLARATIONS: [&str; 2] = ["functionDeclarations", "function_declarations"];

fn functions(tool: &Json) -> Option<&[Json]> {
    DECLARATIONS.iter().find_map(|key| tool.get(key)?.as_array())
}

/// Makes a function of Gemini's one as others are: its schema is JSON's, or writes its types in
/// capitals, and may be missing.
fn function_of(function: &Json) -> Json {
    let text = |key: &str| function.get(key).cloned().unwrap_or_else(|| Json::from(""));
    let schema = function.get("parametersJsonSchema").cloned();
    let schema = schema.or_else(|| function.get("parameters").map(lowered));
    let schema = schema.unwrap_or_else(|| Json::object([("type", Json::from("object"))]));
    let (name, description) = (text("name"), text("description"));
    let mut made = Json::object([("name", name), ("description", description), ("schema", schema)]);
    if let Some(fields) = beside(function) {
        made.set("beside", Json::object([(Dialect::Gemini.name(), fields)]));
    }
    made
}

/// Fields of a declaration that a tool has a place for.
const TAKEN: [&str; 8] = [
    "name",
    "description",
    "type",
    "schema",
    "input_schema",
    "parameters",
    "parametersJsonSchema",
    "function",
];

/// Returns what a declaration holds beside these; what is null or false says nothing.
fn beside(declared: &Json) -> Option<Json> {
    let fields = declared.as_object()?.iter();
    let fields = fields.filter(|(key, value)| {
        !TAKEN.contains(&key.as_str()) && !matches!(value, Json::Null | Json::Bool(false))
    });
    let fields: Vec<_> = fields.cloned().collect();
    (!fields.is_empty()).then_some(Json::Object(fields))
}

/// Whose declaration of a function it is.
fn api_of(json: &Json) -> Option<Dialect> {
    let is_function = json.get("type").and_then(Json::as_str) == Some("function");
    if json.get("input_schema").is_some() {
        return Some(Dialect::Anthropic);
    }
    (is_function && json.get("parameters").is_some()).then_some(Dialect::OpenAiResponses)
}

/// The fields that an API takes of a function beside those that each has.
///
/// Sources: the request types of the providers' own clients.
pub(super) fn fields_of_tool(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Anthropic => &[
            "cache_control",
            "strict",
            "defer_loading",
            "allowed_callers",
            "input_examples",
            "eager_input_streaming",
        ],
        Dialect::OpenAiChat => &["strict"],
        Dialect::OpenAiResponses => &["strict", "defer_loading"],
        Dialect::Gemini => &["behavior", "response", "responseJsonSchema"],
    }
}

fn lowered(schema: &Json) -> Json {
    match schema {
        Json::Array(items) => Json::Array(items.iter().map(lowered).collect()),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| match value {
                Json::String(kind) if key == "type" => {
                    (key.clone(), Json::from(kind.to_ascii_lowercase()))
                }
                value => (key.clone(), lowered(value)),
            });
            Json::Object(fields.collect())
        }
        value => value.clone(),
    }
}

/// The tools that Gemini runs, each the one field of its declaration.
const GEMINI: [&str; 9] = [
    "googleSearch",
    "googleSearchRetrieval",
    "codeExecution",
    "urlContext",
    "googleMaps",
    "fileSearch",
    "computerUse",
    "enterpriseWebSearch",
    "mcpServers",
];

/// Tells which provider alone has a tool, by its declaration: it has a type and no schema.
pub(super) fn owner(json: &Json) -> Option<Dialect> {
    let schemas = ["schema", "input_schema", "parameters", "function", "properties"];
    if schemas.iter().any(|key| json.get(key).is_some()) {
        return None;
    }
    if GEMINI.iter().any(|key| json.get(key).is_some()) && json.get("type").is_none() {
        return Some(Dialect::Gemini);
    }
    let kind = json.get("type").and_then(Json::as_str)?;
    let dated = kind.rsplit_once('_').is_some_and(|(name, date)| {
        !name.is_empty() && date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit())
    });
    match kind {
        // Types of a JSON schema.
        "object" | "array" | "string" | "number" | "integer" | "boolean" | "null" => None,
        "function" | "" => None,
        "custom" if json.get("custom").is_some_and(|it| it.get("name").is_some()) => {
            Some(Dialect::OpenAiChat)
        }
        "custom" => json.get("name").map(|_| Dialect::OpenAiResponses),
        _ if dated || kind.starts_with("tool_search_tool") || kind == "mcp_toolset" => {
            Some(Dialect::Anthropic)
        }
        _ => Some(Dialect::OpenAiResponses),
    }
}
