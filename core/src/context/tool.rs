//! Tools: what a model may call, as a host describes it.

use crate::error::{Error, Result};
use crate::json::Json;

/// A tool that a model may call.
///
/// ```
/// use partita::{Json, Tool};
/// let list = Json::parse(r#"[{"name": "ls", "description": "Lists.", "schema": {"type": "object"}}]"#)?;
/// assert_eq!(Tool::parse_list(&list)?[0].name, "ls");
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tool {
    /// What the model calls it.
    pub name: String,
    /// What the model is told of it; may be empty.
    pub description: String,
    /// The JSON schema of its arguments, an object.
    pub schema: Json,
}

impl Tool {
    /// Makes a tool.
    pub fn new(name: impl Into<String>, description: impl Into<String>, schema: Json) -> Self {
        Tool { name: name.into(), description: description.into(), schema }
    }

    /// Reads a list of tools: `{name, description, schema}`, with `input_schema` or `parameters`
    /// for the schema, or wrapped as `{type: "function", function: {..}}`.
    ///
    /// # Errors
    /// `Invalid`, naming the tool and what is wrong with it.
    pub fn parse_list(list: &Json) -> Result<Vec<Tool>> {
        let tools = list.as_array().ok_or_else(|| Error::invalid("tools are no JSON array"))?;
        tools.iter().enumerate().map(|(at, tool)| Tool::parse(at, tool)).collect()
    }

    fn parse(at: usize, json: &Json) -> Result<Tool> {
        let json = match json.get("function") {
            Some(function) if function.as_object().is_some() => function,
            _ => json,
        };
        let name = json.get("name").and_then(Json::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Error::invalid(format!("tool {}: no name", at + 1)))?;
        let fault = |what: &str| Err(Error::invalid(format!("tool {name:.80?}: {what}")));
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
        Ok(Tool { name: name.to_owned(), description: description.to_owned(), schema })
    }

    /// Returns it as `{name, description, schema}`.
    pub fn to_json(&self) -> Json {
        Json::object([
            ("name", Json::from(self.name.as_str())),
            ("description", Json::from(self.description.as_str())),
            ("schema", self.schema.clone()),
        ])
    }
}
