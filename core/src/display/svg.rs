//! The graph as SVG: well-formed XML, also inside of HTML.

use super::graph::{Graph, Row, What};
use super::layout::{Edge, Layout};
use super::number::{time, whole_time};
use super::page::Page;
use super::visible::{cells, short, told};
use crate::limits::DISPLAY_LABEL_CHARS_MAX;

/// Pixels of a row, of a lane, of a digit, and left of all.
const ROW: usize = 26;
const LANE: usize = 18;
const DIGIT: usize = 7;
const LEFT: usize = 16;

/// Pixels of the whole, which a narrow page shows scaled.
const WIDTH: usize = 1_040;

/// Characters of a name in a frame.
const NAME_CHARS: usize = 28;

/// Lane colours that there are.
const COLOURS: [&str; 6] = ["p-l0", "p-l1", "p-l2", "p-l3", "p-l4", "p-l5"];

/// Draws a graph.
pub(super) fn draw(graph: &Graph) -> Page {
    let Graph { rows, layout, notes } = graph;
    let height = (rows.len() + notes.len()) * ROW + 12;
    let mut svg = Page::svg();
    svg.markup("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"p-dag\" role=\"img\"");
    svg.attribute("width", WIDTH.to_string()).attribute("height", height.to_string());
    svg.attribute("viewBox", format!("0 0 {WIDTH} {height}")).markup("><style>");
    svg.markup(concat!(include_str!("dag.css"))).markup("</style>");
    svg.markup("<title>checkpoints of the session and its forks, newest first</title>");
    svg.markup("<rect class=\"p-ground\" width=\"100%\" height=\"100%\" rx=\"6\"/>");
    for edge in &layout.edges {
        line(&mut svg, graph, edge);
    }
    let entries = || {
        rows.iter().filter_map(|row| match &row.what {
            What::Checkpoint(entry) => Some(entry),
            What::Left(_) | What::Elsewhere(_) => None,
        })
    };
    let columns = [
        entries().map(|entry| entry.number.to_string().len()).max().unwrap_or(0),
        entries().map(|entry| entry.kind.name().len()).max().unwrap_or(0),
    ];
    for (at, row) in rows.iter().enumerate() {
        node(&mut svg, layout, at, row);
        label(&mut svg, layout, at, row, columns);
    }
    for (at, note) in notes.iter().enumerate() {
        svg.markup("<text class=\"p-dim\"").attribute("x", LEFT.to_string());
        svg.attribute("y", (y(rows.len() + at) + 4).to_string());
        svg.markup(">").text(note).markup("</text>");
    }
    svg.markup("</svg>");
    svg
}

fn x(lane: usize) -> usize {
    LEFT + lane * LANE
}

fn y(row: usize) -> usize {
    row * ROW + ROW / 2 + 6
}

fn colour(lane: usize) -> &'static str {
    COLOURS[lane % COLOURS.len()]
}

/// A line that leaves its node's lane right below it and comes to its parent's right above.
fn line(svg: &mut Page, graph: &Graph, edge: &Edge) {
    let Edge { from, to, lane } = *edge;
    let nodes = &graph.layout.nodes;
    let (start, end) = ((x(nodes[from]), y(from)), (x(nodes[to]), y(to)));
    let mut path = format!("M{} {}", start.0, start.1);
    let bend = |from: (usize, usize), to: (usize, usize)| {
        let middle = (from.1 + to.1) / 2;
        format!("C{} {middle} {} {middle} {} {}", from.0, to.0, to.0, to.1)
    };
    let (leaves, comes) = (nodes[from] != lane, nodes[to] != lane);
    if to == from + 1 && leaves && comes {
        path += &bend(start, end);
    } else {
        let top = if leaves { (x(lane), y(from + 1)) } else { start };
        let bottom = if comes { (x(lane), y(to - 1)) } else { end };
        if leaves {
            path += &bend(start, top);
        }
        path += &format!("V{}", bottom.1);
        if comes {
            path += &bend(bottom, end);
        }
    }
    let dashed = [from, to].iter().any(|at| graph.rows[*at].id().is_none());
    svg.markup("<path").attribute("d", path);
    svg.attribute(
        "class",
        format!("p-edge {}{}", colour(lane), if dashed { " p-dash" } else { "" }),
    );
    svg.markup("/>");
}

fn node(svg: &mut Page, layout: &Layout, at: usize, row: &Row) {
    let lane = layout.nodes[at];
    if row.is_elsewhere() {
        svg.markup("<path").attribute("class", format!("p-edge {}", colour(lane)));
        svg.attribute("d", format!("M{} {}h8", x(lane) - 4, y(at))).markup("/>");
    }
    if row.id().is_none() {
        return;
    }
    let class = if row.heads.is_empty() { "p-node" } else { "p-node p-head" };
    svg.markup("<circle").attribute("class", format!("{class} {}", colour(lane)));
    svg.attribute("cx", x(lane).to_string()).attribute("cy", y(at).to_string());
    svg.attribute("r", if row.heads.is_empty() { "4.5" } else { "6" }).markup("/>");
}

