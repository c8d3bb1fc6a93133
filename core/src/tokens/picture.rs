//! Tokens of pictures and pages, by the published rules of each family of models.
//!
//! Sources, as of 2026:
//! * Anthropic, "Vision" (<https://platform.claude.com/docs/en/build-with-claude/vision>): a picture
//!   is scaled down to a long edge of 1,568 pixels and about 1.15 megapixels, then costs about
//!   width by height by 750, or a token for each square of 28 pixels; 1,600 at most. From Opus 4.7 on
//!   the edge is 2,576 pixels, and 4,784 tokens the most. "PDF support": 1,500 to 3,000 tokens of
//!   text a page, and each page as a picture.
//! * OpenAI, "Images and vision" (<https://platform.openai.com/docs/guides/images-vision>): at high
//!   detail a picture is scaled down into a square of 2,048 pixels, then to a short side of 768, and
//!   costs a base and so much a tile of 512 pixels; at low detail the base. The small models, and those
//!   from GPT-5.2 on, count squares of 32 pixels, as many as their budget, times a factor.
//! * Google, "Understand and count tokens" (<https://ai.google.dev/gemini-api/docs/tokens>): 258 tokens
//!   up to 384 pixels a side, else 258 for each tile of 768 pixels; a page of a document 258. Gemini 3
//!   takes 1,120 for a picture and 560 for a page unless it is told another resolution.

use super::Count;

/// How closely a model is to look at a picture.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Detail {
    /// The model's choice.
    #[default]
    Auto,
    /// A small copy.
    Low,
    /// As the rule has it.
    High,
    /// Without scaling, as far as the model goes.
    Original,
}

/// How a family of models counts pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PictureRule {
    /// Anthropic's: pixels of the long edge, tokens at most.
    Claude { edge: u64, most: u64 },
    /// `OpenAI`'s tiles.
    Tiles { base: u64, tile: u64 },
    /// `OpenAI`'s patches: how many at high and at original detail, and tokens for 100 of them.
    Patches { budget: u64, original: u64, hundred: u64 },
    /// Google's tiles; the most that a picture costs, and a page.
    Gemini { most: u64, page: u64 },
}

const CLAUDE: PictureRule = PictureRule::Claude { edge: 1_568, most: 1_600 };
const CLAUDE_LARGE: PictureRule = PictureRule::Claude { edge: 2_576, most: 4_784 };
const GPT_4O: PictureRule = PictureRule::Tiles { base: 85, tile: 170 };
const GPT_5: PictureRule = PictureRule::Tiles { base: 70, tile: 140 };
const GEMINI: PictureRule = PictureRule::Gemini { most: 258 * 16, page: 258 };
const GEMINI_3: PictureRule = PictureRule::Gemini { most: 2_240, page: 1_120 };

const fn patches(hundred: u64) -> PictureRule {
    PictureRule::Patches { budget: 1_536, original: 1_536, hundred }
}

/// Models by the beginnings of their names, longer ones first.
const MODELS: [(&str, PictureRule); 21] = [
    ("gpt-4o-mini", PictureRule::Tiles { base: 2_833, tile: 5_667 }),
    ("gpt-4.1-mini", patches(162)),
    ("gpt-4.1-nano", patches(246)),
    ("gpt-5-mini", patches(162)),
    ("gpt-5-nano", patches(246)),
    ("gpt-5-codex-mini", patches(162)),
    ("gpt-5.1-codex-mini", patches(162)),
    ("gpt-5.4-mini", patches(162)),
    ("gpt-5.4-nano", patches(246)),
    ("o4-mini", patches(172)),
    ("gpt-5.1", GPT_5),
    ("gpt-5.2", patches(120)),
    ("gpt-5.3", patches(120)),
    ("gpt-5.", PictureRule::Patches { budget: 2_500, original: 10_000, hundred: 120 }),
    ("gpt-5", GPT_5),
    ("gpt-4", GPT_4O),
    ("chatgpt-4o", GPT_4O),
    ("o1", PictureRule::Tiles { base: 75, tile: 150 }),
    ("o3", PictureRule::Tiles { base: 75, tile: 150 }),
    ("computer-use", PictureRule::Tiles { base: 65, tile: 129 }),
    ("gemini-3", GEMINI_3),
];

