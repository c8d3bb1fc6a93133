//! Writes every display into a directory, for a browser to open.
//!
//!     displays hostile DIR            with what an attacker would store, and a list of the pages
//!     displays STORE SESSION DIR      of a session in a store

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use partita::budget::Budget;
use partita::diff::FileDiff;
use partita::display::{capacity_html, dag_svg, diff_html, report_html, session_html, store_html};
use partita::tokens::Encoding;
use partita::{Result, Session, Store};
use partita_tests::displays::{CONTROLS, PLANTED, hostile_sessions};
use serde_json::json;

/// The limit that capacities stand beside, and what is kept for the answer.
const BUDGET: (u64, u64) = (16_000, 2_000);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["hostile", dir] => hostile(Path::new(dir)),
        [store, session, dir] => real(store, session, Path::new(dir)),
        _ => Err("usage: displays hostile DIR | displays STORE SESSION DIR".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The planted texts of which whole pages are opened: those that break out of a title or of a style.
const WHOLE: [&str; 3] = [PLANTED[0], PLANTED[3], PLANTED[7]];

type Done = std::result::Result<(), Box<dyn std::error::Error>>;

fn real(store: &str, session: &str, dir: &Path) -> Done {
    let session = Store::options().read_only(true).open(store)?.open_session(session)?;
    for (name, display) in displays(&session, &changed(&session)?)? {
        let whole = name.starts_with("report") || name.ends_with(".svg");
        std::fs::write(dir.join(name), if whole { display } else { page(&display) })?;
    }
    Ok(())
}

/// Rows of a diff that a picture has room for.
const ROWS: usize = 16;

/// The change of the file that changed last, has several iterations and marked words near the top of
/// its diff, with both names.
fn changed(session: &Session) -> Result<(FileDiff, [Vec<u8>; 2])> {
    let mut newer = session.latest()?;
    for entry in session.log()?.skip(1) {
        let older = session.at(entry?.id)?;
        for change in older.changes(&newer) {
            let path = change?.path;
            let two = session.history(&path)?.take(2).collect::<Result<Vec<_>>>()?;
            let [new, old] = &two[..] else { continue };
            let diff = session.diff(&path, old.number, new.number)?;
            let html = diff_html(&diff, "", "");
            if html.split("<tr>").take(ROWS).any(|row| row.contains("<del>")) {
                let name = |number| format!("{path}, iteration {number}").into_bytes();
                return Ok((diff, [name(old.number), name(new.number)]));
            }
        }
        newer = older;
    }
    Ok((partita::diff::file(b"", b""), [b"nothing".to_vec(), b"nothing".to_vec()]))
}

/// Each display with the name of its file.
fn displays(
    session: &Session,
    (diff, [old, new]): &(FileDiff, [Vec<u8>; 2]),
) -> Result<Vec<(&'static str, String)>> {
    let budget = Budget::new(BUDGET.0).reserve(BUDGET.1);
    let capacity = session.capacity(&budget, &Encoding::O200k)?;
    let svg = dag_svg(session)?;
    let report = report_html(session, &budget, &Encoding::O200k)?;
    // What the page forbids must not be what keeps it harmless.
    let (head, rest) = report.split_once("<meta http-equiv").unwrap_or((&report, "\">"));
    let bare = format!("{head}{}", rest.split_once('>').map_or("", |(_, rest)| rest));
    Ok(vec![
        ("session.html", session_html(session)?),
        ("diff.html", diff_html(diff, old, new)),
        ("capacity.html", capacity_html(&capacity)),
        ("store.html", store_html(session.store())?),
        ("dag.html", svg.clone()),
        ("dag.svg", svg),
        ("report-unguarded.html", bare),
        ("report.html", report),
    ])
}

/// A page around fragments that forbids nothing.
fn page(fragment: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>a notebook</title><style>\
         body{{margin:16px;background:#fff}}@media(prefers-color-scheme:dark){{body{{background:\
         #010409}}}}</style></head><body>{fragment}</body></html>\n"
    )
}

/// What JupyterLab says of tables in outputs (packages/rendermime/style/base.css), as far as it lays
/// them out.
const JUPYTERLAB: &str = "\
    .jp-RenderedHTMLCommon table{border-collapse:collapse;border-spacing:0;border:none;\
    font-size:13px;table-layout:fixed;margin-left:auto;margin-bottom:1em;margin-right:auto}\
    .jp-RenderedHTMLCommon td,.jp-RenderedHTMLCommon th,.jp-RenderedHTMLCommon tr{\
    vertical-align:middle;padding:.5em;line-height:normal;white-space:normal;max-width:none;\
    border:none}\
    :not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td,\
    :not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon th,\
    :not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon tr{text-align:right}\
    .jp-RenderedHTMLCommon tbody tr:nth-child(odd){background:#eee}";

/// Counts cells with a text, and those too narrow for a letter of it.
const MEASURE: &str = "<script>const cells=[...document.querySelectorAll('.partita td,.partita th')]\
    .filter(cell=>cell.textContent.trim());const narrow=cells.filter(cell=>{const style=\
    getComputedStyle(cell);return cell.clientWidth-parseFloat(style.paddingLeft)-\
    parseFloat(style.paddingRight)<6});document.body.setAttribute('data-cells',cells.length);\
    document.body.setAttribute('data-narrow',narrow.length)</script>";

/// Pages of a notebook with displays in them, which say how wide their cells are; and whether all of
/// them should hold their texts. A display that leaves its tables to the page is the control.
fn notebooks() -> Result<Vec<(String, String, bool)>> {
    let session = Store::in_memory()?.session("fix-parser")?;
    for number in 0..4 {
        session.write("src/lib.rs", format!("fn parse() -> {number} {{}}\n").repeat(20))?;
    }
    session.remember(partita::Memory::user("The parser drops the last token. ".repeat(20)))?;
    let names = [b"old".to_vec(), b"new".to_vec()];
    let all = displays(&session, &(session.diff("src/lib.rs", 1, 2)?, names))?;
    let fragments = all.into_iter().filter(|(name, _)| {
        matches!(*name, "session.html" | "diff.html" | "capacity.html" | "store.html")
    });
    let pages = fragments.flat_map(|(name, html)| {
        let bare = html.replace("table-layout:auto;", "");
        [(format!("notebook-{name}"), html, true), (format!("left-{name}"), bare, false)]
    });
    // Where no column takes all the room, nothing is lost without it.
    let told = pages.filter(|(name, _, holds)| *holds || name == "left-capacity.html");
    let whole = |(name, html, holds)| {
        let page = format!(
            "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><style>{JUPYTERLAB}</style></head>\
             <body><div class=\"jp-RenderedHTMLCommon\">{html}</div>{MEASURE}</body></html>\n"
        );
        (name, page, holds)
    };
    Ok(told.map(whole).collect())
}

fn hostile(dir: &Path) -> Done {
    let (planted, mut pages) = (PLANTED.join("\n"), Vec::new());
    let diff = partita::diff::file(planted.as_bytes(), planted.replace('x', "y").as_bytes());
    let mut fragments: BTreeMap<&str, String> = BTreeMap::new();
    let mut write = |file: String, page: &str, runs: bool, shows: &[&str]| {
        pages.push(json!({"file": file, "runs": runs, "shows": shows}));
        std::fs::write(dir.join(file), page)
    };
    for (session, planted) in hostile_sessions()?.iter().zip(PLANTED) {
        let names = [planted.as_bytes().to_vec(), planted.as_bytes().to_vec()];
        for (file, display) in displays(session, &(diff.clone(), names))? {
            match file.starts_with("report") || file.ends_with(".svg") {
                // One page a text: it is in the title, too.
                true if WHOLE.contains(&planted) => {
                    let at = PLANTED.iter().position(|known| *known == planted);
                    write(format!("{}-{file}", at.unwrap_or(0)), &display, false, &[planted])?;
                }
                true => {}
                false => fragments.entry(file).or_default().push_str(&display),
            }
        }
    }
    for (file, fragments) in fragments {
        write(file.to_owned(), &page(&fragments), false, &PLANTED)?;
    }
    for (at, live) in CONTROLS.iter().enumerate() {
        write(format!("control-{at}.html"), &page(live), true, &[])?;
    }
    for (file, page, is_laid_out) in notebooks()? {
        std::fs::write(dir.join(&file), page)?;
        pages.push(json!({"file": file, "laid_out": is_laid_out}));
    }
    std::fs::write(dir.join("pages.json"), serde_json::to_vec(&pages)?)?;
    Ok(())
}
