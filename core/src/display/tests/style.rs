//! The style: what is written on what can be read, in light and in dark.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../html/style.css");

/// The colours of each theme: light, dark, and both as notebooks say them.
fn themes() -> Vec<BTreeMap<&'static str, [f64; 3]>> {
    let blocks = STYLE.split("{--bg:").skip(1).map(|rest| rest.split('}').next().unwrap());
    let theme = |block: &'static str| {
        let entries = block.split(';').filter_map(|entry| entry.split_once(":#"));
        let entries = entries.map(|(name, hex)| (name.trim_start_matches("--"), colour(hex)));
        let ground = block.split(';').next().unwrap().trim_start_matches('#');
        entries.chain([("bg", colour(ground))]).collect()
    };
    blocks.map(theme).collect()
}

fn colour(hex: &str) -> [f64; 3] {
    let digits = match hex.len() {
        3 => hex.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => hex.to_owned(),
    };
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0)
}

/// The contrast of two colours as WCAG 2 defines it, from 1 to 21.
fn contrast(one: [f64; 3], two: [f64; 3]) -> f64 {
    let linear = |part: f64| match part <= 0.04045 {
        true => part / 12.92,
        false => ((part + 0.055) / 1.055).powf(2.4),
    };
    let light = |of: [f64; 3]| {
        0.05 + 0.2126 * linear(of[0]) + 0.7152 * linear(of[1]) + 0.0722 * linear(of[2])
    };
    let (one, two) = (light(one), light(two));
    one.max(two) / one.min(two)
}

#[test]
fn text_and_marks_can_be_read_in_every_theme() {
    let themes = themes();
    assert_eq!(themes.len(), 4);
    assert_eq!((&themes[0], &themes[1]), (&themes[2], &themes[3]));
    assert_ne!(themes[0], themes[1]);
    for theme in themes {
        for (text, ground) in [
            ("fg", "bg"),
            ("fg", "add"),
            ("fg", "del"),
            // Words that differ.
            ("fg", "add2"),
            ("fg", "del2"),
            ("bad", "warn"),
            ("dim", "bg"),
            ("dim", "soft"),
            // Line numbers, and what is said of a cut line.
            ("dim", "add"),
            ("dim", "del"),
            ("good", "bg"),
            ("link", "bg"),
        ] {
            let contrast = contrast(theme[text], theme[ground]);
            assert!(contrast >= 4.5, "{text} on {ground}: {contrast}");
        }
        for (mark, line) in [("add2", "add"), ("del2", "del")] {
            let contrast = contrast(theme[mark], theme[line]);
            assert!(contrast >= 1.25, "{mark} on {line}: {contrast}");
        }
    }
}

/// The selectors of all rules, media queries opened.
fn selectors() -> Vec<&'static str> {
    let rules = STYLE.lines().flat_map(|line| line.split('}'));
    let rules = rules.filter_map(|rule| rule.rsplit_once('{')?.0.rsplit('{').next());
    rules.flat_map(|rule| rule.split(',')).filter(|selector| !selector.is_empty()).collect()
}

#[test]
fn every_rule_outweighs_the_rules_of_a_host_page() {
    // JupyterLab has `:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td` and
    // `.jp-RenderedHTMLCommon tbody tr:nth-child(odd)`: two classes and two elements.
    let grounds = [".partita", ".partita *"];
    for selector in selectors() {
        let is_ground = grounds.iter().any(|ground| selector.trim_start() == *ground)
            || selector.ends_with(" .partita");
        let outweighs = selector.starts_with(".partita.partita.partita ");
        assert!(is_ground || outweighs, "{selector:?}");
    }
    assert!(selectors().len() > 60);
}

#[test]
fn a_table_says_how_it_is_laid_out_itself() {
    for said in ["table{display:table;table-layout:auto;", "tr{display:table-row;"] {
        assert!(STYLE.contains(said), "{said}");
    }
    let cells = STYLE.lines().find(|line| line.contains(" th,") && line.contains("{")).unwrap();
    for said in ["display:table-cell", "width:auto", "text-align:left", "max-width:none"] {
        assert!(cells.contains(said), "{said}");
    }
}