/// Whose models a name is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    Claude,
    OpenAi,
    Gemini,
}

/// Returns the family of a model's name, however its host writes it (`anthropic/claude-x`,
/// `us.anthropic.claude-x-v1:0`); none for a name of nobody's.
pub(crate) fn family_of(model: &str) -> Option<Family> {
    let name = bare(model);
    let begins = |names: &[&str]| names.iter().any(|begin| name.starts_with(begin));
    if begins(&["claude"]) {
        Some(Family::Claude)
    } else if begins(&["gemini", "gemma"]) {
        Some(Family::Gemini)
    } else if begins(&["gpt-", "chatgpt-", "o1", "o3", "o4", "codex-", "computer-use"]) {
        Some(Family::OpenAi)
    } else {
        None
    }
}

/// A model's name without its host's.
fn bare(model: &str) -> &str {
    let name = model.strip_prefix("ft:").unwrap_or(model);
    let name = name.rsplit('/').next().unwrap_or(name);
    name.find("claude").map_or(name, |at| &name[at..])
}

/// Returns the rules that may hold for a model; without one those of the families.
pub(crate) fn picture_rules(model: Option<&str>, families: &[Family]) -> Vec<PictureRule> {
    let name = model.map(bare).unwrap_or("");
    match model.and_then(family_of) {
        Some(Family::Claude) => match is_large(name) {
            Some(true) => vec![CLAUDE_LARGE],
            Some(false) => vec![CLAUDE],
            None => vec![CLAUDE, CLAUDE_LARGE],
        },
        Some(Family::Gemini) if name.starts_with("gemini-3") => vec![GEMINI_3],
        Some(Family::Gemini) => vec![GEMINI],
        Some(Family::OpenAi)
            if let Some((_, rule)) = MODELS.iter().find(|(begin, _)| name.starts_with(begin)) =>
        {
            vec![*rule]
        }
        Some(Family::OpenAi) => rules_of(Family::OpenAi),
        None => families.iter().copied().flat_map(rules_of).collect(),
    }
}

/// The rules of a family. That of gpt-4o-mini, whose pictures cost 33 times as much, is for a
/// counter that names it.
fn rules_of(family: Family) -> Vec<PictureRule> {
    match family {
        Family::Claude => vec![CLAUDE, CLAUDE_LARGE],
        Family::OpenAi => vec![GPT_4O, GPT_5, patches(162), patches(246), patches(120)],
        Family::Gemini => vec![GEMINI, GEMINI_3],
    }
}

/// Tells whether a Claude model looks at large pictures: from Opus 4.7 on. None where its name does
/// not tell.
fn is_large(name: &str) -> Option<bool> {
    let mut numbers = name
        .split(['-', '.', '@', ':', '_'])
        .filter_map(|word| word.parse::<u64>().ok())
        .filter(|number| *number < 100);
    let major = numbers.next()?;
    let minor = numbers.next().unwrap_or(0);
    Some(major >= 5 || major == 4 && minor >= 7)
}

impl PictureRule {
    /// The tokens of a picture of so many pixels: low, middle and high.
    fn picture(self, size: (u32, u32), detail: Detail) -> (u64, u64, u64) {
        let (width, height) = (u64::from(size.0.max(1)), u64::from(size.1.max(1)));
        match self {
            PictureRule::Claude { edge, most } => {
                let long = width.max(height);
                let (mut width, mut height) = (width, height);
                if long > edge {
                    (width, height) = (scaled(width, edge, long), scaled(height, edge, long));
                }
                let area = (width * height).div_ceil(750).clamp(1, most);
                let squares = (width.div_ceil(28) * height.div_ceil(28)).clamp(1, most);
                // What is said to be about so many has a few more around it.
                (area.min(squares), area, area.max(squares) + 4)
            }
            PictureRule::Tiles { base, tile } => {
                let high = base + tile * tiles(width, height);
                match detail {
                    Detail::Low => (base, base, base),
                    Detail::Auto => (base, high, high),
                    Detail::High | Detail::Original => (high, high, high),
                }
            }
            PictureRule::Patches { budget, original, hundred } => {
                let most = if detail == Detail::High { budget } else { original };
                let squares = width.div_ceil(32) * height.div_ceil(32);
                let tokens = |squares: u64| (squares * hundred).div_ceil(100);
                // What is scaled to the budget covers a row or a column less of it.
                let (least, middle) = match squares > budget {
                    true => (budget - budget / 12, budget),
                    false => (squares, squares),
                };
                let low = if matches!(detail, Detail::Low | Detail::Auto) { 1 } else { least };
                (tokens(low), tokens(middle), tokens(squares.min(most).max(middle)))
            }
            PictureRule::Gemini { most, .. } => {
                let tiles = match width.max(height) <= 384 {
                    true => 1,
                    false => width.div_ceil(768) * height.div_ceil(768),
                };
                let tokens = (258 * tiles).min(most.max(258));
                match self {
                    GEMINI_3 => (70, 1_120, most),
                    _ => (258, tokens, tokens),
                }
            }
        }
    }

