//! Capacity: the kept account is that of the whole prompt, whatever happened on the way.

use crate::budget::Budget;
use crate::context::{Source, Tool};
use crate::json::Json;
use crate::object::{Body, Memory, Part};
use crate::session::{ItemKey, MemoryEntry, Selector, Session};
use crate::store::Store;
use crate::tokens::{Count, Encoding, TokenCounter};

/// Counts words: quick, and nothing is known of where it may cut.
struct Words;

impl TokenCounter for Words {
    fn id(&self) -> &str {
        "words"
    }

    fn count(&self, text: &str) -> Count {
        Count::exact(text.split_whitespace().count() as u64)
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn call(id: &str, name: &str) -> Part {
    Part::Call { id: id.into(), name: name.into(), arguments: Body::new(r#"{"path": "a b"}"#) }
}

fn said(random: &mut Random) -> String {
    (0..=random.below(9)).map(|at| format!("word{at} ")).collect()
}

fn tool(name: &str) -> Tool {
    Tool::new(name, "Does it.", Json::parse(r#"{"type": "object", "properties": {}}"#).unwrap())
}

/// One step; what cannot be done is passed over.
fn step(session: &Session, random: &mut Random, tidy: bool, calls: &mut u64) {
    let path = |random: &mut Random| format!("src/{}.rs", random.below(4));
    let number = |random: &mut Random| Selector::Number(1 + random.below(24));
    match random.below(if tidy { 15 } else { 17 }) {
        0 | 1 => drop(session.remember(Memory::user(said(random)))),
        2 => drop(session.remember(Memory::assistant(said(random)))),
        3 => {
            *calls += 1;
            let id = format!("c{calls}");
            let name = ["ls", "cat", "given"][random.below(3) as usize];
            let asked = Memory::assistant(said(random)).with_part(call(&id, name));
            session.remember(asked).unwrap();
            if random.below(4) > 0 {
                if random.below(3) == 0 {
                    session.remember(Memory::user("meanwhile")).unwrap();
                }
                session.remember(Memory::tool(&id, said(random).repeat(40))).unwrap();
            }
        }
        4 | 5 => drop(session.write(path(random), said(random).repeat(3))),
        6 => drop(session.forget(&number(random))),
        7 => drop(session.recall(&number(random))),
        8 => drop(session.refresh()),
        9 => drop(session.hide(&path(random))),
        10 => drop(session.show(&path(random))),
        11 => drop(session.trim_results(&number(random))),
        12 => {
            let first = 1 + random.below(20);
            let range = Selector::Range(first, first + random.below(8));
            drop(session.compact(&range, &|_: &[MemoryEntry]| Ok("short".to_owned())));
        }
        13 => drop(session.expand(&number(random))),
        14 => match random.below(4) {
            0 => drop(session.set_tools(&[tool("given")])),
            1 => drop(session.set_instructions(said(random))),
            2 => drop(session.set_sandbox_state(said(random))),
            _ => drop(session.undo()),
        },
        15 => drop(session.remember(Memory::tool("c1", "again"))),
        _ => drop(session.remember(Memory::system(said(random)))),
    }
}

fn check(session: &Session, counter: &dyn TokenCounter, doing: &str) {
    let kept = session.with_account(counter, Clone::clone).unwrap();
    let latest = session.latest().unwrap();
    let anew = latest.account(counter).unwrap();
    let total = latest.prompt().unwrap().count(counter);
    let items = |account: &crate::budget::Account<ItemKey>| {
        let mut items: Vec<_> =
            account.largest().map(|item| (item.key.clone(), item.source, item.count)).collect();
        items.sort_by(|one, other| one.0.cmp(&other.0));
        items
    };
    assert_eq!(items(&kept), items(&anew), "{doing}");
    assert_eq!(kept.overhead(), anew.overhead(), "{doing}");
    assert_eq!(anew.total(), total, "{doing}: {:#?}", latest.prompt().unwrap().items());
    assert_eq!(kept.total(), total, "{doing}");
}

#[test]
fn the_kept_account_is_the_count_of_the_whole_prompt_after_any_steps() {
    for seed in 1..=120 {
        let mut random = Random(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15));
        let session = Store::in_memory().unwrap().session("s").unwrap();
        let (tidy, mut calls) = (seed % 3 > 0, 0);
        for at in 0..50 {
            step(&session, &mut random, tidy, &mut calls);
            if random.below(3) > 0 {
                check(&session, &Words, &format!("seed {seed}, step {at}"));
            }
        }
        check(&session, &Words, &format!("seed {seed}, the end"));
    }
}

#[test]
fn an_edited_file_is_counted_around_the_edit_and_exactly() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let mut text = include_str!("../account/ledger.rs").to_owned();
    for at in 0..12 {
        session.write("a.rs", &text).unwrap();
        check(&session, &Encoding::O200k, &format!("edit {at}"));
        text.insert_str(at * 611 % text.len() / 2, "// one more line, \n");
    }
    session.rename("a.rs", "b.rs").unwrap();
    check(&session, &Encoding::O200k, "a rename");
    let budget = Budget::new(1_000);
    let capacity = session.capacity(&budget, &Encoding::O200k).unwrap();
    assert!(capacity.source(Source::Files).is_exact());
    assert!(capacity.headroom() < 0, "{capacity}");
}

#[test]
fn a_counter_of_another_name_has_an_account_of_its_own() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.remember(Memory::user("one two three")).unwrap();
    check(&session, &Words, "words");
    check(&session, &Encoding::Cl100k, "cl100k");
    check(&session, &Words, "words again");
}

/// Asks the session about itself while it counts.
struct Asking(Session);

impl TokenCounter for Asking {
    fn id(&self) -> &str {
        "asking"
    }

    fn count(&self, text: &str) -> Count {
        self.0.capacity(&Budget::new(9), &Words).unwrap();
        Words.count(text)
    }
}

#[test]
fn a_counter_may_ask_the_session_that_it_counts_for() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.remember(Memory::user("one two three")).unwrap();
    check(&session, &Asking(session.clone()), "asking");
    session.remember(Memory::user("four")).unwrap();
    check(&session, &Asking(session.clone()), "asking again");
}

#[test]
fn a_capacity_counts_all_items_and_lists_a_thousand() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session
        .batch(|batch| {
            (0..1_200)
                .try_for_each(|at| batch.remember(Memory::user(format!("memory {at}"))).map(drop))
        })
        .unwrap();
    let budget = Budget::new(100_000);
    let capacity = session.capacity(&budget, &Words).unwrap();
    assert_eq!((capacity.items().len(), capacity.items_total()), (1_000, 1_200));
    let all = session.capacity_of_largest(&budget, &Words, usize::MAX).unwrap();
    assert_eq!((all.items().len(), all.total()), (1_200, capacity.total()));
}
