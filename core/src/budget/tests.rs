//! Tests of plans: what they promise, by the public names alone.

use proptest::prelude::*;

use super::*;
use crate::context::Source;
use crate::error::ErrorKind;
use crate::limits::{
    BUDGET_TOKENS_MAX, HORIZON_TURNS_MAX, PLAN_EXACT_GROUPS_MAX, PLAN_GROUPS_MAX, PRICE_MAX,
};
use crate::tokens::Count;

const PRICES: Prices = Prices { input: 3_000, cache_read: 300, cache_write: 3_750 };

fn exchange(key: impl Into<String>, tokens: u64) -> PlanGroup<String> {
    PlanGroup::new(key.into(), Source::Memories, Count::exact(tokens))
}

fn done(plan: &Plan<String>) -> Vec<String> {
    plan.steps().iter().map(|step| format!("{} {}", step.action, step.keys.join("+"))).collect()
}

#[test]
fn a_prompt_that_fits_is_left_alone() {
    let groups = [exchange("a", 60).forget(0), exchange("b", 40).forget(0)];
    for (limit, empty) in [(99, false), (100, true), (101, true)] {
        let plan = plan(&groups, &Budget::new(limit)).unwrap();
        assert_eq!(plan.is_empty(), empty, "{limit}");
    }
    let plan = plan(&groups, &Budget::new(100)).unwrap();
    assert_eq!((plan.cached(), plan.rewritten(), plan.first_changed()), (100, 0, None));
    assert_eq!(plan.to_string(), "nothing to do: 100 tokens");
    assert!(plan.is_optimal());
}

#[test]
fn a_prompt_of_nothing_fits() {
    assert!(plan::<String>(&[], &Budget::new(1)).unwrap().is_empty());
}

#[test]
fn above_the_high_mark_room_is_made_down_to_the_low_one() {
    let groups: Vec<_> = (0..10).map(|at| exchange(format!("{at}"), 10).forget(1)).collect();
    let budget = Budget::new(200).high(99).low(55);
    let made = plan(&groups, &budget).unwrap();
    assert_eq!((made.after(), made.target()), (Count::exact(50), 55));
    // Of equal losses those that leave the most of a cached prompt.
    assert_eq!((made.first_changed(), made.cached(), made.rewritten()), (Some(5), 50, 0));
    assert!(plan(&groups, &Budget::new(200).high(100).low(55)).unwrap().is_empty());
}

#[test]
fn marks_out_of_reach_give_way_to_the_next() {
    let groups = [exchange("a", 60).pinned(), exchange("b", 40).forget(1)];
    for (low, high, target) in [(60, 70, 60), (59, 70, 70), (50, 59, 80)] {
        let plan = plan(&groups, &Budget::new(80).high(high).low(low)).unwrap();
        assert_eq!((plan.target(), plan.after()), (target, Count::exact(60)));
    }
}

#[test]
fn a_plan_fits_by_the_upper_bounds() {
    let estimate = Count::estimated(50, 40, 80);
    let groups = [exchange("a", 50).forget(1), PlanGroup::new("b".into(), Source::Files, estimate)];
    assert!(plan(&groups, &Budget::new(130)).unwrap().is_empty());
    let made = plan(&groups, &Budget::new(129)).unwrap();
    assert_eq!(done(&made), ["forget a"]);
    assert_eq!(
        made.to_string(),
        "forget a: frees 50, loses 1\nabout 100 to 50 tokens, 0 of them cached"
    );
}

#[test]
fn what_is_pinned_stays_also_below_a_compaction() {
    let groups = [
        exchange("a", 100).compact(3, Count::exact(1), 0).forget(500),
        exchange("b", 100).forget(0).pinned(),
        exchange("c", 100).forget(500),
    ];
    assert_eq!(done(&plan(&groups, &Budget::new(200)).unwrap()), ["forget c"]);
}