    /// The least and the most that any picture costs.
    fn bounds(self, detail: Detail) -> (u64, u64) {
        match self {
            PictureRule::Claude { most, .. } => (1, most + 4),
            PictureRule::Tiles { base, .. } if detail == Detail::Low => (base, base),
            // 2,048 by 768 pixels are eight tiles.
            PictureRule::Tiles { base, tile } => (base, base + 8 * tile),
            PictureRule::Patches { original, hundred, .. } => (1, original * hundred / 100 + 1),
            PictureRule::Gemini { most, .. } => (70, most),
        }
    }

    /// The tokens of a page of a document, as text and as a picture.
    fn page(self) -> (u64, u64, u64) {
        match self {
            PictureRule::Claude { most, .. } => (1_500, 2_250 + 1_500, 3_000 + most),
            PictureRule::Tiles { .. } | PictureRule::Patches { .. } => {
                (self.bounds(Detail::Low).0, 1_500, 3_000 + self.bounds(Detail::High).1)
            }
            PictureRule::Gemini { page, .. } => (page.min(258), page, page),
        }
    }
}

/// Counts a picture by the rules that may hold for it; the first of them gives the number.
pub(crate) fn picture_count(
    rules: &[PictureRule],
    size: Option<(u32, u32)>,
    detail: Detail,
) -> Count {
    joined(rules.iter().map(|rule| match size {
        Some(size) => rule.picture(size, detail),
        None => {
            let (low, high) = rule.bounds(detail);
            let (_, middle, _) = rule.picture((1_024, 1_024), detail);
            (low, middle.clamp(low, high), high)
        }
    }))
}

/// Counts the pages of a document, at least and at most so many.
pub(crate) fn pages_count(rules: &[PictureRule], (least, most): (u64, u64)) -> Count {
    joined(rules.iter().map(|rule| {
        let (low, middle, high) = rule.page();
        let pages = if least == most { least } else { (least + most).min(least * 2) };
        (low * least, middle * pages.clamp(least, most), high.saturating_mul(most))
    }))
}

fn joined(counts: impl Iterator<Item = (u64, u64, u64)>) -> Count {
    let all: Vec<_> = counts.collect();
    let Some(&(_, middle, _)) = all.first() else { return Count::ZERO };
    let low = all.iter().map(|count| count.0).min().unwrap_or(0);
    let high = all.iter().map(|count| count.2).max().unwrap_or(middle);
    if low == high { Count::exact(middle) } else { Count::estimated(middle, low, high) }
}

/// Tiles of 512 pixels after scaling into 2,048 pixels, then to a short side of 768.
fn tiles(width: u64, height: u64) -> u64 {
    let (mut width, mut height) = (width, height);
    let long = width.max(height);
    if long > 2_048 {
        (width, height) = (scaled(width, 2_048, long), scaled(height, 2_048, long));
    }
    let short = width.min(height);
    if short > 768 {
        (width, height) = (scaled(width, 768, short), scaled(height, 768, short));
    }
    width.div_ceil(512) * height.div_ceil(512)
}

