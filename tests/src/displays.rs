//! Sessions that hold what an attacker would store, for whoever looks at them in a browser.

use partita::context::Tool;
use partita::{Body, Json, Memory, Part, Result, Session, Store};

/// Texts that run as a script wherever one of them becomes markup. Each tells that it ran by an
/// attribute of the page, which no text can set. In the order in which sessions are named by them.
pub const PLANTED: [&str; 8] = [
    "<script>document.documentElement.dataset.ran='x'</script>",
    "\"><img src=x onerror=\"document.documentElement.dataset.ran='x'\">",
    "' onmouseover='document.documentElement.dataset.ran=1' autofocus onfocus='x=1' x='",
    "</style></title></textarea><svg onload=\"document.documentElement.dataset.ran='x'\">",
    "--></td></table><body onload=\"document.documentElement.dataset.ran='x'\">]]>",
    "<style>*{display:none !important} .x{background:url(http:x)}</style>",
    "&lt;script&gt;x&#60;script&#62; &amp;lt; `${x}` {{x}} <%= x %>",
    "]]><x xmlns=\"http:x\"><script xmlns='http:www.w3.org|1999|xhtml'>x()</script>",
];

/// Pages in which the same texts are alive: a check that finds nothing in them finds nothing.
pub const CONTROLS: [&str; 4] = [
    "<p><script>document.documentElement.dataset.ran='x'</script></p>",
    "<a title=\"\"><img src=x onerror=\"document.documentElement.dataset.ran='x'\">\">x</a>",
    "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"document.documentElement.dataset.ran='x'\"/>",
    "<style>x{y:</style><details open ontoggle=\"document.documentElement.dataset.ran='x'\">",
];

/// What reorders, hides or ends a text, beside what was planted.
const UNSEEN: &str = "\u{202e}txt.exe\u{2066} \0 \u{1b}[2J \u{feff}\u{e0041} \u{5e9}\u{5dc}";

/// One session for each planted text, all in one store, with the texts wherever a session takes one.
///
/// # Errors
/// None that a store in memory should meet.
pub fn hostile_sessions() -> Result<Vec<Session>> {
    let store = Store::in_memory()?;
    PLANTED.iter().map(|planted| hostile_session(&store, planted)).collect()
}

fn hostile_session(store: &Store, planted: &str) -> Result<Session> {
    let session = store.session(planted.trim())?.with_actor(planted);
    let all = format!("{}\n{UNSEEN}", PLANTED.join("\n"));
    session.set_instructions(&all)?;
    session.set_sandbox_state(&all)?;
    session.set_tools(&[Tool::new(
        planted,
        &all,
        Json::object([("type", Json::from("object"))]),
    )])?;
    session.write(planted, &all)?;
    session.write(planted, all.replace('x', "y"))?;
    session.rename(planted, format!("{planted} {}", UNSEEN.replace('\0', "")))?;
    session.write("one long line", planted.repeat(10_000))?;
    session.write("not text", b"\0\xed\xa0\x80\xff<script>")?;
    let said =
        |memory: Memory| Memory { actor: planted.to_owned(), origin: planted.to_owned(), ..memory };
    session.remember(said(Memory::user(&all)))?;
    let call = Part::Call { id: planted.into(), name: planted.into(), arguments: Body::new(&all) };
    let thought = Part::Thinking { text: Body::new(&all), signature: Body::new(planted) };
    session.remember(said(Memory::assistant(&all).with_part(thought).with_part(call)))?;
    session.remember(said(Memory::tool(planted, &all)))?;
    let media = Part::Media { media_type: planted.into(), content: Body::new(planted) };
    let opaque = Part::Opaque { provider: planted.into(), content: Body::new(&all) };
    session
        .remember(said(Memory::user(b"\xed\xa0\x80\xff\0").with_part(media).with_part(opaque)))?;
    session.fork(&format!("{} as a fork", planted.trim()))?.write(planted, UNSEEN)?;
    Ok(session)
}