#[test]
fn a_compaction_takes_the_place_of_its_run_and_of_steps_below_it() {
    let groups = [
        exchange("a", 100).forget(500),
        exchange("b", 100).compact(2, Count::exact(30), 40).forget(90),
        exchange("c", 100).forget(90),
    ];
    let made = plan(&groups, &Budget::new(150)).unwrap();
    assert_eq!(done(&made), ["compact b+c"]);
    assert_eq!((made.freed(), made.loss(), made.after()), (170, 40, Count::exact(130)));
    let small = plan(&groups, &Budget::new(110)).unwrap();
    assert_eq!(done(&small), ["forget b", "forget c"]);
}

#[test]
fn a_later_mode_loses_as_much_as_an_earlier_one_at_the_least() {
    let groups =
        [exchange("a", 100).trim(Count::exact(40), 50).forget(1), exchange("b", 60).forget(20)];
    let made = plan(&groups, &Budget::new(110)).unwrap();
    assert_eq!((done(&made), made.loss()), (vec!["forget b".to_owned()], 20));
    let made = plan(&groups, &Budget::new(70)).unwrap();
    assert_eq!((done(&made), made.loss()), (vec!["forget a".to_owned()], 50));
}

#[test]
fn a_mode_that_frees_nothing_is_never_a_step() {
    let groups = [
        exchange("a", 100).trim(Count::exact(100), 0).forget(9),
        exchange("b", 9).trim(Count::exact(50), 0),
    ];
    assert_eq!(done(&plan(&groups, &Budget::new(50)).unwrap()), ["forget a"]);
}

#[test]
fn prices_and_horizon_decide_between_an_early_cheap_change_and_a_late_dear_one() {
    // Early: loses nothing, rewrites 10,000 tokens. Late: loses a hundred tokens' worth.
    let groups = [
        exchange("early", 100).forget(0),
        exchange("between", 10_000),
        exchange("late", 100).forget(100_000),
    ];
    let budget = Budget::new(10_100);
    assert_eq!(done(&plan(&groups, &budget).unwrap()), ["forget early"]);
    // Rewriting costs 3,450 * 10,100 = 34.8 million, the loss 300,000 a turn: equal at 116 turns.
    for (turns, step) in [(1, "forget late"), (116, "forget late"), (117, "forget early")] {
        let made = plan(&groups, &budget.prices(PRICES).horizon(turns)).unwrap();
        assert_eq!(done(&made), [step], "{turns}");
        assert!(made.is_optimal());
    }
}

#[test]
fn costs_are_what_the_prices_say() {
    let groups = [exchange("a", 1_000), exchange("b", 500).forget(0), exchange("c", 2_000)];
    let budget = Budget::new(3_000).prices(PRICES).horizon(7);
    let made = plan(&groups, &budget).unwrap();
    let cost = made.cost().unwrap();
    assert_eq!((made.cached(), made.rewritten(), made.freed()), (1_000, 2_000, 500));
    assert_eq!((cost.rewriting, cost.saved), (2_000 * 3_450, 500 * 300 * 7));
    assert_eq!(cost.net(), 6_900_000 - 1_050_000);
    assert_eq!(plan(&groups, &Budget::new(3_000)).unwrap().cost(), None);
}

#[test]
fn removing_a_tenth_pays_after_104_turns_at_anthropics_prices() {
    // The break-even of a removal of R among S tokens: n = (w - r)(S - R) / (r R).
    let groups = [exchange("a", 100).forget(0), exchange("b", 900)];
    let net = |turns| {
        let budget = Budget::new(900).prices(PRICES).horizon(turns);
        plan(&groups, &budget).unwrap().cost().unwrap().net()
    };
    assert!(net(103) > 0 && net(104) < 0);
}

