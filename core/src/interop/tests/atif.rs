use super::*;
use crate::interop::{AtifAgent, Export, to_atif};
use crate::json::Json;
use crate::object::{Memory, ModelCall, Timestamp, Usage};

fn export(memories: &[Memory], call: Option<&ModelCall>) -> Export {
    let agent = AtifAgent { name: "a".into(), version: "1".into(), session: "s".into() };
    to_atif(&agent, memories, |at| call.filter(|_| at == 1), Some("Work."), &[]).unwrap()
}

fn step(export: &Export, at: usize) -> String {
    export.document.get("steps").and_then(|steps| steps.at(at)).map(Json::to_string).unwrap()
}

#[test]
fn results_are_observed_at_the_step_that_made_their_call() {
    let call = Part::Call { id: "c".into(), name: "t".into(), arguments: Body::new("{\"a\":1}") };
    let thoughts = Part::Thinking { text: Body::new("hm"), signature: Body::new("s") };
    let mut reply = Memory::assistant("look").with_time(Timestamp::from_millis(0));
    reply.parts.insert(0, thoughts);
    let memories = [Memory::user("go"), reply.with_part(call), Memory::tool("c", "seen")];
    let usage = Usage { input: Some(1), cache_read: Some(9), output: Some(5), ..Usage::default() };
    let model = ModelCall { usage, ..ModelCall::new("m") };
    let export = export(&memories, Some(&model));
    assert_eq!(step(&export, 0), r#"{"step_id":1,"source":"system","message":"Work."}"#);
    assert_eq!(
        step(&export, 2),
        "{\"step_id\":3,\"source\":\"agent\",\"message\":\"look\",\"timestamp\":\
         \"1970-01-01T00:00:00.000Z\",\"model_name\":\"m\",\"reasoning_content\":\"hm\",\
         \"tool_calls\":[{\"tool_call_id\":\"c\",\"function_name\":\"t\",\"arguments\":{\"a\":1}}],\
         \"metrics\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"cached_tokens\":9},\
         \"extra\":{\"thinking\":[{\"text\":\"hm\",\"signature\":\"s\"}]},\
         \"observation\":{\"results\":[{\"content\":\"seen\",\"source_call_id\":\"c\"}]}}"
    );
    let totals = export.document.get("final_metrics").unwrap().to_string();
    assert_eq!(
        totals,
        "{\"total_prompt_tokens\":10,\"total_completion_tokens\":5,\"total_cached_tokens\":9,\
         \"total_steps\":3}"
    );
    assert_eq!((export.report.kept, export.report.mended.count), (3, 0));
}

#[test]
fn what_has_no_place_stands_in_extra_and_is_told() {
    let call = Part::Call { id: "c".into(), name: "t".into(), arguments: Body::new("[1]") };
    let pdf = Part::Media { media_type: "application/pdf".into(), content: Body::new("foo") };
    let block = Part::Opaque { provider: "p".into(), content: Body::new("{\"x\":1}") };
    let memories = [
        Memory::user("go").with_part(pdf).with_part(block),
        Memory::assistant("").with_part(call),
        Memory::tool("lost", "seen"),
    ];
    let export = export(&memories, None);
    assert!(step(&export, 1).ends_with(
        "\"extra\":{\"blocks\":[{\"media\":\"data:application/pdf;base64,Zm9v\"},\
         {\"provider\":\"p\",\"block\":{\"x\":1}}]}}"
    ));
    assert!(step(&export, 2).contains("\"arguments\":{},\"extra\":{\"arguments\":\"[1]\"}"));
    assert!(step(&export, 3).contains("\"source\":\"system\""));
    assert_eq!(export.report.mended.count, 3);
}
