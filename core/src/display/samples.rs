//! The samples of a comparison as SVG: a row before, a row after, a dot each, the median a line.

use super::page::Page;
use super::visible::short;
use crate::session::Compared;
use crate::statistics::Verdict;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 24.0;
/// The middles of both rows.
const ROWS: [f64; 2] = [64.0, 124.0];
const HEIGHT: f64 = 190.0;
/// How far dots of one row stand apart, so that equal ones are seen.
const SPREAD: f64 = 14.0;
/// Samples of a row that are drawn.
const DOTS_MAX: usize = 2_000;
const NAME_CHARS: usize = 60;

/// Draws the samples of a comparison: each a dot, the median a line, and what the statistics say.
///
/// ```
/// # use partita::statistics::Options;
/// let session = partita::Store::in_memory()?.session("s")?;
/// let report = |unit: f64| format!("BenchmarkFib-8 100 {unit} ns/op\nBenchmarkFib-8 100 {unit}1 ns/op\n");
/// let before = session.import_evidence("bench.txt", report(2.0).as_bytes(), None)?;
/// let after = session.import_evidence("bench.txt", report(1.0).as_bytes(), None)?;
/// let compared = session.compare(before, after, None, &Options::new())?;
/// let svg = partita::display::samples_svg(&compared);
/// assert!(svg.starts_with("<svg xmlns=") && svg.contains("BenchmarkFib"));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn samples_svg(compared: &Compared) -> String {
    let (before, after) = (&compared.samples.0, &compared.samples.1);
    let all = || before.iter().chain(after).copied();
    let (low, high) = all()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
    let (low, high) = match low.is_finite() && high > low {
        true => (low, high),
        false => (low.min(0.0), low.max(0.0) + 1.0),
    };
    let x = |value: f64| LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT);
    let mut svg = Page::svg();
    svg.markup("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"p-dag\" role=\"img\"");
    svg.attribute("width", WIDTH.to_string()).attribute("height", HEIGHT.to_string());
    svg.attribute("viewBox", format!("0 0 {WIDTH} {HEIGHT}")).markup("><style>");
    svg.markup(include_str!("dag.css")).markup("</style><title>");
    svg.text(format!("samples of {}, before and after", compared.metric)).markup("</title>");
    svg.markup("<rect class=\"p-ground\" width=\"100%\" height=\"100%\" rx=\"6\"/>");
    text(&mut svg, "p-msg", 16.0, 26.0, headline(compared));
    let medians = compared.comparison.medians;
    let sides = [(before, medians.0, "before"), (after, medians.1, "after")];
    for (at, (values, median, name)) in sides.into_iter().enumerate() {
        let (y, class) = (ROWS[at], ["p-l0", "p-l1"][at]);
        text(&mut svg, "p-msg", 16.0, y + 4.0, name);
        for (number, value) in values.iter().take(DOTS_MAX).enumerate() {
            // Up and down in turns, as they were taken.
            let off = (number % 5) as f64 / 4.0 - 0.5;
            svg.markup("<circle r=\"3.5\" fill-opacity=\"0.6\"");
            svg.attribute("class", format!("p-head {class}"));
            svg.attribute("cx", number_of(x(*value))).attribute("cy", number_of(y + off * SPREAD));
            svg.markup("/>");
        }
        if !values.is_empty() {
            svg.markup("<path").attribute("class", format!("p-edge {class}"));
            svg.attribute("d", format!("M{} {}v44", number_of(x(median)), y - 22.0)).markup("/>");
        }
        if let Some(left) = values.len().checked_sub(DOTS_MAX).filter(|left| *left > 0) {
            text(&mut svg, "p-dim", LEFT, y + 34.0, format!("{left} more not shown"));
        }
    }
    let unit = short(&compared.unit, NAME_CHARS);
    text(&mut svg, "p-dim", LEFT, HEIGHT - 14.0, format!("{low:.6} {unit}"));
    let end = format!("{high:.6} {unit}");
    svg.markup("<text class=\"p-dim\" text-anchor=\"end\"")
        .attribute("x", (WIDTH - RIGHT).to_string());
    svg.attribute("y", (HEIGHT - 14.0).to_string()).markup(">").text(end).markup("</text></svg>");
    svg.finish()
}

fn headline(compared: &Compared) -> String {
    let comparison = &compared.comparison;
    let metric = short(&compared.metric, NAME_CHARS);
    let (low, high) = comparison.interval;
    match (comparison.verdict, high.is_finite()) {
        (Verdict::Undecided, false) => {
            let reason = comparison.reason.as_deref().unwrap_or_default();
            format!("{metric}: undecided, {reason}")
        }
        (verdict, _) => {
            let percent = |ratio: f64| (ratio - 1.0) * 100.0;
            format!(
                "{metric}: {verdict}, {:+.2} % ({:+.2} to {:+.2} %)",
                comparison.percent(),
                percent(low),
                percent(high)
            )
        }
    }
}

fn text(svg: &mut Page, class: &'static str, x: f64, y: f64, said: impl AsRef<[u8]>) {
    svg.markup("<text").attribute("class", class);
    svg.attribute("x", x.to_string()).attribute("y", y.to_string());
    svg.markup(">").text(said).markup("</text>");
}

/// A place to a hundredth of a pixel.
fn number_of(at: f64) -> String {
    format!("{at:.2}")
}
