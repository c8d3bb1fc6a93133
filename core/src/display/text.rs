//! The graph as text: lanes of lines on the left, what happened on the right.

use super::graph::{Graph, Row, What};
use super::layout::{Edge, Layout};
use super::number::time;
use super::visible::{cells, told};
use crate::limits::DISPLAY_LABEL_CHARS_MAX;

/// Which characters a graph is drawn with.
///
/// ```
/// use partita::display::{Lines, graph_text};
/// let session = partita::Store::in_memory()?.session("fix")?;
/// session.write("a", "1")?;
/// let trial = session.fork("trial")?;
/// trial.write("a", "2")?;
/// session.write("a", "3")?;
/// let text = graph_text(&session, usize::MAX, Lines::Ascii)?;
/// let lanes: Vec<&str> = text.lines().map(|line| line[..line.len().min(4)].trim_end()).collect();
/// assert_eq!(lanes, ["@", "| o", "|-'", "o"]);
/// # Ok::<(), partita::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Lines and rounded corners, as every terminal of today shows them.
    Unicode,
    /// ASCII alone.
    Ascii,
}

impl Lines {
    /// The mark of a checkpoint; `newest` is the session's newest, `head` another session's.
    fn node(self, row: &Row) -> char {
        let own = row.heads.iter().any(|(_, own)| *own);
        match (&row.what, self) {
            (What::Left(_), Lines::Unicode) => '\u{2506}',
            (What::Left(_), Lines::Ascii) => ':',
            (What::Elsewhere(_), _) => '~',
            (_, _) if own => '@',
            (_, Lines::Unicode) => '\u{25cb}',
            (_, Lines::Ascii) => 'o',
        }
    }

    /// The character that leads to these sides.
    fn joint(self, joint: Joint) -> char {
        let Joint { up, down, left, right } = joint;
        let unicode = match (up, down, left, right) {
            (false, false, false, false) => ' ',
            (false, false, _, _) => '\u{2500}',
            (_, _, false, false) => '\u{2502}',
            (true, false, true, false) => '\u{256f}',
            (true, false, false, true) => '\u{2570}',
            (false, true, true, false) => '\u{256e}',
            (false, true, false, true) => '\u{256d}',
            (true, true, true, false) => '\u{2524}',
            (true, true, false, true) => '\u{251c}',
            (true, false, true, true) => '\u{2534}',
            (false, true, true, true) => '\u{252c}',
            (true, true, true, true) => '\u{253c}',
        };
        match (self, unicode) {
            (Lines::Unicode, unicode) => unicode,
            (Lines::Ascii, ' ') => ' ',
            (Lines::Ascii, '\u{2500}') => '-',
            (Lines::Ascii, '\u{2502}' | '\u{2524}' | '\u{251c}') => '|',
            (Lines::Ascii, '\u{256f}' | '\u{2570}' | '\u{2534}') => '\'',
            (Lines::Ascii, '\u{256e}' | '\u{256d}' | '\u{252c}') => '.',
            (Lines::Ascii, _) => '+',
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Joint {
    up: bool,
    down: bool,
    left: bool,
    right: bool,
}

/// Draws a graph, one checkpoint a line, and says below what it leaves out.
pub(super) fn draw(graph: &Graph, lines: Lines) -> String {
    let Graph { rows, layout, notes } = graph;
    let columns = rows.iter().map(|row| Columns::of(row, lines)).collect::<Vec<_>>();
    let widest = |of: fn(&Columns) -> &String| {
        columns.iter().map(|columns| cells(of(columns))).max().unwrap_or(0)
    };
    let (numbers, kinds) = (widest(|columns| &columns.number), widest(|columns| &columns.kind));
    let mut text = String::new();
    for (row, columns) in columns.iter().enumerate() {
        let ends = |edge: &&Edge| edge.to == row && edge.lane != layout.nodes[row];
        if layout.edges.iter().any(|edge| ends(&edge)) {
            push_line(&mut text, &links(layout, row, true, lines));
        }
        let mut line = String::new();
        for lane in 0..layout.width {
            let node = layout.nodes[row] == lane;
            let passes = layout
                .edges
                .iter()
                .any(|edge| edge.lane == lane && edge.from < row && row < edge.to);
            let joint = lines.joint(Joint { up: passes, down: passes, ..Joint::default() });
            line.push(if node { lines.node(&rows[row]) } else { joint });
            line.push(' ');
        }
        line.push(' ');
        columns.push(&mut line, numbers, kinds);
        push_line(&mut text, &line);
        let begins = |edge: &&Edge| edge.from == row && edge.lane != layout.nodes[row];
        if layout.edges.iter().any(|edge| begins(&edge)) {
            push_line(&mut text, &links(layout, row, false, lines));
        }
    }
    for note in notes {
        push_line(&mut text, note);
    }
    text
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// The line above a node, where lanes come to it, or the line below, where they leave it.
fn links(layout: &Layout, row: usize, above: bool, lines: Lines) -> String {
    let node = layout.nodes[row];
    // Two joints a lane: its own place and the one right of it.
    let mut joints = vec![Joint::default(); layout.width * 2];
    for edge in &layout.edges {
        let passes = edge.from < row && row < edge.to;
        let turns = if above { edge.to == row } else { edge.from == row };
        if !passes && !turns {
            continue;
        }
        let joint = &mut joints[edge.lane * 2];
        joint.up |= passes || above || edge.lane == node;
        joint.down |= passes || !above || edge.lane == node;
        if turns && edge.lane != node {
            let (from, to) = (edge.lane.min(node) * 2, edge.lane.max(node) * 2);
            joints[from].right = true;
            joints[to].left = true;
            for joint in &mut joints[from + 1..to] {
                (joint.left, joint.right) = (true, true);
            }
            joints[node * 2].up |= !above;
            joints[node * 2].down |= above;
        }
    }
    joints.into_iter().map(|joint| lines.joint(joint)).collect()
}

/// What stands right of the lanes.
#[derive(Default)]
struct Columns {
    number: String,
    id: String,
    time: String,
    kind: String,
    rest: String,
}

impl Columns {
    fn of(row: &Row, lines: Lines) -> Columns {
        let What::Checkpoint(entry) = &row.what else {
            let rest = row.what.not_shown().unwrap_or_default();
            return Columns { rest, ..Columns::default() };
        };
        let mut rest = String::new();
        for (name, _) in &row.heads {
            rest += &format!("[{}] ", told(name, DISPLAY_LABEL_CHARS_MAX));
        }
        if row.pinned {
            rest += "[pinned] ";
        }
        rest += &told(&entry.message, DISPLAY_LABEL_CHARS_MAX);
        if lines == Lines::Ascii {
            rest = ascii(&rest);
        }
        Columns {
            number: entry.number.to_string(),
            id: entry.id.id().short(),
            time: time(entry.time),
            kind: entry.kind.name().to_owned(),
            rest,
        }
    }

    fn push(&self, line: &mut String, numbers: usize, kinds: usize) {
        if self.number.is_empty() {
            line.push_str(&self.rest);
            return;
        }
        let Columns { number, id, time, kind, rest } = self;
        *line += &format!("{number:>numbers$}  {id}  {time:19}  {kind:kinds$}  {rest}");
    }
}

/// The same text in ASCII alone.
fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{2026}' => ascii.push_str("..."),
            letter if letter.is_ascii() => ascii.push(letter),
            letter => ascii.extend(letter.escape_default()),
        }
    }
    ascii
}
