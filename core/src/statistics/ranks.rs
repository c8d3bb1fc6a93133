//! Ranks of values, those that are equal sharing theirs.

/// The ranks of values from 1 on, and the sum of `t^3 - t` over the sizes of ties.
pub(super) fn ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (mut ranks, mut ties) = (vec![0.0; values.len()], 0.0);
    let mut from = 0;
    while from < order.len() {
        let value = values[order[from]];
        let same = order[from..].iter().take_while(|at| values[**at] == value).count();
        let mean = from as f64 + f64::midpoint(1.0, same as f64);
        for at in &order[from..from + same] {
            ranks[*at] = mean;
        }
        let size = same as f64;
        ties += size * size * size - size;
        from += same;
    }
    (ranks, ties)
}
