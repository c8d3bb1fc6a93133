//! Samples of formats that are nobody's API: one or more of each, made to hold what real ones hold.

use super::Format;

/// Documents.
pub(super) const DOCUMENTS: [(Format, &str, &str); 11] = [
    (
        Format::Atif,
        "atif",
        r#"{"schema_version":"ATIF-v1.4","session_id":"s-1","agent":{"name":"terminus","version":"2","model_name":"claude-x","tool_definitions":[{"type":"function","function":{"name":"ls","description":"Lists","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}}]},"steps":[{"step_id":1,"source":"system","message":"Be brief."},{"step_id":2,"source":"user","message":[{"type":"text","text":"What is on it?"},{"type":"image","source":{"media_type":"image/png","path":"data:image/png;base64,Zm9v"}}],"timestamp":"2026-01-01T00:00:00Z"},{"step_id":3,"source":"agent","message":"I look.","timestamp":"2026-01-01T00:00:01Z","reasoning_content":"First the directory.","tool_calls":[{"tool_call_id":"c1","function_name":"ls","arguments":{"path":"."}},{"tool_call_id":"c2","function_name":"ls","arguments":{"path":"/"}}],"observation":{"results":[{"source_call_id":"c1","content":"a.txt"},{"source_call_id":"c2","content":[{"type":"text","text":"etc"}]}]},"metrics":{"prompt_tokens":10,"completion_tokens":2,"cached_tokens":4}},{"step_id":4,"source":"agent","message":"One file.","timestamp":"2026-01-01T00:00:02Z"}]}"#,
    ),
    (
        Format::OpenCode,
        "opencode",
        r#"{"info":{"id":"ses_1","title":"t","version":"1.0.0","directory":"/w","projectID":"p","time":{"created":1767225600000,"updated":1767225605000}},"messages":[{"info":{"id":"msg_1","role":"user","sessionID":"ses_1","time":{"created":1767225600000},"system":"Be brief.","agent":"build","model":{"providerID":"anthropic","modelID":"claude-x"}},"parts":[{"id":"prt_1","type":"text","text":"What is on it?","messageID":"msg_1","sessionID":"ses_1"},{"id":"prt_2","type":"file","mime":"image/png","filename":"a.png","url":"data:image/png;base64,Zm9v","messageID":"msg_1","sessionID":"ses_1"}]},{"info":{"id":"msg_2","role":"assistant","sessionID":"ses_1","time":{"created":1767225601000,"completed":1767225604000},"modelID":"claude-x","providerID":"anthropic","cost":0.1,"finish":"stop","tokens":{"input":10,"output":2,"reasoning":1,"cache":{"read":4,"write":3}}},"parts":[{"id":"p1","type":"step-start","messageID":"msg_2","sessionID":"ses_1"},{"id":"p3","type":"reasoning","text":"First the directory.","metadata":{"anthropic":{"signature":"sig-oc-1"}},"time":{"start":1,"end":2}},{"id":"p4","type":"tool","callID":"c1","tool":"bash","state":{"status":"completed","input":{"command":"ls"},"output":"a.txt","title":"ls","metadata":{},"time":{"start":1767225601000,"end":1767225602000}}},{"id":"p5","type":"tool","callID":"c2","tool":"read","state":{"status":"error","input":{"path":"b"},"error":"no such file","time":{"start":1767225601000,"end":1767225602500}}},{"id":"p6","type":"step-finish","reason":"tool-calls","tokens":{"input":6,"output":1,"reasoning":1,"cache":{"read":4,"write":3}}},{"id":"p7","type":"step-start"},{"id":"p8","type":"text","text":"One file."},{"id":"p9","type":"step-finish","reason":"stop","tokens":{"input":4,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}]}]}"#,
    ),
    (
        Format::OpenHandsV0,
        "openhands-v0",
        r#"[{"id":0,"timestamp":"2026-01-01T00:00:00","source":"agent","message":"","action":"system","args":{"content":"Be brief.","tools":[{"type":"function","function":{"name":"execute_bash","parameters":{"type":"object"}}}]}},{"id":1,"timestamp":"2026-01-01T00:00:00","source":"user","message":"What is on it?","action":"message","args":{"content":"What is on it?","image_urls":["data:image/png;base64,Zm9v"],"wait_for_response":false}},{"id":2,"timestamp":"2026-01-01T00:00:00","source":"user","action":"recall","args":{"query":"x"}},{"id":3,"timestamp":"2026-01-01T00:00:00","source":"environment","cause":2,"observation":"recall","content":"","extras":{}},{"id":4,"timestamp":"2026-01-01T00:00:01","source":"agent","message":"Running command: ls","action":"run","args":{"command":"ls","thought":"I look.","is_input":false},"llm_metrics":{"token_usages":[{"response_id":"r1","model":"claude-x","prompt_tokens":10,"completion_tokens":2,"cache_read_tokens":4,"cache_write_tokens":0}]},"tool_call_metadata":{"function_name":"execute_bash","tool_call_id":"c1","total_calls_in_response":2,"model_response":{"id":"r1","model":"claude-x","choices":[{"message":{"role":"assistant","content":"I look.","reasoning_content":"First the directory.","tool_calls":[{"id":"c1","type":"function","function":{"name":"execute_bash","arguments":"{\"command\": \"ls\"}"}},{"id":"c2","type":"function","function":{"name":"execute_bash","arguments":"{\"command\": \"pwd\"}"}}]}}]}}},{"id":5,"timestamp":"2026-01-01T00:00:01","source":"agent","action":"run","args":{"command":"pwd","thought":""},"tool_call_metadata":{"function_name":"execute_bash","tool_call_id":"c2","total_calls_in_response":2,"model_response":{"id":"r1","model":"claude-x","choices":[]}}},{"id":6,"timestamp":"2026-01-01T00:00:02","source":"agent","message":"Command executed","cause":4,"observation":"run","content":"a.txt","extras":{"command":"ls","metadata":{"exit_code":0}},"tool_call_metadata":{"function_name":"execute_bash","tool_call_id":"c1","total_calls_in_response":2},"success":true},{"id":7,"timestamp":"2026-01-01T00:00:02","source":"agent","cause":5,"observation":"run","content":"/w","extras":{"command":"pwd"},"tool_call_metadata":{"function_name":"execute_bash","tool_call_id":"c2","total_calls_in_response":2},"success":true},{"id":8,"timestamp":"2026-01-01T00:00:03","source":"agent","action":"read","args":{"path":"b","thought":""}},{"id":9,"timestamp":"2026-01-01T00:00:03","source":"agent","cause":8,"observation":"error","content":"no such file","extras":{}},{"id":10,"timestamp":"2026-01-01T00:00:04","source":"agent","message":"done","action":"finish","args":{"final_thought":"One file.","outputs":{}}}]"#,
    ),
    (
        Format::Amp,
        "amp",
        r#"{"v":3,"id":"T-1","created":1767225600000,"title":"t","messages":[{"role":"user","messageId":0,"content":[{"type":"text","text":"What is on it?"},{"type":"image","source":{"type":"base64","mediaType":"image/png","data":"Zm9v"}}],"meta":{"sentAt":1767225600000}},{"role":"assistant","messageId":1,"content":[{"type":"thinking","thinking":"First the directory.","signature":"sig-amp-1","provider":"anthropic"},{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"cmd":"ls"},"complete":true}],"state":{"type":"complete","stopReason":"tool_use"},"usage":{"model":"claude-x","inputTokens":10,"outputTokens":2,"cacheReadInputTokens":4,"cacheCreationInputTokens":1}},{"role":"user","messageId":2,"content":[{"type":"tool_result","toolUseID":"toolu_1","run":{"status":"done","result":{"output":"a.txt","exitCode":0}}}]},{"role":"assistant","messageId":3,"content":[{"type":"text","text":"One file."},{"type":"tool_use","id":"toolu_2","name":"Bash","input":{"cmd":"rm a.txt"},"complete":true}],"state":{"type":"complete","stopReason":"tool_use"},"usage":{"model":"claude-x","inputTokens":12,"outputTokens":3}},{"role":"user","messageId":4,"content":[{"type":"tool_result","toolUseID":"toolu_2","run":{"status":"rejected-by-user","reason":"not that"}},{"type":"text","text":"Leave it."}]}]}"#,
    ),
    (
        Format::Vercel,
        "vercel-model",
        r#"[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"What is on it?"},{"type":"image","image":"Zm9v","mediaType":"image/png"}]},{"role":"assistant","content":[{"type":"reasoning","text":"First the directory.","providerOptions":{"anthropic":{"signature":"sig-ai-1"}}},{"type":"tool-call","toolCallId":"c1","toolName":"ls","input":{"path":"."}},{"type":"tool-call","toolCallId":"c2","toolName":"cat","input":{"path":"b"}}]},{"role":"tool","content":[{"type":"tool-result","toolCallId":"c1","toolName":"ls","output":{"type":"text","value":"a.txt"}},{"type":"tool-result","toolCallId":"c2","toolName":"cat","output":{"type":"error-text","value":"no such file"}}]},{"role":"assistant","content":"One file."}]"#,
    ),
    (
        Format::Vercel,
        "vercel-ui",
        r#"[{"id":"u1","role":"user","parts":[{"type":"text","text":"What is on it?"},{"type":"file","mediaType":"image/png","url":"data:image/png;base64,Zm9v"}]},{"id":"a1","role":"assistant","metadata":{"model":"x"},"parts":[{"type":"step-start"},{"type":"reasoning","text":"First the directory.","state":"done"},{"type":"tool-ls","toolCallId":"c1","state":"output-available","input":{"path":"."},"output":["a.txt"]},{"type":"dynamic-tool","toolName":"cat","toolCallId":"c2","state":"output-error","input":{"path":"b"},"errorText":"no such file"},{"type":"step-start"},{"type":"text","text":"One file.","state":"done"},{"type":"source-url","sourceId":"1","url":"https://example.com"}]}]"#,
    ),
    (
        Format::LangChain,
        "langchain",
        r#"[{"type":"system","data":{"content":"Be brief.","additional_kwargs":{},"response_metadata":{},"type":"system","name":null,"id":null}},{"type":"human","data":{"content":[{"type":"text","text":"What is on it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,Zm9v"}}],"additional_kwargs":{},"response_metadata":{},"type":"human","name":null,"id":"h1"}},{"type":"ai","data":{"content":[{"type":"thinking","thinking":"First the directory.","signature":"sig-lc-1"},{"type":"text","text":"I look."},{"type":"tool_use","id":"c1","name":"ls","input":{"path":"."}}],"additional_kwargs":{},"response_metadata":{"id":"msg_1","model_name":"claude-x","stop_reason":"tool_use"},"type":"ai","name":null,"id":"run-1","tool_calls":[{"name":"ls","args":{"path":"."},"id":"c1","type":"tool_call"}],"invalid_tool_calls":[],"usage_metadata":{"input_tokens":10,"output_tokens":2,"total_tokens":12,"input_token_details":{"cache_read":4}}}},{"type":"tool","data":{"content":"a.txt","additional_kwargs":{},"response_metadata":{},"type":"tool","name":"ls","id":"t1","tool_call_id":"c1","status":"success"}},{"type":"ai","data":{"content":"One file.","additional_kwargs":{},"response_metadata":{},"type":"ai","name":null,"id":"run-2"}}]"#,
    ),
    (
        Format::LangChain,
        "langchain-dumpd",
        r#"[{"lc":1,"type":"constructor","id":["langchain","schema","messages","SystemMessage"],"kwargs":{"content":"Be brief.","type":"system"}},{"lc":1,"type":"constructor","id":["langchain","schema","messages","HumanMessage"],"kwargs":{"content":"List.","type":"human","id":"h1"}},{"lc":1,"type":"constructor","id":["langchain","schema","messages","AIMessage"],"kwargs":{"content":"","type":"ai","id":"run-1","tool_calls":[{"name":"ls","args":{},"id":"c1","type":"tool_call"}],"invalid_tool_calls":[{"name":"cat","args":"{\"path\": ","id":"c2","error":"cut short","type":"invalid_tool_call"}]}},{"lc":1,"type":"constructor","id":["langchain","schema","messages","ToolMessage"],"kwargs":{"content":"a.txt","type":"tool","tool_call_id":"c1","status":"error"}}]"#,
    ),
    (
        Format::LangChain,
        "langchain-model-dump",
        r#"{"messages":[{"content":"List.","additional_kwargs":{},"response_metadata":{},"type":"human","name":null,"id":"h1"},{"content":[{"type":"thinking","thinking":"First the directory.","signature":"sig-lc-1"},{"type":"text","text":"I look."},{"type":"tool_use","id":"c1","name":"ls","input":{"path":"."}}],"additional_kwargs":{},"response_metadata":{"id":"msg_1","model_name":"claude-x","stop_reason":"tool_use"},"type":"ai","name":null,"id":"run-1","tool_calls":[{"name":"ls","args":{"path":"."},"id":"c1","type":"tool_call"}],"invalid_tool_calls":[],"usage_metadata":{"input_tokens":10,"output_tokens":2,"total_tokens":12,"input_token_details":{"cache_read":4}}},{"content":"a.txt","additional_kwargs":{},"response_metadata":{},"type":"tool","name":"ls","id":"t1","tool_call_id":"c1","artifact":null,"status":"success"}]}"#,
    ),
    (
        Format::Bedrock,
        "bedrock",
        r#"{"modelId":"anthropic.claude-x","system":[{"text":"Be brief."},{"cachePoint":{"type":"default"}}],"messages":[{"role":"user","content":[{"text":"What is on it?"},{"image":{"format":"png","source":{"bytes":"Zm9v"}}}]},{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"First the directory.","signature":"sig-br-1"}}},{"text":"I look."},{"toolUse":{"toolUseId":"c1","name":"ls","input":{"path":"."}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"json":{"files":["a.txt"]}}],"status":"success"}},{"text":"Go on."}]},{"role":"assistant","content":[{"text":"One file."}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"ls","description":"Lists","inputSchema":{"json":{"type":"object","properties":{"path":{"type":"string"}}}}}}]},"inferenceConfig":{"maxTokens":100}}"#,
    ),
    (
        Format::ChatGpt,
        "chatgpt",
        r#"[{"title":"Files","create_time":1767225600.5,"update_time":1767225700.0,"mapping":{"n0":{"id":"n0","parent":null,"children":["n1"],"message":null},"n1":{"id":"n1","parent":"n0","children":["n2"],"message":{"id":"n1","author":{"role":"system","name":null,"metadata":{}},"create_time":null,"update_time":null,"content":{"content_type":"text","parts":["Be brief."]},"status":"finished_successfully","end_turn":null,"weight":1.0,"metadata":{},"recipient":"all"}},"n2":{"id":"n2","parent":"n1","children":["n3","n8"],"message":{"id":"n2","author":{"role":"user","name":null,"metadata":{}},"create_time":1767225601.0,"update_time":null,"content":{"content_type":"multimodal_text","parts":[{"content_type":"image_asset_pointer","asset_pointer":"sediment://file_1","size_bytes":68,"width":1,"height":1},"What is on it?"]},"status":"finished_successfully","end_turn":null,"weight":1.0,"metadata":{},"recipient":"all"}},"n3":{"id":"n3","parent":"n2","children":["n4"],"message":{"id":"n3","author":{"role":"assistant","name":null,"metadata":{}},"create_time":1767225602.0,"update_time":null,"content":{"content_type":"thoughts","thoughts":[{"summary":"Look","content":"First the directory."}]},"status":"finished_successfully","end_turn":null,"weight":1.0,"metadata":{"model_slug":"gpt-x"},"recipient":"all"}},"n4":{"id":"n4","parent":"n3","children":["n5"],"message":{"id":"n4","author":{"role":"assistant","name":null,"metadata":{}},"create_time":1767225603.0,"update_time":null,"content":{"content_type":"code","language":"python","text":"print(1)"},"status":"finished_successfully","end_turn":null,"weight":1.0,"metadata":{"model_slug":"gpt-x"},"recipient":"python"}},"n5":{"id":"n5","parent":"n4","children":["n6"],"message":{"id":"n5","author":{"role":"tool","name":"python","metadata":{}},"create_time":1767225604.0,"update_time":null,"content":{"content_type":"execution_output","text":"1"},"status":"finished_successfully","end_turn":null,"weight":1.0,"metadata":{},"recipient":"all"}},"n6":{"id":"n6","parent":"n5","children":["n7"],"message":{"id":"n6","author":{"role":"assistant","name":null,"metadata":{}},"create_time":1767225605.0,"update_time":null,"content":{"content_type":"text","parts":["One file."]},"status":"finished_successfully","end_turn":null,"weight":1.0,"metadata":{"model_slug":"gpt-x"},"recipient":"all"}},"n7":{"id":"n7","parent":"n6","children":[],"message":{"id":"n7","author":{"role":"user","name":null,"metadata":{}},"create_time":1767225606.0,"update_time":null,"content":{"content_type":"text","parts":["Thanks."]},"status":"finished_successfully","end_turn":null,"weight":1.0,"metadata":{},"recipient":"all"}},"n8":{"id":"n8","parent":"n2","children":[],"message":{"id":"n8","author":{"role":"assistant","name":null,"metadata":{}},"create_time":1767225610.0,"update_time":null,"content":{"content_type":"text","parts":["Another answer."]},"status":"finished_successfully","end_turn":null,"weight":1.0,"metadata":{"model_slug":"gpt-x"},"recipient":"all"}}},"moderation_results":[],"current_node":"n7","conversation_id":"k1","default_model_slug":"gpt-x"}]"#,
    ),
];

