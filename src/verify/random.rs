//! A generator of numbers (splitmix64): the same seed gives the same numbers. Knows nothing of models.

/// Numbers drawn one after another.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that starts at a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number from `low` to `high`, both included; `low` where there is none.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).saturating_add(1);
        match u64::try_from(span) {
            Ok(span) if span > 0 => {
                let offset = i64::try_from(self.bits() % span).unwrap_or(0);
                low.saturating_add(offset)
            }
            _ => low,
        }
    }

    /// The place of one of `count` things.
    pub fn place(&mut self, count: usize) -> usize {
        let last = i64::try_from(count).unwrap_or(i64::MAX) - 1;
        usize::try_from(self.within(0, last)).unwrap_or(0)
    }

    /// As likely as not.
    pub fn coin(&mut self) -> bool {
        self.bits() & 1 == 0
    }
}
