//! Each provider's whole documented message goes in and comes out again: every kind of part, each with
//! its optional fields.

use crate::context::{Dialect, RenderOptions};
use crate::interop::messages;
use crate::json::Json;
use proptest::prelude::*;

/// Reads a request's body and writes it again in a dialect.
fn through(body: &Json, dialect: Dialect) -> Json {
    let prompt = messages(body).unwrap().prompt().unwrap();
    let options = RenderOptions::default().with_cache_points(false);
    let request = prompt.render_with(dialect, &options);
    assert!(request.mends.is_empty(), "{:?}", request.mends);
    request.body
}

fn parsed(text: &str) -> Json {
    Json::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Keys in one order, so that bodies compare by what they say.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        Json::Object(fields) => {
            let mut fields: Vec<_> =
                fields.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            fields.sort_by(|one, two| one.0.cmp(&two.0));
            Json::Object(fields)
        }
        value => value.clone(),
    }
}

/// Takes some of the fields of an object, beside those that it must have.
fn some(required: &'static str, optional: &'static [&'static str]) -> BoxedStrategy<String> {
    proptest::sample::subsequence(optional, 0..=optional.len())
        .prop_map(move |chosen| {
            let all: Vec<_> = std::iter::once(required).chain(chosen).collect();
            format!("{{{}}}", all.join(","))
        })
        .boxed()
}

fn list(parts: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec(parts, 1..4).prop_map(|parts| parts.join(","))
}

const ANTHROPIC_RESULTS: &str = r#"[{"type":"text","text":"r"},
    {"type":"image","source":{"type":"url","url":"https://x/a.png"}},
    {"type":"search_result","source":"https://x","title":"T","content":[{"type":"text","text":"f"}]},
    {"type":"document","title":"D","source":{"type":"text","media_type":"text/plain","data":"d"}},
    {"type":"tool_reference","tool_name":"t"}]"#;

