//! What only its provider understands, as templates: `W` is a word of the block's own, `ID` an id.
//!
//! Each row is one or two blocks, which stand side by side.

/// A provider's name, and blocks of it.
pub(super) type Row = (&'static str, &'static [&'static str]);

/// What stands in a user's message.
pub(super) const OF_USERS: &[Row] = &[
    ("anthropic", &[r#"{"type":"text","text":"W","cache_control":{"type":"ephemeral"}}"#]),
    (
        "anthropic",
        &[r#"{"type":"text","text":"W","cache_control":{"type":"ephemeral","ttl":"1h"}}"#],
    ),
    ("anthropic", &[r#"{"type":"image","source":{"type":"url","url":"https://x/W.png"}}"#]),
    ("anthropic", &[r#"{"type":"image","source":{"type":"file","file_id":"W"}}"#]),
    (
        "anthropic",
        &[
            r#"{"type":"document","title":"W","context":"W","citations":{"enabled":true},"source":{"type":"text","media_type":"text/plain","data":"W"}}"#,
        ],
    ),
    ("anthropic", &[r#"{"type":"document","source":{"type":"url","url":"https://x/W.pdf"}}"#]),
    ("anthropic", &[r#"{"type":"document","title":"W","source":{"type":"file","file_id":"W"}}"#]),
    (
        "anthropic",
        &[
            r#"{"type":"document","title":"W","source":{"type":"base64","media_type":"application/pdf","data":"W"}}"#,
        ],
    ),
    (
        "anthropic",
        &[
            r#"{"type":"document","source":{"type":"content","content":[{"type":"text","text":"W"},{"type":"image","source":{"type":"url","url":"https://x/W.png"}}]}}"#,
        ],
    ),
    (
        "anthropic",
        &[
            r#"{"type":"search_result","source":"https://x/W","title":"W","content":[{"type":"text","text":"W"},{"type":"text","text":"W"}]}"#,
        ],
    ),
    ("anthropic", &[r#"{"type":"container_upload","file_id":"W"}"#]),
    (
        "openai-chat",
        &[r#"{"type":"image_url","image_url":{"url":"https://x/W.png","detail":"low"}}"#],
    ),
    ("openai-chat", &[r#"{"type":"image_url","image_url":{"url":"https://x/W"}}"#]),
    ("openai-chat", &[r#"{"type":"image_url","image_url":{"url":"data:image/bmp;base64,W"}}"#]),
    ("openai-chat", &[r#"{"type":"file","file":{"file_id":"W"}}"#]),
    (
        "openai-chat",
        &[
            r#"{"type":"file","file":{"filename":"W.pdf","file_data":"data:application/pdf;base64,W"}}"#,
        ],
    ),
    ("openai-chat", &[r#"{"type":"input_audio","input_audio":{"data":"W","format":"flac"}}"#]),
    (
        "openai-responses",
        &[r#"{"type":"input_image","image_url":"https://x/W.webp","detail":"high"}"#],
    ),
    ("openai-responses", &[r#"{"type":"input_image","file_id":"W"}"#]),
    ("openai-responses", &[r#"{"type":"input_file","file_id":"W"}"#]),
    ("openai-responses", &[r#"{"type":"input_file","file_url":"https://x/W.pdf"}"#]),
    (
        "openai-responses",
        &[
            r#"{"type":"input_file","filename":"W.pdf","file_data":"data:application/pdf;base64,W"}"#,
        ],
    ),
    ("gemini", &[r#"{"fileData":{"fileUri":"https://x/W.png","mimeType":"image/png"}}"#]),
    ("gemini", &[r#"{"fileData":{"fileUri":"https://x/files/W"}}"#]),
    ("gemini", &[r#"{"inlineData":{"mimeType":"application/pdf","data":"W","displayName":"W"}}"#]),
    (
        "gemini",
        &[r#"{"inlineData":{"mimeType":"video/mp4","data":"W"},"videoMetadata":{"fps":2}}"#],
    ),
    ("other", &[r#"{"type":"text","text":"W"}"#]),
    ("other", &[r#"{"custom":"W"}"#]),
];

/// What stands in a model's turn.
pub(super) const OF_MODELS: &[Row] = &[
    ("anthropic", &[r#"{"type":"redacted_thinking","data":"W"}"#]),
    ("anthropic", &[r#"{"type":"thinking","thinking":"W","signature":"W"}"#]),
    ("anthropic", &[r#"{"type":"compaction","content":"W"}"#]),
    (
        "anthropic",
        &[
            r#"{"type":"server_tool_use","id":"ID","name":"web_search","input":{"query":"W"}}"#,
            r#"{"type":"web_search_tool_result","tool_use_id":"ID","content":[{"type":"web_search_result","url":"https://x/W","title":"W","encrypted_content":"W","page_age":null}]}"#,
        ],
    ),
    (
        "anthropic",
        &[
            r#"{"type":"server_tool_use","id":"ID","name":"code_execution","input":{"code":"W"}}"#,
            r#"{"type":"code_execution_tool_result","tool_use_id":"ID","content":{"type":"code_execution_result","stdout":"W","stderr":"W","return_code":0,"content":[]}}"#,
        ],
    ),
    (
        "anthropic",
        &[
            r#"{"type":"mcp_tool_use","id":"ID","name":"n","server_name":"s","input":{"a":"W"}}"#,
            r#"{"type":"mcp_tool_result","tool_use_id":"ID","is_error":false,"content":[{"type":"text","text":"W"}]}"#,
        ],
    ),
    (
        "anthropic",
        &[r#"{"type":"server_tool_use","id":"ID","name":"web_search","input":{"query":"W"}}"#],
    ),
    ("openai-chat", &[r#"{"type":"refusal","refusal":"W"}"#]),
    ("openai-chat", &[r#"{"type":"audio","audio":{"id":"W","transcript":"W"}}"#]),
    (
        "openai-responses",
        &[
            r#"{"type":"reasoning","id":"ID","summary":[{"type":"summary_text","text":"W"}],"encrypted_content":"W"}"#,
        ],
    ),
    (
        "openai-responses",
        &[r#"{"type":"reasoning","id":"ID","summary":[{"type":"summary_text","text":"W"}]}"#],
    ),
    (
        "openai-responses",
        &[
            r#"{"type":"web_search_call","id":"ID","status":"completed","action":{"type":"search","query":"W"}}"#,
        ],
    ),
    (
        "openai-responses",
        &[
            r#"{"type":"file_search_call","id":"ID","status":"completed","queries":["W"],"results":null}"#,
        ],
    ),
    (
        "openai-responses",
        &[
            r#"{"type":"code_interpreter_call","id":"ID","status":"completed","code":"W","container_id":"k","outputs":[{"type":"logs","logs":"W"}]}"#,
        ],
    ),
    (
        "openai-responses",
        &[
            r#"{"type":"mcp_call","id":"ID","server_label":"s","name":"n","arguments":"{}","output":"W"}"#,
        ],
    ),
    ("openai-responses", &[r#"{"type":"refusal","refusal":"W"}"#]),
    ("openai-responses", &[r#"{"type":"compaction","id":"ID","encrypted_content":"W"}"#]),
    ("openai-responses", &[r#"{"type":"item_reference","id":"ID"}"#]),
    (
        "openai-responses",
        &[
            r#"{"type":"local_shell_call","id":"ID","call_id":"ID","status":"completed","action":{"type":"exec","command":["W"],"env":{}}}"#,
        ],
    ),
    ("gemini", &[r#"{"text":"","thoughtSignature":"W"}"#]),
    ("gemini", &[r#"{"executableCode":{"language":"PYTHON","code":"W"}}"#]),
    ("gemini", &[r#"{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"W"}}"#]),
    ("gemini", &[r#"{"toolCall":{"id":"ID","toolType":"URL_CONTEXT","args":{"q":"W"}}}"#]),
    ("other", &[r#"{"type":"thought","text":"W"}"#]),
];

/// What a tool returned.
pub(super) const OF_RESULTS: &[Row] = &[
    ("anthropic", &[r#"{"type":"image","source":{"type":"url","url":"https://x/W.png"}}"#]),
    (
        "anthropic",
        &[
            r#"{"type":"document","title":"W","source":{"type":"text","media_type":"text/plain","data":"W"}}"#,
        ],
    ),
    (
        "anthropic",
        &[
            r#"{"type":"search_result","source":"https://x/W","title":"W","content":[{"type":"text","text":"W"}]}"#,
        ],
    ),
    ("anthropic", &[r#"{"type":"tool_reference","tool_name":"W"}"#]),
    (
        "openai-responses",
        &[r#"{"type":"input_image","detail":"auto","image_url":"https://x/W.png"}"#],
    ),
    ("openai-responses", &[r#"{"type":"input_file","file_id":"W"}"#]),
    ("openai-chat", &[r#"{"type":"image_url","image_url":{"url":"https://x/W.png"}}"#]),
    ("gemini", &[r#"{"fileData":{"fileUri":"https://x/W.png","mimeType":"image/png"}}"#]),
    ("gemini", &[r#"{"inlineData":{"mimeType":"image/png","data":"W","displayName":"W"}}"#]),
];

/// Calls of tools that the host runs and only their provider understands, and their outputs.
pub(super) const CALLS: &[(&str, &str, &str)] = &[
    (
        "openai-responses",
        r#"{"type":"custom_tool_call","call_id":"ID","name":"sh","input":"W"}"#,
        r#"{"type":"custom_tool_call_output","call_id":"ID","output":"W"}"#,
    ),
    (
        "openai-responses",
        r#"{"type":"local_shell_call","id":"ls_ID","call_id":"ID","status":"completed","action":{"type":"exec","command":["W"],"env":{}}}"#,
        r#"{"type":"local_shell_call_output","id":"ID","output":"W"}"#,
    ),
    (
        "openai-responses",
        r#"{"type":"shell_call","id":"sh_ID","call_id":"ID","status":"completed","action":{"commands":["W"]}}"#,
        r#"{"type":"shell_call_output","call_id":"ID","output":[{"stdout":"W","stderr":"","outcome":{"type":"exit","exit_code":0}}]}"#,
    ),
    (
        "openai-responses",
        r#"{"type":"apply_patch_call","id":"ap_ID","call_id":"ID","status":"completed","operation":{"type":"create_file","path":"W","diff":"W"}}"#,
        r#"{"type":"apply_patch_call_output","call_id":"ID","status":"completed","output":"W"}"#,
    ),
    (
        "openai-responses",
        r#"{"type":"computer_call","id":"cc_ID","call_id":"ID","status":"completed","pending_safety_checks":[],"action":{"type":"type","text":"W"}}"#,
        r#"{"type":"computer_call_output","call_id":"ID","output":{"type":"computer_screenshot","image_url":"https://x/W.png"},"acknowledged_safety_checks":[]}"#,
    ),
    (
        "openai-responses",
        r#"{"type":"mcp_approval_request","id":"ID","server_label":"s","name":"n","arguments":"{\"a\":\"W\"}"}"#,
        r#"{"type":"mcp_approval_response","approval_request_id":"ID","approve":true,"reason":"W"}"#,
    ),
];

/// Fields that an API has for a text, a call, a medium, a thought, a result: each before such a part.
pub(super) const FIELDS: &[(&str, Target, &str)] = &[
    (
        "anthropic",
        Target::Text,
        r#"{"citations":[{"type":"char_location","cited_text":"W","document_index":0,"document_title":"t","start_char_index":0,"end_char_index":1}]}"#,
    ),
    ("anthropic", Target::Call, r#"{"caller":{"type":"direct"}}"#),
    ("openai-chat", Target::Call, r#"{"custom":true}"#),
    (
        "openai-responses",
        Target::Text,
        r#"{"annotations":[{"type":"url_citation","url":"https://x/W","title":"W","start_index":0,"end_index":1}]}"#,
    ),
    ("openai-responses", Target::Call, r#"{"namespace":"W"}"#),
    ("openai-responses", Target::Result, r#"{"namespace":"W"}"#),
    ("openai-chat", Target::Media, r#"{"detail":"high"}"#),
    ("openai-responses", Target::Media, r#"{"detail":"low"}"#),
    ("gemini", Target::Text, r#"{"thoughtSignature":"W"}"#),
    ("gemini", Target::Call, r#"{"thoughtSignature":"W"}"#),
    ("gemini", Target::Thinking, r#"{"thought":true,"thoughtSignature":"W"}"#),
    ("gemini", Target::Thinking, r#"{"thought":true}"#),
    ("gemini", Target::Media, r#"{"mediaResolution":{"level":"MEDIA_RESOLUTION_MEDIUM"}}"#),
    ("gemini", Target::Result, r#"{"response":"object"}"#),
    ("gemini", Target::Result, r#"{"parts":true}"#),
    ("gemini", Target::Result, r#"{"scheduling":"SILENT"}"#),
];

/// What fields stand before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Text,
    Call,
    Result,
    Media,
    Thinking,
}

/// Tools that their provider runs, and those that take text.
pub(super) const TOOLS: &[&str] = &[
    r#"{"type":"web_search_20250305","name":"web_search","max_uses":3}"#,
    r#"{"type":"web_search","search_context_size":"low"}"#,
    r#"{"type":"custom","name":"sh","description":"W"}"#,
    r#"{"type":"custom","custom":{"name":"shell","description":"W"}}"#,
    r#"{"googleSearch":{}}"#,
    r#"{"type":"mcp","server_label":"d","server_url":"https://x/W"}"#,
];
