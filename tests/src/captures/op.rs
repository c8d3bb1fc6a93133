//! Rounds: what a shell is told, and what is done with the session.

use crate::random::Random;

const NAMES: [&str; 7] = ["a", "b.rs", "d", "e f", "\u{e9}", "-n", "run.sh"];
/// Branches of the repository.
const BRANCHES: usize = 3;

/// One round.
#[derive(Clone, Debug)]
pub enum Op {
    /// Commands that change the directory; it is captured in a later round.
    Shell(String),
    /// Takes what changed.
    Capture,
    /// The same, together with a memory.
    Batch,
    /// The same, while commands run; and once more after them.
    Beside(String),
    /// Takes the newest operation back.
    Undo,
    /// Brings forward what was taken back.
    Redo,
    /// Brings back what was captured once.
    Restore(usize),
    /// Goes on in a fork.
    Fork,
    /// Writes the session into a fresh directory.
    Fresh,
    /// Commands change the directory, and the session is written over that.
    Over(String),
    /// Goes on with the other handle.
    Other,
    /// Frees what nothing leads to.
    Gc,
}

impl Op {
    /// Draws one.
    pub fn draw(random: &mut Random) -> Op {
        match random.below(21) {
            0..=4 => Op::Shell(commands(random)),
            5..=7 => Op::Capture,
            8 => Op::Batch,
            9 => Op::Beside(commands(random)),
            10..=12 => Op::Undo,
            13 => Op::Redo,
            14 | 15 => Op::Restore(random.below(1_000)),
            16 => Op::Fork,
            17 => Op::Fresh,
            18 => Op::Over(commands(random)),
            19 => Op::Gc,
            _ => Op::Other,
        }
    }
}

fn commands(random: &mut Random) -> String {
    let lines: Vec<String> = (0..random.between(1, 5)).map(|_| command(random)).collect();
    lines.join("\n")
}

/// A path as a word of the shell.
fn path(random: &mut Random) -> String {
    let names: Vec<&str> = (0..random.between(1, 3)).map(|_| *random.pick(&NAMES)).collect();
    format!("'./{}'", names.join("/"))
}

fn command(random: &mut Random) -> String {
    let (one, other) = (path(random), path(random));
    let number = random.below(10);
    let branch = random.below(BRANCHES);
    match random.below(22) {
        0..=5 => format!(
            "mkdir -p \"$(dirname {one})\" && printf 'line %s\\nand x{number}\\nand one\\n' a b c >{one}"
        ),
        6 => format!("mv {one} {other}"),
        7 => format!("cp -R {one} {other}"),
        8 => format!("sed -i 's/x[0-9]/x{number}/' {one}"),
        // As editors save.
        9 => format!("printf 'saved {number}\\n' >saving && mv -f saving {one} || rm -f saving"),
        10 => format!("rm -r {one}"),
        11 => format!("ln -sfn {other} {one}"),
        12 => format!("ln {other} {one}"),
        13 => format!("test -f {one} && chmod +x {one}"),
        14 => format!("test -f {one} && chmod -x {one}"),
        // Other bytes of the same size, at the same time.
        15 => format!(
            "test -f {one} && touch -r {one} ../stamp && printf '{number}' | \
             dd of={one} conv=notrunc status=none && touch -r ../stamp {one}"
        ),
        16 => format!("touch -d '2001-02-03 04:05:06' {one}"),
        17 => format!("echo '{number}' >>{one}"),
        18 => "git add -A && git commit -qm some".to_owned(),
        19 => format!("git checkout -qf b{branch} || git checkout -qb b{branch}"),
        20 => "git stash -qu".to_owned(),
        _ => "git clean -fdq".to_owned(),
    }
}
