//! The solver beside two others that share nothing with it: all solutions, and a table by tokens.

use super::*;
use proptest::prelude::*;

/// Numbers from a seed (SplitMix64), so that every case can be made again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.next().is_multiple_of(of)
    }
}

/// How losses follow from tokens.
#[derive(Clone, Copy, Debug)]
enum Losses {
    /// They do not.
    Any,
    /// In proportion to a worth a token: what values give.
    Worth,
    /// The tokens and a constant: the hardest for knapsack solvers.
    Correlated,
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    groups: usize,
    tokens: u64,
    losses: Losses,
    compactions: bool,
    prices: bool,
}

fn a_problem(random: &mut Random, shape: Shape) -> Problem {
    let Shape { groups, tokens: most, losses, compactions, prices } = shape;
    let tokens: Vec<u64> = (0..groups)
        .map(|_| {
            // Most groups are small and a few are large, as in transcripts.
            let top = if random.one_in(4) { most } else { most.div_ceil(4) };
            random.within(1, top)
        })
        .collect();
    let mut choices: Vec<Vec<Choice>> = Vec::new();
    for at in 0..groups {
        let mut own = Vec::new();
        let all = tokens[at];
        let worth = random.within(0, 1_000);
        let loss = |random: &mut Random, freed: u64| match losses {
            Losses::Any => random.within(0, 1_000),
            Losses::Worth => worth * freed,
            Losses::Correlated => freed * 10 + 100,
        };
        if !random.one_in(8) {
            let part = random.within(0, all - 1);
            let mild = loss(random, part);
            if part > 0 && random.one_in(2) {
                own.push(Choice { freed: part, loss: mild / 2, span: 1, mode: 0 });
            }
            let full = loss(random, all).max(mild);
            own.push(Choice { freed: all, loss: full, span: 1, mode: 1 });
        }
        let room = groups - at;
        if compactions && room > 1 && random.one_in(5) {
            let span = random.within(2, room.min(5) as u64) as usize;
            let sum: u64 = tokens[at..at + span].iter().sum();
            let freed = random.within(1, sum);
            let loss = loss(random, freed) / 2;
            own.push(Choice { freed, loss, span, mode: 2 });
        }
        choices.push(own);
    }
    let weights = if prices {
        Weights {
            loss: i128::from(random.within(1, 20)),
            rewrite: i128::from(random.within(1, 4_000)),
        }
    } else {
        Weights { loss: 1 << 61, rewrite: 1 }
    };
    let mut problem = Problem { tokens, choices, need: 1, weights };
    let total: u64 = problem.tokens.iter().sum();
    let most = total - problem.least().0;
    problem.need = random.within(1, most.max(1));
    problem
}

/// The cost of the cheapest solution, by a table of costs by tokens freed.
fn by_table(problem: &Problem) -> Option<i128> {
    let (groups, need) = (problem.tokens.len(), problem.need as usize);
    let suffixes = problem.suffixes();
    let mut best: Option<i128> = None;
    let mut tables: Vec<Vec<Option<i128>>> = vec![vec![None; need + 1]; groups + 1];
    tables[groups][0] = Some(0);
    for at in (0..groups).rev() {
        let mut table = tables[at + 1].clone();
        for choice in &problem.choices[at] {
            let cost = problem.weights.cost(choice.freed, choice.loss);
            for (freed, behind) in tables[at + choice.span].iter().enumerate() {
                let Some(behind) = behind else { continue };
                let (sum, cost) = (need.min(freed + choice.freed as usize), behind + cost);
                table[sum] = Some(table[sum].map_or(cost, |other| other.min(cost)));
                if sum == need {
                    let cost = cost + problem.weights.rewrite * i128::from(suffixes[at]);
                    best = Some(best.map_or(cost, |other| other.min(cost)));
                }
            }
        }
        tables[at] = table;
    }
    best
}

/// The same by looking at every solution.
fn by_all(problem: &Problem, at: usize, chosen: &mut Chosen, best: &mut Option<i128>) {
    if at == problem.tokens.len() {
        if let Some(cost) = judged(problem, chosen) {
            *best = Some(best.map_or(cost, |other| other.min(cost)));
        }
        return;
    }
    chosen[at] = None;
    by_all(problem, at + 1, chosen, best);
    for (number, choice) in problem.choices[at].iter().enumerate() {
        chosen[at] = Some(number as u32);
        chosen[at + 1..at + choice.span].fill(None);
        by_all(problem, at + choice.span, chosen, best);
    }
    chosen[at] = None;
}