/// What stands right of the lanes; the columns of numbers and kinds have so many digits.
fn label(svg: &mut Page, layout: &Layout, at: usize, row: &Row, [numbers, kinds]: [usize; 2]) {
    let base = (y(at) + 4).to_string();
    let mut left = x(layout.width) + 4;
    let What::Checkpoint(entry) = &row.what else {
        svg.markup("<text class=\"p-dim\"").attribute("x", left.to_string());
        svg.attribute("y", base).markup(">");
        if row.is_elsewhere() {
            svg.markup("<title>").block(tooltip(row), usize::MAX).markup("</title>");
        }
        svg.text(row.what.not_shown().unwrap_or_default()).markup("</text>");
        return;
    };
    svg.markup("<g class=\"p-row\"><title>").block(tooltip(row), usize::MAX).markup("</title>");
    svg.markup("<rect class=\"p-hit\" x=\"4\"").attribute("y", (at * ROW + 6).to_string());
    svg.attribute("width", (WIDTH - 8).to_string()).attribute("height", ROW.to_string());
    svg.markup(" rx=\"4\"/>");
    left += numbers * DIGIT;
    word(svg, "p-num", left, &base, entry.number.to_string());
    left += 12;
    word(svg, "p-id", left, &base, entry.id.id().short());
    left += 10 * DIGIT + 14;
    word(svg, "p-kind", left, &base, entry.kind.name());
    left += kinds * DIGIT + 18;
    for (name, own) in &row.heads {
        left = badge(svg, left, at, if *own { "p-own" } else { "p-other" }, name);
    }
    if row.pinned {
        left = badge(svg, left, at, "p-pin", "pinned");
    }
    // A picture of its own, which cuts off what does not fit.
    let right = WIDTH - LEFT - 19 * DIGIT;
    svg.markup("<svg overflow=\"hidden\"").attribute("x", left.to_string());
    svg.attribute("y", (at * ROW + 6).to_string()).attribute("height", ROW.to_string());
    let room = right.saturating_sub(left + 12);
    svg.attribute("width", room.to_string()).markup("><text class=\"p-msg\" x=\"0\" y=\"17\">");
    svg.text(short(&entry.message, room / DIGIT));
    svg.markup("</text></svg>");
    word(svg, "p-time", WIDTH - LEFT, &base, time(entry.time));
    svg.markup("</g>");
}

fn word(svg: &mut Page, class: &'static str, left: usize, base: &str, text: impl AsRef<[u8]>) {
    svg.markup("<text").attribute("class", class);
    svg.attribute("x", left.to_string()).attribute("y", base);
    svg.markup(">").text(text).markup("</text>");
}

/// A name in a frame; returns where the next thing may stand.
fn badge(svg: &mut Page, left: usize, at: usize, class: &'static str, name: &str) -> usize {
    let name = short(name, NAME_CHARS);
    let width = cells(&name) * DIGIT + 12;
    svg.markup("<g")
        .attribute("class", class)
        .markup("><rect class=\"p-badge\" rx=\"8\" height=\"17\"");
    svg.attribute("x", left.to_string()).attribute("y", (y(at) - 9).to_string());
    svg.attribute("width", width.to_string()).markup("/>");
    svg.markup("<text class=\"p-name\"").attribute("x", (left + 6).to_string());
    svg.attribute("y", (y(at) + 4).to_string()).markup(">").text(&name).markup("</text></g>");
    left + width + 6
}

/// All there is to say of a checkpoint.
fn tooltip(row: &Row) -> String {
    let entry = match &row.what {
        What::Checkpoint(entry) => entry,
        What::Elsewhere(ids) => {
            return ids.iter().map(|id| format!("merged checkpoint {id}\n")).collect();
        }
        What::Left(_) => return String::new(),
    };
    let mut said = format!("checkpoint {}, {}\n{}", entry.number, entry.kind.name(), entry.id);
    said += &format!("\n{}", whole_time(entry.time));
    let heads = row.heads.iter().map(|(name, _)| ("newest of", Some(name.clone())));
    for (what, text) in heads.chain([
        ("actor", Some(entry.actor.clone())),
        ("git commit", entry.git_commit()),
        ("session", row.fork.clone()),
    ]) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            said += &format!("\n{what} {}", told(text, DISPLAY_LABEL_CHARS_MAX));
        }
    }
    if !entry.message.is_empty() {
        said += &format!("\n{}", told(&entry.message, DISPLAY_LABEL_CHARS_MAX));
    }
    said
}
