//! Promises of model calls: what is known comes back, and nothing else.

use super::*;
use crate::object::Canonical;

#[test]
fn a_prompt_is_the_sum_of_what_is_known_and_unknown_where_nothing_is() {
    let usage = |input, cache_read, cache_write| Usage {
        input,
        cache_read,
        cache_write,
        ..Usage::default()
    };
    assert_eq!(usage(None, None, None).prompt(), None);
    assert_eq!(usage(Some(0), None, None).prompt(), Some(0));
    assert_eq!(usage(Some(1), Some(20), Some(300)).prompt(), Some(321));
    assert_eq!(usage(Some(u64::MAX), Some(1), None).prompt(), Some(u64::MAX));
}

#[test]
fn an_absent_count_is_not_a_zero() {
    let mut call = ModelCall::new("m");
    let absent = call.to_node();
    call.usage.output = Some(0);
    assert_ne!(call.to_node(), absent);
    assert_eq!(ModelCall::from_node(&call.to_node()).unwrap(), call);
}

#[test]
fn names_and_parameters_at_the_limit_hold_and_beyond_it_are_refused() {
    type Set = fn(&mut ModelCall, String);
    let set: [(usize, Set); 6] = [
        (LABEL_BYTES_MAX, |call, text| call.provider = text),
        (LABEL_BYTES_MAX, |call, text| call.model = text),
        (LABEL_BYTES_MAX, |call, text| call.response = text),
        (LABEL_BYTES_MAX, |call, text| call.request = text),
        (LABEL_BYTES_MAX, |call, text| call.stop = text),
        (PARAMETERS_BYTES_MAX, |call, text| call.parameters = text),
    ];
    for (at, (max, set)) in set.into_iter().enumerate() {
        for (len, holds) in [(max - 1, true), (max, true), (max + 1, false)] {
            let mut call = ModelCall::default();
            set(&mut call, "x".repeat(len));
            assert_eq!(call.validate().is_ok(), holds, "field {at}, {len} bytes");
            assert_eq!(ModelCall::from_node(&call.to_node()).is_ok(), holds, "{at}, {len}");
        }
    }
}