fn anthropic_user() -> impl Strategy<Value = String> {
    let optional: &[&str] =
        &[r#""title":"T""#, r#""context":"C""#, r#""citations":{"enabled":true}"#];
    prop_oneof![
        Just(r#"{"type":"text","text":"hi"}"#.to_owned()),
        some(
            r#""type":"document","source":{"type":"base64","media_type":"application/pdf","data":"Zm9v"}"#,
            optional
        ),
        some(
            r#""type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}"#,
            optional
        ),
        some(r#""type":"document","source":{"type":"url","url":"https://x/a.pdf"}"#, optional),
        some(r#""type":"document","source":{"type":"file","file_id":"f"}"#, optional),
        some(
            r#""type":"document","source":{"type":"content","content":[{"type":"text","text":"w"}]}"#,
            optional
        ),
        some(
            r#""type":"image","source":{"type":"base64","media_type":"image/png","data":"Zm9v"}"#,
            &[r#""transformations":{"oversized_image":"error"}"#]
        ),
        some(r#""type":"image","source":{"type":"url","url":"https://x/a.png"}"#, &[]),
        some(r#""type":"image","source":{"type":"file","file_id":"f"}"#, &[]),
        some(
            r#""type":"search_result","source":"https://x","title":"T","content":[{"type":"text","text":"f"}]"#,
            &[r#""citations":{"enabled":true}"#]
        ),
        some(r#""type":"container_upload","file_id":"f""#, &[]),
    ]
}

fn anthropic_model() -> impl Strategy<Value = String> {
    let citations = r#""citations":[{"type":"web_search_result_location","url":"https://x","title":"T","encrypted_index":"e","cited_text":"c"}]"#;
    let caller = r#""caller":{"type":"direct"}"#;
    prop_oneof![
        Just(r#"{"type":"thinking","thinking":"hm","signature":"s"}"#.to_owned()),
        Just(r#"{"type":"redacted_thinking","data":"x"}"#.to_owned()),
        Just(format!(r#"{{"type":"text","text":"said",{citations}}}"#)),
        Just(r#"{"type":"text","text":"said"}"#.to_owned()),
        Just(format!(
            r#"{{"type":"server_tool_use","id":"ID","name":"web_search","input":{{"query":"q"}},{caller}}},{{"type":"web_search_tool_result","tool_use_id":"ID",{caller},"content":[{{"type":"web_search_result","url":"https://x","title":"T","encrypted_content":"e","page_age":null}}]}}"#
        )),
        Just(r#"{"type":"server_tool_use","id":"ID","name":"code_execution","input":{"code":"1"}},{"type":"code_execution_tool_result","tool_use_id":"ID","content":{"type":"code_execution_result","stdout":"1","stderr":"","return_code":0,"content":[{"type":"code_execution_output","file_id":"f"}]}}"#.to_owned()),
        Just(r#"{"type":"mcp_tool_use","id":"ID","name":"n","server_name":"s","input":{}},{"type":"mcp_tool_result","tool_use_id":"ID","is_error":false,"content":[{"type":"text","text":"t"}]}"#.to_owned()),
    ]
}

#[test]
fn anthropics_whole_message_comes_back_to_it() {
    let config = ProptestConfig::with_cases(300);
    proptest!(config, |(user in list(anthropic_user()), model in list(anthropic_model()), caller in any::<bool>())| {
        let mut numbered = String::new();
        for (at, piece) in model.split_inclusive("\"ID\"").enumerate() {
            // A use and its result bear one id.
            numbered.push_str(&piece.replace("\"ID\"", &format!("\"srv{}\"", at / 2)));
        }
        let caller = if caller { r#","caller":{"type":"direct"}"# } else { "" };
        let body = parsed(&format!(
            r#"{{"tools":[{{"name":"t","description":"d","input_schema":{{"type":"object"}}}},{{"type":"web_search_20250305","name":"web_search","max_uses":3}}],
            "system":[{{"type":"text","text":"s"}}],
            "messages":[{{"role":"user","content":[{user}]}},
            {{"role":"assistant","content":[{numbered},{{"type":"tool_use","id":"c","name":"t","input":{{"a":1}}{caller}}}]}},
            {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c","content":{ANTHROPIC_RESULTS},"is_error":true}},{{"type":"text","text":"go"}}]}}]}}"#
        ));
        let sent = through(&body, Dialect::Anthropic);
        prop_assert_eq!(sorted(&sent).to_string(), sorted(&body).to_string());
    });
}

fn chat_user() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"{"type":"text","text":"hi"}"#.to_owned()),
        Just(r#"{"type":"image_url","image_url":{"url":"https://x/a.png"}}"#.to_owned()),
        Just(r#"{"type":"image_url","image_url":{"url":"https://x/a.png","detail":"low"}}"#.to_owned()),
        Just(r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,Zm9v","detail":"high"}}"#.to_owned()),
        Just(r#"{"type":"input_audio","input_audio":{"data":"Zm9v","format":"mp3"}}"#.to_owned()),
        Just(r#"{"type":"file","file":{"file_id":"f"}}"#.to_owned()),
        Just(r#"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,Zm9v"}}"#.to_owned()),
        Just(r#"{"type":"file","file":{"filename":"a.csv","file_data":"data:text/csv;base64,Zm9v"}}"#.to_owned()),
    ]
}

#[test]
fn chats_whole_message_comes_back_to_it() {
    proptest!(ProptestConfig::with_cases(200), |(user in list(chat_user()), audio in any::<bool>())| {
        let said = if audio {
            r#"{"role":"assistant","content":null,"audio":{"id":"audio_1"}}"#
        } else {
            r#"{"role":"assistant","content":[{"type":"text","text":"Well."},{"type":"refusal","refusal":"No."}]}"#
        };
        let body = parsed(&format!(
            r#"{{"tools":[{{"type":"custom","custom":{{"name":"sh","description":"d"}}}},
            {{"type":"function","function":{{"name":"f","parameters":{{"type":"object"}}}}}}],
            "messages":[{{"role":"system","content":"s"}},
            {{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"https://x/z.png"}}}},{user}]}},
            {{"role":"assistant","content":null,"tool_calls":[{{"id":"c","type":"custom","custom":{{"name":"sh","input":"ls -l"}}}},
            {{"id":"d","type":"function","function":{{"name":"f","arguments":"{{\"a\": 1}}"}}}}]}},
            {{"role":"tool","tool_call_id":"c","content":"one"}},{{"role":"tool","tool_call_id":"d","content":"two"}},
            {said},{{"role":"user","content":"go"}}]}}"#
        ));
        let sent = through(&body, Dialect::OpenAiChat);
        prop_assert_eq!(sorted(&sent).to_string(), sorted(&body).to_string());
    });
}

fn responses_user() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"{"type":"input_text","text":"hi"}"#.to_owned()),
        some(r#""type":"input_image","image_url":"https://x/a.png","detail":"auto""#, &[]),
        some(
            r#""type":"input_image","image_url":"data:image/png;base64,Zm9v","detail":"low""#,
            &[]
        ),
        some(r#""type":"input_image","file_id":"f","detail":"high""#, &[]),
        some(r#""type":"input_file","file_id":"f""#, &[r#""filename":"a""#]),
        some(r#""type":"input_file","file_url":"https://x/a.pdf""#, &[r#""filename":"a""#]),
        some(
            r#""type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,Zm9v""#,
            &[]
        ),
        some(
            r#""type":"input_file","filename":"a.txt","file_data":"data:text/plain;base64,Zm9v""#,
            &[]
        ),
    ]
}

fn responses_model() -> impl Strategy<Value = String> {
    let done = r#""status":"completed""#;
    prop_oneof![
        some(r#""type":"message","role":"assistant","content":"said""#, &[r#""phase":"commentary""#]),
        some(r#""type":"message","id":"msg_ID","role":"assistant","status":"completed","content":[{"type":"output_text","text":"a","annotations":[{"type":"url_citation","url":"https://x","title":"T","start_index":0,"end_index":1}]},{"type":"refusal","refusal":"no"}]"#,
            &[r#""phase":"final_answer""#]),
        some(r#""type":"web_search_call","id":"ws_ID","status":"completed","action":{"type":"search","query":"q","sources":[{"type":"url","url":"https://x"}]}"#, &[]),
        some(r#""type":"file_search_call","id":"fs_ID","status":"completed","queries":["q"],"results":null"#, &[]),
        some(r#""type":"code_interpreter_call","id":"ci_ID","status":"completed","code":"1","container_id":"k","outputs":[{"type":"logs","logs":"1"}]"#, &[]),
        some(r#""type":"image_generation_call","id":"ig_ID","status":"completed","result":"Zm9v""#, &[r#""revised_prompt":"p""#]),
        some(r#""type":"mcp_list_tools","id":"ml_ID","server_label":"s","tools":[{"name":"n","input_schema":{"type":"object"}}]"#, &[]),
        some(r#""type":"mcp_call","id":"mc_ID","server_label":"s","name":"n","arguments":"{}","output":"o""#, &[r#""error":null"#]),
        some(r#""type":"tool_search_call","id":"ts_ID","call_id":null,"execution":"server","status":"completed","arguments":{}"#, &[]),
        some(r#""type":"item_reference","id":"msg_0""#, &[]),
        Just(format!(r#"{{"type":"computer_call","id":"cc_ID","call_id":"x_ID",{done},"pending_safety_checks":[],"action":{{"type":"click","button":"left","x":1,"y":2}}}},{{"type":"computer_call_output","call_id":"x_ID","output":{{"type":"computer_screenshot","image_url":"https://x/s.png"}},"acknowledged_safety_checks":[]}}"#)),
        Just(format!(r#"{{"type":"local_shell_call","id":"ls_ID","call_id":"y_ID",{done},"action":{{"type":"exec","command":["ls"],"env":{{}}}}}},{{"type":"local_shell_call_output","id":"y_ID","output":"o"}}"#)),
        Just(format!(r#"{{"type":"shell_call","id":"sh_ID","call_id":"z_ID",{done},"action":{{"commands":["ls"]}}}},{{"type":"shell_call_output","call_id":"z_ID","output":[{{"stdout":"o","stderr":"","outcome":{{"type":"exit","exit_code":0}}}}]}}"#)),
        Just(format!(r#"{{"type":"apply_patch_call","id":"ap_ID","call_id":"w_ID",{done},"operation":{{"type":"create_file","path":"a","diff":"+a"}}}},{{"type":"apply_patch_call_output","call_id":"w_ID",{done},"output":"o"}}"#)),
        Just(r#"{"type":"custom_tool_call","id":"ct_ID","call_id":"v_ID","name":"sh","input":"ls"},{"type":"custom_tool_call_output","call_id":"v_ID","output":"o"}"#.to_owned()),
        Just(r#"{"type":"mcp_approval_request","id":"ma_ID","server_label":"s","name":"n","arguments":"{}"},{"type":"mcp_approval_response","approval_request_id":"ma_ID","approve":true}"#.to_owned()),
        Just(r#"{"type":"tool_search_call","id":"tc_ID","call_id":"u_ID","execution":"client","status":"completed","arguments":{}},{"type":"tool_search_output","call_id":"u_ID","execution":"client","tools":[]}"#.to_owned()),
    ]
}

#[test]
fn responses_whole_input_comes_back_to_it() {
    let config = ProptestConfig::with_cases(300);
    proptest!(config, |(user in list(responses_user()), model in proptest::collection::vec(responses_model(), 1..6), namespace in any::<bool>())| {
        let model: Vec<String> = model
            .iter()
            .enumerate()
            .map(|(at, items)| items.replace("_ID", &format!("_{at}")))
            .collect();
        let model = model.join(",");
        let namespace = if namespace { r#","namespace":"ns""# } else { "" };
        let body = parsed(&format!(
            r#"{{"tools":[{{"type":"custom","name":"apply_patch","format":{{"type":"grammar","syntax":"lark","definition":"d"}}}},{{"type":"web_search"}},
            {{"type":"function","name":"f","parameters":{{"type":"object"}},"strict":false}}],
            "instructions":"i","input":[{{"type":"message","role":"user","content":[{user}]}},
            {{"type":"reasoning","id":"rs","summary":[{{"type":"summary_text","text":"t"}}],"encrypted_content":"e"}},
            {{"type":"function_call","call_id":"c","name":"f","arguments":"{{}}"{namespace}}},
            {{"type":"function_call_output","call_id":"c","output":[{{"type":"input_text","text":"o"}},{{"type":"input_image","detail":"auto","image_url":"https://x/b.png"}}]}},
            {model},{{"type":"message","role":"user","content":[{{"type":"input_text","text":"go"}}]}}]}}"#
        ));
        let sent = through(&body, Dialect::OpenAiResponses);
        prop_assert_eq!(sorted(&sent).to_string(), sorted(&body).to_string());
    });
}

#[test]
fn an_image_by_address_without_detail_is_sent_with_the_default() {
    let body = parsed(
        r#"{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_image","image_url":"https://x/a.png"}]}]}"#,
    );
    let sent = through(&body, Dialect::OpenAiResponses).to_string();
    assert!(sent.contains(r#""image_url":"https://x/a.png","detail":"auto""#), "{sent}");
}

fn gemini_user() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"{"text":"hi"}"#.to_owned()),
        some(
            r#""inlineData":{"mimeType":"image/png","data":"Zm9v"}"#,
            &[r#""mediaResolution":{"level":"MEDIA_RESOLUTION_LOW"}"#]
        ),
        some(
            r#""inlineData":{"mimeType":"video/mp4","data":"Zm9v"}"#,
            &[r#""videoMetadata":{"fps":2}"#]
        ),
        some(r#""inlineData":{"mimeType":"image/png","data":"Zm9v","displayName":"a"}"#, &[]),
        some(r#""fileData":{"mimeType":"image/png","fileUri":"https://x/a.png"}"#, &[]),
        some(r#""fileData":{"fileUri":"https://x/files/1"}"#, &[]),
    ]
}

fn gemini_model() -> impl Strategy<Value = String> {
    let signed: &[&str] = &[r#""thoughtSignature":"c2ln""#];
    prop_oneof![
        some(r#""text":"said""#, signed),
        some(r#""text":"hm","thought":true"#, signed),
        some(r#""text":"","thoughtSignature":"c2ln""#, &[]),
        some(r#""functionCall":{"id":"ID","name":"t","args":{"a":1}}"#, signed),
        some(r#""functionCall":{"name":"t","args":{}}"#, signed),
        some(r#""inlineData":{"mimeType":"image/png","data":"Zm9v"}"#, signed),
        some(r#""executableCode":{"language":"PYTHON","code":"1"}"#, signed),
        some(r#""codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}"#, signed),
        some(r#""toolCall":{"id":"s","toolType":"GOOGLE_SEARCH","args":{}}"#, signed),
    ]
}

/// The response to each call of a content, some of them with more than a text.
fn responses_to(parts: &[String]) -> Vec<String> {
    let calls = parts.iter().filter(|part| part.contains("functionCall")).enumerate();
    calls
        .map(|(at, part)| {
            let id = part.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let id = id.map(|id| format!(r#""id":"{id}","#)).unwrap_or_default();
            let more = match at % 4 {
                0 => r#""response":{"output":"done"}"#,
                1 => r#""response":{"error":"no"}"#,
                2 => r#""response":{"temperature":1.50,"unit":"C"},"scheduling":"SILENT""#,
                _ => {
                    r#""response":{"output":"see"},"parts":[{"inlineData":{"mimeType":"image/png","data":"Zm9v"}}]"#
                }
            };
            format!(r#"{{"functionResponse":{{{id}"name":"t",{more}}}}}"#)
        })
        .collect()
}

#[test]
fn geminis_whole_content_comes_back_to_it() {
    let model = proptest::collection::vec(gemini_model(), 1..7);
    proptest!(ProptestConfig::with_cases(300), |(user in list(gemini_user()), model in model)| {
        let model: Vec<String> = model
            .iter()
            .enumerate()
            .map(|(at, part)| part.replace("\"ID\"", &format!("\"c{at}\"")))
            .collect();
        let mut next = responses_to(&model);
        next.push(r#"{"text":"go"}"#.to_owned());
        let body = parsed(&format!(
            r#"{{"tools":[{{"functionDeclarations":[{{"name":"t","description":"d","parametersJsonSchema":{{"type":"object"}}}}]}},{{"googleSearch":{{}}}}],
            "systemInstruction":{{"parts":[{{"text":"s"}}]}},
            "contents":[{{"role":"user","parts":[{{"text":"begin"}},{user}]}},{{"role":"model","parts":[{}]}},
            {{"role":"user","parts":[{}]}}]}}"#,
            model.join(","),
            next.join(","),
        ));
        let sent = through(&body, Dialect::Gemini);
        prop_assert_eq!(sorted(&sent).to_string(), sorted(&body).to_string());
    });
}