/// What a solution costs by the definition; nothing if it is none.
fn judged(problem: &Problem, chosen: &Chosen) -> Option<i128> {
    let (mut at, mut kept, mut rewritten, mut loss) = (0, 0u64, 0u64, 0i128);
    let mut changed = false;
    while at < problem.tokens.len() {
        let (tokens, span) = match chosen[at] {
            Some(number) => {
                let choice = problem.choices[at][number as usize];
                let had: u64 = problem.tokens[at..at + choice.span].iter().sum();
                assert!(chosen[at + 1..at + choice.span].iter().all(Option::is_none), "overlap");
                changed = true;
                loss += i128::from(choice.loss);
                (had - choice.freed, choice.span)
            }
            None => (problem.tokens[at], 1),
        };
        *if changed { &mut rewritten } else { &mut kept } += tokens;
        at += span;
    }
    let total: u64 = problem.tokens.iter().sum();
    let Weights { loss: weight, rewrite } = problem.weights;
    (total - kept - rewritten >= problem.need)
        .then_some(weight * loss + rewrite * i128::from(rewritten))
}

/// How far one cost lies above another, in parts of it.
fn gap(cost: i128, best: i128) -> f64 {
    if cost == best { 0.0 } else { (cost - best) as f64 / best.max(1) as f64 }
}

fn shapes(groups: &[usize], tokens: u64) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for &groups in groups {
        for losses in [Losses::Any, Losses::Worth, Losses::Correlated] {
            for compactions in [false, true] {
                for prices in [false, true] {
                    shapes.push(Shape { groups, tokens, losses, compactions, prices });
                }
            }
        }
    }
    shapes
}

#[test]
fn the_two_exact_solvers_of_these_tests_agree() {
    let mut random = Random(1);
    for shape in shapes(&[1, 2, 3, 5, 7], 30) {
        for _ in 0..20 {
            let problem = a_problem(&mut random, shape);
            let mut best = None;
            by_all(&problem, 0, &mut vec![None; shape.groups], &mut best);
            assert_eq!(by_table(&problem), best, "{problem:?}");
        }
    }
}

#[test]
fn small_prompts_get_a_cheapest_plan() {
    let mut random = Random(2);
    let mut cases = 0;
    for shape in shapes(&[1, 2, 3, 4, 6, 8, 10, 12, 14], 60) {
        for _ in 0..60 {
            let problem = a_problem(&mut random, shape);
            let Some(best) = by_table(&problem) else { continue };
            let solution = problem.solve(problem.least().1);
            assert_eq!(judged(&problem, &solution.chosen), Some(best), "{problem:?}");
            assert!(solution.optimal);
            cases += 1;
        }
    }
    assert!(cases > 5_000, "{cases}");
}

/// Gaps of many cases.
#[derive(Debug, Default)]
struct Gaps(Vec<f64>);

impl Gaps {
    fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    fn worst(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }
}

/// Solves cases of a shape beside the table; returns how far off the sweep alone and the whole
/// solver are, and how many solutions were proved to be optimal.
fn gaps(random: &mut Random, shape: Shape, cases: usize) -> (Gaps, Gaps, usize) {
    let (mut swept, mut solved, mut optimal) = (Gaps::default(), Gaps::default(), 0);
    for _ in 0..cases {
        let problem = a_problem(random, shape);
        let Some(best) = by_table(&problem) else { continue };
        let least = problem.least().1;
        let (chosen, cost) = problem.swept(least.clone(), &problem.suffixes());
        assert_eq!(judged(&problem, &chosen), Some(cost), "{problem:?}");
        swept.0.push(gap(cost, best));
        let solution = problem.solve(least);
        let cost = judged(&problem, &solution.chosen).expect("a solution frees enough");
        assert!(!solution.optimal || cost == best, "said to be optimal: {problem:?}");
        optimal += usize::from(solution.optimal);
        solved.0.push(gap(cost, best));
    }
    println!(
        "{shape:?}: swept {:.4} / {:.4}, solved {:.4} / {:.4}, {optimal} of {} proved",
        swept.mean(),
        swept.worst(),
        solved.mean(),
        solved.worst(),
        solved.0.len(),
    );
    (swept, solved, optimal)
}

