//! Sizes as the generator knows them: sums of products of symbols, canonical, so that equal ones are seen to be.

use std::collections::BTreeMap;

/// What a product is made of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Atom {
    Symbol(String),
    Floor(Size, Size),
    Min(Size, Size),
}

type Product = BTreeMap<Box<Atom>, i32>;

/// A size: products, each with its factor as a fraction in lowest terms.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Size(BTreeMap<Product, (i64, i64)>);

fn reduced((num, den): (i64, i64)) -> (i64, i64) {
    let (mut a, mut b) = (num.abs(), den.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let by = a.max(1) * den.signum();
    (num / by, den / by)
}

impl Size {
    pub(crate) fn number(value: i64) -> Size {
        Size::default().with(Product::new(), (value, 1))
    }

    /// A symbol by its name. One of a block's own has the name of the block before a point.
    pub(crate) fn symbol(name: &str) -> Size {
        Size::atom(Atom::Symbol(name.to_owned()))
    }

    fn atom(atom: Atom) -> Size {
        Size::default().with(Product::from([(Box::new(atom), 1)]), (1, 1))
    }

    /// The greatest integer that is not above a quotient.
    pub(crate) fn floor(above: Size, below: Size) -> Size {
        if below == Size::number(1) {
            return above;
        }
        Size::atom(Atom::Floor(above, below))
    }

    pub(crate) fn min(one: Size, other: Size) -> Size {
        if one == other {
            return one;
        }
        Size::atom(Atom::Min(one, other))
    }

    fn with(mut self, product: Product, (num, den): (i64, i64)) -> Size {
        let (a, b) = self.0.remove(&product).unwrap_or((0, 1));
        let sum = reduced((a * den + num * b, b * den));
        if sum.0 != 0 {
            self.0.insert(product, sum);
        }
        self
    }

    pub(crate) fn plus(&self, other: &Size) -> Size {
        let terms = other.0.iter();
        terms.fold(self.clone(), |sum, (product, factor)| {
            sum.with(product.clone(), *factor)
        })
    }

    pub(crate) fn minus(&self, other: &Size) -> Size {
        self.plus(&other.times(&Size::number(-1)))
    }

    pub(crate) fn times(&self, other: &Size) -> Size {
        let mut all = Size::default();
        for (left, (a, b)) in &self.0 {
            for (right, (c, d)) in &other.0 {
                let mut product = left.clone();
                for (atom, power) in right {
                    let sum = product.remove(atom).unwrap_or(0) + power;
                    if sum != 0 {
                        product.insert(atom.clone(), sum);
                    }
                }
                all = all.with(product, reduced((a * c, b * d)));
            }
        }
        all
    }

    /// The quotient by a size that is one product.
    pub(crate) fn over(&self, other: &Size) -> Option<Size> {
        let (product, (num, den)) = other.0.first_key_value().filter(|_| other.0.len() == 1)?;
        let inverse = product.iter().map(|(atom, power)| (atom.clone(), -power));
        Some(self.times(&Size::default().with(inverse.collect(), reduced((*den, *num)))))
    }

    pub(crate) fn product<'a>(sizes: impl IntoIterator<Item = &'a Size>) -> Size {
        let sizes = sizes.into_iter();
        sizes.fold(Size::number(1), |product, size| product.times(size))
    }

    /// The same with sizes in the places of symbols.
    pub(crate) fn put(&self, values: &[(String, Size)]) -> Size {
        let mut all = Size::default();
        for (product, factor) in &self.0 {
            let mut term = Size::default().with(Product::new(), *factor);
            for (atom, power) in product {
                let value = match &**atom {
                    Atom::Symbol(name) => match values.iter().find(|(known, _)| known == name) {
                        Some((_, value)) => value.clone(),
                        None => Size::symbol(name),
                    },
                    Atom::Floor(a, b) => Size::floor(a.put(values), b.put(values)),
                    Atom::Min(a, b) => Size::min(a.put(values), b.put(values)),
                };
                for _ in 0..power.abs() {
                    term = match power.signum() {
                        1 => term.times(&value),
                        _ => term.over(&value).unwrap_or_else(|| term.clone()),
                    };
                }
            }
            all = all.plus(&term);
        }
        all
    }

    /// Whether it is one product.
    pub(crate) fn is_single(&self) -> bool {
        self.0.len() == 1
    }

    pub(crate) fn as_symbol(&self) -> Option<&str> {
        let (product, factor) = self.0.first_key_value()?;
        match product.first_key_value() {
            Some((atom, 1)) if self.0.len() * product.len() == 1 && *factor == (1, 1) => {
                match &**atom {
                    Atom::Symbol(name) => Some(name),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The factors of a size that is one product of several, each a size.
    pub(crate) fn factors(&self) -> Vec<Size> {
        let Some((product, (num, 1))) = self.0.first_key_value().filter(|_| self.is_single())
        else {
            return Vec::new();
        };
        let mut factors = Vec::new();
        for (atom, power) in product {
            for _ in 0..*power {
                factors.push(Size::atom((**atom).clone()));
            }
        }
        if *num > 1 {
            factors.push(Size::number(*num));
        }
        factors
    }

    pub(crate) fn mentions(&self, wanted: &dyn Fn(&str) -> bool) -> bool {
        self.0.keys().flatten().any(|(atom, _)| match &**atom {
            Atom::Symbol(name) => wanted(name),
            Atom::Floor(a, b) | Atom::Min(a, b) => a.mentions(wanted) || b.mentions(wanted),
        })
    }

    /// The value where symbols have one; rounded, should it be a fraction.
    pub(crate) fn value(&self, at: &dyn Fn(&str) -> i64) -> i64 {
        let mut sum = 0.0;
        for (product, (num, den)) in &self.0 {
            let mut term = *num as f64 / *den as f64;
            for (atom, power) in product {
                let value = match &**atom {
                    Atom::Symbol(name) => at(name),
                    Atom::Floor(a, b) => a.value(at).div_euclid(b.value(at).max(1)),
                    Atom::Min(a, b) => a.value(at).min(b.value(at)),
                };
                term *= (value as f64).powi(*power);
            }
            sum += term;
        }
        sum.round() as i64
    }

    /// Whether the value is an integer where symbols have one.
    pub(crate) fn is_whole(&self, at: &dyn Fn(&str) -> i64) -> bool {
        let common = self.0.values().fold(1, |common, (_, den)| common * den);
        let mut below = Size::number(common);
        for (atom, power) in self.0.keys().flatten() {
            for _ in 0..-power {
                below = below.times(&Size::atom((**atom).clone()));
            }
        }
        let by = below.value(at);
        by == 1 || by != 0 && self.times(&below).value(at) % by == 0
    }

    /// As model files write it, without blanks. Symbols of the model stand in braces, so that they can be found.
    pub(crate) fn text(&self) -> String {
        let mut terms: Vec<_> = self.0.iter().collect();
        terms.sort_by_key(|(product, (num, _))| (*num < 0, product.is_empty()));
        let mut text = String::new();
        for (product, (num, den)) in terms {
            if *num < 0 {
                text.push('-');
            } else if !text.is_empty() {
                text.push('+');
            }
            let mut above: Vec<String> = Vec::new();
            if num.abs() != 1 {
                above.push(num.abs().to_string());
            }
            let mut below = if *den == 1 {
                String::new()
            } else {
                format!("/{den}")
            };
            for (atom, power) in product {
                for _ in 0..power.abs() {
                    match power.signum() {
                        1 => above.push(atom.text()),
                        _ => below.push_str(&format!("/{}", atom.text())),
                    }
                }
            }
            if above.is_empty() {
                above.push(String::from("1"));
            }
            text.push_str(&above.join("*"));
            text.push_str(&below);
        }
        if text.is_empty() {
            text.push('0');
        }
        text
    }
}

impl Atom {
    fn text(&self) -> String {
        match self {
            Atom::Symbol(name) => match name.split_once('.') {
                Some((_, own)) => own.to_owned(),
                None if ["n", "p", "o", "s", "i"].contains(&name.as_str()) => name.clone(),
                None => format!("{{{name}}}"),
            },
            Atom::Floor(a, b) => format!("floor(({})/({}))", a.text(), b.text()),
            Atom::Min(a, b) => format!("min({},{})", a.text(), b.text()),
        }
    }
}