#[test]
fn a_prompt_that_cannot_fit_says_by_how_much_and_what_holds_it() {
    let groups = [
        exchange("rules", 700).pinned(),
        exchange("log\n2", 900).trim(Count::exact(250), 1),
        exchange("c", 300).forget(1),
        exchange("d", 40),
        exchange("e", 30),
    ];
    let error = plan(&groups, &Budget::new(1_100).reserve(100)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotFit);
    assert_eq!(
        error.to_string(),
        "the prompt is 20 tokens larger than the 1000 it may have, with everything gone that may \
         go; what is left has 1020: rules (700, pinned), log\\n2 (250), d (40) and smaller ones; \
         unpin something or raise the limit"
    );
    assert!(plan(&groups, &Budget::new(1_120).reserve(100)).is_ok());
    let shortfall = error.shortfall().unwrap();
    assert_eq!((shortfall.limit, shortfall.least, shortfall.over()), (1_000, 1_020, 20));
    let items: Vec<_> =
        shortfall.items.iter().map(|item| (&*item.what, item.tokens, item.pinned)).collect();
    assert_eq!(
        items,
        [("rules", 700, true), ("log\\n2", 250, false), ("d", 40, false), ("e", 30, false)]
    );
}

#[test]
fn nobody_is_told_to_unpin_what_nobody_pinned() {
    let groups = [exchange("rules", 700).stays(), exchange("c", 300).forget(1)];
    let error = plan(&groups, &Budget::new(500)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotFit);
    assert!(!error.shortfall().unwrap().items[0].pinned);
    let line = error.to_string();
    assert!(line.ends_with("rules (700); raise the limit"), "{line}");
}

#[test]
fn long_keys_are_cut_in_messages() {
    let error = plan(&[exchange("x".repeat(5_000), 9)], &Budget::new(1)).unwrap_err();
    assert!(error.to_string().len() < 300);
}

#[test]
fn a_prompt_that_fits_its_room_is_left_alone_where_no_mark_can_be_reached() {
    let groups = [exchange("a", 60), exchange("b", 10).forget(1)];
    let made = plan(&groups, &Budget::new(100).high(50)).unwrap();
    assert!(made.is_empty() && made.target() == 70);
}

#[test]
fn groups_up_to_the_limit_are_planned() {
    let groups =
        |count| vec![PlanGroup::new(0, Source::Memories, Count::exact(1)).forget(1); count];
    let budget = Budget::new(100);
    for (count, holds) in
        [(PLAN_GROUPS_MAX - 1, true), (PLAN_GROUPS_MAX, true), (PLAN_GROUPS_MAX + 1, false)]
    {
        match plan(&groups(count), &budget) {
            Ok(plan) => assert!(holds && plan.after() == Count::exact(100)),
            Err(error) => assert!(!holds, "{error}"),
        }
    }
}

#[test]
fn groups_up_to_which_the_search_is_exact() {
    const MOST: usize = PLAN_EXACT_GROUPS_MAX;
    for (count, optimal) in [(MOST - 1, true), (MOST, true), (MOST + 1, false)] {
        let groups = vec![exchange("a", 10).forget(7); count];
        assert_eq!(plan(&groups, &Budget::new(100)).unwrap().is_optimal(), optimal, "{count}");
    }
}

#[test]
fn a_large_prompt_is_planned() {
    let groups: Vec<_> = (0..100_000u64)
        .map(|at| {
            let tokens = 50 + at * 7_919 % 1_000;
            exchange(format!("{at}"), tokens)
                .trim(Count::exact(tokens / 3), at % 97)
                .forget(at % 97 + at % 89)
        })
        .collect();
    let budget = Budget::new(10_000_000).prices(PRICES);
    let made = plan(&groups, &budget).unwrap();
    assert!(made.after().high() <= 10_000_000 && made.after().high() > 9_000_000);
}

fn hostile() -> impl Strategy<Value = u64> {
    prop_oneof![0..200u64, Just(u64::MAX), Just(BUDGET_TOKENS_MAX), Just(1 << 41), any::<u64>()]
}

prop_compose! {
    fn a_group(number: fn() -> BoxedStrategy<u64>)(
        tokens in number(), high in number(), pinned in prop::bool::weighted(0.2),
        modes in proptest::collection::vec((0..5usize, number(), number(), 1..4usize), 0..4),
    ) -> PlanGroup<u64> {
        let count = Count::estimated(tokens, tokens / 2, tokens.max(high));
        let mut group = PlanGroup::new(tokens, Source::Memories, count);
        let actions = [PlanAction::Refresh, PlanAction::Hide, PlanAction::Trim, PlanAction::Compact, PlanAction::Forget];
        let mut modes: Vec<_> = modes.into_iter().map(|(action, tokens, loss, span)| {
            let action = actions[action];
            let span = if action == PlanAction::Compact { span } else { 1 };
            PlanMode { action, tokens: Count::exact(tokens), loss, span }
        }).collect();
        modes.sort_by_key(|mode| mode.action);
        for mode in modes {
            group = group.mode(mode);
        }
        if pinned { group.pinned() } else { group }
    }
}