/// A side of a picture whose other side becomes `to` of `from` pixels.
fn scaled(side: u64, to: u64, from: u64) -> u64 {
    ((side * to + from / 2) / from).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(model: &str, size: (u32, u32), detail: Detail) -> Count {
        picture_count(&picture_rules(Some(model), &[]), Some(size), detail)
    }

    #[test]
    fn the_published_examples_hold() {
        for (model, size, detail, tokens) in [
            ("gpt-4o", (1_024, 1_024), Detail::High, 765),
            ("gpt-4o", (2_048, 4_096), Detail::High, 1_105),
            ("gpt-4o", (4_096, 8_192), Detail::Low, 85),
            ("gpt-4.1", (512, 512), Detail::High, 255),
            ("gpt-4o-mini", (1_024, 1_024), Detail::High, 2_833 + 4 * 5_667),
            ("o1", (128, 64), Detail::High, 225),
            ("gpt-5", (1_024, 1_024), Detail::High, 70 + 4 * 140),
            ("gpt-4.1-mini", (1_024, 1_024), Detail::High, 1_659),
            ("o4-mini", (64, 32), Detail::High, 4),
            ("gemini-2.5-pro", (384, 384), Detail::Auto, 258),
            ("gemini-2.5-pro", (1_536, 769), Detail::Auto, 258 * 4),
        ] {
            assert_eq!(count(model, size, detail).tokens(), tokens, "{model} {size:?}");
        }
        for (size, tokens) in [((200, 200), 54), ((1_000, 1_000), 1_334), ((1_092, 1_092), 1_590)] {
            let count = count("claude-3-7-sonnet", size, Detail::Auto);
            assert_eq!(count.tokens(), tokens, "{size:?}");
            assert!(count.high() <= 1_604 && !count.is_exact(), "{count}");
        }
        assert_eq!(count("gpt-4o", (1_024, 1_024), Detail::High), Count::exact(765));
    }

    #[test]
    fn models_are_known_however_a_host_writes_them() {
        for (model, family) in [
            ("claude-opus-4-5-20251101", Some(Family::Claude)),
            ("us.anthropic.claude-sonnet-4-5-v1:0", Some(Family::Claude)),
            ("anthropic/claude-3.5-haiku", Some(Family::Claude)),
            ("openai/gpt-4o", Some(Family::OpenAi)),
            ("ft:gpt-4o:me", Some(Family::OpenAi)),
            ("models/gemini-2.5-pro", Some(Family::Gemini)),
            ("mistral-large", None),
            ("", None),
        ] {
            assert_eq!(family_of(model), family, "{model}");
        }
        for (model, large) in [
            ("claude-3-opus-20240229", Some(false)),
            ("claude-opus-4-6", Some(false)),
            ("claude-opus-4-7", Some(true)),
            ("claude-sonnet-5-20270101", Some(true)),
            ("claude-next", None),
        ] {
            assert_eq!(is_large(model), large, "{model}");
        }
    }

    #[test]
    fn no_size_exceeds_what_any_picture_costs_and_no_number_panics() {
        for side in [0, 1, 27, 28, 384, 385, 511, 768, 1_568, 2_576, 8_000, u32::MAX] {
            for other in [0, 1, 700, u32::MAX] {
                for detail in [Detail::Auto, Detail::Low, Detail::High, Detail::Original] {
                    for rule in [Family::Claude, Family::OpenAi, Family::Gemini]
                        .into_iter()
                        .flat_map(rules_of)
                    {
                        let (low, middle, high) = rule.picture((side, other), detail);
                        assert!(low <= middle && middle <= high, "{rule:?} {side} {other}");
                        assert!(high <= rule.bounds(detail).1, "{rule:?} {side} {other} {high}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_unknown_size_or_model_has_bounds() {
        let rules = picture_rules(None, &[Family::OpenAi, Family::Claude]);
        let unknown = picture_count(&rules, None, Detail::Auto);
        assert!(unknown.low() <= 85 && unknown.high() >= 4_784, "{unknown}");
        let pages = pages_count(&picture_rules(Some("claude-opus-4-5"), &[]), (3, 3));
        assert!(pages.low() == 4_500 && pages.high() == 3 * 4_600, "{pages}");
    }
}
