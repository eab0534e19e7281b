//! Wide numbers for symbols, at which different sizes differ.

/// Numbers that keep what is declared.
#[derive(Default)]
pub(super) struct Wide {
    values: Vec<(String, i64)>,
    /// The second is a multiple of the first.
    pub(super) multiples: Vec<(String, String)>,
    /// The first is the product of the others.
    pub(super) product: Option<[String; 3]>,
}

impl Wide {
    pub(super) fn draw(&mut self, name: &str) {
        const PRIMES: [i64; 6] = [101, 211, 307, 401, 503, 601];
        let prime = PRIMES[self.values.len() % PRIMES.len()];
        // What small numbers divide, they divide there too.
        self.values.push((name.to_owned(), 12 * prime));
    }

    fn of(&mut self, name: &str) -> &mut i64 {
        let at = self.values.iter().position(|(known, _)| known == name);
        &mut self.values[at.expect("a symbol with a number")].1
    }

    pub(super) fn settled(mut self) -> Vec<(String, i64)> {
        for _ in 0..8 {
            if let Some([made, one, other]) = self.product.clone() {
                *self.of(&made) = *self.of(&one) * *self.of(&other);
            }
            for (by, name) in self.multiples.clone() {
                let by = *self.of(&by);
                let made = self.product.as_ref().filter(|[made, ..]| *made == name);
                let name = made.map_or(name.clone(), |[_, one, _]| one.clone());
                let value = self.of(&name);
                let (mut common, mut rest) = (*value, by);
                while rest != 0 {
                    (common, rest) = (rest, common % rest);
                }
                *value *= by / common;
            }
        }
        self.values
    }
}