#[test]
fn prompts_up_to_the_exact_size_are_planned_within_a_hundredth_of_the_optimum() {
    let mut random = Random(4);
    for shape in shapes(&[60, 200], 60) {
        let (swept, solved, optimal) = gaps(&mut random, shape, 6);
        assert!(solved.worst() <= 0.01 && optimal >= 4, "{shape:?}");
        assert!(shape.compactions || swept.worst() <= 0.01, "{shape:?}");
    }
}

#[test]
fn longer_prompts_are_planned_within_a_hundredth_of_the_optimum_on_the_mean() {
    let mut random = Random(5);
    for shape in shapes(&[400], 60) {
        let (_, solved, _) = gaps(&mut random, shape, 6);
        assert!(solved.mean() <= 0.01, "{shape:?}");
        assert!(shape.compactions || solved.worst() <= 0.001, "{shape:?}");
    }
}

/// What no solution can cost less than: the linear relaxation at the best first change.
fn floor(problem: &Problem) -> i128 {
    let suffixes = problem.suffixes();
    let mut ranked =
        ranked::Ranked::new(problem.choices.iter().map(Vec::as_slice), problem.weights);
    let floors = (0..problem.tokens.len()).rev().filter_map(|at| {
        ranked.add(at);
        let cover = ranked.cover(problem.need)?;
        Some(cover.bound + problem.weights.rewrite * i128::from(suffixes[at]))
    });
    floors.min().expect("everything together frees enough")
}

#[test]
fn prompts_of_real_sizes_are_planned_within_a_hundredth_of_what_cannot_be_beaten() {
    let mut random = Random(7);
    for shape in shapes(&[1_000], 6_000).into_iter().filter(|shape| !shape.compactions) {
        let mut gaps = Gaps::default();
        for _ in 0..6 {
            let problem = a_problem(&mut random, shape);
            let solution = problem.solve(problem.least().1);
            let cost = judged(&problem, &solution.chosen).expect("it frees enough");
            let floor = floor(&problem);
            assert!(cost >= floor, "{problem:?}");
            gaps.0.push(gap(cost, floor));
        }
        println!("{shape:?}: {:.4} / {:.4} above the floor", gaps.mean(), gaps.worst());
        assert!(gaps.mean() <= 0.01, "{shape:?}");
    }
}

#[test]
fn a_search_that_must_leave_something_out_says_so_and_still_frees_enough() {
    // Losses that are all but tokens, at large numbers: no two partial plans are alike.
    let mut random = Random(6);
    let mut left_out = 0;
    for _ in 0..4 {
        let tokens: Vec<u64> = (0..120).map(|_| random.within(1 << 30, 1 << 31)).collect();
        let choice =
            |&freed: &u64| vec![Choice { freed, loss: freed + (1 << 28), span: 1, mode: 0 }];
        let choices: Vec<_> = tokens.iter().map(choice).collect();
        let need = tokens.iter().sum::<u64>() / 2;
        let problem =
            Problem { tokens, choices, need, weights: Weights { loss: 1 << 61, rewrite: 1 } };
        let solution = problem.solve(problem.least().1);
        assert!(judged(&problem, &solution.chosen).is_some());
        left_out += usize::from(!solution.optimal);
    }
    assert!(left_out > 0);
}

proptest! {
    #[test]
    fn any_solution_frees_enough(seed: u64, groups in 1..400usize, losses in 0..3usize, compactions: bool, prices: bool) {
        let losses = [Losses::Any, Losses::Worth, Losses::Correlated][losses];
        let shape = Shape { groups, tokens: 1 << 40, losses, compactions, prices };
        let problem = a_problem(&mut Random(seed), shape);
        let (least, chosen) = problem.least();
        let total: u64 = problem.tokens.iter().sum();
        if total - least >= problem.need {
            let solution = problem.solve(chosen);
            prop_assert!(judged(&problem, &solution.chosen).is_some());
        }
    }
}