/// What a plan says of itself follows from its steps and the groups.
fn assert_sound(groups: &[PlanGroup<u64>], budget: &Budget, made: &Plan<u64>) {
    let mut end = 0;
    let mut after = Count::exact(0);
    let (mut cached, mut rewritten) = (0u64, 0u64);
    for step in made.steps() {
        assert!(step.index >= end, "steps overlap");
        let members = &groups[step.index..step.index + step.keys.len()];
        assert!(members.iter().all(|group| !group.is_pinned()));
        assert!(members.iter().map(PlanGroup::key).eq(&step.keys));
        let mode = |mode: &&PlanMode| {
            (mode.action, mode.span, mode.tokens) == (step.action, step.keys.len(), step.tokens)
        };
        assert!(groups[step.index].modes().iter().any(|one| mode(&one)));
        for group in &groups[end..step.index] {
            after += group.tokens();
            let part = if end == 0 && made.first_changed() == Some(step.index) {
                &mut cached
            } else {
                &mut rewritten
            };
            *part = part.saturating_add(group.tokens().high());
        }
        after += step.tokens;
        rewritten = rewritten.saturating_add(step.tokens.high());
        end = step.index + step.keys.len();
    }
    for group in &groups[end..] {
        after += group.tokens();
        let part = if made.is_empty() { &mut cached } else { &mut rewritten };
        *part = part.saturating_add(group.tokens().high());
    }
    assert_eq!(made.after(), after);
    assert_eq!((made.cached(), made.rewritten()), (cached, rewritten));
    assert!(made.after().high() <= budget.room());
    assert!(made.after().high() <= made.target());
}

fn numbers() -> BoxedStrategy<u64> {
    (0..200u64).boxed()
}

fn hostile_numbers() -> BoxedStrategy<u64> {
    hostile().boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_plan_fits_is_sound_and_is_the_same_every_time(
        groups in proptest::collection::vec(a_group(numbers), 0..30),
        limit in 1..2_000u64, marks in (0..2_000u64, 0..2_000u64), priced: bool, turns in 1..50u64,
    ) {
        let high = marks.0.max(marks.1).min(limit);
        let mut budget = Budget::new(limit).high(high).low(marks.0.min(marks.1).min(high)).horizon(turns);
        if priced {
            budget = budget.prices(PRICES);
        }
        // A compaction over the end is refused; without those the plan holds or there is no room.
        match plan(&groups, &budget) {
            Ok(made) => {
                assert_sound(&groups, &budget, &made);
                prop_assert_eq!(plan(&groups, &budget).unwrap(), made);
            }
            Err(error) => {
                let kinds = [ErrorKind::Invalid, ErrorKind::DoesNotFit];
                prop_assert!(kinds.contains(&error.kind()), "{}", error);
            }
        }
    }

    #[test]
    fn no_number_makes_a_plan_panic_overflow_or_lie(
        groups in proptest::collection::vec(a_group(hostile_numbers), 0..12),
        limit in hostile(), reserve in 0..9u64, turns in 1..=HORIZON_TURNS_MAX,
        prices in (1..=PRICE_MAX, 0..=PRICE_MAX, 0..=PRICE_MAX),
    ) {
        let (input, one, two) = prices;
        let prices = Prices { input, cache_read: one.min(two), cache_write: one.max(two) };
        let budget = Budget::new(limit).reserve(reserve).prices(prices).horizon(turns);
        if let Ok(made) = plan(&groups, &budget) {
            assert_sound(&groups, &budget, &made);
            let cost = made.cost().expect("there are prices");
            prop_assert!(cost.net() <= i128::MAX / 2 && cost.net() >= i128::MIN / 2);
        }
    }
}
