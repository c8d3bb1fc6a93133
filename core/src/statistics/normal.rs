//! The normal distribution.

use std::f64::consts::{FRAC_2_SQRT_PI, SQRT_2};

/// How likely a standard normal value is at most `z`.
pub(super) fn below(z: f64) -> f64 {
    0.5 * erfc(-z / SQRT_2)
}

/// The complementary error function: a series for small values, a continued fraction for large ones.
fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < 2.5 {
        let (mut term, mut sum, mut at) = (x, x, 0.0);
        while term > sum * 1e-17 {
            at += 1.0;
            term *= 2.0 * x * x / (2.0 * at + 1.0);
            sum += term;
        }
        return 1.0 - FRAC_2_SQRT_PI * (-x * x).exp() * sum;
    }
    let mut fraction = 0.0;
    for at in (1..=80).rev() {
        fraction = f64::from(at) / 2.0 / (x + fraction);
    }
    (-x * x).exp() * FRAC_2_SQRT_PI / 2.0 / (x + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_tables() {
        for (z, expected) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_543),
            (-1.0, 0.158_655_253_931_457),
            (1.959_963_984_540_054, 0.975),
            (-3.0, 0.001_349_898_031_630_1),
            (-6.0, 9.865_876_450_376_98e-10),
        ] {
            let found = below(z);
            assert!((found / expected - 1.0).abs() < 1e-11, "{z}: {found}, {expected}");
        }
    }
}
