//! Where a generator takes its choices from: a seed, or bytes. The same source gives the same choices.

/// Most choices that a seed is asked for; what comes after is as simple as possible.
const MOST: usize = 2000;

enum Source<'b> {
    Seed { state: u64, word: u64, held: u32 },
    Bytes(&'b [u8]),
}

/// A source of choices, each a byte. Once it is spent every choice is the first one, with which a generator ends soon.
pub(crate) struct Choices<'b> {
    source: Source<'b>,
    taken: Vec<u8>,
}

impl<'b> Choices<'b> {
    /// Choices of a small generator of numbers (splitmix64).
    pub(crate) fn seeded(seed: u64) -> Choices<'static> {
        Choices {
            source: Source::Seed {
                state: seed,
                word: 0,
                held: 0,
            },
            taken: Vec::new(),
        }
    }

    /// Choices that somebody else made, such as a fuzzer that watches what they lead to.
    pub(crate) fn bytes(bytes: &'b [u8]) -> Choices<'b> {
        Choices {
            source: Source::Bytes(bytes),
            taken: Vec::new(),
        }
    }

    /// The choices so far, as bytes that give them again.
    pub(crate) fn taken(self) -> Vec<u8> {
        self.taken
    }

    fn next(&mut self) -> u8 {
        let at = self.taken.len();
        let byte = match &mut self.source {
            Source::Bytes(bytes) => bytes.get(at).copied(),
            Source::Seed { .. } if at >= MOST => None,
            Source::Seed { state, word, held } => {
                if *held == 0 {
                    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    *word = *state;
                    *word = (*word ^ (*word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    *word = (*word ^ (*word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                    *word ^= *word >> 31;
                    *held = 8;
                }
                let byte = word.to_le_bytes()[0];
                *word >>= 8;
                *held -= 1;
                Some(byte)
            }
        };
        self.taken.extend(byte);
        byte.unwrap_or(0)
    }

    /// A number below a bound, which is at most 256; zero where the bound leaves no choice.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound < 2 {
            return 0;
        }
        usize::from(self.next()) % bound
    }

    /// Something that happens so many times in so many; not happening is the simple choice.
    pub(crate) fn chance(&mut self, times: usize, of: usize) -> bool {
        self.below(of) >= of - times
    }

    /// One of some things, the first the simplest.
    pub(crate) fn pick<T: Clone>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())].clone()
    }

    /// An order of so many things.
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            let back = self.below(at + 1);
            order.swap(at, at - back);
        }
        order
    }
}
