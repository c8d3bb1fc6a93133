//! Turns: a question and all that answers it, which a plan forgets together.

use crate::object::{Body, Memory, MemoryKind, Part, Role};

/// An exchange, as far as turns are concerned.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unit {
    /// Whether somebody asks or says something.
    pub(crate) asks: bool,
    /// Whether it stands by itself whatever was asked before: a summary of what is gone.
    pub(crate) apart: bool,
    /// Whether it answers in words, and calls nothing.
    pub(crate) answers: bool,
    /// Whether it has to stay.
    pub(crate) held: bool,
}

/// How an exchange may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goes {
    /// Not at all.
    Stays,
    /// By itself; as part of a turn too.
    Alone,
    /// With the turn that it begins, of so many exchanges.
    WithTurn(usize),
    /// With the turn that it is in: an answer does not stay without its question.
    Within,
}

/// Says how exchanges may go. The newest question stays, and so does the newest exchange, which the
/// model goes on from. Where something of a turn has to stay, the rest of it goes one by one.
pub(crate) fn turns(units: &[Unit]) -> Vec<Goes> {
    let newest = units.iter().rposition(|unit| unit.asks);
    let stays = |at: usize| at + 1 == units.len() || Some(at) == newest || units[at].held;
    let mut goes = Vec::with_capacity(units.len());
    while goes.len() < units.len() {
        let start = goes.len();
        let behind = units[start + 1..].iter();
        let len = 1 + behind.take_while(|unit| !unit.asks && !unit.apart).count();
        let is_bound = units[start].asks && !(start..start + len).any(stays);
        goes.extend((start..start + len).map(|at| match units[at] {
            _ if stays(at) => Goes::Stays,
            _ if is_bound && at == start => Goes::WithTurn(len),
            Unit { answers: true, .. } if is_bound => Goes::Within,
            _ => Goes::Alone,
        }));
    }
    goes
}

/// Tells whether somebody asks or says something with a memory.
pub(crate) fn asks(memory: &Memory) -> bool {
    let says = |part: &Part| match part {
        Part::Text(Body::Inline(text)) => !text.trim_ascii().is_empty(),
        _ => true,
    };
    memory.role == Role::User && memory.kind == MemoryKind::Message && memory.parts.iter().any(says)
}

/// Tells whether a memory answers in words and calls nothing.
pub(crate) fn answers(memory: &Memory) -> bool {
    let calls = |part: &Part| matches!(part, Part::Call { .. } | Part::Opaque { .. });
    memory.role == Role::Assistant && !memory.parts.iter().any(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes(dialog: &str) -> Vec<Goes> {
        let unit = |letter: char| Unit {
            asks: letter == 'q' || letter == 'Q',
            apart: letter == 's',
            answers: letter == 'a',
            held: letter == 'Q' || letter == 'C',
        };
        turns(&dialog.chars().map(unit).collect::<Vec<_>>())
    }

    #[test]
    fn a_question_goes_with_its_answer_and_calls_between_may_go_before() {
        use Goes::*;
        assert_eq!(goes("qcaqa"), [WithTurn(3), Alone, Within, Stays, Stays]);
        assert_eq!(goes("caqaq"), [Alone, Alone, WithTurn(2), Within, Stays]);
        assert_eq!(goes("qsaqc"), [WithTurn(1), Alone, Alone, Stays, Stays]);
        assert_eq!(goes(""), []);
    }

    #[test]
    fn the_newest_question_stays_however_many_calls_stand_behind_it() {
        use Goes::*;
        assert_eq!(goes("qaqccc"), [WithTurn(2), Within, Stays, Alone, Alone, Stays]);
        assert_eq!(goes("cc"), [Alone, Stays]);
    }

    #[test]
    fn a_turn_of_which_something_stays_goes_one_by_one() {
        use Goes::*;
        assert_eq!(goes("qCaqa"), [Alone, Stays, Alone, Stays, Stays]);
        assert_eq!(goes("Qaqa"), [Stays, Alone, Stays, Stays]);
    }
}
