//! Draws that anybody can repeat: which of a pair runs first.

/// Numbers from a seed, always the same (`SplitMix64`).
///
/// ```
/// use partita::statistics::Draw;
/// let (mut one, mut other) = (Draw::new(7), Draw::new(7));
/// assert_eq!(one.number(), other.number());
/// ```
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Draw(seed)
    }

    /// Returns the next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns heads or tails.
    pub fn is_heads(&mut self) -> bool {
        self.number() >> 63 == 1
    }
}