/// Lines.
pub(super) const LINES: [(Format, &str, &str); 4] = [
    (
        Format::Pi,
        "pi",
        r#"{"type":"session","version":3,"id":"s1","timestamp":"2026-01-01T00:00:00.000Z","cwd":"/w"}
{"type":"model_change","id":"e0","parentId":null,"timestamp":"2026-01-01T00:00:00.000Z","provider":"anthropic","modelId":"claude-x"}
{"type":"message","id":"e1","parentId":"e0","timestamp":"2026-01-01T00:00:01.000Z","message":{"role":"user","content":[{"type":"text","text":"What is on it?"},{"type":"image","data":"Zm9v","mimeType":"image/png"}],"timestamp":1767225601000}}
{"type":"message","id":"e2","parentId":"e1","timestamp":"2026-01-01T00:00:02.000Z","message":{"role":"assistant","content":[{"type":"thinking","thinking":"First the directory.","thinkingSignature":"sig-pi-1"},{"type":"text","text":"I look."},{"type":"toolCall","id":"c1","name":"bash","arguments":{"command":"ls"}}],"api":"anthropic-messages","provider":"anthropic","model":"claude-x","usage":{"input":10,"output":2,"cacheRead":4,"cacheWrite":0,"totalTokens":16,"cost":{"total":0.1}},"stopReason":"toolUse","timestamp":1767225602000}}
{"type":"message","id":"e3","parentId":"e2","timestamp":"2026-01-01T00:00:03.000Z","message":{"role":"toolResult","toolCallId":"c1","toolName":"bash","content":[{"type":"text","text":"a.txt"}],"isError":false,"timestamp":1767225603000}}
{"type":"message","id":"e4","parentId":"e3","timestamp":"2026-01-01T00:00:04.000Z","message":{"role":"assistant","content":[{"type":"text","text":"One file."}],"api":"anthropic-messages","provider":"anthropic","model":"claude-x","usage":{"input":12,"output":3,"cacheRead":10,"cacheWrite":0},"stopReason":"stop","timestamp":1767225604000}}
{"type":"message","id":"e5","parentId":"e4","timestamp":"2026-01-01T00:00:05.000Z","message":{"role":"user","content":"Not this.","timestamp":1767225605000}}
{"type":"message","id":"e6","parentId":"e4","timestamp":"2026-01-01T00:00:06.000Z","message":{"role":"user","content":"But this.","timestamp":1767225606000}}
{"type":"compaction","id":"e7","parentId":"e6","timestamp":"2026-01-01T00:00:07.000Z","summary":"There is one file.","firstKeptEntryId":"e4","tokensBefore":99}
{"type":"message","id":"e8","parentId":"e7","timestamp":"2026-01-01T00:00:08.000Z","message":{"role":"user","content":"Go on.","timestamp":1767225608000}}
"#,
    ),
    (
        Format::Goose,
        "goose",
        r#"{"working_dir":"/w","description":"List files","message_count":5,"total_tokens":100,"input_tokens":90,"output_tokens":10}
{"id":"m1","role":"user","created":1767225600,"content":[{"type":"text","text":"What is on it?"},{"type":"image","data":"Zm9v","mimeType":"image/png"}]}
{"id":"m2","role":"assistant","created":1767225601,"content":[{"type":"thinking","thinking":"First the directory.","signature":"sig-goose-1"},{"type":"text","text":"I look."},{"type":"toolRequest","id":"c1","toolCall":{"status":"success","value":{"name":"developer__shell","arguments":{"command":"ls"}}}},{"type":"toolRequest","id":"c2","toolCall":{"status":"success","value":{"name":"developer__shell","arguments":{"command":"cat b"}}}}]}
{"id":"m3","role":"user","created":1767225602,"content":[{"type":"toolResponse","id":"c1","toolResult":{"status":"success","value":[{"type":"text","text":"a.txt"}]}},{"type":"toolResponse","id":"c2","toolResult":{"status":"error","error":"no such file"}}]}
{"id":"m4","role":"assistant","created":1767225603,"content":[{"type":"text","text":"One file."}],"metadata":{"userVisible":true,"agentVisible":true}}
{"id":"m5","role":"user","created":1767225604,"content":[{"type":"text","text":"Shown to nobody."}],"metadata":{"userVisible":true,"agentVisible":false}}
"#,
    ),
    (
        Format::Copilot,
        "copilot",
        r#"{"type":"session.start","data":{"sessionId":"s1","version":1,"producer":"copilot-agent","copilotVersion":"0.0.400","selectedModel":"gpt-x","startTime":"2026-01-01T00:00:00Z"},"id":"e0","timestamp":"2026-01-01T00:00:00Z","parentId":null}
{"type":"system.message","data":{"role":"system","content":"Be brief."},"id":"e1","timestamp":"2026-01-01T00:00:00Z","parentId":"e0"}
{"type":"user.message","data":{"content":"What is on it?","attachments":[{"type":"blob","mimeType":"image/png","data":"Zm9v"}]},"id":"e2","timestamp":"2026-01-01T00:00:01Z","parentId":"e1"}
{"type":"assistant.turn_start","data":{"turnId":"0"},"id":"e3","timestamp":"2026-01-01T00:00:01Z","parentId":"e2"}
{"type":"assistant.message","data":{"messageId":"m1","content":"","reasoningText":"First the directory.","outputTokens":7,"toolRequests":[{"toolCallId":"c1","name":"bash","arguments":{"command":"ls"},"type":"function"},{"toolCallId":"c2","name":"task","arguments":{"prompt":"find"},"type":"function"}]},"id":"e4","timestamp":"2026-01-01T00:00:02Z","parentId":"e3"}
{"type":"tool.execution_start","data":{"toolCallId":"c1","toolName":"bash","arguments":{"command":"ls"}},"id":"e5","timestamp":"2026-01-01T00:00:02Z","parentId":"e4"}
{"type":"tool.execution_complete","data":{"toolCallId":"c1","success":true,"result":{"content":"a.txt"}},"id":"e6","timestamp":"2026-01-01T00:00:03Z","parentId":"e5"}
{"type":"assistant.message","data":{"messageId":"m9","content":"I search.","parentToolCallId":"c2","toolRequests":[{"toolCallId":"c9","name":"grep","arguments":{"pattern":"a"}}]},"id":"e7","timestamp":"2026-01-01T00:00:03Z","parentId":"e6"}
{"type":"tool.execution_complete","data":{"toolCallId":"c9","parentToolCallId":"c2","success":true,"result":{"content":"found"}},"id":"e8","timestamp":"2026-01-01T00:00:03Z","parentId":"e7"}
{"type":"tool.execution_complete","data":{"toolCallId":"c2","success":false,"error":{"message":"gave up"}},"id":"e9","timestamp":"2026-01-01T00:00:04Z","parentId":"e8"}
{"type":"assistant.message","data":{"messageId":"m2","content":"One file.","model":"gpt-y"},"id":"e10","timestamp":"2026-01-01T00:00:05Z","parentId":"e9"}
{"type":"user.message","data":{"content":"Not this."},"id":"e11","timestamp":"2026-01-01T00:00:06Z","parentId":"e10"}
{"type":"session.snapshot_rewind","data":{"upToEventId":"e11","eventsRemoved":1},"id":"e12","timestamp":"2026-01-01T00:00:07Z","parentId":"e11"}
{"type":"user.message","data":{"content":"But this."},"id":"e13","timestamp":"2026-01-01T00:00:08Z","parentId":"e12"}
"#,
    ),
    (
        Format::CodexExec,
        "codex-exec",
        r#"{"type":"thread.started","thread_id":"t1"}
{"type":"turn.started"}
{"type":"item.completed","item":{"id":"item_0","type":"reasoning","text":"First the directory."}}
{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"ls","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_1","type":"command_execution","command":"ls","aggregated_output":"a.txt","exit_code":0,"status":"completed"}}
{"type":"item.completed","item":{"id":"item_2","type":"mcp_tool_call","server":"docs","tool":"find","arguments":{"q":"a"},"result":{"content":[{"type":"text","text":"found"},{"type":"image","data":"Zm9v","mimeType":"image/png"}],"structured_content":null},"error":null,"status":"completed"}}
{"type":"item.completed","item":{"id":"item_3","type":"file_change","changes":[{"path":"b","kind":"add"}],"status":"failed"}}
{"type":"item.completed","item":{"id":"item_4","type":"agent_message","text":"One file."}}
{"type":"turn.completed","usage":{"input_tokens":10,"cached_input_tokens":4,"output_tokens":2}}
{"type":"turn.started"}
{"type":"item.completed","item":{"id":"item_5","type":"agent_message","text":"Well."}}
{"type":"turn.failed","error":{"message":"the stream broke"}}
"#,
    ),
];
